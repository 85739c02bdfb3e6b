/* test_golden.c - the engine against PyTorch, tensor by tensor and by name, on small random models.
 *
 * tests/golden/X.bin is the model, X.trace.bin what scripts/train/golden.py saw in float32.
 * The engine's weights are int8 and its activations 7 bits, so tensors are compared by
 * |ours - theirs| / |theirs|. One rounding to 127 steps of a row's range costs about 1/127/sqrt(12) of the
 * range, 0.5 to 1 % of the row's norm; the dozen products of three layers add as squares: about 3 %. A softmax
 * makes absolute errors of scores relative ones of weights, and single small rows lie above the mean. So the
 * mean over all tensors has one bound and each tensor a wider one; sines and cosines in the wrong order, a
 * missing bias or a swapped gate give 30 % and more. A GRU's state moves by a part of each new value, which
 * averages the roundings, and tanh flattens them: the recurrent models are held to less. */
#include <math.h>
#include <string.h>

#include "arch/arch.h"
#include "golden_model.h"
#include "model.h"

static const double BOUND = 0.12, MEAN_BOUND = 0.05, RECURRENT_MEAN_BOUND = 0.02;
enum { MAX_SOURCE = 64, STEPS = 8 };

typedef struct {
    arena memory;             /* our container, and the trace */
    dm_model *model;
    marian_item *trace;
    int n_trace;
    char sentence;            /* '0', ... */
    int step;                 /* -1 while encoding */
    int compared;
    double errors;            /* sum of the relative errors */
} golden;

static const marian_item *find(const golden *g, const char *name)
{
    for (int i = 0; i < g->n_trace; i++)
        if (!strcmp(g->trace[i].name, name)) return &g->trace[i];
    return NULL;
}

static void compare(golden *g, const char *name, const float *ours, size_t n)
{
    const marian_item *item = find(g, name);
    CHECK(item && item->size == n * sizeof(float), "%s: %d values", name, (int)n);
    if (!item || item->size != n * sizeof(float)) return;
    double error = 0, norm = 0;
    for (size_t i = 0; i < n; i++) {
        float theirs;
        memcpy(&theirs, item->data + i * sizeof theirs, sizeof theirs);
        error += ((double)ours[i] - theirs) * ((double)ours[i] - theirs);
        norm += (double)theirs * theirs;
    }
    CHECK(sqrt(error / norm) <= BOUND, "%s: relative error %g", name, sqrt(error / norm));
    g->errors += sqrt(error / norm);
    g->compared++;
}

static void show(void *user, const char *name, int layer, const float *values, int rows, int cols)
{
    golden *g = user;
    char full[64];
    int at = snprintf(full, sizeof full, "s%c.", g->sentence);
    if (g->step >= 0) at += snprintf(full + at, sizeof full - (size_t)at, "step%d.", g->step);
    if (layer) snprintf(full + at, sizeof full - (size_t)at, "%s_l%d", name, layer);
    else snprintf(full + at, sizeof full - (size_t)at, "%s", name);
    compare(g, full, values, (size_t)rows * (size_t)cols);
}

static void compare_attention(golden *g, const arch_state *s, int n)
{
    for (int l = 0; l < s->cross.layers; l++) {
        char name[64];
        float packed[8 * MAX_SOURCE];
        snprintf(name, sizeof name, "s%c.step%d.decoder_l%d_attention", g->sentence, g->step, l + 1);
        for (int h = 0; h < s->cross.heads; h++)
            memcpy(packed + h * n, step_weights(&s->cross, l, 0, h), sizeof(float) * (size_t)n);
        compare(g, name, packed, (size_t)(s->cross.heads * n));
    }
}

/* Compares the logits and returns the token that PyTorch chose. */
static int32_t compare_logits(golden *g, const dm_kernels *k, const float *hidden)
{
    char name[64];
    const weights_matrix *w = &g->model->embedding;
    arena a;
    arena_init(&a, 1 << 16);
    uint8_t *q = arena_take(&a, (size_t)w->k, 1);
    float *logits = arena_take(&a, (size_t)w->n, sizeof *logits), scale;
    int32_t zero;
    k->quantize(q, &scale, &zero, hidden, 1, w->k);
    k->linear(logits, q, &scale, &zero, 1, w, g->model->output_bias, 0, NULL);
    snprintf(name, sizeof name, "s%c.step%d.logits", g->sentence, g->step);
    compare(g, name, logits, (size_t)g->model->cfg.vocab);
    const marian_item *item = find(g, name);
    int32_t best = 0;
    for (int32_t i = 0; item && i < g->model->cfg.vocab; i++) {
        float x, top;
        memcpy(&x, item->data + (size_t)i * sizeof x, sizeof x);
        memcpy(&top, item->data + (size_t)best * sizeof top, sizeof top);
        if (i != tokenizer_unk(g->model->vocab) && x > top) best = i;
    }
    arena_free(&a);
    return best;
}

