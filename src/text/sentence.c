/* sentence.c - where sentences begin and end. One pass, no allocation.
 *
 * Every stop is looked at once, with the word before it and the word after it; what a look-ahead
 * passes over holds no further stop, so the whole is linear in the text. */
#include "text/sentence.h"

#include "text/char_class.h"
#include "text/sentence_words.h"
#include "text/utf8.h"

/* A run of stops with the quotes, brackets and footnote marks that follow it. */
typedef struct { size_t begin, end; int full_stop, wide; } stop;

static size_t skip(const char *text, size_t size, size_t at, int (*is)(uint32_t))
{
    int length;
    while (at < size && is(utf8_read(text, size, at, &length))) at += (size_t)length;
    return at;
}

static int is_gap(uint32_t c) { return char_is_space(c) && !char_is_line_end(c); }

/* "[12]" at text[at]: its length, else 0. */
static size_t footnote(const char *text, size_t size, size_t at)
{
    size_t n = 1;
    if (at >= size || text[at] != '[') return 0;
    while (n < 5 && at + n < size && text[at + n] >= '0' && text[at + n] <= '9') n++;
    return n > 1 && at + n < size && text[at + n] == ']' ? n + 1 : 0;
}

static stop read_stop(const char *text, size_t size, size_t at)
{
    int length;
    stop s = { .begin = at };
    uint32_t last = utf8_read(text, size, at, &length);
    s.full_stop = last == '.';
    for (at += (size_t)length; at < size; at += (size_t)length) {
        const uint32_t c = utf8_read(text, size, at, &length);
        if (!char_is_stop(c)) break;
        s.full_stop = 0;
        last = c;
    }
    const size_t run_end = at;
    at = skip(text, size, at, char_is_closer);
    for (size_t n; (n = footnote(text, size, at)) != 0;) at += n;
    s.wide = at == run_end && char_is_wide_stop(last);
    s.end = at;
    return s;
}

/* Place of the first letter or digit after quotes and brackets; sets *code after a backtick. */
static size_t skip_openers(const char *text, size_t size, size_t at, int *code)
{
    const size_t from = at;
    int length;
    *code = 0;
    for (int i = 0; i < 6 && at < size; i++, at += (size_t)length) {
        const uint32_t c = utf8_read(text, size, at, &length);
        if (!char_is_opener(c)) break;
        *code |= c == '`';
    }
    return at > from ? skip(text, size, at, is_gap) : at;          /* "« Oui" */
}

/* May a sentence start at text[at], after white space? */
static int starts_sentence(const char *text, size_t size, size_t at)
{
    int length, code;
    uint32_t c = utf8_read(text, size, at, &length);
    const size_t next = at + (size_t)length;
    if (char_is_bullet(c) && next < size && char_is_space(utf8_read(text, size, next, &length))) return 1;
    at = skip_openers(text, size, at, &code);
    if (code) return 1;
    if (at == size) return 0;
    c = utf8_read(text, size, at, &length);
    at += (size_t)length;
    if (char_is_lower(c)) return at < size && char_is_upper(utf8_read(text, size, at, &length));   /* "iOS" */
    return char_is_letter(c) || char_is_digit(c) || c == '$' || c == 0xA3 || c == 0xA7 || c == 0x20AC;
}

/* Does the kind of word before a full stop allow an end here, before text[at]? */
static int word_allows(stop_kind kind, const char *text, size_t size, size_t at)
{
    int code;
    at = skip_openers(text, size, at, &code);
    if (kind == STOP_NOT_IN_NUMBER) return !(at < size && text[at] >= '0' && text[at] <= '9');
    if (kind == STOP_BEFORE_STARTER) return word_is_starter(text, size, at);
    return kind == STOP_ENDS;
}

/* 0 if the sentence goes on after the stop, else the byte at which it ends. `word` is where the word
 * before the stop begins. */
static size_t end_after(const char *text, size_t size, size_t word, int first, const stop *s)
{
    int length;
    if (s->end == size) return 0;
    if (s->wide) return s->end;
    if (!is_gap(utf8_read(text, size, s->end, &length))) return 0;
    size_t end = s->end, at = skip(text, size, end, is_gap);
    /* Emoji after a stop belong to what was said. */
    while (at < size && char_is_emoji(utf8_read(text, size, at, &length))) {
        end = skip(text, size, at, char_is_emoji);
        at = skip(text, size, end, is_gap);
    }
    if (at == size || char_is_line_end(utf8_read(text, size, at, &length))) return 0;
    if (!starts_sentence(text, size, at)) return 0;
    if (s->full_stop && !word_allows(stop_after_word(text, word, s->begin, first), text, size, at)) return 0;
    return end;
}

/* Letters and digits are words; bullets, brackets and the like before them are not. */
static int is_word_like(uint32_t c)
{
    return !char_is_opener(c) && !char_is_bullet(c);
}

size_t sentence_next(const char *text, size_t size, size_t at, sentence_span *out)
{
    at = at < size ? skip(text, size, at, char_is_space) : size;
    *out = (sentence_span){ at, at };
    size_t word = at, lead = at;                  /* lead: where the first word of the sentence begins */
    int length, in_word = 0;
    while (at < size) {
        const uint32_t c = utf8_read(text, size, at, &length);
        if (char_is_line_end(c)) return at;
        if (char_is_space(c)) {
            at += (size_t)length;
            word = at;
            if (!in_word) lead = at;
        } else if (char_is_stop(c)) {
            const stop s = read_stop(text, size, at);
            const size_t end = end_after(text, size, word, word == lead, &s);
            out->end = end ? end : s.end;
            if (end) return end;
            at = s.end;
            in_word = 1;
        } else {
            at += (size_t)length;
            in_word = in_word || is_word_like(c);
            out->end = at;
        }
    }
    return size;
}
