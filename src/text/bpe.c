/* bpe.c - byte-pair encoding: merges neighbours, best score first, leftmost first among equals.
 *
 * Follows bpe::Model::SampleEncode of SentencePiece without dropout. A heap of candidate pairs,
 * outdated ones recognised by their length: n log n. */
#include <string.h>

#include "text/tokenizer_internal.h"

/* The symbol that starts at a byte: `size` bytes, 0 where none starts any more. */
typedef struct { uint32_t size, prev; } symbol;
typedef struct { float score; uint32_t left, size; } pair;
/* Offsets stay below NO_SYMBOL (SPM_MAX_TEXT), so `prev` has room for a flag: user-defined, never merged. */
static const uint32_t FROZEN = 1u << 31, NO_SYMBOL = (1u << 31) - 1;

typedef struct {
    const tokenizer *t;
    const char *text;
    uint32_t n;
    symbol *symbols;                            /* (n), by first byte */
    pair *heap;  size_t n_heap;                 /* (2n): at most n at first, and one more per merge */
    uint32_t *split;                            /* (pieces): size of the left half of an unused piece; or NULL */
    cut *cuts;  size_t n_cuts;                  /* (n) */
} state;

uint64_t bpe_memory(const tokenizer *t, size_t n)
{
    const size_t each = sizeof(symbol) + 2 * sizeof(pair) + sizeof(cut);
    return (uint64_t)n * each + (t->has_unused ? (uint64_t)t->n * sizeof(uint32_t) : 0);
}

static int worse(const pair *a, const pair *b)
{
    return a->score < b->score || (a->score == b->score && a->left > b->left);
}

static void heap_push(state *s, pair p)
{
    size_t at = s->n_heap++;
    for (size_t up; at && worse(&s->heap[up = (at - 1) / 2], &p); at = up) s->heap[at] = s->heap[up];
    s->heap[at] = p;
}

static pair heap_pop(state *s)
{
    const pair top = s->heap[0], last = s->heap[--s->n_heap];
    size_t at = 0;
    for (size_t child; (child = 2 * at + 1) < s->n_heap; at = child) {
        if (child + 1 < s->n_heap && worse(&s->heap[child], &s->heap[child + 1])) child++;
        if (!worse(&last, &s->heap[child])) break;
        s->heap[at] = s->heap[child];
    }
    s->heap[at] = last;
    return top;
}

/* Offers the symbol at `left` and its right neighbour for a merge. */
static void offer(state *s, uint32_t left)
{
    const uint32_t right = left + s->symbols[left].size;
    if (right >= s->n || (s->symbols[left].prev | s->symbols[right].prev) & FROZEN) return;
    const uint32_t size = s->symbols[left].size + s->symbols[right].size;
    const int32_t id = size <= SPM_MAX_PIECE_BYTES ? trie_find(&s->t->trie, s->text + left, size) : -1;
    if (id < 0) return;
    heap_push(s, (pair){ s->t->pieces[id].score, left, size });
    if (s->t->pieces[id].type == PIECE_UNUSED) s->split[id] = right - left;
}

static void split_characters(state *s)
{
    for (uint32_t at = 0, prev = NO_SYMBOL, size; at < s->n; prev = at, at += size) {
        const size_t user = s->t->has_user ? user_symbol(s->t, s->text, s->n, at) : 0;
        size = user ? (uint32_t)user : char_size(s->text[at], s->n - at);
        s->symbols[at] = (symbol){ size, prev | (user ? FROZEN : 0) };
    }
}

static void merge_all(state *s)
{
    for (uint32_t at = 0; at < s->n; at += s->symbols[at].size) offer(s, at);
    while (s->n_heap) {
        const pair p = heap_pop(s);
        symbol *left = &s->symbols[p.left];
        const uint32_t right = p.left + left->size;
        /* Sizes only grow: the pair is as it was when it was offered if their sum is. */
        if (!left->size || right >= s->n || left->size + s->symbols[right].size != p.size) continue;
        left->size = p.size;
        s->symbols[right].size = 0;
        const uint32_t after = p.left + p.size;
        if (after < s->n) s->symbols[after].prev = p.left | (s->symbols[after].prev & FROZEN);
        if (left->prev != NO_SYMBOL) offer(s, left->prev);
        offer(s, p.left);
    }
}

/* The symbol [at, end) as cuts; unused pieces come apart again where they were last put together. */
static void put_symbol(state *s, uint32_t at, uint32_t end, uint32_t *stack)
{
    size_t depth = 0;
    stack[depth++] = end;
    while (depth) {
        const uint32_t size = stack[depth - 1] - at;
        const int32_t id = trie_find(&s->t->trie, s->text + at, size);
        const uint32_t half = id >= 0 && s->t->pieces[id].type == PIECE_UNUSED ? s->split[id] : 0;
        if (half) {
            stack[depth++] = at + half;
            continue;
        }
        s->cuts[s->n_cuts++] = (cut){ at, id < 0 ? s->t->unk : id, 0 };
        at = stack[--depth];
    }
}

void bpe_cut(const tokenizer *t, const char *text, uint32_t n, void *memory, const cut **first, size_t *count)
{
    state s = { .t = t, .text = text, .n = n, .symbols = memory };
    s.heap = (pair *)(s.symbols + n);
    s.cuts = (cut *)(s.heap + 2 * (size_t)n);
    s.split = (uint32_t *)(s.cuts + n);
    memset(s.symbols, 0, n * sizeof *s.symbols);
    if (t->has_unused) memset(s.split, 0, (size_t)t->n * sizeof *s.split);
    split_characters(&s);
    merge_all(&s);
    uint32_t *stack = (uint32_t *)s.heap;       /* the heap is empty: its room serves the splitting */
    for (uint32_t at = 0; at < n; at += s.symbols[at].size) put_symbol(&s, at, at + s.symbols[at].size, stack);
    *first = s.cuts;
    *count = s.n_cuts;
}
