/* marian.c - Marian's files into ours. What a matrix is and in which order tensors follow each other is
 * decided here; the bytes are written by pack.c. */
#include "model/config.h"
#include "model/marian.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cursor.h"
#include "reason.h"
#include "model/lexicon.h"
#include "model/pack.h"
#include "model/weights.h"

/* A quantised model has up to one alpha for each weight. */
enum { VERSION = 1, MAX_ITEMS = 2 * WEIGHTS_MAX_TENSORS, MAX_NAME = WEIGHTS_MAX_NAME, MAX_RANK = 4 };

static const char options_name[] = "special:model.yml";

static dm_status fail_memory(dm_error *why) { return refuse(why, DM_ERR_MEMORY, "out of memory"); }

/* --- the container (docs/marian.md 1.1) --------------------------------------------------------- */

/* Bytes of the values alone; the item may be longer. 0: a type that we do not read. */
static uint64_t values_size(uint64_t type, uint64_t count)
{
    if (type == MARIAN_INT8) return count;
    if (type == MARIAN_FLOAT32) return 4 * count;
    return type == MARIAN_INTGEMM8 ? count + 4 : 0;     /* the multiplier follows */
}

/* Values of a shape; 0 if a dimension is not positive or there are more than 2^31. */
static uint64_t count_of(const marian_item *it)
{
    uint64_t count = 1;
    for (int d = 0; d < it->n_dims; d++) {
        if (it->dims[d] <= 0) return 0;
        count *= (uint64_t)it->dims[d];
        if (count > INT32_MAX) return 0;
    }
    return count;
}

typedef struct { uint64_t name_size, type, rank, size; } item_header;

static item_header read_header(cursor *c)
{
    item_header h;
    h.name_size = cursor_u64(c);
    h.type = cursor_u64(c);
    h.rank = cursor_u64(c);
    h.size = cursor_u64(c);
    return h;
}

/* The four lists of the file in turn: headers, names, shapes, data. */
static dm_status read_lists(cursor c, marian_item *items, int n, dm_error *why)
{
    cursor headers = c;
    cursor_take(&c, 32 * (uint64_t)n);
    cursor again = headers;
    for (int i = 0; i < n; i++) {
        const item_header h = read_header(&again);
        const uint8_t *name = cursor_take(&c, h.name_size);
        if (!name || h.name_size < 2 || h.name_size - 1 > MAX_NAME || name[h.name_size - 1]
            || !name_is_plain(name, (size_t)h.name_size - 1))
            return refuse_file(why, "Marian model: the name of item %d is cut off, empty, too long or not plain ASCII", i);
        items[i].name = (const char *)name;
        items[i].type = h.type;
        if (h.rank > MAX_RANK) return refuse_file(why, "tensor %s: %llu dimensions", items[i].name, (unsigned long long)h.rank);
        items[i].n_dims = (int)h.rank;
    }
    for (int i = 0; i < n; i++)
        for (int d = 0; d < items[i].n_dims; d++) {
            const uint32_t dim = cursor_u32(&c);
            items[i].dims[d] = dim > INT32_MAX ? 0 : (int)dim;
        }
    cursor_take(&c, cursor_u64(&c));
    if (!c.ok) return refuse_file(why, "Marian model: the shapes are cut off");
    for (int i = 0; i < n; i++) {
        const item_header h = read_header(&headers);
        const uint64_t count = count_of(&items[i]);
        if (!count) return refuse_file(why, "tensor %s: a dimension is not positive, or it has too many values", items[i].name);
        items[i].data = cursor_take(&c, h.size);
        if (!items[i].data || h.size < values_size(h.type, count))
            return refuse_file(why, "tensor %s: expected %llu bytes, found %llu", items[i].name,
                        (unsigned long long)(items[i].data ? values_size(h.type, count) : h.size),
                        (unsigned long long)(items[i].data ? h.size : (uint64_t)(c.end - c.p)));
        items[i].size = (size_t)h.size;
    }
    return DM_OK;
}

static int by_name(const void *a, const void *b)
{
    return strcmp((*(const marian_item *const *)a)->name, (*(const marian_item *const *)b)->name);
}

static dm_status check_unique(const marian_item *items, int n, arena *a, dm_error *why)
{
    const marian_item **sorted = arena_take(a, (size_t)n, sizeof *sorted);
    if (!sorted) return fail_memory(why);
    for (int i = 0; i < n; i++) sorted[i] = &items[i];
    qsort(sorted, (size_t)n, sizeof *sorted, by_name);
    for (int i = 1; i < n; i++)
        if (!by_name(&sorted[i - 1], &sorted[i])) return refuse_file(why, "tensor %s: occurs twice", sorted[i]->name);
    return DM_OK;
}

