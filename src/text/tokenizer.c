/* tokenizer.c - opening a vocabulary, and text -> tokens.
 *
 * Checks that the pieces make a usable vocabulary and turns pieces of normalised text into ids with
 * ranges of the input. Reading the file, normalising and cutting are next door. */
#include <float.h>
#include <string.h>

#include "reason.h"
#include "text/tokenizer_internal.h"

/* 0..255 for "<0x00>" ... "<0xFF>", else -1. */
static int byte_of(const spm_piece *p)
{
    static const char digits[] = "0123456789ABCDEF";
    if (p->size != 6 || memcmp(p->bytes, "<0x", 3) || p->bytes[5] != '>') return -1;
    const char *hi = memchr(digits, p->bytes[3], 16), *lo = memchr(digits, p->bytes[4], 16);
    return hi && lo ? (int)(hi - digits) * 16 + (int)(lo - digits) : -1;
}

static dm_status add_byte_piece(tokenizer *t, int id, dm_error *why)
{
    const int byte = byte_of(&t->pieces[id]);
    if (byte < 0 || !t->byte_fallback) return refuse_file(why, "vocabulary: piece %d is a byte that does not belong here", id);
    if (t->byte_id[byte] >= 0) return refuse_file(why, "vocabulary: piece %d is a byte that is there already", id);
    t->byte_id[byte] = id;
    return DM_OK;
}

static dm_status add_text_piece(tokenizer *t, int id, arena *a, dm_error *why)
{
    const spm_piece *p = &t->pieces[id];
    t->has_user |= p->type == PIECE_USER;
    t->has_unused |= p->type == PIECE_UNUSED;
    if (p->type == PIECE_NORMAL) {
        if (p->score < t->min_score) t->min_score = p->score;
        if (p->score > t->max_score) t->max_score = p->score;
    }
    const dm_status s = trie_insert(&t->trie, a, p->bytes, p->size, id);
    return s == DM_ERR_FORMAT ? refuse_file(why, "vocabulary: piece %d is there already, or the pieces are too many", id) : s;
}

static dm_status add_piece(tokenizer *t, int id, arena *a, dm_error *why)
{
    const spm_piece *p = &t->pieces[id];
    switch (p->type) {
    case PIECE_BYTE: return add_byte_piece(t, id, why);
    case PIECE_UNKNOWN:
        if (t->unk >= 0) return refuse_file(why, "vocabulary: piece %d is a second unknown piece", id);
        t->unk = id;
        return DM_OK;
    case PIECE_CONTROL:
        if (t->eos < 0 && p->size == t->eos_piece_size && !memcmp(p->bytes, t->eos_piece, p->size)) t->eos = id;
        return DM_OK;
    default: return add_text_piece(t, id, a, why);
    }
}

dm_status tokenizer_open(const void *bytes, size_t size, arena *a, tokenizer **out, dm_error *why)
{
    *out = NULL;
    if (why) why->text[0] = 0;
    tokenizer *t = arena_take(a, 1, sizeof *t);
    if (!t) return DM_ERR_MEMORY;
    *t = (tokenizer){ .unk = -1, .eos = -1, .min_score = FLT_MAX, .max_score = FLT_MIN };
    for (int i = 0; i < 256; i++) t->byte_id[i] = -1;
    dm_status s = size ? spm_read(t, bytes, size, a, why) : refuse_file(why, "vocabulary: empty");
    if (!s && !t->model_type) s = refuse_file(why, "vocabulary: neither a unigram nor a BPE model");
    for (int id = 0; !s && id < t->n; id++) s = add_piece(t, id, a, why);
    if (s) return s;
    if (!t->trie.edges) return refuse_file(why, "vocabulary: no piece that a text could contain");
    if (t->unk < 0) return refuse_file(why, "vocabulary: no unknown piece");
    if (t->eos < 0) return refuse_file(why, "vocabulary: no end-of-sentence piece");
    for (int i = 0; t->byte_fallback && i < 256; i++)
        if (t->byte_id[i] < 0) return refuse_file(why, "vocabulary: byte %d has no piece", i);
    if (t->min_score == FLT_MAX) t->min_score = 0;              /* only user-defined pieces: any score will do */
    *out = t;
    return DM_OK;
}

