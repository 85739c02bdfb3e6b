/* tokenizer_internal.h - what the files of the tokeniser share; included by nothing else.
 *
 * spm_proto.c reads the file, piece_trie.c finds pieces, normalizer.c prepares text, unigram.c and
 * bpe.c cut it, tokenizer.c and detokenizer.c are the public calls. */
#ifndef DM_TOKENIZER_INTERNAL_H
#define DM_TOKENIZER_INTERNAL_H

#include "text/tokenizer.h"

enum {
    SPM_MAX_PIECES = 1 << 20,
    SPM_MAX_PIECE_BYTES = 1024,
    SPM_MAX_SURFACE = 64,            /* bytes that stand for an unknown piece in decoded text */
    SPM_MAX_REPLACEMENT = 512,       /* bytes of one normalisation rule, either side          */
    SPM_MAX_TEXT = 1 << 28           /* bytes of one text: normal_bound() of it, 2^30 + 4104, bounds all offsets */
};

/* Types of pieces and models, numbered as in sentencepiece_model.proto. */
enum { PIECE_NORMAL = 1, PIECE_UNKNOWN, PIECE_CONTROL, PIECE_USER, PIECE_UNUSED, PIECE_BYTE };
enum { SPM_UNIGRAM = 1, SPM_BPE = 2 };

typedef struct { const char *bytes; uint32_t size; int32_t type; float score; } spm_piece;

/* The pieces that text can contain (normal, user-defined, unused) as a trie of bytes; its edges are
 * a hash table. An edge holds the node that it leads to and the piece that ends there. */
typedef struct { uint32_t key, child, piece; } trie_edge;   /* key = node << 8 | byte, 0: free; piece = id + 1 */
typedef struct {
    trie_edge *edges;                /* a power of two */
    uint32_t mask, used;
    int shift;                       /* 32 - log2 of the table's size */
} piece_trie;
enum { TRIE_ROOT = 1, TRIE_MAX_NODES = 1 << 24 };

/* Charsmap: Darts double array (units, little-endian) and the NUL-terminated strings it points to. */
typedef struct { const uint8_t *units; uint32_t n_units; const char *strings; size_t strings_size; } charsmap;

struct tokenizer {
    spm_piece *pieces;  int n;
    piece_trie trie;
    charsmap map;
    int model_type;
    int byte_fallback, dummy_prefix, remove_spaces, escape_spaces, space_is_suffix;
    int has_user, has_unused;        /* pieces of these types exist                     */
    int unk, eos;
    int32_t byte_id[256];            /* ids of <0x00> ... <0xFF>, with byte_fallback    */
    float min_score, max_score;      /* of the normal pieces, as SentencePiece has them */
    const char *unk_surface;  size_t unk_surface_size;
    const char *eos_piece;  size_t eos_piece_size;
};

/* Normalised text (n bytes); origin[i] is the input offset of the chunk that gave byte i, and
 * origin[n] the end of what was read. */
typedef struct { char *text; uint32_t *origin; uint32_t n; } normal_text;

/* One piece of the normalised text: it starts at `begin` and ends where the next one starts. */
typedef struct { uint32_t begin; int32_t id; float score; } cut;

/* ModelProto -> every field of t but the trie, byte_id, the scores and the has_ flags. */
dm_status spm_read(tokenizer *t, const uint8_t *bytes, size_t size, arena *a, dm_error *why);

/* Adds a piece, n >= 1 bytes: DM_OK, DM_ERR_MEMORY, or DM_ERR_FORMAT if it is there already or the
 * trie is full. */
dm_status trie_insert(piece_trie *trie, arena *a, const char *bytes, size_t n, int32_t id);
/* Id of the piece that is exactly these bytes, or -1. */
int32_t trie_find(const piece_trie *trie, const char *bytes, size_t n);

/* The node after `node` by `byte`, 0 for none; *piece gets the id that ends there, or -1. */
static inline uint32_t trie_step(const piece_trie *trie, uint32_t node, unsigned char byte, int32_t *piece)
{
    const uint32_t key = node << 8 | byte;
    for (uint32_t at = (key * 2654435769u) >> trie->shift;; at++) {
        const trie_edge *e = &trie->edges[at & trie->mask];
        if (e->key != key && e->key) continue;
        *piece = (int32_t)e->piece - 1;
        return e->key ? e->child : 0;
    }
}

/* Bytes of the UTF-8 sequence that `lead` announces, at most `left`; SentencePiece's rule, which trusts
 * the lead byte. */
static inline uint32_t char_size(char lead, size_t left)
{
    const unsigned char c = (unsigned char)lead;
    const uint32_t n = c < 0xC0 ? 1 : c < 0xE0 ? 2 : c < 0xF0 ? 3 : 4;
    return n < left ? n : (uint32_t)left;
}

/* Longest user-defined symbol at text[at], in bytes; 0 for none. */
size_t user_symbol(const tokenizer *t, const char *text, size_t size, size_t at);
/* Most bytes that `size` bytes of text normalise to, size <= SPM_MAX_TEXT. */
size_t normal_bound(size_t size);
/* out->text has room for normal_bound(size) bytes, out->origin for one more item than that. */
void normalize(const tokenizer *t, const char *text, size_t size, normal_text *out);

/* The text (1 <= n bytes) -> its pieces: at *first, *count of them, somewhere in `memory`, which has
 * room for unigram_memory(n) or bpe_memory(t, n) bytes, 4-byte aligned. */
uint64_t unigram_memory(size_t n);
void unigram_cut(const tokenizer *t, const char *text, uint32_t n, void *memory, const cut **first, size_t *count);
uint64_t bpe_memory(const tokenizer *t, size_t n);
void bpe_cut(const tokenizer *t, const char *text, uint32_t n, void *memory, const cut **first, size_t *count);

#endif
