/* cursor.h - reads little-endian fields from untrusted bytes.
 *
 * The first short read makes the cursor fail and it stays failed, with zeros for every further
 * field: callers read a whole record, then test `ok` once. */
#ifndef DM_CURSOR_H
#define DM_CURSOR_H

#include <stddef.h>
#include <stdint.h>

typedef struct { const uint8_t *p, *end; int ok; } cursor;

/* The next n bytes, or NULL. n is 64 bits wide so that a field of a file can be passed as it is. */
static inline const uint8_t *cursor_take(cursor *c, uint64_t n)
{
    if (!c->ok || n > (uint64_t)(c->end - c->p)) { c->ok = 0; return NULL; }
    const uint8_t *at = c->p;
    c->p += (size_t)n;
    return at;
}

static inline uint64_t cursor_number(cursor *c, int bytes)
{
    const uint8_t *at = cursor_take(c, (uint64_t)bytes);
    uint64_t value = 0;
    for (int i = 0; at && i < bytes; i++) value |= (uint64_t)at[i] << (8 * i);
    return value;
}

static inline uint8_t cursor_u8(cursor *c) { return (uint8_t)cursor_number(c, 1); }
static inline uint32_t cursor_u32(cursor *c) { return (uint32_t)cursor_number(c, 4); }
static inline uint64_t cursor_u64(cursor *c) { return cursor_number(c, 8); }

/* Printable ASCII without spaces, so that a name can stand in a message, in JSON or in a terminal. */
static inline int name_is_plain(const uint8_t *name, size_t size)
{
    for (size_t i = 0; i < size; i++) if (name[i] <= ' ' || name[i] > '~') return 0;
    return size > 0;
}

#endif
