/* test_kernels_float.c - the float kernels: every variant against the reference bit for bit, and the
 * reference against double precision, with bounds that count the roundings of its contract. A sum of
 * n floats in four lanes is off by at most (n/4 + 2) u times the sum of the magnitudes. */
#include "kernels_case.h"

static int plain(int kind) { return kind == PLAIN || (kind >= POSITIVE && kind <= EQUAL); }

/* --- layer norm ---------------------------------------------------------------------------------- */

static void oracle_layer_norm(const float *y, const float *x, const float *residual, const float *gain,
                              const float *bias, int n, float eps)
{
    double mean = 0, size = 0, variance = 0, most = 0;
    for (int i = 0; i < n; i++) {
        mean += ((double)x[i] + residual[i]) / n;
        size += fabs((double)x[i] + residual[i]) / n;
        most = fmax(most, fabs((double)x[i] + residual[i]));
    }
    for (int i = 0; i < n; i++) variance += pow((double)x[i] + residual[i] - mean, 2) / n;
    /* s is off by u |s|, the mean by its sum and division, the difference by one more rounding; the
     * variance by twice that against the mean deviation, which is at most the standard deviation. */
    const double off = 1.01 * u * (3 * most + (n / 4 + 4) * size), deviation = sqrt(variance);
    const double root = sqrt(variance + eps);
    const double off_root = (2 * off * deviation + off * off) / (2 * root * root) + (n / 4 + 8) * u;
    for (int i = 0; i < n; i++) {
        const double d = (double)x[i] + residual[i] - mean, want = d / root * gain[i] + bias[i];
        const double bound = 1.01 * fabs(gain[i]) / root * (off + fabs(d) * (off_root + 5 * u)) + u * fabs(want);
        CHECK(fabs(y[i] - want) <= bound, "value %d of %d: %.9g, not %.17g within %g", i, n, y[i], want, bound);
    }
}

TEST(add_layer_norm)
{
    for (int trial = 0; trial < 300; trial++) {
        const int rows = 1 + below(4), n = 4 * (1 + below(trial % 9 ? 20 : 150)), kind = trial % KINDS, size = rows * n;
        const float *x = numbers(size, kind), *residual = numbers(size, kind), eps = trial % 2 ? 1e-6f : 1e-3f;
        const float *gain = numbers(n, PLAIN), *bias = numbers(n, PLAIN);
        float *want = output((size_t)size, 4);
        ref()->add_layer_norm(want, x, residual, gain, bias, rows, n, eps);
        for (int r = 0; r < rows && plain(kind); r++)
            oracle_layer_norm(want + r * n, x + r * n, residual + r * n, gain, bias, n, eps);
        EACH_VARIANT(v) for (int alias = 0; alias < 3; alias++) {
            float *y = output((size_t)size, 4);
            if (alias) memcpy(y, alias == 1 ? x : residual, (size_t)size * 4);
            kernels_all[v]->add_layer_norm(y, alias == 1 ? y : x, alias == 2 ? y : residual, gain, bias, rows, n, eps);
            CHECK(differ(y, want, size) < 0, "%s, kind %d, %d x %d, alias %d", kernels_all[v]->name, kind, rows, n, alias);
        }
        release("add_layer_norm");
    }
}

/* --- attention ----------------------------------------------------------------------------------- */

typedef struct { const float *q, *keys_t, *values; int stride, value_stride, n, d; float scale; } head;

static void oracle_attend(const head *h, const float *out, const float *probs)
{
    double score[128], most = -INFINITY, total = 0, off = 0;
    for (int s = 0; s < h->n; s++) {
        double size = 0;
        score[s] = 0;
        for (int i = 0; i < h->d; i++) {
            const double product = (double)h->q[i] * h->keys_t[i * h->stride + s];
            score[s] += product * h->scale;
            size += fabs(product) * h->scale;
        }
        off = fmax(off, 1.01 * u * (h->d + 2) * size);
        most = fmax(most, score[s]);
    }
    for (int s = 0; s < h->n; s++) total += exp(score[s] - most);
    for (int s = 0; s < h->n; s++) {
        /* The score, the maximum and their difference, over and under the line; two exps, the sum, the product. */
        const double want = exp(score[s] - most) / total, spread = fabs(score[s] - most);
        const double bound = want * (expm1(4 * off + u * (spread + 4)) + 2 * VMATH + (h->n / 4 + 6) * u) + 1e-37;
        CHECK(fabs(probs[s] - want) <= bound, "weight %d of %d: %.9g, not %.17g", s, h->n, probs[s], want);
    }
    for (int s = h->n; s < lanes(h->n); s++) CHECK(probs[s] == 0, "padding %d of %d", s, h->n);
    for (int i = 0; i < h->d; i++) {
        double want = 0, size = 0;
        for (int s = 0; s < h->n; s++) {
            want += (double)probs[s] * h->values[s * h->value_stride + i];
            size += fabs((double)probs[s] * h->values[s * h->value_stride + i]);
        }
        CHECK(fabs(out[i] - want) <= 1.01 * u * (h->n + 1) * size + 1e-37, "out %d: %.9g, not %.17g", i, out[i], want);
    }
}

