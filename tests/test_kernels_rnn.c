/* test_kernels_rnn.c - the kernels of recurrent networks: every variant against the reference bit for bit,
 * and the reference against double precision, with bounds that count the roundings of its contract. */
#include "kernels_case.h"

static int plain(int kind) { return kind == PLAIN || (kind >= POSITIVE && kind <= EQUAL); }

/* --- GRU ----------------------------------------------------------------------------------------- */

typedef struct { double value, off; } gate;

/* sigmoid(a + b): one rounding of the sum, of which the slope lets a quarter through. */
static gate gate_of(float a, float b)
{
    const double sum = (double)a + b, value = 1 / (1 + exp(-sum));
    return (gate){ value, SIGMOID * value + 0.26 * u * fabs(sum) };
}

static void oracle_gru(const float *h, const float *before, const float *x_gates, const float *h_gates,
                       const float *x_new, const float *h_new, int n)
{
    for (int i = 0; i < n; i++) {
        const gate r = gate_of(x_gates[i], h_gates[i]), z = gate_of(x_gates[n + i], h_gates[n + i]);
        const double sum = x_new[i] + h_new[i] * r.value, c = tanh(sum);
        const double off = 1.01 * (fabs(h_new[i]) * (r.off + u * r.value) + u * fabs(sum)) + SIGMOID * fabs(c);
        const double want = (1 - z.value) * c + z.value * before[i];
        const double bound = 1.01 * (off + (fabs(c) + fabs(before[i])) * (z.off + 3 * u));
        CHECK(fabs(h[i] - want) <= bound, "unit %d of %d: %.9g, not %.17g within %g", i, n, h[i], want, bound);
    }
}

TEST(gru)
{
    for (int trial = 0; trial < 300; trial++) {
        const int n = 4 * (1 + below(trial % 9 ? 20 : 160)), kind = trial % KINDS;
        const float *x_gates = numbers(2 * n, kind), *h_gates = numbers(2 * n, kind), *before = numbers(n, kind);
        const float *x_new = numbers(n, kind), *h_new = numbers(n, kind);
        float *want = output((size_t)n, 4);
        memcpy(want, before, (size_t)n * 4);
        ref()->gru(want, x_gates, h_gates, x_new, h_new, n);
        if (plain(kind)) oracle_gru(want, before, x_gates, h_gates, x_new, h_new, n);
        EACH_VARIANT(v) {
            float *h = output((size_t)n, 4);
            memcpy(h, before, (size_t)n * 4);
            kernels_all[v]->gru(h, x_gates, h_gates, x_new, h_new, n);
            CHECK(differ(h, want, n) < 0, "%s, kind %d, %d units", kernels_all[v]->name, kind, n);
        }
        release("gru");
    }
}

/* A closed update gate keeps the state, an open one forgets it; a closed reset gate hides the old state. */
TEST(gru_gates)
{
    const float closed = -200, open = 200, zero[4] = { 0 }, half[4] = { 0.5f, 0.5f, 0.5f, 0.5f };
    EACH_VARIANT(v) {
        float h[4] = { 3, -1, 0.25f, 7 }, x[8];
        for (int i = 0; i < 8; i++) x[i] = open;
        kernels_all[v]->gru(h, x, (float[8]){ 0 }, half, half, 4);
        CHECK(h[0] == 3 && h[1] == -1 && h[2] == 0.25f && h[3] == 7, "%s: z = 1 keeps", kernels_all[v]->name);
        for (int i = 0; i < 8; i++) x[i] = closed;
        kernels_all[v]->gru(h, x, (float[8]){ 0 }, half, half, 4);
        for (int i = 0; i < 4; i++) CHECK(h[i] == tanh_f32(0.5f), "%s: r = 0: %g", kernels_all[v]->name, h[i]);
        for (int i = 0; i < 4; i++) x[i] = open;
        kernels_all[v]->gru(h, x, (float[8]){ 0 }, zero, half, 4);
        for (int i = 0; i < 4; i++) CHECK(h[i] == tanh_f32(0.5f), "%s: r = 1: %g", kernels_all[v]->name, h[i]);
    }
}

