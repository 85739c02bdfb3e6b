/* test_marian.c - Marian's .bin, built here byte by byte from its description, into our model file. */
#include "model_sample.h"

#include <math.h>

#include "lexicon_sample.h"
#include "model/lexicon.h"
#include "model/marian.h"

/* --- a writer of .bin files in memory ------------------------------------------------------------ */

enum { MAX_ITEMS = 40, V = 24, D = 16, F = 12 };

/* padding: bytes after the values, as the stock writer leaves. */
typedef struct { const char *name; uint64_t type; int n_dims, dims[4]; const void *data; size_t size, padding; } item;
typedef struct { item items[MAX_ITEMS]; int n; uint8_t bytes[32768]; size_t at; } bin;

static void put(bin *b, uint64_t value, int bytes)
{
    for (int i = 0; i < bytes; i++) b->bytes[b->at++] = (uint8_t)(value >> (8 * i));
}

static void put_block(bin *b, const void *bytes, size_t size)
{
    if (size) memcpy(b->bytes + b->at, bytes, size);
    b->at += size;
}

/* The bytes of b's items in a heap block of their exact size; to be freed. */
static dm_text bin_write(bin *b)
{
    b->at = 0;
    put(b, 1, 8);
    put(b, (uint64_t)b->n, 8);
    for (int i = 0; i < b->n; i++) {
        put(b, strlen(b->items[i].name) + 1, 8);
        put(b, b->items[i].type, 8);
        put(b, (uint64_t)b->items[i].n_dims, 8);
        put(b, b->items[i].size + b->items[i].padding, 8);
    }
    for (int i = 0; i < b->n; i++) put_block(b, b->items[i].name, strlen(b->items[i].name) + 1);
    for (int i = 0; i < b->n; i++)
        for (int d = 0; d < b->items[i].n_dims; d++) put(b, (uint32_t)b->items[i].dims[d], 4);
    const size_t pad = ((b->at + 8) / 256 + 1) * 256 - b->at - 8;
    put(b, pad, 8);
    memset(b->bytes + b->at, 0, pad);
    b->at += pad;
    for (int i = 0; i < b->n; i++) {
        put_block(b, b->items[i].data, b->items[i].size);
        memset(b->bytes + b->at, 0xEE, b->items[i].padding);
        b->at += b->items[i].padding;
    }
    return (dm_text){ (const char *)heap_copy(b->bytes, b->at), b->at };
}

static item *add(bin *b, const char *name, uint64_t type, int k, int n, const void *data, size_t size)
{
    b->items[b->n] = (item){ name, type, 2, { k, n }, data, size, 0 };
    return &b->items[b->n++];
}

/* --- a model of every kind of item --------------------------------------------------------------- */

static const char options[] = "type: transformer\ndim-vocabs: [24, 24]\ndim-emb: 16\n";

typedef struct {
    float wide[D * F], vector[D], square[D * D], attention[D], trained[3 * D];
    float quantised[D * F], embedding[V * D];            /* what the int8 items stand for */
    uint8_t quantised_bytes[D * F + 4], embedding_bytes[V * D + 4], alpha_bytes[1 + 4];
} values;

/* q = round_half_even(w * qB), transposed unless it is an embedding; the multiplier follows. */
static void quantise(uint8_t *out, const float *w, int k, int n, int transpose)
{
    float max = 0;
    for (int i = 0; i < k * n; i++) max = fmaxf(max, fabsf(w[i]));
    const float multiplier = 127.0f / max;
    for (int i = 0; i < k; i++)
        for (int j = 0; j < n; j++)
            out[transpose ? j * k + i : i * n + j] = (uint8_t)(int8_t)rintf(w[i * n + j] * multiplier);
    memcpy(out + k * n, &multiplier, 4);
}

static void random_floats(float *out, int n) { for (int i = 0; i < n; i++) out[i] = check_uniform(-2, 2); }

