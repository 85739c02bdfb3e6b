/* pack.c - writes the model file; the format is described in weights.h. The same calls give the same
 * bytes on every machine: nothing here depends on time, addresses or libm. */
#include "model/pack.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cursor.h"
#include "model/crc32.h"
#include "model/layout.h"

enum { VERSION = 1, HEADER_SIZE = 64, CRC_AT = 16, CRC_FROM = 20,
       SLACK = 1024 };     /* more than one record and the padding of the head */
/* What a 32-bit reader can address. */
#define MAX_FILE ((uint64_t)INT32_MAX)

typedef struct meta meta;
struct meta { meta *next; const char *key, *value; size_t key_size, size; };

typedef struct tensor tensor;
struct tensor {
    tensor *next;
    const char *name;
    size_t name_size;
    uint32_t name_hash;       /* so that looking for duplicates compares few names */
    int type, k, n;           /* k is 1 for U8 and F32 */
    const void *values;       /* U8 bytes, F32 floats, I8 int8 or floats */
    int quantised;            /* I8: values are int8 (n, k) with one scale */
    int transposed;           /* I8: values are floats (n, k), else (k, n) */
    int bits;                 /* I8 from floats: of each weight, 4 to 8 */
    float scale;
    uint64_t at, size;        /* from the end of the head */
};

struct pack {
    arena *a;
    meta *metas, **next_meta;
    tensor *tensors, **next_tensor;
    int n_metas, n_tensors;
    int bits;                 /* of the weights that come */
    uint64_t head_end;        /* bytes of header and records, before padding */
    uint64_t data_end;        /* bytes of tensors, from the end of the head */
    dm_status status;         /* the first failure stays */
    dm_error why;
};

pack *pack_new(arena *a)
{
    pack *p = arena_take(a, 1, sizeof *p);
    if (!p) return NULL;
    p->a = a;
    p->next_meta = &p->metas;
    p->next_tensor = &p->tensors;
    p->head_end = HEADER_SIZE;
    p->bits = 8;
    return p;
}

void pack_bits(pack *p, int bits) { p->bits = bits; }

const dm_error *pack_why(const pack *p) { return &p->why; }

__attribute__((format(printf, 2, 3)))
static dm_status fail(pack *p, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(p->why.text, sizeof p->why.text, format, args);
    va_end(args);
    return p->status = DM_ERR_FORMAT;
}

static dm_status fail_memory(pack *p)
{
    snprintf(p->why.text, sizeof p->why.text, "out of memory");
    return p->status = DM_ERR_MEMORY;
}

static uint64_t head_size(const pack *p) { return round_up(p->head_end, WEIGHTS_ALIGN); }

static int name_fits(const char *name)
{
    const size_t size = strlen(name);
    return size <= WEIGHTS_MAX_NAME && name_is_plain((const uint8_t *)name, size);
}

static const char *copy_name(pack *p, const char *name)
{
    const size_t size = strlen(name) + 1;
    char *copy = arena_take(p->a, size, 1);
    return copy ? memcpy(copy, name, size) : NULL;
}

dm_status pack_meta(pack *p, const char *key, const char *value, size_t size)
{
    if (p->status) return p->status;
    if (!name_fits(key)) return fail(p, "metadata: the key is empty, too long or not plain ASCII");
    if (p->n_metas == WEIGHTS_MAX_META) return fail(p, "metadata %s: more than %d records", key, WEIGHTS_MAX_META);
    for (const meta *m = p->metas; m; m = m->next)
        if (!strcmp(m->key, key)) return fail(p, "metadata %s: occurs twice", key);
    if (size > MAX_FILE || head_size(p) + p->data_end + size + SLACK > MAX_FILE)
        return fail(p, "metadata %s: the file would pass 2 GiB", key);
    meta *m = arena_take(p->a, 1, sizeof *m);
    const char *name = copy_name(p, key);
    if (!m || !name) return fail_memory(p);
    *m = (meta){ .key = name, .key_size = strlen(name), .value = value, .size = size };
    *p->next_meta = m;
    p->next_meta = &m->next;
    p->n_metas++;
    p->head_end += 1 + m->key_size + 4 + size;
    return DM_OK;
}

