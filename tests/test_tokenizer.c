/* Tokeniser: the same ids, ranges and texts as the sentencepiece package. The files are described in
 * scripts/train/golden_text.py and tests/golden/README.md. */
#include "tokenizer_check.h"

/* --- golden files --------------------------------------------------------------------------------- */

/* The next field of a line: up to a tab, or the end of the line; NULL when there is none. */
static char *field(char **line)
{
    char *at = *line;
    if (!at) return NULL;
    char *tab = strchr(at, '\t');
    *line = tab ? tab + 1 : NULL;
    if (tab) *tab = 0;
    return at;
}

static size_t from_hex(char *hex)
{
    size_t n = 0;
    unsigned value;
    for (; sscanf(hex + 2 * n, "%2x", &value) == 1; n++) hex[n] = (char)value;
    return n;
}

enum { GOLDEN_MOST = 512 };
static size_t numbers(const char *text, int32_t *out)
{
    size_t n = 0;
    for (char *end; n < GOLDEN_MOST; text = end) {
        out[n] = (int32_t)strtol(text, &end, 10);
        if (end == text) break;
        n++;
    }
    return n;
}

typedef struct { char *text; size_t size; int32_t ids[GOLDEN_MOST], begin[GOLDEN_MOST], end[GOLDEN_MOST]; size_t n; } golden;

/* Hex, three lists of numbers. */
static void read_golden(char **line, golden *g)
{
    char *text = field(line), *ids = field(line), *begin = field(line), *end = field(line);
    CHECK(text && ids && begin && end, "a line with too few fields");
    if (!end) exit(1);
    g->text = text;
    g->size = from_hex(text);
    g->n = numbers(ids, g->ids);
    CHECK(numbers(begin, g->begin) == g->n && numbers(end, g->end) == g->n, "lists of different lengths");
}

static void check_tokens(const golden *g, const dm_token *tokens, size_t n, const char *name, int line)
{
    CHECK(n == g->n, "%s:%d: %zu tokens, expected %zu: %.*s", name, line, n, g->n, (int)g->size, g->text);
    for (size_t i = 0; i < n && i < g->n; i++)
        CHECK(tokens[i].id == g->ids[i] && (int32_t)tokens[i].begin == g->begin[i] && (int32_t)tokens[i].end == g->end[i],
              "%s:%d: token %zu is %d [%u, %u), expected %d [%d, %d): %.*s", name, line, i, tokens[i].id, tokens[i].begin,
              tokens[i].end, g->ids[i], g->begin[i], g->end[i], (int)g->size, g->text);
}

static void check_line(const tokenizer *t, char *line, const char *name, int number)
{
    golden g;
    const char *kind = field(&line);
    read_golden(&line, &g);
    if (kind[0] == 'E') {
        const encoding e = encode(t, g.text, g.size);
        check_tokens(&g, e.tokens, e.n, name, number);
        check_ranges(&e, g.size, name);
        free(e.tokens);
    }
    decoding d = decode(t, g.ids, g.n);
    if (kind[0] == 'D') check_tokens(&g, d.tokens, g.n, name, number);
    char *expected = kind[0] == 'E' ? field(&line) : g.text;
    const size_t size = kind[0] == 'E' ? from_hex(expected) : g.size;
    CHECK(d.size == size && !memcmp(d.text, expected, size), "%s:%d: decoded \"%.*s\", expected \"%.*s\"", name, number,
          (int)d.size, d.text, (int)size, expected);
    decoding_free(&d);
}

static void check_golden(const char *vocab, const char *tsv)
{
    vocabulary v;
    size_t size;
    char *lines = check_file(tsv, &size);
    CHECK(lines, "%s is missing", tsv);
    if (!lines || !vocabulary_open(&v, vocab)) {
        CHECK(!lines, "%s is missing or damaged", vocab);
        free(lines);
        return;
    }
    int number = 0;
    for (char *line = lines, *next; *line; line = next) {
        next = line + strcspn(line, "\n");
        if (*next) *next++ = 0;
        check_line(v.t, line, tsv, ++number);
    }
    CHECK(number >= 20, "%s has only %d lines", tsv, number);
    vocabulary_close(&v);
    free(lines);
}

#define GOLDEN(name) check_golden("tests/golden/text/" name ".spm", "tests/golden/text/" name ".tsv")
TEST(golden_unigram) { GOLDEN("unigram"); }
TEST(golden_bpe) { GOLDEN("bpe"); }
TEST(golden_without_byte_fallback) { GOLDEN("nofallback"); }
TEST(golden_space_as_suffix) { GOLDEN("suffix"); }
TEST(golden_ties) { GOLDEN("ties"); }
TEST(golden_unused_pieces) { GOLDEN("unused"); }

