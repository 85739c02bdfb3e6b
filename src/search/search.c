#include "search/search.h"

#include <string.h>

#include "nn/vmath.h"
#include "search/candidates.h"
#include "stage.h"

/* A tail of LOOP_REPEATS equal blocks of up to LOOP_PERIOD tokens, in an output that is already longer
 * than its source by LOOP_SLACK, is a repetition and not a translation. */
enum { LOOP_PERIOD = 8, LOOP_REPEATS = 4, LOOP_SLACK = 8 };

/* A live hypothesis: its sentence, its last token (-1: none yet), the characters that it has copied, the number that
 * it is inside of, and what this step says of each column of the sentence's output. */
typedef struct { int item, node; float log_prob; copy_state copy; number_state number; float *logits; } live_row;

struct search {
    const dm_model *model;
    const dm_kernels *kernels;
    arch_state *arch;
    search_item *items;       /* (B) */
    int beam;
    float normalize;
    int encoding, t;          /* t: target position of the next step */
    int rows, next_rows;
    live_row *row, *next_row; /* (rows), those of a sentence together, best first; the next step's */
    int *parent;              /* (rows) the row that a row of the next step goes on from */
    int32_t *previous;        /* (rows) */
    candidate *best;          /* (beam) */
    float *hidden, *logits;   /* (rows, D), (rows, up to V padded) */
    quantized input;
};

search *search_new(const dm_model *m, const dm_kernels *k, const batch_limits *lim, float normalize, arena *a)
{
    const size_t rows = (size_t)lim->sentences * (size_t)lim->beams;
    search *s = arena_take(a, 1, sizeof *s);
    if (!s) return NULL;
    s->model = m;
    s->kernels = k;
    s->beam = lim->beams;
    s->normalize = normalize;
    s->arch = m->arch->state_new(m, k, lim, a);
    s->row = arena_take(a, rows, sizeof *s->row);
    s->next_row = arena_take(a, rows, sizeof *s->next_row);
    s->parent = arena_take(a, rows, sizeof *s->parent);
    s->previous = arena_take(a, rows, sizeof *s->previous);
    s->best = arena_take(a, (size_t)lim->beams, sizeof *s->best);
    s->hidden = arena_take(a, rows * (size_t)m->cfg.dim_emb, sizeof *s->hidden);
    s->logits = arena_take(a, rows * (size_t)m->embedding.n, sizeof *s->logits);
    quantized_new(&s->input, (int)rows, m->cfg.dim_emb, a);
    return a->failed ? NULL : s;
}

void search_start(search *s, const batch *b, search_item *items)
{
    s->items = items;
    s->rows = b->n;
    s->encoding = 1;
    s->t = 0;
    for (int i = 0; i < b->n; i++) {
        s->row[i] = (live_row){ .item = i, .node = -1 };
        s->previous[i] = 0;
        items[i].n_found = items[i].done = 0;
        items[i].best = (hypothesis){ .node = -1 };
    }
    s->model->arch->start(s->arch, b);
}

void search_nodes(const search_item *it, const hypothesis *h, int *nodes)
{
    for (int i = h->n - 1, node = h->node; i >= 0; i--, node = it->before[node]) nodes[i] = node;
}

/* Where a row looks in this step (n_source); NULL for a model that has no alignment. */
static const float *alignment_of(const search *s, int row)
{
    return s->arch->cross.layers ? step_weights(&s->arch->cross, s->model->cfg.alignment_layer, row, 0) : NULL;
}

/* (layers, heads, n) of one row, layer by layer. */
static void copy_attention(float *out, const step_attention *a, int row, int n, int stride)
{
    for (int l = 0; l < a->layers; l++)
        for (int h = 0; h < a->heads; h++)
            memcpy(out + (size_t)(l * a->heads + h) * (size_t)stride, step_weights(a, l, row, h), sizeof(float) * (size_t)n);
}

