/* tokenizer_check.h - vocabularies, and encoding and decoding in memory of exactly the size that was asked
 * for, so that the sanitizer sees a byte too many. For the tests of the tokeniser, and of what takes its
 * tokens. */
#ifndef DM_TOKENIZER_CHECK_H
#define DM_TOKENIZER_CHECK_H

#include <string.h>

#include "check.h"
#include "text/tokenizer.h"
#include "text/utf8.h"

typedef struct { char *file; size_t size; arena memory; tokenizer *t; } vocabulary;

static inline void vocabulary_close(vocabulary *v)
{
    arena_free(&v->memory);
    free(v->file);
}

static inline int vocabulary_open(vocabulary *v, const char *path)
{
    dm_error why = { "" };
    *v = (vocabulary){ 0 };
    v->file = check_file(path, &v->size);
    if (!v->file) return 0;
    arena_init(&v->memory, 65536);
    const dm_status s = tokenizer_open(v->file, v->size, &v->memory, &v->t, &why);
    CHECK(s == DM_OK && v->t, "%s: %s", path, why.text);
    if (s) vocabulary_close(v);
    return s == DM_OK;
}

typedef struct { dm_token *tokens; size_t n; } encoding;

/* Tokens, in memory whose ends the sanitizer guards; the caller frees e.tokens. */
static inline encoding encode(const tokenizer *t, const char *text, size_t size)
{
    char *copy = malloc(size ? size : 1);
    memcpy(copy, text, size);
    const size_t room = tokenizer_bound(t, size);
    encoding e = { malloc(room * sizeof(dm_token)), 0 };
    void *scratch = malloc(tokenizer_scratch(t, size));
    e.n = tokenizer_encode(t, copy, size, e.tokens, scratch);
    CHECK(e.n <= room, "%zu tokens in a room for %zu", e.n, room);
    free(scratch);
    free(copy);
    return e;
}

typedef struct { char *text; size_t size; dm_token *tokens; } decoding;

static inline decoding decode(const tokenizer *t, const int32_t *ids, size_t n)
{
    const size_t room = tokenizer_decode_bound(t, ids, n);
    decoding d = { malloc(room + 1), 0, malloc((n + 1) * sizeof(dm_token)) };
    d.size = tokenizer_decode(t, ids, n, d.text, d.tokens);
    CHECK(d.size <= room, "%zu bytes in a room for %zu", d.size, room);
    CHECK(utf8_valid(d.text, d.size), "the decoded text is not UTF-8");
    return d;
}

static inline void decoding_free(decoding *d)
{
    free(d->text);
    free(d->tokens);
}

static inline int32_t *ids_of(const dm_token *tokens, size_t n)
{
    int32_t *ids = malloc((n + 1) * sizeof *ids);
    for (size_t i = 0; i < n; i++) ids[i] = tokens[i].id;
    return ids;
}

/* In order, without overlap, without gap; inside of the text. */
static inline void check_ranges(const encoding *e, size_t size, const char *name)
{
    for (size_t i = 0; i < e->n; i++) {
        const dm_token *t = &e->tokens[i];
        CHECK(t->begin <= t->end && t->end <= size, "%s: token %zu is [%u, %u) of %zu", name, i, t->begin, t->end, size);
        CHECK(!i || t->begin == t[-1].end, "%s: token %zu begins at %u after %u", name, i, t->begin, i ? t[-1].end : 0);
    }
}

#endif