static void fill(values *v, bin *b)
{
    random_floats(v->wide, D * F);
    random_floats(v->vector, D);
    random_floats(v->square, D * D);
    random_floats(v->attention, D);
    random_floats(v->trained, 3 * D);
    random_floats(v->quantised, D * F);
    random_floats(v->embedding, V * D);
    quantise(v->quantised_bytes, v->quantised, D, F, 1);
    quantise(v->embedding_bytes, v->embedding, V, D, 0);
    memset(v->alpha_bytes, 127, sizeof v->alpha_bytes);
    b->n = 0;
    /* Not in the order of use, and with names in the way of a parser that looks at their ends only. */
    add(b, "decoder_ff_logit_out_b", MARIAN_FLOAT32, 1, D, v->vector, sizeof v->vector);
    add(b, "decoder_l1_rnn_W", MARIAN_FLOAT32, D, D, v->square, sizeof v->square)->padding = 3;   /* the rest is unaligned */
    add(b, "encoder_l10_ffn_W1", MARIAN_FLOAT32, D, F, v->wide, sizeof v->wide);
    add(b, "encoder_l2_ffn_ffn_ln_scale", MARIAN_FLOAT32, 1, D, v->vector, sizeof v->vector);
    add(b, "encoder_l2_self_Wo_ln_scale", MARIAN_FLOAT32, 1, D, v->vector, sizeof v->vector);
    add(b, "decoder_l1_context_Wq", MARIAN_INTGEMM8, D, F, v->quantised_bytes, sizeof v->quantised_bytes)->padding = 60;
    add(b, "decoder_l1_context_Wq_QuantMultA", MARIAN_FLOAT32, 1, 1, v->vector, 4);
    add(b, "decoder_U_att", MARIAN_FLOAT32, D, 1, v->attention, sizeof v->attention);
    add(b, "decoder_cell1_Ux", MARIAN_FLOAT32, D, F, v->wide, sizeof v->wide);
    add(b, "extra", MARIAN_FLOAT32, 3, D, v->trained, sizeof v->trained);
    add(b, "special:other", MARIAN_FLOAT32, 1, D, v->vector, sizeof v->vector);
    add(b, "Wemb_QuantMultA", MARIAN_INTGEMM8, 1, 1, v->alpha_bytes, sizeof v->alpha_bytes);
    add(b, "Wemb", MARIAN_INTGEMM8, V, D, v->embedding_bytes, sizeof v->embedding_bytes);
    add(b, "special:model.yml", MARIAN_INT8, (int)sizeof options, 1, options, sizeof options)->n_dims = 1;
}

static const dm_text no_lexicon = { NULL, 0 }, vocab = { "vocab", 5 };

/* m against w(k, n) = values[k*by_k + n*by_n]. The matrix comes from one rounding with a step for each column
 * (m's scale), or keeps one that was made with the step of the whole matrix: half a step either way. */
static void check_matrix(const weights_matrix *m, const float *w, int k, int n, int by_k, int by_n)
{
    for (int j = 0; j < n; j++)
        for (int i = 0; i < k; i++) {
            const int q = m->packed[(((j / 8) * (m->k / 4) + i / 4) * 8 + j % 8) * 4 + i % 4];
            const double want = (double)w[i * by_k + j * by_n], step = (double)m->scale[j];
            CHECK(fabs(want - q * step) <= step / 2 * (1 + 1e-5), "(%d, %d): %g, want %g", i, j, q * step, want);
        }
}

