/* test_weights.c - what pack.c writes, weights.c reads back; what does not fit is refused by name. */
#include "model_sample.h"

#include <math.h>

/* Logical value (k, n) by the index formula of weights.h: packed[N/8][K/4][8][4]. */
static int packed_at(const weights_matrix *m, int k, int n)
{
    return m->packed[(((n / 8) * (m->k / 4) + k / 4) * 8 + n % 8) * 4 + k % 4];
}

/* Every column of m against w(k, n) = values[k*by_k + n*by_n]. */
static void check_matrix(const weights_matrix *m, const float *values, int k, int n, int by_k, int by_n)
{
    CHECK(m->k % 4 == 0 && m->k >= k && m->k < k + 4, "k %d", m->k);
    CHECK(m->n % 8 == 0 && m->n >= n && m->n < n + 8 && m->out == n, "n %d out %d", m->n, m->out);
    CHECK((uintptr_t)m->packed % 64 == 0 && (uintptr_t)m->scale % 64 == 0 && (uintptr_t)m->column_sum % 64 == 0, "not aligned");
    for (int j = 0; j < m->n; j++) {
        float max = 0;
        int sum = 0, largest = 0;
        for (int i = 0; i < k && j < n; i++) max = fmaxf(max, fabsf(values[i * by_k + j * by_n]));
        CHECK(m->scale[j] == max / 127.0f, "column %d: scale %g, want %g", j, (double)m->scale[j], (double)max / 127);
        for (int i = 0; i < m->k; i++) {
            const int q = packed_at(m, i, j), outside = i >= k || j >= n;
            const double want = outside ? 0 : (double)values[i * by_k + j * by_n], step = (double)m->scale[j];
            CHECK(fabs(want - q * step) <= step / 2 * (1 + 1e-6), "(%d, %d): %g, want %g", i, j, q * step, want);
            CHECK(!outside || q == 0, "padding (%d, %d) is %d", i, j, q);
            sum += q;
            largest = abs(q) > largest ? abs(q) : largest;
        }
        CHECK(m->column_sum[j] == sum, "column %d: sum %d, want %d", j, m->column_sum[j], sum);
        CHECK(largest == (max > 0 ? 127 : 0), "column %d uses %d", j, largest);
    }
}

TEST(round_trip)
{
    sample s;
    sample_fill(&s);
    size_t size, again_size, n;
    uint8_t *file = sample_write(&s, &size), *again = sample_write(&s, &again_size);
    CHECK(size == again_size && !memcmp(file, again, size), "two writes differ");
    weights w;
    CHECK(weights_open(&w, file, size) == DM_OK, "%s", w.why.text);

    const char *config = weights_meta(&w, "config", &n);
    CHECK(config && n == 7 && !memcmp(config, "dim: 6\n", 7), "config of %zu bytes", n);
    CHECK(weights_meta(&w, "empty", &n) && n == 0, "empty value");
    CHECK(!weights_meta(&w, "confi", &n) && n == 0, "a prefix is not the key");
    const uint8_t *vocab = weights_u8(&w, "vocab", &n);
    CHECK(vocab && n == BYTES && !memcmp(vocab, s.vocab, BYTES), "vocab: %s", w.why.text);
    const float *b = weights_f32(&w, "layer_b", N);
    CHECK(b && !memcmp(b, s.b, sizeof s.b), "layer_b: %s", w.why.text);
    weights_matrix m;
    CHECK(weights_i8(&w, "layer_W", K, N, &m), "%s", w.why.text);
    if (m.packed) check_matrix(&m, s.w, K, N, N, 1);
    CHECK(weights_i8(&w, "Wemb", DIM, VOCAB, &m), "%s", w.why.text);
    if (m.packed) check_matrix(&m, s.e, DIM, VOCAB, 1, DIM);
    CHECK(weights_i8(&w, "values_W", K, N, &m), "%s", w.why.text);
    for (int j = 0; m.packed && j < N; j++) {
        CHECK(m.scale[j] == 0.125f, "scale %g", (double)m.scale[j]);
        for (int i = 0; i < K; i++) CHECK(packed_at(&m, i, j) == s.q[j * K + i], "value (%d, %d)", i, j);
    }
    CHECK(weights_has(&w, "vocab") && !weights_has(&w, "shortlist") && !w.why.text[0], "why: %s", w.why.text);
    weights_close(&w);
    free(file);
    free(again);
}

