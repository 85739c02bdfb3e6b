/* piece_trie.c - pieces by their bytes: a trie whose edges live in one open-addressed hash table.
 *
 * A step is one multiplication and, nearly always, one cache line; building is one pass without
 * sorting. Callers walk with trie_step (tokenizer_internal.h). */
#include "text/tokenizer_internal.h"

enum { FIRST_TABLE_BITS = 12 };

static dm_status table_new(piece_trie *trie, arena *a, int bits)
{
    trie->edges = arena_take(a, (size_t)1 << bits, sizeof *trie->edges);
    trie->mask = (1u << bits) - 1;
    trie->shift = 32 - bits;
    return trie->edges ? DM_OK : DM_ERR_MEMORY;
}

/* The edge with this key, or the free place for it. */
static trie_edge *edge_at(const piece_trie *trie, uint32_t key)
{
    uint32_t at = (key * 2654435769u) >> trie->shift;
    while (trie->edges[at & trie->mask].key != key && trie->edges[at & trie->mask].key) at++;
    return &trie->edges[at & trie->mask];
}

/* Keeps the table at most three quarters full. What it outgrows stays in the arena: less than it
 * ends up with. */
static dm_status make_room(piece_trie *trie, arena *a)
{
    if (!trie->edges) return table_new(trie, a, FIRST_TABLE_BITS);
    if (trie->used < trie->mask / 4 * 3) return DM_OK;
    const piece_trie old = *trie;
    const dm_status s = table_new(trie, a, 32 - old.shift + 1);
    if (s) return s;
    for (uint32_t i = 0; i <= old.mask; i++)
        if (old.edges[i].key) *edge_at(trie, old.edges[i].key) = old.edges[i];
    return DM_OK;
}

dm_status trie_insert(piece_trie *trie, arena *a, const char *bytes, size_t n, int32_t id)
{
    uint32_t node = TRIE_ROOT;
    trie_edge *edge = NULL;
    for (size_t i = 0; i < n; i++, node = edge->child) {
        const uint32_t key = node << 8 | (unsigned char)bytes[i];
        const dm_status s = make_room(trie, a);
        if (s) return s;
        edge = edge_at(trie, key);
        if (edge->key) continue;
        if (trie->used >= TRIE_MAX_NODES - 2) return DM_ERR_FORMAT;
        *edge = (trie_edge){ key, TRIE_ROOT + ++trie->used, 0 };
    }
    if (edge->piece) return DM_ERR_FORMAT;
    edge->piece = (uint32_t)id + 1;
    return DM_OK;
}

int32_t trie_find(const piece_trie *trie, const char *bytes, size_t n)
{
    uint32_t node = TRIE_ROOT;
    int32_t id = -1;
    for (size_t i = 0; i < n; i++)
        if (!(node = trie_step(trie, node, (unsigned char)bytes[i], &id))) return -1;
    return id;
}
