#include "text/number_forms.h"

#include <string.h>

enum { PARTS = 8, GROUP = 3 };

/* 1,299.99 has the parts 1, 299 and 99; before[i] is what stands before part i. */
typedef struct { const char *at[PARTS]; size_t length[PARTS]; char before[PARTS]; int n; } split;

/* The digits before and after the decimal mark. */
typedef struct { char whole[NUMBER_DIGITS]; const char *decimals; size_t n_whole, n_decimals; } quantity;

static int is_letter(char c) { return (c | 0x20) >= 'a' && (c | 0x20) <= 'z'; }

static size_t digits_at(const char *text, size_t size, size_t at)
{
    size_t n = 0;
    while (at + n < size && number_is_digit(text[at + n])) n++;
    return n;
}

/* Reads the parts from `at` on; returns where they end. Of more than PARTS the number is 0. */
static size_t read_parts(const char *text, size_t size, size_t at, split *s)
{
    *s = (split){ .n = 0 };
    for (size_t n, from = at;; from = at + 1) {
        if (!(n = digits_at(text, size, from))) return at;
        if (s->n >= 0 && s->n < PARTS) {
            s->at[s->n] = text + from;
            s->length[s->n] = n;
            s->before[s->n++] = from > at ? text[at] : 0;
        } else {
            s->n = -1;
        }
        at = from + n;
        if (at >= size || !number_is_mark(text[at])) return at;
    }
}

/* How many parts are thousands, the first one included: 1 where the number is not grouped. */
static int grouped_parts(const split *s)
{
    int n = 1;
    if (s->length[0] > GROUP || s->at[0][0] == '0') return 1;
    while (n < s->n && s->length[n] == GROUP && s->before[n] == s->before[1]) n++;
    return n;
}

static int is_quantity(const split *s, quantity *q)
{
    *q = (quantity){ .n_whole = 0 };
    if (s->n < 1) return 0;
    const int groups = grouped_parts(s);
    if (s->n > groups + 1 || (groups > 1 && s->n > groups && s->before[groups] == s->before[1])) return 0;
    for (int i = 0; i < groups; i++) {
        if (q->n_whole + s->length[i] > NUMBER_DIGITS) return 0;
        memcpy(q->whole + q->n_whole, s->at[i], s->length[i]);
        q->n_whole += s->length[i];
    }
    if (s->n > groups) {
        q->decimals = s->at[groups];
        q->n_decimals = s->length[groups];
    }
    return q->n_whole + q->n_decimals <= NUMBER_DIGITS && (q->n_whole >= 3 || q->n_decimals);
}

static int value(const char *digits, size_t n)
{
    int v = 0;
    for (size_t i = 0; i < n; i++) v = 10 * v + (digits[i] - '0');
    return v;
}

/* 12.5. is the twelfth of May. */
static int is_day(const quantity *q, const char *after, size_t left)
{
    return left && *after == '.' && q->n_whole <= 2 && q->n_decimals && q->n_decimals <= 2
        && value(q->whole, q->n_whole) <= 31 && value(q->decimals, q->n_decimals) <= 12;
}

/* 1990s, 1990er may become the nineties. */
static int is_decade(const split *s, const char *after, size_t left)
{
    return s->n == 1 && s->length[0] == 4 && left && (*after == 's' || *after == 'e');
}

/* Thousands are not marked where mark is 0. */
static void add_form(number_forms *out, const quantity *q, char thousands, char decimal)
{
    char *text = out->form[out->n_forms].text;
    int n = 0;
    for (size_t i = 0; i < q->n_whole; i++) {
        if (thousands && i && (q->n_whole - i) % GROUP == 0) text[n++] = thousands;
        text[n++] = q->whole[i];
    }
    if (q->n_decimals) text[n++] = decimal;
    for (size_t i = 0; i < q->n_decimals; i++) text[n++] = q->decimals[i];
    out->form[out->n_forms++].size = n;
}

static void add_forms(number_forms *out, const quantity *q)
{
    if (q->n_whole > GROUP && q->whole[0] != '0') {
        add_form(out, q, '.', ',');
        add_form(out, q, ',', '.');
    }
    add_form(out, q, 0, '.');
    if (q->n_decimals) add_form(out, q, 0, ',');
}

