/* config.h - the architecture's numbers, read from the model file's "config" text.
 *
 * Marian's special:model.yml: lines `key: value`, unknown keys ignored, Marian's defaults where a
 * key is missing (docs/marian.md 1.5). Values that this engine does not run are an error that names them;
 * a kind of model that no key here tells apart has other tensors, which model.c refuses.
 * Two keys are ours: `dolmetsch-context` of a `type: s2s`, "attended" (the default: what Marian does) or
 * "fixed", a decoder that sees one vector of the whole source; and `dolmetsch-longest`. */
#ifndef DM_CONFIG_H
#define DM_CONFIG_H

#include "dolmetsch.h"

enum { CONFIG_LONGEST = 128 };

typedef enum { DECODER_SELF_ATTENTION, DECODER_SSRU } decoder_kind;

typedef struct {
    char architecture[16];    /* "transformer", "bahdanau", "rnn": by Marian's type and our dolmetsch-context */
    int vocab;                /* V */
    int dim_emb;              /* D */
    int dim_ffn;              /* F, of the widest layer */
    int dim_rnn;              /* units of a GRU */
    int heads;                /* H */
    int encoder_layers, decoder_layers;
    decoder_kind decoder;
    int longest;              /* source tokens of a sentence, its end included; what is longer is split. CONFIG_LONGEST at
                               * most; a Transformer takes those positions badly that its training had seldom */
    int alignment_layer;      /* decoder layer, from 0, whose first head is the alignment */
} config;

/* text: `size` bytes, not NUL-terminated. */
dm_status config_parse(config *c, const char *text, size_t size, dm_error *why);

/* For pack.h alone, which the engine need not know: how many bits of each int8 weight say something, by our key
 * `dolmetsch-weight-bits` (8 where it is missing). 0: an error, in `why`. */
int config_weight_bits(const char *text, size_t size, dm_error *why);

#endif
