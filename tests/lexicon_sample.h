/* lexicon_sample.h - writes Marian's binary shortlist from lists, by its description (docs/marian.md section 5). */
#ifndef DM_LEXICON_SAMPLE_H
#define DM_LEXICON_SAMPLE_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "dolmetsch.h"

enum { LEXICON_HEADER = 48 };

/* lists[s*n .. s*n + n): non-zero where source token s may become that token. */
typedef struct { int n, first; uint8_t *lists; } lexicon_sample;

/* Every token gets `share` percent of the tokens, but for every fifth, whose list is empty unless all are full. */
static inline lexicon_sample lexicon_random(int n, int first, int share)
{
    lexicon_sample l = { n, first, calloc((size_t)n, (size_t)n) };
    for (int i = 0; i < n * n; i++) l.lists[i] = (share == 100 || i / n % 5 != 0) && (int)(check_random() % 100) < share;
    return l;
}

static inline void lexicon_put(uint8_t *at, uint64_t value, int bytes)
{
    for (int i = 0; i < bytes; i++) at[i] = (uint8_t)(value >> (8 * i));
}

/* Writes the checksum of what follows it. */
static inline void lexicon_seal(uint8_t *file, size_t size)
{
    uint64_t hash = 0;
    for (size_t at = 16; at + 8 <= size; at += 8) {
        uint64_t word = 0;
        for (int i = 0; i < 8; i++) word |= (uint64_t)file[at + (size_t)i] << (8 * i);
        hash ^= word + 0x9E3779B9 + (hash << 6) + (hash >> 2);
    }
    lexicon_put(file + 8, hash, 8);
}

/* The file, in a heap block of its exact size. */
static inline dm_text lexicon_write(const lexicon_sample *l)
{
    size_t n_ids = 0;
    for (int i = 0; i < l->n * l->n; i++) n_ids += l->lists[i];
    const size_t size = LEXICON_HEADER + 8 * ((size_t)l->n + 1) + 4 * n_ids;
    uint8_t *file = malloc(size), *offset = file + LEXICON_HEADER, *id = offset + 8 * ((size_t)l->n + 1), *ids = id;
    const uint64_t header[] = { 0xF11A48D5013417F5, 0, (uint64_t)l->first, 50, (uint64_t)l->n + 1, n_ids };
    for (int i = 0; i < 6; i++) lexicon_put(file + 8 * i, header[i], 8);
    for (int s = 0; s < l->n; s++, offset += 8) {
        lexicon_put(offset, (uint64_t)(id - ids) / 4, 8);
        for (int t = 0; t < l->n; t++)
            if (l->lists[s * l->n + t]) lexicon_put(id, (uint64_t)t, 4), id += 4;
    }
    lexicon_put(offset, n_ids, 8);
    lexicon_seal(file, size);
    return (dm_text){ (char *)file, size };
}

#endif
