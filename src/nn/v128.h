/* v128.h - the 128-bit vector operations that the kernels use, for WebAssembly SIMD and for SSE4.1.
 *
 * Both branches compute the same bits, so that the native build tests the code which browsers run.
 * DM_V128 is defined where one of them applies; elsewhere only the reference kernels exist. DM_DOT8 is defined where
 * bytes can be multiplied as they are: relaxed SIMD, and SSE.
 * The float operations round each result once (no fused multiply-add), as scalar C does. */
#ifndef DM_V128_H
#define DM_V128_H

#include <stdint.h>
#include <string.h>

#if defined(__wasm_simd128__)
#define DM_V128 1
#include <wasm_simd128.h>

typedef v128_t vf;            /* 4 floats */
typedef v128_t vi;            /* 4 int32, or 8 int16, or 16 bytes */

static inline vf vf_load(const float *p) { return wasm_v128_load(p); }
static inline void vf_store(float *p, vf a) { wasm_v128_store(p, a); }
static inline vf vf_all(float a) { return wasm_f32x4_splat(a); }
static inline vf vf_add(vf a, vf b) { return wasm_f32x4_add(a, b); }
static inline vf vf_sub(vf a, vf b) { return wasm_f32x4_sub(a, b); }
static inline vf vf_mul(vf a, vf b) { return wasm_f32x4_mul(a, b); }
static inline vf vf_div(vf a, vf b) { return wasm_f32x4_div(a, b); }
/* b < a ? b : a  and  a < b ? b : a: a where either is NaN, a where both are zeros. */
static inline vf vf_min(vf a, vf b) { return wasm_f32x4_pmin(a, b); }
static inline vf vf_max(vf a, vf b) { return wasm_f32x4_pmax(a, b); }
/* All ones where true. */
static inline vi vf_less(vf a, vf b) { return wasm_f32x4_lt(a, b); }
static inline vi vf_equal(vf a, vf b) { return wasm_f32x4_eq(a, b); }
/* mask ? a : b, each lane of the mask all ones or all zeros */
static inline vf vf_select(vi mask, vf a, vf b) { return wasm_v128_bitselect(a, b, mask); }
static inline vi vf_bits(vf a) { return a; }
static inline vf vi_bits(vi a) { return a; }
/* Rounded to nearest, ties to even. */
static inline vf vi_float(vi a) { return wasm_f32x4_convert_i32x4(a); }

static inline vi vi_all(int32_t a) { return wasm_i32x4_splat(a); }
static inline vi vi_load(const void *p) { return wasm_v128_load(p); }
static inline void vi_store(void *p, vi a) { wasm_v128_store(p, a); }
static inline vi vi_add(vi a, vi b) { return wasm_i32x4_add(a, b); }
static inline vi vi_sub(vi a, vi b) { return wasm_i32x4_sub(a, b); }
static inline vi vi_mul(vi a, vi b) { return wasm_i32x4_mul(a, b); }
static inline vi vi_and(vi a, vi b) { return wasm_v128_and(a, b); }
static inline vi vi_or(vi a, vi b) { return wasm_v128_or(a, b); }
#define vi_shift_left(a, n) wasm_i32x4_shl(a, n)
/* Bit l is the top bit of lane l. */
static inline int vi_mask(vi a) { return (int)wasm_i32x4_bitmask(a); }
/* int16: (a0*b0 + a1*b1, a2*b2 + a3*b3, ...) as int32 */
static inline vi vi_dot16(vi a, vi b) { return wasm_i32x4_dot_i16x8(a, b); }
#ifdef __wasm_relaxed_simd__
#define DM_DOT8 1
/* 16 signed bytes (w) times 16 bytes up to 127 (q), summed in pairs: 8 int16. */
static inline vi vi_dot8(vi w, vi q) { return wasm_i16x8_relaxed_dot_i8x16_i7x16(w, q); }
#endif
/* The 4 bytes at p, four times. */
static inline vi vi_load_four_times(const void *p) { return wasm_v128_load32_splat(p); }
/* 8 bytes at p -> 8 int16 */
static inline vi vi_load_s8(const int8_t *p) { return wasm_i16x8_load8x8(p); }
/* The 8 bytes at p, twice. */
static inline vi vi_load_twice(const void *p) { return wasm_v128_load64_splat(p); }
/* The first 8 bytes of a. */
static inline void vi_store_half(void *p, vi a) { wasm_v128_store64_lane(p, a, 0); }
/* 4 bytes at p -> 4 uint16, twice */
static inline vi vi_load_u8_twice(const uint8_t *p) { return wasm_u16x8_extend_low_u8x16(vi_load_four_times(p)); }
/* 4 signed bytes at p -> 4 int32 */
static inline vi vi_load_s8_wide(const int8_t *p)
{
    return wasm_i32x4_extend_low_i16x8(wasm_i16x8_extend_low_i8x16(wasm_v128_load32_zero(p)));
}
/* (a0+a1, a2+a3, b0+b1, b2+b3) of int32 */
static inline vi vi_add_pairs(vi a, vi b)
{
    return wasm_i32x4_add(wasm_i32x4_shuffle(a, b, 0, 2, 4, 6), wasm_i32x4_shuffle(a, b, 1, 3, 5, 7));
}
/* Four vectors of int32 -> 16 bytes in order, saturated to [0,127] */
static inline vi vi_bytes(vi a, vi b, vi c, vi d)
{
    const vi ab = wasm_i16x8_narrow_i32x4(a, b), cd = wasm_i16x8_narrow_i32x4(c, d);
    return wasm_u8x16_min(wasm_u8x16_narrow_i16x8(ab, cd), wasm_i8x16_splat(127));
}

