/* kernels_simd128.c - the kernels in 128-bit vectors: wasm SIMD, which every browser has had since 2023,
 * and SSE4.1. What each computes is written in kernels.h and, loop for loop, in kernels_ref.c; the
 * comments here say why the fast form gives the same bits. */
#include "nn/kernels.h"

#include <math.h>
#include <string.h>

#include "nn/vmath.h"

extern const dm_kernels kernels_simd128;

#ifdef DM_V128
#include "nn/product.h"

/* --- quantize --------------------------------------------------------------------------------- */

/* Four numbers to integers around `offset`; outside [0,127] they are for the packing to saturate. */
INLINE vi quantize4(const float *x, vf inverse, vi offset)
{
    vf t = vf_mul(vf_load(x), inverse);
    t = vf_max(vf_all(-128), t);                        /* -128 for NaN */
    t = vf_min(vf_all(128), t);
    return vi_add(vf_bits(vf_add(t, vf_all(VM_ROUND))), offset);
}

static void quantize_row(uint8_t *q, const float *x, int k, float inverse, int zero)
{
    const vf by = vf_all(inverse);
    const vi offset = vi_all(zero - (int)float_bits(VM_ROUND));
    int i = 0;
    for (; i + 16 <= k; i += 16)
        vi_store(q + i, vi_bytes(quantize4(x + i, by, offset), quantize4(x + i + 4, by, offset),
                                 quantize4(x + i + 8, by, offset), quantize4(x + i + 12, by, offset)));
    for (; i < k; i += 4) {
        uint8_t bytes[16];
        const vi last = quantize4(x + i, by, offset);
        vi_store(bytes, vi_bytes(last, last, last, last));
        memcpy(q + i, bytes, 4);
    }
}

static void quantize(uint8_t *q, float *scale, int32_t *zero, const float *x, int rows, int k)
{
    for (int r = 0; r < rows; r++, x += k, q += k) {
        vf low = vf_all(0), high = vf_all(0);
        for (int i = 0; i < k; i += 4) {
            low = vf_min(low, vf_load(x + i));
            high = vf_max(high, vf_load(x + i));
        }
        const float minus_lo = vf_largest(vf_sub(vf_all(0), low));
        const float unit = (vf_largest(high) + minus_lo) / 127.0f, inverse = 1.0f / unit;
        scale[r] = 0;
        zero[r] = 0;
        if (!(inverse < INFINITY)) {
            memset(q, 0, (size_t)k);
            continue;
        }
        float offset = minus_lo * inverse;
        offset = offset > 0 ? offset : 0;
        scale[r] = unit;
        zero[r] = (int32_t)round_even(offset < 127 ? offset : 127);
        quantize_row(q, x, k, inverse, zero[r]);
    }
}

/* --- linear ----------------------------------------------------------------------------------- */

enum { TILE_DEPTH = 1024 };     /* of one pass over the weights, which bounds the stack */

/* R rows of q (row stride k), `depth` values of each, widened to int16: wide (depth/4, R, 4), so that
 * one load_twice in the inner loop fetches a row's next four. */
INLINE void widen(int16_t *wide, const uint8_t *q, int k, int depth, const int R)
{
    for (int i = 0; i < depth; i += WEIGHTS_DEPTH)
        for (int r = 0; r < R; r++, wide += WEIGHTS_DEPTH) vi_store_half(wide, vi_load_u8_twice(q + (size_t)r * k + i));
}

/* sums[r*V/2 + h] = row r of `wide` times the columns 4h .. 4h+3 of the panel, for R rows and 2V columns.
 * A vector of weights holds two columns of four k, as int16; against the row's four k twice,
 * dot16 leaves two sums for each column, which add up at the end. The order is free: integers. */
INLINE void tile_sums(vi *sums, const int16_t *wide, const int8_t *panel, int depth, const int R, const int V)
{
    vi acc[TILE_ROWS][4];
    for (int r = 0; r < R; r++) for (int v = 0; v < V; v++) acc[r][v] = vi_all(0);
    for (int i = 0; i < depth; i += WEIGHTS_DEPTH, panel += STEP, wide += R * WEIGHTS_DEPTH) {
        vi w[4];
        for (int v = 0; v < V; v++) w[v] = vi_load_s8(panel + 8 * v);
        for (int r = 0; r < R; r++) {
            const vi a = vi_load_twice(wide + r * WEIGHTS_DEPTH);
            for (int v = 0; v < V; v++) acc[r][v] = vi_add(acc[r][v], vi_dot16(a, w[v]));
        }
    }
    for (int r = 0; r < R; r++)
        for (int h = 0; h < V / 2; h++) sums[r * V / 2 + h] = vi_add_pairs(acc[r][2 * h], acc[r][2 * h + 1]);
}