dm_status marian_items(dm_text bin, arena *a, marian_item **items, int *n, dm_error *why)
{
    *items = NULL;
    *n = 0;
    if (!bin.size) return refuse_file(why, "Marian model: the file is empty");
    const uint8_t *bytes = (const uint8_t *)bin.bytes;
    cursor c = { bytes, bytes + bin.size, 1 };
    const uint64_t version = cursor_u64(&c), count = cursor_u64(&c);
    if (!c.ok || version != VERSION)
        return refuse_file(why, "Marian model: not a .bin of version %d", VERSION);
    if (!count || count > MAX_ITEMS || count > bin.size / 32)
        return refuse_file(why, "Marian model: %llu items", (unsigned long long)count);
    marian_item *list = arena_take(a, (size_t)count, sizeof *list);
    if (!list) return fail_memory(why);
    dm_status s = read_lists(c, list, (int)count, why);
    if (!s) s = check_unique(list, (int)count, a, why);
    if (s) return s;
    *items = list;
    *n = (int)count;
    return DM_OK;
}

/* --- order of use ------------------------------------------------------------------------------- */

/* Tensors in the order of a forward pass, so that a model can start before its last byte is there:
 * embedding, encoder layers, decoder layers, output. Names break ties, so the order of the input does not matter. */
typedef struct { const marian_item *item; int rank; } place;

static int starts(const char *name, const char *prefix) { return !strncmp(name, prefix, strlen(prefix)); }

static int ends(const char *name, const char *suffix)
{
    const size_t n = strlen(name), s = strlen(suffix);
    return n >= s && !strcmp(name + n - s, suffix);
}

/* The l of "..._l{l}_...", 0 without one; at most 999. */
static int layer_of(const char *name)
{
    const char *at = strstr(name, "_l");
    int layer = 0;
    if (!at || at[2] < '0' || at[2] > '9') return 0;
    for (at += 2; *at >= '0' && *at <= '9'; at++) layer = layer < 100 ? 10 * layer + (*at - '0') : 999;
    return *at == '_' ? layer : 0;
}

static int rank_of(const char *name)
{
    enum { STAGE = 100000, LAYER = 10 };
    if (strstr(name, "Wemb") && !starts(name, "decoder_")) return 0;
    if (starts(name, "decoder_ff_logit")) return 3 * STAGE;
    const int block = strstr(name, "_ffn_W") || strstr(name, "_ffn_b") || strstr(name, "_ffn_ffn_") ? 2
                    : strstr(name, "_context_") ? 1 : 0;
    const int within = layer_of(name) * LAYER + block;
    if (starts(name, "encoder_")) return STAGE + within;
    if (starts(name, "decoder_")) return 2 * STAGE + within;
    return 4 * STAGE;
}

static int by_use(const void *a, const void *b)
{
    const place *p = a, *q = b;
    return p->rank != q->rank ? (p->rank > q->rank) - (p->rank < q->rank) : strcmp(p->item->name, q->item->name);
}

/* --- conversion --------------------------------------------------------------------------------- */

/* Last two dimensions; 0 if there are more that are not 1. A vector is [1, n]. */
static int shape_of(const marian_item *it, int *k, int *n)
{
    *n = it->n_dims ? it->dims[it->n_dims - 1] : 1;
    *k = it->n_dims > 1 ? it->dims[it->n_dims - 2] : 1;
    for (int d = 0; d < it->n_dims - 2; d++) if (it->dims[d] != 1) return 0;
    return 1;
}

/* Weights of a product, by name and shape: layer_norm gains (..._Wo_ln_scale [1,n]) and the attention
 * vector of an RNN (decoder_U_att [k,1]) are not. */
static int is_matrix(const char *name, int k, int n)
{
    return k > 1 && n > 1 && (strstr(name, "_W") || strstr(name, "_U") || strstr(name, "Wemb"));
}

/* Stored with one row for each token, used as the transpose. */
static int is_embedding(const char *name) { return strstr(name, "Wemb") || ends(name, "_Wt"); }

/* The item's floats, aligned: borrowed, or copied into a. NULL: out of memory. */
static const float *aligned_floats(const marian_item *it, size_t count, arena *a)
{
    if ((uintptr_t)it->data % _Alignof(float) == 0) return (const float *)(const void *)it->data;
    float *copy = arena_take(a, count, sizeof *copy);
    return copy ? memcpy(copy, it->data, count * sizeof *copy) : NULL;
}

static dm_status convert_float(pack *p, const marian_item *it, arena *a, dm_error *why)
{
    int k, n;
    const size_t count = (size_t)count_of(it);
    const float *values = aligned_floats(it, count, a);
    if (!values) return fail_memory(why);
    if (!shape_of(it, &k, &n) || !is_matrix(it->name, k, n)) return pack_f32(p, it->name, values, (int)count);
    if (is_embedding(it->name)) return pack_i8(p, it->name, values, n, k, 1);
    return pack_i8(p, it->name, values, k, n, 0);
}

/* docs/marian.md 1.3: the bytes are n rows of k, the transpose of the header's shape - but for embeddings,
 * whose rows are tokens anyway - and then the multiplier: real value = q / multiplier. */
