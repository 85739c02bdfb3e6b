/* caps.c - see caps.h. Latin-1 letters are 0xC3 and a byte in UTF-8: 0x80-0x9E are capitals, 0xA0-0xBE their
 * small letters, but for the signs at 0x97 and 0xB7; 0x9F is the sharp s. */
#include "text/caps.h"

#include <string.h>

#include "text/char_class.h"
#include "text/utf8.h"

enum { LATIN1 = 0xC3, TIMES = 0x97, DIVIDE = 0xB7, SHARP_S = 0x9F, TO_LOWER = 0x20 };

/* Bytes of the letter at text[i]; 0 if it is none of ASCII or Latin-1. *capital gets whether it is one. */
static int letter(const char *text, size_t size, size_t i, int *capital)
{
    const unsigned char c = (unsigned char)text[i];
    *capital = c >= 'A' && c <= 'Z';
    if (*capital || (c >= 'a' && c <= 'z')) return 1;
    if (c != LATIN1 || i + 1 == size) return 0;
    const unsigned char d = (unsigned char)text[i + 1];
    *capital = d >= 0x80 && d < SHARP_S && d != TIMES;
    return d >= 0x80 && d <= 0xBE && d != TIMES && d != DIVIDE ? 2 : 0;
}

int caps_shouts(const char *text, size_t size)
{
    int words = 0, run = 0;                           /* letters of the word at hand */
    for (size_t i = 0; i < size;) {
        int bytes;
        const uint32_t c = utf8_read(text, size, i, &bytes);
        if (char_is_lower(c) || c == '_' || c == '`') return 0;
        run = char_is_upper(c) ? run + 1 : 0;
        words += run == 2;
        i += (size_t)bytes;
    }
    return words >= 2;
}

/* End of the run of letters that begins at text[i]; *letters gets their number. */
static size_t run_end(const char *text, size_t size, size_t i, int *letters)
{
    int bytes, capital;
    for (*letters = 0; i < size && (bytes = letter(text, size, i, &capital)); i += (size_t)bytes) ++*letters;
    return i;
}

/* The letter at text[i] in small at out[i]; returns its bytes. */
static size_t lower_letter(char *out, const char *text, size_t size, size_t i)
{
    int capital;
    const size_t last = i + (size_t)letter(text, size, i, &capital) - 1;
    if (capital) out[last] = (char)(text[last] + TO_LOWER);
    return last + 1 - i;
}

void caps_lower(char *out, const char *text, size_t size)
{
    int first = 1, letters, capital;
    if (size) memcpy(out, text, size);
    for (size_t i = 0; i < size;) {
        const size_t end = run_end(text, size, i, &letters);
        size_t at = letters == 1 ? end : i;
        if (letters > 1 && first) at += (size_t)letter(text, size, i, &capital);
        while (at < end) at += lower_letter(out, text, size, at);
        if (letters) first = 0;
        i = letters ? end : i + 1;
    }
}

void caps_raise(char *text, size_t size)
{
    int capital, bytes;
    for (size_t i = 0; i < size; i += bytes ? (size_t)bytes : 1) {
        bytes = letter(text, size, i, &capital);
        if (!bytes || capital) continue;
        if (bytes == 2 && (unsigned char)text[i + 1] == SHARP_S) memcpy(text + i, "SS", 2);
        else text[i + (size_t)bytes - 1] = (char)(text[i + (size_t)bytes - 1] - TO_LOWER);
    }
}
