/* normalizer.c - text -> the form that pieces are made of, with the origin of every byte.
 *
 * Follows Normalizer::Normalize of SentencePiece: user-defined symbols stay as they are, then the
 * longest rule of the character map, then one character; spaces are collapsed and become U+2581. */
#include <string.h>

#include "text/tokenizer_internal.h"
#include "text/utf8.h"

/* Rules may lengthen a text (U+FDFA, 3 bytes, gives 39). So that memory stays small the whole may grow
 * to four times its size and this much more; a rule that would exceed it is not applied. */
enum { GROWTH = 4, GROWTH_EXTRA = 4096, GROWTH_SHORT = 12, ENDS = 8 };

static const char SPACE_SYMBOL[] = "\xE2\x96\x81";

size_t normal_bound(size_t size)
{
    return GROWTH * size + (GROWTH_SHORT * size < GROWTH_EXTRA ? GROWTH_SHORT * size : GROWTH_EXTRA) + ENDS;
}

/* What `taken` bytes of the input become. */
typedef struct { const char *bytes; size_t size, taken; int by_rule; } chunk;

size_t user_symbol(const tokenizer *t, const char *text, size_t size, size_t at)
{
    size_t longest = 0;
    uint32_t node = TRIE_ROOT;
    int32_t id;
    for (size_t i = at; i < size && (node = trie_step(&t->trie, node, (unsigned char)text[i], &id)) != 0; i++)
        if (id >= 0 && t->pieces[id].type == PIECE_USER) longest = i + 1 - at;
    return longest;
}

/* Double array of Darts-clone: a unit holds a label, the offset to its children and whether one of
 * them is a leaf, which holds the value. */
static uint32_t unit(const charsmap *map, uint32_t at)
{
    const uint8_t *u = map->units + 4 * (size_t)at;
    return u[0] | (uint32_t)u[1] << 8 | (uint32_t)u[2] << 16 | (uint32_t)u[3] << 24;
}
static uint32_t unit_offset(uint32_t u) { return (u >> 10) << ((u & 0x200) >> 6); }

/* Longest rule at text[0..size); 0 if there is none, or if it points outside of the map. */
static int find_rule(const charsmap *map, const char *text, size_t size, chunk *out)
{
    if (!map->n_units) return 0;
    uint32_t at = unit_offset(unit(map, 0)), value = 0;
    size_t taken = 0;
    for (size_t i = 0; i < size && i < SPM_MAX_REPLACEMENT; i++) {
        at ^= (unsigned char)text[i];
        if (at >= map->n_units) break;
        const uint32_t u = unit(map, at);
        if ((u & 0x800000FFu) != (unsigned char)text[i]) break;
        at ^= unit_offset(u);
        if (at >= map->n_units) break;
        if (u & 0x100) {
            taken = i + 1;
            value = unit(map, at) & 0x7FFFFFFF;
        }
    }
    if (!taken || value >= map->strings_size) return 0;
    const size_t left = map->strings_size - value;
    const char *bytes = map->strings + value;
    const char *end = memchr(bytes, 0, left < SPM_MAX_REPLACEMENT ? left : SPM_MAX_REPLACEMENT);
    if (!end) return 0;
    *out = (chunk){ bytes, (size_t)(end - bytes), taken, 1 };
    return 1;
}

static chunk plain_chunk(const char *text, size_t size, size_t at)
{
    int length;
    if (utf8_read(text, size, at, &length) == UTF8_REPLACEMENT && length == 1)
        return (chunk){ "\xEF\xBF\xBD", 3, 1, 0 };
    return (chunk){ text + at, (size_t)length, (size_t)length, 0 };
}

static chunk next_chunk(const tokenizer *t, const char *text, size_t size, size_t at)
{
    chunk c;
    const size_t symbol = t->has_user ? user_symbol(t, text, size, at) : 0;
    if (symbol) return (chunk){ text + at, symbol, symbol, 0 };
    if (find_rule(&t->map, text + at, size - at, &c)) return c;
    return plain_chunk(text, size, at);
}

static void put(normal_text *out, const char *bytes, size_t n, size_t origin)
{
    for (size_t i = 0; i < n; i++) {
        out->text[out->n] = bytes[i];
        out->origin[out->n++] = (uint32_t)origin;
    }
}

static void put_space(const tokenizer *t, normal_text *out, size_t origin)
{
    if (t->escape_spaces) put(out, SPACE_SYMBOL, 3, origin);
    else put(out, " ", 1, origin);
}

static void put_chunk(const tokenizer *t, normal_text *out, const chunk *c, size_t origin)
{
    for (size_t i = 0; i < c->size; i++) {
        if (c->bytes[i] == ' ') put_space(t, out, origin);
        else put(out, c->bytes + i, 1, origin);
    }
}

static size_t escaped_size(const chunk *c)
{
    size_t n = c->size;
    for (size_t i = 0; i < c->size; i++) n += c->bytes[i] == ' ' ? 2 : 0;
    return n;
}

/* Takes spaces off the end; returns where the text that is left ends in the input. */
static size_t trim(const tokenizer *t, normal_text *out, size_t end)
{
    const char *space = t->escape_spaces ? SPACE_SYMBOL : " ";
    const uint32_t n = (uint32_t)strlen(space);
    while (out->n >= n && !memcmp(out->text + out->n - n, space, n)) {
        out->n -= n;
        end = out->origin[out->n];
    }
    return end;
}

void normalize(const tokenizer *t, const char *text, size_t size, normal_text *out)
{
    const size_t room = normal_bound(size);
    size_t at = 0;
    out->n = 0;
    out->origin[0] = 0;
    while (t->remove_spaces && at < size) {
        const chunk c = next_chunk(t, text, size, at);
        if (c.size != 1 || c.bytes[0] != ' ') break;
        at += c.taken;
    }
    if (at == size) return;
    if (t->dummy_prefix && !t->space_is_suffix) put_space(t, out, at);
    for (int after_space = t->remove_spaces; at < size;) {
        chunk c = next_chunk(t, text, size, at);
        /* 3 bytes for every byte that is left always suffice without rules. */
        if (c.by_rule && out->n + escaped_size(&c) + 3 * (size - at - c.taken) + ENDS > room)
            c = plain_chunk(text, size, at);
        while (after_space && c.size && c.bytes[0] == ' ') c.bytes++, c.size--;
        put_chunk(t, out, &c, at);
        if (c.size) after_space = t->remove_spaces && c.bytes[c.size - 1] == ' ';
        at += c.taken;
    }
    if (t->remove_spaces) at = trim(t, out, at);
    if (t->dummy_prefix && t->space_is_suffix) put_space(t, out, at);
    out->origin[out->n] = (uint32_t)at;
}
