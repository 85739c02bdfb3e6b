/* recurrent.h - the two recurrent generations: the weights, as their parts name them (docs/marian.md 3).
 *
 * Both are Marian's `type: s2s`: a bidirectional GRU reads, a conditional GRU writes. "bahdanau" looks at the
 * annotation of every source word at every step; "rnn" has one vector for the whole source, and no attention. */
#ifndef DM_RECURRENT_H
#define DM_RECURRENT_H

#include "arch/arch.h"
#include "model.h"
#include "nn/layers.h"

/* Letters beside arch.h's: U units of a GRU. An annotation (2U) is what both readers know at a word. */
typedef struct { linear keys, query; const float *weight; } additive_attention;   /* 2U -> 2U, U -> 2U, (2U) */

typedef struct {
    gru forward, backward;    /* D -> U each */
    linear start;             /* 2U -> U: mean annotation to the decoder's first state */
    gru word, source;         /* D -> U: the last word; 2U -> U: what is seen of the source. One step is both. */
    int attends;              /* whether there is an attention */
    additive_attention attention;
    linear from_word, from_state, from_source;    /* D, U and 2U -> D: the deep output's terms */
    const float *zeros;       /* (D) */
} recurrent;

/* dm_arch.bind: m->params <- a recurrent in m->memory. */
dm_status recurrent_bind(dm_model *m);

#endif
