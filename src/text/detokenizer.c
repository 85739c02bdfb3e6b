/* detokenizer.c - token ids -> text.
 *
 * Follows SentencePieceProcessor::Decode: U+2581 becomes a space, but not at the start of the text;
 * runs of byte pieces become characters. */
#include <string.h>

#include "text/tokenizer_internal.h"
#include "text/utf8.h"

typedef struct { const tokenizer *t; char *out; size_t n; dm_token *tokens; int at_start, space_eaten; } writer;

/* What an id from outside of the vocabulary decodes to: the same as the unknown piece. */
static const spm_piece *piece_of(const tokenizer *t, int32_t id)
{
    return &t->pieces[id >= 0 && id < t->n ? id : t->unk];
}

size_t tokenizer_decode_bound(const tokenizer *t, const int32_t *ids, size_t n)
{
    size_t bytes = 0;
    for (size_t i = 0; i < n; i++) {
        const spm_piece *p = piece_of(t, ids[i]);
        bytes += p->type == PIECE_UNKNOWN ? t->unk_surface_size : p->type == PIECE_BYTE ? 3 : p->size;
    }
    return bytes;
}

/* Token i gets the text that is written, from `begin` on. */
static void note(writer *w, size_t i, int32_t id, size_t begin)
{
    if (w->tokens) w->tokens[i] = (dm_token){ id, (uint32_t)begin, (uint32_t)w->n };
}

static unsigned char byte_value(const spm_piece *p)
{
    const int hi = p->bytes[3] <= '9' ? p->bytes[3] - '0' : p->bytes[3] - 'A' + 10;
    const int lo = p->bytes[4] <= '9' ? p->bytes[4] - '0' : p->bytes[4] - 'A' + 10;
    return (unsigned char)(hi * 16 + lo);
}

/* One character of a run of byte pieces, ids[i..n): its last piece holds it, an invalid byte is
 * U+FFFD. Returns the number of pieces. */
static size_t put_bytes(writer *w, const int32_t *ids, size_t i, size_t n)
{
    char bytes[4];
    size_t have = 0;
    while (have < 4 && i + have < n && piece_of(w->t, ids[i + have])->type == PIECE_BYTE) {
        bytes[have] = (char)byte_value(piece_of(w->t, ids[i + have]));
        have++;
    }
    int length;
    const uint32_t cp = utf8_read(bytes, have, 0, &length);
    for (int k = 0; k + 1 < length; k++) note(w, i + (size_t)k, ids[i + (size_t)k], w->n);
    const size_t begin = w->n;
    w->n += (size_t)utf8_write(w->out + w->n, cp);
    note(w, i + (size_t)length - 1, ids[i + (size_t)length - 1], begin);
    return (size_t)length;
}

/* The first space of a text is the one that encoding added. Without remove_spaces it is only one. */
static void put_piece(writer *w, const spm_piece *p)
{
    size_t i = 0;
    if (w->space_eaten || w->n) w->at_start = 0;
    w->space_eaten = 0;
    if (p->type == PIECE_CONTROL) return;
    if (p->type == PIECE_UNKNOWN) {
        memcpy(w->out + w->n, w->t->unk_surface, w->t->unk_surface_size);
        w->n += w->t->unk_surface_size;
        return;
    }
    if (w->at_start && (w->t->dummy_prefix || w->t->remove_spaces) && p->size >= 3 && !memcmp(p->bytes, "\xE2\x96\x81", 3)) {
        i = 3;
        w->space_eaten = !w->t->remove_spaces;
    }
    while (i < p->size) {
        const int space = i + 3 <= p->size && !memcmp(p->bytes + i, "\xE2\x96\x81", 3);
        w->out[w->n++] = space ? ' ' : p->bytes[i];
        i += space ? 3 : 1;
    }
}

size_t tokenizer_decode(const tokenizer *t, const int32_t *ids, size_t n, char *out, dm_token *tokens)
{
    writer w = { .t = t, .out = out, .tokens = tokens, .at_start = 1 };
    for (size_t i = 0; i < n;) {
        const spm_piece *p = piece_of(t, ids[i]);
        if (p->type == PIECE_BYTE) {
            i += put_bytes(&w, ids, i, n);
            continue;
        }
        const size_t begin = w.n;
        put_piece(&w, p);
        note(&w, i, ids[i], begin);
        i++;
    }
    return w.n;
}
