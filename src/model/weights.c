/* weights.c - reads and checks the model file; the format is described in weights.h. */
#include "model/weights.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cursor.h"
#include "reason.h"
#include "model/crc32.h"
#include "model/layout.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "tensors are used as they lie in the file");

enum { VERSION = 1, HEADER_SIZE = 64, CRC_FROM = 20 };

struct weights_entry {
    char name[WEIGHTS_MAX_NAME + 1];
    int type, n_dims;
    int dim[WEIGHTS_MAX_DIMS];      /* {1, n} for a vector */
    uint64_t offset, size;          /* bytes */
    int used;                       /* somebody has asked for it, and got it */
};

/* Keeps the first reason. */
__attribute__((format(printf, 3, 4)))
static dm_status fail(weights *w, dm_status status, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    if (!w->why.text[0]) vsnprintf(w->why.text, sizeof w->why.text, format, args);
    va_end(args);
    return status;
}

/* --- the head ----------------------------------------------------------------------------------- */

typedef struct { uint32_t head_size, n_meta, n_tensors; } header;

static dm_status read_header(weights *w, header *h)
{
    cursor c = { w->bytes, w->bytes + w->size, 1 };
    const uint8_t *magic = cursor_take(&c, 4);
    if (!magic || memcmp(magic, "DMT1", 4)) return fail(w, DM_ERR_FORMAT, "not a model file: it does not start with DMT1");
    const uint32_t version = cursor_u32(&c);
    if (c.ok && version != VERSION)
        return fail(w, DM_ERR_VERSION, "model file version %u, expected %d", (unsigned)version, VERSION);
    const uint64_t file_size = cursor_u64(&c);
    const uint32_t crc = cursor_u32(&c);
    h->head_size = cursor_u32(&c);
    h->n_meta = cursor_u32(&c);
    h->n_tensors = cursor_u32(&c);
    if (!c.ok || w->size < HEADER_SIZE)
        return fail(w, DM_ERR_FORMAT, "model file: %zu bytes, too short for a header", w->size);
    if (file_size != w->size)
        return fail(w, DM_ERR_FORMAT, "model file: expected %llu bytes, found %zu", (unsigned long long)file_size, w->size);
    if (h->head_size < HEADER_SIZE || h->head_size % WEIGHTS_ALIGN || h->head_size > w->size)
        return fail(w, DM_ERR_FORMAT, "model file: head size %u does not fit", (unsigned)h->head_size);
    const uint32_t found = crc32_ieee(w->bytes + CRC_FROM, h->head_size - CRC_FROM);
    if (found != crc)
        return fail(w, DM_ERR_FORMAT, "model file: the head is damaged, checksum %08x, expected %08x",
                    (unsigned)found, (unsigned)crc);
    if (h->n_meta > WEIGHTS_MAX_META)
        return fail(w, DM_ERR_FORMAT, "model file: n_meta %u, at most %d", (unsigned)h->n_meta, WEIGHTS_MAX_META);
    if (h->n_tensors > WEIGHTS_MAX_TENSORS)
        return fail(w, DM_ERR_FORMAT, "model file: n_tensors %u, at most %d", (unsigned)h->n_tensors, WEIGHTS_MAX_TENSORS);
    return DM_OK;
}

/* name may be NULL: a failed read. */
static int name_fits(const uint8_t *name, size_t size)
{
    return name && size <= WEIGHTS_MAX_NAME && name_is_plain(name, size);
}

/* One metadata record; *value is inside the file. */
static int read_meta(cursor *c, const uint8_t **key, size_t *key_size, const uint8_t **value, size_t *value_size)
{
    *key_size = cursor_u8(c);
    *key = cursor_take(c, *key_size);
    const uint32_t size = cursor_u32(c);
    *value = cursor_take(c, size);
    *value_size = size;
    return c->ok && name_fits(*key, *key_size);
}