static int open_golden(golden *g, const char *name)
{
    char path[96];
    size_t trace_size = 0;
    dm_error why = { "" };
    snprintf(path, sizeof path, "tests/golden/%s.trace.bin", name);
    char *trace = check_file(path, &trace_size);
    CHECK(trace, "%s is missing", path);
    if (!trace) return 0;
    arena_init(&g->memory, 1 << 16);
    char *kept = arena_take(&g->memory, trace_size, 1);
    memcpy(kept, trace, trace_size);
    free(trace);
    CHECK(!marian_items((dm_text){ kept, trace_size }, &g->memory, &g->trace, &g->n_trace, &why), "%s", why.text);
    g->model = golden_model(name, (dm_text){ NULL, 0 }, &g->memory);
    return g->model != NULL;
}

/* Decodes one sentence along PyTorch's choices. */
static void run_sentence(golden *g, const dm_kernels *k, const marian_item *ids_item)
{
    int32_t ids[MAX_SOURCE];
    const int n = (int)(ids_item->size / sizeof(float));
    CHECK(n > 0 && n <= MAX_SOURCE, "%d ids", n);
    for (int i = 0; i < n; i++) {
        float id;
        memcpy(&id, ids_item->data + (size_t)i * sizeof id, sizeof id);
        ids[i] = (int32_t)id;
    }
    const int offset[2] = { 0, n }, limit[1] = { STEPS };
    const batch_limits lim = { .sentences = 1, .source_tokens = n, .target_tokens = STEPS, .longest_source = n,
                               .longest_target = STEPS, .beams = 1 };
    const batch b = { ids, offset, limit, 1, NULL };
    arena a;
    arena_init(&a, 1 << 16);
    arch_state *s = g->model->arch->state_new(g->model, k, &lim, &a);
    float *hidden = arena_take(&a, (size_t)g->model->cfg.dim_emb, sizeof *hidden);
    s->trace = (arch_trace){ show, g };
    g->step = -1;
    g->model->arch->start(s, &b);
    while (g->model->arch->encode(s)) { }
    int32_t previous = 0;
    char next[64];
    for (g->step = 0; snprintf(next, sizeof next, "s%c.step%d.logits", g->sentence, g->step), find(g, next); g->step++) {
        g->model->arch->step(s, &previous, hidden);
        compare_attention(g, s, n);
        previous = compare_logits(g, k, hidden);
    }
    CHECK(g->step > 1, "%d steps", g->step);
    arena_free(&a);
}

/* n: how many tensors the traces hold */
static void run_model(const char *model, const char *architecture, int n, double mean_bound)
{
    golden g = { 0 };
    if (!open_golden(&g, model)) return;
    const char *found = dm_model_architecture(g.model);
    CHECK(!strcmp(found, architecture), "%s is of architecture %s", model, found);
    int sentences = 0;
    for (int v = 0; kernels_all[v]; v++) {
        g.compared = 0;
        g.errors = 0;
        for (g.sentence = '0'; g.sentence <= '9'; g.sentence++) {
            const char name[] = { 's', g.sentence, '.', 'i', 'd', 's', 0 };
            const marian_item *ids = find(&g, name);
            if (!ids) break;
            run_sentence(&g, kernels_all[v], ids);
            sentences++;
        }
        CHECK(g.compared == n, "%s: %d tensors compared", model, g.compared);
        CHECK(g.errors / g.compared <= mean_bound, "%s: mean error %g", model, g.errors / g.compared);
    }
    CHECK(sentences > 0, "no sentence in the trace");
    dm_model_close(g.model);
    arena_free(&g.memory);
}

TEST(ssru_decoder) { run_model("transformer-ssru", "transformer", 129, MEAN_BOUND); }
TEST(self_attention_decoder) { run_model("transformer-selfattn", "transformer", 126, MEAN_BOUND); }
/* Two sentences of three steps: the encoder's two tensors, and at each step context, state, output and logits. */
TEST(rnn) { run_model("rnn", "rnn", 2 * (2 + 3 * 4), RECURRENT_MEAN_BOUND); }
/* One more at each step: the attention. */
TEST(bahdanau) { run_model("bahdanau", "bahdanau", 2 * (2 + 3 * 5), RECURRENT_MEAN_BOUND); }

int main(void)
{
    RUN(ssru_decoder);
    RUN(self_attention_decoder);
    RUN(rnn);
    RUN(bahdanau);
    return check_report();
}
