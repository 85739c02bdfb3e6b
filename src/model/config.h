/* config.h - the architecture's numbers, read from the model file's "config" text.
 *
 * Marian's special:model.yml: lines `key: value`, unknown keys ignored, Marian's defaults where a
 * key is missing (marian.md 1.5). Values that this engine does not run are an error that names them. */
#ifndef DM_CONFIG_H
#define DM_CONFIG_H

#include "dolmetsch.h"

typedef enum { DECODER_SELF_ATTENTION, DECODER_SSRU } decoder_kind;

typedef struct {
    char architecture[16];    /* Marian's type: "transformer" */
    int vocab;                /* V */
    int dim_emb;              /* D */
    int dim_ffn;              /* F */
    int heads;                /* H */
    int encoder_layers, decoder_layers;
    decoder_kind decoder;
    int alignment_layer;      /* decoder layer, from 0, whose first head is the alignment */
} config;

/* text: `size` bytes, not NUL-terminated. */
dm_status config_parse(config *c, const char *text, size_t size, dm_error *why);

#endif
