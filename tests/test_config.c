/* test_config.c - the model file's options: defaults, what is run, and words for what is not. */
#include <string.h>

#include "check.h"
#include "model/config.h"

static const char transformer[] = "type: transformer\ndim-vocabs: [8000, 8000]\ndim-emb: 256\nenc-depth: 6\ndec-depth: 2\n"
    "dec-cell: ssru\ntied-embeddings-all: true\ntransformer-decoder-autoreg: rnn\ntransformer-dim-ffn: 1536\n"
    "transformer-ffn-activation: relu\ntransformer-heads: 8\n";
static const char s2s[] = "type: s2s\ndim-vocabs: [8000, 8000]\ndim-emb: 256\ndim-rnn: 512\ntied-embeddings-all: true\n";

/* base with `line` before it, where it wins over the same key further down */
static dm_status parse(const char *base, const char *line, config *c, dm_error *why)
{
    char text[1024];
    const int size = snprintf(text, sizeof text, "%s\n%s", line, base);
    why->text[0] = 0;
    return config_parse(c, text, (size_t)size, why);
}

static void refused(const char *base, const char *line, const char *word)
{
    config c;
    dm_error why;
    CHECK(parse(base, line, &c, &why) == DM_ERR_FORMAT, "\"%s\" was accepted", line);
    CHECK(strstr(why.text, word) != NULL, "\"%s\": \"%s\" does not say %s", line, why.text, word);
}

TEST(a_transformer)
{
    config c;
    dm_error why;
    CHECK(parse(transformer, "", &c, &why) == DM_OK, "%s", why.text);
    CHECK(!strcmp(c.architecture, "transformer") && c.vocab == 8000 && c.dim_emb == 256 && c.dim_ffn == 1536, "sizes");
    CHECK(c.heads == 8 && c.encoder_layers == 6 && c.decoder_layers == 2 && c.alignment_layer == 1, "layers");
    CHECK(c.decoder == DECODER_SSRU, "the decoder");
    const char *line = "transformer-guided-alignment-layer: 1";
    CHECK(parse(transformer, line, &c, &why) == DM_OK && c.alignment_layer == 0, "%s", why.text);
    CHECK(c.longest == CONFIG_LONGEST, "%d tokens", c.longest);
    CHECK(parse(transformer, "dolmetsch-longest: 80", &c, &why) == DM_OK && c.longest == 80, "%s", why.text);
    refused(transformer, "dolmetsch-longest: 129", "dolmetsch-longest");
    refused(transformer, "transformer-ffn-activation: swish", "transformer-ffn-activation");
    refused(transformer, "transformer-heads: 3", "heads");
    refused(transformer, "dim-emb: 260", "dim-emb");
    refused(transformer, "type: char-s2s", "char-s2s");
    refused(transformer, "type:", "type");
    refused(transformer, "transformer-postprocess-emb: nd", "transformer-postprocess-emb is \"nd\", expected \"d\"");
    refused(transformer, "transformer-postprocess-top: n", "transformer-postprocess-top");
    refused(transformer, "transformer-preprocess: n", "transformer-preprocess");
    refused(transformer, "transformer-no-projection: true", "transformer-no-projection");
    refused(transformer, "transformer-rnn-projection: true", "transformer-rnn-projection");
    refused(transformer, "transformer-train-position-embeddings: true", "transformer-train-position-embeddings");
    refused(transformer, "transformer-tied-layers: [1, 1, 2]", "transformer-tied-layers");
    refused(transformer, "transformer-tied-layers:\n  - 1\n  - 1", "transformer-tied-layers is \"1,1\"");
    refused(transformer, "tied-embeddings-all: false", "tied-embeddings-all");
    refused(transformer, "right-left: true", "right-left");
    refused(transformer, "lemma-dim-emb: 8", "lemma-dim-emb");
    refused(transformer, "ulr: true", "ulr");
    refused(transformer, "input-types: [sequence, class]", "input-types");
    refused(transformer, "input-types:\n  - sequence\n  - class\n", "input-types is \"sequence,class\"");
}