TEST(conversion)
{
    static values v;
    static bin b;
    fill(&v, &b);
    const dm_text file = bin_write(&b);
    arena a;
    arena_init(&a, 4096);
    uint8_t *out;
    size_t size, n;
    dm_error why;
    lexicon_sample l = lexicon_random(V, 2, 30);
    const dm_text lists = lexicon_write(&l);
    const dm_status s = marian_convert(file, vocab, lists, &a, &out, &size, &why);
    CHECK(s == DM_OK && !why.text[0], "%s", why.text);
    weights w;
    weights_matrix m;
    CHECK(weights_open(&w, out, size) == DM_OK, "%s", w.why.text);
    const char *config = weights_meta(&w, "config", &n);
    CHECK(config && n == sizeof options - 1 && !memcmp(config, options, n), "config of %zu bytes", n);
    const char *source = weights_meta(&w, "source", &n);
    CHECK(source && n == 6 && !memcmp(source, "marian", 6), "source");
    CHECK(weights_i8(&w, "encoder_l10_ffn_W1", D, F, &m), "%s", w.why.text);
    check_matrix(&m, v.wide, D, F, F, 1);
    CHECK(weights_i8(&w, "decoder_cell1_Ux", D, F, &m), "%s", w.why.text);
    check_matrix(&m, v.wide, D, F, F, 1);
    CHECK(weights_i8(&w, "decoder_l1_context_Wq", D, F, &m), "%s", w.why.text);
    check_matrix(&m, v.quantised, D, F, F, 1);
    for (int i = 1; i < F; i++) CHECK(m.scale[i] == m.scale[0], "one multiplier, one scale");
    CHECK(weights_i8(&w, "Wemb", D, V, &m), "%s", w.why.text);
    check_matrix(&m, v.embedding, D, V, 1, D);
    const float *f = weights_f32(&w, "decoder_U_att", D);
    CHECK(f && !memcmp(f, v.attention, sizeof v.attention), "%s", w.why.text);
    f = weights_f32(&w, "encoder_l2_self_Wo_ln_scale", D);
    CHECK(f && !memcmp(f, v.vector, sizeof v.vector), "%s", w.why.text);
    f = weights_f32(&w, "extra", 3 * D);
    CHECK(f && !memcmp(f, v.trained, sizeof v.trained), "%s", w.why.text);
    uint8_t *shortlist;
    size_t n_shortlist;
    CHECK(!lexicon_convert(lists, &a, &shortlist, &n_shortlist, &why), "%s", why.text);
    const uint8_t *bytes = weights_u8(&w, "shortlist", &n);
    CHECK(bytes && n == n_shortlist && !memcmp(bytes, shortlist, n), "%s", w.why.text);
    CHECK(!weights_has(&w, "Wemb_QuantMultA") && !weights_has(&w, "special:model.yml") && !weights_has(&w, "special:other"),
          "kept what must be dropped");
    weights_close(&w);
    CHECK(marian_convert(file, vocab, (dm_text){ "list", 4 }, &a, &out, &size, &why) == DM_ERR_FORMAT && !out,
          "a lexicon that is none");
    CHECK(!strncmp(why.text, "lexicon: ", 9), "%s", why.text);
    arena_free(&a);
    free((void *)(uintptr_t)lists.bytes);
    free(l.lists);
    free((void *)(uintptr_t)file.bytes);
}

TEST(order_of_use)
{
    static const char *const want[] = { "vocab", "Wemb", "encoder_l2_self_Wo_ln_scale", "encoder_l2_ffn_ffn_ln_scale",
        "encoder_l10_ffn_W1", "decoder_U_att", "decoder_cell1_Ux", "decoder_l1_rnn_W", "decoder_l1_context_Wq",
        "decoder_ff_logit_out_b", "extra" };
    static values v;
    static bin b;
    fill(&v, &b);
    const dm_text file = bin_write(&b);
    arena a;
    arena_init(&a, 4096);
    uint8_t *out;
    size_t size, bytes;
    CHECK(marian_convert(file, vocab, no_lexicon, &a, &out, &size, NULL) == DM_OK, "without why");
    weights w;
    CHECK(weights_open(&w, out, size) == DM_OK, "%s", w.why.text);
    const char *name;
    int type, dim[2], i = 0;
    for (; weights_list(&w, i, &name, &type, dim, &bytes); i++)
        CHECK(i < 11 && !strcmp(name, want[i]), "%d: %s", i, name);
    CHECK(i == 11, "%d tensors", i);
    weights_close(&w);
    arena_free(&a);
    free((void *)(uintptr_t)file.bytes);
}

/* --- what is wrong with a file ------------------------------------------------------------------- */

/* Converts; anything but success must say something. Returns the status. */
static dm_status convert(dm_text file, dm_text spm, dm_error *why)
{
    arena a;
    arena_init(&a, 4096);
    uint8_t *out;
    size_t size;
    const dm_status s = marian_convert(file, spm, no_lexicon, &a, &out, &size, why);
    if (s) CHECK(!out && !size && why->text[0], "status %d, nothing said", s);
    else {
        weights w;
        CHECK(weights_open(&w, out, size) == DM_OK, "converted, but: %s", w.why.text);
        weights_close(&w);
    }
    arena_free(&a);
    return s;
}