/* What the row looked at in this step is kept with its node. */
static void keep_step(search *s, int row, search_item *it, int node)
{
    const step_attention *cross = &s->arch->cross, *self = &s->arch->self;
    const size_t at = (size_t)node, n = (size_t)it->n_source;
    if (cross->layers)
        memcpy(it->alignment + at * n, alignment_of(s, row), sizeof(float) * n);
    if (it->cross)
        copy_attention(it->cross + at * n * (size_t)(cross->layers * cross->heads), cross, row, it->n_source, it->n_source);
    if (it->self)
        copy_attention(it->self + at * (size_t)it->limit * (size_t)(self->layers * self->heads), self, row, s->t + 1, it->limit);
}

/* Length of the block that the last of n tokens repeat, or 0. */
static int loop_period(const search_item *it, int node, int n)
{
    int32_t last[LOOP_PERIOD * LOOP_REPEATS];         /* the last token first */
    int known = 0;
    if (n <= it->n_source + LOOP_SLACK) return 0;
    for (; known < n && known < LOOP_PERIOD * LOOP_REPEATS; node = it->before[node]) last[known++] = it->ids[node];
    for (int p = 1; p * LOOP_REPEATS <= known; p++) {
        int i = 0;
        while (i + p < p * LOOP_REPEATS && last[i] == last[i + p]) i++;
        if (i + p == p * LOOP_REPEATS) return p;
    }
    return 0;
}

/* After tokens were taken back, the last step's attention to them goes to the n that are left, in proportion. */
static void share_out(const search *s, search_item *it, const hypothesis *h)
{
    const size_t heads = (size_t)(s->arch->self.layers * s->arch->self.heads);
    for (size_t i = 0; i < heads; i++) {
        float *row = it->self + ((size_t)h->node * heads + i) * (size_t)it->limit, sum = 0;
        for (int t = 0; t < h->n; t++) sum += row[t];
        for (int t = 0; sum > 0 && t < h->n; t++) row[t] /= sum;
    }
}

/* End-of-sentence in place of the last repeats. */
static void cut_loop(search *s, search_item *it, hypothesis *h, int period)
{
    const int taken = period * (LOOP_REPEATS - 1);
    int last = h->node;
    for (int i = 0; i < taken; i++) last = it->before[last];
    it->before[h->node] = last;
    it->ids[h->node] = tokenizer_eos(s->model->vocab);
    h->n += 1 - taken;
    h->cut = 1;
    if (it->self) share_out(s, it, h);
}

/* length^normalize, the same bits everywhere */
static float length_penalty(float normalize, int n)
{
    if (normalize == 1) return (float)n;
    return exp_f32(normalize * log_f32((float)n));
}

static int is_better(const hypothesis *a, const hypothesis *b)
{
    return a->cut != b->cut ? b->cut : a->score > b->score;
}

/* Keeps a finished hypothesis in its place behind its equals. */
static void add_found(search *s, search_item *it, hypothesis h)
{
    h.score = h.log_prob / length_penalty(s->normalize, h.n);
    int at = it->n_found++;
    for (; at > 0 && is_better(&h, &it->found[at - 1]); at--) it->found[at] = it->found[at - 1];
    it->found[at] = h;
}

/* A candidate becomes a hypothesis, found or live; at the limit, and in place of a repetition, it ends. */
static void take(search *s, search_item *it, const candidate *c, int place)
{
    const int32_t eos = tokenizer_eos(s->model->vocab), id = output_token(&it->output, c->column);
    const live_row *row = &s->row[c->row];
    hypothesis h = { .node = s->t * s->beam + place, .n = s->t + 1, .log_prob = c->log_prob };
    h.cut = h.n == it->limit && id != eos;
    it->ids[h.node] = h.cut ? eos : id;
    it->before[h.node] = row->node;
    keep_step(s, c->row, it, h.node);
    const int period = it->ids[h.node] == eos ? 0 : loop_period(it, h.node, h.n);
    if (period) cut_loop(s, it, &h, period);
    if (it->ids[h.node] == eos) {
        add_found(s, it, h);
    } else {
        if (it->best.n <= s->t) it->best = h;
        s->parent[s->next_rows] = c->row;
        s->previous[s->next_rows] = id;
        live_row *next = &s->next_row[s->next_rows++];
        *next = (live_row){ row->item, h.node, h.log_prob, row->copy, row->number, NULL };
        const float *looked = alignment_of(s, c->row);
        copy_take(&it->copy, &next->copy, id, looked);
        number_take(&it->numbers, &next->number, id, looked);
    }
}

