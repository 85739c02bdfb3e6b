/* number_forms.h - the numbers of a text, and how a translation may write them.
 *
 * 1,299.99 may become 1.299,99 or 1299,99, or stay; its digits may not change. 9 p.m. becomes 21, 21:30 may become 9:30,
 * 9:30 a.m. stays. What is neither (a version, a date) and what is short (12, which may become "zwölf") is left alone.
 * ASCII digits only. Used by search/numbers.c. */
#ifndef DM_NUMBER_FORMS_H
#define DM_NUMBER_FORMS_H

#include <stddef.h>

enum { NUMBER_DIGITS = 18, NUMBER_FORM_SIZE = 24, NUMBER_FORMS = 4 };

/* Bytes [begin, begin + size) of the text, and its n_forms ways of writing; each ends with a digit, none begins another. */
typedef struct {
    size_t begin, size;
    int n_forms;
    struct { char text[NUMBER_FORM_SIZE]; int size; } form[NUMBER_FORMS];
} number_forms;

static inline int number_is_digit(char c) { return c >= '0' && c <= '9'; }
/* Of thousands or of decimals. */
static inline int number_is_mark(char c) { return c == '.' || c == ','; }

/* The first number at or after `from` that is to be kept; 0 where there is none. */
int number_next(const char *text, size_t size, size_t from, number_forms *out);

#endif