static void check_refused(bin *b, const char *word)
{
    dm_error why;
    const dm_text file = bin_write(b);
    const dm_status s = convert(file, vocab, &why);
    CHECK(s == DM_ERR_FORMAT && strstr(why.text, word), "status %d, \"%s\" does not name \"%s\"", s, why.text, word);
    free((void *)(uintptr_t)file.bytes);
}

TEST(refusals)
{
    enum { MATRIX = 1, WQ = 5, EXTRA = 9, WEMB = 12, YML = 13 };
    static values v;
    static bin b;
    const float bad = NAN, zero = 0;
    dm_error why;
    fill(&v, &b), b.n = YML;                          check_refused(&b, "special:model.yml");
    fill(&v, &b), b.items[YML].data = "";             b.items[YML].size = b.items[YML].dims[0] = 1;
    check_refused(&b, "special:model.yml");
    fill(&v, &b), b.items[YML].type = MARIAN_FLOAT32; check_refused(&b, "special:model.yml");
    fill(&v, &b), b.items[WEMB].name = "other_W";     check_refused(&b, "Wemb");
    fill(&v, &b), b.items[EXTRA].name = "Wemb";       check_refused(&b, "tensor Wemb: occurs twice");
    fill(&v, &b), b.items[EXTRA].name = "vocab";      check_refused(&b, "tensor vocab: occurs twice");
    fill(&v, &b), b.items[EXTRA].name = "";           check_refused(&b, "item 9");
    fill(&v, &b), b.items[EXTRA].name = "a b";        check_refused(&b, "item 9");
    fill(&v, &b), b.items[EXTRA].type = 0x402;        check_refused(&b, "tensor extra: type 0x402");
    fill(&v, &b), b.items[EXTRA].dims[0] = 0;         check_refused(&b, "tensor extra");
    fill(&v, &b), b.items[EXTRA].dims[0] = -3;        check_refused(&b, "tensor extra");
    fill(&v, &b), b.items[EXTRA].dims[0] = 4;         check_refused(&b, "tensor extra: expected 256 bytes, found 192");
    fill(&v, &b), b.items[EXTRA] = (item){ "extra", MARIAN_FLOAT32, 4, { 384773, 98954, 104172, 55810 },
                                           v.trained, sizeof v.trained, 0 };   /* their product is 12*2^64 + 48 */
    check_refused(&b, "tensor extra");
    fill(&v, &b), b.items[WQ].n_dims = 3, b.items[WQ].dims[2] = 1;     check_refused(&b, "decoder_l1_context_Wq");
    fill(&v, &b), b.items[WQ].size -= 1, b.items[WQ].padding = 0;      check_refused(&b, "expected 196 bytes, found 195");
    fill(&v, &b), memcpy(v.quantised_bytes + D * F, &bad, 4);          check_refused(&b, "decoder_l1_context_Wq");
    fill(&v, &b), memcpy(v.quantised_bytes + D * F, &zero, 4);         check_refused(&b, "decoder_l1_context_Wq");
    fill(&v, &b), b.items[WQ].name = "decoder_ff_logit_out_Wt";        check_refused(&b, "decoder_ff_logit_out_Wt");
    fill(&v, &b), v.square[7] = NAN;                  check_refused(&b, "tensor decoder_l1_rnn_W: value 7");
    fill(&v, &b), v.vector[15] = INFINITY;            check_refused(&b, "value 15");
    fill(&v, &b);
    const dm_text file = bin_write(&b);
    CHECK(convert(file, (dm_text){ NULL, 0 }, &why) == DM_ERR_FORMAT && strstr(why.text, "vocab"), "%s", why.text);
    char *last_name = NULL;                             /* not terminated: a reader would run into the shapes */
    for (size_t i = 0; i + sizeof "special:model.yml" <= file.size; i++)
        if (!memcmp(file.bytes + i, "special:model.yml", sizeof "special:model.yml"))
            last_name = (char *)(uintptr_t)file.bytes + i;
    CHECK(last_name, "the name is not in the file");
    last_name[sizeof "special:model.yml" - 1] = 'x';
    CHECK(convert(file, vocab, &why) == DM_ERR_FORMAT && strstr(why.text, "item 13"), "%s", why.text);
    CHECK(convert((dm_text){ NULL, 0 }, vocab, &why) == DM_ERR_FORMAT, "%s", why.text);
    free((void *)(uintptr_t)file.bytes);
}

