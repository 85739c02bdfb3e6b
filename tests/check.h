/* check.h - what a C test needs: checks that print what failed, and an exit status.
 *
 *     TEST(adds) { CHECK(1 + 1 == 2, "sum is %d", 1 + 1); }
 *     int main(void) { RUN(adds); return check_report(); }
 *
 * One line per test. A failed check prints its place and goes on; a program that made no check
 * fails. SEED=n in the environment changes the random numbers. */
#ifndef DM_CHECK_H
#define DM_CHECK_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

static long check_count, check_failures, check_tests;

#define CHECK(condition, ...) do { \
    check_count++; \
    if (!(condition)) { \
        if (check_failures++ < 20) { \
            printf("%s:%d: failed: %s: ", __FILE__, __LINE__, #condition); \
            printf(__VA_ARGS__); printf("\n"); \
        } \
    } } while (0)

#define TEST(name) static void test_##name(void)
#define RUN(name) check_run(#name, test_##name)

static inline void check_run(const char *name, void (*test)(void))
{
    const long checks = check_count, failures = check_failures;
    test();
    check_tests++;
    if (check_count == checks) { check_failures++; printf("no check was made: "); }
    printf("%s %s (%ld checks)\n", check_failures == failures ? "ok" : "FAILED", name, check_count - checks);
}

__attribute__((unused)) static inline int check_report(void)
{
    if (!check_tests) { printf("FAILED: no test ran\n"); return 1; }
    if (check_failures) printf("%ld of %ld checks failed, seed %llu\n", check_failures, check_count,
                               (unsigned long long)strtoull(getenv("SEED") ? getenv("SEED") : "1", NULL, 10));
    return check_failures != 0;
}

/* xorshift64*: the same numbers everywhere. */
static uint64_t check_state;
static inline uint32_t check_random(void)
{
    if (!check_state) check_state = 0x9E3779B97F4A7C15u ^ strtoull(getenv("SEED") ? getenv("SEED") : "1", NULL, 10);
    check_state ^= check_state >> 12;
    check_state ^= check_state << 25;
    check_state ^= check_state >> 27;
    return (uint32_t)((check_state * 0x2545F4914F6CDD1Du) >> 32);
}
static inline float check_uniform(float lo, float hi) { return lo + (hi - lo) * (float)(check_random() >> 8) / 16777216.0f; }

/* Opens, reads (0 at the end or on an error) and closes a file of the repository. */
#ifdef __EMSCRIPTEN__
#include <wasi/api.h>
/* Emscripten's stand-alone libc refuses to open any file, so WASI is asked directly. Descriptor 3 is
 * the first folder that run_wasm.mjs opens: ".". */
typedef __wasi_fd_t check_handle;
static inline int check_open(check_handle *f, const char *path)
{
    size_t n = 0;
    while (path[n]) n++;
    return !__wasi_path_open(3, 0, path, n, 0, __WASI_RIGHTS_FD_READ, 0, 0, f);
}
static inline size_t check_read(check_handle f, char *to, size_t size)
{
    const __wasi_iovec_t part = { (uint8_t *)to, size };
    size_t got = 0;
    return __wasi_fd_read(f, &part, 1, &got) ? 0 : got;
}
static inline void check_close(check_handle f) { if (__wasi_fd_close(f)) abort(); }
#else
typedef FILE *check_handle;
static inline int check_open(check_handle *f, const char *path) { return (*f = fopen(path, "rb")) != NULL; }
static inline size_t check_read(check_handle f, char *to, size_t size) { return fread(to, 1, size, f); }
static inline void check_close(check_handle f) { fclose(f); }
#endif

/* A whole file, malloc'd and NUL-terminated; NULL where there is none. */
static inline char *check_file(const char *path, size_t *size)
{
    check_handle f;
    if (!check_open(&f, path)) return NULL;
    char *bytes = NULL;
    size_t n = 0, room = 0, got;
    do {
        if (n + 65536 > room) bytes = realloc(bytes, (room = 2 * room + 65536) + 1);
        got = check_read(f, bytes + n, 65536);
        n += got;
    } while (got);
    check_close(f);
    bytes[n] = 0;
    *size = n;
    return bytes;
}
#endif
