/* search.h - finds the translations of a batch of sentences, one target token a step.
 *
 * Knows an architecture only through arch.h. A sentence has `beam` places, each a hypothesis that is live or
 * found: a step takes the best tokens after all live ones, one for each place that is not found yet. With one
 * place that is greedy search. As in Marian, a found hypothesis keeps its place, and the search ends when all
 * are found. */
#ifndef DM_SEARCH_H
#define DM_SEARCH_H

#include "arch/arch.h"
#include "model.h"
#include "search/copy.h"
#include "search/numbers.h"

/* n tokens, the last at `node`. */
typedef struct {
    int node, n;
    float log_prob;           /* sum over the tokens, those that were cut off included */
    float score;              /* log_prob / n^normalize */
    int cut;                  /* stopped by the limit or as a repetition */
} hypothesis;

/* One sentence being decoded. The caller owns the buffers; S source tokens, `limit` target tokens. What the
 * hypotheses have in common they share: a token is a node, t*beam + its place, and knows the node before it. */
typedef struct {
    int n_source, limit;
    output_part output;       /* the tokens that it may use; of items with one layer the rows are multiplied together */
    copy_plan copy;           /* its unknown characters; zeros: no rule for byte pieces */
    number_plan numbers;      /* its numbers; zeros: no rule for digits */
    int32_t *ids;             /* (limit, beam) by node */
    int *before;              /* (limit, beam) the node of the token before, -1 for none */
    float *alignment;         /* (limit, beam, S) */
    float *cross;             /* NULL, or (limit, beam, layers, heads, S) */
    float *self;              /* NULL, or (limit, beam, layers, heads, limit): a node's row has t + 1 weights */
    hypothesis *found;        /* (beam) best first: by score, those that were cut behind all others */
    int n_found;              /* when done at least 1 */
    int done;
    hypothesis best;          /* so far: the best live one, found[0] when done; its score is not known */
} search_item;

/* The nodes of a hypothesis in the order of its tokens (h->n). */
void search_nodes(const search_item *it, const hypothesis *h, int *nodes);

typedef struct search search;

/* Memory for batches up to the limits, from a; NULL when it ran out. normalize: how far the length counts against
 * a sum of log-probabilities; 1 ranks by the mean, 0 by the sum. */
search *search_new(const dm_model *m, const dm_kernels *k, const batch_limits *limits, float normalize, arena *a);
void search_start(search *s, const batch *b, search_item *items);
/* Encodes a part or decodes one token of every live hypothesis. Non-zero while there is more. */
int search_run(search *s);
/* Layers of each attention, 0 where there is none: the encoder's over the source, the decoder's over the
 * source and over the target; heads of each layer. */
typedef struct { int encoder, cross, self, heads; } attention_shape;
attention_shape search_attention_shape(const search *s);

#endif