/* The best token after row r: argmax's answer, and what it says of the others. */
static candidate best_token(const search *s, int r, candidate_row *out)
{
    const search_item *it = &s->items[s->row[r].item];
    const int n = it->output.layer.w.n;
    float *logits = s->row[r].logits;
    if (it->copy.output) copy_mask(&it->copy, &s->row[r].copy, logits);
    number_mask(&it->numbers, &s->row[r].number, alignment_of(s, r), logits);
    *out = (candidate_row){ logits, n, it->output.unk, r, 0, 0, s->row[r].log_prob };
    const int column = s->kernels->argmax(logits, n, it->output.unk, &out->log_sum);
    out->top = logits[column];
    return (candidate){ out->log_prob + -out->log_sum, r, column };
}

/* The ways to go on from rows [first, end), one sentence's; at the limit all end, so that each row has one. */
static int choose(search *s, const search_item *it, int first, int end)
{
    int n = 0;
    candidate_row row;
    const int most = s->beam - it->n_found;
    if (s->beam > 1 && s->t + 1 < it->limit)
        for (int r = first; r < end; r++) {
            best_token(s, r, &row);
            n = candidates_add(s->best, n, most, &row);
        }
    if (!n)                                           /* nor where every number is NaN */
        for (int r = first; r < end; r++) s->best[n++] = best_token(s, r, &row);
    return n;
}

/* The rows of the next step take over. */
static void advance(search *s)
{
    int moved = s->next_rows != s->rows;
    for (int i = 0; i < s->next_rows; i++) moved |= s->parent[i] != i;
    if (moved) s->model->arch->reorder(s->arch, s->parent, s->next_rows);
    live_row *rows = s->row;
    s->row = s->next_row;
    s->next_row = rows;
    s->rows = s->next_rows;
    s->t++;
}

/* hidden -> the logits of every row. Rows that share a layer, all of them or those of one sentence, share a product. */
static void score(search *s)
{
    const int d = s->model->cfg.dim_emb;
    float *logits = s->logits;
    quantized_set(&s->input, s->kernels, s->hidden, s->rows, d);
    for (int first = 0, end; first < s->rows; first = end) {
        const linear *l = &s->items[s->row[first].item].output.layer;
        for (end = first; end < s->rows && s->items[s->row[end].item].output.layer.w.packed == l->w.packed; end++)
            s->row[end].logits = logits + (size_t)(end - first) * (size_t)l->w.n;
        const quantized rows = quantized_rows(&s->input, d, first, end);
        linear_apply(l, s->kernels, &rows, logits);
        logits += (size_t)(end - first) * (size_t)l->w.n;
    }
}

static void decode(search *s)
{
    stage_enter(STAGE_STEP);
    s->model->arch->step(s->arch, s->previous, s->hidden);
    stage_enter(STAGE_OUTPUT);
    score(s);
    stage_enter(STAGE_SEARCH);
    s->next_rows = 0;
    for (int first = 0, end; first < s->rows; first = end) {
        search_item *it = &s->items[s->row[first].item];
        for (end = first + 1; end < s->rows && s->row[end].item == s->row[first].item; end++) { }
        const int n = choose(s, it, first, end), live = s->next_rows;
        for (int i = 0; i < n; i++) take(s, it, &s->best[i], i);
        it->done = s->next_rows == live;
        if (it->done) it->best = it->found[0];
    }
    advance(s);
}

int search_run(search *s)
{
    stage_enter(STAGE_ENCODE);
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
