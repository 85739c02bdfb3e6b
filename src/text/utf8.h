/* utf8.h - one way to read UTF-8 for the whole program: an invalid byte is one U+FFFD. */
#ifndef DM_UTF8_H
#define DM_UTF8_H

#include <stddef.h>
#include <stdint.h>

enum { UTF8_REPLACEMENT = 0xFFFD };

/* Code point at text[at], at < size; *length gets its bytes (1..4). A byte that starts no
 * valid sequence (overlong, surrogate, above U+10FFFF, cut off) is U+FFFD of length 1. */
uint32_t utf8_read(const char *text, size_t size, size_t at, int *length);
/* Writes cp as 1..4 bytes and returns how many; what is no character is written as U+FFFD. */
int utf8_write(char *out, uint32_t cp);
/* 1 if every byte belongs to a valid sequence. */
int utf8_valid(const char *text, size_t size);
/* UTF-16 code units that a code point takes: 1 or 2. */
static inline int utf16_units(uint32_t cp) { return cp >= 0x10000 ? 2 : 1; }

#endif
