/* vmath.h - exp, log, tanh and sigmoid of floats, the same bits on every machine.
 *
 * Only IEEE additions, multiplications, divisions and comparisons in a fixed order: no libm, no
 * tables, no fused multiply-add. Each vector twin (v_*) performs the operations of the scalar
 * above it in the same order, so that a lane equals the scalar bit for bit; a NaN gives a NaN, whose
 * sign and payload are not part of that. Polynomials: minimax fits of relative error, made with a
 * reweighted least squares in double and rounded to float.
 *
 * Bounds against the exact value, relative, where the exact result is a normal float
 * (tests/test_kernels.c sweeps them): exp and log 9e-8, tanh and sigmoid 1.6e-7. */
#ifndef DM_VMATH_H
#define DM_VMATH_H

#include "nn/v128.h"

/* Adding and subtracting 1.5 * 2^23 leaves no room for a fraction: it rounds to the nearest integer,
 * ties to even. For |x| <= 2^22. The low bits of the sum are that integer. */
#define VM_ROUND 12582912.0f
#define VM_ONE 1.0f
#define VM_TWO 2.0f
#define VM_BYTE 128.0f                                  /* beyond every quantised value */
static inline float round_even(float x) { return (x + VM_ROUND) - VM_ROUND; }

static inline uint32_t float_bits(float x) { uint32_t u; memcpy(&u, &x, 4); return u; }
static inline float bits_float(uint32_t u) { float x; memcpy(&x, &u, 4); return x; }

/* ln 2 in two parts: the first has 9 significant bits, so that n times it is exact for |n| < 2^15. */
#define VM_LN2_HI 0.693359375f
#define VM_LN2_LO -2.12194440e-4f
#define VM_LOG2E 1.44269504f
/* Beyond these exp is infinite, and 0 after the flush. */
#define VM_EXP_HI 89.0f
#define VM_EXP_LO -87.4f
/* exp(r) = 1 + r + r^2 (E0 + E1 r + ... + E4 r^4), |r| <= ln(2)/2; 3e-9 */
#define VM_E0 0.49999994f
#define VM_E1 0.166665211f
#define VM_E2 0.041668389f
#define VM_E3 0.00836874545f
#define VM_E4 0.00138145406f

/* exp(x) = 2^n exp(x - n ln 2). Results below 2^-125.5 are 0: n = -126 makes the exponent field of
 * 2^(n-1) zero. The power is split as 2 * 2^(n-1) so that n = 128 still works and overflows by itself. */
static inline float exp_f32(float x)
{
    x = VM_EXP_HI < x ? VM_EXP_HI : x;
    x = x < VM_EXP_LO ? VM_EXP_LO : x;                  /* a NaN passes both */
    const float t = x * VM_LOG2E + VM_ROUND, n = t - VM_ROUND;
    const float r = (x - n * VM_LN2_HI) - n * VM_LN2_LO;
    const float p = (((VM_E4 * r + VM_E3) * r + VM_E2) * r + VM_E1) * r + VM_E0;
    const float y = (p * (r * r) + r) + 1.0f;
    return (y + y) * bits_float((float_bits(t) + 126u) << 23);
}

/* log(1+z) = z - z^2/2 + z^3 (L0 + L1 z + ... + L7 z^7), sqrt(1/2) <= 1+z < sqrt(2); 6e-9 */
static const float VM_LOG[8] = { 0.333333313f, -0.250008196f, 0.200012267f, -0.166233569f,
                                 0.142017573f, -0.131601825f, 0.127615824f, -0.0763450041f };

/* log(0) = -inf, log(x < 0) = NaN. No vector twin: it is taken once for each word. */
static inline float log_f32(float x)
{
    const float infinity = bits_float(0x7F800000u);
    if (!(x > 0)) return x == 0 ? -infinity : infinity - infinity;
    if (x == infinity) return x;
    const float shift = x < 1.17549435e-38f ? 23.0f : 0.0f;     /* denormal: times 2^23 */
    /* x = m 2^e with m in [sqrt(1/2), sqrt(2)): 0x3F3504F3 is sqrt(1/2). */
    const uint32_t u = float_bits(shift > 0 ? x * 8388608.0f : x) - 0x3F3504F3u + 0x3F800000u;
    const float e = (float)((int)(u >> 23) - 127) - shift;
    const float z = bits_float((u & 0x7FFFFFu) + 0x3F3504F3u) - 1.0f;
    float p = VM_LOG[7];
    for (int i = 6; i >= 0; i--) p = p * z + VM_LOG[i];
    const float y = (z * (z * z)) * p + e * VM_LN2_LO - 0.5f * (z * z);
    return (z + y) + e * VM_LN2_HI;
}