TEST(listing)
{
    static const struct { const char *name; int type, rows, columns; } want[] = {
        { "vocab", WEIGHTS_U8, 1, BYTES }, { "Wemb", WEIGHTS_I8, DIM, VOCAB }, { "layer_W", WEIGHTS_I8, K, N },
        { "layer_b", WEIGHTS_F32, 1, N }, { "values_W", WEIGHTS_I8, K, N } };
    sample s;
    sample_fill(&s);
    size_t size;
    uint8_t *file = sample_write(&s, &size);
    weights w;
    CHECK(weights_open(&w, file, size) == DM_OK, "%s", w.why.text);
    const char *name;
    int type, dim[2], i = 0;
    size_t bytes;
    for (; weights_list(&w, i, &name, &type, dim, &bytes); i++)
        CHECK(!strcmp(name, want[i].name) && type == want[i].type && dim[0] == want[i].rows && dim[1] == want[i].columns,
              "%d: %s %d [%d, %d]", i, name, type, dim[0], dim[1]);
    CHECK(i == 5 && !weights_list(&w, -1, &name, &type, dim, &bytes), "%d entries", i);
    weights_close(&w);
    free(file);
}

/* Flips each byte of a tensor's packed weights and of their sums. */
static void check_damage(uint8_t *file, size_t size, const char *name, int k, int n)
{
    weights w;
    weights_matrix m;
    dm_error why = { "" };
    CHECK(weights_open(&w, file, size) == DM_OK && weights_i8(&w, name, k, n, &m), "%s", w.why.text);
    CHECK(weights_check(&w, &why) == DM_OK && !why.text[0], "whole, and refused: %s", why.text);
    uint8_t *const parts[] = { file + ((const uint8_t *)m.packed - file), file + ((const uint8_t *)m.column_sum - file) };
    for (int part = 0; part < 2; part++)
        for (int i = 0; i < (part ? 4 : m.k) * m.n; i++) {
            parts[part][i] ^= 0x80 >> i % 8;
            CHECK(weights_check(&w, &why) == DM_ERR_FORMAT, "%s: byte %d of part %d is wrong", name, i, part);
            CHECK(strstr(why.text, name), "\"%s\" does not name %s", why.text, name);
            parts[part][i] ^= 0x80 >> i % 8;
        }
    weights_close(&w);
}

TEST(sums)
{
    sample s;
    sample_fill(&s);
    size_t size;
    uint8_t *file = sample_write(&s, &size);
    check_damage(file, size, "layer_W", K, N);
    check_damage(file, size, "Wemb", DIM, VOCAB);
    check_damage(file, size, "values_W", K, N);
    free(file);
}

TEST(rounding)
{
    /* Columns: ties go to even; zeros; the smallest and the largest floats. */
    const float w[] = { 127, 0, 1e-45f, 3.4e38f,  0.5f, 0, 0, -3.4e38f,  -1.5f, 0, -1e-45f, 1,  2.5f, 0, 0, 0 };
    arena a;
    arena_init(&a, 4096);
    pack *p = pack_new(&a);
    CHECK(pack_i8(p, "W", w, 4, 4, 0) == DM_OK, "%s", pack_why(p)->text);
    uint8_t *file = arena_take(&a, pack_size(p), 1);
    pack_write(p, file);
    weights f;
    weights_matrix m;
    CHECK(weights_open(&f, file, pack_size(p)) == DM_OK && weights_i8(&f, "W", 4, 4, &m), "%s", f.why.text);
    static const int want[4][4] = { { 127, 0, -2, 2 }, { 0 }, { 0 }, { 127, -127, 0, 0 } };
    for (int j = 0; j < 4; j++)
        for (int k = 0; k < 4; k++) CHECK(packed_at(&m, k, j) == want[j][k], "(%d, %d) is %d", k, j, packed_at(&m, k, j));
    CHECK(m.scale[0] == 1 && m.scale[1] == 0 && m.scale[2] == 0, "scales");
    weights_close(&f);
    arena_free(&a);
}

