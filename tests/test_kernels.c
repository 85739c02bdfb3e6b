/* test_kernels.c - vmath within its bounds; the int8 kernels: every variant against the reference bit
 * for bit, and the reference against exact arithmetic, with bounds that count the roundings of its
 * contract. The other kernels: test_kernels_float.c. */
#include "kernels_case.h"

/* --- vmath --------------------------------------------------------------------------------------- */

static void check_relative(const char *name, float x, float got, double want, double bound)
{
    if (!(fabs(want) >= 1.7e-38 && fabs(want) <= FLT_MAX)) return;
    CHECK(fabs(got - want) <= bound * fabs(want), "%s(%.9g) = %.9g, not %.17g", name, x, got, want);
}

TEST(vmath_bounds)
{
    for (uint64_t bits = 0; bits < 0x100000000u; bits += 20011) {
        const float x = bits_float((uint32_t)bits);
        if (x != x) continue;
        check_relative("exp", x, exp_f32(x), exp(x), VMATH);
        check_relative("tanh", x, tanh_f32(x), tanh(x), SIGMOID);
        check_relative("sigmoid", x, sigmoid_f32(x), 1 / (1 + exp(-(double)x)), SIGMOID);
        if (x > 0) check_relative("log", x, log_f32(x), log(x), VMATH);
        if (exp(x) < 1.7e-38) CHECK(exp_f32(x) >= 0 && exp_f32(x) <= 1.7e-38, "exp(%g) = %g", x, exp_f32(x));
    }
    CHECK(exp_f32(-INFINITY) == 0 && exp_f32(0) == 1 && exp_f32(INFINITY) == INFINITY && isnan(exp_f32(NAN)), "exp");
    CHECK(exp_f32(88.722f) < INFINITY && exp_f32(88.723f) == INFINITY, "where exp overflows");
    CHECK(log_f32(0) == -INFINITY && log_f32(1) == 0 && log_f32(INFINITY) == INFINITY, "log");
    CHECK(isnan(log_f32(-1)) && isnan(log_f32(NAN)), "log of what has none");
    CHECK(tanh_f32(INFINITY) == 1 && tanh_f32(-INFINITY) == -1 && isnan(tanh_f32(NAN)), "tanh");
    CHECK(sigmoid_f32(INFINITY) == 1 && sigmoid_f32(-INFINITY) == 0 && isnan(sigmoid_f32(NAN)), "sigmoid");
    CHECK(round_even(0.5f) == 0 && round_even(1.5f) == 2 && round_even(-2.5f) == -2, "ties to even");
}

/* The same bits everywhere: FNV-1a of the results. Changes with a coefficient, never with a machine. */
TEST(vmath_bits)
{
    uint32_t hash = 2166136261u;
    for (uint64_t bits = 0; bits < 0x100000000u; bits += 20011) {
        const float x = bits_float((uint32_t)bits), y[4] = { exp_f32(x), log_f32(x), tanh_f32(x), sigmoid_f32(x) };
        for (int f = 0; f < 4; f++) if (y[f] == y[f]) hash = (hash ^ float_bits(y[f])) * 16777619u;
    }
    CHECK(hash == 0x464A54AAu, "the results hash to 0x%08Xu", (unsigned)hash);
}

TEST(vmath_lanes)
{
#ifdef DM_V128
    for (uint64_t bits = 0; bits < 0x100000000u; bits += 40009) {
        float x[4], got[3][4];
        for (int l = 0; l < 4; l++) x[l] = bits_float((uint32_t)bits + (uint32_t)l * 77777777u);
        vf_store(got[0], v_exp(vf_load(x)));
        vf_store(got[1], v_tanh(vf_load(x)));
        vf_store(got[2], v_sigmoid(vf_load(x)));
        for (int l = 0; l < 4; l++) {
            const float want[3] = { exp_f32(x[l]), tanh_f32(x[l]), sigmoid_f32(x[l]) };
            for (int f = 0; f < 3; f++)
                CHECK(differ(&want[f], &got[f][l], 1) < 0, "function %d of %.9g: %.9g, %.9g", f, x[l], got[f][l], want[f]);
        }
    }
#else
    CHECK(kernels_all[0] && !kernels_all[1], "no vectors here, only the reference");
#endif
}

/* --- quantize ------------------------------------------------------------------------------------ */

/* Error of one value: half a unit, up to one where the upper end is clamped, and the roundings of a
 * product of at most 127. */
static void oracle_quantize(const float *x, const uint8_t *q, float scale, int zero, int k)
{
    for (int i = 0; i < k; i++) {
        const double got = (double)scale * (q[i] - zero), limit = q[i] == 127 ? 1 : 0.5;
        CHECK(q[i] <= 127 && zero >= 0 && zero <= 127, "q %d, zero %d", q[i], zero);
        CHECK(fabs(got - x[i]) <= scale * (limit + 127 * 4 * u), "x %g came back as %g, scale %g", x[i], got, scale);
        if (x[i] == 0) CHECK(got == 0, "zero came back as %g", got);
    }
}