/* R rows from `row`, the panels [from, to). Between passes over the depth the sums rest in y, as integers. */
INLINE void tile(const product *p, int row, int from, int to, const int R, const int V)
{
    const int k = p->w->k, n = p->w->n;
    int16_t wide[TILE_ROWS * TILE_DEPTH];
    for (int start = 0, depth; start < k; start += depth) {
        depth = k - start < TILE_DEPTH ? k - start : TILE_DEPTH;
        widen(wide, p->q + (size_t)row * k + start, k, depth, R);
        for (int c = from * WEIGHTS_COLUMNS; c < to * WEIGHTS_COLUMNS; c += 2 * V) {
            vi sums[8];
            const int8_t *panel = p->w->packed + (size_t)(c / WEIGHTS_COLUMNS) * WEIGHTS_COLUMNS * k
                                + (size_t)start * WEIGHTS_COLUMNS + c % WEIGHTS_COLUMNS * WEIGHTS_DEPTH;
            tile_sums(sums, wide, panel, depth, R, V);
            for (int i = 0; i < R * V / 2; i++) {
                const int r = row + i / (V / 2), column = c + i % (V / 2) * 4;
                float *y = p->y + (size_t)r * n + column;
                if (start) sums[i] = vi_add(sums[i], vi_load(y));
                if (start + depth < k) vi_store(y, sums[i]);
                else finish(p, r, column, sums[i]);
            }
        }
    }
}

/* One or two rows take all 8 columns of a panel at once, more take half: 8 sums, two weights, a row and
 * a product fit the 16 vector registers of x86. Five rows are 2 % faster in V8 and 20 % slower from gcc. */
static void tile_1(const product *p, int row, int from, int to) { tile(p, row, from, to, 1, 4); }
static void tile_2(const product *p, int row, int from, int to) { tile(p, row, from, to, 2, 4); }
static void tile_3(const product *p, int row, int from, int to) { tile(p, row, from, to, 3, 2); }
static void tile_4(const product *p, int row, int from, int to) { tile(p, row, from, to, 4, 2); }

static void tile_rows(const product *p, int row, int from, int to, int size)
{
    static void (*const tiles[])(const product *, int, int, int) = { NULL, tile_1, tile_2, tile_3, tile_4 };
    tiles[size](p, row, from, to);
}

static void linear(float *y, const uint8_t *q, const float *scale, const int32_t *zero, int rows,
                   const weights_matrix *w, const float *bias, int relu)
{
    const product p = { y, q, scale, zero, w, bias, relu };
    each_tile(&p, rows, tile_rows);
}

/* --- layer norm, recurrent cells, embedding ----------------------------------------------------- */

static void add_layer_norm(float *y, const float *x, const float *residual, const float *gain,
                           const float *bias, int rows, int n, float eps)
{
    for (int r = 0; r < rows; r++, x += n, residual += n, y += n) {
        vf sum = vf_all(0), squares = vf_all(0);
        for (int i = 0; i < n; i += 4) {
            const vf s = vf_add(vf_load(x + i), vf_load(residual + i));
            vf_store(y + i, s);
            sum = vf_add(sum, s);
        }
        const vf mean = vf_all(vf_sum(sum) / (float)n);
        for (int i = 0; i < n; i += 4) {
            const vf s = vf_sub(vf_load(y + i), mean);
            vf_store(y + i, s);
            squares = vf_add(squares, vf_mul(s, s));
        }
        const vf inverse = vf_all(1.0f / sqrtf(vf_sum(squares) / (float)n + eps));
        for (int i = 0; i < n; i += 4)
            vf_store(y + i, vf_add(vf_mul(vf_mul(vf_load(y + i), inverse), vf_load(gain + i)), vf_load(bias + i)));
    }
}

static void ssru(float *y, float *c, const float *f_in, const float *x, int n)
{
    for (int i = 0; i < n; i += 4) {
        const vf f = v_sigmoid(vf_load(f_in + i));
        const vf cell = vf_add(vf_mul(f, vf_load(c + i)), vf_mul(vf_sub(vf_all(1.0f), f), vf_load(x + i)));
        vf_store(c + i, cell);
        vf_store(y + i, vf_max(vf_all(0), cell));
    }
}

static void gru(float *h, const float *x_gates, const float *h_gates, const float *x_new, const float *h_new, int n)
{
    const float *x_update = x_gates + n, *h_update = h_gates + n;
    for (int i = 0; i < n; i += 4) {
        const vf r = v_sigmoid(vf_add(vf_load(x_gates + i), vf_load(h_gates + i)));
        const vf z = v_sigmoid(vf_add(vf_load(x_update + i), vf_load(h_update + i)));
        const vf c = v_tanh(vf_add(vf_load(x_new + i), vf_mul(vf_load(h_new + i), r)));
        vf_store(h + i, vf_add(vf_mul(vf_sub(vf_all(1.0f), z), c), vf_mul(z, vf_load(h + i))));
    }
}

static void tanh_sum(float *y, const float *const terms[], int n_terms, int n)
{
    for (int i = 0; i < n; i += 4) {
        vf sum = vf_load(terms[0] + i);
        for (int t = 1; t < n_terms; t++) sum = vf_add(sum, vf_load(terms[t] + i));
        vf_store(y + i, v_tanh(sum));
    }
}

