/* transformer.c - Vaswani et al. 2017 as Marian runs it: post-norm, decoder with SSRU (Kim et al. 2019)
 * or with self-attention and a K/V cache. Formulas: docs/marian.md section 2. */
#include "arch/transformer.h"

#include <math.h>
#include <string.h>

typedef struct {
    float *keys_t;            /* sentence or slot at D*at: (D, stride), transposed for attend */
    float *values;            /* the same place: (stride, D) */
} kv;

typedef struct {
    arch_state base;
    const dm_model *model;
    const transformer *net;
    const dm_kernels *kernels;
    batch batch;
    int beams;
    int part;                 /* of the encoding: embedding, layers, then K/V of each decoder layer */
    int rows, t;              /* live rows; target position of the next step */
    int *sentence, *slot;     /* (rows): sentence of a row; its place among the sentence's caches */
    int *old_sentence, *old_slot;
    int *source_at, *target_at;     /* (B): first column of a sentence in cross[], of its first slot in self[] */
    /* activations, (R or rows, D) unless said */
    float *x, *q, *k, *v, *context, *sublayer;
    float *hidden;            /* (R or rows, F) */
    float *keys_t;            /* (D, longest source): keys of the sentence at hand */
    float *weights;           /* (H, longest source): encoder attention nobody asked for */
    quantized input;          /* (R or rows, max(D, F)) */
    kv *cross, *self;         /* (decoder_layers) */
    float *cell, *old_cell;   /* (decoder_layers, rows, D): SSRU states */
    int max_rows;
} state;

/* --- memory ----------------------------------------------------------------------------------- */

static step_attention attention_new(int layers, int rows, int heads, int n, arena *a)
{
    step_attention s = { .layers = layers, .rows = rows, .heads = heads, .stride = lanes(n) };
    s.weights = arena_take(a, (size_t)layers * (size_t)rows * (size_t)heads * (size_t)s.stride, sizeof(float));
    return s;
}

static kv *caches_new(int layers, size_t columns, int d, arena *a)
{
    kv *caches = arena_take(a, (size_t)layers, sizeof *caches);
    for (int l = 0; caches && l < layers; l++) {
        caches[l].keys_t = arena_take(a, columns * (size_t)d, sizeof(float));
        caches[l].values = arena_take(a, columns * (size_t)d, sizeof(float));
    }
    return caches;
}

static void decoder_state_new(state *s, const batch_limits *lim, arena *a)
{
    const config *c = &s->model->cfg;
    const int pad = (KERNEL_LANES - 1) * lim->sentences;
    s->cross = caches_new(c->decoder_layers, (size_t)(lim->source_tokens + pad), c->dim_emb, a);
    s->base.cross = attention_new(c->decoder_layers, s->max_rows, c->heads, lim->longest_source, a);
    if (c->decoder == DECODER_SSRU) {
        s->cell = arena_floats(a, c->decoder_layers * s->max_rows, c->dim_emb);
        s->old_cell = arena_floats(a, c->decoder_layers * s->max_rows, c->dim_emb);
    } else {
        s->self = caches_new(c->decoder_layers, (size_t)(lim->target_tokens + pad) * (size_t)lim->beams, c->dim_emb, a);
        s->base.self = attention_new(c->decoder_layers, s->max_rows, c->heads, lim->longest_target, a);
    }
}

static arch_state *state_new(const dm_model *m, const dm_kernels *kernels, const batch_limits *lim, arena *a)
{
    const config *c = &m->cfg;
    state *s = arena_take(a, 1, sizeof *s);
    if (!s) return NULL;
    s->model = m;
    s->net = m->params;
    s->kernels = kernels;
    s->base.encoder_layers = c->encoder_layers;
    s->beams = lim->beams;
    s->max_rows = lim->sentences * lim->beams;
    const int rows = lim->source_tokens > s->max_rows ? lim->source_tokens : s->max_rows;
    float **activations[] = { &s->x, &s->q, &s->k, &s->v, &s->context, &s->sublayer };
    for (size_t i = 0; i < sizeof activations / sizeof *activations; i++)
        *activations[i] = arena_floats(a, rows, c->dim_emb);
    int **indices[] = { &s->sentence, &s->slot, &s->old_sentence, &s->old_slot };
    for (size_t i = 0; i < sizeof indices / sizeof *indices; i++)
        *indices[i] = arena_take(a, (size_t)s->max_rows, sizeof(int));
    s->source_at = arena_take(a, (size_t)lim->sentences, sizeof(int));
    s->target_at = arena_take(a, (size_t)lim->sentences, sizeof(int));
    s->hidden = arena_floats(a, rows, c->dim_ffn);
    s->keys_t = arena_floats(a, c->dim_emb, lanes(lim->longest_source));
    s->weights = arena_floats(a, c->heads, lanes(lim->longest_source));
    quantized_new(&s->input, rows, c->dim_ffn > c->dim_emb ? c->dim_ffn : c->dim_emb, a);
    decoder_state_new(s, lim, a);
    return a->failed ? NULL : &s->base;
}

