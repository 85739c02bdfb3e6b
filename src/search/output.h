/* output.h - the tokens that a sentence may use, as a part of the output layer: all, or a shortlist.
 *
 * Each column of logits stands for a token, and columns are in the order of ids. What a column says is the
 * same in any part, bit for bit. Used by search and copy. */
#ifndef DM_OUTPUT_H
#define DM_OUTPUT_H

#include "model.h"
#include "nn/layers.h"

typedef struct {
    linear layer;             /* [D, n]; the bias of padding columns is -INFINITY */
    const int32_t *ids;       /* (layer.w.out) ascending; NULL: every token, column = id */
    int unk;                  /* column of the unknown token, which never comes; -1: it has none */
} output_part;

/* The whole layer; borrows the model. */
output_part output_all(const dm_model *m);
/* What the model's shortlist says of source (n_source), or the whole layer where it has none. In memory of a, whose
 * failure shows in a->failed. */
output_part output_for(const dm_model *m, const int32_t *source, int n_source, arena *a);

static inline int32_t output_token(const output_part *o, int column) { return o->ids ? o->ids[column] : column; }
/* The column of a token, -1 where the part has none. */
int output_column(const output_part *o, int32_t id);

#endif
