/* kernels_case.h - what a test of kernels needs: inputs, poisoned outputs between canaries, comparison.
 *
 * Inputs end where their allocation ends, for the address sanitizer. u = 2^-24 is the largest relative
 * error of one rounding of a float. */
#ifndef DM_KERNELS_CASE_H
#define DM_KERNELS_CASE_H

#include "nn/kernels.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "check.h"
#include "nn/vmath.h"

static const double u = 1.0 / 16777216;
/* The bounds that vmath.h states: of exp and log, of tanh and sigmoid. */
#define VMATH 9e-8
#define SIGMOID 1.6e-7

/* --- memory: everything a case takes is checked and freed by release() --------------------------- */

enum { CANARY = 64, MAX_TAKEN = 64, POISON = 0xA5 };
static struct { uint8_t *raw; size_t size; int guarded; } taken[MAX_TAKEN];
static int n_taken;

static inline void *take(size_t size, int guarded)
{
    const size_t margin = guarded ? CANARY : 0;
    uint8_t *raw = malloc(size + 2 * margin + !size);
    memset(raw, POISON, size + 2 * margin);
    taken[n_taken].raw = raw;
    taken[n_taken].size = size;
    taken[n_taken++].guarded = guarded;
    return raw + margin;
}
static inline void *output(size_t n, size_t size) { return take(n * size, 1); }

static inline void release(const char *what)
{
    while (n_taken) {
        n_taken--;
        const uint8_t *raw = taken[n_taken].raw;
        for (size_t i = 0; taken[n_taken].guarded && i < CANARY; i++)
            if (raw[i] != POISON || raw[CANARY + taken[n_taken].size + i] != POISON) {
                CHECK(0, "%s wrote outside its output", what);
                break;
            }
        free(taken[n_taken].raw);
    }
}

/* --- numbers ------------------------------------------------------------------------------------- */

enum { PLAIN, WIDE, TINY, LARGE, ZERO, POSITIVE, NEGATIVE, EQUAL, WILD, KINDS };

static inline int below(int n) { return (int)(check_random() % (uint32_t)n); }

static inline float number(int kind)
{
    static const float wild[] = { INFINITY, -INFINITY, NAN, 0.0f, -0.0f, 1e-45f, FLT_MAX, -FLT_MAX };
    const float x = check_uniform(-4, 4);
    switch (kind) {
    case WIDE: return x * ldexpf(1, below(60) - 30);
    case TINY: return x * 1e-39f;
    case LARGE: return x * 8e37f;
    case ZERO: return check_random() & 1 ? 0.0f : -0.0f;
    case POSITIVE: return fabsf(x);
    case NEGATIVE: return -fabsf(x);
    case EQUAL: return 1.5f;
    case WILD: return below(4) ? x : wild[below(8)];
    default: return x;
    }
}
static inline float *numbers(int n, int kind)
{
    float *x = take((size_t)n * sizeof *x, 0);
    for (int i = 0; i < n; i++) x[i] = number(kind);
    return x;
}

/* The first index where the bits differ, or -1. NaN equals NaN. */
static inline int differ(const float *a, const float *b, int n)
{
    for (int i = 0; i < n; i++)
        if (memcmp(a + i, b + i, 4) && !(a[i] != a[i] && b[i] != b[i])) return i;
    return -1;
}

/* weights: 0 random, 1 all 127, 2 all -127, 3 all -128 (no exporter writes it, a file may hold it) */
static inline weights_matrix matrix(int k, int n, int kind)
{
    static const int8_t extreme[] = { 0, 127, -127, -128 };
    int8_t *packed = take((size_t)k * n, 0);
    float *scale = take((size_t)n * sizeof *scale, 0);
    int32_t *sum = take((size_t)n * sizeof *sum, 0);
    for (int c = 0; c < n; c++) { scale[c] = check_uniform(0, 0.1f); sum[c] = 0; }
    for (int i = 0; i < k * n; i++) {
        packed[i] = kind ? extreme[kind] : (int8_t)(below(255) - 127);
        sum[i / (8 * k) * 8 + i / 4 % 8] += packed[i];
    }
    return (weights_matrix){ packed, scale, sum, k, n, n };
}
static inline int weight(const weights_matrix *w, int k, int column)
{
    return w->packed[((column / 8 * (w->k / 4) + k / 4) * 8 + column % 8) * 4 + k % 4];
}

static inline const dm_kernels *ref(void) { return kernels_all[0]; }
#define EACH_VARIANT(v) for (int v = 0; kernels_all[v]; v++)

#endif