int tokenizer_size(const tokenizer *t) { return t->n; }
int tokenizer_eos(const tokenizer *t) { return t->eos; }
int tokenizer_unk(const tokenizer *t) { return t->unk; }
const int32_t *tokenizer_byte_ids(const tokenizer *t) { return t->byte_fallback ? t->byte_id : NULL; }

int tokenizer_byte(const tokenizer *t, int32_t id)
{
    if (!t->byte_fallback || t->pieces[id].type != PIECE_BYTE) return -1;
    int byte = 0;
    while (byte < 255 && t->byte_id[byte] != id) byte++;
    return byte;
}

const char *tokenizer_piece(const tokenizer *t, int32_t id, size_t *size)
{
    static const char printable[] = " !\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`"
                                    "abcdefghijklmnopqrstuvwxyz{|}~";
    const spm_piece *p = &t->pieces[id];
    const int byte = tokenizer_byte(t, id), is_char = byte >= ' ' && byte <= '~';
    *size = is_char ? 1 : p->type == PIECE_NORMAL || p->type == PIECE_USER || p->type == PIECE_UNUSED ? p->size : 0;
    return is_char ? printable + (byte - ' ') : p->bytes;
}

size_t tokenizer_bound(const tokenizer *t, size_t size)
{
    (void)t;
    return size <= SPM_MAX_TEXT ? normal_bound(size) : SIZE_MAX;
}

size_t tokenizer_scratch(const tokenizer *t, size_t size)
{
    if (size > SPM_MAX_TEXT) return SIZE_MAX;
    const size_t n = normal_bound(size);
    const uint64_t cuts = t->model_type == SPM_BPE ? bpe_memory(t, n) : unigram_memory(n);
    const uint64_t parts = 4 * ((uint64_t)n + 1) + ((uint64_t)n + 4) + cuts;
    return parts < SIZE_MAX ? (size_t)parts : SIZE_MAX;
}

typedef struct { const tokenizer *t; const normal_text *normal; dm_token *out; size_t n; int after_unknown; } writer;

/* The piece `id` over bytes [begin, end) of the normalised text. */
static void put_piece(writer *w, int32_t id, uint32_t begin, uint32_t end)
{
    const uint32_t from = w->normal->origin[begin], to = w->normal->origin[end];
    const int unknown = id == w->t->unk;
    if (unknown && w->t->byte_fallback) {
        for (uint32_t i = begin; i < end; i++)
            w->out[w->n++] = (dm_token){ w->t->byte_id[(unsigned char)w->normal->text[i]], from, from };
        w->out[w->n - 1].end = to;
    } else if (unknown && w->after_unknown) {
        w->out[w->n - 1].end = to;
    } else {
        w->out[w->n++] = (dm_token){ id, from, to };
    }
    w->after_unknown = unknown;
}

size_t tokenizer_encode(const tokenizer *t, const char *text, size_t size, dm_token *out, void *scratch)
{
    if (!size || size > SPM_MAX_TEXT) return 0;
    const size_t room = normal_bound(size);
    normal_text normal = { .origin = scratch };
    normal.text = (char *)(normal.origin + room + 1);
    normalize(t, text, size, &normal);
    if (!normal.n) return 0;
    const cut *cuts;
    size_t count;
    void *memory = normal.text + room + (4 - room % 4);
    if (t->model_type == SPM_BPE) bpe_cut(t, normal.text, normal.n, memory, &cuts, &count);
    else unigram_cut(t, normal.text, normal.n, memory, &cuts, &count);
    writer w = { .t = t, .normal = &normal, .out = out };
    for (size_t i = 0; i < count; i++)
        put_piece(&w, cuts[i].id, cuts[i].begin, i + 1 < count ? cuts[i + 1].begin : normal.n);
    return w.n;
}
