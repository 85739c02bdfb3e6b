/* lexicon.c - reads Marian's lexicon and writes our shortlist; the formats: docs/marian.md section 5, and
 * shortlist.h. */
#include "model/lexicon.h"

#include "cursor.h"
#include "reason.h"
#include "model/shortlist.h"
#include "model/weights.h"

/* --- Marian's file ------------------------------------------------------------------------------ */

static const uint64_t MAGIC = 0xF11A48D5013417F5;

typedef struct {
    int n;                    /* tokens of the source: lists */
    int first;                /* ids below are common */
    cursor offsets, ids;      /* (n + 1) u64, (offsets[n]) u32 */
} lexicon;

/* Marian's hash of the u64 words; bytes beyond the last word do not count. */
static uint64_t checksum(cursor c)
{
    uint64_t hash = 0;
    while (c.end - c.p >= 8) hash ^= cursor_u64(&c) + 0x9E3779B9 + (hash << 6) + (hash >> 2);
    return hash;
}

static dm_status read_header(lexicon *l, dm_text file, dm_error *why)
{
    const uint8_t *bytes = (const uint8_t *)file.bytes;
    cursor c = { bytes, bytes + file.size, 1 };
    const uint64_t magic = cursor_u64(&c), sum = cursor_u64(&c);
    if (!c.ok || magic != MAGIC) return refuse_file(why, "lexicon: not a binary shortlist of Marian's");
    if (checksum(c) != sum) return refuse_file(why, "lexicon: it is damaged, its checksum differs");
    const uint64_t first = cursor_u64(&c);
    cursor_u64(&c);                                   /* the longest list that was asked for */
    const uint64_t n_offsets = cursor_u64(&c), n_ids = cursor_u64(&c);
    if (!c.ok || n_offsets < 2 || n_offsets > WEIGHTS_MAX_DIM || n_ids > file.size / 4)
        return refuse_file(why, "lexicon: its header is cut off, or its counts do not fit");
    l->n = (int)n_offsets - 1;
    l->first = first < (uint64_t)l->n ? (int)first : l->n;
    const uint8_t *offsets = cursor_take(&c, 8 * n_offsets), *ids = cursor_take(&c, 4 * n_ids);
    if (!ids || c.p != c.end)
        return refuse_file(why, "lexicon: %zu bytes do not hold %d lists of %d ids", file.size, l->n, (int)n_ids);
    l->offsets = (cursor){ offsets, offsets + 8 * n_offsets, 1 };
    l->ids = (cursor){ ids, ids + 4 * n_ids, 1 };
    return DM_OK;
}

/* --- our bits ----------------------------------------------------------------------------------- */

/* bytes NULL: only counts. */
typedef struct { uint8_t *bytes; uint64_t at; } bit_writer;

static void put_bit(bit_writer *w, uint32_t bit)
{
    if (w->bytes) w->bytes[w->at / 8] |= (uint8_t)(bit << w->at % 8);
    w->at++;
}

static void put_length(bit_writer *w, int m)
{
    int b = 0;
    while ((m + 1) >> (b + 1)) b++;
    for (int i = 0; i < b; i++) put_bit(w, 0);
    for (int i = b; i >= 0; i--) put_bit(w, (uint32_t)(m + 1) >> i & 1);
}

static void put_gap(bit_writer *w, int gap, int r)
{
    for (int i = gap >> r; i; i--) put_bit(w, 1);
    put_bit(w, 0);
    for (int i = 0; i < r; i++) put_bit(w, (uint32_t)gap >> i & 1);
}

/* The ids of one list, ascending and not among the common ones; -1 at its end. */
static int next_id(const lexicon *l, cursor *ids)
{
    while (ids->p < ids->end) {
        const int id = (int)cursor_u32(ids);
        if (id >= l->first) return id;
    }
    return -1;
}

static void put_list(bit_writer *w, const lexicon *l, cursor ids)
{
    int m = 0, previous = -1;
    for (cursor c = ids; next_id(l, &c) >= 0;) m++;
    put_length(w, m);
    for (int id; (id = next_id(l, &ids)) >= 0; previous = id) put_gap(w, id - previous - 1, shortlist_rice(l->n, m));
}

static void put_common(bit_writer *w, const lexicon *l)
{
    put_length(w, l->first);
    for (int i = 0; i < l->first; i++) put_gap(w, 0, shortlist_rice(l->n, l->first));
}

/* One list after the other; a damaged one is an error. w counts first and writes then. */
static dm_status put_lists(bit_writer *w, const lexicon *l, dm_error *why)
{
    cursor offsets = l->offsets;
    const uint64_t n_ids = (uint64_t)(l->ids.end - l->ids.p) / 4;
    uint64_t from = cursor_u64(&offsets);
    if (from) return refuse_file(why, "lexicon: the lists begin at %llu, not at 0", (unsigned long long)from);
    put_common(w, l);
    for (int i = 0; i < l->n; i++) {
        const uint64_t to = cursor_u64(&offsets);
        if (to < from || to > n_ids) return refuse_file(why, "lexicon: the list of token %d ends outside the file", i);
        cursor ids = { l->ids.p + 4 * from, l->ids.p + 4 * to, 1 };
        uint32_t least = 0;
        for (cursor c = ids; c.p < c.end;) {
            const uint32_t id = cursor_u32(&c);
            if (id < least || id >= (uint32_t)l->n)
                return refuse_file(why, "lexicon: the list of token %d is not ascending ids below %d", i, l->n);
            least = id + 1;
        }
        put_list(w, l, ids);
        from = to;
    }
    return from == n_ids ? DM_OK : refuse_file(why, "lexicon: ids that belong to no list");
}

dm_status lexicon_convert(dm_text file, arena *a, uint8_t **out, size_t *size, dm_error *why)
{
    *out = NULL;
    *size = 0;
    lexicon l;
    bit_writer w = { NULL, 0 };
    dm_status s = read_header(&l, file, why);
    if (s || (s = put_lists(&w, &l, why))) return s;
    const size_t bytes = 4 + (size_t)((w.at + 7) / 8);
    uint8_t *at = arena_take(a, bytes, 1);
    if (!at) return DM_ERR_MEMORY;
    for (int i = 0; i < 4; i++) at[i] = (uint8_t)((uint32_t)l.n >> (8 * i));
    w = (bit_writer){ at + 4, 0 };
    put_lists(&w, &l, why);
    *out = at;
    *size = bytes;
    return DM_OK;
}