TEST(rounding_to_six_bits)
{
    /* 31 steps on each side of 0; the next matrix has 8 bits again. */
    const float w[] = { 31, -62, -1.5f, 0,  15.4f, 62, 0.5f, 3 };
    arena a;
    arena_init(&a, 4096);
    pack *p = pack_new(&a);
    pack_bits(p, 6);
    CHECK(pack_i8(p, "W", w, 4, 2, 0) == DM_OK, "%s", pack_why(p)->text);
    pack_bits(p, 8);
    CHECK(pack_i8(p, "V", w, 4, 2, 0) == DM_OK, "%s", pack_why(p)->text);
    uint8_t *file = arena_take(&a, pack_size(p), 1);
    pack_write(p, file);
    weights f;
    weights_matrix m;
    CHECK(weights_open(&f, file, pack_size(p)) == DM_OK && weights_i8(&f, "W", 4, 2, &m), "%s", f.why.text);
    static const int want[2][4] = { { 31, -2, 15, 0 }, { -31, 0, 31, 2 } };   /* ties go to even */
    int sum = 0;
    for (int j = 0; j < 2; j++)
        for (int k = 0; k < 4; k++) CHECK(packed_at(&m, k, j) == want[j][k], "(%d, %d) is %d", k, j, packed_at(&m, k, j));
    for (int k = 0; k < 4; k++) sum += want[0][k];
    CHECK(m.scale[0] == 1 && m.scale[1] == 2 && m.column_sum[0] == sum, "scales %g %g, sum %d",
          (double)m.scale[0], (double)m.scale[1], m.column_sum[0]);
    CHECK(weights_i8(&f, "V", 4, 2, &m) && packed_at(&m, 2, 0) == 63, "15.4 of 31 is %d of 127", packed_at(&m, 2, 0));
    weights_close(&f);
    arena_free(&a);
}

/* --- binding ------------------------------------------------------------------------------------ */

#define CHECK_WHY(w, call, want) do { \
        (w)->why.text[0] = 0; \
        CHECK(!(call) && strstr((w)->why.text, want), "\"%s\", want \"%s\"", (w)->why.text, want); } while (0)

TEST(wrong_shape_or_type)
{
    sample s;
    sample_fill(&s);
    size_t size, n;
    uint8_t *file = sample_write(&s, &size);
    weights w;
    weights_matrix m;
    CHECK(weights_open(&w, file, size) == DM_OK, "%s", w.why.text);
    CHECK_WHY(&w, weights_i8(&w, "layer_W", N, K, &m), "tensor layer_W: expected i8 [11, 5], found i8 [5, 11]");
    CHECK(!m.packed && !m.scale && !m.n, "a failure leaves the matrix empty");
    CHECK_WHY(&w, weights_i8(&w, "layer_W", K, 0, &m), "tensor layer_W: expected i8 [5, 0]");
    CHECK_WHY(&w, weights_i8(&w, "layer_b", 1, N, &m), "tensor layer_b: expected i8 [1, 11], found f32 [1, 11]");
    CHECK_WHY(&w, weights_f32(&w, "layer_W", N), "tensor layer_W: expected f32 [1, 11], found i8 [5, 11]");
    CHECK_WHY(&w, weights_f32(&w, "layer_b", N + 1), "tensor layer_b: expected f32 [1, 12], found f32 [1, 11]");
    CHECK_WHY(&w, weights_f32(&w, "layer_c", N), "tensor layer_c: expected f32 [1, 11], found none");
    CHECK_WHY(&w, weights_u8(&w, "layer_b", &n), "tensor layer_b: expected u8 of any size, found f32 [1, 11]");
    CHECK(n == 0, "size %zu", n);
    CHECK(!weights_u8(&w, "other", &n) && strstr(w.why.text, "layer_b"), "the first reason stays: %s", w.why.text);
    weights_close(&w);
    free(file);
}

TEST(wrong_values)
{
    const float bad[] = { NAN, INFINITY, -INFINITY, -1 };
    sample s;
    sample_fill(&s);
    size_t size;
    uint8_t *file = sample_write(&s, &size);
    weights w;
    weights_matrix m;
    CHECK(weights_open(&w, file, size) == DM_OK, "%s", w.why.text);
    CHECK(weights_i8(&w, "layer_W", K, N, &m), "%s", w.why.text);
    uint8_t *scale = file + ((const uint8_t *)m.scale - file), *sum = file + ((const uint8_t *)m.column_sum - file);
    uint8_t *b = file + ((const uint8_t *)weights_f32(&w, "layer_b", N) - file);
    for (int i = 0; i < 4; i++) {
        memcpy(scale + 4 * (N - 1), &bad[i], 4);
        CHECK_WHY(&w, weights_i8(&w, "layer_W", K, N, &m), "tensor layer_W: the scale of column 10");
        memcpy(b + 4 * (N - 1), &bad[i], 4);
        if (i < 3) CHECK_WHY(&w, weights_f32(&w, "layer_b", N), "tensor layer_b: value 10");
        else CHECK(weights_f32(&w, "layer_b", N) != NULL, "%s", w.why.text);
    }
    const float one = 1;
    memcpy(scale + 4 * (N - 1), &one, 4);
    memcpy(scale + 4 * N, &one, 4);
    CHECK_WHY(&w, weights_i8(&w, "layer_W", K, N, &m), "tensor layer_W: the scale of column 11");   /* padding */
    memset(scale + 4 * N, 0, 4);
    CHECK(weights_i8(&w, "layer_W", K, N, &m), "%s", w.why.text);
    const int32_t sums[] = { 128 * K + 1, -128 * K - 1, INT32_MAX, INT32_MIN };
    for (int i = 0; i < 4; i++) {
        memcpy(sum, &sums[i], 4);
        CHECK_WHY(&w, weights_i8(&w, "layer_W", K, N, &m), "tensor layer_W: the sum of column 0");
    }
    weights_close(&w);
    free(file);
}

