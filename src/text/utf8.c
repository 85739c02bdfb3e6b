/* utf8.c - UTF-8 in and out, by the table of well-formed sequences of the Unicode standard (3-7). */
#include "text/utf8.h"

/* Continuation byte at text[at], or -1. */
static int tail(const char *text, size_t size, size_t at)
{
    if (at >= size || ((unsigned char)text[at] & 0xC0) != 0x80) return -1;
    return (unsigned char)text[at] & 0x3F;
}

uint32_t utf8_read(const char *text, size_t size, size_t at, int *length)
{
    const uint32_t lead = (unsigned char)text[at];
    *length = 1;
    if (lead < 0x80) return lead;
    if (lead < 0xC2 || lead > 0xF4) return UTF8_REPLACEMENT;      /* tail, overlong, above U+10FFFF */
    const int n = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    uint32_t cp = lead & (0x7Fu >> n);
    for (int i = 1; i < n; i++) {
        const int bits = tail(text, size, at + (size_t)i);
        if (bits < 0) return UTF8_REPLACEMENT;
        cp = cp << 6 | (uint32_t)bits;
    }
    if ((n == 3 && (cp < 0x800 || (cp >= 0xD800 && cp < 0xE000))) || (n == 4 && (cp < 0x10000 || cp > 0x10FFFF)))
        return UTF8_REPLACEMENT;
    *length = n;
    return cp;
}

int utf8_write(char *out, uint32_t cp)
{
    if (cp > 0x10FFFF || (cp >= 0xD800 && cp < 0xE000)) cp = UTF8_REPLACEMENT;
    if (cp < 0x80) {
        out[0] = (char)cp;
        return 1;
    }
    const int n = cp < 0x800 ? 2 : cp < 0x10000 ? 3 : 4;
    for (int i = n - 1; i > 0; i--, cp >>= 6) out[i] = (char)(0x80 | (cp & 0x3F));
    out[0] = (char)((0xF00u >> n & 0xFF) | cp);
    return n;
}

int utf8_valid(const char *text, size_t size)
{
    int length;
    for (size_t at = 0; at < size; at += (size_t)length)
        if (utf8_read(text, size, at, &length) == UTF8_REPLACEMENT && length == 1) return 0;
    return 1;
}