/* The vocabulary of Firefox Translations: read where it lies, never shipped. */
#define FIREFOX "../shared/vectors/firefox-ende/vocab.deen.spm"
TEST(golden_firefox)
{
    FILE *f = fopen(FIREFOX, "rb");
    CHECK(1, " ");
    if (!f) printf("skipped: %s is not there\n", FIREFOX);
    else {
        fclose(f);
        check_golden(FIREFOX, "tests/golden/text/firefox.tsv");
    }
}

/* --- nmt_nfkc, the character map of nearly every model: JSON lines of plain ASCII --------------------- */

/* A JSON string up to its closing quote -> UTF-8; returns its size. */
static size_t json_string(const char *at, char *out)
{
    static const char names[] = "bfnrt\"\\/", values[] = "\b\f\n\r\t\"\\/";
    size_t n = 0;
    while (*at && *at != '"') {
        unsigned c = (unsigned char)*at++, low;
        if (c == '\\' && *at != 'u') {
            const char *name = strchr(names, *at++);
            c = name ? (unsigned char)values[name - names] : '?';
        } else if (c == '\\') {
            sscanf(at + 1, "%4x", &c);
            at += 5;
            if (c >= 0xD800 && c < 0xDC00 && sscanf(at, "\\u%4x", &low) == 1) {
                c = 0x10000 + ((c - 0xD800) << 10) + low - 0xDC00;
                at += 6;
            }
        }
        n += (size_t)utf8_write(out + n, c);
    }
    return n;
}

static size_t json_numbers(const char *at, int32_t *out)
{
    size_t n = 0;
    for (char *end; n < GOLDEN_MOST && *at && *at != ']'; at = end + (*end == ',')) {
        out[n++] = (int32_t)strtol(at, &end, 10);
        if (end == at) break;
    }
    return n;
}

static void check_json_line(const tokenizer *t, const char *line, const char *name, int number)
{
    static const char *const keys[] = { "{\"text\": \"", ", \"ids\": [", ", \"begin\": [", ", \"end\": [", ", \"decoded\": \"" };
    const char *at[5];
    for (int i = 0; i < 5; i++) {
        const char *key = strstr(line, keys[i]);
        CHECK(key, "%s:%d: %s is missing", name, number, keys[i]);
        if (!key) return;
        at[i] = key + strlen(keys[i]);
    }
    char text[1024], decoded[1024];
    golden g = { .text = text };
    g.size = json_string(at[0], text);
    g.n = json_numbers(at[1], g.ids);
    CHECK(json_numbers(at[2], g.begin) == g.n && json_numbers(at[3], g.end) == g.n,
          "%s:%d: lists of different lengths", name, number);
    const encoding e = encode(t, g.text, g.size);
    check_tokens(&g, e.tokens, e.n, name, number);
    check_ranges(&e, g.size, name);
    free(e.tokens);
    decoding d = decode(t, g.ids, g.n);
    const size_t size = json_string(at[4], decoded);
    CHECK(d.size == size && !memcmp(d.text, decoded, size), "%s:%d: decoded \"%.*s\"", name, number, (int)d.size, d.text);
    decoding_free(&d);
}

static void check_json(const char *vocab, const char *path)
{
    vocabulary v;
    size_t size;
    if (!vocabulary_open(&v, vocab)) {
        CHECK(0, "%s cannot be opened", vocab);
        return;
    }
    char *lines = check_file(path, &size);
    CHECK(lines, "%s is missing", path);
    int number = 0;
    for (char *line = lines, *next; line && *line; line = next) {
        next = line + strcspn(line, "\n");
        if (*next) *next++ = 0;
        check_json_line(v.t, line, path, ++number);
    }
    CHECK(number >= 20, "%s has only %d lines", path, number);
    free(lines);
    vocabulary_close(&v);
}

TEST(golden_nfkc) { check_json("tests/golden/tiny.spm", "tests/golden/spm-tiny.jsonl"); }
TEST(golden_identity) { check_json("tests/golden/tiny-bpe.spm", "tests/golden/spm-tiny-bpe.jsonl"); }

int main(void)
{
    RUN(golden_unigram);
    RUN(golden_bpe);
    RUN(golden_without_byte_fallback);
    RUN(golden_space_as_suffix);
    RUN(golden_ties);
    RUN(golden_unused_pieces);
    RUN(golden_firefox);
    RUN(golden_nfkc);
    RUN(golden_identity);
    return check_report();
}