#elif defined(__SSE4_1__)
#define DM_V128 1
#include <smmintrin.h>

typedef __m128 vf;
typedef __m128i vi;

static inline vf vf_load(const float *p) { return _mm_loadu_ps(p); }
static inline void vf_store(float *p, vf a) { _mm_storeu_ps(p, a); }
static inline vf vf_all(float a) { return _mm_set1_ps(a); }
static inline vf vf_add(vf a, vf b) { return _mm_add_ps(a, b); }
static inline vf vf_sub(vf a, vf b) { return _mm_sub_ps(a, b); }
static inline vf vf_mul(vf a, vf b) { return _mm_mul_ps(a, b); }
static inline vf vf_div(vf a, vf b) { return _mm_div_ps(a, b); }
/* minps(x, y) is x < y ? x : y: the operands change places. */
static inline vf vf_min(vf a, vf b) { return _mm_min_ps(b, a); }
static inline vf vf_max(vf a, vf b) { return _mm_max_ps(b, a); }
static inline vi vf_less(vf a, vf b) { return _mm_castps_si128(_mm_cmplt_ps(a, b)); }
static inline vi vf_equal(vf a, vf b) { return _mm_castps_si128(_mm_cmpeq_ps(a, b)); }
static inline vf vf_select(vi mask, vf a, vf b) { return _mm_blendv_ps(b, a, _mm_castsi128_ps(mask)); }
static inline vi vf_bits(vf a) { return _mm_castps_si128(a); }
static inline vf vi_bits(vi a) { return _mm_castsi128_ps(a); }
static inline vf vi_float(vi a) { return _mm_cvtepi32_ps(a); }

static inline vi vi_all(int32_t a) { return _mm_set1_epi32(a); }
static inline vi vi_load(const void *p) { return _mm_loadu_si128(p); }
static inline void vi_store(void *p, vi a) { _mm_storeu_si128(p, a); }
static inline vi vi_add(vi a, vi b) { return _mm_add_epi32(a, b); }
static inline vi vi_sub(vi a, vi b) { return _mm_sub_epi32(a, b); }
static inline vi vi_mul(vi a, vi b) { return _mm_mullo_epi32(a, b); }
static inline vi vi_and(vi a, vi b) { return _mm_and_si128(a, b); }
static inline vi vi_or(vi a, vi b) { return _mm_or_si128(a, b); }
#define vi_shift_left(a, n) _mm_slli_epi32(a, n)
static inline int vi_mask(vi a) { return _mm_movemask_ps(_mm_castsi128_ps(a)); }
static inline vi vi_dot16(vi a, vi b) { return _mm_madd_epi16(a, b); }
#define DM_DOT8 1
static inline vi vi_dot8(vi w, vi q) { return _mm_maddubs_epi16(q, w); }
static inline void vi_store_half(void *p, vi a) { _mm_storel_epi64(p, a); }
/* Loads of 8 and 4 bytes go through memcpy: the pointers are not aligned for int64 and int32. */
static inline vi vi_load8(const void *p) { int64_t a; memcpy(&a, p, 8); return _mm_cvtsi64_si128(a); }
static inline vi vi_load4(const void *p) { int32_t a; memcpy(&a, p, 4); return _mm_cvtsi32_si128(a); }
static inline vi vi_load_s8(const int8_t *p) { return _mm_cvtepi8_epi16(vi_load8(p)); }
static inline vi vi_load_twice(const void *p) { const vi a = vi_load8(p); return _mm_unpacklo_epi64(a, a); }
static inline vi vi_load_four_times(const void *p) { return _mm_shuffle_epi32(vi_load4(p), 0); }
static inline vi vi_load_u8_twice(const uint8_t *p) { return _mm_cvtepu8_epi16(vi_load_four_times(p)); }
static inline vi vi_load_s8_wide(const int8_t *p) { return _mm_cvtepi8_epi32(vi_load4(p)); }
static inline vi vi_add_pairs(vi a, vi b) { return _mm_hadd_epi32(a, b); }
static inline vi vi_bytes(vi a, vi b, vi c, vi d)
{
    const vi ab = _mm_packs_epi32(a, b), cd = _mm_packs_epi32(c, d);
    return _mm_min_epu8(_mm_packus_epi16(ab, cd), _mm_set1_epi8(127));
}
#endif

#ifdef DM_V128
/* (lane 0 + lane 2) + (lane 1 + lane 3), the end of every sum of floats. */
static inline float vf_sum(vf a)
{
    float lane[4];
    vf_store(lane, a);
    return (lane[0] + lane[2]) + (lane[1] + lane[3]);
}
/* The largest lane, where no lane is NaN. */
static inline float vf_largest(vf a)
{
    float lane[4];
    vf_store(lane, a);
    float most = lane[0];
    for (int l = 1; l < 4; l++) if (lane[l] > most) most = lane[l];
    return most;
}
#endif

#endif
