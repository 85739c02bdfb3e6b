/* test_shortlist.c - Marian's lexicon into a model's shortlist, what a sentence may use by it, and damaged ones. */
#include "lexicon_sample.h"
#include "model/lexicon.h"
#include "model/shortlist.h"

enum { EOS = 0, SENTENCE = 12 };

/* Converts; the bytes are in a heap block of their exact size, so that a read past the end is seen. NULL: refused. */
static uint8_t *convert(dm_text file, size_t *size, dm_error *why)
{
    arena a;
    arena_init(&a, 4096);
    uint8_t *out, *copy = NULL;
    const dm_status s = lexicon_convert(file, &a, &out, size, why);
    CHECK(!s == (out != NULL), "status %d", s);
    if (!s) copy = memcpy(malloc(*size), out, *size);
    arena_free(&a);
    return copy;
}

static dm_status open_bytes(const uint8_t *bytes, size_t size, int n, arena *a, shortlist **out, dm_error *why)
{
    why->text[0] = 0;
    const dm_status s = shortlist_open(bytes, size, n, a, out, why);
    CHECK(!s == (*out != NULL) && !s == !why->text[0], "status %d: %s", s, why->text);
    return s;
}

/* What a sentence may use, by definition. */
static int expected(const lexicon_sample *l, const int32_t *source, int n_source, int32_t *ids)
{
    int n = 0;
    for (int t = 0; t < l->n; t++) {
        int may = t < l->first;
        for (int i = 0; i < n_source; i++) may |= source[i] == t || l->lists[source[i] * l->n + t];
        if (may) ids[n++] = t;
    }
    return n;
}

static void check_sentences(const lexicon_sample *l, const shortlist *s)
{
    int32_t *want = malloc(sizeof *want * (size_t)l->n), *ids;
    for (int round = 0; round < 20; round++) {
        int32_t source[SENTENCE];
        const int n = 1 + (int)(check_random() % SENTENCE);
        for (int i = 0; i < n; i++) source[i] = (int32_t)(check_random() % (uint32_t)l->n);
        source[n - 1] = EOS;
        arena a;
        arena_init(&a, 4096);
        const int n_want = expected(l, source, n, want), got = shortlist_choose(s, source, n, &a, &ids);
        CHECK(got == n_want && !memcmp(ids, want, sizeof *want * (size_t)got), "%d of %d tokens, not %d", got, l->n, n_want);
        arena_free(&a);
    }
    free(want);
}

TEST(lists_come_through)
{
    static const struct { int n, first, share; } cases[] = {
        { 1, 0, 0 }, { 1, 1, 100 }, { 2, 0, 100 }, { 63, 5, 10 }, { 64, 0, 50 }, { 65, 65, 30 }, { 300, 7, 2 }, { 300, 0, 0 },
        { 257, 3, 100 }, { 300, 1000, 5 } };
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        lexicon_sample l = lexicon_random(cases[c].n, cases[c].first, cases[c].share);
        const dm_text file = lexicon_write(&l);
        size_t size;
        dm_error why = { "" };
        uint8_t *bytes = convert(file, &size, &why);
        CHECK(bytes, "case %zu: %s", c, why.text);
        arena a;
        arena_init(&a, 4096);
        shortlist *s;
        if (bytes && !open_bytes(bytes, size, l.n, &a, &s, &why)) check_sentences(&l, s);
        CHECK(!why.text[0], "case %zu: %s", c, why.text);
        arena_free(&a);
        free(bytes);
        free((void *)(uintptr_t)file.bytes);
        free(l.lists);
    }
}

/* No list has the end of the sentence, and some lists are empty: a source ends with it, which is enough. */
TEST(the_end_of_a_sentence_is_always_there)
{
    lexicon_sample l = lexicon_random(40, 0, 20);
    for (int s = 0; s < l.n; s++) l.lists[s * l.n + EOS] = 0;
    const dm_text file = lexicon_write(&l);
    size_t size;
    dm_error why;
    uint8_t *bytes = convert(file, &size, &why);
    arena a;
    arena_init(&a, 4096);
    shortlist *s;
    int32_t *ids;
    CHECK(!open_bytes(bytes, size, l.n, &a, &s, &why), "%s", why.text);
    const int32_t source[] = { 5, EOS };
    CHECK(shortlist_choose(s, source, 2, &a, &ids) == 2 && ids[0] == EOS && ids[1] == 5, "an empty list");
    arena_free(&a);
    free(bytes);
    free((void *)(uintptr_t)file.bytes);
    free(l.lists);
}

/* --- what is wrong with a tensor ------------------------------------------------------------------ */

static void refuses(const uint8_t *bytes, size_t size, int n, const char *words)
{
    uint8_t *copy = memcpy(malloc(size + !size), bytes, size);
    arena a;
    arena_init(&a, 4096);
    shortlist *s;
    dm_error why;
    CHECK(open_bytes(copy, size, n, &a, &s, &why) == DM_ERR_FORMAT, "%s: accepted", words);
    CHECK(!strncmp(why.text, "shortlist: ", 11) && strstr(why.text, words), "%s, not %s", why.text, words);
    arena_free(&a);
    free(copy);
}

