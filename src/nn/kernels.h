/* kernels.h - the arithmetic that must be fast, as tables of functions.
 *
 * kernels_ref.c is the specification: plain loops in the order of summation that every variant
 * keeps. All variants give the same bits (tests/test_kernels.c walks the table). Matrices are
 * row-major (rows, cols). No kernel allocates, keeps state or reads past its operands.
 *
 * Rules of the floats: no fused multiply-add (-ffp-contract=off), own exp, log, tanh and sigmoid
 * (vmath.h), sums of a row in four lanes - lane l takes the elements 4i+l in order - and then
 * (lane 0 + lane 2) + (lane 1 + lane 3). Row lengths are multiples of 4 and rows are 16-byte
 * aligned, so that there are no tails; the callers pad. Any float is defined input, infinite and NaN
 * too; a NaN in a result is one everywhere, its sign and payload may differ. */
#ifndef DM_KERNELS_H
#define DM_KERNELS_H

#include "model/weights.h"

enum { KERNEL_LANES = 4 };

/* Rounds a length up to whole lanes. */
static inline int lanes(int n) { return (n + KERNEL_LANES - 1) / KERNEL_LANES * KERNEL_LANES; }

/* Rows that share a pass over the weights. */
enum { TILE_ROWS = 4 };
/* For each tile of rows the number of its steps of WEIGHTS_DEPTH k in which a row is not 0, and where they begin. */
static inline size_t linear_room(int rows, int k)
{
    return (size_t)((rows + TILE_ROWS - 1) / TILE_ROWS) * ((size_t)k / WEIGHTS_DEPTH + 1);
}

typedef struct dm_kernels {
    const char *name;         /* "ref", "simd128", "relaxed" */

    /* x (rows, k) floats -> q (rows, k) in [0,127], with real = scale[row] * (q - zero[row]).
     * The range of a row is widened to hold 0, so that 0 is exact: lo = min(0, row), hi = max(0, row),
     * scale = (hi - lo)/127, zero = round(-lo/scale), q = clamp(round(x/scale) + zero, 0, 127),
     * both roundings half to even, 1/scale computed once and multiplied by. A row of zeros (or one so
     * small that 1/scale overflows) has scale 0, zero 0 and q 0. NaN does not count in the range and
     * has q 0; an infinite range has scale inf. k is a multiple of 4. */
    void (*quantize)(uint8_t *q, float *scale, int32_t *zero, const float *x, int rows, int k);

    /* y (rows, w->n) = act((q - zero) . W * scale[row]*w->scale[col] + bias[col]), act = ReLU or none:
     * acc = sum_k q*packed in int32, exact below 132,000 k and modulo 2^32 beyond;
     * t = (float)(acc - zero[row]*column_sum[col]);
     * y = t * (scale[row]*w->scale[col]) + bias[col], rounded after each operation. ReLU makes NaN 0.
     * bias (w->n floats) may be NULL: then nothing is added. q (rows, w->k). Where most of q is 0, as after a ReLU, the
     * caller gives room for linear_room(rows, w->k) numbers, and what is 0 may be left out; else room is NULL. */
    void (*linear)(float *y, const uint8_t *q, const float *scale, const int32_t *zero, int rows,
                   const weights_matrix *w, const float *bias, int relu, uint16_t *room);

    /* y (rows, n) = gain * (s - mean)/sqrt(var + eps) + bias with s = x + residual, biased variance
     * from a second pass over s - mean. y may be x or residual. Ba, Kiros, Hinton 2016. */
    void (*add_layer_norm)(float *y, const float *x, const float *residual, const float *gain,
                           const float *bias, int rows, int n, float eps);

    /* Scores of one query against `n` keys, softmax, weighted sum of the values: one head.
     * q (d); keys_t (d, stride) transposed: keys_t[i*stride + s]; values row s at values + s*value_stride (d).
     * probs (lanes(n)): softmax(scale * q.k), padding 0. out (d). d is a multiple of 4.
     * Scores and out are summed in the order of d and of s, one product at a time; keys_t holds
     * finite numbers up to lanes(n). */
    void (*attend)(float *out, float *probs, const float *q, const float *keys_t, int stride,
                   const float *values, int value_stride, int n, int d, float scale);

    /* SSRU cell (Kim et al. 2019; docs/marian.md 2.8), n values: f = sigmoid(f_in); c = f*c + (1-f)*x; y = max(c, 0).
     * n is a multiple of 4. */
    void (*ssru)(float *y, float *c, const float *f_in, const float *x, int n);

    /* GRU cell (Cho et al. 2014; docs/marian.md 3.1), n values of h in place. What the input and the old state say:
     * x_gates and h_gates (2n) to the reset gate and then the update gate, x_new and h_new (n) to the candidate.
     * r, z = sigmoid(x_gates + h_gates); c = tanh(x_new + h_new*r); h = (1-z)*c + z*h. n is a multiple of 4. */
    void (*gru)(float *h, const float *x_gates, const float *h_gates, const float *x_new, const float *h_new, int n);

    /* y (n) = tanh(terms[0] + terms[1] + ...), n_terms of them (n), added in this order. y may be a term.
     * n is a multiple of 4. */
    void (*tanh_sum)(float *y, const float *const terms[], int n_terms, int n);

    /* Additive attention (Bahdanau et al. 2015) of one query q (d) over n keys (n, d), values (n, d):
     * probs (lanes(n)) = softmax(sum_i weight[i] * tanh(keys[s,i] + q[i])), padding 0, the sum in four lanes;
     * out (d) = sum_s probs[s] * values[s], in the order of s. d is a multiple of 4. */
    void (*attend_added)(float *out, float *probs, const float *q, const float *weight, const float *keys,
                         const float *values, int n, int d);

    /* y (n) = values of `column` of w times its scale: one embedding row; times factor, plus `add`.
     * n = w->k, column < w->n. */
    void (*embed)(float *y, const weights_matrix *w, int column, float factor, const float *add);

    /* Index of the first maximum of x (n) other than `skip` (-1: none), and log(sum exp(x - max)) over
     * the n values but the skipped one in *log_sum, so that log p(best) = -*log_sum. n is a multiple of 4;
     * padding holds -INFINITY. NaN never wins, and makes *log_sum NaN. Where nothing is above -INFINITY, the
     * first index but the skipped one and *log_sum = INFINITY. */
    int (*argmax)(const float *x, int n, int skip, float *log_sum);
} dm_kernels;

/* Every variant of this build: [0] is the reference, the last is the fastest; NULL-ended. */
extern const dm_kernels *const kernels_all[];
/* By name, NULL for the fastest; NULL if there is none of that name. */
const dm_kernels *kernels_find(const char *name);

#endif
