/* test_model.c - what is refused when a model is opened or checked, in words that name it. */
#include <string.h>

#include "check.h"
#include "model.h"
#include "model/marian.h"

/* tests/golden/{name}.bin, with `to` in place of the `from` in it, as a model file in `memory`. */
static uint8_t *changed_model(const char *name, const char *from, const char *to, arena *memory, size_t *size)
{
    char path[96];
    size_t bin_size = 0, vocab_size = 0;
    uint8_t *file = NULL;
    dm_error why = { "" };
    snprintf(path, sizeof path, "tests/golden/%s.bin", name);
    char *bin = check_file(path, &bin_size), *vocab = check_file("tests/golden/tiny.spm", &vocab_size);
    CHECK(bin && vocab, "%s is missing", path);
    int found = 0;
    for (size_t i = 0; bin && i + strlen(from) <= bin_size; i++)
        if (!memcmp(bin + i, from, strlen(from))) memcpy(bin + i, to, strlen(to)), found++;
    CHECK(found == 1, "%s: \"%s\" is there %d times", path, from, found);
    if (bin && vocab)
        marian_convert((dm_text){ bin, bin_size }, (dm_text){ vocab, vocab_size }, (dm_text){ NULL, 0 }, memory, &file, size,
                       &why);
    CHECK(file, "%s", why.text);
    free(bin);
    free(vocab);
    return file;
}

static void open_changed(const char *name, const char *from, const char *to, const char *word)
{
    arena memory;
    size_t size = 0;
    dm_error why = { "" };
    dm_model *model = NULL;
    arena_init(&memory, 1 << 16);
    const uint8_t *file = changed_model(name, from, to, &memory, &size);
    const dm_status s = file ? dm_model_open(file, size, &model, &why) : DM_OK;
    CHECK(s == (word ? DM_ERR_FORMAT : DM_OK), "%s, \"%s\": status %d", name, to, s);
    CHECK(!word || strstr(why.text, word), "%s, \"%s\": \"%s\" does not say %s", name, to, why.text, word);
    dm_model_close(model);
    arena_free(&memory);
}

/* A tensor that no part of the engine asks for would be missing from every translation. */
TEST(no_tensor_is_ignored)
{
    static const char unused[] = ": this engine does not use it";
    open_changed("transformer-ssru", "dec-depth: 2", "dec-depth: 2", NULL);
    open_changed("transformer-ssru", "dec-depth: 2", "dec-depth: 1", "tensor decoder_l2_");
    open_changed("transformer-ssru", "dec-depth: 2", "dec-depth: 1", unused);
    open_changed("transformer-selfattn", "dec-depth: 2", "dec-depth: 1", "tensor decoder_l2_");
    open_changed("bahdanau", "attended", "fixed   ", unused);
    open_changed("transformer-ssru", "encoder_l1_self_Wo_ln_bias", "encoder_l1_self_Wo_ln_best", "encoder_l1_self_Wo_ln_bias");
}

TEST(damaged_weights)
{
    arena memory;
    size_t size = 0;
    dm_error why;
    dm_model *model = NULL;
    arena_init(&memory, 1 << 16);
    uint8_t *file = changed_model("transformer-ssru", "dec-depth: 2", "dec-depth: 2", &memory, &size);
    CHECK(file && dm_model_open(file, size, &model, &why) == DM_OK, "it does not open");
    if (model) {
        CHECK(dm_model_check(model, &why) == DM_OK && !why.text[0], "%s", why.text);
        const weights_matrix *w = &model->embedding;
        uint8_t *byte = file + ((const uint8_t *)w->packed - file) + w->k * w->n / 2;
        *byte ^= 1;
        CHECK(dm_model_check(model, &why) == DM_ERR_FORMAT && strstr(why.text, "tensor Wemb"), "%s", why.text);
        CHECK(dm_model_check(model, NULL) == DM_ERR_FORMAT, "without why");
    }
    dm_model_close(model);
    arena_free(&memory);
}

int main(void)
{
    RUN(no_tensor_is_ignored);
    RUN(damaged_weights);
    return check_report();
}
