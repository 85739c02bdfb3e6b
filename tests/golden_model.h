/* golden_model.h - opens a model of tests/golden, packed in memory. */
#ifndef DM_GOLDEN_MODEL_H
#define DM_GOLDEN_MODEL_H

#include "check.h"
#include "model/marian.h"

/* tests/golden/{name}.bin with tiny.spm; the lexicon may be empty. Its file is in `memory`. NULL, and a failed check, where
 * something is wrong. */
static inline dm_model *golden_model(const char *name, dm_text lexicon, arena *memory)
{
    char path[96];
    size_t bin_size = 0, vocab_size = 0, size = 0;
    uint8_t *file = NULL;
    dm_error why = { "" };
    dm_model *model = NULL;
    snprintf(path, sizeof path, "tests/golden/%s.bin", name);
    char *bin = check_file(path, &bin_size), *vocab = check_file("tests/golden/tiny.spm", &vocab_size);
    CHECK(bin && vocab, "%s is missing", path);
    const dm_text parts[] = { { bin, bin_size }, { vocab, vocab_size } };
    if (bin && vocab && !marian_convert(parts[0], parts[1], lexicon, memory, &file, &size, &why))
        dm_model_open(file, size, &model, &why);
    CHECK(model, "%s: %s", name, why.text);
    free(bin);
    free(vocab);
    return model;
}

#endif
