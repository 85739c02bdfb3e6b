/* lattice.h - an architecture whose distributions are made by hand: what the search does is then known.
 *
 * Six tokens, end-of-sentence 0 and unknown 1 among them. A lattice says for every prefix how far each token is below
 * 0, in steps of 1/16: these are the logits, exactly, since the range of a row of activations is 127 steps.
 * Attentions spell the prefix, so that a row that went astray shows. */
#ifndef DM_LATTICE_H
#define DM_LATTICE_H

#include <math.h>
#include <string.h>

#include "search/search.h"
#include "text/tokenizer_internal.h"

enum { TOKENS = 6, COLUMNS = 8, ROOM = 64, LONGEST = 40, BATCH = 4, BEAM = 32, NEVER = 126, BROKEN = -1 };

/* How many steps below 0 `token` is after prefix (n) in the sentence whose first source token is `source`;
 * BROKEN: not a number, like the whole row. */
typedef int (*lattice)(int32_t source, const int32_t *prefix, int n, int32_t token);

static lattice lattice_now;

typedef struct {
    arch_state base;
    batch batch;
    int rows, t;
    int sentence[BATCH * BEAM], old_sentence[BATCH * BEAM];
    int32_t prefix[BATCH * BEAM][LONGEST], old_prefix[BATCH * BEAM][LONGEST];
    float cross[BATCH * BEAM * LONGEST], self[BATCH * BEAM * LONGEST];
} lattice_state;

/* What the attention to the first source word is at a prefix: its tokens as digits. */
static inline float prefix_mark(const int32_t *prefix, int n)
{
    float mark = 1;
    for (int i = 0; i < n; i++) mark = fmodf(mark * TOKENS + (float)prefix[i], 65521);
    return mark;
}

static arch_state *lattice_state_new(const dm_model *m, const dm_kernels *k, const batch_limits *limits, arena *a)
{
    (void)m; (void)k; (void)limits;
    lattice_state *s = arena_take(a, 1, sizeof *s);
    if (!s) return NULL;
    s->base.cross = (step_attention){ s->cross, 1, BATCH * BEAM, 1, LONGEST };
    s->base.self = (step_attention){ s->self, 1, BATCH * BEAM, 1, LONGEST };
    return &s->base;
}

static void lattice_start(arch_state *base, const batch *b)
{
    lattice_state *s = (lattice_state *)base;
    s->batch = *b;
    s->rows = b->n;
    s->t = 0;
    for (int i = 0; i < b->n; i++) s->sentence[i] = i;
}

static int lattice_encode(arch_state *s) { (void)s; return 0; }

static void lattice_step(arch_state *base, const int32_t *previous, float *hidden)
{
    lattice_state *s = (lattice_state *)base;
    for (int r = 0; r < s->rows; r++) {
        int32_t *prefix = s->prefix[r];
        const int b = s->sentence[r];
        if (s->t) prefix[s->t - 1] = previous[r];
        for (int c = 0; c < COLUMNS; c++) {
            const int steps = c == 1 || c >= TOKENS ? 127
                : lattice_now(s->batch.ids[s->batch.offset[b]], prefix, s->t, c);
            hidden[r * COLUMNS + c] = steps == BROKEN ? INFINITY : -(float)steps / 16;
        }
        for (int i = 0; i < s->batch.offset[b + 1] - s->batch.offset[b]; i++)
            step_weights(&s->base.cross, 0, r, 0)[i] = prefix_mark(prefix, s->t) + (float)i;
        for (int i = 0; i <= s->t; i++) step_weights(&s->base.self, 0, r, 0)[i] = i < s->t ? (float)prefix[i] : ROOM;
    }
    s->t++;
}

static void lattice_reorder(arch_state *base, const int *parent, int rows)
{
    lattice_state *s = (lattice_state *)base;
    memcpy(s->old_sentence, s->sentence, sizeof s->sentence);
    memcpy(s->old_prefix, s->prefix, sizeof s->prefix);
    for (int i = 0; i < rows; i++) {
        s->sentence[i] = s->old_sentence[parent[i]];
        memcpy(s->prefix[i], s->old_prefix[parent[i]], sizeof s->prefix[i]);
    }
    s->rows = rows;
}

static const dm_arch lattice_arch = {
    .name = "lattice", .state_new = lattice_state_new, .start = lattice_start, .encode = lattice_encode,
    .step = lattice_step, .reorder = lattice_reorder,
};

/* A model on this architecture whose output layer is the identity. Borrows nothing that moves. */
static inline dm_model lattice_model(arena *a)
{
    int8_t *packed = arena_take(a, COLUMNS * COLUMNS, 1);
    float *scale = arena_take(a, COLUMNS, sizeof *scale), *bias = arena_take(a, COLUMNS, sizeof *bias);
    int32_t *sum = arena_take(a, COLUMNS, sizeof *sum);
    tokenizer *vocab = arena_take(a, 1, sizeof *vocab);
    vocab->n = TOKENS;
    vocab->eos = 0;
    vocab->unk = 1;
    for (int c = 0; c < COLUMNS; c++) {
        packed[(c / 4 * 8 + c) * 4 + c % 4] = 1;
        scale[c] = 1;
        sum[c] = 1;
        bias[c] = c < TOKENS ? 0 : -INFINITY;
    }
    return (dm_model){ .cfg = { .vocab = TOKENS, .dim_emb = COLUMNS, .heads = 1, .decoder_layers = 1 }, .vocab = vocab,
                       .arch = &lattice_arch, .output_bias = bias,
                       .embedding = { packed, scale, sum, COLUMNS, COLUMNS, TOKENS } };
}

#endif
