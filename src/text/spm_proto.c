/* spm_proto.c - reads the protobuf ModelProto of a .spm file in place.
 *
 * Field numbers: sentencepiece_model.proto. Unknown fields are skipped, as protobuf demands; a
 * damaged length fails. Not here: whether the pieces make a usable vocabulary (tokenizer.c). */
#include <math.h>
#include <string.h>

#include "cursor.h"
#include "reason.h"
#include "text/tokenizer_internal.h"
#include "text/utf8.h"

/* One field of a message: number and the value by its wire type. */
typedef struct { uint64_t number; int wire; uint64_t value; const uint8_t *bytes; size_t size; } field;
enum { WIRE_VARINT = 0, WIRE_64 = 1, WIRE_BYTES = 2, WIRE_32 = 5 };

static const float SCORE_LIMIT = 1e30f;       /* sums over SPM_MAX_TEXT pieces stay finite */

static uint64_t take_varint(cursor *c)
{
    uint64_t value = 0;
    for (int shift = 0; shift < 70; shift += 7) {
        const uint8_t *byte = cursor_take(c, 1);
        if (!byte) return 0;
        if (shift < 64) value |= (uint64_t)(*byte & 0x7F) << shift;
        if (!(*byte & 0x80)) return value;
    }
    c->ok = 0;
    return 0;
}

/* The next field; 0 at the end of the message and on damage (c->ok tells which). */
static int next_field(cursor *c, field *f)
{
    if (!c->ok || c->p == c->end) return 0;
    const uint64_t tag = take_varint(c);
    *f = (field){ .number = tag >> 3, .wire = (int)(tag & 7) };
    if (f->wire == WIRE_VARINT) {
        f->value = take_varint(c);
    } else if (f->wire == WIRE_32 || f->wire == WIRE_64) {
        f->value = cursor_number(c, f->wire == WIRE_32 ? 4 : 8);
    } else if (f->wire == WIRE_BYTES) {
        const uint64_t size = take_varint(c);
        f->bytes = cursor_take(c, size);
        f->size = (size_t)size;
    } else {
        c->ok = 0;                                             /* groups: nothing writes them */
    }
    if (!f->number) c->ok = 0;
    return c->ok;
}

static cursor cursor_over(const uint8_t *bytes, size_t size)
{
    return (cursor){ bytes, bytes + size, 1 };
}

static dm_status read_piece(spm_piece *out, const field *message, int id, dm_error *why)
{
    cursor c = cursor_over(message->bytes, message->size);
    *out = (spm_piece){ .bytes = "", .type = PIECE_NORMAL };
    for (field f; next_field(&c, &f);) {
        if (f.number == 1 && f.wire == WIRE_BYTES) {
            if (f.size > SPM_MAX_PIECE_BYTES) return refuse_file(why, "vocabulary: piece %d is too long", id);
            out->bytes = (const char *)f.bytes;
            out->size = (uint32_t)f.size;
        } else if (f.number == 2 && f.wire == WIRE_32) {
            const uint32_t bits = (uint32_t)f.value;
            memcpy(&out->score, &bits, sizeof bits);
        } else if (f.number == 3 && f.wire == WIRE_VARINT) {
            if (f.value < PIECE_NORMAL || f.value > PIECE_BYTE)
                return refuse_file(why, "vocabulary: piece %d has an unknown type", id);
            out->type = (int32_t)f.value;
        }
    }
    if (!c.ok) return refuse_file(why, "vocabulary: piece %d is damaged", id);
    if (!out->size) return refuse_file(why, "vocabulary: piece %d is empty", id);
    if (!utf8_valid(out->bytes, out->size)) return refuse_file(why, "vocabulary: piece %d is not UTF-8", id);
    if (!(fabsf(out->score) <= SCORE_LIMIT))
        return refuse_file(why, "vocabulary: the score of piece %d is not a usable number", id);
    return DM_OK;
}

