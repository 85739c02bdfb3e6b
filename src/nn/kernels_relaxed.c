/* kernels_relaxed.c - `linear` with products of bytes: a wasm module of its own, build/site/kernels-relaxed.wasm, with
 * relaxed SIMD; and a part of the native build, where SSE has had them since SSSE3.
 *
 * A module with an instruction that an engine does not know is refused as a whole, and not every engine
 * knows these; so this one is loaded, tested and put beside the core by web/kernels.js where it runs. It
 * works in the core's memory on the core's operands, and has no stack and no data of its own.
 *
 * vi_dot8 adds two products of bytes to an int16. What relaxed SIMD does with a second operand above 127 is up
 * to the engine; quantize gives none. Two products are at most 2*128*127 = 32512: no engine saturates. */
#include "nn/product.h"

#ifdef DM_DOT8

/* 4 columns of 4 k (w) times the same 4 k of a row (q, four times), added to the sums of the columns.
 * extadd_pairwise would do for the second step. V8 on x86 makes it this very instruction, with the ones loaded
 * from memory each time: 20 % slower where one row meets the weights. */
INLINE vi add_products(vi sums, vi w, vi q, vi ones)
{
    return vi_add(sums, vi_dot16(vi_dot8(w, q), ones));
}

/* Arrays that are indexed by constants alone live in registers: no stack. */
#ifdef __clang__
#define UNROLL _Pragma("clang loop unroll(full)")
#else
#define UNROLL _Pragma("GCC unroll 4")
#endif

/* The next four k from k = i on: sums (R, 2) of the columns of a panel, whose weights begin at w. */
INLINE void add_step(vi sum[][2], const int8_t *w, const uint8_t *const q[], int i, vi ones, const int R)
{
    const vi left = vi_load(w + i * WEIGHTS_COLUMNS), right = vi_load(w + i * WEIGHTS_COLUMNS + WEIGHTS_STEP / 2);
    UNROLL for (int r = 0; r < R; r++) {
        const vi four = vi_load_four_times(q[r] + i);
        sum[r][0] = add_products(sum[r][0], left, four, ones);
        sum[r][1] = add_products(sum[r][1], right, four, ones);
    }
}

/* The sums of R rows from `row` and the panels [from, to), left in y as integers. */
INLINE void tile_sums(const product *p, int row, int from, int to, const uint16_t *steps, const int R)
{
    const int k = p->w->k;
    const vi ones = vi_all((p->w->n > 0) * 0x10001);               /* a known constant would be loaded each time, too */
    const int8_t *w = matrix_column(p->w, from * WEIGHTS_COLUMNS);
    for (int panel = from; panel < to; panel++, w += (size_t)WEIGHTS_COLUMNS * k) {
        vi sum[TILE_ROWS][2];
        const uint8_t *q[TILE_ROWS];
        UNROLL for (int r = 0; r < R; r++) {
            sum[r][0] = sum[r][1] = vi_all(0);
            q[r] = p->q + (size_t)(row + r) * k;
        }
        if (steps) for (int s = 1; s <= steps[0]; s++) add_step(sum, w, q, steps[s], ones, R);
        else for (int i = 0; i < k; i += WEIGHTS_DEPTH) add_step(sum, w, q, i, ones, R);
        UNROLL for (int r = 0; r < R; r++) {
            float *y = p->y + (size_t)(row + r) * p->w->n + panel * WEIGHTS_COLUMNS;
            vi_store(y, sum[r][0]);
            vi_store(y + 4, sum[r][1]);
        }
    }
}

/* One to four rows from `row`, the panels [from, to). */
INLINE void tile(const product *p, int row, int from, int to, int size, const uint16_t *steps)
{
    switch (size) {
    case 1: tile_sums(p, row, from, to, steps, 1); break;
    case 2: tile_sums(p, row, from, to, steps, 2); break;
    case 3: tile_sums(p, row, from, to, steps, 3); break;
    default: tile_sums(p, row, from, to, steps, 4); break;
    }
    for (int r = row; r < row + size; r++)
        for (int c = from * WEIGHTS_COLUMNS; c < to * WEIGHTS_COLUMNS; c += 4)
            finish(p, r, c, vi_load(p->y + (size_t)r * p->w->n + c));
}

#ifdef __wasm__
__attribute__((export_name("linear")))
#endif
void kernels_relaxed_linear(float *y, const uint8_t *q, const float *scale, const int32_t *zero, int rows,
                            const weights_matrix *w, const float *bias, int relu, uint16_t *room)
{
    const product p = { y, q, scale, zero, w, bias, relu, room };
    each_tile(&p, rows, tile);
}
#endif
