/* marian.h - turns a Marian model (.bin with its special:model.yml, .spm, lex.bin) into ours.
 * Formats: docs/marian.md sections 1, 5, 6. Float32 and intgemm8 items are read. */
#ifndef DM_MARIAN_H
#define DM_MARIAN_H

#include "arena.h"
#include "dolmetsch.h"

/* model: the .bin; vocab: the .spm; lexicon: the lex.bin, may be empty. Every byte is untrusted. On success
 * *out (*out_size bytes, memory of `a`) is a model file. */
dm_status marian_convert(dm_text model, dm_text vocab, dm_text lexicon, arena *a,
                         uint8_t **out, size_t *out_size, dm_error *why);

/* One item of a .bin container, for tools and tests. */
typedef struct { const char *name; uint64_t type; int n_dims; int dims[4]; const uint8_t *data; size_t size; } marian_item;
enum { MARIAN_INT8 = 0x101, MARIAN_FLOAT32 = 0x404, MARIAN_INTGEMM8 = 0x4101 };
/* Reads the directory of a .bin: items in memory of `a`, data borrowed (may be unaligned). */
dm_status marian_items(dm_text bin, arena *a, marian_item **items, int *n, dm_error *why);

#endif
