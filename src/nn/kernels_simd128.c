/* kernels_simd128.c - the kernels in 128-bit vectors: wasm SIMD, which every browser has had since 2023,
 * and SSE4.1. What each computes is written in kernels.h and, loop for loop, in kernels_ref.c; the
 * comments here say why the fast form gives the same bits. */
#include "nn/kernels.h"

#include <math.h>
#include <string.h>

#include "nn/vmath.h"

extern const dm_kernels kernels_simd128, kernels_relaxed;

#ifdef DM_V128
#include "nn/product.h"

/* --- quantize --------------------------------------------------------------------------------- */

/* Four numbers to integers around `offset`; outside [0,127] they are for the packing to saturate. */
INLINE vi quantize4(const float *x, vf inverse, vi offset)
{
    vf t = vf_mul(vf_load(x), inverse);
    t = vf_max(vf_sub(vf_all(0), VM_ALL(BYTE)), t);     /* -128 for NaN */
    t = vf_min(VM_ALL(BYTE), t);
    return vi_add(vf_bits(vf_add(t, VM_ALL(ROUND))), offset);
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

/* -min(0, x) and max(0, x) of a row: two of each side by side, since each has to wait for the one before. */
static void find_range(const float *x, int k, float *minus_lo, float *hi)
{
    vf low[2] = { vf_all(0), vf_all(0) }, high[2] = { vf_all(0), vf_all(0) };
    int i = 0;
    for (; i + 8 <= k; i += 8)
        for (int j = 0; j < 2; j++) {
            low[j] = vf_min(low[j], vf_load(x + i + 4 * j));
            high[j] = vf_max(high[j], vf_load(x + i + 4 * j));
        }
    for (; i < k; i += 4) {
        low[0] = vf_min(low[0], vf_load(x + i));
        high[0] = vf_max(high[0], vf_load(x + i));
    }
    *minus_lo = vf_largest(vf_sub(vf_all(0), vf_min(low[0], low[1])));
    *hi = vf_largest(vf_max(high[0], high[1]));
}

static void quantize(uint8_t *q, float *scale, int32_t *zero, const float *x, int rows, int k)
{
    for (int r = 0; r < rows; r++, x += k, q += k) {
        float minus_lo, hi;
        find_range(x, k, &minus_lo, &hi);
        const float unit = (hi + minus_lo) / 127.0f, inverse = 1.0f / unit;
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

enum { TILE_STEPS = 256 };      /* of one pass over the weights, which bounds the stack */

/* The first k of step s. */
INLINE int step_at(const uint16_t *steps, int s) { return steps ? steps[1 + s] : s * WEIGHTS_DEPTH; }

/* n steps from `first` of R rows of q (row stride k), widened to int16: wide (n, R, 4), so that
 * one load_twice in the inner loop fetches a row's next four. */
INLINE void widen(int16_t *wide, const uint8_t *q, int k, const uint16_t *steps, int first, int n, const int R)
{
    for (int s = first; s < first + n; s++)
        for (int r = 0; r < R; r++, wide += WEIGHTS_DEPTH)
            vi_store_half(wide, vi_load_u8_twice(q + (size_t)r * k + step_at(steps, s)));
}

/* acc += the products of one step, R rows of `wide` and 2V columns of the panel. A vector of weights holds two columns
 * of four k, as int16; against the row's four k twice, dot16 leaves two sums for each column. */
INLINE void add_step(vi acc[][4], const int16_t *wide, const int8_t *panel, const int R, const int V)
{
    vi w[4];
    for (int v = 0; v < V; v++) w[v] = vi_load_s8(panel + 8 * v);
    for (int r = 0; r < R; r++) {
        const vi a = vi_load_twice(wide + r * WEIGHTS_DEPTH);
        for (int v = 0; v < V; v++) acc[r][v] = vi_add(acc[r][v], vi_dot16(a, w[v]));
    }
}

/* sums[r*V/2 + h] = n steps from `first` of row r times the columns 4h .. 4h+3 of the panel, for R rows and 2V columns.
 * The order is free: integers. */
INLINE void tile_sums(vi *sums, const int16_t *wide, const int8_t *panel, const uint16_t *steps, int first, int n,
                      const int R, const int V)
{
    vi acc[TILE_ROWS][4];
    for (int r = 0; r < R; r++) for (int v = 0; v < V; v++) acc[r][v] = vi_all(0);
    for (int s = first; s < first + n; s++, wide += R * WEIGHTS_DEPTH)
        add_step(acc, wide, panel + step_at(steps, s) * WEIGHTS_COLUMNS, R, V);
    for (int r = 0; r < R; r++)
        for (int h = 0; h < V / 2; h++) sums[r * V / 2 + h] = vi_add_pairs(acc[r][2 * h], acc[r][2 * h + 1]);
}

/* R rows from `row`, the panels [from, to). Between passes over the depth the sums rest in y, as integers. */
INLINE void tile(const product *p, int row, int from, int to, const uint16_t *steps, const int R, const int V)
{
    const int k = p->w->k, all = steps ? steps[0] : k / WEIGHTS_DEPTH;
    int16_t wide[TILE_ROWS * TILE_STEPS * WEIGHTS_DEPTH];
    int first = 0, n;
    do {
        n = all - first < TILE_STEPS ? all - first : TILE_STEPS;
        widen(wide, p->q + (size_t)row * k, k, steps, first, n, R);
        for (int c = from * WEIGHTS_COLUMNS; c < to * WEIGHTS_COLUMNS; c += 2 * V) {
            vi sums[8];
            const int8_t *panel = matrix_column(p->w, c);
            if (steps) tile_sums(sums, wide, panel, steps, first, n, R, V);
            else tile_sums(sums, wide, panel, NULL, first, n, R, V);      /* a loop of its own, with its own registers */
            for (int i = 0; i < R * V / 2; i++) {
                const int r = row + i / (V / 2), column = c + i % (V / 2) * 4;
                float *y = p->y + (size_t)r * p->w->n + column;
                if (first) sums[i] = vi_add(sums[i], vi_load(y));
                if (first + n < all) vi_store(y, sums[i]);
                else finish(p, r, column, sums[i]);
            }
        }
        first += n;
    } while (first < all);
}

/* One or two rows take all 8 columns of a panel at once, more take half: 8 sums, two weights, a row and
 * a product fit the 16 vector registers of x86. Five rows are 2 % faster in V8 and 20 % slower from gcc. */
static void tile_1(const product *p, int row, int from, int to, const uint16_t *steps) { tile(p, row, from, to, steps, 1, 4); }
static void tile_2(const product *p, int row, int from, int to, const uint16_t *steps) { tile(p, row, from, to, steps, 2, 4); }
static void tile_3(const product *p, int row, int from, int to, const uint16_t *steps) { tile(p, row, from, to, steps, 3, 2); }
static void tile_4(const product *p, int row, int from, int to, const uint16_t *steps) { tile(p, row, from, to, steps, 4, 2); }

static void tile_rows(const product *p, int row, int from, int to, int size, const uint16_t *steps)
{
    static void (*const tiles[])(const product *, int, int, int, const uint16_t *) = { NULL, tile_1, tile_2, tile_3, tile_4 };
    tiles[size](p, row, from, to, steps);
}

static void linear(float *y, const uint8_t *q, const float *scale, const int32_t *zero, int rows,
                   const weights_matrix *w, const float *bias, int relu, uint16_t *room)
{
    const product p = { y, q, scale, zero, w, bias, relu, room };
    each_tile(&p, rows, tile_rows);
}

/* --- layer norm, recurrent cells, embedding ----------------------------------------------------- */

/* R rows side by side, since each sum has to wait for its addition before. */
INLINE void norm_rows(float *y, const float *x, const float *residual, const float *gain, const float *bias, int n, float eps,
                      const int R)
{
    vf sum[2], squares[2], mean[2], inverse[2];
    for (int r = 0; r < R; r++) sum[r] = squares[r] = vf_all(0);
    for (int i = 0; i < n; i += 4)
        for (int r = 0; r < R; r++) {
            const vf s = vf_add(vf_load(x + r * n + i), vf_load(residual + r * n + i));
            vf_store(y + r * n + i, s);
            sum[r] = vf_add(sum[r], s);
        }
    for (int r = 0; r < R; r++) mean[r] = vf_all(vf_sum(sum[r]) / (float)n);
    for (int i = 0; i < n; i += 4)
        for (int r = 0; r < R; r++) {
            const vf s = vf_sub(vf_load(y + r * n + i), mean[r]);
            vf_store(y + r * n + i, s);
            squares[r] = vf_add(squares[r], vf_mul(s, s));
        }
    for (int r = 0; r < R; r++) inverse[r] = vf_all(1.0f / sqrtf(vf_sum(squares[r]) / (float)n + eps));
    for (int i = 0; i < n; i += 4)
        for (int r = 0; r < R; r++)
            vf_store(y + r * n + i, vf_add(vf_mul(vf_mul(vf_load(y + r * n + i), inverse[r]), vf_load(gain + i)),
                                           vf_load(bias + i)));
}

static void add_layer_norm(float *y, const float *x, const float *residual, const float *gain,
                           const float *bias, int rows, int n, float eps)
{
    int r = 0;
    for (; r + 2 <= rows; r += 2) norm_rows(y + r * n, x + r * n, residual + r * n, gain, bias, n, eps, 2);
    if (r < rows) norm_rows(y + r * n, x + r * n, residual + r * n, gain, bias, n, eps, 1);
}

static void ssru(float *y, float *c, const float *f_in, const float *x, int n)
{
    for (int i = 0; i < n; i += 4) {
        const vf f = v_sigmoid(vf_load(f_in + i));
        const vf cell = vf_add(vf_mul(f, vf_load(c + i)), vf_mul(vf_sub(VM_ALL(ONE), f), vf_load(x + i)));
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
        vf_store(h + i, vf_add(vf_mul(vf_sub(VM_ALL(ONE), z), c), vf_mul(z, vf_load(h + i))));
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
    const int8_t *p = matrix_column(w, column);
    const vf scale = vf_all(w->scale[column]), times = vf_all(factor);
    for (int i = 0; i < w->k; i += 4, p += WEIGHTS_STEP)
        vf_store(y + i, vf_add(vf_mul(vf_mul(vi_float(vi_load_s8_wide(p)), scale), times), vf_load(add + i)));
}

/* --- attention --------------------------------------------------------------------------------- */

enum { MOST = 8 };              /* vectors of one pass: they and what they need fit 16 registers */

/* out (4V) = a (rows) . b (rows, stride), each sum in the order of the rows. V sums side by side hide
 * the latency of the additions. */
INLINE void combine_tile(float *out, const float *a, int rows, const float *b, int stride, const int V)
{
    vf sum[MOST];
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
    for (; columns >= 4 * MOST; columns -= 4 * MOST, out += 4 * MOST, b += 4 * MOST) combine_tile(out, a, rows, b, stride, MOST);
    switch (columns / 4) {
    case 1: combine_tile(out, a, rows, b, stride, 1); break;
    case 2: combine_tile(out, a, rows, b, stride, 2); break;
    case 3: combine_tile(out, a, rows, b, stride, 3); break;
    case 4: combine_tile(out, a, rows, b, stride, 4); break;
    case 5: combine_tile(out, a, rows, b, stride, 5); break;
    case 6: combine_tile(out, a, rows, b, stride, 6); break;
    case 7: combine_tile(out, a, rows, b, stride, 7); break;
    }
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

#ifdef DM_DOT8
/* As web/kernels.js makes it of its module and the core's set. */
const dm_kernels kernels_relaxed = {
    "relaxed", quantize, kernels_relaxed_linear, add_layer_norm, attend, ssru, gru, tanh_sum, attend_added, embed, argmax
};
#endif
#endif
