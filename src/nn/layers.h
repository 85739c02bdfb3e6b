/* layers.h - the layers that architectures are made of, in terms of the kernels. */
#ifndef DM_LAYERS_H
#define DM_LAYERS_H

#include "arena.h"
#include "nn/kernels.h"

/* y = x W + b; W [k, n] int8, b (n) or NULL. Borrows the model file. */
typedef struct { weights_matrix w; const float *bias; } linear;
/* y = gain * (x - mean)/sqrt(var + 1e-6) + bias */
typedef struct { const float *gain, *bias; } layer_norm;

/* Rows of activations as the int8 kernels take them. One quantisation serves every product with
 * the same input (query, key and value, say). */
typedef struct { uint8_t *q; float *scale; int32_t *zero; uint16_t *room; int rows; } quantized;     /* room: kernels.h */

/* Room for `rows` rows of up to k values. Failure shows in a->failed. */
void quantized_new(quantized *x, int rows, int k, arena *a);
void quantized_set(quantized *x, const dm_kernels *kernels, const float *values, int rows, int k);
/* Its rows [first, end), of k values. */
quantized quantized_rows(const quantized *x, int k, int first, int end);

/* y (x->rows, n) */
void linear_apply(const linear *l, const dm_kernels *kernels, const quantized *x, float *y);
void linear_apply_relu(const linear *l, const dm_kernels *kernels, const quantized *x, float *y);
/* linear_apply for an x of which most is 0, as ReLU leaves it: faster then. */
void linear_apply_sparse(const linear *l, const dm_kernels *kernels, const quantized *x, float *y);

/* Columns `column` (n) of w as a matrix of its own, in memory of a; padding has scale and sum 0. Failure shows in a->failed. */
weights_matrix matrix_pick(const weights_matrix *w, const int32_t *column, int n, arena *a);

/* x (rows, d) <- norm(x + sublayer), post-norm's "an" (docs/marian.md 2.4). */
void residual_norm(const layer_norm *n, const dm_kernels *kernels, float *x, const float *sublayer,
                   int rows, int d);

/* Multi-head attention of one query row over the first n keys and values.
 * q (d_model) -> out (d_model); keys_t (d_model, stride) transposed, values (n, d_model).
 * Head h owns columns [h*d_model/heads, (h+1)*d_model/heads). probs (heads, probs_stride). */
void attend_heads(const dm_kernels *kernels, const float *q, const float *keys_t, int stride,
                  const float *values, int n, int d_model, int heads,
                  float *out, float *probs, int probs_stride);

/* A GRU with k inputs and H units, Marian's: W [k,2H] and U [H,2H] for the gates, Wx [k,H] and Ux [H,H] for the
 * candidate. The candidate's bias is x_new's, or h_new's in the cells that Marian calls final: then the reset
 * gate applies to it too. */
typedef struct { linear x_gates, h_gates, x_new, h_new; } gru;
/* What gru_apply needs beside: the state for the products, and their results. */
typedef struct { quantized h; float *x_gates, *h_gates, *x_new, *h_new; } gru_room;

/* For `rows` rows of H units. Failure shows in a->failed. */
void gru_room_new(gru_room *room, int rows, int units, arena *a);
/* h (x->rows, H) <- the state after the input x */
void gru_apply(const gru *g, const dm_kernels *kernels, const quantized *x, float *h, gru_room *room);

/* rows (n, d) -> columns [0, n) of keys_t (d, stride), the rest of lanes(n) zero. */
void transpose_keys(float *keys_t, int stride, const float *rows, int n, int d);

#endif
