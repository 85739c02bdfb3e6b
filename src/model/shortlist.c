#include "model/shortlist.h"

#include <string.h>

#include "cursor.h"
#include "reason.h"

struct shortlist {
    const uint8_t *bytes;     /* the bits, borrowed */
    uint64_t n_bits;
    int n;                    /* tokens */
    const uint32_t *at;       /* (n + 1) first bit of every list */
};

/* --- bits: the first read past the end makes the reader fail and it stays failed, with zeros ------- */

typedef struct { const uint8_t *bytes; uint64_t at, end; } bits;

static int is_cut_off(const bits *b) { return b->at > b->end; }

static uint32_t take_bit(bits *b)
{
    const uint64_t at = b->at++;
    return at < b->end ? (uint32_t)(b->bytes[at / 8] >> at % 8 & 1) : 0;
}

/* Elias' gamma code, less 1; -1 where it has more than 24 zeros. */
static int take_length(bits *b)
{
    int zeros = 0;
    uint32_t value = 1;
    while (!take_bit(b)) if (++zeros > 24 || is_cut_off(b)) return -1;
    for (; zeros; zeros--) value = 2 * value + take_bit(b);
    return (int)value - 1;
}

/* Rice's code; ends at `most` at the latest. */
static int take_gap(bits *b, int r, int most)
{
    int gap = 0;
    while (gap <= most && take_bit(b)) gap += 1 << r;
    for (int i = 0; i < r; i++) gap += (int)take_bit(b) << i;
    return gap;
}

/* --- reading ------------------------------------------------------------------------------------ */

/* A list, which must be ascending ids below n, into marks (n bits). Returns 0 where it is damaged. */
static int read_list(bits *b, int n, uint64_t *marks)
{
    const int m = take_length(b);
    if (m < 0 || m > n || is_cut_off(b)) return 0;
    const int r = shortlist_rice(n, m);
    for (int i = 0, id = -1; i < m; i++) {
        id += 1 + take_gap(b, r, n);
        if (id >= n || is_cut_off(b)) return 0;
        marks[id / 64] |= (uint64_t)1 << id % 64;
    }
    return 1;
}

static uint64_t *marks_new(int n, arena *a) { return arena_take(a, ((size_t)n + 63) / 64, sizeof(uint64_t)); }

/* Finds the beginning of every list. */
static dm_status read_lists(const shortlist *s, uint32_t *at, uint64_t *marks, dm_error *why)
{
    bits b = { s->bytes, 0, s->n_bits };
    for (int i = 0; i <= s->n; i++) {
        at[i] = (uint32_t)b.at;
        if (read_list(&b, s->n, marks)) continue;
        return i ? refuse_file(why, "shortlist: the list of token %d is damaged", i - 1)
                 : refuse_file(why, "shortlist: the list of common tokens is damaged");
    }
    while (b.at % 8) if (take_bit(&b)) return refuse_file(why, "shortlist: the last byte does not end in zeros");
    if (b.at != b.end) return refuse_file(why, "shortlist: %d bytes after the last list", (int)((b.end - b.at) / 8));
    return DM_OK;
}

dm_status shortlist_open(const uint8_t *bytes, size_t size, int n, arena *a, shortlist **out, dm_error *why)
{
    *out = NULL;
    cursor c = { bytes, bytes + size, 1 };
    const uint32_t found = cursor_u32(&c);
    if (!c.ok) return refuse_file(why, "shortlist: %d bytes are too few", (int)size);
    if (found != (uint32_t)n)
        return refuse_file(why, "shortlist: made for %u tokens, the vocabulary has %d", (unsigned)found, n);
    if (size > UINT32_MAX / 8) return refuse_file(why, "shortlist: it is too long");
    shortlist *s = arena_take(a, 1, sizeof *s);
    uint32_t *at = arena_take(a, (size_t)n + 1, sizeof *at);
    uint64_t *marks = marks_new(n, a);
    if (a->failed) return DM_ERR_MEMORY;
    *s = (shortlist){ c.p, 8 * (uint64_t)(c.end - c.p), n, at };
    const dm_status status = read_lists(s, at, marks, why);
    if (!status) *out = s;
    return status;
}

/* --- use ---------------------------------------------------------------------------------------- */

static void mark_list(const shortlist *s, int list, uint64_t *marks)
{
    bits b = { s->bytes, s->at[list], s->n_bits };
    read_list(&b, s->n, marks);
}

int shortlist_choose(const shortlist *s, const int32_t *source, int n_source, arena *a, int32_t **ids)
{
    const int words = (s->n + 63) / 64;
    uint64_t *marks = marks_new(s->n, a);
    int n = 0;
    if (!marks) return 0;
    mark_list(s, 0, marks);
    for (int i = 0; i < n_source; i++) {
        mark_list(s, 1 + source[i], marks);
        marks[source[i] / 64] |= (uint64_t)1 << source[i] % 64;
    }
    for (int w = 0; w < words; w++) n += __builtin_popcountll(marks[w]);
    int32_t *all = *ids = arena_take(a, (size_t)n, sizeof *all);
    for (int w = 0; all && w < words; w++)
        for (uint64_t left = marks[w]; left; left &= left - 1) *all++ = 64 * w + __builtin_ctzll(left);
    return n;
}
