/* caps.h - text in capitals, which models hardly know: it is translated in small letters and the translation raised again.
 * ASCII and Latin-1 letters only, so that every change keeps the number of bytes, and with it the ranges of the tokens.
 * Not a Unicode case mapping. Used by job_plan.c and job_result.c. */
#ifndef DM_CAPS_H
#define DM_CAPS_H

#include <stddef.h>

/* 1 if the text shouts: two words or more in capitals, no small letter, nothing that looks like code. */
int caps_shouts(const char *text, size_t size);
/* Writes the text in small letters to out (size); the first letter and words of one letter stay. */
void caps_lower(char *out, const char *text, size_t size);
/* Small letters to capitals in place; a sharp s becomes SS, which is as many bytes. */
void caps_raise(char *text, size_t size);

#endif
