/* test_weights_damaged.c - damaged and crafted model files: each is refused, for the right reason. */
#include "model_sample.h"

#include "model/crc32.h"

TEST(truncation)
{
    sample s;
    sample_fill(&s);
    size_t size;
    uint8_t *file = sample_write(&s, &size);
    for (size_t n = 0; n < size; n++) {
        uint8_t *part = heap_copy(file, n);
        weights w;
        const dm_status status = weights_open(&w, part, n);
        CHECK(status == DM_ERR_FORMAT && w.why.text[0] && !w.entries, "%zu bytes: %d \"%s\"", n, status, w.why.text);
        CHECK(n < 64 || strstr(w.why.text, "expected"), "%zu bytes: \"%s\"", n, w.why.text);
        weights_close(&w);
        free(part);
    }
    free(file);
}

static uint32_t get32(const uint8_t *at) { uint32_t v; memcpy(&v, at, 4); return v; }

TEST(flipped_bits)
{
    sample s;
    sample_fill(&s);
    size_t size;
    uint8_t *file = sample_write(&s, &size);
    const size_t head = get32(file + 20);
    CHECK(head > 64 && head < size, "head of %zu bytes", head);
    for (size_t i = 0; i < head; i++)
        for (int bit = 0; bit < 9; bit++) {
            const uint8_t mask = bit == 8 ? 0xFF : (uint8_t)(1 << bit);
            file[i] ^= mask;
            weights w;
            CHECK(weights_open(&w, file, size) != DM_OK && w.why.text[0], "byte %zu ^ %02x went through", i, mask);
            weights_close(&w);
            file[i] ^= mask;
        }
    free(file);
}

/* --- crafted heads, written here from the comment of weights.h, with a correct checksum ---------- */

typedef struct { uint8_t bytes[4096]; size_t at; uint32_t n_meta, n_tensors; } head;

static void put(head *h, uint64_t value, int bytes)
{
    for (int i = 0; i < bytes; i++) h->bytes[h->at++] = (uint8_t)(value >> (8 * i));
}

static void put_meta(head *h, const char *key, const char *value)
{
    put(h, strlen(key), 1);
    for (size_t i = 0; key[i]; i++) put(h, (uint8_t)key[i], 1);
    put(h, strlen(value), 4);
    for (size_t i = 0; value[i]; i++) put(h, (uint8_t)value[i], 1);
    h->n_meta++;
}

typedef struct { const char *name; int type, n_dims; uint32_t dim[4]; uint64_t offset, size; } row;

static void put_row(head *h, row r)
{
    put(h, strlen(r.name), 1);
    for (size_t i = 0; r.name[i]; i++) put(h, (uint8_t)r.name[i], 1);
    put(h, (uint64_t)r.type, 1);
    put(h, (uint64_t)r.n_dims, 1);
    for (int i = 0; i < r.n_dims && i < 4; i++) put(h, r.dim[i], 4);
    put(h, r.offset, 8);
    put(h, r.size, 8);
    h->n_tensors++;
}

static head new_head(void) { return (head){ .at = 64 }; }

enum { FILE_SIZE = 1024 };

static void check_head(head *h, dm_status want, const char *word)
{
    const size_t size = (h->at + 63) / 64 * 64;
    h->at = 0;
    memcpy(h->bytes, "DMT1", 4);
    h->at = 4;
    put(h, 1, 4);
    put(h, FILE_SIZE, 8);
    put(h, 0, 4);
    put(h, size, 4);
    put(h, h->n_meta, 4);
    put(h, h->n_tensors, 4);
    h->at = 16;
    put(h, crc32_ieee(h->bytes + 20, size - 20), 4);
    uint8_t *file = heap_copy(h->bytes, FILE_SIZE);
    weights w;
    const dm_status got = weights_open(&w, file, FILE_SIZE);
    CHECK(got == want, "%s: status %d, want %d: \"%s\"", word, got, want, w.why.text);
    CHECK(strstr(w.why.text, word), "\"%s\" does not name \"%s\"", w.why.text, word);
    weights_close(&w);
    free(file);
}

