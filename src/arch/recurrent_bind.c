/* recurrent_bind.c - finds every weight of the recurrent architectures in the model file. */
#include "arch/recurrent.h"

#include <stdio.h>
#include <string.h>

#include "arch/binder.h"

static void set_prefix(binder *b, const char *prefix) { snprintf(b->prefix, sizeof b->prefix, "%s", prefix); }

/* In Marian's later cells of a decoder step the candidate's bias is inside the reset gate's product. */
static gru bind_gru(binder *b, const char *prefix, int in, int units, int final)
{
    gru g;
    set_prefix(b, prefix);
    g.x_gates = bind_matrix(b, "W", "b", in, 2 * units);
    g.h_gates = bind_matrix(b, "U", NULL, units, 2 * units);
    g.x_new = bind_matrix(b, "Wx", final ? NULL : "bx", in, units);
    g.h_new = bind_matrix(b, "Ux", final ? "bx" : NULL, units, units);
    return g;
}

static additive_attention bind_attention(binder *b, int units)
{
    additive_attention a;
    set_prefix(b, "decoder");
    a.keys = bind_matrix(b, "Wc_att", "b_att", 2 * units, 2 * units);
    a.query = bind_matrix(b, "W_comb_att", NULL, units, 2 * units);
    a.weight = bind_vector(b, "U_att", 2 * units);
    return a;
}

dm_status recurrent_bind(dm_model *m)
{
    const int d = m->cfg.dim_emb, units = m->cfg.dim_rnn;
    recurrent *net = arena_take(&m->memory, 1, sizeof *net);
    float *zeros = arena_take(&m->memory, (size_t)d, sizeof *zeros);
    if (!net || !zeros) return DM_ERR_MEMORY;
    memset(zeros, 0, sizeof *zeros * (size_t)d);
    binder b = { .file = &m->file, .ok = 1 };
    net->zeros = zeros;
    net->attends = !strcmp(m->cfg.architecture, arch_bahdanau.name);
    net->forward = bind_gru(&b, "encoder_bi", d, units, 0);
    net->backward = bind_gru(&b, "encoder_bi_r", d, units, 0);
    net->word = bind_gru(&b, "decoder_cell1", d, units, 0);
    net->source = bind_gru(&b, "decoder_cell2", 2 * units, units, 1);
    if (net->attends) net->attention = bind_attention(&b, units);
    set_prefix(&b, "decoder_ff_state");
    net->start = bind_matrix(&b, "W", "b", 2 * units, units);
    set_prefix(&b, "decoder_ff_logit_l1");
    net->from_word = bind_matrix(&b, "W0", "b0", d, d);
    net->from_state = bind_matrix(&b, "W1", "b1", units, d);
    net->from_source = bind_matrix(&b, "W2", "b2", 2 * units, d);
    if (!b.ok) return DM_ERR_FORMAT;
    m->params = net;
    return DM_OK;
}
