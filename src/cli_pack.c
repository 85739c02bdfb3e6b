/* cli_pack.c - dolmetsch pack: a model of Marian's becomes one of ours, and is opened before it is written. */
#include "cli.h"

#include <stdlib.h>
#include <string.h>

#include "dolmetsch.h"
#include "model/marian.h"

enum { MODEL, VOCAB, LEXICON, PARTS };

/* Reasons begin with the part of the model that they are about; what has no word here came from MODEL.bin. */
static const struct { const char *word; int part; } blame[] = {
    { "vocab: ", VOCAB }, { "vocabulary: ", VOCAB }, { "lexicon: ", LEXICON }, { "shortlist: ", LEXICON }
};

static int part_of(const char *reason)
{
    for (size_t i = 0; i < sizeof blame / sizeof *blame; i++)
        if (!strncmp(reason, blame[i].word, strlen(blame[i].word))) return blame[i].part;
    return MODEL;
}

/* A converter that writes what the engine refuses would be found out by a reader of the page. */
static dm_status convert(const buffer *in, arena *a, uint8_t **out, size_t *size, dm_error *why)
{
    dm_text parts[PARTS];
    for (int i = 0; i < PARTS; i++) parts[i] = (dm_text){ in[i].bytes, in[i].size };
    dm_status s = marian_convert(parts[MODEL], parts[VOCAB], parts[LEXICON], a, out, size, why);
    dm_model *model = NULL;
    if (!s) s = dm_model_open(*out, *size, &model, why);
    dm_model_close(model);
    return s;
}

static int pack_files(buffer *in, int n, char **path, const char *to)
{
    for (int i = 0; i < n; i++) {
        const int code = read_file(&in[i], path[i]);
        if (code) return code;
        if (!in[i].size) return complain(EXIT_FAILED, "%s: the file is empty", path[i]);
    }
    arena a;
    arena_init(&a, 1 << 20);
    uint8_t *out;
    size_t size;
    dm_error why = { "" };
    const dm_status s = convert(in, &a, &out, &size, &why);
    const int code = s ? complain(EXIT_FAILED, "%s: %s", path[part_of(why.text)], why.text[0] ? why.text : dm_status_name(s))
                       : write_file(to, out, size);
    arena_free(&a);
    return code;
}

int run_pack(int argc, char **argv)
{
    for (int i = 0; i < argc; i++)
        if (!strcmp(argv[i], "--help")) return print_help();
    if (argc < PARTS || argc > PARTS + 1) return complain(EXIT_USAGE, "pack needs MODEL.bin VOCAB.spm [LEX.bin] OUT");
    buffer in[PARTS] = { { 0 } };
    const int code = pack_files(in, argc - 1, argv, argv[argc - 1]);
    for (int i = 0; i < PARTS; i++) free(in[i].bytes);
    return code;
}
