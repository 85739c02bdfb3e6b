#include "model/config.h"

#include <stdio.h>
#include <string.h>

enum { CONFIG_MAX_DIM = 8192, CONFIG_MAX_LAYERS = 64, CONFIG_MAX_VALUE = 64,
       CONFIG_MAX_VOCAB = 1 << 20 };

/* The value of `key` at the start of a line, trimmed, without quotes; empty where it is missing. */
static void find_value(const char *text, size_t size, const char *key, char out[CONFIG_MAX_VALUE])
{
    const size_t key_len = strlen(key);
    out[0] = 0;
    for (size_t at = 0; at < size;) {
        const char *line = text + at;
        const char *end = memchr(line, '\n', size - at);
        const size_t len = end ? (size_t)(end - line) : size - at;
        at += len + 1;
        if (len <= key_len || memcmp(line, key, key_len) || line[key_len] != ':') continue;
        size_t from = key_len + 1, to = len;
        while (from < to && (line[from] == ' ' || line[from] == '"' || line[from] == '\'')) from++;
        while (to > from && (line[to - 1] == ' ' || line[to - 1] == '\r' || line[to - 1] == '"' || line[to - 1] == '\'')) to--;
        if (to - from >= CONFIG_MAX_VALUE) to = from + CONFIG_MAX_VALUE - 1;
        memcpy(out, line + from, to - from);
        out[to - from] = 0;
        return;
    }
}

typedef struct { const char *text; size_t size; dm_error *why; int ok; } reader;

static void fail(reader *r, const char *key, const char *value, const char *expected)
{
    if (r->ok && r->why)
        snprintf(r->why->text, sizeof r->why->text, "config: %s is \"%s\", expected %s", key, value, expected);
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

static void read_transformer(reader *r, config *c)
{
    c->dim_ffn = number(r, "transformer-dim-ffn", 2048, 8, CONFIG_MAX_DIM);
    c->heads = number(r, "transformer-heads", 8, 1, 64);
    require(r, "transformer-ffn-activation", "swish", "relu");
    require(r, "transformer-preprocess", "", "");
    require(r, "transformer-postprocess", "dan", "dan");
    require(r, "transformer-ffn-depth", "2", "2");
    require(r, "tied-embeddings-all", "false", "true");
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
    if (r->ok && (c->dim_ffn % 8 || c->dim_emb % c->heads || c->dim_emb / c->heads % 4)) {
        if (r->why) snprintf(r->why->text, sizeof r->why->text,
            "config: dim-emb %d, transformer-dim-ffn %d and %d heads do not fit: expected multiples of 8, and of 4 per head",
            c->dim_emb, c->dim_ffn, c->heads);
        r->ok = 0;
    }
}

/* Marian's RNN, in the one form that is run: depth 1, GRU, bidirectional encoder. */
static void read_s2s(reader *r, config *c)
{
    static const char *const required[][2] = {
        { "enc-type", "bidirectional" }, { "enc-cell", "gru" }, { "dec-cell", "gru" }, { "enc-cell-depth", "1" },
        { "dec-cell-base-depth", "2" }, { "enc-depth", "1" }, { "dec-depth", "1" }, { "layer-normalization", "false" },
    };
    for (size_t i = 0; i < sizeof required / sizeof *required; i++) require(r, required[i][0], required[i][1], required[i][1]);
    require(r, "tied-embeddings-all", "false", "true");
    c->dim_rnn = number(r, "dim-rnn", 1024, 8, CONFIG_MAX_DIM);
    if (c->dim_rnn % 8) fail(r, "dim-rnn", "", "a multiple of 8");
    c->heads = 1;
    const int fixed = is(r, "dolmetsch-context", "attended", "fixed");
    if (!fixed) require(r, "dolmetsch-context", "attended", "attended");
    snprintf(c->architecture, sizeof c->architecture, fixed ? "rnn" : "bahdanau");
}

dm_status config_parse(config *c, const char *text, size_t size, dm_error *why)
{
    reader r = { text, size, why, 1 };
    *c = (config){ 0 };
    char type[CONFIG_MAX_VALUE];
    find_value(text, size, "type", type);
    c->vocab = number(&r, "dim-vocabs", 0, 8, CONFIG_MAX_VOCAB);
    c->dim_emb = number(&r, "dim-emb", 512, 8, CONFIG_MAX_DIM);
    c->encoder_layers = number(&r, "enc-depth", 1, 1, CONFIG_MAX_LAYERS);
    c->decoder_layers = number(&r, "dec-depth", 1, 1, CONFIG_MAX_LAYERS);
    c->longest = number(&r, "dolmetsch-longest", CONFIG_LONGEST, 16, CONFIG_LONGEST);
    if (!c->vocab) fail(&r, "dim-vocabs", "", "the size of the vocabulary");
    if (c->dim_emb % 8) fail(&r, "dim-emb", "", "a multiple of 8");
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
