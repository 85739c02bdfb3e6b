#include "json.h"

#include <stdlib.h>
#include <string.h>

#include "text/utf8.h"

typedef struct { char *bytes; size_t size, room; int failed; } json;

static void put(json *j, const char *text, size_t size)
{
    if (size > j->room - j->size) {
        const size_t room = 2 * j->room + size + 256;
        char *grown = j->failed ? NULL : realloc(j->bytes, room);
        if (!grown) { j->failed = 1; return; }
        j->bytes = grown;
        j->room = room;
    }
    memcpy(j->bytes + j->size, text, size);
    j->size += size;
}

static void put_literal(json *j, const char *text) { put(j, text, strlen(text)); }

static void put_integer(json *j, uint64_t n)
{
    char digits[24];
    int at = sizeof digits;
    do digits[--at] = (char)('0' + n % 10); while (n /= 10);
    put(j, digits + at, sizeof digits - (size_t)at);
}

/* Rounded to 4 decimals, trailing zeros dropped: digits by integer arithmetic, the same everywhere. */
static void put_number(json *j, float value)
{
    const double scaled = (value < 0 ? -(double)value : (double)value) * 10000 + 0.5;
    uint64_t n = scaled < 1e15 ? (uint64_t)scaled : 0;         /* NaN and what no weight or score is: 0 */
    if (value < 0 && n) put_literal(j, "-");
    put_integer(j, n / 10000);
    n %= 10000;
    if (!n) return;
    char digits[5] = { '.', (char)('0' + n / 1000), (char)('0' + n / 100 % 10), (char)('0' + n / 10 % 10), (char)('0' + n % 10) };
    int size = 5;
    while (digits[size - 1] == '0') size--;
    put(j, digits, (size_t)size);
}

static void put_escaped(json *j, uint32_t c)
{
    static const char hex[] = "0123456789abcdef";
    const char escape[6] = { '\\', 'u', '0', '0', hex[c >> 4 & 15], hex[c & 15] };
    if (c == '"') put_literal(j, "\\\"");
    else if (c == '\\') put_literal(j, "\\\\");
    else if (c == '\n') put_literal(j, "\\n");
    else if (c == '\t') put_literal(j, "\\t");
    else put(j, escape, sizeof escape);
}

/* Valid JSON whatever the bytes: an invalid one becomes U+FFFD. */
static void put_string(json *j, const char *text, size_t size)
{
    put_literal(j, "\"");
    for (size_t at = 0; at < size;) {
        int length;
        const uint32_t c = utf8_read(text, size, at, &length);
        char bytes[4];
        if (c < 0x20 || c == '"' || c == '\\' || c == 0x7F) put_escaped(j, c);
        else put(j, bytes, (size_t)utf8_write(bytes, c));
        at += (size_t)length;
    }
    put_literal(j, "\"");
}

/* Walks a text once to turn byte offsets, which come in order, into UTF-16 ones. */
typedef struct { dm_text text; size_t byte, unit; } ruler;

static size_t units_at(ruler *r, size_t byte)
{
    while (r->byte < byte) {
        int length;
        r->unit += (size_t)utf16_units(utf8_read(r->text.bytes, r->text.size, r->byte, &length));
        r->byte += (size_t)length;
    }
    return r->unit;
}

static void put_tokens(json *j, const char *key, const dm_token *tokens, int n, ruler *r)
{
    put_literal(j, key);
    for (int i = 0; i < n; i++) {
        put_literal(j, i ? ",{\"text\":" : "{\"text\":");
        put_string(j, r->text.bytes + tokens[i].begin, tokens[i].end - tokens[i].begin);
        put_literal(j, ",\"start\":");
        put_integer(j, units_at(r, tokens[i].begin));
        put_literal(j, ",\"end\":");
        put_integer(j, units_at(r, tokens[i].end));
        put_literal(j, "}");
    }
    put_literal(j, "]");
}

