/* product.h - what the vector variants of `linear` share: the way over rows and panels, and the end of a
 * sum. The variants differ in how a tile of sums is made. Included by kernels_simd128.c and kernels_relaxed.c. */
#ifndef DM_PRODUCT_H
#define DM_PRODUCT_H

#include "nn/kernels.h"
#include "nn/v128.h"

/* Inlined wherever it stands, so that constant arguments unroll its loops and keep its arrays in registers. */
#define INLINE static inline __attribute__((always_inline))

/* Weights that stay in the second cache while all rows pass over them, bytes. */
enum { BLOCK = 65536 };

typedef struct {
    float *y;
    const uint8_t *q;
    const float *scale;
    const int32_t *zero;
    const weights_matrix *w;
    const float *bias;
    int relu;
    uint16_t *room;           /* or NULL */
} product;

/* Four sums of one row to four results. */
INLINE void finish(const product *p, int row, int column, vi sum)
{
    const weights_matrix *w = p->w;
    sum = vi_sub(sum, vi_mul(vi_all(p->zero[row]), vi_load(w->column_sum + column)));
    vf y = vf_mul(vi_float(sum), vf_mul(vf_all(p->scale[row]), vf_load(w->scale + column)));
    if (p->bias) y = vf_add(y, vf_load(p->bias + column));
    if (p->relu) y = vf_max(vf_all(0), y);              /* 0 for NaN */
    vf_store(p->y + (size_t)row * w->n + column, y);
}

/* Rows of the next tile. */
INLINE int tile_size(int left) { return left >= 2 * TILE_ROWS ? TILE_ROWS : left > TILE_ROWS ? (left + 1) / 2 : left; }

/* steps[0] = how many steps of `size` rows from `row` are not all 0; then their first k. */
INLINE void list_steps(uint16_t *steps, const product *p, int row, int size)
{
    const int k = p->w->k;
    int n = 0;
    for (int i = 0; i < k; i += WEIGHTS_DEPTH) {
        uint32_t any = 0, four;
        for (int r = 0; r < size; r++) {
            memcpy(&four, p->q + (size_t)(row + r) * k + i, sizeof four);
            any |= four;
        }
        steps[1 + n] = (uint16_t)i;
        n += any != 0;
    }
    steps[0] = (uint16_t)n;
}

/* Calls tile(p, row, from, to, size, steps) for `size` rows from `row` and the panels [from, to), until all is done;
 * steps is a list, or NULL for all. */
INLINE void each_tile(const product *p, int rows, void (*tile)(const product *, int, int, int, int, const uint16_t *))
{
    const int panels = p->w->n / WEIGHTS_COLUMNS, block = 1 + BLOCK / (WEIGHTS_COLUMNS * p->w->k + 1);
    const int length = p->w->k / WEIGHTS_DEPTH + 1;
    for (int from = 0; from < panels; from += block) {
        const int to = from + block < panels ? from + block : panels;
        uint16_t *steps = p->room;
        for (int row = 0, size; row < rows; row += size) {
            size = tile_size(rows - row);
            if (steps && from == 0) list_steps(steps, p, row, size);
            tile(p, row, from, to, size, steps);
            if (steps) steps += length;
        }
    }
}

/* `linear` of the set "relaxed", where there is DM_DOT8. */
void kernels_relaxed_linear(float *y, const uint8_t *q, const float *scale, const int32_t *zero, int rows,
                            const weights_matrix *w, const float *bias, int relu, uint16_t *room);

#endif
