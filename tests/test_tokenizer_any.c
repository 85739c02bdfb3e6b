/* Tokeniser: no harm from any text or file, and properties that hold for all of them. */
#include <time.h>

#include "tokenizer_check.h"

/* The first five are small enough to damage in every way. */
static const char *const OURS[] = {
    "tests/golden/text/unigram.spm", "tests/golden/text/bpe.spm", "tests/golden/text/nofallback.spm",
    "tests/golden/text/suffix.spm", "tests/golden/text/unused.spm",
    "tests/golden/tiny.spm", "tests/golden/tiny-bpe.spm",
};
enum { N_OURS = sizeof OURS / sizeof *OURS, N_SMALL = 5 };

/* Characters of all kinds, words of the vocabularies, and bytes that are no UTF-8. */
static size_t random_text(char *out, size_t room)
{
    static const char *const parts[] = { "the", "house", " ", "  ", "\t", "<sep>", "New York", "C++", "\xFF", "\xE2\x96",
                                         "\xED\xA0\x80",
                                         "ﷺ", "ﬁ", "a\xCC\x88", "½", "😀", "\x01", "\xE2\x80\x8B", "Tür", "x" };
    const size_t most = check_random() % 200;
    size_t n = 0;
    for (size_t k = 0; k < most && n + 16 < room; k++) {
        const uint32_t kind = check_random() % 8;
        const char *part = parts[check_random() % (sizeof parts / sizeof *parts)];
        if (kind < 4) {
            memcpy(out + n, part, strlen(part));
            n += strlen(part);
        } else {
            n += (size_t)utf8_write(out + n, 1 + check_random() % (kind < 6 ? 0x7F : kind < 7 ? 0x3000 : 0x10FFFF));
        }
    }
    return n;
}

/* decode(encode(x)) is x, normalised: doing it again changes nothing, unless x itself contains U+2581. */
static void check_round_trip(const tokenizer *t, const encoding *e, const char *name)
{
    int32_t *ids = ids_of(e->tokens, e->n);
    decoding d = decode(t, ids, e->n);
    for (size_t i = 0; i < e->n; i++)
        CHECK(d.tokens[i].begin == (i ? d.tokens[i - 1].end : 0) && d.tokens[i].begin <= d.tokens[i].end,
              "%s: a gap at token %zu", name, i);
    CHECK(!e->n || d.tokens[e->n - 1].end == d.size, "%s: the ranges do not reach the end", name);
    const encoding again = encode(t, d.text, d.size);
    int32_t *more = ids_of(again.tokens, again.n);
    decoding twice = decode(t, more, again.n);
    size_t same = 0;
    while (same < d.size && same < twice.size && d.text[same] == twice.text[same]) same++;
    CHECK(same == d.size && same == twice.size, "%s: %zu bytes became %zu, different at %zu", name, d.size, twice.size, same);
    decoding_free(&twice);
    decoding_free(&d);
    free(again.tokens);
    free(more);
    free(ids);
}

TEST(any_text)
{
    for (int k = 0; k < N_OURS; k++) {
        vocabulary v;
        char text[2048];
        if (!vocabulary_open(&v, OURS[k])) continue;
        const int invertible = k < 2 || k == N_SMALL + 1;         /* byte fallback, few rules */
        for (int round = 0; round < 300; round++) {
            const size_t size = random_text(text, sizeof text - 1);
            text[size] = 0;
            const encoding e = encode(v.t, text, size);
            check_ranges(&e, size, OURS[k]);
            if (invertible && !strstr(text, "▁")) check_round_trip(v.t, &e, OURS[k]);
            free(e.tokens);
        }
        vocabulary_close(&v);
    }
}

/* Any ids decode to UTF-8, also ids of no piece. */
TEST(any_ids)
{
    vocabulary v;
    if (!vocabulary_open(&v, OURS[0])) return;
    for (int round = 0; round < 2000; round++) {
        int32_t ids[16];
        const size_t n = check_random() % 16;
        for (size_t i = 0; i < n; i++) ids[i] = check_random() % 50 ? (int32_t)(check_random() % 400) : (int32_t)check_random();
        decoding d = decode(v.t, ids, n);
        const size_t bare = tokenizer_decode(v.t, ids, n, d.text, NULL);
        CHECK(bare == d.size, "%zu bytes without tokens, %zu with", bare, d.size);
        decoding_free(&d);
    }
    vocabulary_close(&v);
}

