/* lexicon.h - Marian's binary shortlist (lex.bin, as Firefox ships it) -> the tensor of shortlist.h. */
#ifndef DM_LEXICON_H
#define DM_LEXICON_H

#include "arena.h"
#include "dolmetsch.h"

/* lexicon is untrusted. On success *out (*size bytes, memory of a) is the tensor; its common tokens are the lexicon's
 * "first" ones, those of the lowest ids. */
dm_status lexicon_convert(dm_text lexicon, arena *a, uint8_t **out, size_t *size, dm_error *why);

#endif