static void start(arch_state *base, const batch *b)
{
    state *s = (state *)base;
    const config *c = &s->model->cfg;
    s->batch = *b;
    s->part = s->t = 0;
    s->rows = b->n;
    int source = 0, target = 0;
    for (int i = 0; i < b->n; i++) {
        s->sentence[i] = i;
        s->slot[i] = 0;
        s->source_at[i] = source;
        s->target_at[i] = target;
        source += lanes(b->offset[i + 1] - b->offset[i]);
        target += lanes(b->limit[i]) * s->beams;
    }
    if (s->cell)
        memset(s->cell, 0, sizeof(float) * (size_t)c->decoder_layers * (size_t)s->max_rows * (size_t)c->dim_emb);
}

/* --- sub-layers, x (rows, D) in place ---------------------------------------------------------- */

static void ffn(state *s, const ffn_layer *l, int rows)
{
    const config *c = &s->model->cfg;
    quantized_set(&s->input, s->kernels, s->x, rows, c->dim_emb);
    linear_apply_relu(&l->up, s->kernels, &s->input, s->hidden);
    quantized_set(&s->input, s->kernels, s->hidden, rows, l->up.w.out);
    linear_apply_sparse(&l->down, s->kernels, &s->input, s->sublayer);
    residual_norm(&l->norm, s->kernels, s->x, s->sublayer, rows, c->dim_emb);
}

/* Output projection of the attended context, residual and norm. */
static void project(state *s, const attention_layer *l, int rows)
{
    const int d = s->model->cfg.dim_emb;
    quantized_set(&s->input, s->kernels, s->context, rows, d);
    linear_apply(&l->o, s->kernels, &s->input, s->sublayer);
    residual_norm(&l->norm, s->kernels, s->x, s->sublayer, rows, d);
}

static void show(const state *s, const char *name, int layer, int rows)
{
    const arch_trace *trace = &s->base.trace;
    if (trace->show) trace->show(trace->user, name, layer, s->x, rows, s->model->cfg.dim_emb);
}

/* --- encoder ------------------------------------------------------------------------------------ */

static void embed_source(state *s)
{
    const int d = s->model->cfg.dim_emb;
    const float factor = sqrtf((float)d);
    for (int b = 0; b < s->batch.n; b++)
        for (int i = s->batch.offset[b], p = 0; i < s->batch.offset[b + 1]; i++, p++)
            s->kernels->embed(s->x + (size_t)i * d, &s->model->embedding, s->batch.ids[i], factor,
                              s->net->positions + (size_t)p * d);
}

/* (H, n) weights of query `row` -> their place in the caller's (layers, H, S, S). */
static void keep_attention(float *out, const float *probs, int layer, int heads, int row, int n)
{
    for (int h = 0; h < heads; h++)
        memcpy(out + (((size_t)layer * heads + h) * n + row) * n, probs + (size_t)h * lanes(n), sizeof(float) * (size_t)n);
}

static void encode_attention(state *s, int layer)
{
    const config *c = &s->model->cfg;
    const attention_layer *l = &s->net->encoder[layer].self;
    const int d = c->dim_emb, rows = s->batch.offset[s->batch.n];
    quantized_set(&s->input, s->kernels, s->x, rows, d);
    linear_apply(&l->q, s->kernels, &s->input, s->q);
    linear_apply(&l->k, s->kernels, &s->input, s->k);
    linear_apply(&l->v, s->kernels, &s->input, s->v);
    for (int b = 0; b < s->batch.n; b++) {
        const int from = s->batch.offset[b], n = s->batch.offset[b + 1] - from, stride = lanes(n);
        float *keep = s->batch.self_attention ? s->batch.self_attention[b] : NULL;
        transpose_keys(s->keys_t, stride, s->k + (size_t)from * d, n, d);
        for (int i = 0; i < n; i++) {
            const size_t at = (size_t)(from + i) * d;
            attend_heads(s->kernels, s->q + at, s->keys_t, stride, s->v + (size_t)from * d, n, d, c->heads,
                         s->context + at, s->weights, stride);
            if (keep) keep_attention(keep, s->weights, layer, c->heads, i, n);
        }
    }
    project(s, l, rows);
}

