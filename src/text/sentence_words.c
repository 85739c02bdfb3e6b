/* sentence_words.c - abbreviations, initials, ordinals, list markers: English and German.
 *
 * The lists are sorted by byte (a test sees to it) and hold what is common in running text. A wrong
 * merge of two sentences costs less than a sentence cut in two, so doubt means "goes on". */
#include "text/sentence_words.h"

#include <string.h>

#include "text/char_class.h"
#include "text/sentence_lists.h"
#include "text/utf8.h"

enum { WORD_MOST = 16 };      /* bytes; longer words are no abbreviations */

/* Place of a word in a sorted list, or -1. */
static int find(const char *const *list, int n, const char *word)
{
    int lo = 0, hi = n - 1;
    while (lo <= hi) {
        const int mid = (lo + hi) / 2, order = strcmp(word, list[mid]);
        if (!order) return mid;
        if (order < 0) hi = mid - 1;
        else lo = mid + 1;
    }
    return -1;
}

static int is_ascii_upper(char c) { return c >= 'A' && c <= 'Z'; }

/* A NUL-terminated copy, ASCII letters in lower case; 0 if it does not fit. */
static int lower_copy(const char *bytes, size_t n, char out[WORD_MOST + 1])
{
    if (n > WORD_MOST || memchr(bytes, 0, n)) return 0;
    for (size_t i = 0; i < n; i++) out[i] = (char)(is_ascii_upper(bytes[i]) ? bytes[i] + 32 : bytes[i]);
    out[n] = 0;
    return 1;
}

static stop_kind kind_in_lists(const char *word, size_t n)
{
    char lower[WORD_MOST + 1];
    if (!lower_copy(word, n, lower)) return STOP_ENDS;
    if (LIST_FIND(never, lower) >= 0) return STOP_NEVER;
    if (LIST_FIND(only_lower, lower) >= 0 && !is_ascii_upper(word[0])) return STOP_BEFORE_STARTER;
    if (LIST_FIND(number, lower) >= 0) return STOP_NOT_IN_NUMBER;
    if (LIST_FIND(starter, lower) >= 0) return STOP_BEFORE_STARTER;
    if (LIST_FIND(only_upper, lower) >= 0 && is_ascii_upper(word[0])) return STOP_NEVER;
    return STOP_ENDS;
}

static int all_of(const char *word, size_t n, const char *set)
{
    for (size_t i = 0; i < n; i++)
        if (!word[i] || !strchr(set, word[i])) return 0;
    return n > 0;
}

/* "U.S", "Ph.D", "a.m", "i.d.R": dots between parts of one or two letters. */
static int is_dotted(const char *word, size_t n)
{
    int length, letters = 0, dots = 0;
    for (size_t at = 0; at < n; at += (size_t)length) {
        const uint32_t c = utf8_read(word, n, at, &length);
        if (c == '.') dots++, letters = 0;
        else if (!char_is_letter(c) || ++letters > 2) return 0;
    }
    return dots && letters;
}

/* By the form of the word; STOP_ENDS if it has none of these forms. */
static stop_kind kind_by_form(const char *word, size_t n, int first)
{
    int length;
    const uint32_t c = utf8_read(word, n, 0, &length);
    const stop_kind marker = first ? STOP_NEVER : STOP_BEFORE_STARTER;
    if ((size_t)length == n && char_is_letter(c)) return marker;                         /* initial, "a." */
    if (all_of(word, n, "0123456789")) return n <= 2 || (first && n == 3) ? marker : STOP_ENDS;
    if (first && n <= 8 && all_of(word, n, "0123456789.")) return STOP_NEVER;            /* "2.1. Title" */
    if (all_of(word, n, "IVX")) return marker;                                           /* "Ludwig XIV." */
    return is_dotted(word, n) ? STOP_BEFORE_STARTER : STOP_ENDS;
}

stop_kind stop_after_word(const char *text, size_t begin, size_t end, int first)
{
    int length;
    for (int i = 0; i < 4 && begin < end && char_is_opener(utf8_read(text, end, begin, &length)); i++) begin += (size_t)length;
    /* "Dipl.-Ing.", "Haupt-Str.", "S./Nr.": the last part counts. */
    for (size_t at = end; at > begin && end - at <= WORD_MOST; at--) {
        if (!strchr("-/(", text[at - 1]) || !text[at - 1]) continue;
        begin = at;
        first = 0;
        break;
    }
    const size_t n = end - begin;
    if (!n || n > WORD_MOST) return STOP_ENDS;
    const stop_kind listed = kind_in_lists(text + begin, n);
    return listed != STOP_ENDS ? listed : kind_by_form(text + begin, n, first);
}

int word_is_starter(const char *text, size_t size, size_t at)
{
    char word[WORD_MOST + 1];
    size_t n = 0;
    int length;
    while (at + n < size && char_is_letter(utf8_read(text, size, at + n, &length))) {
        if (n + (size_t)length > WORD_MOST) return 0;
        memcpy(word + n, text + at + n, (size_t)length);
        n += (size_t)length;
    }
    word[n] = 0;
    if (at + n < size && strchr(".-", text[at + n]) && text[at + n]) return 0;           /* "A.", "In-" */
    return LIST_FIND(start, word) >= 0;
}
