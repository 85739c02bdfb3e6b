/* tokenizer.h - reads a SentencePiece model (.spm, a protobuf) and applies it.
 *
 * Unigram and BPE, charsmap normaliser, byte fallback, user-defined symbols; the model's bytes are
 * borrowed. Ids, ranges and texts are those of the sentencepiece package, version 0.2. */
#ifndef DM_TOKENIZER_H
#define DM_TOKENIZER_H

#include "arena.h"
#include "dolmetsch.h"

typedef struct tokenizer tokenizer;

/* Reads `bytes` (borrowed, must outlive the tokenizer) into memory of `a`. Everything in it is
 * untrusted: DM_ERR_FORMAT with a reason, or DM_ERR_MEMORY. */
dm_status tokenizer_open(const void *bytes, size_t size, arena *a, tokenizer **out, dm_error *why);

int tokenizer_size(const tokenizer *t);      /* number of pieces */
int tokenizer_eos(const tokenizer *t);       /* id of </s>, 0 for Marian's models */
int tokenizer_unk(const tokenizer *t);
/* The byte that a piece <0x00> ... <0xFF> stands for, or -1. */
int tokenizer_byte(const tokenizer *t, int32_t id);
/* What a piece spells, U+2581 for a blank: *size bytes, not NUL-terminated; none where it is no text of its own, as a
 * byte piece that is no printable ASCII. */
const char *tokenizer_piece(const tokenizer *t, int32_t id, size_t *size);
/* Ids of <0x00> ... <0xFF> (256), or NULL for a model without byte fallback. */
const int32_t *tokenizer_byte_ids(const tokenizer *t);

/* Most tokens that `size` bytes of text can give, without end-of-sentence: the capacity that
 * tokenizer_encode needs. */
size_t tokenizer_bound(const tokenizer *t, size_t size);
/* Bytes of scratch that encoding `size` bytes needs: about 70 (unigram) or 200 (BPE) for each byte of a
 * long text, four times that for a short one, whose normalised form may be 16 times as long. Texts
 * over 256 MiB are not encoded: both calls give SIZE_MAX for them. */
size_t tokenizer_scratch(const tokenizer *t, size_t size);

/* text (size bytes) -> tokens with byte ranges in text; no end-of-sentence is added.
 * The ranges are in order, do not overlap and together cover the text but for white space that
 * the normaliser drops; of the byte pieces of one character the last holds the range. Returns
 * the number of tokens. out must hold tokenizer_bound() tokens; scratch is 16-byte aligned. */
size_t tokenizer_encode(const tokenizer *t, const char *text, size_t size,
                        dm_token *out, void *scratch);

/* Most bytes that n tokens decode to. */
size_t tokenizer_decode_bound(const tokenizer *t, const int32_t *ids, size_t n);
/* ids -> UTF-8 text (not NUL-terminated); always valid UTF-8. out must hold
 * tokenizer_decode_bound() bytes. Returns its length. Where `tokens` is not NULL, tokens[i] gets
 * id and byte range of ids[i] in out: ranges are in order and cover the text. */
size_t tokenizer_decode(const tokenizer *t, const int32_t *ids, size_t n,
                        char *out, dm_token *tokens);

#endif
