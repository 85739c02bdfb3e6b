#include "model/config.h"

#include <stdio.h>
#include <string.h>

#include "reason.h"

enum { CONFIG_MAX_DIM = 8192, CONFIG_MAX_LAYERS = 64, CONFIG_MAX_VALUE = 64,
       CONFIG_MAX_VOCAB = 1 << 20 };

static int is_around(char c) { return c == ' ' || c == '\r' || c == '"' || c == '\''; }

/* Appends [from, to) without the white space and quotes around it. It will stand in messages, so what is not printable ASCII
 * becomes '?'. */
static void append(char out[CONFIG_MAX_VALUE], const char *from, const char *to)
{
    size_t n = strlen(out);
    while (from < to && is_around(*from)) from++;
    while (to > from && is_around(to[-1])) to--;
    for (; from < to && n < CONFIG_MAX_VALUE - 1; from++) out[n++] = *from >= ' ' && *from <= '~' ? *from : '?';
    out[n] = 0;
}

/* A list in the lines after the key's, one entry in each after "- ", or "[]": entry,entry. */
static void append_list(char out[CONFIG_MAX_VALUE], const char *at, const char *end)
{
    const char *const comma = ",";
    while (at < end && (*at == ' ' || *at == '-')) {
        const char *line_end = memchr(at, '\n', (size_t)(end - at)), *to = line_end ? line_end : end;
        while (at < to && (*at == ' ' || *at == '-')) at++;
        if (out[0]) append(out, comma, comma + 1);
        append(out, at, to);
        at = line_end ? line_end + 1 : end;
    }
}

/* The value of `key` at the start of a line, trimmed, without quotes; empty where it is missing. */
static void find_value(const char *text, size_t size, const char *key, char out[CONFIG_MAX_VALUE])
{
    const size_t key_len = strlen(key);
    const char *const end = text + size;
    out[0] = 0;
    for (const char *line = text, *next; line < end; line = next) {
        const char *line_end = memchr(line, '\n', (size_t)(end - line)), *to = line_end ? line_end : end;
        next = line_end ? line_end + 1 : end;
        if ((size_t)(to - line) <= key_len || memcmp(line, key, key_len) || line[key_len] != ':') continue;
        append(out, line + key_len + 1, to);
        if (!out[0]) append_list(out, next, end);
        return;
    }
}

typedef struct { const char *text; size_t size; dm_error *why; int ok; } reader;

/* Keeps the first reason. */
static void fail(reader *r, const char *key, const char *value, const char *expected)
{
    if (r->ok) refuse_file(r->why, "config: %s is \"%s\", expected %s", key, value, expected);
    r->ok = 0;
}

/* First number in the value: also the 8000 of "[8000, 8000]". */
static int number(reader *r, const char *key, int fallback, int lo, int hi)
{
    char value[CONFIG_MAX_VALUE], expected[48];
    find_value(r->text, r->size, key, value);
    if (!value[0]) return fallback;
    const char *p = value + strspn(value, "[ ");
    int n = 0, digits = 0;
    for (; *p >= '0' && *p <= '9' && n <= hi; p++, digits++) n = 10 * n + (*p - '0');
    if (!digits || n < lo || n > hi) {
        snprintf(expected, sizeof expected, "a number from %d to %d", lo, hi);
        fail(r, key, value, expected);
        return lo;
    }
    return n;
}

/* A multiple of 8. */
static int width(reader *r, const char *key, int fallback)
{
    char value[16];
    const int n = number(r, key, fallback, 8, CONFIG_MAX_DIM);
    snprintf(value, sizeof value, "%d", n);
    if (n % 8) fail(r, key, value, "a multiple of 8");
    return n;
}

static int is(reader *r, const char *key, const char *fallback, const char *wanted)
{
    char value[CONFIG_MAX_VALUE];
    find_value(r->text, r->size, key, value);
    return strcmp(value[0] ? value : fallback, wanted) == 0;
}

static void require(reader *r, const char *key, const char *fallback, const char *wanted)
{
    char value[CONFIG_MAX_VALUE], expected[CONFIG_MAX_VALUE + 2];
    if (is(r, key, fallback, wanted)) return;
    find_value(r->text, r->size, key, value);
    snprintf(expected, sizeof expected, "\"%s\"", wanted);
    fail(r, key, value[0] ? value : fallback, expected);
}

/* What Marian has for a key that is missing, and the only value that is run. */
typedef struct { const char *key, *fallback, *wanted; } option;

static void require_all(reader *r, const option *keys, size_t n)
{
    for (size_t i = 0; i < n; i++) require(r, keys[i].key, keys[i].fallback, keys[i].wanted);
}

