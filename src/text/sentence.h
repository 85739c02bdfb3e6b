/* sentence.h - splits running text into sentences, the same way on every machine.
 *
 * Rules and short word lists for English and German: line ends, [.?!…] and their relatives with closing
 * quotes and brackets, before white space and a plausible start; abbreviations, initials, numbers, list
 * markers, code-like tokens and URLs do not split. */
#ifndef DM_SENTENCE_H
#define DM_SENTENCE_H

#include <stddef.h>

typedef struct { size_t begin, end; } sentence_span;

/* The next sentence at or after byte `at`: *out is its span, without white space around it,
 * and the return value is where to go on. At the end of the text *out is empty (begin == end
 * == size) and the return value is size. What lies between spans is white space or control
 * characters only. */
size_t sentence_next(const char *text, size_t size, size_t at, sentence_span *out);

#endif
