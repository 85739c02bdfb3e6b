/* model.h - an open model: the file, its vocabulary, and an architecture bound to its weights. */
#ifndef DM_MODEL_H
#define DM_MODEL_H

#include "arena.h"
#include "model/config.h"
#include "model/shortlist.h"
#include "model/weights.h"
#include "text/tokenizer.h"

struct dm_model {
    weights file;
    config cfg;
    arena memory;             /* everything below lives here */
    tokenizer *vocab;
    shortlist *shortlist;     /* NULL where the file has none */
    const struct dm_arch *arch;   /* arch/arch.h */
    const void *params;       /* the architecture's bound weights */
    weights_matrix embedding; /* Wemb as its transpose [D, V]: embedding of the source and the target, and output matrix */
    const float *output_bias; /* (embedding.n): padding columns -INFINITY */
};

#endif