static const uint8_t *find_meta(const weights *w, int n, const void *key, size_t key_size, size_t *size)
{
    cursor c = { w->meta, w->meta_end, 1 };
    for (int i = 0; i < n; i++) {
        const uint8_t *name, *value;
        size_t name_size;
        if (!read_meta(&c, &name, &name_size, &value, size)) return NULL;
        if (name_size == key_size && !memcmp(name, key, key_size)) return value;
    }
    return NULL;
}

static dm_status read_all_meta(weights *w, cursor *c, int n)
{
    w->meta = w->meta_end = c->p;
    for (int i = 0; i < n; i++) {
        const uint8_t *key, *value;
        size_t key_size, value_size;
        if (!read_meta(c, &key, &key_size, &value, &value_size))
            return fail(w, DM_ERR_FORMAT, "model file: metadata record %d of %d is damaged", i + 1, n);
        if (find_meta(w, i, key, key_size, &value_size))
            return fail(w, DM_ERR_FORMAT, "model file: metadata key %.*s occurs twice", (int)key_size, (const char *)key);
        w->meta_end = c->p;
        w->n_meta = i + 1;
    }
    return DM_OK;
}

/* One row of the tensor table; `from` is the end of what lies before it in the file. */
static dm_status read_entry(weights *w, cursor *c, weights_entry *e, int index, uint64_t from)
{
    const size_t name_size = cursor_u8(c);
    const uint8_t *name = cursor_take(c, name_size);
    if (!name_fits(name, name_size))
        return fail(w, DM_ERR_FORMAT, "tensor %d: its name is empty, too long, cut off or not plain ASCII", index);
    memcpy(e->name, name, name_size);
    e->type = cursor_u8(c);
    e->n_dims = cursor_u8(c);
    if (c->ok && (e->n_dims < 1 || e->n_dims > WEIGHTS_MAX_DIMS))
        return fail(w, DM_ERR_FORMAT, "tensor %s: %d dimensions, at most %d", e->name, e->n_dims, WEIGHTS_MAX_DIMS);
    const uint32_t rows = e->n_dims == 2 ? cursor_u32(c) : 1;
    const uint32_t columns = cursor_u32(c);
    e->offset = cursor_u64(c);
    e->size = cursor_u64(c);
    if (!c->ok) return fail(w, DM_ERR_FORMAT, "tensor %s: its table entry is cut off", e->name);
    if (!layout_allows(e->type, rows, columns))
        return fail(w, DM_ERR_FORMAT, "tensor %s: type %d cannot have the shape [%u, %u]", e->name, e->type,
                    (unsigned)rows, (unsigned)columns);
    e->dim[0] = (int)rows;
    e->dim[1] = (int)columns;
    const uint64_t expected = layout_size(e->type, rows, columns);
    if (e->size != expected)
        return fail(w, DM_ERR_FORMAT, "tensor %s: expected %llu bytes, found %llu", e->name,
                    (unsigned long long)expected, (unsigned long long)e->size);
    if (e->offset % WEIGHTS_ALIGN || e->offset < from || e->offset > w->size || e->size > w->size - e->offset)
        return fail(w, DM_ERR_FORMAT, "tensor %s: bytes %llu + %llu are misaligned or outside %llu to %zu", e->name,
                    (unsigned long long)e->offset, (unsigned long long)e->size, (unsigned long long)from, w->size);
    return DM_OK;
}

static int by_name(const void *a, const void *b)
{
    return strcmp((*(weights_entry *const *)a)->name, (*(weights_entry *const *)b)->name);
}

static dm_status read_table(weights *w, cursor *c, int n, uint64_t head_size)
{
    w->entries = calloc((size_t)n + 1, sizeof *w->entries + sizeof *w->sorted);
    if (!w->entries) return fail(w, DM_ERR_MEMORY, "out of memory for %d tensors", n);
    w->sorted = (weights_entry **)(w->entries + n + 1);
    uint64_t end = head_size;
    for (int i = 0; i < n; i++) {
        const dm_status s = read_entry(w, c, &w->entries[i], i, end);
        if (s) return s;
        end = w->entries[i].offset + w->entries[i].size;
        w->sorted[i] = &w->entries[i];
    }
    w->n_entries = n;
    qsort(w->sorted, (size_t)n, sizeof *w->sorted, by_name);
    for (int i = 1; i < n; i++)
        if (!strcmp(w->sorted[i - 1]->name, w->sorted[i]->name))
            return fail(w, DM_ERR_FORMAT, "tensor %s: occurs twice", w->sorted[i]->name);
    return DM_OK;
}