/* A list in which nothing stands but `word`, as often as it likes. */
static void require_list(reader *r, const char *key, const char *word, const char *expected)
{
    static const char between[] = "[], \"'";
    char value[CONFIG_MAX_VALUE];
    find_value(r->text, r->size, key, value);
    for (const char *p = value + strspn(value, between); *p; p += strspn(p, between)) {
        const size_t n = strcspn(p, between);
        if (n != strlen(word) || memcmp(p, word, n)) fail(r, key, value, expected);
        p += n;
    }
}

static void read_transformer(reader *r, config *c)
{
    static const option keys[] = {
        { "transformer-ffn-activation", "swish", "relu" }, { "transformer-ffn-depth", "2", "2" },
        { "transformer-preprocess", "", "" }, { "transformer-postprocess", "dan", "dan" },
        { "transformer-postprocess-emb", "d", "d" }, { "transformer-postprocess-top", "", "" },
        { "transformer-no-projection", "false", "false" }, { "transformer-rnn-projection", "false", "false" },
        { "transformer-train-position-embeddings", "false", "false" },
    };
    require_all(r, keys, sizeof keys / sizeof *keys);
    require_list(r, "transformer-tied-layers", "", "no layer that is tied");
    c->dim_ffn = width(r, "transformer-dim-ffn", 2048);
    c->heads = number(r, "transformer-heads", 8, 1, 64);
    if (is(r, "transformer-decoder-autoreg", "self-attention", "rnn")) {
        require(r, "dec-cell", "gru", "ssru");
        c->decoder = DECODER_SSRU;
    } else {
        require(r, "transformer-decoder-autoreg", "self-attention", "self-attention");
        c->decoder = DECODER_SELF_ATTENTION;
    }
    snprintf(c->architecture, sizeof c->architecture, "transformer");
    c->alignment_layer = c->decoder_layers - 1;
    if (!is(r, "transformer-guided-alignment-layer", "last", "last"))
        c->alignment_layer = number(r, "transformer-guided-alignment-layer", 1, 1, c->decoder_layers) - 1;
    if (c->dim_emb % c->heads || c->dim_emb / c->heads % 4) {
        char value[16];
        snprintf(value, sizeof value, "%d", c->heads);
        fail(r, "transformer-heads", value, "parts of dim-emb that are multiples of 4");
    }
}

/* Marian's RNN, in the one form that is run: depth 1, GRU, bidirectional encoder. */
static void read_s2s(reader *r, config *c)
{
    static const option keys[] = {
        { "enc-type", "bidirectional", "bidirectional" }, { "enc-cell", "gru", "gru" }, { "dec-cell", "gru", "gru" },
        { "enc-cell-depth", "1", "1" }, { "dec-cell-base-depth", "2", "2" }, { "enc-depth", "1", "1" }, { "dec-depth", "1", "1" },
        { "layer-normalization", "false", "false" }, { "skip", "false", "false" },
    };
    require_all(r, keys, sizeof keys / sizeof *keys);
    c->dim_rnn = width(r, "dim-rnn", 1024);
    c->heads = 1;
    const int fixed = is(r, "dolmetsch-context", "attended", "fixed");
    if (!fixed) require(r, "dolmetsch-context", "attended", "attended");
    snprintf(c->architecture, sizeof c->architecture, fixed ? "rnn" : "bahdanau");
}

dm_status config_parse(config *c, const char *text, size_t size, dm_error *why)
{
    static const option keys[] = {
        { "tied-embeddings-all", "false", "true" }, { "right-left", "false", "false" }, { "ulr", "false", "false" },
        { "lemma-dim-emb", "0", "0" },
    };
    reader r = { text, size, why, 1 };
    *c = (config){ 0 };
    char type[CONFIG_MAX_VALUE];
    find_value(text, size, "type", type);
    c->vocab = number(&r, "dim-vocabs", 0, 8, CONFIG_MAX_VOCAB);
    c->dim_emb = width(&r, "dim-emb", 512);
    c->encoder_layers = number(&r, "enc-depth", 1, 1, CONFIG_MAX_LAYERS);
    c->decoder_layers = number(&r, "dec-depth", 1, 1, CONFIG_MAX_LAYERS);
    c->longest = number(&r, "dolmetsch-longest", CONFIG_LONGEST, 16, CONFIG_LONGEST);
    if (!c->vocab) fail(&r, "dim-vocabs", "", "the size of the vocabulary");
    require_all(&r, keys, sizeof keys / sizeof *keys);
    require_list(&r, "input-types", "sequence", "sequences alone");
    if (!strcmp(type, "transformer")) read_transformer(&r, c);
    else if (!strcmp(type, "s2s")) read_s2s(&r, c);
    else fail(&r, "type", type, "\"transformer\" or \"s2s\"");
    return r.ok ? DM_OK : DM_ERR_FORMAT;
}

int config_weight_bits(const char *text, size_t size, dm_error *why)
{
    reader r = { text, size, why, 1 };
    const int bits = number(&r, "dolmetsch-weight-bits", 8, 4, 8);
    return r.ok ? bits : 0;
}
