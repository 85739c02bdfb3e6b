#include "nn/layers.h"

#include <math.h>
#include <string.h>

static const float LAYER_NORM_EPS = 1e-6f;    /* inside the root, as Marian's */

void quantized_new(quantized *x, int rows, int k, arena *a)
{
    *x = (quantized){ .q = arena_take(a, (size_t)rows, (size_t)k) };
    x->scale = arena_take(a, (size_t)rows, sizeof *x->scale);
    x->zero = arena_take(a, (size_t)rows, sizeof *x->zero);
    x->room = arena_take(a, linear_room(rows, k), sizeof *x->room);
}

void quantized_set(quantized *x, const dm_kernels *kernels, const float *values, int rows, int k)
{
    x->rows = rows;
    kernels->quantize(x->q, x->scale, x->zero, values, rows, k);
}

quantized quantized_rows(const quantized *x, int k, int first, int end)
{
    return (quantized){ x->q + (size_t)first * (size_t)k, x->scale + first, x->zero + first, x->room, end - first };
}

void linear_apply(const linear *l, const dm_kernels *kernels, const quantized *x, float *y)
{
    kernels->linear(y, x->q, x->scale, x->zero, x->rows, &l->w, l->bias, 0, NULL);
}

void linear_apply_relu(const linear *l, const dm_kernels *kernels, const quantized *x, float *y)
{
    kernels->linear(y, x->q, x->scale, x->zero, x->rows, &l->w, l->bias, 1, NULL);
}

void linear_apply_sparse(const linear *l, const dm_kernels *kernels, const quantized *x, float *y)
{
    kernels->linear(y, x->q, x->scale, x->zero, x->rows, &l->w, l->bias, 0, x->room);
}

/* n columns to a panel of 8, four k of each at a time: the places where they lie are far apart, and eight of them are fetched
 * side by side. The last column fills up what is left. */
static void fill_panel(int8_t *panel, const weights_matrix *w, const int32_t *column, int n)
{
    const int8_t *from[WEIGHTS_COLUMNS];
    for (int c = 0; c < WEIGHTS_COLUMNS; c++) from[c] = matrix_column(w, column[c < n ? c : n - 1]);
    for (int i = 0; i < w->k * WEIGHTS_COLUMNS; i += WEIGHTS_STEP)
        for (int c = 0; c < WEIGHTS_COLUMNS; c++) memcpy(panel + i + c * WEIGHTS_DEPTH, from[c] + i, WEIGHTS_DEPTH);
}

weights_matrix matrix_pick(const weights_matrix *w, const int32_t *column, int n, arena *a)
{
    const int padded = (n + WEIGHTS_COLUMNS - 1) / WEIGHTS_COLUMNS * WEIGHTS_COLUMNS;
    int8_t *packed = arena_take(a, (size_t)padded, (size_t)w->k);
    float *scale = arena_take(a, (size_t)padded, sizeof *scale);
    int32_t *sum = arena_take(a, (size_t)padded, sizeof *sum);
    if (a->failed) return (weights_matrix){ 0 };
    for (int c = 0; c < n; c += WEIGHTS_COLUMNS)
        fill_panel(packed + (size_t)c * (size_t)w->k, w, column + c, n - c < WEIGHTS_COLUMNS ? n - c : WEIGHTS_COLUMNS);
    for (int c = 0; c < n; c++) {
        scale[c] = w->scale[column[c]];
        sum[c] = w->column_sum[column[c]];
    }
    return (weights_matrix){ packed, scale, sum, w->k, padded, n };
}

void residual_norm(const layer_norm *n, const dm_kernels *kernels, float *x, const float *sublayer,
                   int rows, int d)
{
    kernels->add_layer_norm(x, sublayer, x, n->gain, n->bias, rows, d, LAYER_NORM_EPS);
}

void attend_heads(const dm_kernels *kernels, const float *q, const float *keys_t, int stride,
                  const float *values, int n, int d_model, int heads,
                  float *out, float *probs, int probs_stride)
{
    const int d = d_model / heads;
    const float scale = 1.0f / sqrtf((float)d);
    for (int h = 0; h < heads; h++)
        kernels->attend(out + h * d, probs + (size_t)h * probs_stride, q + h * d,
                        keys_t + (size_t)h * d * stride, stride, values + h * d, d_model, n, d, scale);
}

void transpose_keys(float *keys_t, int stride, const float *rows, int n, int d)
{
    enum { SIDE = 4 };                                /* d is a multiple: a row gives four numbers at a time */
    for (int i = 0; i < d; i += SIDE, rows += SIDE, keys_t += (size_t)SIDE * stride) {
        for (int s = 0; s < n; s++)
            for (int j = 0; j < SIDE; j++) keys_t[(size_t)j * stride + s] = rows[(size_t)s * d + j];
        for (int j = 0; j < SIDE; j++)
            for (int s = n; s < lanes(n); s++) keys_t[(size_t)j * stride + s] = 0;
    }
}

void gru_room_new(gru_room *room, int rows, int units, arena *a)
{
    quantized_new(&room->h, rows, units, a);
    room->x_gates = arena_floats(a, rows, 2 * units);
    room->h_gates = arena_floats(a, rows, 2 * units);
    room->x_new = arena_floats(a, rows, units);
    room->h_new = arena_floats(a, rows, units);
}

void gru_apply(const gru *g, const dm_kernels *kernels, const quantized *x, float *h, gru_room *room)
{
    const int units = g->h_new.w.k;
    quantized_set(&room->h, kernels, h, x->rows, units);
    linear_apply(&g->x_gates, kernels, x, room->x_gates);
    linear_apply(&g->x_new, kernels, x, room->x_new);
    linear_apply(&g->h_gates, kernels, &room->h, room->h_gates);
    linear_apply(&g->h_new, kernels, &room->h, room->h_new);
    for (int r = 0; r < x->rows; r++) {
        const size_t at = (size_t)r * (size_t)units;
        kernels->gru(h + at, room->x_gates + 2 * at, room->h_gates + 2 * at, room->x_new + at, room->h_new + at, units);
    }
}
