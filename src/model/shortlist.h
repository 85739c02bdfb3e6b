/* shortlist.h - the target tokens that a source token may become: the tensor "shortlist" of a model file.
 *
 *   u32    n         tokens of the vocabulary, little-endian
 *   bits   n + 1 lists, each byte from its lowest bit on: first of the tokens that any sentence may use, then of
 *          what each source token may become. Ids ascend within a list. Zero bits fill up the last byte.
 *
 * A list of m ids is m + 1 in Elias' gamma code (b zeros, then b + 1 bits, the highest first), then the gaps between
 * the ids, id - previous - 1 with a previous of -1 at the start, in Rice's code: gap >> r in ones and a zero, then
 * the r low bits, the lowest first; r = floor(log2(n / (m + 1))).
 * Read in place, all of it checked when the model is opened. Written by lexicon.c and nothing else. */
#ifndef DM_SHORTLIST_H
#define DM_SHORTLIST_H

#include "arena.h"
#include "dolmetsch.h"

/* r for a list of m ids below n. */
static inline int shortlist_rice(int n, int m)
{
    int r = 0;
    while (n / (m + 1) >> (r + 1)) r++;
    return r;
}

typedef struct shortlist shortlist;

/* bytes (size) are untrusted and borrowed; n: tokens of the vocabulary. DM_ERR_FORMAT with a reason, or DM_ERR_MEMORY. */
dm_status shortlist_open(const uint8_t *bytes, size_t size, int n, arena *a, shortlist **out, dm_error *why);

/* The tokens that a translation of source (n_source) may use: the common ones, what each source token may become, and the
 * source tokens themselves. -> ids, ascending, each once, in memory of a; returns how many. Failure shows in a->failed. */
int shortlist_choose(const shortlist *s, const int32_t *source, int n_source, arena *a, int32_t **ids);

#endif