TEST(attend)
{
    for (int trial = 0; trial < 400; trial++) {
        const int n = 1 + below(trial % 5 ? 20 : 100), d = 4 * (1 + below(20)), kind = trial % KINDS;
        head h = { .n = n, .d = d, .stride = lanes(n) + 4 * below(3), .value_stride = d + 4 * below(3) };
        h.scale = 1.0f / sqrtf((float)d);
        h.q = numbers(d, kind);
        float *keys = take((size_t)(d - 1) * h.stride * 4 + (size_t)lanes(n) * 4, 0);
        for (int i = 0; i < (d - 1) * h.stride + lanes(n); i++) keys[i] = number(kind == WILD ? PLAIN : kind);
        h.keys_t = keys;
        h.values = numbers((n - 1) * h.value_stride + d, kind);
        float *want = output((size_t)d, 4), *want_probs = output((size_t)lanes(n), 4);
        ref()->attend(want, want_probs, h.q, h.keys_t, h.stride, h.values, h.value_stride, n, d, h.scale);
        if (plain(kind)) oracle_attend(&h, want, want_probs);
        EACH_VARIANT(v) {
            float *out = output((size_t)d, 4), *probs = output((size_t)lanes(n), 4);
            kernels_all[v]->attend(out, probs, h.q, h.keys_t, h.stride, h.values, h.value_stride, n, d, h.scale);
            CHECK(differ(probs, want_probs, lanes(n)) < 0 && differ(out, want, d) < 0,
                  "%s, kind %d, %d keys of %d", kernels_all[v]->name, kind, n, d);
        }
        release("attend");
    }
}

/* --- SSRU ---------------------------------------------------------------------------------------- */

TEST(ssru)
{
    for (int trial = 0; trial < 200; trial++) {
        const int n = 4 * (1 + below(80)), kind = trial % KINDS;
        const float *f_in = numbers(n, kind), *x = numbers(n, kind), *before = numbers(n, kind);
        float *want = output((size_t)n, 4), *want_c = output((size_t)n, 4);
        memcpy(want_c, before, (size_t)n * 4);
        ref()->ssru(want, want_c, f_in, x, n);
        for (int i = 0; i < n && plain(kind); i++) {
            const double f = 1 / (1 + exp(-(double)f_in[i])), kept = f * before[i], fresh = (1 - f) * x[i];
            const double bound = fabs(kept) * (SIGMOID + 3 * u) + fabs(x[i]) * (SIGMOID * f + 3 * u);
            CHECK(fabs(want_c[i] - (kept + fresh)) <= bound, "cell %.9g, not %.17g", want_c[i], kept + fresh);
            CHECK(want[i] == (want_c[i] > 0 ? want_c[i] : 0), "output %g of cell %g", want[i], want_c[i]);
        }
        EACH_VARIANT(v) {
            float *y = output((size_t)n, 4), *c = output((size_t)n, 4);
            memcpy(c, before, (size_t)n * 4);
            kernels_all[v]->ssru(y, c, f_in, x, n);
            CHECK(differ(y, want, n) < 0 && differ(c, want_c, n) < 0, "%s, kind %d, n %d", kernels_all[v]->name, kind, n);
        }
        release("ssru");
    }
}

/* --- argmax -------------------------------------------------------------------------------------- */

static void oracle_argmax(const float *x, int n, int skip, int best, float log_sum)
{
    int want = -1;
    double sum = 0, off = 0;
    for (int i = 0; i < n; i++) if (i != skip && (want < 0 || x[i] > x[want])) want = i;
    CHECK(best == want, "argmax of %d is %d, not %d", n, best, want);
    for (int i = 0; i < n; i++) {
        const double z = (double)x[i] - x[want], e = i == skip || isinf(x[i]) ? 0 : exp(z);
        sum += e;
        if (e > 0) off += e * (fabs(z) * u + VMATH);
    }
    const double bound = 1.01 * (off / sum + (n / 4 + 3) * u) + VMATH * log(sum);
    CHECK(fabs(log_sum - log(sum)) <= bound, "log sum %.9g, not %.17g", log_sum, log(sum));
}

TEST(argmax)
{
    for (int trial = 0; trial < 500; trial++) {
        const int n = 4 * (1 + below(trial % 10 ? 12 : 500)), kind = trial % KINDS;
        float *x = numbers(n, kind), want_sum, sum;
        for (int i = n - below(4); i < n; i++) x[i] = -INFINITY;                 /* padding */
        if (trial % 3 == 0) x[below(n)] = x[below(n)] = 9;                     /* perhaps two maxima */
        const int skip = below(3) ? below(n) : -1, want = ref()->argmax(x, n, skip, &want_sum);
        if (plain(kind) && n > 4) oracle_argmax(x, n, skip, want, want_sum);
        EACH_VARIANT(v) {
            const int best = kernels_all[v]->argmax(x, n, skip, &sum);
            CHECK(best == want && differ(&sum, &want_sum, 1) < 0, "%s, kind %d, n %d, skip %d: %d, not %d; %.9g, %.9g",
                  kernels_all[v]->name, kind, n, skip, best, want, sum, want_sum);
        }
        release("argmax");
    }
}

TEST(argmax_of_nothing)
{
    float nothing[8] = { NAN, -INFINITY, NAN, NAN, -INFINITY, NAN, NAN, -INFINITY }, sum;
    EACH_VARIANT(v) {
        CHECK(kernels_all[v]->argmax(nothing, 8, -1, &sum) == 0 && sum == INFINITY, "%s", kernels_all[v]->name);
        CHECK(kernels_all[v]->argmax(nothing, 8, 0, &sum) == 1 && sum == INFINITY, "%s", kernels_all[v]->name);
        float one[8] = { NAN, -INFINITY, NAN, NAN, -INFINITY, -FLT_MAX, NAN, -INFINITY };
        CHECK(kernels_all[v]->argmax(one, 8, -1, &sum) == 5 && isnan(sum), "%s", kernels_all[v]->name);
        CHECK(kernels_all[v]->argmax(one, 8, 5, &sum) == 0 && sum == INFINITY, "%s", kernels_all[v]->name);
    }
}

int main(void)
{
    RUN(add_layer_norm);
    RUN(attend);
    RUN(ssru);
    RUN(argmax);
    RUN(argmax_of_nothing);
    return check_report();
}
