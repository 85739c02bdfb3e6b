/* transformer.h - Marian's Transformer: the weights, as its parts name them (docs/marian.md 1.6, 2). */
#ifndef DM_TRANSFORMER_H
#define DM_TRANSFORMER_H

#include "arch/arch.h"
#include "model.h"
#include "nn/layers.h"

typedef struct { linear q, k, v, o; layer_norm norm; } attention_layer;
typedef struct { linear up, down; layer_norm norm; } ffn_layer;           /* D -> F, ReLU, F -> D */
typedef struct { linear input, forget; layer_norm norm; } ssru_layer;     /* W x (no bias), Wf x + bf */

typedef struct { attention_layer self; ffn_layer ffn; } encoder_layer;
typedef struct {
    ssru_layer ssru;          /* one of the two, by config.decoder */
    attention_layer self;
    attention_layer cross;
    ffn_layer ffn;
} decoder_layer;

enum { TRANSFORMER_POSITIONS = 512 };    /* most tokens of a source or target */

typedef struct {
    encoder_layer *encoder;   /* (encoder_layers) */
    decoder_layer *decoder;   /* (decoder_layers) */
    float *positions;         /* (TRANSFORMER_POSITIONS, D) */
} transformer;

/* dm_arch.bind: m->params <- a transformer in m->memory. */
dm_status transformer_bind(dm_model *m);

#endif
