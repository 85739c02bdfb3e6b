/* spm_proto.c - reads the protobuf ModelProto of a .spm file in place.
 *
 * Field numbers: sentencepiece_model.proto. Unknown fields are skipped, as protobuf demands; a
 * damaged length fails. Not here: whether the pieces make a usable vocabulary (tokenizer.c). */
#include <math.h>
#include <string.h>

#include "text/tokenizer_internal.h"
#include "text/utf8.h"

/* A cursor over untrusted bytes: the first short read makes it fail and it stays failed. */
typedef struct { const uint8_t *p, *end; int ok; } cursor;

/* One field of a message: number and the value by its wire type. */
typedef struct { uint64_t number; int wire; uint64_t value; const uint8_t *bytes; size_t size; } field;
enum { WIRE_VARINT = 0, WIRE_64 = 1, WIRE_BYTES = 2, WIRE_32 = 5 };

static const float SCORE_LIMIT = 1e30f;       /* sums over SPM_MAX_TEXT pieces stay finite */

dm_status spm_fail(dm_error *why, const char *words, long number)
{
    if (!why) return DM_ERR_FORMAT;
    char digits[24];
    size_t n = 0, d = 0;
    unsigned long left = number < 0 ? 0 : (unsigned long)number;
    do digits[d++] = (char)('0' + left % 10); while ((left /= 10) != 0);
    const char *head = "vocabulary: ";
    for (; *head; head++) why->text[n++] = *head;
    for (; *words && n + d + 1 < sizeof why->text; words++) {
        if (*words != '#') why->text[n++] = *words;
        else while (d) why->text[n++] = digits[--d];
    }
    why->text[n] = 0;
    return DM_ERR_FORMAT;
}

static const uint8_t *take(cursor *c, uint64_t n)
{
    if (!c->ok || n > (uint64_t)(c->end - c->p)) {
        c->ok = 0;
        return NULL;
    }
    const uint8_t *at = c->p;
    c->p += n;
    return at;
}

static uint64_t take_varint(cursor *c)
{
    uint64_t value = 0;
    for (int shift = 0; shift < 70; shift += 7) {
        const uint8_t *byte = take(c, 1);
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
        f->size = f->wire == WIRE_32 ? 4 : 8;
        f->bytes = take(c, f->size);
        for (size_t i = 0; f->bytes && i < f->size; i++) f->value |= (uint64_t)f->bytes[i] << (8 * i);
    } else if (f->wire == WIRE_BYTES) {
        const uint64_t size = take_varint(c);
        f->bytes = take(c, size);
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

static dm_status read_piece(spm_piece *out, const field *message, long id, dm_error *why)
{
    cursor c = cursor_over(message->bytes, message->size);
    *out = (spm_piece){ .bytes = "", .type = PIECE_NORMAL };
    for (field f; next_field(&c, &f);) {
        if (f.number == 1 && f.wire == WIRE_BYTES) {
            if (f.size > SPM_MAX_PIECE_BYTES) return spm_fail(why, "piece # is too long", id);
            out->bytes = (const char *)f.bytes;
            out->size = (uint32_t)f.size;
        } else if (f.number == 2 && f.wire == WIRE_32) {
            const uint32_t bits = (uint32_t)f.value;
            memcpy(&out->score, &bits, sizeof bits);
        } else if (f.number == 3 && f.wire == WIRE_VARINT) {
            if (f.value < PIECE_NORMAL || f.value > PIECE_BYTE) return spm_fail(why, "piece # has an unknown type", id);
            out->type = (int32_t)f.value;
        }
    }
    if (!c.ok) return spm_fail(why, "piece # is damaged", id);
    if (!out->size) return spm_fail(why, "piece # is empty", id);
    if (!utf8_valid(out->bytes, out->size)) return spm_fail(why, "piece # is not UTF-8", id);
    if (!(fabsf(out->score) <= SCORE_LIMIT)) return spm_fail(why, "the score of piece # is not a usable number", id);
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
                return spm_fail(why, "the text for unknown words is not usable", 0);
            t->unk_surface = (const char *)f.bytes;
            t->unk_surface_size = f.size;
        } else if (f.wire == WIRE_BYTES && number == 47) {
            t->eos_piece = (const char *)f.bytes;
            t->eos_piece_size = f.size;
        }
    }
    return c.ok ? DM_OK : spm_fail(why, "the trainer's options are damaged", 0);
}

/* u32 bytes of the double array, the double array, the strings. */
static dm_status read_charsmap(charsmap *map, const field *blob, dm_error *why)
{
    *map = (charsmap){ 0 };
    if (!blob->size) return DM_OK;
    cursor c = cursor_over(blob->bytes, blob->size);
    const uint8_t *head = take(&c, 4);
    const uint32_t size = head ? head[0] | (uint32_t)head[1] << 8 | (uint32_t)head[2] << 16 | (uint32_t)head[3] << 24 : 0;
    const uint8_t *units = take(&c, size);
    if (!units || !size || size % 4 || c.p == c.end) return spm_fail(why, "the character map is damaged", 0);
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
    return c.ok ? DM_OK : spm_fail(why, "the normaliser's options are damaged", 0);
}

/* A denormaliser that does something would make our output wrong. */
static dm_status refuse_denormalizer(const field *message, dm_error *why)
{
    cursor c = cursor_over(message->bytes, message->size);
    for (field f; next_field(&c, &f);)
        if (f.wire == WIRE_BYTES && f.number == 2 && f.size) return spm_fail(why, "denormalisers are not supported", 0);
    return c.ok ? DM_OK : spm_fail(why, "the denormaliser is damaged", 0);
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
    if (!c.ok) return spm_fail(why, "not a SentencePiece model, or a damaged one", 0);
    if (!count) return spm_fail(why, "no pieces", 0);
    if (count > SPM_MAX_PIECES) return spm_fail(why, "# pieces are too many", count);
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