TEST(damaged_tensors)
{
    lexicon_sample l = lexicon_random(90, 4, 20);
    const dm_text file = lexicon_write(&l);
    size_t size;
    dm_error why;
    uint8_t *bytes = convert(file, &size, &why);
    for (size_t cut = 0; cut < size; cut++)
        refuses(bytes, cut, l.n, cut < 4 ? "too few" : cut == 4 ? "common tokens is damaged" : "damaged");
    uint8_t *longer = memcpy(calloc(size + 3, 1), bytes, size);
    refuses(longer, size + 3, l.n, "3 bytes after the last list");
    refuses(bytes, size, l.n + 1, "made for 90 tokens, the vocabulary has 91");
    refuses(bytes, size, l.n - 1, "made for 90 tokens");
    const uint8_t zeros[64] = { 3 }, ones[64] = { [0] = 3, [4] = 15 };
    refuses(zeros, sizeof zeros, 3, "common tokens is damaged");           /* a length without end */
    refuses(ones, sizeof ones, 3, "after the last list");                  /* four empty lists */
    const uint8_t past[] = { 3, 0, 0, 0, 0x3A };      /* 010: one id; 111: behind the third */
    refuses(past, sizeof past, 3, "common tokens is damaged");
    const uint8_t padded[] = { 3, 0, 0, 0, 0x8F };    /* four empty lists, and a bit */
    refuses(padded, sizeof padded, 3, "last byte does not end in zeros");
    free(longer);
    free(bytes);
    free((void *)(uintptr_t)file.bytes);
    free(l.lists);
}

/* Any bytes are refused, or are lists of tokens that exist. */
TEST(random_tensors)
{
    lexicon_sample l = lexicon_random(70, 3, 15);
    const dm_text file = lexicon_write(&l);
    size_t size;
    dm_error why;
    int opened = 0;
    uint8_t *bytes = convert(file, &size, &why);
    for (int round = 0; round < 3000; round++) {
        uint8_t *copy = memcpy(malloc(size), bytes, size);
        for (int i = 0; i < 1 + round % 3; i++) copy[4 + check_random() % (size - 4)] ^= (uint8_t)(1 << check_random() % 8);
        arena a;
        arena_init(&a, 4096);
        shortlist *s;
        if (!open_bytes(copy, size, l.n, &a, &s, &why)) {
            int32_t source[70], *ids;
            for (int i = 0; i < l.n; i++) source[i] = i;
            const int n = shortlist_choose(s, source, l.n, &a, &ids);
            CHECK(n == l.n, "%d", n);
            opened++;
        }
        arena_free(&a);
        free(copy);
    }
    CHECK(opened > 10 && opened < 2990, "%d opened", opened);
    free(bytes);
    free((void *)(uintptr_t)file.bytes);
    free(l.lists);
}

/* --- what is wrong with a lexicon ----------------------------------------------------------------- */

static void refuses_lexicon(const uint8_t *bytes, size_t size, const char *words)
{
    uint8_t *copy = memcpy(malloc(size + !size), bytes, size);
    if (size >= 16 && !strstr(words, "checksum")) lexicon_seal(copy, size);
    dm_error why = { "" };
    size_t n;
    uint8_t *out = convert((dm_text){ (char *)copy, size }, &n, &why);
    CHECK(!out && !strncmp(why.text, "lexicon: ", 9) && strstr(why.text, words), "%s, not %s", why.text, words);
    free(out);
    free(copy);
}

/* The file with one number changed. */
static void refuses_number(dm_text file, size_t at, uint64_t value, int width, const char *words)
{
    uint8_t *copy = memcpy(malloc(file.size), file.bytes, file.size);
    lexicon_put(copy + at, value, width);
    refuses_lexicon(copy, file.size, words);
    free(copy);
}

TEST(damaged_lexicons)
{
    lexicon_sample l = lexicon_random(20, 2, 40);
    const dm_text file = lexicon_write(&l);
    const size_t offsets = LEXICON_HEADER, ids = offsets + 8 * 21;
    refuses_lexicon((const uint8_t *)file.bytes, 0, "not a binary shortlist");
    for (size_t cut = 16; cut < file.size; cut++)
        refuses_lexicon((const uint8_t *)file.bytes, cut, cut < LEXICON_HEADER ? "header is cut off" : "");
    refuses_number(file, 0, 7, 8, "not a binary shortlist");
    refuses_number(file, offsets + 8, 1000, 8, "checksum");
    refuses_number(file, 32, 1, 8, "counts do not fit");
    refuses_number(file, 32, 20, 8, "do not hold 19 lists");
    refuses_number(file, 32, (uint64_t)1 << 40, 8, "counts do not fit");
    refuses_number(file, 40, UINT64_MAX, 8, "counts do not fit");
    refuses_number(file, 40, 3, 8, "do not hold 20 lists of 3 ids");
    refuses_number(file, offsets, 1, 8, "begin at 1");
    refuses_number(file, offsets + 8 * 3, 1000, 8, "the list of token 2 ends outside");
    refuses_number(file, offsets + 8 * 20, 1, 8, "the list of token 19 ends outside");
    refuses_number(file, offsets + 8 * 20, (file.size - ids) / 4 - 1, 8, "belong to no list");
    refuses_number(file, ids, 20, 4, "not ascending ids below 20");
    refuses_number(file, ids, UINT32_MAX, 4, "not ascending ids below 20");
    refuses_number(file, ids + 4, 0, 4, "not ascending");
    free((void *)(uintptr_t)file.bytes);
    free(l.lists);
}

int main(void)
{
    RUN(lists_come_through);
    RUN(the_end_of_a_sentence_is_always_there);
    RUN(damaged_tensors);
    RUN(random_tensors);
    RUN(damaged_lexicons);
    return check_report();
}