/* Keys and values of the source for one decoder layer: the same at every step. */
static void encode_cross(state *s, int layer)
{
    const int d = s->model->cfg.dim_emb, rows = s->batch.offset[s->batch.n];
    const attention_layer *l = &s->net->decoder[layer].cross;
    quantized_set(&s->input, s->kernels, s->x, rows, d);
    linear_apply(&l->k, s->kernels, &s->input, s->k);
    linear_apply(&l->v, s->kernels, &s->input, s->v);
    for (int b = 0; b < s->batch.n; b++) {
        const int from = s->batch.offset[b], n = s->batch.offset[b + 1] - from;
        const size_t at = (size_t)s->source_at[b] * d;
        transpose_keys(s->cross[layer].keys_t + at, lanes(n), s->k + (size_t)from * d, n, d);
        memcpy(s->cross[layer].values + at, s->v + (size_t)from * d, sizeof(float) * (size_t)n * (size_t)d);
    }
}

static int encode(arch_state *base)
{
    state *s = (state *)base;
    const config *c = &s->model->cfg;
    const int part = s->part++;
    const int rows = s->batch.offset[s->batch.n];
    if (part == 0) {
        embed_source(s);
        show(s, "embedding", 0, rows);
    }
    if (part < c->encoder_layers) {
        encode_attention(s, part);
        ffn(s, &s->net->encoder[part].ffn, rows);
        show(s, "encoder", part + 1, rows);
    } else {
        encode_cross(s, part - c->encoder_layers);
    }
    return s->part < c->encoder_layers + c->decoder_layers;
}

/* --- decoder ------------------------------------------------------------------------------------ */

/* The first step sees a zero vector instead of an embedding, and position 0 (docs/marian.md 2.3). */
static void embed_target(state *s, const int32_t *previous)
{
    const int d = s->model->cfg.dim_emb;
    const float *position = s->net->positions + (size_t)s->t * d;
    for (int r = 0; r < s->rows; r++) {
        float *x = s->x + (size_t)r * d;
        if (s->t == 0) memcpy(x, position, sizeof(float) * (size_t)d);
        else s->kernels->embed(x, &s->model->embedding, previous[r], sqrtf((float)d), position);
    }
}

static void decode_ssru(state *s, int layer)
{
    const int d = s->model->cfg.dim_emb;
    const ssru_layer *l = &s->net->decoder[layer].ssru;
    float *cell = s->cell + (size_t)layer * s->max_rows * d;
    quantized_set(&s->input, s->kernels, s->x, s->rows, d);
    linear_apply(&l->forget, s->kernels, &s->input, s->q);
    linear_apply(&l->input, s->kernels, &s->input, s->v);
    s->kernels->ssru(s->sublayer, cell, s->q, s->v, s->rows * d);
    residual_norm(&l->norm, s->kernels, s->x, s->sublayer, s->rows, d);
}

/* Offset of a row's cache in self[], in columns. */
static size_t slot_at(const state *s, int sentence, int slot)
{
    return (size_t)(s->target_at[sentence] + slot * lanes(s->batch.limit[sentence]));
}

static void decode_self(state *s, int layer)
{
    const config *c = &s->model->cfg;
    const attention_layer *l = &s->net->decoder[layer].self;
    const int d = c->dim_emb;
    quantized_set(&s->input, s->kernels, s->x, s->rows, d);
    linear_apply(&l->q, s->kernels, &s->input, s->q);
    linear_apply(&l->k, s->kernels, &s->input, s->k);
    linear_apply(&l->v, s->kernels, &s->input, s->v);
    for (int r = 0; r < s->rows; r++) {
        const int stride = lanes(s->batch.limit[s->sentence[r]]);
        const size_t at = slot_at(s, s->sentence[r], s->slot[r]) * d;
        float *keys_t = s->self[layer].keys_t + at, *values = s->self[layer].values + at;
        for (int i = 0; i < d; i++) keys_t[(size_t)i * stride + s->t] = s->k[(size_t)r * d + i];
        memcpy(values + (size_t)s->t * d, s->v + (size_t)r * d, sizeof(float) * (size_t)d);
        attend_heads(s->kernels, s->q + (size_t)r * d, keys_t, stride, values, s->t + 1, d, c->heads,
                     s->context + (size_t)r * d, step_weights(&s->base.self, layer, r, 0), s->base.self.stride);
    }
    project(s, l, s->rows);
}

