/* pack.h - writes the model file of weights.h; nothing else does. */
#ifndef DM_PACK_H
#define DM_PACK_H

#include "arena.h"
#include "dolmetsch.h"

typedef struct pack pack;

/* Tensors are written in the order of the calls; the inputs are borrowed until pack_write. */
pack *pack_new(arena *a);
dm_status pack_meta(pack *p, const char *key, const char *value, size_t size);
dm_status pack_u8(pack *p, const char *name, const void *bytes, size_t size);
dm_status pack_f32(pack *p, const char *name, const float *values, int n);
/* w (k, n) row-major floats, quantised per column: q = clamp(round_half_even(w * 127/max|column|)).
 * transposed: w is (n, k), as embeddings are. */
dm_status pack_i8(pack *p, const char *name, const float *w, int k, int n, int transposed);
/* q (n, k): n rows of k int8 (the transpose of the matrix, as Marian stores it), one scale for all;
 * the values are kept as they are. */
dm_status pack_i8_values(pack *p, const char *name, const int8_t *q, float scale, int k, int n);

/* Bytes that pack_write writes. */
size_t pack_size(const pack *p);
void pack_write(const pack *p, uint8_t *out);

#endif
