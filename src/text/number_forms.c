#include "text/number_forms.h"

#include <string.h>

enum { PARTS = 8, GROUP = 3 };

/* 1,299.99 has the parts 1, 299 and 99; before[i] is what stands before part i. */
typedef struct { const char *at[PARTS]; size_t length[PARTS]; char before[PARTS]; int n; } split;

/* The digits before and after the decimal mark. */
typedef struct { char whole[NUMBER_DIGITS]; const char *decimals; size_t n_whole, n_decimals; } quantity;

static int is_digit(char c) { return c >= '0' && c <= '9'; }
static int is_mark(char c) { return c == '.' || c == ','; }

static size_t digits_at(const char *text, size_t size, size_t at)
{
    size_t n = 0;
    while (at + n < size && is_digit(text[at + n])) n++;
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
        if (at >= size || !is_mark(text[at])) return at;
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

/* 9.30 a.m., 18.45 Uhr; and 12.5. for the twelfth of May. */
static int is_time_or_day(const quantity *q, const char *after, size_t left)
{
    if (!q->n_decimals || q->n_whole > 2 || q->n_decimals > 2) return 0;
    if (left && *after == '.') return value(q->whole, q->n_whole) <= 31 && value(q->decimals, q->n_decimals) <= 12;
    const size_t blank = left && *after == ' ';
    after += blank;
    left -= blank;
    const int is_half = left >= 2 && strchr("apAP", *after) && (strchr(".mM", after[1]) != NULL);
    return is_half || (left >= 3 && !memcmp(after, "Uhr", 3));
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
    out->n_forms = 0;
    if (q->n_whole > GROUP && q->whole[0] != '0') {
        add_form(out, q, '.', ',');
        add_form(out, q, ',', '.');
    }
    add_form(out, q, 0, '.');
    if (q->n_decimals) add_form(out, q, 0, ',');
}

int number_next(const char *text, size_t size, size_t from, number_forms *out)
{
    split parts;
    quantity q;
    for (size_t at = from, end; at < size; at = end) {
        if (!is_digit(text[at])) { end = at + 1; continue; }
        end = read_parts(text, size, at, &parts);
        if (!is_quantity(&parts, &q) || is_decade(&parts, text + end, size - end)
            || is_time_or_day(&q, text + end, size - end)) continue;
        out->begin = at;
        out->size = end - at;
        add_forms(out, &q);
        return 1;
    }
    return 0;
}
