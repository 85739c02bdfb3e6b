/* test_foreign.c - foreign words are hidden behind signs, and come back at the place of the sign. */
#include <string.h>

#include "tokenizer_check.h"
#include "text/foreign.h"

enum { MAX = 1024 };

typedef struct {
    vocabulary v;
    const char *text;
    dm_token *tokens;         /* of the text, after foreign_hide */
    int encoded, n;           /* how many before and after */
    foreign_words words;
} fixture;

static int open_fixture(fixture *f, const char *text)
{
    *f = (fixture){ .text = text };
    const int opened = vocabulary_open(&f->v, "tests/golden/tiny.spm");
    CHECK(opened, "tests/golden/tiny.spm");
    if (!opened) return 0;
    const encoding e = encode(f->v.t, text, strlen(text));
    f->encoded = (int)e.n;
    f->tokens = arena_take(&f->v.memory, tokenizer_bound(f->v.t, strlen(text)), sizeof *f->tokens);
    f->n = foreign_hide(f->v.t, text, strlen(text), e.tokens, f->encoded, f->tokens);
    free(e.tokens);
    foreign_find(&f->words, f->v.t, text, f->tokens, f->n);
    return 1;
}

static void close_fixture(fixture *f) { vocabulary_close(&f->v); }

static int count_words(const fixture *f)
{
    int n = 0;
    for (int k = 0; k < FOREIGN_MOST; k++) n += f->words.word[k] != NULL;
    return n;
}

/* What a translation that copies every token says, with its tokens' ranges in `tokens`. */
static size_t copied(fixture *f, char *out, dm_token *tokens)
{
    int32_t ids[MAX];
    for (int i = 0; i < f->n; i++) ids[i] = f->tokens[i].id;
    const size_t size = tokenizer_decode(f->v.t, ids, (size_t)f->n, out, tokens);
    return foreign_show(&f->words, out, size, tokens, f->n);
}

static void check_text(const char *text, int words)
{
    fixture f;
    char out[MAX];
    dm_token tokens[MAX];
    if (!open_fixture(&f, text)) return;
    CHECK(count_words(&f) == words, "%s: %d words", text, count_words(&f));
    const size_t size = copied(&f, out, tokens);
    CHECK(size == strlen(text) && !memcmp(out, text, size), "%s became %.*s", text, (int)size, out);
    for (int i = 0; i < f.n; i++) {
        const uint32_t before = i ? tokens[i - 1].end : 0;
        CHECK(tokens[i].begin == before && tokens[i].end >= before, "%s: token %d", text, i);
    }
    CHECK(tokens[f.n - 1].end == size, "%s: the tokens cover it", text);
    close_fixture(&f);
}

TEST(words_come_back)
{
    check_text("the 日本語 cat", 1);
    check_text("日本語", 1);
    check_text("the 日本語 cat 中文 dog Русский", 3);
    check_text("中文, 日本語 - Русский", 1);              /* with marks between them they are one */
    check_text("Привет, мир!", 1);
    check_text("the 日本語!", 1);
    check_text("abc日本語def", 1);
    check_text("中", 1);
}

TEST(the_rest_is_left_to_copying)
{
    check_text("the cat", 0);
    check_text("the π cat", 0);                           /* one letter of two pieces */
    check_text("Dvořák, Łódź, Đặng", 0);                  /* Latin */
    check_text("the 🇩🇪 and 👩‍👧 and ✂ cat", 0);
}

TEST(a_word_is_three_tokens_and_its_range)
{
    fixture f;
    if (!open_fixture(&f, "the 日本語 cat")) return;
    CHECK(f.n == f.encoded - 9 + FOREIGN_PIECES, "%d of %d tokens", f.n, f.encoded);
    int at = 0;
    while (at < f.n && f.tokens[at].end - f.tokens[at].begin != 9) at++;
    CHECK(at < f.n && f.tokens[at].begin == 4, "one holds the word");
    CHECK(f.tokens[at - 1].begin == 4 && f.tokens[at - 1].end == 4, "those before it hold nothing");
    close_fixture(&f);
}

TEST(signs_of_the_text_are_its_own)
{
    fixture f;
    char out[MAX];
    if (!open_fixture(&f, "✀ 日本語 ✂ a 中文")) return;
    CHECK(!f.words.word[0] && f.words.word[1] && !f.words.word[2] && f.words.word[3], "the signs ✁ and ✃ were free");
    const size_t size = copied(&f, out, NULL);
    CHECK(size == strlen(f.text) && !memcmp(out, f.text, size), "%.*s", (int)size, out);
    close_fixture(&f);
}

