/* kernels.c - speed of each kernel set, natively: JSON for bench.mjs.
 *
 * For each set the ceiling of its products (ceiling.c) and the products, in 10^9 multiply-adds a second; the other kernels
 * in nanoseconds for one value (attend: for one key). Each figure is the best of several short turns, which other load
 * disturbs least. */
#define _POSIX_C_SOURCE 199309L     /* clock_gettime */
#include "nn/kernels.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { MAX_ROWS = 32, MAX_K = 1536, MAX_N = 8000, MAX_WEIGHTS = 256 * MAX_N, TURNS = 30 };

/* Operands of every kernel, filled once. */
static struct {
    float *x, *y, *z, *scale, *keys;
    uint8_t *q;
    int32_t *zero;
    weights_matrix w;
} data;

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static float *floats(size_t n)
{
    float *x = aligned_alloc(64, (n * sizeof *x + 63) / 64 * 64);
    if (!x) exit(1);
    for (size_t i = 0; i < n; i++) x[i] = (float)((i * 2654435761u >> 8) % 8191) / 1024 - 4;
    return x;
}

static void fill(void)
{
    const size_t n = (size_t)MAX_ROWS * MAX_N;
    data.x = floats(n);
    data.y = floats(n);
    data.z = floats(n);
    data.keys = floats(n);
    data.scale = floats(MAX_N);
    data.q = (uint8_t *)floats(n);
    data.zero = (int32_t *)floats(MAX_N);
    for (size_t i = 0; i < n; i++) data.q[i] = (uint8_t)(i * 2654435761u >> 8) & 127;
    data.w = (weights_matrix){ .packed = (int8_t *)floats(MAX_WEIGHTS / 4), .scale = floats(MAX_N),
                               .column_sum = (int32_t *)floats(MAX_N) };
}

/* The operation that is timed: returns how many units of work it did. */
typedef double (*operation)(const dm_kernels *kernels, int rows, int k, int n);

static double run_linear(const dm_kernels *kernels, int rows, int k, int n)
{
    data.w.k = k;
    data.w.n = data.w.out = n;
    kernels->linear(data.y, data.q, data.scale, data.zero, rows, &data.w, data.x, 0, NULL);
    return (double)rows * k * n;
}
static double run_quantize(const dm_kernels *kernels, int rows, int k, int n)
{
    (void)n;
    kernels->quantize((uint8_t *)data.y, data.z, (int32_t *)data.z + MAX_ROWS, data.x, rows, k);
    return (double)rows * k;
}
static double run_norm(const dm_kernels *kernels, int rows, int k, int n)
{
    (void)n;
    kernels->add_layer_norm(data.y, data.x, data.keys, data.x, data.keys, rows, k, 1e-6f);
    return (double)rows * k;
}
static double run_attend(const dm_kernels *kernels, int rows, int k, int n)
{
    for (int r = 0; r < rows; r++)
        kernels->attend(data.y, data.z, data.x + r * k, data.keys, n, data.x, 256, n, k, 0.18f);
    return (double)rows * n;
}
static double run_ssru(const dm_kernels *kernels, int rows, int k, int n)
{
    (void)n;
    kernels->ssru(data.y, data.z, data.x, data.keys, rows * k);
    return (double)rows * k;
}
static double run_embed(const dm_kernels *kernels, int rows, int k, int n)
{
    data.w.k = k;
    data.w.n = n;
    for (int r = 0; r < rows; r++) kernels->embed(data.y, &data.w, r * 131 % n, 16, data.x);
    return (double)rows * k;
}
static double run_argmax(const dm_kernels *kernels, int rows, int k, int n)
{
    (void)k;
    for (int r = 0; r < rows; r++) kernels->argmax(data.x + (size_t)r * n, n, 1, data.y);
    return (double)rows * n;
}

/* Units of work a second: the best turn of about 2 ms. */
static double speed(operation run, const dm_kernels *kernels, int rows, int k, int n)
{
    double best = 0;
    for (int turn = 0; turn < TURNS; turn++) {
        const double start = seconds();
        double work = 0, now;
        do { work += run(kernels, rows, k, n); now = seconds(); } while (now - start < 0.002);
        if (work / (now - start) > best) best = work / (now - start);
    }
    return best;
}

double ceiling_simd128(uint8_t *room);
double ceiling_relaxed(uint8_t *room);

static double run_ceiling(const dm_kernels *kernels, int rows, int k, int n)
{
    (void)rows, (void)k, (void)n;
    if (!strcmp(kernels->name, "relaxed")) return ceiling_relaxed(data.q);
    return strcmp(kernels->name, "simd128") ? 0 : ceiling_simd128(data.q);
}

/* "name": { "ceiling": ..., "products": { "rows x depth x columns": ... } } */
static void print_products(const dm_kernels *kernels)
{
    static const int sizes[][2] = { { 256, 256 }, { 256, 1536 }, { 1536, 256 }, { 256, 8000 } };
    static const int rows[] = { 1, 8, 32 };
    printf("\"%s\":{\"ceiling\":%.3g,\"products\":{", kernels->name, speed(run_ceiling, kernels, 0, 0, 0) / 1e9);
    for (int i = 0; i < 12; i++) {
        const int r = rows[i % 3], k = sizes[i / 3][0], n = sizes[i / 3][1];
        printf("%s\"%d x %d x %d\":%.3g", i ? "," : "", r, k, n, speed(run_linear, kernels, r, k, n) / 1e9);
    }
    printf("}},");
}

/* "name": { "set": ns, ... } */
static void print_other(const char *name, operation run, int k, int n)
{
    printf("\"%s\":{", name);
    for (int v = 0; kernels_all[v]; v++)
        printf("%s\"%s\":%.3g", v ? "," : "", kernels_all[v]->name, 1e9 / speed(run, kernels_all[v], 8, k, n));
    printf("}");
}

int main(void)
{
    static const struct { const char *name; operation run; int k, n; } other[] = {
        { "quantize 8 x 256", run_quantize, 256, 0 }, { "add_layer_norm 8 x 256", run_norm, 256, 0 },
        { "attend 8 heads of 32, 20 keys", run_attend, 32, 20 }, { "ssru 8 x 256", run_ssru, 256, 0 },
        { "embed 8 x 256", run_embed, 256, 8000 }, { "argmax 8 x 8000", run_argmax, 0, 8000 }
    };
    fill();
    printf("{");
    for (int v = 1; kernels_all[v]; v++) print_products(kernels_all[v]);
    printf("\"other\":{");
    for (size_t i = 0; i < sizeof other / sizeof *other; i++) {
        if (i) printf(",");
        print_other(other[i].name, other[i].run, other[i].k, other[i].n);
    }
    printf("}}\n");
    return 0;
}