/* Rules may lengthen a text as far as the bound allows, also when all of it is U+FDFA. */
TEST(rules_that_lengthen)
{
    vocabulary v;
    if (!vocabulary_open(&v, "tests/golden/tiny.spm")) return;
    static char text[30000];
    for (size_t i = 0; i < sizeof text; i++) text[i] = "ﷺ"[i % 3];
    for (size_t size = 3; size <= sizeof text; size *= 10) {
        const encoding e = encode(v.t, text, size);
        check_ranges(&e, size, "U+FDFA");
        CHECK(e.n && e.tokens[e.n - 1].end == size, "the end is not covered");
        CHECK(size > 300 || e.n > 4 * size, "only %zu tokens of %zu bytes", e.n, size);
        free(e.tokens);
    }
    vocabulary_close(&v);
}

/* Time and memory grow with the text. */
TEST(long_texts)
{
    static const char *const units[] = { "the dog sees the house. ", "a", " ", "ab", "\xFF", "日本", "<sep>", "▁", "e\xCC\x81",
                                         "returnsreturns" };
    enum { SIZE = 1 << 20 };
    char *text = malloc(SIZE);
    for (int k = 0; k < 2; k++) {
        vocabulary v;
        if (!vocabulary_open(&v, OURS[k])) continue;
        CHECK(tokenizer_scratch(v.t, SIZE) < 200u * SIZE, "%zu bytes of scratch", tokenizer_scratch(v.t, SIZE));
        for (size_t u = 0; u < sizeof units / sizeof *units; u++) {
            const size_t n = strlen(units[u]);
            for (size_t i = 0; i < SIZE; i++) text[i] = units[u][i % n];
            const clock_t start = clock();
            const encoding e = encode(v.t, text, SIZE);
            const double seconds = (double)(clock() - start) / CLOCKS_PER_SEC;
            CHECK(seconds < 10, "a megabyte of \"%s\" took %.2f s", units[u], seconds);
            for (size_t i = 1; i < e.n; i++)
                if (e.tokens[i].begin != e.tokens[i - 1].end) { CHECK(0, "a gap at token %zu", i); break; }
            free(e.tokens);
        }
        vocabulary_close(&v);
    }
    free(text);
}

/* --- damaged files ---------------------------------------------------------------------------------- */

/* Opens bytes that may be anything; whatever opens must also work. */
static dm_status open_any(const char *bytes, size_t size)
{
    static const char text[] = "the Häuser ﬁ <sep> New York\t😀\xFF x▁y";
    char *copy = malloc(size ? size : 1);
    memcpy(copy, bytes, size);
    arena memory;
    arena_init(&memory, 4096);
    tokenizer *t;
    dm_error why;
    const dm_status s = tokenizer_open(copy, size, &memory, &t, &why);
    CHECK((s == DM_OK) == (t != NULL) && (s == DM_OK) == (why.text[0] == 0), "status %d, \"%s\"", (int)s, why.text);
    if (s == DM_OK) {
        const encoding e = encode(t, text, sizeof text);
        int32_t *ids = ids_of(e.tokens, e.n);
        decoding d = decode(t, ids, e.n);
        decoding_free(&d);
        free(ids);
        free(e.tokens);
    }
    arena_free(&memory);
    free(copy);
    return s;
}

TEST(truncated_files)
{
    for (int k = 0; k < N_SMALL; k++) {
        size_t size;
        char *bytes = check_file(OURS[k], &size);
        CHECK(bytes, "%s is missing", OURS[k]);
        for (size_t n = 0; bytes && n <= size; n++) {
            const dm_status s = open_any(bytes, n);
            CHECK(s == DM_OK || s == DM_ERR_FORMAT, "%zu bytes: status %d", n, (int)s);
        }
        free(bytes);
    }
}

