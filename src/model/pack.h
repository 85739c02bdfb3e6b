/* pack.h - writes the model file of weights.h; nothing else does. */
#ifndef DM_PACK_H
#define DM_PACK_H

#include "arena.h"
#include "dolmetsch.h"

typedef struct pack pack;

/* Tensors are written in the order of the calls; names are copied, values borrowed until pack_write.
 * The first failure sticks: every later call returns it, so that a caller may test the last one only.
 * NULL: out of memory. */
pack *pack_new(arena *a);
dm_status pack_meta(pack *p, const char *key, const char *value, size_t size);
dm_status pack_u8(pack *p, const char *name, const void *bytes, size_t size);
dm_status pack_f32(pack *p, const char *name, const float *values, int n);
/* How many bits the later weights of pack_i8 use, 4 to 8; 8 unless called. They stay int8, but small: who sends the file
 * may leave out the high bits (web/planes.js). */
void pack_bits(pack *p, int bits);
/* w (k, n) row-major floats, quantised per column to L = 127 >> (8 - bits) steps on each side of 0:
 * scale = max|column| / L in float, q = round_half_even(w L / max|column|) in double; a column of zeros gets scale 0.
 * A value that is not finite is an error that names the tensor.
 * transposed: w is (n, k), as embeddings are. */
dm_status pack_i8(pack *p, const char *name, const float *w, int k, int n, int transposed);
/* q (n, k): n rows of k int8 (the transpose of the matrix, as Marian stores it), one scale for all;
 * the values are kept as they are. */
dm_status pack_i8_values(pack *p, const char *name, const int8_t *q, float scale, int k, int n);

/* The first failure in words, naming the tensor; empty so far. */
const dm_error *pack_why(const pack *p);

/* Bytes that pack_write writes; 0, and nothing written, after a failure. */
size_t pack_size(const pack *p);
void pack_write(const pack *p, uint8_t *out);

#endif
