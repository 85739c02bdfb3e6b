/* arena.h - memory that is freed all at once.
 *
 * A list of blocks; allocation is a pointer bump, 64-byte aligned and zeroed. The first
 * failed allocation makes the arena fail and it stays failed, so that a caller may make
 * all its allocations and test `failed` once. */
#ifndef DM_ARENA_H
#define DM_ARENA_H

#include <stddef.h>

typedef struct arena_block arena_block;
typedef struct {
    arena_block *blocks;      /* newest first */
    size_t block_size;        /* least size of a new block, bytes */
    int failed;
} arena;

void arena_init(arena *a, size_t block_size);
/* `count` items of `size` bytes, or NULL (also when count*size overflows). Size 0 is fine. */
void *arena_take(arena *a, size_t count, size_t size);
void arena_free(arena *a);    /* the arena can be used again */

/* A matrix of floats. */
static inline float *arena_floats(arena *a, int rows, int columns)
{
    return arena_take(a, (size_t)rows * (size_t)columns, sizeof(float));
}

#endif
