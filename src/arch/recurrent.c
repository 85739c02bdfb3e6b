/* recurrent.c - Cho et al. 2014 ("rnn") and Bahdanau et al. 2015 ("bahdanau") as Marian runs them: one
 * bidirectional GRU encoder, one conditional GRU decoder with a deep output. Formulas: docs/marian.md section 3.
 * see_source() is the only place where the two differ. */
#include "arch/recurrent.h"

#include <string.h>

/* One call of encode(): this many time steps, or keys of this many words. */
enum { READ_STEPS = 8, KEY_ROWS = 32 };

typedef struct {
    arch_state base;
    const dm_model *model;
    const recurrent *net;
    const dm_kernels *kernels;
    batch batch;
    int longest, time;        /* tokens of the longest sentence; how many the readers have read of each */
    int keyed;                /* source tokens whose keys are known */
    int rows, t;              /* live rows; target position of the next step */
    int *sentence, *old_sentence;   /* (rows): sentence of a row */
    float *annotations;       /* (R, 2U): forward state, backward state */
    float *keys;              /* (R, 2U), where there is an attention */
    float *decoder, *old_decoder;   /* (rows, U) the decoder's states */
    float **place;            /* (B): where the state of a reader's row goes in annotations */
    /* activations, rows or KEY_ROWS of them */
    float *x, *reader;        /* (D) embeddings; (U) states of a reader */
    float *context, *query;   /* (2U) what a row sees of the source; what it asks for */
    float *from_word, *from_state, *from_source;    /* (D) */
    quantized input;          /* (max(D, 2U)) */
    gru_room room;
} state;

/* --- memory ----------------------------------------------------------------------------------- */

static void activations_new(state *s, int rows, arena *a)
{
    const int d = s->model->cfg.dim_emb, units = s->model->cfg.dim_rnn;
    s->x = arena_floats(a, rows, d);
    s->from_word = arena_floats(a, rows, d);
    s->from_state = arena_floats(a, rows, d);
    s->from_source = arena_floats(a, rows, d);
    s->reader = arena_floats(a, rows, units);
    s->context = arena_floats(a, rows, 2 * units);
    quantized_new(&s->input, rows > KEY_ROWS ? rows : KEY_ROWS, d > 2 * units ? d : 2 * units, a);
    gru_room_new(&s->room, rows, units, a);
}

static void attention_new(state *s, const batch_limits *lim, int rows, arena *a)
{
    const int units = s->model->cfg.dim_rnn;
    s->keys = arena_floats(a, lim->source_tokens, 2 * units);
    s->query = arena_floats(a, rows, 2 * units);
    s->base.cross = (step_attention){ .layers = 1, .rows = rows, .heads = 1, .stride = lanes(lim->longest_source) };
    s->base.cross.weights = arena_floats(a, rows, s->base.cross.stride);
}

static arch_state *state_new(const dm_model *m, const dm_kernels *kernels, const batch_limits *lim, arena *a)
{
    const int rows = lim->sentences * lim->beams, units = m->cfg.dim_rnn;
    state *s = arena_take(a, 1, sizeof *s);
    if (!s) return NULL;
    s->model = m;
    s->net = m->params;
    s->kernels = kernels;
    s->sentence = arena_take(a, (size_t)rows, sizeof(int));
    s->old_sentence = arena_take(a, (size_t)rows, sizeof(int));
    s->place = arena_take(a, (size_t)lim->sentences, sizeof *s->place);
    s->annotations = arena_floats(a, lim->source_tokens, 2 * units);
    s->decoder = arena_floats(a, rows, units);
    s->old_decoder = arena_floats(a, rows, units);
    activations_new(s, rows, a);
    if (s->net->attends) attention_new(s, lim, rows, a);
    return a->failed ? NULL : &s->base;
}

static int length(const state *s, int sentence) { return s->batch.offset[sentence + 1] - s->batch.offset[sentence]; }

static void start(arch_state *base, const batch *b)
{
    state *s = (state *)base;
    s->batch = *b;
    s->time = s->keyed = s->t = s->longest = 0;
    s->rows = b->n;
    for (int i = 0; i < b->n; i++) {
        s->sentence[i] = i;
        if (length(s, i) > s->longest) s->longest = length(s, i);
    }
}

