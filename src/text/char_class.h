/* char_class.h - the little that sentence splitting must know about characters.
 *
 * Ranges by hand instead of Unicode's tables: exact for the alphabets of Europe, good enough to see
 * that a letter of any other script is a letter. Used by sentence.c and sentence_words.c. */
#ifndef DM_CHAR_CLASS_H
#define DM_CHAR_CLASS_H

#include <stdint.h>

int char_is_line_end(uint32_t c);     /* \n \v \f \r, U+0085, U+2028, U+2029 */
int char_is_space(uint32_t c);        /* white space and control characters, line ends included */
int char_is_upper(uint32_t c);
int char_is_lower(uint32_t c);
int char_is_letter(uint32_t c);       /* of any script, with case or without */
int char_is_digit(uint32_t c);        /* 0-9 and full-width 0-9 */
int char_is_stop(uint32_t c);         /* ends a sentence, perhaps: . ? ! and their relatives */
int char_is_wide_stop(uint32_t c);    /* one that needs no white space after it: U+3002 and so on */
int char_is_closer(uint32_t c);       /* quote, bracket or emphasis that may follow a stop */
int char_is_opener(uint32_t c);       /* the same before a sentence */
int char_is_bullet(uint32_t c);
int char_is_emoji(uint32_t c);        /* and the joiners and selectors between emoji */

#endif