static void decode_cross(state *s, int layer)
{
    const config *c = &s->model->cfg;
    const attention_layer *l = &s->net->decoder[layer].cross;
    const int d = c->dim_emb;
    quantized_set(&s->input, s->kernels, s->x, s->rows, d);
    linear_apply(&l->q, s->kernels, &s->input, s->q);
    for (int r = 0; r < s->rows; r++) {
        const int b = s->sentence[r], n = s->batch.offset[b + 1] - s->batch.offset[b];
        const size_t at = (size_t)s->source_at[b] * d;
        attend_heads(s->kernels, s->q + (size_t)r * d, s->cross[layer].keys_t + at, lanes(n),
                     s->cross[layer].values + at, n, d, c->heads, s->context + (size_t)r * d,
                     step_weights(&s->base.cross, layer, r, 0), s->base.cross.stride);
    }
    project(s, l, s->rows);
}

static void step(arch_state *base, const int32_t *previous, float *hidden)
{
    state *s = (state *)base;
    const config *c = &s->model->cfg;
    embed_target(s, previous);
    for (int l = 0; l < c->decoder_layers; l++) {
        if (c->decoder == DECODER_SSRU) decode_ssru(s, l);
        else decode_self(s, l);
        decode_cross(s, l);
        ffn(s, &s->net->decoder[l].ffn, s->rows);
        show(s, "decoder", l + 1, s->rows);
    }
    memcpy(hidden, s->x, sizeof(float) * (size_t)s->rows * (size_t)c->dim_emb);
    s->t++;
}

/* --- reorder ------------------------------------------------------------------------------------ */

static void swap_ints(int **a, int **b) { int *t = *a; *a = *b; *b = t; }

static void copy_slot(state *s, int sentence, int from, int to)
{
    const int d = s->model->cfg.dim_emb, stride = lanes(s->batch.limit[sentence]);
    const size_t a = slot_at(s, sentence, from) * d, b = slot_at(s, sentence, to) * d;
    for (int l = 0; l < s->model->cfg.decoder_layers; l++) {
        for (int i = 0; i < d; i++)
            memcpy(s->self[l].keys_t + b + (size_t)i * stride, s->self[l].keys_t + a + (size_t)i * stride,
                   sizeof(float) * (size_t)s->t);
        memcpy(s->self[l].values + b, s->self[l].values + a, sizeof(float) * (size_t)s->t * (size_t)d);
    }
}

static int slot_taken(const state *s, int rows, int sentence, int slot)
{
    for (int i = 0; i < rows; i++)
        if (s->sentence[i] == sentence && s->slot[i] == slot) return 1;
    return 0;
}

/* The first child of a row takes its cache over; further children get copies in caches that no
 * row of the sentence goes on from. */
static void move_slots(state *s, const int *parent, int rows)
{
    for (int i = 0; i < rows; i++) {
        int first = 1;
        for (int j = 0; j < i; j++) first &= parent[j] != parent[i];
        s->slot[i] = first ? s->old_slot[parent[i]] : -1;
    }
    for (int i = 0; i < rows; i++) {
        if (s->slot[i] >= 0) continue;
        int free_slot = 0;
        while (slot_taken(s, rows, s->sentence[i], free_slot)) free_slot++;
        copy_slot(s, s->sentence[i], s->old_slot[parent[i]], free_slot);
        s->slot[i] = free_slot;
    }
}

static void move_cells(state *s, const int *parent, int rows)
{
    const int d = s->model->cfg.dim_emb;
    float *from = s->cell;
    s->cell = s->old_cell;
    s->old_cell = from;
    for (int l = 0; l < s->model->cfg.decoder_layers; l++)
        for (int i = 0; i < rows; i++)
            memcpy(s->cell + ((size_t)l * s->max_rows + i) * d, from + ((size_t)l * s->max_rows + parent[i]) * d,
                   sizeof(float) * (size_t)d);
}

static void reorder(arch_state *base, const int *parent, int rows)
{
    state *s = (state *)base;
    swap_ints(&s->sentence, &s->old_sentence);
    swap_ints(&s->slot, &s->old_slot);
    for (int i = 0; i < rows; i++) s->sentence[i] = s->old_sentence[parent[i]];
    if (s->cell) {
        for (int i = 0; i < rows; i++) s->slot[i] = 0;
        move_cells(s, parent, rows);
    } else {
        move_slots(s, parent, rows);
    }
    s->rows = rows;
}

const dm_arch arch_transformer = {
    .name = "transformer", .output_bias = "decoder_ff_logit_out_b", .bind = transformer_bind,
    .state_new = state_new, .start = start, .encode = encode, .step = step, .reorder = reorder,
};