static void show(const state *s, const char *name, int layer, const float *values, int rows, int columns)
{
    const arch_trace *trace = &s->base.trace;
    if (trace->show) trace->show(trace->user, name, layer, values, rows, columns);
}

/* --- encoder ------------------------------------------------------------------------------------ */

static float *annotation(const state *s, int token) { return s->annotations + (size_t)token * 2 * s->model->cfg.dim_rnn; }

/* One word of every sentence that has so many: the backward reader begins at the end. A state comes from
 * and goes to the annotations, so that sentences may end at different times. */
static void read_word(state *s, int backward)
{
    const int d = s->model->cfg.dim_emb, units = s->model->cfg.dim_rnn;
    const int half = backward ? units : 0, next = backward ? -1 : 1;
    const size_t size = sizeof(float) * (size_t)units;
    int rows = 0;
    for (int b = 0; b < s->batch.n; b++) {
        if (s->time >= length(s, b)) continue;
        const int token = backward ? s->batch.offset[b + 1] - 1 - s->time : s->batch.offset[b] + s->time;
        float *state_of_row = s->reader + (size_t)rows * units;
        s->place[rows] = annotation(s, token) + half;
        s->kernels->embed(s->x + (size_t)rows * d, &s->model->embedding, s->batch.ids[token], 1, s->net->zeros);
        if (s->time) memcpy(state_of_row, annotation(s, token - next) + half, size);
        else memset(state_of_row, 0, size);
        rows++;
    }
    quantized_set(&s->input, s->kernels, s->x, rows, d);
    gru_apply(backward ? &s->net->backward : &s->net->forward, s->kernels, &s->input, s->reader, &s->room);
    for (int r = 0; r < rows; r++) memcpy(s->place[r], s->reader + (size_t)r * units, size);
}

/* Keys of the attention for the next words: the same at every step. */
static void make_keys(state *s)
{
    const int wide = 2 * s->model->cfg.dim_rnn, left = s->batch.offset[s->batch.n] - s->keyed;
    const int rows = left < KEY_ROWS ? left : KEY_ROWS;
    quantized_set(&s->input, s->kernels, annotation(s, s->keyed), rows, wide);
    linear_apply(&s->net->attention.keys, s->kernels, &s->input, s->keys + (size_t)s->keyed * wide);
    s->keyed += rows;
}

/* The decoder's first state: tanh(W mean + b) of the sentence's annotations. */
static void make_start(state *s)
{
    const int units = s->model->cfg.dim_rnn, wide = 2 * units;
    for (int b = 0; b < s->batch.n; b++) {
        float *mean = s->context + (size_t)b * wide;
        memset(mean, 0, sizeof(float) * (size_t)wide);
        for (int token = s->batch.offset[b]; token < s->batch.offset[b + 1]; token++)
            for (int i = 0; i < wide; i++) mean[i] += annotation(s, token)[i];
        for (int i = 0; i < wide; i++) mean[i] /= (float)length(s, b);
    }
    quantized_set(&s->input, s->kernels, s->context, s->batch.n, wide);
    linear_apply(&s->net->start, s->kernels, &s->input, s->decoder);
    s->kernels->tanh_sum(s->decoder, (const float *[]){ s->decoder }, 1, s->batch.n * units);
}

static int encode(arch_state *base)
{
    state *s = (state *)base;
    const int tokens = s->batch.offset[s->batch.n];
    if (s->time < s->longest) {
        for (int i = 0; i < READ_STEPS && s->time < s->longest; i++, s->time++) {
            read_word(s, 0);
            read_word(s, 1);
        }
        if (s->time == s->longest) show(s, "encoder", 1, s->annotations, tokens, 2 * s->model->cfg.dim_rnn);
        return 1;
    }
    if (s->net->attends && s->keyed < tokens) {
        make_keys(s);
        return 1;
    }
    make_start(s);
    show(s, "start", 0, s->decoder, s->batch.n, s->model->cfg.dim_rnn);
    return 0;
}

/* --- decoder ------------------------------------------------------------------------------------ */