/* Two rows make a head of 128 bytes. */
static void check_rows(row a, row b, dm_status want, const char *word)
{
    head h = new_head();
    put_row(&h, a);
    put_row(&h, b);
    check_head(&h, want, word);
}

TEST(crafted_rows)
{
    const row a = { "a", WEIGHTS_F32, 2, { 1, 20 }, 128, 80 }, b = { "b", WEIGHTS_F32, 1, { 16 }, 256, 64 };
    row r;
    check_rows(a, b, DM_OK, "");
    r = b, r.offset = 960;                   check_rows(a, r, DM_OK, "");
    r = b, r.offset = 192;                   check_rows(a, r, DM_ERR_FORMAT, "tensor b");   /* overlaps a */
    r = b, r.offset = 128;                   check_rows(a, r, DM_ERR_FORMAT, "tensor b");
    r = a, r.offset = 512;                   check_rows(r, b, DM_ERR_FORMAT, "tensor b");   /* out of order */
    r = a, r.offset = 64;                    check_rows(r, b, DM_ERR_FORMAT, "tensor a");   /* in the head */
    r = b, r.offset = 260;                   check_rows(a, r, DM_ERR_FORMAT, "tensor b");   /* misaligned */
    r = b, r.offset = 1024;                  check_rows(a, r, DM_ERR_FORMAT, "tensor b");   /* past the end */
    r = b, r.offset = UINT64_MAX - 63;       check_rows(a, r, DM_ERR_FORMAT, "tensor b");   /* wraps around */
    r = b, r.offset = (1ull << 32) + 256;    check_rows(a, r, DM_ERR_FORMAT, "tensor b");   /* wraps in 32 bits */
    r = b, r.size = 68;                      check_rows(a, r, DM_ERR_FORMAT, "expected 64 bytes, found 68");
    r = b, r.size = 64 + (1ull << 32);       check_rows(a, r, DM_ERR_FORMAT, "tensor b");
    r = b, r.name = "a";                     check_rows(a, r, DM_ERR_FORMAT, "tensor a: occurs twice");
    r = b, r.name = "";                      check_rows(a, r, DM_ERR_FORMAT, "tensor 1");
    r = b, r.name = " ";                     check_rows(a, r, DM_ERR_FORMAT, "tensor 1");
    r = b, r.name = "\x80";                  check_rows(a, r, DM_ERR_FORMAT, "tensor 1");
    r = b, r.type = 3;                       check_rows(a, r, DM_ERR_FORMAT, "tensor b: type 3");
    r = b, r.n_dims = 0;                     check_rows(a, r, DM_ERR_FORMAT, "tensor b: 0 dimensions");
    r = b, r.n_dims = 255;                   check_rows(a, r, DM_ERR_FORMAT, "tensor b: 255 dimensions");
    r = b, r.dim[0] = 0, r.size = 0;         check_rows(a, r, DM_ERR_FORMAT, "tensor b");
    r = b, r.dim[0] = 0x40000010;            check_rows(a, r, DM_ERR_FORMAT, "tensor b");   /* *4 wraps to 64 */
    r = b, r.dim[0] = UINT32_MAX;            check_rows(a, r, DM_ERR_FORMAT, "tensor b");
    r = a, r.dim[0] = 2, r.dim[1] = 10;      check_rows(r, b, DM_ERR_FORMAT, "tensor a");   /* F32 has one row */
    /* [65536, 65536] int8 wraps to size 0 in 32 bits. */
    r = (row){ "W", WEIGHTS_I8, 2, { 65536, 65536 }, 128, 524288 };
    check_rows(r, b, DM_ERR_FORMAT, "tensor W: expected 4295491584 bytes");
    r.dim[0] = 65537;                        check_rows(r, b, DM_ERR_FORMAT, "tensor W");
    r.dim[0] = 4, r.dim[1] = 0;              check_rows(r, b, DM_ERR_FORMAT, "tensor W");
    r.dim[1] = (1 << 20) + 1;                check_rows(r, b, DM_ERR_FORMAT, "tensor W");
}

