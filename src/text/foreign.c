#include "text/foreign.h"

#include <string.h>

#include "text/char_class.h"
#include "text/utf8.h"

/* The first two bytes of every dingbat; the third is 0x80 and its number. */
static const char DINGBAT[] = "\xE2\x9C";

static int is_unknown(const tokenizer *t, const dm_token *token) { return tokenizer_byte(t, token->id) > 0x7E; }

/* Of a script that comes after Latin in Unicode, whose additions are at U+1E00. */
static int is_foreign(uint32_t c) { return c >= 0x370 && (c < 0x1E00 || c > 0x1EFF) && char_is_letter(c); }

static int has_foreign(const char *text, size_t size)
{
    int length;
    for (size_t at = 0; at < size; at += (size_t)length)
        if (is_foreign(utf8_read(text, size, at, &length))) return 1;
    return 0;
}

static int unknown_end(const tokenizer *t, const dm_token *tokens, int n, int i)
{
    while (i < n && is_unknown(t, &tokens[i])) i++;
    return i;
}

/* Where the foreign word ends whose first token is token i; 0 where none begins. A letter of two pieces is copied as it is. */
static int word_end(const tokenizer *t, const char *text, const dm_token *tokens, int n, int i)
{
    const int end = unknown_end(t, tokens, n, i);
    if (end - i < FOREIGN_PIECES) return 0;
    const size_t size = tokens[end - 1].end - tokens[i].begin;
    return size >= FOREIGN_PIECES && has_foreign(text + tokens[i].begin, size) ? end : 0;
}

/* ASCII, but neither letters nor digits. */
static int are_marks(const char *text, const dm_token *token)
{
    for (uint32_t i = token->begin; i < token->end; i++) {
        const unsigned char c = (unsigned char)text[i];
        if (c >= 0x80 || char_is_letter(c) || char_is_digit(c)) return 0;
    }
    return 1;
}

static int marks_end(const tokenizer *t, const char *text, const dm_token *tokens, int n, int i)
{
    while (i < n && !is_unknown(t, &tokens[i]) && are_marks(text, &tokens[i])) i++;
    return i;
}

/* As word_end, with the words that follow after marks alone; and the last marks of a text that has nothing else. */
static int words_end(const tokenizer *t, const char *text, const dm_token *tokens, int n, int i)
{
    const int begin = i;
    int end = 0;
    for (int next = word_end(t, text, tokens, n, i); next; next = word_end(t, text, tokens, n, i)) {
        end = next;
        i = marks_end(t, text, tokens, n, next);
    }
    return end && i == n && marks_end(t, text, tokens, n, 0) == begin ? n : end;
}

/* The copyright sign, raised digits, which normalisation lowers, the pilcrow, the middle dot; the signs of mathematics. */
static int is_rare(uint32_t c)
{
    return c == 0xA9 || c == 0xB2 || c == 0xB3 || c == 0xB6 || c == 0xB7 || c == 0xB9 || (c >= 0x2200 && c <= 0x22FF);
}

/* Whether token is one rare sign. One in byte pieces is copied as it is. */
static int is_rare_sign(const tokenizer *t, const char *text, const dm_token *token)
{
    int length;
    if (token->begin == token->end || tokenizer_byte(t, token->id) >= 0) return 0;
    const uint32_t c = utf8_read(text, token->end, token->begin, &length);
    return is_rare(c) && (uint32_t)length == token->end - token->begin;
}

/* The next dingbat from `from` on that the text does not have itself. */
static int free_dingbat(const char *text, size_t size, int from)
{
    for (size_t i = 0; from < FOREIGN_MOST && i + FOREIGN_PIECES <= size; i++)
        if (!memcmp(text + i, DINGBAT, 2) && (unsigned char)text[i + 2] == 0x80 + from) {
            from++;
            i = (size_t)-1;
        }
    return from;
}

int foreign_hide(const tokenizer *t, const char *text, size_t size, const dm_token *tokens, int n, dm_token *out)
{
    const int32_t *ids = tokenizer_byte_ids(t);
    int made = 0, next = 0;
    for (int i = 0; i < n;) {
        int end = ids ? words_end(t, text, tokens, n, i) : 0;
        if (ids && !end && is_rare_sign(t, text, &tokens[i])) end = i + 1;
        if (end) next = free_dingbat(text, size, next);
        if (!end || next == FOREIGN_MOST) {           /* the rest of what is unknown begins no word */
            end = ids ? unknown_end(t, tokens, n, i) : n;
            do out[made++] = tokens[i++]; while (i < end);
            continue;
        }
        const uint32_t first = tokens[i].begin, last = tokens[end - 1].end;
        out[made++] = (dm_token){ ids[(unsigned char)DINGBAT[0]], first, first };
        out[made++] = (dm_token){ ids[(unsigned char)DINGBAT[1]], first, first };
        out[made++] = (dm_token){ ids[0x80 + next++], first, last };
        i = end;
    }
    return made;
}

void foreign_find(foreign_words *words, const tokenizer *t, const char *text, const dm_token *tokens, int n)
{
    const int32_t *ids = tokenizer_byte_ids(t);
    *words = (foreign_words){ .size = { 0 } };
    for (int i = 0; ids && i + FOREIGN_PIECES <= n; i++) {
        if (tokens[i].id != ids[(unsigned char)DINGBAT[0]] || tokens[i + 1].id != ids[(unsigned char)DINGBAT[1]]) continue;
        const dm_token *last = &tokens[i + 2];
        const int number = tokenizer_byte(t, last->id) - 0x80;
        const char *word = text + last->begin;
        const size_t size = last->end - last->begin;
        if (number < 0 || number >= FOREIGN_MOST || (size == FOREIGN_PIECES && !memcmp(word, DINGBAT, 2))) continue;
        words->word[number] = word;
        words->size[number] = size;
    }
}

/* What is behind `at` moves by `by`, which may be less than 0, modulo 2^32. */
static void move_ranges(dm_token *tokens, int n, size_t at, uint32_t by)
{
    for (int i = 0; tokens && i < n; i++) {
        if (tokens[i].begin > at) tokens[i].begin += by;
        if (tokens[i].end > at) tokens[i].end += by;
    }
}

size_t foreign_show(const foreign_words *words, char *translation, size_t size, dm_token *tokens, int n)
{
    uint64_t shown = 0;
    for (size_t at = 0; at + FOREIGN_PIECES <= size; at++) {
        const int number = (unsigned char)translation[at + 2] - 0x80;
        if (memcmp(translation + at, DINGBAT, 2) || number < 0 || number >= FOREIGN_MOST) continue;
        if (!words->word[number] || shown >> number & 1) continue;
        const size_t after = at + FOREIGN_PIECES, becomes = words->size[number];
        memmove(translation + at + becomes, translation + after, size - after);
        memcpy(translation + at, words->word[number], becomes);
        move_ranges(tokens, n, at, (uint32_t)becomes - FOREIGN_PIECES);
        shown |= (uint64_t)1 << number;
        size += becomes - FOREIGN_PIECES;
        at += becomes - 1;
    }
    return size;
}