static dm_status read_trainer(tokenizer *t, const field *message, dm_error *why)
{
    cursor c = cursor_over(message->bytes, message->size);
    for (field f; next_field(&c, &f);) {
        const int number = f.number < 64 ? (int)f.number : 0;
        if (f.wire == WIRE_VARINT) {
            if (number == 3) t->model_type = f.value == SPM_UNIGRAM || f.value == SPM_BPE ? (int)f.value : 0;
            if (number == 24) t->space_is_suffix = f.value != 0;
            if (number == 35) t->byte_fallback = f.value != 0;
        } else if (f.wire == WIRE_BYTES && number == 44) {
            if (f.size > SPM_MAX_SURFACE || !utf8_valid((const char *)f.bytes, f.size))
                return refuse_file(why, "vocabulary: the text for unknown words is not usable");
            t->unk_surface = (const char *)f.bytes;
            t->unk_surface_size = f.size;
        } else if (f.wire == WIRE_BYTES && number == 47) {
            t->eos_piece = (const char *)f.bytes;
            t->eos_piece_size = f.size;
        }
    }
    return c.ok ? DM_OK : refuse_file(why, "vocabulary: the trainer's options are damaged");
}

/* u32 bytes of the double array, the double array, the strings. */
static dm_status read_charsmap(charsmap *map, const field *blob, dm_error *why)
{
    *map = (charsmap){ 0 };
    if (!blob->size) return DM_OK;
    cursor c = cursor_over(blob->bytes, blob->size);
    const uint32_t size = cursor_u32(&c);
    const uint8_t *units = cursor_take(&c, size);
    if (!units || !size || size % 4 || c.p == c.end) return refuse_file(why, "vocabulary: the character map is damaged");
    *map = (charsmap){ units, size / 4, (const char *)c.p, (size_t)(c.end - c.p) };
    return DM_OK;
}

static dm_status read_normalizer(tokenizer *t, const field *message, dm_error *why)
{
    cursor c = cursor_over(message->bytes, message->size);
    for (field f; next_field(&c, &f);) {
        if (f.wire == WIRE_BYTES && f.number == 2) {
            const dm_status s = read_charsmap(&t->map, &f, why);
            if (s) return s;
        } else if (f.wire == WIRE_VARINT) {
            if (f.number == 3) t->dummy_prefix = f.value != 0;
            if (f.number == 4) t->remove_spaces = f.value != 0;
            if (f.number == 5) t->escape_spaces = f.value != 0;
        }
    }
    return c.ok ? DM_OK : refuse_file(why, "vocabulary: the normaliser's options are damaged");
}

/* A denormaliser that does something would make our output wrong. */
static dm_status refuse_denormalizer(const field *message, dm_error *why)
{
    cursor c = cursor_over(message->bytes, message->size);
    for (field f; next_field(&c, &f);)
        if (f.wire == WIRE_BYTES && f.number == 2 && f.size)
            return refuse_file(why, "vocabulary: denormalisers are not supported");
    return c.ok ? DM_OK : refuse_file(why, "vocabulary: the denormaliser is damaged");
}

dm_status spm_read(tokenizer *t, const uint8_t *bytes, size_t size, arena *a, dm_error *why)
{
    static const char surface[] = " \xE2\x81\x87 ";             /* " ⁇ " */
    t->model_type = SPM_UNIGRAM;
    t->dummy_prefix = t->remove_spaces = t->escape_spaces = 1;
    t->unk_surface = surface;
    t->unk_surface_size = sizeof surface - 1;
    t->eos_piece = "</s>";
    t->eos_piece_size = 4;
    long count = 0;
    cursor c = cursor_over(bytes, size);
    for (field f; next_field(&c, &f);) count += f.number == 1 && f.wire == WIRE_BYTES;
    if (!c.ok) return refuse_file(why, "vocabulary: not a SentencePiece model, or a damaged one");
    if (!count) return refuse_file(why, "vocabulary: no pieces");
    if (count > SPM_MAX_PIECES) return refuse_file(why, "vocabulary: %ld pieces are too many", count);
    t->pieces = arena_take(a, (size_t)count, sizeof *t->pieces);
    if (!t->pieces) return DM_ERR_MEMORY;
    c = cursor_over(bytes, size);
    for (field f; next_field(&c, &f);) {
        if (f.wire != WIRE_BYTES) continue;
        dm_status s = DM_OK;
        if (f.number == 1) s = read_piece(&t->pieces[t->n], &f, t->n, why), t->n++;
        if (f.number == 2) s = read_trainer(t, &f, why);
        if (f.number == 3) s = read_normalizer(t, &f, why);
        if (f.number == 5) s = refuse_denormalizer(&f, why);
        if (s) return s;
    }
    return DM_OK;
}