TEST(truncations)
{
    static values v;
    static bin b;
    fill(&v, &b);
    const dm_text file = bin_write(&b);
    dm_error why;
    for (size_t n = 1; n < file.size; n++) {
        const dm_text part = { (const char *)heap_copy(file.bytes, n), n };
        CHECK(convert(part, vocab, &why) == DM_ERR_FORMAT, "%zu bytes went through", n);
        free((void *)(uintptr_t)part.bytes);
    }
    CHECK(convert(file, vocab, &why) == DM_OK, "%s", why.text);
    free((void *)(uintptr_t)file.bytes);
}

/* Whatever the bytes, a status: the sanitizers watch. Half of the changes go to the head. */
TEST(random_damage)
{
    static values v;
    static bin b;
    fill(&v, &b);
    const dm_text file = bin_write(&b);
    uint8_t *bytes = heap_copy(file.bytes, file.size);
    int passed = 0;
    for (int round = 0; round < 3000; round++) {
        memcpy(bytes, file.bytes, file.size);
        for (int i = (int)(check_random() % 4); i >= 0; i--) {
            const size_t range = check_random() & 1 ? file.size : 1024;
            bytes[check_random() % range] = check_random() & 1 ? (uint8_t)check_random() : check_random() & 1 ? 0xFF : 0;
        }
        dm_error why;
        passed += convert((dm_text){ (const char *)bytes, file.size }, vocab, &why) == DM_OK;
    }
    CHECK(passed > 0 && passed < 3000, "%d of 3000 went through", passed);
    free(bytes);
    free((void *)(uintptr_t)file.bytes);
}

TEST(marian_by_training)
{
    dm_text bin_file, spm;
    char *model = check_file("tests/golden/transformer-ssru.bin", &bin_file.size);
    char *pieces = check_file("tests/golden/tiny.spm", &spm.size);
    bin_file.bytes = model;
    spm.bytes = pieces;
#ifdef __EMSCRIPTEN__
    if (!model) printf("skipped: this libc opens no files\n");
#else
    CHECK(model && pieces, "tests/golden is not there");
#endif
    CHECK(!model == !pieces, "one of the two files is not there");
    arena a;
    arena_init(&a, 1 << 16);
    uint8_t *out = NULL;
    size_t size = 0;
    dm_error why = { "" };
    if (model && pieces) CHECK(marian_convert(bin_file, spm, no_lexicon, &a, &out, &size, &why) == DM_OK, "%s", why.text);
    weights w = { 0 };
    weights_matrix m;
    marian_item *items;
    int n = 0;
    if (out) {
        CHECK(weights_open(&w, out, size) == DM_OK, "%s", w.why.text);
        CHECK(weights_i8(&w, "Wemb", 24, 304, &m), "%s", w.why.text);
        CHECK(weights_i8(&w, "encoder_l2_ffn_W2", 32, 24, &m), "%s", w.why.text);
        CHECK(weights_i8(&w, "decoder_l2_rnn_Wf", 24, 24, &m), "%s", w.why.text);
        CHECK(weights_f32(&w, "decoder_l1_context_Wo_ln_bias", 24) != NULL, "%s", w.why.text);
        CHECK(weights_f32(&w, "decoder_ff_logit_out_b", 304) != NULL, "%s", w.why.text);
        CHECK(marian_items(bin_file, &a, &items, &n, &why) == DM_OK && n > 0, "%s", why.text);
        for (int i = 0; i < n; i++)
            if (!strcmp(items[i].name, "encoder_l1_ffn_W1")) {
                CHECK(weights_i8(&w, items[i].name, 24, 32, &m), "%s", w.why.text);
                check_matrix(&m, (const float *)(const void *)items[i].data, 24, 32, 32, 1);
            }
    }
    weights_close(&w);
    arena_free(&a);
    free(model);
    free(pieces);
}

int main(void)
{
    RUN(conversion);
    RUN(order_of_use);
    RUN(refusals);
    RUN(truncations);
    RUN(random_damage);
    RUN(marian_by_training);
    return check_report();
}
