/* model.c - opens a model: its file, its options, its vocabulary, and the architecture that they name.
 *
 * A part that fails without words leaves them in the file's `why`; dm_model_open copies those. */
#include "model.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "arch/arch.h"
#include "reason.h"

static dm_status open_config(dm_model *m, dm_error *why)
{
    size_t size;
    const char *text = weights_meta(&m->file, "config", &size);
    if (!text) return refuse_file(why, "the model file has no config");
    const dm_status s = config_parse(&m->cfg, text, size, why);
    if (s) return s;
    for (int i = 0; arch_all[i]; i++)
        if (!strcmp(arch_all[i]->name, m->cfg.architecture)) m->arch = arch_all[i];
    return m->arch ? DM_OK : refuse_file(why, "config: this engine does not know the architecture");
}

static dm_status open_vocab(dm_model *m, dm_error *why)
{
    size_t size;
    const uint8_t *bytes = weights_u8(&m->file, "vocab", &size);
    if (!bytes) return DM_ERR_FORMAT;
    const dm_status s = tokenizer_open(bytes, size, &m->memory, &m->vocab, why);
    if (s) return s;
    if (tokenizer_size(m->vocab) > m->cfg.vocab)
        return refuse_file(why, "vocab: it has more pieces than the embedding has rows");
    return DM_OK;
}

static dm_status open_shortlist(dm_model *m, dm_error *why)
{
    size_t size;
    if (!weights_has(&m->file, "shortlist")) return DM_OK;
    const uint8_t *bytes = weights_u8(&m->file, "shortlist", &size);
    if (!bytes) return DM_ERR_FORMAT;
    return shortlist_open(bytes, size, tokenizer_size(m->vocab), &m->memory, &m->shortlist, why);
}

/* The output layer shares the embedding's matrix; padding columns can never win. */
static dm_status bind_output(dm_model *m)
{
    if (!weights_i8(&m->file, "Wemb", m->cfg.dim_emb, m->cfg.vocab, &m->embedding))
        return DM_ERR_FORMAT;
    const float *bias = weights_f32(&m->file, m->arch->output_bias, m->cfg.vocab);
    if (!bias) return DM_ERR_FORMAT;
    float *padded = arena_take(&m->memory, (size_t)m->embedding.n, sizeof *padded);
    if (!padded) return DM_ERR_MEMORY;
    for (int i = 0; i < m->embedding.n; i++)
        padded[i] = i < tokenizer_size(m->vocab) ? bias[i] : -INFINITY;
    m->output_bias = padded;
    return DM_OK;
}

static dm_status open_parts(dm_model *m, const void *bytes, size_t size, dm_error *why)
{
    dm_status s = weights_open(&m->file, bytes, size);
    if (s || (s = open_config(m, why)) || (s = open_vocab(m, why)) || (s = open_shortlist(m, why)) || (s = bind_output(m)))
        return s;
    if ((s = m->arch->bind(m))) return s;
    const char *unused = weights_unused(&m->file);      /* what it is for would be missing from every translation */
    return unused ? refuse_file(why, "tensor %s: this engine does not use it", unused) : DM_OK;
}

dm_status dm_model_open(const void *bytes, size_t size, dm_model **out, dm_error *why)
{
    dm_error unused;
    if (!why) why = &unused;
    why->text[0] = 0;
    *out = NULL;
    if (!bytes || (uintptr_t)bytes % WEIGHTS_ALIGN)
        return refuse(why, DM_ERR_ARGUMENT, "the model's bytes must be 64-byte aligned");
    dm_model *m = calloc(1, sizeof *m);
    if (!m) return refuse(why, DM_ERR_MEMORY, "out of memory");
    arena_init(&m->memory, 1 << 16);
    const dm_status s = open_parts(m, bytes, size, why);
    if (s == DM_ERR_MEMORY) refuse(why, s, "out of memory");
    else if (!why->text[0]) *why = m->file.why;
    if (s) dm_model_close(m);
    else *out = m;
    return s;
}

dm_status dm_model_check(const dm_model *m, dm_error *why)
{
    if (why) why->text[0] = 0;
    return weights_check(&m->file, why);
}

void dm_model_close(dm_model *m)
{
    if (!m) return;
    weights_close(&m->file);
    arena_free(&m->memory);
    free(m);
}

const char *dm_model_architecture(const dm_model *m) { return m->arch->name; }

const char *dm_status_name(dm_status status)
{
    static const char *const names[] = { "DM_OK", "DM_MORE", "DM_ERR_MEMORY", "DM_ERR_FORMAT",
                                         "DM_ERR_VERSION", "DM_ERR_ARGUMENT" };
    return (unsigned)status < sizeof names / sizeof *names ? names[status] : "DM_ERR_UNKNOWN";
}