/* The first step sees a zero vector instead of an embedding. */
static void embed_target(state *s, const int32_t *previous)
{
    const int d = s->model->cfg.dim_emb;
    if (s->t == 0) memset(s->x, 0, sizeof(float) * (size_t)s->rows * (size_t)d);
    else for (int r = 0; r < s->rows; r++)
        s->kernels->embed(s->x + (size_t)r * d, &s->model->embedding, previous[r], 1, s->net->zeros);
}

/* What a row sees of its source goes to context (rows, 2U). Here is the difference between the generations.
 *
 * Cho et al. 2014 give the decoder one vector at every step: the state after the last word, which has read the
 * whole sentence. Two readers have two such states, the forward one at the last word and the backward one at
 * the first. Bahdanau et al. 2015 look at all annotations, weighted anew at every step by what the state asks
 * for; a short sentence and a long one then have as many vectors as words. */
static void see_source(state *s)
{
    const int units = s->model->cfg.dim_rnn;
    const size_t wide = 2 * (size_t)units, half = sizeof(float) * (size_t)units;
    if (s->net->attends) {
        quantized_set(&s->input, s->kernels, s->decoder, s->rows, units);
        linear_apply(&s->net->attention.query, s->kernels, &s->input, s->query);
    }
    for (int r = 0; r < s->rows; r++) {
        const int b = s->sentence[r], first = s->batch.offset[b], last = s->batch.offset[b + 1] - 1;
        float *context = s->context + (size_t)r * wide;
        if (s->net->attends) {
            s->kernels->attend_added(context, step_weights(&s->base.cross, 0, r, 0), s->query + (size_t)r * wide,
                                     s->net->attention.weight, s->keys + (size_t)first * wide,
                                     annotation(s, first), last - first + 1, (int)wide);
        } else {
            memcpy(context, annotation(s, last), half);
            memcpy(context + units, annotation(s, first) + units, half);
        }
    }
}

static void step(arch_state *base, const int32_t *previous, float *hidden)
{
    state *s = (state *)base;
    const recurrent *net = s->net;
    const int d = s->model->cfg.dim_emb, units = s->model->cfg.dim_rnn;
    embed_target(s, previous);
    quantized_set(&s->input, s->kernels, s->x, s->rows, d);
    linear_apply(&net->from_word, s->kernels, &s->input, s->from_word);
    gru_apply(&net->word, s->kernels, &s->input, s->decoder, &s->room);
    see_source(s);
    quantized_set(&s->input, s->kernels, s->context, s->rows, 2 * units);
    linear_apply(&net->from_source, s->kernels, &s->input, s->from_source);
    gru_apply(&net->source, s->kernels, &s->input, s->decoder, &s->room);
    quantized_set(&s->input, s->kernels, s->decoder, s->rows, units);
    linear_apply(&net->from_state, s->kernels, &s->input, s->from_state);
    s->kernels->tanh_sum(hidden, (const float *[]){ s->from_word, s->from_state, s->from_source }, 3, s->rows * d);
    show(s, "context", 0, s->context, s->rows, 2 * units);
    show(s, "decoder", 1, s->decoder, s->rows, units);
    show(s, "output", 0, hidden, s->rows, d);
    s->t++;
}

static void reorder(arch_state *base, const int *parent, int rows)
{
    state *s = (state *)base;
    const size_t units = (size_t)s->model->cfg.dim_rnn;
    int *sentence = s->old_sentence;
    float *decoder = s->old_decoder;
    for (int i = 0; i < rows; i++) {
        sentence[i] = s->sentence[parent[i]];
        memcpy(decoder + (size_t)i * units, s->decoder + (size_t)parent[i] * units, sizeof(float) * units);
    }
    s->old_sentence = s->sentence;
    s->old_decoder = s->decoder;
    s->sentence = sentence;
    s->decoder = decoder;
    s->rows = rows;
}

#define RECURRENT .output_bias = "decoder_ff_logit_l2_b", .bind = recurrent_bind, .state_new = state_new, .start = start, \
                  .encode = encode, .step = step, .reorder = reorder
const dm_arch arch_rnn = { .name = "rnn", RECURRENT };
const dm_arch arch_bahdanau = { .name = "bahdanau", RECURRENT };
