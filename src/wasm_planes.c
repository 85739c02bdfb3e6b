/* wasm_planes.c - a model that is sent coarse-first (web/planes.js): its int8 weights from planes of bits.
 *
 * Weights share a byte as sent, the first in its low bits. web/engine.js calls it while a model loads; the native programs
 * read plain files. */
#include <emscripten/emscripten.h>
#include <stddef.h>
#include <stdint.h>
#include <wasm_simd128.h>

#define EXPORT EMSCRIPTEN_KEEPALIVE
#define WIDTH 16
/* The prototypes are JavaScript's. */
#pragma clang diagnostic ignored "-Wmissing-prototypes"

/* Two vectors, byte by byte in turns. */
typedef struct { v128_t first, second; } pair;
static inline pair interleave(v128_t even, v128_t odd)
{
    return (pair){ wasm_i8x16_shuffle(even, odd, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23),
                   wasm_i8x16_shuffle(even, odd, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31) };
}

/* Of bytes with a high half in their upper four bits: a weight of so many bits of which no more is known, the middle of what it
 * may be, nearer to 0 where it may be 0. */
static inline int8_t middle(uint8_t high, int bits)
{
    const int8_t weight = (int8_t)((int8_t)high >> (8 - bits));
    return (int8_t)(weight + (1 << (bits - 5)) - (weight == 0));
}
static inline v128_t middle16(v128_t high, int bits)
{
    const v128_t weight = wasm_i8x16_shr(high, 8 - bits);
    return wasm_i8x16_add(wasm_i8x16_add(weight, wasm_i8x16_splat((int8_t)(1 << (bits - 5)))),
                          wasm_i8x16_eq(weight, wasm_i8x16_splat(0)));
}

/* weights (2n), of 8 or 6 bits, from their high halves in sent (n). */
EXPORT void dm_wasm_high(int8_t *weights, const uint8_t *sent, size_t n, int bits)
{
    size_t i = 0;
    for (; i + WIDTH <= n; i += WIDTH) {
        const v128_t both = wasm_v128_load(sent + i);
        const pair w = interleave(middle16(wasm_i8x16_shl(both, 4), bits),
                                  middle16(wasm_v128_and(both, wasm_u8x16_splat(0xf0)), bits));
        wasm_v128_store(weights + 2 * i, w.first);
        wasm_v128_store(weights + 2 * i + WIDTH, w.second);
    }
    for (; i < n; i++) {
        weights[2 * i] = middle((uint8_t)(sent[i] << 4), bits);
        weights[2 * i + 1] = middle(sent[i] & 0xf0, bits);
    }
}

/* The low bits, 4 or 2 of each weight of 8 or 6, into weights (n), n a multiple of 32. */
EXPORT void dm_wasm_low(int8_t *weights, const uint8_t *sent, size_t n, int bits)
{
    const v128_t nibble = wasm_u8x16_splat(15), mask = wasm_u8x16_splat(bits == 8 ? 15 : 3);
    for (size_t i = 0; i < n; i += 2 * WIDTH, sent += 4 * (bits - 4)) {
        const v128_t bytes = bits == 8 ? wasm_v128_load(sent) : wasm_v128_load64_zero(sent);
        pair low = interleave(wasm_v128_and(bytes, nibble), wasm_u8x16_shr(bytes, 4));
        if (bits == 6) low = interleave(wasm_v128_and(low.first, mask), wasm_u8x16_shr(low.first, 2));
        wasm_v128_store(weights + i, wasm_v128_bitselect(low.first, wasm_v128_load(weights + i), mask));
        wasm_v128_store(weights + i + WIDTH, wasm_v128_bitselect(low.second, wasm_v128_load(weights + i + WIDTH), mask));
    }
}

/* sum (n) of the columns of packed (k, n), as model/weights.h packs them: panels of 8 columns, 4 rows a step. */
EXPORT void dm_wasm_column_sums(int32_t *sum, const int8_t *packed, int k, int n)
{
    for (int column = 0; column < n; column += 8) {
        v128_t left = wasm_i32x4_splat(0), right = left;
        for (int row = 0; row < k; row += 4, packed += 2 * WIDTH) {
            const v128_t four = wasm_v128_load(packed), next = wasm_v128_load(packed + WIDTH);
            left = wasm_i32x4_add(left, wasm_i32x4_extadd_pairwise_i16x8(wasm_i16x8_extadd_pairwise_i8x16(four)));
            right = wasm_i32x4_add(right, wasm_i32x4_extadd_pairwise_i16x8(wasm_i16x8_extadd_pairwise_i8x16(next)));
        }
        wasm_v128_store(sum + column, left);
        wasm_v128_store(sum + column + 4, right);
    }
}
