/* test_search_models.c - beam search over the small models of tests/golden, on every kernel set.
 *
 * A hypothesis that changed rows a dozen times must have the very numbers of a decoder that is led along its
 * tokens alone: log-probability and every attention, bit for bit. That is what reorder is for. And a sentence
 * must give the same hypotheses alone and among others. With a shortlist, too; and one that has every token
 * gives what none gives, bit for bit. */
#include <string.h>

#include "golden_model.h"
#include "lexicon_sample.h"
#include "search_check.h"

enum { BEAM = 5, WORDS = 40, LONGEST_TARGET = 14, PIECES = 304 };

typedef struct { arena memory; dm_model *model; int32_t ids[WORDS]; sentences in; } subject;

/* share: percent of the tokens that a token may become; 0: no shortlist. */
static int open_subject(subject *s, const char *name, int share)
{
    arena_init(&s->memory, 1 << 16);
    lexicon_sample lists = lexicon_random(PIECES, 0, share);
    const dm_text lexicon = lexicon_write(&lists);
    s->model = golden_model(name, share ? lexicon : (dm_text){ NULL, 0 }, &s->memory);
    free((void *)(uintptr_t)lexicon.bytes);
    free(lists.lists);
    return s->model != NULL;
}

/* Sentences of 3 to 9 words. No output may be so long that it counts as a repetition. */
static void make_sentences(subject *s)
{
    const int lengths[] = { 5, 3, 9, 7, 6 };
    s->in = (sentences){ .ids = s->ids, .n = 5 };
    for (int i = 0; i < s->in.n; i++) {
        const int first = s->in.offset[i], end = first + lengths[i];
        for (int j = first; j < end; j++)
            s->ids[j] = 2 + (int32_t)(check_random() % (uint32_t)(s->model->cfg.vocab - 2));
        s->ids[end - 1] = tokenizer_eos(s->model->vocab);
        s->in.offset[i + 1] = end;
        s->in.limit[i] = lengths[i] + 8 < LONGEST_TARGET ? lengths[i] + 8 : LONGEST_TARGET;
    }
}

static int same_rows(const float *kept, const step_attention *a, int n, int stride)
{
    for (int i = 0; i < a->layers * a->heads; i++)
        if (memcmp(kept + i * stride, step_weights(a, i / a->heads, 0, i % a->heads), sizeof(float) * (size_t)n)) return 0;
    return 1;
}

/* log p(token) after one row of hidden; the largest log p where token is negative. */
static float log_prob(const dm_model *m, const dm_kernels *k, const output_part *output, const float *hidden, int32_t token,
                      arena *a)
{
    quantized input;
    float log_sum, *logits = arena_take(a, (size_t)output->layer.w.n, sizeof *logits);
    quantized_new(&input, 1, m->cfg.dim_emb, a);
    quantized_set(&input, k, hidden, 1, m->cfg.dim_emb);
    linear_apply(&output->layer, k, &input, logits);
    const int best = k->argmax(logits, output->layer.w.n, output->unk, &log_sum);
    return (logits[token < 0 ? best : output_column(output, token)] - logits[best]) - log_sum;
}

/* Leads a decoder of one row along a hypothesis. */
static void follow(const dm_model *m, const dm_kernels *k, const sentences *in, const search_item *it, const hypothesis *h)
{
    int nodes[LONGEST_TARGET];
    search_nodes(it, h, nodes);
    const batch b = { in->ids, in->offset, in->limit, 1, NULL };
    const batch_limits lim = { 1, it->n_source, it->limit, it->n_source, it->limit, 1 };
    arena a;
    arena_init(&a, 1 << 16);
    arch_state *s = m->arch->state_new(m, k, &lim, &a);
    float *hidden = arena_take(&a, (size_t)m->cfg.dim_emb, sizeof *hidden), sum = 0;
    m->arch->start(s, &b);
    while (m->arch->encode(s)) { }
    int32_t previous = 0;
    for (int t = 0; t < h->n; t++) {
        const int last = h->cut && t + 1 == h->n;
        m->arch->step(s, &previous, hidden);
        previous = it->ids[nodes[t]];
        sum += log_prob(m, k, &it->output, hidden, last ? -1 : previous, &a);
        const int cross = s->cross.layers * s->cross.heads, self = s->self.layers * s->self.heads;
        if (self) CHECK(same_rows(it->self + nodes[t] * self * it->limit, &s->self, t + 1, it->limit), "step %d", t);
        if (!cross) continue;
        const int n = it->n_source;
        CHECK(same_rows(it->cross + nodes[t] * cross * n, &s->cross, n, n), "step %d", t);
        CHECK(!memcmp(it->alignment + nodes[t] * n, step_weights(&s->cross, m->cfg.alignment_layer, 0, 0),
                      sizeof(float) * (size_t)n), "step %d", t);
    }
    CHECK(previous == tokenizer_eos(m->vocab), "ends with %d", previous);
    CHECK(sum == h->log_prob, "%.9g, not %.9g", sum, h->log_prob);
    CHECK(h->score == sum / (float)h->n, "score %g", h->score);
    arena_free(&a);
}