static dm_status read_head(weights *w)
{
    header h = { 0 };
    dm_status s = read_header(w, &h);
    if (s) return s;
    cursor c = { w->bytes + HEADER_SIZE, w->bytes + h.head_size, 1 };
    if ((s = read_all_meta(w, &c, (int)h.n_meta)) || (s = read_table(w, &c, (int)h.n_tensors, h.head_size))) return s;
    if (c.end - c.p >= WEIGHTS_ALIGN)
        return fail(w, DM_ERR_FORMAT, "model file: %td bytes after the tensor table", c.end - c.p);
    return DM_OK;
}

dm_status weights_open(weights *w, const void *data, size_t size)
{
    *w = (weights){ .bytes = data, .size = size };
    dm_status s;
    if (!data || (uintptr_t)data % WEIGHTS_ALIGN)
        s = fail(w, DM_ERR_ARGUMENT, "model file: its memory must be %d-byte aligned", WEIGHTS_ALIGN);
    else
        s = read_head(w);
    if (s) {
        free(w->entries);
        *w = (weights){ .why = w->why };
    }
    return s;
}

void weights_close(weights *w)
{
    free(w->entries);
    *w = (weights){ 0 };
}

/* --- looking things up -------------------------------------------------------------------------- */

const char *weights_meta(const weights *w, const char *key, size_t *size)
{
    const uint8_t *value = find_meta(w, w->n_meta, key, strlen(key), size);
    if (!value) *size = 0;
    return (const char *)value;
}

static weights_entry *find(const weights *w, const char *name)
{
    int lo = 0, hi = w->n_entries;
    while (lo < hi) {
        const int mid = lo + (hi - lo) / 2, order = strcmp(w->sorted[mid]->name, name);
        if (!order) return w->sorted[mid];
        if (order < 0) lo = mid + 1; else hi = mid;
    }
    return NULL;
}

int weights_has(const weights *w, const char *name) { return find(w, name) != NULL; }

int weights_columns(const weights *w, const char *name)
{
    const weights_entry *e = find(w, name);
    return e ? e->dim[1] : 0;
}

const char *weights_unused(const weights *w)
{
    for (int i = 0; i < w->n_entries; i++)
        if (!w->entries[i].used) return w->entries[i].name;
    return NULL;
}

int weights_list(const weights *w, int i, const char **name, int *type, int dim[2], size_t *size)
{
    if (i < 0 || i >= w->n_entries) return 0;
    const weights_entry *e = &w->entries[i];
    *name = e->name;
    *type = e->type;
    dim[0] = e->dim[0];
    dim[1] = e->dim[1];
    *size = (size_t)e->size;
    return 1;
}

static const char *type_name(int type)
{
    return type == WEIGHTS_U8 ? "u8" : type == WEIGHTS_F32 ? "f32" : "i8";
}

enum { ANY = -1 };

/* The entry with this type and shape. */
static const weights_entry *expect(weights *w, const char *name, int type, int rows, int columns)
{
    char shape[32];
    if (columns != ANY) snprintf(shape, sizeof shape, "[%d, %d]", rows, columns);
    else snprintf(shape, sizeof shape, "of any size");
    weights_entry *e = find(w, name);
    if (!e) {
        fail(w, DM_ERR_FORMAT, "tensor %s: expected %s %s, found none of that name", name, type_name(type), shape);
        return NULL;
    }
    if (e->type == type && e->dim[0] == rows && (columns == ANY || e->dim[1] == columns)) {
        e->used = 1;
        return e;
    }
    fail(w, DM_ERR_FORMAT, "tensor %s: expected %s %s, found %s [%d, %d]", name, type_name(type), shape,
         type_name(e->type), e->dim[0], e->dim[1]);
    return NULL;
}

