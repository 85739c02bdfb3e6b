/* transformer_bind.c - finds every weight of the Transformer in the model file. */
#include "arch/transformer.h"

#include <stdio.h>

#include "arch/binder.h"
#include "nn/positions.h"

static void set_prefix(binder *b, const char *stack, int layer, const char *block)
{
    snprintf(b->prefix, sizeof b->prefix, "%s_l%d_%s", stack, layer + 1, block);
}

static attention_layer bind_attention(binder *b, int d)
{
    attention_layer a;
    a.q = bind_matrix(b, "Wq", "bq", d, d);
    a.k = bind_matrix(b, "Wk", "bk", d, d);
    a.v = bind_matrix(b, "Wv", "bv", d, d);
    a.o = bind_matrix(b, "Wo", "bo", d, d);
    a.norm.gain = bind_vector(b, "Wo_ln_scale", d);
    a.norm.bias = bind_vector(b, "Wo_ln_bias", d);
    return a;
}

/* A layer may have fewer units than the options say: those that no text switches on are cut (scripts/train/units.py). */
static ffn_layer bind_ffn(binder *b, int d, int most)
{
    const int f = bind_columns(b, "W1", most);
    ffn_layer l;
    l.up = bind_matrix(b, "W1", "b1", d, f);
    l.down = bind_matrix(b, "W2", "b2", f, d);
    l.norm.gain = bind_vector(b, "ffn_ln_scale", d);
    l.norm.bias = bind_vector(b, "ffn_ln_bias", d);
    return l;
}

static ssru_layer bind_ssru(binder *b, int d)
{
    ssru_layer l;
    l.input = bind_matrix(b, "W", NULL, d, d);
    l.forget = bind_matrix(b, "Wf", "bf", d, d);
    l.norm.gain = bind_vector(b, "ffn_ln_scale", d);
    l.norm.bias = bind_vector(b, "ffn_ln_bias", d);
    return l;
}

static void bind_encoder(binder *b, const config *c, encoder_layer *out)
{
    for (int l = 0; l < c->encoder_layers; l++) {
        set_prefix(b, "encoder", l, "self");
        out[l].self = bind_attention(b, c->dim_emb);
        set_prefix(b, "encoder", l, "ffn");
        out[l].ffn = bind_ffn(b, c->dim_emb, c->dim_ffn);
    }
}

static void bind_decoder(binder *b, const config *c, decoder_layer *out)
{
    for (int l = 0; l < c->decoder_layers; l++) {
        if (c->decoder == DECODER_SSRU) {
            set_prefix(b, "decoder", l, "rnn");
            out[l].ssru = bind_ssru(b, c->dim_emb);
        } else {
            set_prefix(b, "decoder", l, "self");
            out[l].self = bind_attention(b, c->dim_emb);
        }
        set_prefix(b, "decoder", l, "context");
        out[l].cross = bind_attention(b, c->dim_emb);
        set_prefix(b, "decoder", l, "ffn");
        out[l].ffn = bind_ffn(b, c->dim_emb, c->dim_ffn);
    }
}

dm_status transformer_bind(dm_model *m)
{
    const config *c = &m->cfg;
    transformer *t = arena_take(&m->memory, 1, sizeof *t);
    if (!t) return DM_ERR_MEMORY;
    t->encoder = arena_take(&m->memory, (size_t)c->encoder_layers, sizeof *t->encoder);
    t->decoder = arena_take(&m->memory, (size_t)c->decoder_layers, sizeof *t->decoder);
    t->positions = arena_take(&m->memory, (size_t)TRANSFORMER_POSITIONS * (size_t)c->dim_emb, sizeof(float));
    if (m->memory.failed) return DM_ERR_MEMORY;
    binder b = { .file = &m->file, .ok = 1 };
    bind_encoder(&b, c, t->encoder);
    bind_decoder(&b, c, t->decoder);
    if (!b.ok) return DM_ERR_FORMAT;
    positions_fill(t->positions, TRANSFORMER_POSITIONS, c->dim_emb);
    m->params = t;
    return DM_OK;
}