/* As Marian's YAML writer has them: one entry a line, or brackets on a line of their own. */
TEST(lists)
{
    static const char text[] = "dim-vocabs:\n  - 304\n  - 304\ninput-types:\n  []\ntransformer-tied-layers:\n  []";
    config c;
    dm_error why;
    CHECK(parse(transformer, text, &c, &why) == DM_OK && c.vocab == 304, "%d, %s", c.vocab, why.text);
    CHECK(parse(transformer, "input-types: [sequence, sequence]", &c, &why) == DM_OK, "%s", why.text);
    CHECK(parse(transformer, "input-types:\n- sequence\n- sequence", &c, &why) == DM_OK, "%s", why.text);
    CHECK(parse(transformer, "transformer-tied-layers: []", &c, &why) == DM_OK, "%s", why.text);
    CHECK(parse("dim-vocabs:", "type: s2s", &c, &why) == DM_ERR_FORMAT, "no vocabulary");
}

/* A file's words are not a terminal's commands. */
TEST(words_are_plain)
{
    refused(transformer, "type: a\x1b[31m\xc3\xa4\x7f", "type is \"a?[31m???\"");
    refused(transformer, "dim-emb: 260", "dim-emb is \"260\", expected a multiple of 8");
    refused(s2s, "dim-rnn: 500", "dim-rnn is \"500\", expected a multiple of 8");
    refused(transformer, "transformer-dim-ffn: 100", "transformer-dim-ffn is \"100\", expected a multiple of 8");
}

TEST(the_recurrent_ones)
{
    config c;
    dm_error why;
    CHECK(parse(s2s, "", &c, &why) == DM_OK, "%s", why.text);
    CHECK(!strcmp(c.architecture, "bahdanau"), "Marian's own are %s", c.architecture);
    CHECK(c.dim_rnn == 512 && c.dim_emb == 256 && c.heads == 1 && c.alignment_layer == 0, "sizes");
    CHECK(parse(s2s, "dolmetsch-context: attended", &c, &why) == DM_OK && !strcmp(c.architecture, "bahdanau"), "%s", why.text);
    CHECK(parse(s2s, "dolmetsch-context: fixed", &c, &why) == DM_OK && !strcmp(c.architecture, "rnn"), "%s", why.text);
    refused(s2s, "dolmetsch-context: both", "dolmetsch-context");
    refused(s2s, "dim-rnn: 500", "dim-rnn");
    refused(s2s, "dim-rnn: 0", "dim-rnn");
    refused(s2s, "enc-cell: lstm", "enc-cell");
    refused(s2s, "dec-cell: gru-nematus", "dec-cell");
    refused(s2s, "enc-type: alternating", "enc-type");
    refused(s2s, "dec-cell-base-depth: 4", "dec-cell-base-depth");
    refused(s2s, "enc-depth: 2", "enc-depth");
    refused(s2s, "dec-depth: 2", "dec-depth");
    refused(s2s, "layer-normalization: true", "layer-normalization");
    refused(s2s, "tied-embeddings-all: false", "tied-embeddings-all");
    refused(s2s, "skip: true", "skip");
}

TEST(bits_of_a_weight)
{
    dm_error why = { "" };
    static const char six[] = "type: s2s\ndolmetsch-weight-bits: 6\n", nine[] = "dolmetsch-weight-bits: 9", none[] = "type: s2s";
    CHECK(config_weight_bits(six, sizeof six - 1, &why) == 6, "%s", why.text);
    CHECK(config_weight_bits(none, sizeof none - 1, &why) == 8, "%s", why.text);
    CHECK(config_weight_bits(nine, sizeof nine - 1, &why) == 0 && strstr(why.text, "dolmetsch-weight-bits"), "\"%s\"", why.text);
}

int main(void)
{
    RUN(bits_of_a_weight);
    RUN(a_transformer);
    RUN(lists);
    RUN(words_are_plain);
    RUN(the_recurrent_ones);
    return check_report();
}