static void same_hypotheses(const search_item *a, const search_item *b)
{
    int x[LONGEST_TARGET], y[LONGEST_TARGET];
    CHECK(a->n_found == b->n_found, "%d and %d", a->n_found, b->n_found);
    for (int i = 0; i < a->n_found && i < b->n_found; i++) {
        const hypothesis *g = &a->found[i], *h = &b->found[i];
        CHECK(g->n == h->n && g->score == h->score && g->cut == h->cut, "hypothesis %d: %g and %g", i, g->score, h->score);
        search_nodes(a, g, x);
        search_nodes(b, h, y);
        for (int t = 0; t < g->n && g->n == h->n; t++) CHECK(a->ids[x[t]] == b->ids[y[t]], "hypothesis %d, token %d", i, t);
    }
}

/* Hypotheses that once shared a row and now do not: without some the test would see no reorder. */
static int branches(const search_item *it)
{
    int n = 0;
    for (int i = 1; i < it->n_found; i++) {
        int x[LONGEST_TARGET], y[LONGEST_TARGET];
        search_nodes(it, &it->found[0], x);
        search_nodes(it, &it->found[i], y);
        n += x[0] == y[0];
    }
    return n;
}

static void search_all(const char *name, int share)
{
    subject s = { 0 };
    if (!open_subject(&s, name, share)) return;
    int branched = 0;
    for (int round = 0; round < 3; round++) {
        make_sentences(&s);
        arena a;
        arena_init(&a, 1 << 16);
        const search_item *first = NULL;
        for (int k = 0; kernels_all[k]; k++) {
            const search_item *all = check_search(s.model, kernels_all[k], &s.in, BEAM, 1, &a);
            for (int i = 0; i < s.in.n; i++) {
                const sentences one = only(&s.in, i);
                for (int j = 0; j < all[i].n_found; j++) follow(s.model, kernels_all[k], &one, &all[i], &all[i].found[j]);
                same_hypotheses(&all[i], check_search(s.model, kernels_all[k], &one, BEAM, 1, &a));
                if (first) same_hypotheses(&all[i], &first[i]);
                branched += branches(&all[i]);
            }
            first = all;
        }
        arena_free(&a);
    }
    CHECK(branched > 10, "%s: %d branches", name, branched);
    dm_model_close(s.model);
    arena_free(&s.memory);
}

/* With all tokens in every list the hypotheses are those without a shortlist; with some of them, others. */
static void compare_lists(const char *name)
{
    int differ = 0;
    for (int share = 100; share >= 20; share -= 80) {
        subject s = { 0 };
        arena a;
        arena_init(&a, 1 << 16);
        if (!open_subject(&s, name, share)) return;
        make_sentences(&s);
        dm_model whole = *s.model;
        whole.shortlist = NULL;
        const search_item *with = check_search(s.model, kernels_all[0], &s.in, BEAM, 1, &a);
        const search_item *without = check_search(&whole, kernels_all[0], &s.in, BEAM, 1, &a);
        for (int i = 0; i < s.in.n; i++) {
            if (share == 100) same_hypotheses(&with[i], &without[i]);
            else differ += with[i].found[0].score != without[i].found[0].score;
            CHECK(with[i].output.ids && !without[i].output.ids, "sentence %d", i);
        }
        dm_model_close(s.model);
        arena_free(&s.memory);
        arena_free(&a);
    }
    CHECK(differ > 0, "%s: the shortlist changes nothing", name);
}

static void run_model(const char *name)
{
    search_all(name, 0);
    search_all(name, 30);
    compare_lists(name);
}

TEST(ssru_decoder) { run_model("transformer-ssru"); }
TEST(self_attention_decoder) { run_model("transformer-selfattn"); }
TEST(rnn) { run_model("rnn"); }
TEST(bahdanau) { run_model("bahdanau"); }

int main(void)
{
    RUN(ssru_decoder);
    RUN(self_attention_decoder);
    RUN(rnn);
    RUN(bahdanau);
    return check_report();
}