static dm_status convert_intgemm8(pack *p, const marian_item *it, dm_error *why)
{
    int k, n;
    if (!shape_of(it, &k, &n)) return refuse_file(why, "tensor %s: an intgemm8 item must have two dimensions", it->name);
    if (ends(it->name, "_Wt"))
        return refuse_file(why, "tensor %s: an intgemm8 output matrix of its own is not supported", it->name);
    float multiplier;
    memcpy(&multiplier, it->data + count_of(it), sizeof multiplier);
    const float scale = 1.0f / multiplier;
    if (!(multiplier > 0) || !isfinite(multiplier) || !isfinite(scale))
        return refuse_file(why, "tensor %s: its multiplier is %g", it->name, (double)multiplier);
    const int8_t *q = (const int8_t *)it->data;
    if (is_embedding(it->name)) return pack_i8_values(p, it->name, q, scale, n, k);
    return pack_i8_values(p, it->name, q, scale, k, n);
}

static dm_status convert_item(pack *p, const marian_item *it, arena *a, dm_error *why)
{
    if (it->type == MARIAN_FLOAT32) return convert_float(p, it, a, why);
    if (it->type == MARIAN_INTGEMM8) return convert_intgemm8(p, it, why);
    if (it->type == MARIAN_INT8) return pack_u8(p, it->name, it->data, (size_t)count_of(it));
    return refuse_file(why, "tensor %s: type 0x%llx is not float32 or intgemm8", it->name, (unsigned long long)it->type);
}

/* Activations are quantised row by row as they come, so Marian's fixed multipliers for them (1.4) are not kept; what is
 * special: is no parameter. Anything else stays: the engine refuses what it does not use. */
static int is_dropped(const char *name) { return ends(name, "_QuantMultA") || starts(name, "special:"); }

static dm_status convert_items(pack *p, const marian_item *items, int n, arena *a, dm_error *why)
{
    place *places = arena_take(a, (size_t)n, sizeof *places);
    if (!places) return fail_memory(why);
    int n_places = 0, n_embeddings = 0;
    for (int i = 0; i < n; i++) {
        if (is_dropped(items[i].name)) continue;
        places[n_places++] = (place){ &items[i], rank_of(items[i].name) };
        n_embeddings += strstr(items[i].name, "Wemb") != NULL;
    }
    if (!n_embeddings) return refuse_file(why, "tensor Wemb: the Marian model has no embedding");
    qsort(places, (size_t)n_places, sizeof *places, by_use);
    for (int i = 0; i < n_places; i++) {
        const dm_status s = convert_item(p, places[i].item, a, why);
        if (s) return s;
    }
    return DM_OK;
}

static dm_status add_config(pack *p, const marian_item *items, int n, dm_error *why)
{
    for (int i = 0; i < n; i++) {
        if (strcmp(items[i].name, options_name)) continue;
        const char *text = (const char *)items[i].data;
        const char *end = memchr(text, 0, items[i].size);
        const size_t size = end ? (size_t)(end - text) : items[i].size;
        if (items[i].type != MARIAN_INT8 || !size) break;
        const int bits = config_weight_bits(text, size, why);
        if (!bits) return DM_ERR_FORMAT;
        pack_bits(p, bits);
        const dm_status s = pack_meta(p, "config", text, size);
        return s ? s : pack_meta(p, "source", "marian", 6);
    }
    return refuse_file(why, "%s: the Marian model has no options", options_name);
}

static dm_status add_shortlist(pack *p, dm_text file, arena *a, dm_error *why)
{
    uint8_t *bytes;
    size_t size;
    if (!file.size) return DM_OK;
    const dm_status s = lexicon_convert(file, a, &bytes, &size, why);
    if (s == DM_ERR_MEMORY) return fail_memory(why);
    return s ? s : pack_u8(p, "shortlist", bytes, size);
}

static dm_status fill(pack *p, dm_text model, dm_text vocab, dm_text lexicon, arena *a, dm_error *why)
{
    marian_item *items;
    int n;
    dm_status s = marian_items(model, a, &items, &n, why);
    if (s || (s = add_config(p, items, n, why))) return s;
    if (!vocab.size) return refuse_file(why, "vocab: the SentencePiece model is empty");
    if ((s = pack_u8(p, "vocab", vocab.bytes, vocab.size)) || (s = add_shortlist(p, lexicon, a, why))) return s;
    return convert_items(p, items, n, a, why);
}

dm_status marian_convert(dm_text model, dm_text vocab, dm_text lexicon, arena *a,
                         uint8_t **out, size_t *out_size, dm_error *why)
{
    *out = NULL;
    *out_size = 0;
    if (why) why->text[0] = 0;
    pack *p = pack_new(a);
    if (!p) return fail_memory(why);
    const dm_status s = fill(p, model, vocab, lexicon, a, why);
    if (s && why && !why->text[0]) *why = *pack_why(p);
    if (s) return s;
    uint8_t *bytes = arena_take(a, pack_size(p), 1);
    if (!bytes) return fail_memory(why);
    pack_write(p, bytes);
    *out = bytes;
    *out_size = pack_size(p);
    return DM_OK;
}