static void put_matrix(json *j, const float *values, int rows, int cols)
{
    put_literal(j, "[");
    for (int i = 0; values && i < rows; i++) {
        put_literal(j, i ? ",[" : "[");
        for (int c = 0; c < cols; c++) {
            if (c) put_literal(j, ",");
            put_number(j, values[(size_t)i * (size_t)cols + (size_t)c]);
        }
        put_literal(j, "]");
    }
    put_literal(j, "]");
}

static void put_attention(json *j, const char *key, const dm_attention *a)
{
    const size_t head = (size_t)a->rows * (size_t)a->cols;
    put_literal(j, key);
    for (int l = 0; l < a->layers; l++) {
        put_literal(j, l ? ",[" : "[");
        for (int h = 0; h < a->heads; h++) {
            if (h) put_literal(j, ",");
            put_matrix(j, a->weights + (size_t)(l * a->heads + h) * head, a->rows, a->cols);
        }
        put_literal(j, "]");
    }
    put_literal(j, "]");
}

/* The kinds that were asked for and that the model has; nothing where there is none. */
static void put_attentions(json *j, const dm_sentence *s)
{
    const struct { const char *key; const dm_attention *weights; } kinds[] = {
        { "\"encoder\":[", &s->encoder_self }, { "\"decoder\":[", &s->decoder_self }, { "\"cross\":[", &s->cross },
    };
    int n = 0;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (!kinds[i].weights->weights) continue;
        put_literal(j, n++ ? "," : ",\"attention\":{");
        put_attention(j, kinds[i].key, kinds[i].weights);
    }
    if (n) put_literal(j, "}");
}

/* The members that a sentence and its alternatives share: a dm_alternative without its text. */
static void put_translation(json *j, const dm_alternative *t, int n_source, ruler *r)
{
    put_tokens(j, ",\"target\":[", t->target, t->n_target, r);
    put_literal(j, ",\"alignment\":");
    put_matrix(j, t->alignment, t->n_target, n_source);
    put_literal(j, ",\"score\":");
    put_number(j, t->score);
    put_literal(j, t->cut ? ",\"cut\":true" : ",\"cut\":false");
}

static void put_alternatives(json *j, const dm_sentence *s)
{
    put_literal(j, ",\"alternatives\":[");
    for (int i = 0; i < s->n_alternatives; i++) {
        const dm_alternative *a = &s->alternatives[i];
        ruler target = { { a->text, a->text_size }, 0, 0 };
        put_literal(j, i ? ",{\"text\":" : "{\"text\":");
        put_string(j, a->text, a->text_size);
        put_translation(j, a, s->n_source, &target);
        put_literal(j, "}");
    }
    put_literal(j, "]");
}

static void put_sentence(json *j, const dm_sentence *s, ruler *source, ruler *target)
{
    const dm_alternative best = { .target = s->target, .n_target = s->n_target, .alignment = s->alignment,
                                  .score = s->score, .cut = s->cut };
    put_tokens(j, "{\"source\":[", s->source, s->n_source, source);
    put_translation(j, &best, s->n_source, target);
    if (s->alternatives) put_alternatives(j, s);
    put_attentions(j, s);
    put_literal(j, "}");
}

char *json_result(const dm_result *r, size_t *size)
{
    json j = { 0 };
    ruler source = { r->source, 0, 0 }, target = { { r->text, r->text_size }, 0, 0 };
    put_literal(&j, "{\"text\":");
    put_string(&j, r->text, r->text_size);
    put_literal(&j, ",\"score\":");
    put_number(&j, r->score);
    put_literal(&j, ",\"sentences\":[");
    for (int i = 0; i < r->n_sentences; i++) {
        if (i) put_literal(&j, ",");
        put_sentence(&j, &r->sentences[i], &source, &target);
    }
    put_literal(&j, "]}");
    if (j.failed) {
        free(j.bytes);
        return NULL;
    }
    *size = j.size;
    return j.bytes;
}
