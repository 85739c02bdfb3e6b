/* kernels_ref.c - the kernels as plain loops: the specification that every variant equals bit for bit.
 *
 * kernels.h holds the contracts. Comparisons are written so that it is visible what a NaN does:
 * `a > b ? a : b` is b where either is one. Integers that a file can make overflow wrap around. */
#include "nn/kernels.h"

#include <math.h>
#include <string.h>

#include "nn/vmath.h"

extern const dm_kernels kernels_ref;

/* The end of every sum of floats. */
static float lane_sum(const float lane[KERNEL_LANES]) { return (lane[0] + lane[2]) + (lane[1] + lane[3]); }

/* round(x) limited to [lo, hi] (within +-2^22); lo where x is NaN. */
static float round_within(float x, float lo, float hi)
{
    x = x > lo ? x : lo;
    return round_even(x < hi ? x : hi);
}

static void quantize(uint8_t *q, float *scale, int32_t *zero, const float *x, int rows, int k)
{
    for (int r = 0; r < rows; r++, x += k, q += k) {
        float lo = 0, hi = 0;
        for (int i = 0; i < k; i++) {
            lo = x[i] < lo ? x[i] : lo;
            hi = x[i] > hi ? x[i] : hi;
        }
        const float unit = (hi - lo) / 127.0f, inverse = 1.0f / unit;
        scale[r] = 0;
        zero[r] = 0;
        if (!(inverse < INFINITY)) {                 /* nothing but zeros, or numbers below 1e-36 */
            memset(q, 0, (size_t)k);
            continue;
        }
        const float offset = round_within((0.0f - lo) * inverse, 0, 127);
        scale[r] = unit;
        zero[r] = (int32_t)offset;
        for (int i = 0; i < k; i++)
            q[i] = (uint8_t)round_within(round_within(x[i] * inverse, -128, 128) + offset, 0, 127);
    }
}

/* sum over k of q (w->k) times column `column` of w */
static uint32_t dot(const uint8_t *q, const weights_matrix *w, int column)
{
    const int8_t *p = matrix_column(w, column);
    uint32_t sum = 0;
    for (int i = 0; i < w->k; i += WEIGHTS_DEPTH, p += WEIGHTS_STEP)
        for (int j = 0; j < WEIGHTS_DEPTH; j++) sum += (uint32_t)(p[j] * q[i + j]);
    return sum;
}

static void linear(float *y, const uint8_t *q, const float *scale, const int32_t *zero, int rows,
                   const weights_matrix *w, const float *bias, int relu, uint16_t *room)
{
    (void)room;
    for (int r = 0; r < rows; r++, q += w->k, y += w->n)
        for (int c = 0; c < w->n; c++) {
            const uint32_t acc = dot(q, w, c) - (uint32_t)zero[r] * (uint32_t)w->column_sum[c];
            float sum = (float)(int32_t)acc * (scale[r] * w->scale[c]);
            if (bias) sum = sum + bias[c];
            if (relu) sum = sum > 0 ? sum : 0;
            y[c] = sum;
        }
}

static void add_layer_norm(float *y, const float *x, const float *residual, const float *gain,
                           const float *bias, int rows, int n, float eps)
{
    for (int r = 0; r < rows; r++, x += n, residual += n, y += n) {
        float sum[KERNEL_LANES] = { 0 }, squares[KERNEL_LANES] = { 0 };
        for (int i = 0; i < n; i++) {
            y[i] = x[i] + residual[i];
            sum[i % KERNEL_LANES] += y[i];
        }
        const float mean = lane_sum(sum) / (float)n;
        for (int i = 0; i < n; i++) {
            y[i] = y[i] - mean;
            squares[i % KERNEL_LANES] += y[i] * y[i];
        }
        const float inverse = 1.0f / sqrtf(lane_sum(squares) / (float)n + eps);
        for (int i = 0; i < n; i++) y[i] = (y[i] * inverse) * gain[i] + bias[i];
    }
}

