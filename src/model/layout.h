/* layout.h - sizes and places inside a tensor of the model file, for its reader and its writer.
 *
 * 64-bit throughout: the operands come from files and size_t may have 32 bits. */
#ifndef DM_LAYOUT_H
#define DM_LAYOUT_H

#include "model/weights.h"

static inline uint64_t round_up(uint64_t n, uint64_t step) { return (n + step - 1) / step * step; }

/* An I8 matrix: packed at byte 0, then the scales, then the column sums. */
typedef struct { uint64_t k, n, scale_at, column_sum_at, size; } layout_i8;

static inline layout_i8 layout_of_i8(uint64_t k, uint64_t n)
{
    layout_i8 l = { .k = round_up(k, WEIGHTS_DEPTH), .n = round_up(n, WEIGHTS_COLUMNS) };
    l.scale_at = round_up(l.k * l.n, WEIGHTS_ALIGN);
    l.column_sum_at = round_up(l.scale_at + 4 * l.n, WEIGHTS_ALIGN);
    l.size = l.column_sum_at + 4 * l.n;
    return l;
}

/* Where packed holds row k of column n, in a matrix of padded depth `depth`. */
static inline uint64_t layout_place(uint64_t k, uint64_t n, uint64_t depth)
{
    const uint64_t step = n / WEIGHTS_COLUMNS * (depth / WEIGHTS_DEPTH) + k / WEIGHTS_DEPTH;
    return (step * WEIGHTS_COLUMNS + n % WEIGHTS_COLUMNS) * WEIGHTS_DEPTH + k % WEIGHTS_DEPTH;
}

/* Dimensions that the file may hold; rows is 1 for a vector. */
static inline int layout_allows(int type, uint64_t rows, uint64_t columns)
{
    if (!rows || !columns) return 0;
    if (type == WEIGHTS_U8) return rows == 1 && columns <= WEIGHTS_MAX_BYTES;
    if (type == WEIGHTS_F32) return rows == 1 && columns <= WEIGHTS_MAX_DIM;
    return type == WEIGHTS_I8 && rows <= WEIGHTS_MAX_DEPTH && columns <= WEIGHTS_MAX_DIM;
}

/* Bytes of a tensor whose dimensions are allowed. */
static inline uint64_t layout_size(int type, uint64_t rows, uint64_t columns)
{
    if (type == WEIGHTS_U8) return columns;
    return type == WEIGHTS_F32 ? 4 * columns : layout_of_i8(rows, columns).size;
}

#endif
