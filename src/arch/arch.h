/* arch.h - the seam between search and the architectures, all batched.
 *
 * Letters: B sentences of a batch, S source tokens of one sentence (end-of-sentence included),
 * R = sum of S over the batch, D embedding, H heads, V vocabulary. A row is one live hypothesis. */
#ifndef DM_ARCH_H
#define DM_ARCH_H

#include "arena.h"
#include "nn/kernels.h"

/* Source of a batch: sentences one after the other, without padding. */
typedef struct {
    const int32_t *ids;       /* (R) */
    const int *offset;        /* (B + 1): sentence b is ids[offset[b] .. offset[b + 1]) */
    const int *limit;         /* (B): most target tokens of sentence b */
    int n;                    /* B */
    float *const *self_attention; /* NULL, or (B): where the encoder, if it has any, writes (layers, H, S, S) of sentence b */
} batch;

/* The largest batch that a state must hold. */
typedef struct {
    int sentences, source_tokens, target_tokens;   /* B, R, sum of the limits */
    int longest_source, longest_target;
    int beams;                                     /* most rows of one sentence */
} batch_limits;

/* Attention of the last step: a row of weights for each (layer, row, head). */
typedef struct { float *weights; int layers, rows, heads, stride; } step_attention;

static inline float *step_weights(const step_attention *a, int layer, int row, int head)
{
    return a->weights + ((size_t)(layer * a->rows + row) * a->heads + head) * a->stride;
}

/* Shows tensors as they are computed, by name: tests compare them with another implementation's. */
typedef struct {
    void (*show)(void *user, const char *name, int layer, const float *values, int rows, int cols);
    void *user;
} arch_trace;

/* The first member of every architecture's state. */
typedef struct {
    arch_trace trace;         /* show is NULL but in tests */
    int encoder_layers;       /* whose self-attention the encoder can write; 0 where there is none */
    step_attention cross;     /* over the source; layers 0 where there is none */
    step_attention self;      /* over the target so far */
} arch_state;

typedef struct dm_arch {
    const char *name;
    const char *output_bias;  /* name of the output layer's bias [1, V] */
    /* Binds every weight by name and exact shape; memory from the model's arena. DM_ERR_FORMAT where one does not fit:
     * the file's `why` names it. */
    dm_status (*bind)(dm_model *m);
    /* State for batches up to the limits, from a; NULL when memory ran out. */
    arch_state *(*state_new)(const dm_model *m, const dm_kernels *k, const batch_limits *limits, arena *a);
    /* Starts a batch: one row for each sentence, at the first target token. Nothing is computed yet. */
    void (*start)(arch_state *s, const batch *b);
    /* Encodes a part of the batch; returns non-zero while parts are left. */
    int (*encode)(arch_state *s);
    /* previous (rows) ids of the last step, not read at the first -> hidden (rows, D). */
    void (*step)(arch_state *s, const int32_t *previous, float *hidden);
    /* Row i goes on from row parent[i], of the same sentence; `rows` rows are left. */
    void (*reorder)(arch_state *s, const int *parent, int rows);
} dm_arch;

extern const dm_arch arch_rnn, arch_bahdanau, arch_transformer;

/* Every architecture, NULL-ended. */
extern const dm_arch *const arch_all[];

#endif