/* x (lanes(n)) <- softmax of its first n, then zeros. The maximum of nothing but NaN is -inf. */
static void softmax(float *x, int n)
{
    float most = -INFINITY, sum[KERNEL_LANES] = { 0 };
    for (int s = 0; s < n; s++) most = x[s] > most ? x[s] : most;
    for (int s = 0; s < lanes(n); s++) {
        x[s] = s < n ? exp_f32(x[s] - most) : 0;
        sum[s % KERNEL_LANES] += x[s];
    }
    const float inverse = 1.0f / lane_sum(sum);
    for (int s = 0; s < n; s++) x[s] = x[s] * inverse;
}

/* out (d) = probs (n) . values (n, stride) */
static void combine(float *out, const float *probs, int n, const float *values, int stride, int d)
{
    for (int i = 0; i < d; i++) {
        float sum = 0;
        for (int s = 0; s < n; s++) sum += probs[s] * values[(size_t)s * stride + i];
        out[i] = sum;
    }
}

static void attend(float *out, float *probs, const float *q, const float *keys_t, int stride,
                   const float *values, int value_stride, int n, int d, float scale)
{
    for (int s = 0; s < n; s++) {
        float score = 0;
        for (int i = 0; i < d; i++) score += q[i] * keys_t[(size_t)i * stride + s];
        probs[s] = scale * score;
    }
    softmax(probs, n);
    combine(out, probs, n, values, value_stride, d);
}

static void attend_added(float *out, float *probs, const float *q, const float *weight, const float *keys,
                         const float *values, int n, int d)
{
    for (int s = 0; s < n; s++, keys += d) {
        float sum[KERNEL_LANES] = { 0 };
        for (int i = 0; i < d; i++) sum[i % KERNEL_LANES] += weight[i] * tanh_f32(keys[i] + q[i]);
        probs[s] = lane_sum(sum);
    }
    softmax(probs, n);
    combine(out, probs, n, values, d, d);
}

static void ssru(float *y, float *c, const float *f_in, const float *x, int n)
{
    for (int i = 0; i < n; i++) {
        const float f = sigmoid_f32(f_in[i]);
        c[i] = f * c[i] + (1.0f - f) * x[i];
        y[i] = c[i] > 0 ? c[i] : 0;
    }
}

static void gru(float *h, const float *x_gates, const float *h_gates, const float *x_new, const float *h_new, int n)
{
    for (int i = 0; i < n; i++) {
        const float r = sigmoid_f32(x_gates[i] + h_gates[i]);
        const float z = sigmoid_f32(x_gates[n + i] + h_gates[n + i]);
        const float c = tanh_f32(x_new[i] + h_new[i] * r);
        h[i] = (1.0f - z) * c + z * h[i];
    }
}

static void tanh_sum(float *y, const float *const terms[], int n_terms, int n)
{
    for (int i = 0; i < n; i++) {
        float sum = terms[0][i];
        for (int t = 1; t < n_terms; t++) sum += terms[t][i];
        y[i] = tanh_f32(sum);
    }
}

static void embed(float *y, const weights_matrix *w, int column, float factor, const float *add)
{
    const int8_t *p = matrix_column(w, column);
    for (int i = 0; i < w->k; i += WEIGHTS_DEPTH, p += WEIGHTS_STEP)
        for (int j = 0; j < WEIGHTS_DEPTH; j++)
            y[i + j] = ((float)p[j] * w->scale[column]) * factor + add[i + j];
}

static int argmax(const float *x, int n, int skip, float *log_sum)
{
    float most = -INFINITY, sum[KERNEL_LANES] = { 0 };
    int best = -1;
    for (int i = 0; i < n; i++)
        if (i != skip && x[i] > most) {
            most = x[i];
            best = i;
        }
    *log_sum = INFINITY;
    if (best < 0) return skip == 0;
    for (int i = 0; i < n; i++) sum[i % KERNEL_LANES] += exp_f32(i == skip ? -INFINITY : x[i] - most);
    *log_sum = log_f32(lane_sum(sum));
    return best;
}

const dm_kernels kernels_ref = {
    "ref", quantize, linear, add_layer_norm, attend, ssru, gru, tanh_sum, attend_added, embed, argmax
};
