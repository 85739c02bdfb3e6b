/* UTF-8: every code point there and back, and every kind of invalid sequence. */
#include <string.h>

#include "check.h"
#include "text/utf8.h"

TEST(every_code_point)
{
    char bytes[4];
    int length, wrong = 0;
    for (uint32_t c = 0; c <= 0x10FFFF; c++) {
        if (c >= 0xD800 && c < 0xE000) continue;
        const int n = utf8_write(bytes, c);
        const int expected = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
        if (n != expected || utf8_read(bytes, (size_t)n, 0, &length) != c || length != n) wrong++;
        wrong += !utf8_valid(bytes, (size_t)n);
        /* Cut off anywhere it is one invalid byte. */
        for (int k = 1; k < n; k++) wrong += utf8_read(bytes, (size_t)k, 0, &length) != UTF8_REPLACEMENT || length != 1;
    }
    CHECK(wrong == 0, "%d wrong", wrong);
}

TEST(no_character)
{
    char bytes[4];
    const uint32_t wrong[] = { 0xD800, 0xDFFF, 0x110000, UINT32_MAX };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        CHECK(utf8_write(bytes, wrong[i]) == 3 && !memcmp(bytes, "\xEF\xBF\xBD", 3), "%x", (unsigned)wrong[i]);
}

TEST(invalid_sequences)
{
    static const char *const invalid[] = {
    "\x80", "\xBF", "\xC0\x80", "\xC1\xBF", "\xE0\x80\x80", "\xE0\x9F\xBF", "\xED\xA0\x80", "\xED\xBF\xBF",
    "\xF0\x80\x80\x80", "\xF0\x8F\xBF\xBF", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xF8\x88\x80\x80\x80", "\xFE",
    "\xFF", "\xC3", "\xC3(", "\xE2\x82", "\xE2(\xA1", "\xF0\x9F\x98", "\xF0\x9F(\x80", "\xF0(\x9F\x98",
    };
    for (size_t i = 0; i < sizeof invalid / sizeof *invalid; i++) {
        int length = 0;
        CHECK(utf8_read(invalid[i], strlen(invalid[i]), 0, &length) == UTF8_REPLACEMENT && length == 1,
              "sequence %zu: length %d", i, length);
        CHECK(!utf8_valid(invalid[i], strlen(invalid[i])), "sequence %zu", i);
    }
    CHECK(utf8_valid("a\0\xEF\xBF\xBD", 5) && utf8_valid("", 0), "NUL and a U+FFFD that was there before are valid");
}

/* Every lead byte with every second byte, against the table of the standard (3-7). */
TEST(second_bytes)
{
    int wrong = 0;
    for (unsigned lead = 0x80; lead < 0x100; lead++)
        for (unsigned second = 0; second < 0x100; second++) {
            const char bytes[4] = { (char)lead, (char)second, (char)0x80, (char)0x80 };
            int length;
            const unsigned from = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
            const unsigned to = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
            const int good = lead >= 0xC2 && lead <= 0xF4 && second >= from && second <= to;
            utf8_read(bytes, 4, 0, &length);
            wrong += length != (!good ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4);
        }
    CHECK(wrong == 0, "%d wrong", wrong);
}

TEST(utf16)
{
    CHECK(utf16_units(0xFFFF) == 1 && utf16_units(0x10000) == 2 && utf16_units('a') == 1, "units");
}

int main(void)
{
    RUN(every_code_point);
    RUN(no_character);
    RUN(invalid_sequences);
    RUN(second_bytes);
    RUN(utf16);
    return check_report();
}
