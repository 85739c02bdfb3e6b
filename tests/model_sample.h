/* model_sample.h - a small model file for tests, and heap blocks of an exact size, so that
 * AddressSanitizer sees a read past the end. Include it first: it asks for posix_memalign. */
#ifndef DM_MODEL_SAMPLE_H
#define DM_MODEL_SAMPLE_H

#define _POSIX_C_SOURCE 200112L
#include "check.h"

#include <string.h>

#include "model/pack.h"
#include "model/weights.h"

static inline uint8_t *heap_block(size_t size)
{
    void *block = NULL;
    if (posix_memalign(&block, 64, size)) abort();
    return block;
}

static inline uint8_t *heap_copy(const void *bytes, size_t size) { return memcpy(heap_block(size), bytes, size); }

/* A small file with every type and with padding in both directions. */
enum { K = 5, N = 11, VOCAB = 9, DIM = 6, BYTES = 70 };
typedef struct { float w[K * N], e[VOCAB * DIM], b[N]; int8_t q[N * K]; uint8_t vocab[BYTES]; } sample;

static inline void sample_fill(sample *s)
{
    for (int i = 0; i < K * N; i++) s->w[i] = check_uniform(-3, 3);
    for (int i = 0; i < VOCAB * DIM; i++) s->e[i] = check_uniform(-1, 1);
    for (int i = 0; i < N; i++) s->b[i] = check_uniform(-1, 1);
    for (int i = 0; i < N * K; i++) s->q[i] = (int8_t)(check_random() & 255);
    for (int i = 0; i < BYTES; i++) s->vocab[i] = (uint8_t)check_random();
}

static inline uint8_t *sample_write(const sample *s, size_t *size)
{
    arena a;
    arena_init(&a, 4096);
    pack *p = pack_new(&a);
    pack_meta(p, "config", "dim: 6\n", 7);
    pack_meta(p, "empty", NULL, 0);
    pack_u8(p, "vocab", s->vocab, BYTES);
    pack_i8(p, "Wemb", s->e, DIM, VOCAB, 1);
    pack_i8(p, "layer_W", s->w, K, N, 0);
    pack_f32(p, "layer_b", s->b, N);
    const dm_status status = pack_i8_values(p, "values_W", s->q, 0.125f, K, N);
    CHECK(status == DM_OK, "%s", pack_why(p)->text);
    *size = pack_size(p);
    uint8_t *out = heap_block(*size);
    memset(out, 0xAA, *size);       /* pack_write sets every byte */
    pack_write(p, out);
    arena_free(&a);
    return out;
}

#endif