static void embed(float *y, const weights_matrix *w, int column, float factor, const float *add)
{
    const int8_t *p = w->packed + (size_t)(column / WEIGHTS_COLUMNS) * WEIGHTS_COLUMNS * w->k
                    + column % WEIGHTS_COLUMNS * WEIGHTS_DEPTH;
    const vf scale = vf_all(w->scale[column]), times = vf_all(factor);
    for (int i = 0; i < w->k; i += 4, p += STEP)
        vf_store(y + i, vf_add(vf_mul(vf_mul(vi_float(vi_load_s8_wide(p)), scale), times), vf_load(add + i)));
}

/* --- attention --------------------------------------------------------------------------------- */

/* out (4V) = a (rows) . b (rows, stride), each sum in the order of the rows. V sums side by side hide
 * the latency of the additions. */
INLINE void combine_tile(float *out, const float *a, int rows, const float *b, int stride, const int V)
{
    vf sum[4];
    for (int v = 0; v < V; v++) sum[v] = vf_all(0);
    for (int r = 0; r < rows; r++, b += stride) {
        const vf by = vf_all(a[r]);
        for (int v = 0; v < V; v++) sum[v] = vf_add(sum[v], vf_mul(by, vf_load(b + 4 * v)));
    }
    for (int v = 0; v < V; v++) vf_store(out + 4 * v, sum[v]);
}

/* out (columns) = a (rows) . b (rows, stride) */
static void combine(float *out, const float *a, int rows, const float *b, int stride, int columns)
{
    int c = 0;
    for (; c + 16 <= columns; c += 16) combine_tile(out + c, a, rows, b + c, stride, 4);
    for (; c < columns; c += 4) combine_tile(out + c, a, rows, b + c, stride, 1);
}

/* x (lanes(n)) <- softmax(scale * x) of its first n, then zeros. The padding is -inf until the end,
 * whose exponential is 0; where the maximum is not finite the sum is NaN with it as without. */
static void softmax(float *x, int n, float scale)
{
    const int padded = lanes(n);
    vf most = vf_all(-INFINITY), sum = vf_all(0);
    for (int s = 0; s < padded; s += 4) vf_store(x + s, vf_mul(vf_load(x + s), vf_all(scale)));
    for (int s = n; s < padded; s++) x[s] = -INFINITY;
    for (int s = 0; s < padded; s += 4) most = vf_max(most, vf_load(x + s));
    most = vf_all(vf_largest(most));
    for (int s = 0; s < padded; s += 4) {
        const vf e = v_exp(vf_sub(vf_load(x + s), most));
        vf_store(x + s, e);
        sum = vf_add(sum, e);
    }
    const vf inverse = vf_all(1.0f / vf_sum(sum));
    for (int s = 0; s < padded; s += 4) vf_store(x + s, vf_mul(vf_load(x + s), inverse));
    for (int s = n; s < padded; s++) x[s] = 0;
}

static void attend(float *out, float *probs, const float *q, const float *keys_t, int stride,
                   const float *values, int value_stride, int n, int d, float scale)
{
    combine(probs, q, d, keys_t, stride, lanes(n));
    softmax(probs, n, scale);
    combine(out, probs, n, values, value_stride, d);
}

static void attend_added(float *out, float *probs, const float *q, const float *weight, const float *keys,
                         const float *values, int n, int d)
{
    for (int s = 0; s < n; s++, keys += d) {
        vf sum = vf_all(0);
        for (int i = 0; i < d; i += 4)
            sum = vf_add(sum, vf_mul(vf_load(weight + i), v_tanh(vf_add(vf_load(keys + i), vf_load(q + i)))));
        probs[s] = vf_sum(sum);
    }
    for (int s = n; s < lanes(n); s++) probs[s] = 0;
    softmax(probs, n, 1.0f);
    combine(out, probs, n, values, d, d);
}

/* --- argmax ------------------------------------------------------------------------------------ */

/* x[i .. i+3], -inf in the place of `skip` */
INLINE vf load_but(const float *x, int i, int skip)
{
    if (i != (skip & ~3)) return vf_load(x + i);
    float lane[4];
    memcpy(lane, x + i, sizeof lane);
    lane[skip & 3] = -INFINITY;
    return vf_load(lane);
}

static int argmax(const float *x, int n, int skip, float *log_sum)
{
    vf most = vf_all(-INFINITY), sum = vf_all(0);
    for (int i = 0; i < n; i += 4) most = vf_max(most, load_but(x, i, skip));
    const float largest = vf_largest(most);
    *log_sum = INFINITY;
    if (largest == -INFINITY) return skip == 0;
    int best = -1;
    most = vf_all(largest);
    for (int i = 0; i < n; i += 4) {
        const vf v = load_but(x, i, skip);
        const int hits = best < 0 ? vi_mask(vf_equal(v, most)) : 0;
        if (hits) best = i + __builtin_ctz((unsigned)hits);
        sum = vf_add(sum, v_exp(vf_sub(v, most)));
    }
    *log_sum = log_f32(vf_sum(sum));
    return best;
}

const dm_kernels kernels_simd128 = {
    "simd128", quantize, linear, add_layer_norm, attend, ssru, gru, tanh_sum, attend_added, embed, argmax
};
#endif