/* What stands behind a time of day: 'a' or 'p' for a.m. or p.m., 'U' for Uhr, 0 for none of these. */
static char half_of_day(const char *after, size_t left)
{
    const size_t blank = left && *after == ' ';
    after += blank;
    left -= blank;
    if (left >= 3 && !memcmp(after, "Uhr", 3)) return 'U';
    const char half = left >= 2 ? (char)(*after | 0x20) : 0;
    const size_t m = left >= 3 && after[1] == '.' ? 2 : 1;
    if ((half != 'a' && half != 'p') || (after[m] | 0x20) != 'm') return 0;
    return m + 1 < left && is_letter(after[m + 1]) ? 0 : half;           /* amps */
}

/* One form, of a full hour without minutes, or two, with either mark. */
static void add_time(number_forms *out, int hour, int is_padded, const char *minutes)
{
    for (const char *mark = ":."; *mark; mark++) {
        char *text = out->form[out->n_forms].text;
        int n = 0;
        if (hour > 9 || is_padded) text[n++] = (char)('0' + hour / 10);
        text[n++] = (char)('0' + hour % 10);
        if (minutes) {
            text[n++] = *mark;
            text[n++] = minutes[0];
            text[n++] = minutes[1];
        }
        out->form[out->n_forms++].size = n;
        if (!minutes) return;
    }
}

/* Where it ends a span of time the half of the day stays open, as it does for the other end: 5 to 6 p.m. */
static void add_times(number_forms *out, int hour, char half, const char *minutes, int ends_span)
{
    const int after_noon = half == 'p' && hour < 12, is_midnight = half == 'a' && hour == 12;
    const int written = after_noon ? hour + 12 : is_midnight ? 0 : hour;
    add_time(out, written, 0, minutes);
    if (written < 10 && minutes) add_time(out, written, 1, minutes);
    if (written > 12 && (!after_noon || ends_span)) add_time(out, written - 12, 0, minutes);
}

/* The minutes of 9:30; NULL where there are none, or more than that (1:23:45). */
static const char *minutes_at(const char *text, size_t size, size_t at)
{
    const size_t end = at + 3;
    if (end > size || (text[at] != ':' && text[at] != '.') || digits_at(text, size, at + 1) != 2) return NULL;
    if (end + 1 < size && (text[end] == ':' || number_is_mark(text[end])) && number_is_digit(text[end + 1])) return NULL;
    return value(text + at + 1, 2) < 60 ? text + at + 1 : NULL;
}

/* Whether the number before is at most " and " away. */
static int follows_number(const char *text, size_t at)
{
    for (size_t i = 1; i <= at && i <= 6; i++)
        if (number_is_digit(text[at - i])) return 1;
    return 0;
}

/* Reads 9:30, 9.30 where the time is called one, and 9 a.m.; returns its size, 0 for no time. */
static size_t read_time(const char *text, size_t size, size_t at, number_forms *out)
{
    const size_t n = digits_at(text, size, at);
    if (n > 2 || value(text + at, n) > 24 || (at && (text[at - 1] == ':' || number_is_mark(text[at - 1])))) return 0;
    const char *minutes = minutes_at(text, size, at + n);
    const size_t end = at + n + (minutes ? 3 : 0);
    const char half = half_of_day(text + end, size - end);
    const int is_midnight = half == 'a' && value(text + at, n) == 12;   /* 0, 12 or 24 without minutes */
    if (minutes ? text[at + n] == '.' && !half : is_midnight || (half != 'a' && half != 'p')) return 0;
    *out = (number_forms){ .begin = at, .size = end - at };
    add_times(out, value(text + at, n), half, minutes, follows_number(text, at));
    return out->size;
}

int number_next(const char *text, size_t size, size_t from, number_forms *out)
{
    split parts;
    quantity q;
    for (size_t at = from, end; at < size; at = end) {
        end = at + 1;
        if (!number_is_digit(text[at])) continue;
        if (read_time(text, size, at, out)) return 1;
        end = read_parts(text, size, at, &parts);
        if (!is_quantity(&parts, &q) || is_decade(&parts, text + end, size - end) || is_day(&q, text + end, size - end)) continue;
        *out = (number_forms){ .begin = at, .size = end - at };
        add_forms(out, &q);
        return 1;
    }
    return 0;
}