TEST(quantize)
{
    for (int trial = 0; trial < 600; trial++) {
        const int rows = 1 + below(9), k = 4 * (1 + below(trial % 10 ? 20 : 384)), kind = trial % KINDS;
        const float *x = numbers(rows * k, kind);
        uint8_t *want = output((size_t)rows * k, 1);
        float *want_scale = output((size_t)rows, 4);
        int32_t *want_zero = output((size_t)rows, 4);
        ref()->quantize(want, want_scale, want_zero, x, rows, k);
        for (int r = 0; r < rows && (kind == PLAIN || kind == WIDE || (kind >= ZERO && kind <= EQUAL)); r++)
            oracle_quantize(x + (size_t)r * k, want + (size_t)r * k, want_scale[r], want_zero[r], k);
        EACH_VARIANT(v) {
            uint8_t *q = output((size_t)rows * k, 1);
            float *scale = output((size_t)rows, 4);
            int32_t *zero = output((size_t)rows, 4);
            kernels_all[v]->quantize(q, scale, zero, x, rows, k);
            CHECK(!memcmp(q, want, (size_t)rows * k) && differ(scale, want_scale, rows) < 0 &&
                  !memcmp(zero, want_zero, (size_t)rows * 4), "%s, kind %d, %d x %d", kernels_all[v]->name, kind, rows, k);
        }
        release("quantize");
    }
}

/* --- linear -------------------------------------------------------------------------------------- */

/* Roundings: integer to float, product of the scales, product, sum. */
static void oracle_linear(const float *y, const uint8_t *q, float scale, int zero, const weights_matrix *w,
                          const float *bias, int relu)
{
    for (int c = 0; c < w->n; c++) {
        int64_t sum = 0;
        for (int i = 0; i < w->k; i++) sum += (q[i] - zero) * weight(w, i, c);
        const double product = (double)sum * scale * w->scale[c], add = bias ? bias[c] : 0;
        const double want = relu && product + add < 0 ? 0 : product + add;
        CHECK(fabs(y[c] - want) <= 3.01 * u * fabs(product) + u * fabs(want) + 1e-37,
              "column %d of %d, k %d: %.9g, not %.17g", c, w->n, w->k, y[c], want);
    }
}

TEST(linear)
{
    for (int trial = 0; trial < 240; trial++) {
        const int rows = 1 + below(trial % 8 ? 9 : 23), k = 4 * (1 + below(trial % 6 ? 64 : 384)), n = 8 * (1 + below(9));
        const int relu = below(2), extreme = below(3);
        const weights_matrix w = matrix(k, n, trial % 4);
        const float *bias = below(3) ? numbers(n, trial % 20 == 19 ? WILD : PLAIN) : NULL;
        uint8_t *q = take((size_t)rows * k, 0);
        float *scale = take((size_t)rows * 4, 0), *want = output((size_t)rows * n, 4);
        int32_t *zero = take((size_t)rows * 4, 0);
        const int zeros = 4 * below(3);               /* of 8 times four k: none, half, all but a byte here and there */
        for (int i = 0; i < rows * k; i++) q[i] = (uint8_t)(extreme ? below(128) : 127);
        for (int i = 0; i < rows * k; i += 4) {
            if (below(8) < zeros) memset(q + i, 0, 4);
            if (zeros && !below(8)) q[i + below(4)] = 1;
        }
        for (int r = 0; r < rows; r++) {
            scale[r] = trial % 17 ? check_uniform(0, 0.1f) : number(WILD);
            zero[r] = extreme ? below(128) : 127 * below(2);
        }
        ref()->linear(want, q, scale, zero, rows, &w, bias, relu, NULL);
        for (int r = 0; r < rows && trial % 17 && trial % 20 != 19; r++)
            oracle_linear(want + (size_t)r * n, q + (size_t)r * k, scale[r], zero[r], &w, bias, relu);
        EACH_VARIANT(v) {
            float *y = output((size_t)rows * n, 4);
            uint16_t *room = trial % 3 ? output(linear_room(rows, k), sizeof *room) : NULL;
            kernels_all[v]->linear(y, q, scale, zero, rows, &w, bias, relu, room);
            const int at = differ(y, want, rows * n);
            CHECK(at < 0, "%s: %d x %d x %d differs at %d: %.9g, %.9g", kernels_all[v]->name, rows, k, n, at,
                  y[at], want[at]);
        }
        release("linear");
    }
}

/* --- embed --------------------------------------------------------------------------------------- */

TEST(embed)
{
    for (int trial = 0; trial < 120; trial++) {
        const int k = 4 * (1 + below(96)), n = 8 * (1 + below(6)), column = below(n);
        const weights_matrix w = matrix(k, n, trial % 4);
        const float *add = numbers(k, trial % 2 ? PLAIN : trial % KINDS), factor = trial % 5 ? 16 : number(WILD);
        float *want = output((size_t)k, 4);
        ref()->embed(want, &w, column, factor, add);
        for (int i = 0; i < k && trial % 2 && trial % 5; i++) {
            const double product = (double)weight(&w, i, column) * w.scale[column] * factor;
            CHECK(fabs(want[i] - (product + add[i])) <= 2.01 * u * fabs(product) + u * fabs(product + add[i]),
                  "%.9g, not %.17g", want[i], product + add[i]);
        }
        EACH_VARIANT(v) {
            float *y = output((size_t)k, 4);
            kernels_all[v]->embed(y, &w, column, factor, add);
            CHECK(differ(y, want, k) < 0, "%s: k %d, column %d", kernels_all[v]->name, k, column);
        }
        release("embed");
    }
}

TEST(table)
{
    CHECK(!strcmp(ref()->name, "ref") && kernels_find("ref") == ref(), "the first is the reference");
    CHECK(!kernels_find("no such kernels"), "an unknown name finds nothing");
    int last = 0;
    EACH_VARIANT(v) { last = v; CHECK(kernels_find(kernels_all[v]->name) == kernels_all[v], "found by name"); }
    CHECK(kernels_find(NULL) == kernels_all[last], "the last is the default");
}

int main(void)
{
    RUN(table);
    RUN(vmath_bounds);
    RUN(vmath_bits);
    RUN(vmath_lanes);
    RUN(quantize);
    RUN(linear);
    RUN(embed);
    return check_report();
}
