#include "search/search.h"

#include <string.h>

#include "nn/layers.h"

/* A tail of LOOP_REPEATS equal blocks of up to LOOP_PERIOD tokens, in an output that is already longer
 * than its source by LOOP_SLACK, is a repetition and not a translation. */
enum { LOOP_PERIOD = 8, LOOP_REPEATS = 4, LOOP_SLACK = 8 };

struct search {
    const dm_model *model;
    const dm_kernels *kernels;
    arch_state *arch;
    search_item *items;       /* (B) */
    int rows, encoding;
    int *item, *parent;       /* (rows) sentence of a row; the row it goes on from */
    int32_t *previous;        /* (rows) */
    float *hidden, *logits;   /* (rows, D), (rows, V padded) */
    quantized input;
};

search *search_new(const dm_model *m, const dm_kernels *k, const batch_limits *lim, arena *a)
{
    const int rows = lim->sentences * lim->beams;
    search *s = arena_take(a, 1, sizeof *s);
    if (!s) return NULL;
    s->model = m;
    s->kernels = k;
    s->arch = m->arch->state_new(m, k, lim, a);
    s->item = arena_take(a, (size_t)rows, sizeof *s->item);
    s->parent = arena_take(a, (size_t)rows, sizeof *s->parent);
    s->previous = arena_take(a, (size_t)rows, sizeof *s->previous);
    s->hidden = arena_take(a, (size_t)rows * (size_t)m->cfg.dim_emb, sizeof *s->hidden);
    s->logits = arena_take(a, (size_t)rows * (size_t)m->embedding.n, sizeof *s->logits);
    quantized_new(&s->input, rows, m->cfg.dim_emb, a);
    return a->failed ? NULL : s;
}

void search_start(search *s, const batch *b, search_item *items)
{
    s->items = items;
    s->rows = b->n;
    s->encoding = 1;
    for (int i = 0; i < b->n; i++) {
        s->item[i] = i;
        s->previous[i] = 0;
        items[i].n = items[i].cut = items[i].done = 0;
        items[i].log_prob = 0;
    }
    s->model->arch->start(s->arch, b);
}

/* (layers, heads, n) of one row, layer by layer. */
static void copy_attention(float *out, const step_attention *a, int row, int n, int stride)
{
    for (int l = 0; l < a->layers; l++)
        for (int h = 0; h < a->heads; h++)
            memcpy(out + (size_t)(l * a->heads + h) * (size_t)stride, step_weights(a, l, row, h), sizeof(float) * (size_t)n);
}

static void keep_step(search *s, int row, search_item *it)
{
    const step_attention *cross = &s->arch->cross, *self = &s->arch->self;
    const size_t t = (size_t)it->n, n = (size_t)it->n_source;
    if (cross->layers)
        memcpy(it->alignment + t * n, step_weights(cross, s->model->cfg.alignment_layer, row, 0), sizeof(float) * n);
    if (it->cross)
        copy_attention(it->cross + t * n * (size_t)(cross->layers * cross->heads), cross, row, it->n_source, it->n_source);
    if (it->self)
        copy_attention(it->self + t * (size_t)it->limit * (size_t)(self->layers * self->heads), self, row, it->n + 1, it->limit);
}

/* Length of the block that the last tokens repeat, or 0. */
static int loop_period(const search_item *it)
{
    if (it->n <= it->n_source + LOOP_SLACK) return 0;
    for (int p = 1; p <= LOOP_PERIOD && p * LOOP_REPEATS <= it->n; p++) {
        const int from = it->n - p * LOOP_REPEATS;
        int i = from;
        while (i + p < it->n && it->ids[i] == it->ids[i + p]) i++;
        if (i + p == it->n) return p;
    }
    return 0;
}

/* After tokens were taken back, the last step's attention to them goes to those that are left, in proportion. */
static void share_out(const search *s, search_item *it)
{
    const size_t heads = (size_t)(s->arch->self.layers * s->arch->self.heads);
    for (size_t h = 0; h < heads; h++) {
        float *row = it->self + ((size_t)it->n * heads + h) * (size_t)it->limit, sum = 0;
        for (int i = 0; i <= it->n; i++) sum += row[i];
        for (int i = 0; sum > 0 && i <= it->n; i++) row[i] /= sum;
    }
}

/* Appends a token; at the limit, and in place of a repetition, end-of-sentence. */
static void append(search *s, int row, search_item *it, int id, float log_prob)
{
    const int eos = tokenizer_eos(s->model->vocab);
    if (it->n == it->limit - 1 && id != eos) {
        id = eos;
        it->cut = 1;
    }
    it->ids[it->n] = id;
    keep_step(s, row, it);
    it->n++;
    it->log_prob += log_prob;
    const int period = loop_period(it);
    if (period && id != eos) {
        it->n -= period * (LOOP_REPEATS - 1);
        it->ids[it->n] = eos;
        keep_step(s, row, it);
        if (it->self) share_out(s, it);
        it->n++;
        it->cut = 1;
    }
    it->done = it->ids[it->n - 1] == eos;
}

/* Finished rows leave the batch. */
static void compact(search *s)
{
    int rows = 0;
    for (int r = 0; r < s->rows; r++) {
        if (s->items[s->item[r]].done) continue;
        s->parent[rows] = r;
        s->item[rows] = s->item[r];
        s->previous[rows] = s->previous[r];
        rows++;
    }
    if (rows < s->rows) s->model->arch->reorder(s->arch, s->parent, rows);
    s->rows = rows;
}

static void decode(search *s)
{
    const dm_model *m = s->model;
    m->arch->step(s->arch, s->previous, s->hidden);
    quantized_set(&s->input, s->kernels, s->hidden, s->rows, m->cfg.dim_emb);
    const linear output = { m->embedding, m->output_bias };
    linear_apply(&output, s->kernels, &s->input, s->logits);
    for (int r = 0; r < s->rows; r++) {
        float log_sum;
        const int id = s->kernels->argmax(s->logits + (size_t)r * (size_t)m->embedding.n, m->embedding.n,
                                          tokenizer_unk(m->vocab), &log_sum);
        s->previous[r] = id >= 0 ? id : tokenizer_eos(m->vocab);   /* none where every logit is NaN */
        append(s, r, &s->items[s->item[r]], s->previous[r], -log_sum);
    }
    compact(s);
}

int search_run(search *s)
{
    if (s->encoding) s->encoding = s->model->arch->encode(s->arch);
    else decode(s);
    return s->encoding || s->rows > 0;
}

attention_shape search_attention_shape(const search *s)
{
    const arch_state *a = s->arch;
    const int heads = a->cross.layers ? a->cross.heads : a->self.heads;
    return (attention_shape){ a->encoder_layers, a->cross.layers, a->self.layers, heads };
}