/* Appends t, whose type, dimensions and values are set. */
static dm_status add(pack *p, const char *name, tensor t)
{
    if (p->status) return p->status;
    if (!name_fits(name)) return fail(p, "tensor %d: its name is empty, too long or not plain ASCII", p->n_tensors);
    if (p->n_tensors == WEIGHTS_MAX_TENSORS) return fail(p, "tensor %s: more than %d tensors", name, WEIGHTS_MAX_TENSORS);
    if (t.k < 1 || t.n < 1 || !layout_allows(t.type, (uint64_t)t.k, (uint64_t)t.n))
        return fail(p, "tensor %s: the shape [%d, %d] is not allowed", name, t.k, t.n);
    t.name_hash = crc32_ieee(name, strlen(name));
    for (const tensor *u = p->tensors; u; u = u->next)
        if (u->name_hash == t.name_hash && !strcmp(u->name, name)) return fail(p, "tensor %s: occurs twice", name);
    t.at = round_up(p->data_end, WEIGHTS_ALIGN);
    t.size = layout_size(t.type, (uint64_t)t.k, (uint64_t)t.n);
    if (head_size(p) + t.at + t.size + SLACK > MAX_FILE) return fail(p, "tensor %s: the file would pass 2 GiB", name);
    tensor *copy = arena_take(p->a, 1, sizeof *copy);
    t.name = copy_name(p, name);
    if (!copy || !t.name) return fail_memory(p);
    t.name_size = strlen(name);
    *copy = t;
    *p->next_tensor = copy;
    p->next_tensor = &copy->next;
    p->n_tensors++;
    p->data_end = t.at + t.size;
    p->head_end += 1 + t.name_size + 1 + 1 + 4 * (t.type == WEIGHTS_U8 ? 1 : 2) + 8 + 8;
    return DM_OK;
}

static dm_status check_finite(pack *p, const char *name, const float *values, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!isfinite(values[i])) return fail(p, "tensor %s: value %zu is not a finite number", name, i);
    return DM_OK;
}

dm_status pack_u8(pack *p, const char *name, const void *bytes, size_t size)
{
    if (p->status) return p->status;
    if (size > WEIGHTS_MAX_BYTES) return fail(p, "tensor %s: %zu bytes are too many", name, size);
    return add(p, name, (tensor){ .type = WEIGHTS_U8, .k = 1, .n = (int)size, .values = bytes });
}

dm_status pack_f32(pack *p, const char *name, const float *values, int n)
{
    const dm_status s = add(p, name, (tensor){ .type = WEIGHTS_F32, .k = 1, .n = n, .values = values });
    return s ? s : check_finite(p, name, values, (size_t)n);
}

dm_status pack_i8(pack *p, const char *name, const float *w, int k, int n, int transposed)
{
    const dm_status s = add(p, name, (tensor){ .type = WEIGHTS_I8, .k = k, .n = n, .values = w, .transposed = transposed,
                                               .bits = p->bits });
    return s ? s : check_finite(p, name, w, (size_t)k * (size_t)n);
}

dm_status pack_i8_values(pack *p, const char *name, const int8_t *q, float scale, int k, int n)
{
    if (p->status) return p->status;
    if (!(scale >= 0 && isfinite(scale)))
        return fail(p, "tensor %s: its scale %g is not a finite number >= 0", name, (double)scale);
    return add(p, name, (tensor){ .type = WEIGHTS_I8, .k = k, .n = n, .values = q, .quantised = 1, .bits = 8,
                               .scale = scale });
}

/* --- writing ------------------------------------------------------------------------------------ */

static uint8_t *put(uint8_t *at, uint64_t value, int bytes)
{
    for (int i = 0; i < bytes; i++) at[i] = (uint8_t)(value >> (8 * i));
    return at + bytes;
}