/* A sign that comes again is no word: the translation would outgrow its room. One that does not come is lost, as any word. */
TEST(a_word_comes_once)
{
    fixture f;
    char out[MAX] = "✀ ✀ ✁";
    if (!open_fixture(&f, "日本語 a 中文 a Русский")) return;
    const size_t size = foreign_show(&f.words, out, strlen(out), NULL, 0);
    CHECK(size == strlen("日本語 ✀ 中文") && !memcmp(out, "日本語 ✀ 中文", size), "%.*s", (int)size, out);
    close_fixture(&f);
}

/* A sign of two bytes in place of the dingbat's three. */
TEST(a_translation_may_shrink)
{
    foreign_words words = { .word = { "©", "日本語" }, .size = { 2, 9 } };
    char out[MAX] = "a ✀ b ✁ c";
    dm_token tokens[] = { { 0, 0, 1 }, { 0, 1, 2 }, { 0, 2, 2 }, { 0, 2, 5 }, { 0, 5, 7 }, { 0, 7, 8 }, { 0, 8, 11 },
                          { 0, 11, 13 } };
    const int ends[] = { 1, 2, 2, 4, 6, 7, 16, 18 };
    const size_t size = foreign_show(&words, out, strlen(out), tokens, 8);
    CHECK(size == strlen("a © b 日本語 c") && !memcmp(out, "a © b 日本語 c", size), "%.*s", (int)size, out);
    for (int i = 0; i < 8; i++) CHECK((int)tokens[i].end == ends[i], "token %d ends at %u", i, (unsigned)tokens[i].end);
}

TEST(there_are_words_without_a_sign)
{
    char text[5 * 70 + 1] = "";
    fixture f;
    char out[MAX];
    for (int i = 0; i < 70; i++) strcat(text, "中 a");
    if (!open_fixture(&f, text)) return;
    CHECK(count_words(&f) == FOREIGN_MOST, "%d words", count_words(&f));
    const size_t size = copied(&f, out, NULL);
    CHECK(size == strlen(text) && !memcmp(out, text, size), "%d bytes", (int)size);
    close_fixture(&f);
}

/* In time that grows with the text and not with its square: this is 2,000 times the test's other texts. */
TEST(long_texts)
{
    enum { TIMES = 4000 };
    static const char *const bits[] = { "🎉", "-", "中", "- 中", "a 中" };
    const int words[] = { 0, 0, 1, 1, FOREIGN_MOST };
    for (int k = 0; k < 5; k++) {
        fixture f;
        char *text = calloc(TIMES, 8);
        if (!text) return;
        for (int i = 0; i < TIMES; i++) memcpy(text + (size_t)i * strlen(bits[k]), bits[k], strlen(bits[k]));
        if (!open_fixture(&f, text)) return;
        CHECK(count_words(&f) == words[k], "%s: %d words", bits[k], count_words(&f));
        close_fixture(&f);
        free(text);
    }
}

/* Whatever the bytes are: tokens and text stay in order. */
TEST(any_bytes)
{
    static const char *const bits[] = { "中", "я", " ", "a", ",", "\xE4", "\xB8", "✂", "🎉", "0", "日本", "\xE2\x9C" };
    for (int round = 0; round < 200; round++) {
        char text[128] = "", out[MAX];
        dm_token tokens[MAX];
        fixture f;
        for (int i = 0; i < 20; i++) strcat(text, bits[check_random() % (sizeof bits / sizeof *bits)]);
        if (!open_fixture(&f, text)) return;
        int in_order = 1;
        for (int i = 1; i < f.n; i++) in_order &= f.tokens[i].begin >= f.tokens[i - 1].end && f.tokens[i].end <= strlen(text);
        const size_t size = copied(&f, out, tokens);
        for (int i = 1; i < f.n; i++) in_order &= tokens[i].begin == tokens[i - 1].end;
        CHECK(in_order && (!f.n || tokens[f.n - 1].end == size), "round %d: %s", round, text);
        close_fixture(&f);
    }
}

int main(void)
{
    RUN(words_come_back);
    RUN(the_rest_is_left_to_copying);
    RUN(a_word_is_three_tokens_and_its_range);
    RUN(signs_of_the_text_are_its_own);
    RUN(a_word_comes_once);
    RUN(a_translation_may_shrink);
    RUN(there_are_words_without_a_sign);
    RUN(long_texts);
    RUN(any_bytes);
    return check_report();
}
