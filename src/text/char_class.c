/* char_class.c - see char_class.h. */
#include "text/char_class.h"

#include <stddef.h>

typedef struct { uint32_t first, last; } range;
#define IN(ranges, c) in_ranges(ranges, sizeof(ranges) / sizeof *(ranges), c)

/* Short lists: a linear search is as fast as any. */
static int in_ranges(const range *r, size_t n, uint32_t c)
{
    for (size_t i = 0; i < n; i++)
        if (c >= r[i].first && c <= r[i].last) return 1;
    return 0;
}

int char_is_line_end(uint32_t c)
{
    return (c >= '\n' && c <= '\r') || c == 0x85 || c == 0x2028 || c == 0x2029;
}

int char_is_space(uint32_t c)
{
    if (c < 0x80) return c <= ' ' || c == 0x7F;
    return c <= 0xA0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200B) || c == 0x2028 || c == 0x2029 || c == 0x202F ||
           c == 0x205F || c == 0x3000 || c == 0xFEFF;
}

/* Blocks in which capitals and small letters alternate, capitals first (even) or small ones first. */
static const range even_upper[] = { { 0x100, 0x137 }, { 0x14A, 0x177 }, { 0x1DE, 0x1EF }, { 0x1F8, 0x233 }, { 0x460, 0x481 },
                                    { 0x48A, 0x4BF }, { 0x4D0, 0x52F }, { 0x1E00, 0x1E95 }, { 0x1EA0, 0x1EFF } };
static const range odd_upper[] = { { 0x139, 0x148 }, { 0x179, 0x17E }, { 0x1CD, 0x1DC }, { 0x4C1, 0x4CE } };
static const range only_upper[] = { { 'A', 'Z' }, { 0xC0, 0xD6 }, { 0xD8, 0xDE }, { 0x178, 0x178 }, { 0x386, 0x386 },
                                    { 0x388, 0x38F }, { 0x391, 0x3AB }, { 0x400, 0x42F }, { 0x4C0, 0x4C0 }, { 0x531, 0x556 },
                                    { 0x1E9E, 0x1E9E }, { 0xFF21, 0xFF3A } };
static const range only_lower[] = { { 'a', 'z' }, { 0xDF, 0xF6 }, { 0xF8, 0xFF }, { 0x138, 0x138 }, { 0x149, 0x149 },
                                    { 0x17F, 0x17F }, { 0x390, 0x390 }, { 0x3AC, 0x3CE }, { 0x430, 0x45F }, { 0x4CF, 0x4CF },
                                    { 0x561, 0x587 }, { 0x1E96, 0x1E9D }, { 0xFF41, 0xFF5A } };

int char_is_upper(uint32_t c)
{
    return IN(only_upper, c) || (c % 2 ? IN(odd_upper, c) : IN(even_upper, c));
}

int char_is_lower(uint32_t c)
{
    return IN(only_lower, c) || (c % 2 ? IN(even_upper, c) : IN(odd_upper, c));
}

/* Letters without case, and blocks where case is not worth a table. */
static const range caseless[] = { { 0xAA, 0xAA }, { 0xBA, 0xBA }, { 0x180, 0x24F }, { 0x250, 0x2AF }, { 0x370, 0x373 },
    { 0x5D0, 0x5F2 }, { 0x620, 0x64A }, { 0x66E, 0x6D3 }, { 0x6D5, 0x6FF }, { 0x700, 0x963 }, { 0x966, 0x1CFF },
    { 0x1F00, 0x1FFF }, { 0x2C00, 0x2DFF }, { 0x3005, 0x3007 }, { 0x3041, 0x30FA }, { 0x30FC, 0x318F }, { 0x31A0, 0x31FF },
    { 0x3400, 0xA4CF }, { 0xA4D0, 0xABFF }, { 0xAC00, 0xD7FB }, { 0xF900, 0xFAFF }, { 0xFB1D, 0xFDFB }, { 0xFE70, 0xFEFC },
    { 0xFF66, 0xFF9D }, { 0x10000, 0x1CFFF }, { 0x1E000, 0x1EFFF }, { 0x20000, 0x3FFFF } };

int char_is_letter(uint32_t c)
{
    return char_is_upper(c) || char_is_lower(c) || IN(caseless, c);
}

int char_is_digit(uint32_t c)
{
    return (c >= '0' && c <= '9') || (c >= 0xFF10 && c <= 0xFF19);
}

int char_is_stop(uint32_t c)
{
    if (c < 0x80) return c == '.' || c == '?' || c == '!';
    static const range stops[] = { { 0x589, 0x589 }, { 0x61F, 0x61F }, { 0x6D4, 0x6D4 }, { 0x964, 0x965 }, { 0x2026, 0x2026 },
                                   { 0x203C, 0x203C }, { 0x2047, 0x2049 } };
    return IN(stops, c) || char_is_wide_stop(c);
}

int char_is_wide_stop(uint32_t c)
{
    return c == 0x3002 || c == 0xFF01 || c == 0xFF1F || c == 0xFF61;
}

int char_is_closer(uint32_t c)
{
    static const range closers[] = { { '"', '"' }, { '\'', '\'' }, { ')', '*' }, { ']', ']' }, { '_', '`' }, { '}', '}' },
        { 0xAB, 0xAB }, { 0xBB, 0xBB }, { 0x2018, 0x2019 }, { 0x201C, 0x201D }, { 0x2039, 0x203A }, { 0x3009, 0x3009 },
        { 0x300B, 0x300B }, { 0x300D, 0x300D }, { 0x300F, 0x300F }, { 0x3011, 0x3011 }, { 0xFF09, 0xFF09 } };
    return IN(closers, c);
}

int char_is_opener(uint32_t c)
{
    static const range openers[] = { { '"', '#' }, { '\'', '(' }, { '*', '*' }, { '[', '[' }, { '_', '`' }, { '{', '{' },
        { 0xA1, 0xA1 }, { 0xAB, 0xAB }, { 0xBB, 0xBB }, { 0xBF, 0xBF }, { 0x2018, 0x2018 }, { 0x201A, 0x201A },
        { 0x201C, 0x201E }, { 0x2039, 0x203A }, { 0x3008, 0x3008 }, { 0x300A, 0x300A }, { 0x300C, 0x300C }, { 0x300E, 0x300E },
        { 0x3010, 0x3010 }, { 0xFF08, 0xFF08 } };
    return IN(openers, c);
}

int char_is_bullet(uint32_t c)
{
    static const range bullets[] = { { '*', '*' }, { '-', '-' }, { 0xB7, 0xB7 }, { 0x2013, 0x2014 }, { 0x2022, 0x2023 },
                                     { 0x25AA, 0x25AB }, { 0x25CF, 0x25CF } };
    return IN(bullets, c);
}

int char_is_emoji(uint32_t c)
{
    static const range emoji[] = { { 0x200D, 0x200D }, { 0x20E3, 0x20E3 }, { 0x2600, 0x27BF }, { 0x2B05, 0x2B55 },
                                   { 0xFE0E, 0xFE0F }, { 0x1F000, 0x1FAFF }, { 0xE0020, 0xE007F } };
    return IN(emoji, c);
}