/* --- the writer --------------------------------------------------------------------------------- */

#define CHECK_REFUSED(call, want) do { \
        arena a_; \
        arena_init(&a_, 4096); \
        pack *p = pack_new(&a_); \
        pack_f32(p, "first", &one, 1); \
        CHECK((call) == DM_ERR_FORMAT && strstr(pack_why(p)->text, want), "\"%s\", want \"%s\"", pack_why(p)->text, want); \
        CHECK(pack_f32(p, "later", &one, 1) == DM_ERR_FORMAT && pack_size(p) == 0, "the failure sticks"); \
        arena_free(&a_); } while (0)

TEST(writer_refuses)
{
    const float one = 1, bad[] = { 1, 2, NAN, 4 }, inf[] = { 1, 2, 3, INFINITY };
    const int8_t q[4] = { 1, 2, 3, 4 };
    char long_name[129] = { 0 };
    memset(long_name, 'n', 128);
    CHECK_REFUSED(pack_f32(p, "b", bad, 4), "tensor b: value 2");
    CHECK_REFUSED(pack_i8(p, "W", bad, 2, 2, 0), "tensor W: value 2");
    CHECK_REFUSED(pack_i8(p, "W", inf, 2, 2, 1), "tensor W: value 3");
    CHECK_REFUSED(pack_i8_values(p, "W", q, -1, 2, 2), "tensor W");
    CHECK_REFUSED(pack_i8_values(p, "W", q, NAN, 2, 2), "tensor W");
    CHECK_REFUSED(pack_f32(p, "first", &one, 1), "tensor first: occurs twice");
    CHECK_REFUSED(pack_f32(p, "", &one, 1), "tensor 1");
    CHECK_REFUSED(pack_f32(p, "a b", &one, 1), "tensor 1");
    CHECK_REFUSED(pack_f32(p, long_name, &one, 1), "tensor 1");
    CHECK_REFUSED(pack_f32(p, "b", &one, 0), "tensor b");
    CHECK_REFUSED(pack_u8(p, "v", &one, 0), "tensor v");
    CHECK_REFUSED(pack_i8(p, "W", &one, 1, 0, 0), "tensor W");
    CHECK_REFUSED(pack_i8(p, "W", &one, -1, 1, 0), "tensor W");
    CHECK_REFUSED(pack_i8(p, "W", &one, WEIGHTS_MAX_DEPTH + 1, 1, 0), "tensor W");
    CHECK_REFUSED(pack_meta(p, "", "v", 1), "metadata");
}

TEST(many_tensors)
{
    arena a;
    arena_init(&a, 1 << 16);
    pack *p = pack_new(&a);
    char name[16];
    uint8_t value = 7;
    for (int i = 0; i < WEIGHTS_MAX_TENSORS; i++) {
        snprintf(name, sizeof name, "t%d", i * 37 % WEIGHTS_MAX_TENSORS);
        CHECK(pack_u8(p, name, &value, 1) == DM_OK, "%s", pack_why(p)->text);
    }
    const size_t size = pack_size(p);
    uint8_t *file = arena_take(&a, size, 1);
    pack_write(p, file);
    weights w;
    CHECK(weights_open(&w, file, size) == DM_OK, "%s", w.why.text);
    for (int i = 0; i < WEIGHTS_MAX_TENSORS; i++) {
        size_t n;
        snprintf(name, sizeof name, "t%d", i);
        const uint8_t *at = weights_u8(&w, name, &n);
        CHECK(at && n == 1 && *at == 7, "%s", name);
    }
    weights_close(&w);
    CHECK(pack_u8(p, "more", &value, 1) == DM_ERR_FORMAT, "one tensor too many");
    arena_free(&a);
}

int main(void)
{
    RUN(round_trip);
    RUN(listing);
    RUN(sums);
    RUN(rounding);
    RUN(rounding_to_six_bits);
    RUN(wrong_shape_or_type);
    RUN(wrong_values);
    RUN(writer_refuses);
    RUN(many_tensors);
    return check_report();
}