static uint8_t *put_bytes(uint8_t *at, const void *bytes, size_t size)
{
    if (size) memcpy(at, bytes, size);
    return at + size;
}

static void put_f32(uint8_t *at, float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    put(at, bits, 4);
}

/* Largest magnitude of the column that starts at float `first`. */
static float column_max(const tensor *t, size_t first, size_t step)
{
    const float *w = (const float *)t->values + first;
    float max = 0;
    for (int i = 0; i < t->k; i++, w += step) if (fabsf(*w) > max) max = fabsf(*w);
    return max;
}

static void write_i8(const tensor *t, uint8_t *out)
{
    const layout_i8 l = layout_of_i8((uint64_t)t->k, (uint64_t)t->n);
    const int by_column = t->quantised || t->transposed;
    const size_t step = by_column ? 1 : (size_t)t->n;
    const int levels = 127 >> (8 - t->bits);
    for (int j = 0; j < t->n; j++) {
        const size_t first = by_column ? (size_t)j * (size_t)t->k : (size_t)j;
        const float max = t->quantised ? 0 : column_max(t, first, step);
        const float scale = t->quantised ? t->scale : max / (float)levels;
        int32_t sum = 0;
        for (int i = 0; i < t->k; i++) {
            const size_t at = first + (size_t)i * step;
            int q = 0;                  /* also where max is so small that scale is 0 */
            if (t->quantised) q = ((const int8_t *)t->values)[at];
            /* In double: w * levels is exact, neither a huge nor a denormal max overflows, and |w| <= max
             * keeps |q| <= levels without a clamp. */
            else if (scale > 0) q = (int)rint((double)((const float *)t->values)[at] * levels / (double)max);
            out[layout_place((uint64_t)i, (uint64_t)j, l.k)] = (uint8_t)q;
            sum += q;
        }
        put_f32(out + l.scale_at + 4 * (uint64_t)j, scale);
        put(out + l.column_sum_at + 4 * (uint64_t)j, (uint32_t)sum, 4);
    }
}

static void write_head(const pack *p, uint8_t *out)
{
    const uint64_t head = head_size(p);
    uint8_t *at = put_bytes(out, "DMT1", 4);
    at = put(at, VERSION, 4);
    at = put(at, head + p->data_end, 8);
    at = put(at, 0, 4);
    at = put(at, head, 4);
    at = put(at, (uint64_t)p->n_metas, 4);
    put(at, (uint64_t)p->n_tensors, 4);
    at = out + HEADER_SIZE;
    for (const meta *m = p->metas; m; m = m->next) {
        at = put_bytes(put(at, m->key_size, 1), m->key, m->key_size);
        at = put_bytes(put(at, m->size, 4), m->value, m->size);
    }
    for (const tensor *t = p->tensors; t; t = t->next) {
        at = put_bytes(put(at, t->name_size, 1), t->name, t->name_size);
        at = put(at, (uint64_t)t->type, 1);
        at = put(at, t->type == WEIGHTS_U8 ? 1 : 2, 1);
        if (t->type != WEIGHTS_U8) at = put(at, (uint64_t)t->k, 4);
        at = put(at, (uint64_t)t->n, 4);
        at = put(put(at, head + t->at, 8), t->size, 8);
    }
    put(out + CRC_AT, crc32_ieee(out + CRC_FROM, (size_t)head - CRC_FROM), 4);
}

size_t pack_size(const pack *p) { return p->status ? 0 : (size_t)(head_size(p) + p->data_end); }

void pack_write(const pack *p, uint8_t *out)
{
    if (p->status) return;
    memset(out, 0, pack_size(p));
    write_head(p, out);
    for (const tensor *t = p->tensors; t; t = t->next) {
        uint8_t *at = out + head_size(p) + t->at;
        if (t->type == WEIGHTS_U8) put_bytes(at, t->values, (size_t)t->n);
        else if (t->type == WEIGHTS_F32) put_bytes(at, t->values, 4 * (size_t)t->n);
        else write_i8(t, at);
    }
}