TEST(crafted_counts)
{
    static char long_name[130];
    memset(long_name, 'n', 128);
    const row a = { "a", WEIGHTS_U8, 1, { 5 }, 256, 5 };
    head h = new_head();
    check_head(&h, DM_OK, "");
    h = new_head(), h.n_tensors = UINT32_MAX;          check_head(&h, DM_ERR_FORMAT, "n_tensors 4294967295");
    h = new_head(), h.n_tensors = 4097;                check_head(&h, DM_ERR_FORMAT, "n_tensors 4097");
    h = new_head(), h.n_tensors = 4096;                check_head(&h, DM_ERR_FORMAT, "tensor 0");
    h = new_head(), h.n_meta = UINT32_MAX;             check_head(&h, DM_ERR_FORMAT, "n_meta 4294967295");
    h = new_head(), h.n_meta = 1;                      check_head(&h, DM_ERR_FORMAT, "metadata record 1");
    h = new_head(), put_row(&h, a), h.n_tensors = 2;   check_head(&h, DM_ERR_FORMAT, "tensor 1");
    h = new_head(), put_row(&h, a), h.at = 192;        check_head(&h, DM_ERR_FORMAT, "after the tensor table");
    h = new_head(), put_meta(&h, "k", "v"), put_meta(&h, "k", "w");
    check_head(&h, DM_ERR_FORMAT, "key k occurs twice");
    h = new_head(), put_meta(&h, "k", "v"), memset(h.bytes + 66, 255, 4);   /* the value's length */
    check_head(&h, DM_ERR_FORMAT, "metadata record 1");
    h = new_head(), put(&h, 255, 1), put(&h, 'x', 1), h.n_tensors = 1;      /* the name leaves the head */
    check_head(&h, DM_ERR_FORMAT, "tensor 0");
    row r = a;
    r.name = long_name;
    h = new_head(), put_row(&h, r);                    check_head(&h, DM_ERR_FORMAT, "tensor 0");
    long_name[127] = 0;
    h = new_head(), put_row(&h, r);                    check_head(&h, DM_OK, "");
}

TEST(header_fields)
{
    sample s;
    sample_fill(&s);
    size_t size;
    uint8_t *file = sample_write(&s, &size);
    weights w;
    file[3] = '2';
    CHECK(weights_open(&w, file, size) == DM_ERR_FORMAT && strstr(w.why.text, "DMT1"), "magic: %s", w.why.text);
    file[3] = '1', file[4] = 2;
    CHECK(weights_open(&w, file, size) == DM_ERR_VERSION && strstr(w.why.text, "version 2"), "version: %s", w.why.text);
    file[4] = 1, file[8]++;
    CHECK(weights_open(&w, file, size) == DM_ERR_FORMAT && strstr(w.why.text, "bytes"), "size: %s", w.why.text);
    file[8]--;
    CHECK(weights_open(&w, file + 4, size - 4) == DM_ERR_ARGUMENT && strstr(w.why.text, "aligned"), "%s", w.why.text);
    CHECK(weights_open(&w, NULL, 0) == DM_ERR_ARGUMENT, "%s", w.why.text);
    CHECK(!weights_has(&w, "vocab") && !weights_f32(&w, "vocab", 1), "a closed file has nothing");
    CHECK(crc32_ieee("123456789", 9) == 0xCBF43926u, "%08x", (unsigned)crc32_ieee("123456789", 9));
    free(file);
}

int main(void)
{
    RUN(truncation);
    RUN(flipped_bits);
    RUN(crafted_rows);
    RUN(crafted_counts);
    RUN(header_fields);
    return check_report();
}
