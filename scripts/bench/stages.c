/* stages.c - the benchmark's clock: how long translations were in each stage of src/stage.h. Linked with the objects that are
 * compiled with -DDM_STAGES into build/bench/engine.wasm, whose host has the clock and asks for the figures, and into
 * build/bench/dolmetsch, which prints them when it ends. The shipped engine has none of this. */
#define _POSIX_C_SOURCE 199309L     /* clock_gettime */
#include "stage.h"

#ifdef __wasm__
#include <emscripten/emscripten.h>
#pragma clang diagnostic ignored "-Wmissing-prototypes"
__attribute__((import_module("env"), import_name("bench_now"))) double bench_now(void);
static double milliseconds(void) { return bench_now(); }
#else
#include <stdio.h>
#include <time.h>
static double milliseconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return 1e3 * (double)t.tv_sec + 1e-6 * (double)t.tv_nsec;
}
#endif

static double spent[STAGES], since;
static stage current;

void stage_enter(stage s)
{
    const double now = milliseconds();
    spent[current] += now - since;
    since = now;
    current = s;
}

#ifdef __wasm__
EMSCRIPTEN_KEEPALIVE double bench_spent(int s) { return spent[s]; }
EMSCRIPTEN_KEEPALIVE void bench_reset(void) { for (int s = 0; s < STAGES; s++) spent[s] = 0; }
#else
__attribute__((destructor)) static void print_stages(void)
{
    static const char *const names[] = { "tokenise", "encode", "step", "output", "search", "text" };
    for (int s = STAGE_TOKENISE; s < STAGES; s++)
        fprintf(stderr, "%s\"%s\":%.3f", s == STAGE_TOKENISE ? "{" : ",", names[s - STAGE_TOKENISE], spent[s]);
    fprintf(stderr, "}\n");
}
#endif
