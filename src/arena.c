#include "arena.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { ALIGN = 64 };

struct arena_block {
    arena_block *next;
    size_t used, size;        /* of the aligned bytes */
    uint8_t *bytes;           /* first aligned byte after this header */
};

void arena_init(arena *a, size_t block_size)
{
    *a = (arena){ .block_size = block_size };
}

static arena_block *block_new(size_t size)
{
    if (size > SIZE_MAX - sizeof(arena_block) - ALIGN) return NULL;
    arena_block *b = malloc(sizeof *b + size + ALIGN);
    if (!b) return NULL;
    const uintptr_t at = (uintptr_t)(b + 1);
    b->bytes = (uint8_t *)(b + 1) + ((ALIGN - at % ALIGN) % ALIGN);
    b->size = size;
    b->used = 0;
    b->next = NULL;
    return b;
}

void *arena_take(arena *a, size_t count, size_t size)
{
    if (a->failed || (size && count > (SIZE_MAX - ALIGN) / size)) { a->failed = 1; return NULL; }
    const size_t need = (count * size + ALIGN - 1) / ALIGN * ALIGN;
    arena_block *b = a->blocks;
    if (!b || need > b->size - b->used) {
        b = block_new(need > a->block_size ? need : a->block_size);
        if (!b) { a->failed = 1; return NULL; }
        b->next = a->blocks;
        a->blocks = b;
    }
    void *at = b->bytes + b->used;
    b->used += need;
    return memset(at, 0, need);
}

void arena_free(arena *a)
{
    for (arena_block *b = a->blocks, *next; b; b = next) {
        next = b->next;
        free(b);
    }
    arena_init(a, a->block_size);
}