/* --- tanh of a sum ------------------------------------------------------------------------------- */

TEST(tanh_sum)
{
    for (int trial = 0; trial < 300; trial++) {
        const int n = 4 * (1 + below(80)), n_terms = 1 + below(4), kind = trial % KINDS, in_place = below(n_terms);
        const float *terms[4];
        for (int t = 0; t < n_terms; t++) terms[t] = numbers(n, kind);
        float *want = output((size_t)n, 4);
        ref()->tanh_sum(want, terms, n_terms, n);
        for (int i = 0; i < n && plain(kind); i++) {
            double sum = 0, size = 0;
            for (int t = 0; t < n_terms; t++) {
                sum += terms[t][i];
                size += fabs(terms[t][i]);
            }
            const double bound = 1.01 * (n_terms - 1) * u * size + SIGMOID * fabs(tanh(sum));
            CHECK(fabs(want[i] - tanh(sum)) <= bound, "%.9g, not %.17g", want[i], tanh(sum));
        }
        EACH_VARIANT(v) for (int alias = 0; alias < 2; alias++) {
            float *y = output((size_t)n, 4);
            const float *of[4];
            memcpy(of, terms, sizeof of);
            if (alias) {
                memcpy(y, terms[in_place], (size_t)n * 4);
                of[in_place] = y;
            }
            kernels_all[v]->tanh_sum(y, of, n_terms, n);
            CHECK(differ(y, want, n) < 0, "%s, kind %d, %d terms of %d", kernels_all[v]->name, kind, n_terms, n);
        }
        release("tanh_sum");
    }
}

/* --- additive attention -------------------------------------------------------------------------- */

typedef struct { const float *q, *weight, *keys, *values; int n, d; } head;

static void oracle_attend_added(const head *h, const float *out, const float *probs)
{
    double score[128], most = -INFINITY, total = 0, off = 0;
    for (int s = 0; s < h->n; s++) {
        double size = 0, slips = 0;
        score[s] = 0;
        for (int i = 0; i < h->d; i++) {
            const double sum = (double)h->keys[s * h->d + i] + h->q[i], product = h->weight[i] * tanh(sum);
            score[s] += product;
            size += fabs(product);
            slips += fabs(product) * (SIGMOID + u) + fabs(h->weight[i]) * u * fabs(sum);
        }
        off = fmax(off, 1.01 * (slips + (h->d / 4 + 2) * u * size));
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
            want += (double)probs[s] * h->values[s * h->d + i];
            size += fabs((double)probs[s] * h->values[s * h->d + i]);
        }
        CHECK(fabs(out[i] - want) <= 1.01 * u * (h->n + 1) * size + 1e-37, "out %d: %.9g, not %.17g", i, out[i], want);
    }
}

TEST(attend_added)
{
    for (int trial = 0; trial < 300; trial++) {
        const int n = 1 + below(trial % 5 ? 20 : 100), d = 4 * (1 + below(20)), kind = trial % KINDS;
        const head h = { numbers(d, kind), numbers(d, kind), numbers(n * d, kind), numbers(n * d, kind), n, d };
        float *want = output((size_t)d, 4), *want_probs = output((size_t)lanes(n), 4);
        ref()->attend_added(want, want_probs, h.q, h.weight, h.keys, h.values, n, d);
        if (plain(kind)) oracle_attend_added(&h, want, want_probs);
        EACH_VARIANT(v) {
            float *out = output((size_t)d, 4), *probs = output((size_t)lanes(n), 4);
            kernels_all[v]->attend_added(out, probs, h.q, h.weight, h.keys, h.values, n, d);
            CHECK(differ(probs, want_probs, lanes(n)) < 0 && differ(out, want, d) < 0,
                  "%s, kind %d, %d keys of %d", kernels_all[v]->name, kind, n, d);
        }
        release("attend_added");
    }
}

int main(void)
{
    RUN(gru);
    RUN(gru_gates);
    RUN(tanh_sum);
    RUN(attend_added);
    return check_report();
}