TEST(damaged_files)
{
    int opened = 0;
    for (int k = 0; k < N_SMALL; k++) {
        size_t size;
        char *bytes = check_file(OURS[k], &size);
        for (int round = 0; bytes && round < 800; round++) {
            char *copy = malloc(size);
            memcpy(copy, bytes, size);
            for (uint32_t flips = 1 + check_random() % 4; flips; flips--)
                copy[check_random() % size] ^= (char)(1u << check_random() % 8);
            opened += open_any(copy, size) == DM_OK;
            free(copy);
        }
        free(bytes);
    }
    CHECK(opened > 100, "only %d damaged files could be opened and tried", opened);
}

/* One field 1 of ModelProto by hand. */
static size_t put_piece(char *out, const char *piece, float score, int type)
{
    const size_t n = strlen(piece);
    out[0] = 0x0A;
    out[1] = (char)(n + 9);
    out[2] = 0x0A;
    out[3] = (char)n;
    memcpy(out + 4, piece, n);
    out[4 + n] = 0x15;
    memcpy(out + 5 + n, &score, 4);
    out[9 + n] = 0x18;
    out[10 + n] = (char)type;
    return n + 11;
}

typedef struct { const char *piece; float score; int type; } hand_piece;

/* `count` pieces, then other fields. */
static dm_status open_by_hand(const hand_piece *pieces, int count, const char *tail, size_t tail_size)
{
    char bytes[512];
    size_t n = 0;
    for (int i = 0; i < count; i++) n += put_piece(bytes + n, pieces[i].piece, pieces[i].score, pieces[i].type);
    memcpy(bytes + n, tail, tail_size);
    return open_any(bytes, n + tail_size);
}

TEST(files_by_hand)
{
    const float nan = strtof("nan", NULL), inf = strtof("inf", NULL);
    const hand_piece good[] = { { "</s>", 0, 3 }, { "<unk>", 0, 2 }, { "a", -1, 1 } };
    CHECK(open_by_hand(good, 3, "", 0) == DM_OK, "the good one");
    CHECK(open_by_hand(good, 2, "", 0) == DM_ERR_FORMAT, "no piece for text");
    CHECK(open_by_hand(good + 1, 2, "", 0) == DM_ERR_FORMAT, "no end of sentence");
    CHECK(open_by_hand(good, 3, "\x12\x02\x18\x03", 4) == DM_ERR_FORMAT, "a model of type 3");
    CHECK(open_by_hand(good, 3, "\x12\x02\x18\x02", 4) == DM_OK, "BPE");
    CHECK(open_by_hand(good, 3, "\x12\x03\x98\x02\x01", 5) == DM_ERR_FORMAT, "byte fallback without bytes");
    CHECK(open_by_hand(good, 3, "\x1A\x06\x12\x04\x04\0\0\0", 8) == DM_ERR_FORMAT, "a character map that ends too early");
    CHECK(open_by_hand(good, 3, "\x1A\x0B\x12\x09\x04\0\0\0\xFF\xFF\xFF\xFF\0", 13) == DM_OK,
          "a map that points outside of itself");
    CHECK(open_by_hand(good, 3, "\x2A\x05\x12\x03""abc", 7) == DM_ERR_FORMAT, "a denormaliser");
    CHECK(open_by_hand(good, 3, "\x0B", 1) == DM_ERR_FORMAT, "a group");
    CHECK(open_by_hand(good, 3, "\x7A\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01", 11) == DM_ERR_FORMAT, "a length of 2^64 - 1");
    const hand_piece bad[] = { { "b", nan, 1 }, { "b", inf, 1 }, { "", -1, 1 }, { "\xFF", -1, 1 }, { "b", -1, 7 }, { "b", -1, 0 },
                               { "<0x41>", 0, 6 }, { "<unk2>", 0, 2 }, { "a", -1, 1 } };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        const hand_piece pieces[] = { good[0], good[1], good[2], bad[i] };
        CHECK(open_by_hand(pieces, 4, "", 0) == DM_ERR_FORMAT, "bad piece %zu", i);
    }
}

int main(void)
{
    RUN(any_text);
    RUN(any_ids);
    RUN(rules_that_lengthen);
    RUN(long_texts);
    RUN(truncated_files);
    RUN(damaged_files);
    RUN(files_by_hand);
    return check_report();
}
