/* ceiling.c - what a tile of int8 products could do at best: the multiply-adds of 4 rows by 2 vectors of weights, on operands
 * that lie ready in the first cache. No panels to walk, no weights to widen, nothing made of the sums.
 * Compiled for each kernel set, with and without -DRELAXED: for kernels.c, into build/bench/engine.wasm, and as a module. */
#include "nn/product.h"

#if defined(DM_DOT8) || (defined(DM_V128) && !defined(RELAXED))

enum { VECTORS = 2, STEPS = 64, TURNS = 64, ROW = 8 };

#ifdef RELAXED
#define ceiling ceiling_relaxed
enum { MACS = 16 };             /* of a vector: bytes */
INLINE vi load_row(const uint8_t *q) { return vi_load_four_times(q); }
INLINE vi add_products(vi sums, vi w, vi q, vi ones) { return vi_add(sums, vi_dot16(vi_dot8(w, q), ones)); }
#else
#define ceiling ceiling_simd128
enum { MACS = 8 };              /* int16 */
INLINE vi load_row(const uint8_t *q) { return vi_load_twice(q); }
INLINE vi add_products(vi sums, vi w, vi q, vi ones) { (void)ones; return vi_add(sums, vi_dot16(q, w)); }
#endif

/* Works on the 4 KB at `room`; returns how many multiply-adds that were. */
double ceiling(uint8_t *room);

#ifdef __wasm__
__attribute__((export_name("ceiling")))
#endif
double ceiling(uint8_t *room)
{
    const vi ones = vi_load(room);                    /* what it is does not matter */
    vi sum[TILE_ROWS][VECTORS];
    for (int r = 0; r < TILE_ROWS; r++) for (int v = 0; v < VECTORS; v++) sum[r][v] = vi_all(0);
    for (int turn = 0; turn < TURNS; turn++) {
        const uint8_t *q = room, *w = room + STEPS * TILE_ROWS * ROW;
        for (int i = 0; i < STEPS; i++, q += TILE_ROWS * ROW, w += 16 * VECTORS) {
            const vi left = vi_load(w), right = vi_load(w + 16);
            for (int r = 0; r < TILE_ROWS; r++) {
                const vi row = load_row(q + ROW * r);
                sum[r][0] = add_products(sum[r][0], left, row, ones);
                sum[r][1] = add_products(sum[r][1], right, row, ones);
            }
        }
    }
    for (int r = 0; r < TILE_ROWS; r++) for (int v = 0; v < VECTORS; v++) vi_store(room + 16 * (VECTORS * r + v), sum[r][v]);
    return (double)TURNS * STEPS * TILE_ROWS * VECTORS * MACS;
}
#endif
