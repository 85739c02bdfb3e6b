/* kernels_relaxed.c - `linear` with relaxed SIMD: a wasm module of its own, build/site/kernels-relaxed.wasm.
 *
 * A module with an instruction that an engine does not know is refused as a whole, and not every engine
 * knows these; so this one is loaded, tested and put beside the core by web/kernels.js where it runs. It
 * works in the core's memory on the core's operands, and has no stack and no data of its own.
 *
 * relaxed_dot adds two products of bytes to an int16. What it does with a second operand above 127 is up
 * to the engine; quantize gives none. Two products are at most 2*128*127 = 32512: no engine saturates. */
#ifdef __wasm_relaxed_simd__
#include "nn/product.h"

__attribute__((export_name("linear")))
void kernels_relaxed_linear(float *y, const uint8_t *q, const float *scale, const int32_t *zero, int rows,
                            const weights_matrix *w, const float *bias, int relu);

/* 4 columns of 4 k (w) times the same 4 k of a row (q, four times), added to the sums of the columns.
 * extadd_pairwise would do for the second step. V8 on x86 makes it this very instruction, with the ones loaded
 * from memory each time: 20 % slower where one row meets the weights. */
INLINE vi add_products(vi sums, vi w, vi q, vi ones)
{
    return vi_add(sums, vi_dot16(wasm_i16x8_relaxed_dot_i8x16_i7x16(w, q), ones));
}

/* Arrays that are indexed by constants alone live in registers: no stack. */
#define UNROLL _Pragma("clang loop unroll(full)")

/* The sums of R rows from `row` and the panels [from, to), left in y as integers. */
INLINE void tile_sums(const product *p, int row, int from, int to, const int R)
{
    const int k = p->w->k;
    const vi ones = wasm_i16x8_splat((int16_t)(p->w->n > 0));      /* a known constant would be loaded each time, too */
    const int8_t *w = p->w->packed + (size_t)from * WEIGHTS_COLUMNS * k;
    for (int panel = from; panel < to; panel++) {
        vi sum[TILE_ROWS][2];
        const uint8_t *q[TILE_ROWS];
        UNROLL for (int r = 0; r < R; r++) {
            sum[r][0] = sum[r][1] = vi_all(0);
            q[r] = p->q + (size_t)(row + r) * k;
        }
        for (int i = 0; i < k; i += WEIGHTS_DEPTH, w += STEP) {
            const vi left = vi_load(w), right = vi_load(w + STEP / 2);
            UNROLL for (int r = 0; r < R; r++) {
                const vi four = wasm_v128_load32_splat(q[r] + i);
                sum[r][0] = add_products(sum[r][0], left, four, ones);
                sum[r][1] = add_products(sum[r][1], right, four, ones);
            }
        }
        UNROLL for (int r = 0; r < R; r++) {
            float *y = p->y + (size_t)(row + r) * p->w->n + panel * WEIGHTS_COLUMNS;
            vi_store(y, sum[r][0]);
            vi_store(y + 4, sum[r][1]);
        }
    }
}

/* One to four rows from `row`, the panels [from, to). */
INLINE void tile(const product *p, int row, int from, int to, int size)
{
    switch (size) {
    case 1: tile_sums(p, row, from, to, 1); break;
    case 2: tile_sums(p, row, from, to, 2); break;
    case 3: tile_sums(p, row, from, to, 3); break;
    default: tile_sums(p, row, from, to, 4); break;
    }
    for (int r = row; r < row + size; r++)
        for (int c = from * WEIGHTS_COLUMNS; c < to * WEIGHTS_COLUMNS; c += 4)
            finish(p, r, c, vi_load(p->y + (size_t)r * p->w->n + c));
}

void kernels_relaxed_linear(float *y, const uint8_t *q, const float *scale, const int32_t *zero, int rows,
                            const weights_matrix *w, const float *bias, int relu)
{
    const product p = { y, q, scale, zero, w, bias, relu };
    each_tile(&p, rows, tile);
}
#endif
