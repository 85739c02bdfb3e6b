/* search.h - finds the translation of a batch of sentences, one target token a step.
 *
 * Knows an architecture only through arch.h. Greedy: the best token of each step. */
#ifndef DM_SEARCH_H
#define DM_SEARCH_H

#include "model/model.h"

/* One sentence being decoded. The caller owns the buffers; S source tokens, `limit` target tokens. */
typedef struct {
    int n_source, limit;
    int32_t *ids;             /* (limit) the translation, ends with end-of-sentence when done */
    int n;
    float *alignment;         /* (limit, S) */
    float *cross;             /* NULL, or (limit, layers, heads, S) */
    float *self;              /* NULL, or (limit, layers, heads, limit): row t has t + 1 weights */
    float log_prob;           /* sum over the tokens */
    int cut;                  /* stopped by the limit or as a repetition */
    int done;
} search_item;

typedef struct search search;

/* Memory for batches up to the limits, from a; NULL when it ran out. */
search *search_new(const dm_model *m, const dm_kernels *k, const batch_limits *limits, arena *a);
void search_start(search *s, const batch *b, search_item *items);
/* Encodes a part or decodes one token of every live sentence. Non-zero while there is more. */
int search_run(search *s);
/* Layers of each attention, 0 where there is none: the encoder's over the source, the decoder's over the
 * source and over the target; heads of each layer. */
typedef struct { int encoder, cross, self, heads; } attention_shape;
attention_shape search_attention_shape(const search *s);

#endif