/* 1/(1 + exp(-x)); exp overflows to give 0, and flushes to give 1. */
static inline float sigmoid_f32(float x) { return 1.0f / (1.0f + exp_f32(0.0f - x)); }

/* tanh(x) = x + x^3 (T0 + T1 x^2 + ... + T4 x^8), |x| < 0.625; 5e-9 */
#define VM_TANH_SMALL 0.625f
#define VM_T0 -0.333332807f
#define VM_T1 0.133314416f
#define VM_T2 -0.0537397154f
#define VM_T3 0.0206390861f
#define VM_T4 -0.00570498547f

/* Beyond the polynomial: 1 - 2/(exp(2|x|) + 1) with the sign of x. */
static inline float tanh_f32(float x)
{
    const uint32_t sign = float_bits(x) & 0x80000000u;
    const float a = bits_float(float_bits(x) ^ sign), u = x * x;
    const float p = (((VM_T4 * u + VM_T3) * u + VM_T2) * u + VM_T1) * u + VM_T0;
    const float small = p * (u * x) + x;
    const float large = 1.0f - 2.0f / (exp_f32(a + a) + 1.0f);
    return a < VM_TANH_SMALL ? small : bits_float(float_bits(large) | sign);
}

#ifdef DM_V128
/* The constants of the vector functions. V8 makes a vector of a known number anew at each use, by three instructions, and keeps
 * what it loads: so in wasm they are loaded (vmath.c). */
#define VM_TABLE(X) X(ROUND) X(EXP_HI) X(EXP_LO) X(LOG2E) X(LN2_HI) X(LN2_LO) X(E0) X(E1) X(E2) X(E3) X(E4) X(ONE) X(TWO) \
    X(TANH_SMALL) X(T0) X(T1) X(T2) X(T3) X(T4) X(BYTE)
#define VM_PLACE(name) VM_AT_##name,
enum { VM_TABLE(VM_PLACE) VM_PLACES };
extern const float vm_table[VM_PLACES];
#ifdef __wasm__
#define VM_ALL(name) wasm_v128_load32_splat(&vm_table[VM_AT_##name])
#else
#define VM_ALL(name) vf_all(VM_##name)
#endif

static inline vf v_exp(vf x)
{
    x = vf_min(x, VM_ALL(EXP_HI));
    x = vf_max(x, VM_ALL(EXP_LO));
    const vf t = vf_add(vf_mul(x, VM_ALL(LOG2E)), VM_ALL(ROUND)), n = vf_sub(t, VM_ALL(ROUND));
    const vf r = vf_sub(vf_sub(x, vf_mul(n, VM_ALL(LN2_HI))), vf_mul(n, VM_ALL(LN2_LO)));
    vf p = vf_add(vf_mul(VM_ALL(E4), r), VM_ALL(E3));
    p = vf_add(vf_mul(p, r), VM_ALL(E2));
    p = vf_add(vf_mul(p, r), VM_ALL(E1));
    p = vf_add(vf_mul(p, r), VM_ALL(E0));
    const vf y = vf_add(vf_add(vf_mul(p, vf_mul(r, r)), r), VM_ALL(ONE));
    return vf_mul(vf_add(y, y), vi_bits(vi_shift_left(vi_add(vf_bits(t), vi_all(126)), 23)));
}

static inline vf v_sigmoid(vf x)
{
    const vf one = VM_ALL(ONE);
    return vf_div(one, vf_add(one, v_exp(vf_sub(vf_all(0.0f), x))));
}

static inline vf v_tanh(vf x)
{
    const vi sign = vi_and(vf_bits(x), vi_all(INT32_MIN));
    const vf a = vi_bits(vi_and(vf_bits(x), vi_all(INT32_MAX))), u = vf_mul(x, x), one = VM_ALL(ONE);
    vf p = vf_add(vf_mul(VM_ALL(T4), u), VM_ALL(T3));
    p = vf_add(vf_mul(p, u), VM_ALL(T2));
    p = vf_add(vf_mul(p, u), VM_ALL(T1));
    p = vf_add(vf_mul(p, u), VM_ALL(T0));
    const vf small = vf_add(vf_mul(p, vf_mul(u, x)), x);
    const vf large = vf_sub(one, vf_div(VM_ALL(TWO), vf_add(v_exp(vf_add(a, a)), one)));
    return vf_select(vf_less(a, VM_ALL(TANH_SMALL)), small, vi_bits(vi_or(vf_bits(large), sign)));
}
#endif

#endif
