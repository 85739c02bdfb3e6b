/* unigram.c - the most probable pieces of a text: Viterbi over byte positions.
 *
 * Follows unigram::Model::EncodeOptimized of SentencePiece 0.2, with sums and comparisons in float:
 * which of two nearly equal paths wins depends on it (older sources compare in double). */
#include "text/tokenizer_internal.h"

static const float UNKNOWN_PENALTY = 10.0f;
enum { NONE = -1 };

/* One item per end position: the last piece of the best path to there. */
uint64_t unigram_memory(size_t n)
{
    return ((uint64_t)n + 1) * sizeof(cut);
}

static void offer(cut *end, uint32_t begin, int32_t id, float score)
{
    if (end->id != NONE && !(score > end->score)) return;
    *end = (cut){ begin, id, score };
}

/* Every piece that starts at `begin`. */
static void extend(const tokenizer *t, const char *text, uint32_t n, uint32_t begin, cut *ends)
{
    const uint32_t one = char_size(text[begin], n - begin);
    const float so_far = begin ? ends[begin].score : 0.0f;
    uint32_t node = TRIE_ROOT;
    int32_t id;
    int covered = 0;                            /* a piece is exactly the next character */
    for (uint32_t at = begin; at < n;) {
        node = trie_step(&t->trie, node, (unsigned char)text[at++], &id);
        if (!node) break;
        if (id < 0 || t->pieces[id].type == PIECE_UNUSED) continue;
        const uint32_t size = at - begin;
        /* A user-defined symbol gets a bonus, so that it is always chosen. */
        const float score = t->pieces[id].type == PIECE_USER ? (float)((double)((float)size * t->max_score) - 0.1)
                                                             : t->pieces[id].score;
        offer(&ends[at], begin, id, score + so_far);
        covered |= size == one;
    }
    if (!covered) offer(&ends[begin + one], begin, t->unk, (t->min_score - UNKNOWN_PENALTY) + so_far);
}

void unigram_cut(const tokenizer *t, const char *text, uint32_t n, void *memory, const cut **first, size_t *count)
{
    cut *ends = memory;
    for (uint32_t i = 0; i <= n; i++) ends[i].id = NONE;
    for (uint32_t at = 0; at < n; at += char_size(text[at], n - at)) extend(t, text, n, at, ends);
    /* Backwards along the best path; the k-th piece from the end goes to place n + 1 - k, which has
     * been read, because k pieces take k bytes at least. */
    uint32_t place = n + 1;
    for (uint32_t end = n; end > 0;) {
        const cut last = ends[end];
        ends[--place] = last;
        end = last.begin;
    }
    *first = ends + place;
    *count = n + 1 - place;
}
