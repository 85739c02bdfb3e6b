/* bench_kernels.c - speed of each kernel variant: a table, or one line of JSON with --json.
 *
 * linear in 10^9 multiply-adds a second, the others in nanoseconds for one value (attend: for one
 * key). Each figure is the best of several short turns, which other load disturbs least. Run by
 * `make bench`, natively and as wasm. */
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
    kernels->linear(data.y, data.q, data.scale, data.zero, rows, &data.w, data.x, 0);
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

static int json, lines;

/* One line: the operation with each variant. */
static void row(const char *name, operation run, int rows, int k, int n)
{
    char label[64];
    const int is_linear = run == run_linear;
    if (is_linear) snprintf(label, sizeof label, "%s %d x %d x %d, GMAC/s", name, rows, k, n);
    else snprintf(label, sizeof label, "%s, ns", name);
    printf(json ? "%s\"%s\":{" : "%s%-34s", json && lines ? "," : "", label);
    lines++;
    for (int v = 0; kernels_all[v]; v++) {
        const double units = speed(run, kernels_all[v], rows, k, n), figure = is_linear ? units / 1e9 : 1e9 / units;
        if (json) printf("%s\"%s\":%.3g", v ? "," : "", kernels_all[v]->name, figure);
        else printf("%10.3g %s", figure, kernels_all[v]->name);
    }
    printf(json ? "}" : "\n");
}

int main(int argc, char **argv)
{
    static const int sizes[][2] = { { 256, 256 }, { 256, 1536 }, { 1536, 256 }, { 256, 8000 } };
    static const int rows[] = { 1, 8, 32 };
    json = argc > 1 && !strcmp(argv[1], "--json");
    fill();
    if (json) printf("{");
    for (int s = 0; s < 4; s++)
        for (int r = 0; r < 3; r++) row("linear", run_linear, rows[r], sizes[s][0], sizes[s][1]);
    row("quantize 8 x 256", run_quantize, 8, 256, 0);
    row("add_layer_norm 8 x 256", run_norm, 8, 256, 0);
    row("attend 8 heads of 32, 20 keys", run_attend, 8, 32, 20);
    row("ssru 8 x 256", run_ssru, 8, 256, 0);
    row("embed 8 x 256", run_embed, 8, 256, 8000);
    row("argmax 8 x 8000", run_argmax, 8, 0, 8000);
    if (json) printf("}\n");
    return 0;
}