const uint8_t *weights_u8(weights *w, const char *name, size_t *size)
{
    const weights_entry *e = expect(w, name, WEIGHTS_U8, 1, ANY);
    *size = e ? (size_t)e->size : 0;
    return e ? w->bytes + e->offset : NULL;
}

const float *weights_f32(weights *w, const char *name, int n)
{
    const weights_entry *e = expect(w, name, WEIGHTS_F32, 1, n);
    if (!e) return NULL;
    const float *values = (const float *)(const void *)(w->bytes + e->offset);
    for (int i = 0; i < e->dim[1]; i++)
        if (!isfinite(values[i])) {
            fail(w, DM_ERR_FORMAT, "tensor %s: value %d is not a finite number", name, i);
            return NULL;
        }
    return values;
}

int weights_i8(weights *w, const char *name, int k, int n, weights_matrix *m)
{
    *m = (weights_matrix){ 0 };
    const weights_entry *e = expect(w, name, WEIGHTS_I8, k, n);
    if (!e) return 0;
    const layout_i8 l = layout_of_i8((uint64_t)e->dim[0], (uint64_t)e->dim[1]);
    const uint8_t *at = w->bytes + e->offset;
    const float *scale = (const float *)(const void *)(at + l.scale_at);
    const int32_t *sum = (const int32_t *)(const void *)(at + l.column_sum_at);
    for (int i = 0; i < (int)l.n; i++) {
        const int padding = i >= e->dim[1];
        const int64_t bound = padding ? 0 : 128 * (int64_t)e->dim[0];
        if (!(scale[i] >= 0) || !isfinite(scale[i]) || (padding && scale[i] != 0)) {
            fail(w, DM_ERR_FORMAT, "tensor %s: the scale of column %d is %g", name, i, (double)scale[i]);
            return 0;
        }
        if (sum[i] > bound || sum[i] < -bound) {
            fail(w, DM_ERR_FORMAT, "tensor %s: the sum of column %d is %d, at most %d", name, i, sum[i], (int)bound);
            return 0;
        }
    }
    *m = (weights_matrix){ .packed = (const int8_t *)at, .scale = scale, .column_sum = sum,
                           .k = (int)l.k, .n = (int)l.n, .out = e->dim[1] };
    return 1;
}

/* --- adding up ---------------------------------------------------------------------------------- */

/* sum <- those of a panel's columns; k is padded. */
static void add_up(int32_t sum[WEIGHTS_COLUMNS], const int8_t *panel, int k)
{
    memset(sum, 0, WEIGHTS_COLUMNS * sizeof *sum);
    for (int i = 0; i < k; i += WEIGHTS_DEPTH)
        for (int c = 0; c < WEIGHTS_COLUMNS; c++, panel += WEIGHTS_DEPTH)
            sum[c] += panel[0] + panel[1] + panel[2] + panel[3];
}

dm_status weights_check(const weights *w, dm_error *why)
{
    for (const weights_entry *e = w->entries; e < w->entries + w->n_entries; e++) {
        if (e->type != WEIGHTS_I8) continue;
        const layout_i8 l = layout_of_i8((uint64_t)e->dim[0], (uint64_t)e->dim[1]);
        const uint8_t *at = w->bytes + e->offset;
        const int32_t *stored = (const int32_t *)(const void *)(at + l.column_sum_at);
        for (int n = 0; n < (int)l.n; n += WEIGHTS_COLUMNS) {
            int32_t sum[WEIGHTS_COLUMNS];
            add_up(sum, (const int8_t *)at + (size_t)n * (size_t)l.k, (int)l.k);
            for (int c = 0; c < WEIGHTS_COLUMNS; c++)
                if (sum[c] != stored[n + c])
                    return refuse_file(why, "tensor %s: it is damaged, column %d adds up to %d, expected %d", e->name, n + c,
                                       (int)sum[c], (int)stored[n + c]);
        }
    }
    return DM_OK;
}
