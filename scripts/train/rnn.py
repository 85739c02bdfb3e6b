"""The two recurrent students with Marian's semantics and parameter names (`type: s2s`).

What: parameters, training forward pass, and the step-by-step decoder of "bahdanau"
(attention) and "rnn" (one fixed vector of the source); the interface of model.Transformer.
What not: no LSTM, no depth, no layer normalisation.
Who calls: marian.py, train.py, golden.py.

Notation: B sentences, S source and T target tokens (with EOS), D embedding width,
U units of a GRU. An annotation is [forward state; backward state], 2U.
"""

import math
from dataclasses import dataclass
from typing import NamedTuple

import torch
import torch.nn.functional as func
from torch import nn


@dataclass
class Config:
    vocab: int = 8000
    dim: int = 256
    units: int = 512
    arch: str = "bahdanau"  # or "rnn"
    bits: int = 8  # of each weight, when it is packed


# The Transformer of model.py has 10.7 M parameters; these have 10.5 M each. The plain RNN has no
# attention to spend them on and gets more units instead.
UNITS = {"bahdanau": 512, "rnn": 576}


def parameter_shapes(config):
    """name -> shape of every parameter, in Marian's names."""
    d, u = config.dim, config.units
    shapes = {"Wemb": (config.vocab, d), "decoder_ff_logit_l2_b": (1, config.vocab),
              "decoder_ff_state_W": (2 * u, u), "decoder_ff_state_b": (1, u)}
    for prefix, width in (("encoder_bi", d), ("encoder_bi_r", d), ("decoder_cell1", d), ("decoder_cell2", 2 * u)):
        for part, columns in (("", 2 * u), ("x", u)):
            shapes[f"{prefix}_W{part}"], shapes[f"{prefix}_U{part}"] = (width, columns), (u, columns)
            shapes[f"{prefix}_b{part}"] = (1, columns)
    for number, width in enumerate((d, u, 2 * u)):
        shapes[f"decoder_ff_logit_l1_W{number}"], shapes[f"decoder_ff_logit_l1_b{number}"] = (width, d), (1, d)
    if config.arch == "bahdanau":
        shapes |= {"decoder_Wc_att": (2 * u, 2 * u), "decoder_b_att": (1, 2 * u),
                   "decoder_W_comb_att": (u, 2 * u), "decoder_U_att": (2 * u, 1)}
    return shapes


def options_text(config):
    context = "attended" if config.arch == "bahdanau" else "fixed"
    return (f"type: s2s\ndim-vocabs: [{config.vocab}, {config.vocab}]\ndim-emb: {config.dim}\n"
            f"dim-rnn: {config.units}\nenc-type: bidirectional\nenc-cell: gru\ndec-cell: gru\n"
            "enc-depth: 1\ndec-depth: 1\nenc-cell-depth: 1\ndec-cell-base-depth: 2\ndec-cell-high-depth: 1\n"
            f"tied-embeddings-all: true\ndolmetsch-context: {context}\n"
            + (f"dolmetsch-weight-bits: {config.bits}\n" if config.bits < 8 else ""))


def parse_options(values):
    """The inverse of options_text, from its keys and values."""
    return Config(vocab=int(values["dim-vocabs"].strip("[]").split(",")[0]), dim=int(values["dim-emb"]),
                  units=int(values["dim-rnn"]), arch="rnn" if values["dolmetsch-context"] == "fixed" else "bahdanau",
                  bits=int(values.get("dolmetsch-weight-bits", 8)))


def gru(gates_x, new_x, gates_h, new_h, h):
    """r, z = sigmoid(gates); c = tanh(new_x + r new_h); (1 - z) c + z h."""
    reset, update = (gates_x + gates_h).float().sigmoid().chunk(2, dim=-1)
    new = torch.tanh(new_x.float() + reset * new_h.float())
    return torch.lerp(new, h, update)


class Shared(torch.autograd.Function):
    """A weight on its way into a loop over time; `tape` then has what each step
    multiplied and its gradient, from which the weight's is one product."""

    @staticmethod
    def forward(ctx, weight, tape):
        ctx.tape, ctx.dtype = tape, weight.dtype
        ctx.set_materialize_grads(False)
        device = weight.device.type
        low = torch.get_autocast_dtype(device) if torch.is_autocast_enabled(device) else weight.dtype
        return weight.to(low) if low != weight.dtype else weight.view_as(weight)

    @staticmethod
    def backward(ctx, _):
        if not ctx.tape:
            return None, None
        x, grad = (torch.cat(part) for part in zip(*ctx.tape))
        ctx.tape.clear()
        return (x.t() @ grad).to(ctx.dtype), None


class Product(torch.autograd.Function):
    """x @ weight, for a weight from Shared: the step's share of its gradient goes to the tape."""

    @staticmethod
    def forward(ctx, x, weight, tape):
        ctx.tape, ctx.dtype, low = tape, x.dtype, x.to(weight.dtype)
        ctx.save_for_backward(low, weight)
        return low @ weight

    @staticmethod
    def backward(ctx, grad):
        x, weight = ctx.saved_tensors
        ctx.tape.append((x, grad))
        return (grad @ weight.t()).to(ctx.dtype), None, None


class Products:
    """Products x @ weight inside one loop over time. Autograd alone would make and add
    a weight-sized gradient at every step."""

    def __init__(self, weights):
        self.weights, self.shared = weights, {}

    def __call__(self, x, name):
        if name not in self.shared:
            tape = []
            self.shared[name] = Shared.apply(self.weights[name], tape), tape
        return Product.apply(x, *self.shared[name])


class Source(NamedTuple):
    """What the decoder knows of the source."""
    annotations: torch.Tensor  # [B,S,2U]
    start: torch.Tensor  # [B,U]
    keys: torch.Tensor | None  # [B,S,2U], of the attention
    fixed: torch.Tensor | None  # [B,2U], where there is none


class Rnn(nn.Module):
    output_bias = "decoder_ff_logit_l2_b"

    def __init__(self, config):
        super().__init__()
        self.config = config
        self.levels = 0  # no rounding of these (model.py)
        self.weights = nn.ParameterDict(
            {name: nn.Parameter(torch.empty(shape)) for name, shape in parameter_shapes(config).items()})
        self.reset()

    @torch.no_grad()
    def reset(self):
        """Glorot uniform; recurrent matrices orthogonal, gate by gate."""
        units = self.config.units
        for name, weight in self.weights.items():
            if name == "Wemb":
                nn.init.uniform_(weight, -math.sqrt(3 / self.config.dim), math.sqrt(3 / self.config.dim))
            elif weight.shape[0] == 1:
                weight.zero_()
            elif name.endswith(("_U", "_Ux")):
                for block in weight.split(units, dim=1):
                    nn.init.orthogonal_(block)
            else:
                nn.init.xavier_uniform_(weight)

    # Building blocks.

    def affine(self, x, weight, bias):
        return func.linear(x, self.weights[weight].t(), self.weights[bias][0])

    def embed(self, ids):
        """ids -> E[id], unscaled; id -1 embeds as zero (the decoder's start)."""
        return func.embedding(ids.clamp(min=0), self.weights["Wemb"]) * (ids >= 0)[..., None]

    def word_terms(self, x, prefix):
        """What words x [B,N,D] say to a cell: for each of the N a pair, gates [B,2U] and candidate [B,U]."""
        gates, new = self.affine(x, prefix + "_W", prefix + "_b"), self.affine(x, prefix + "_Wx", prefix + "_bx")
        return list(zip(gates.unbind(1), new.unbind(1)))

    def cell(self, products, terms, h, prefix):
        """h [B,U] and the terms of its input -> the next state."""
        return gru(*terms, products(h, prefix + "_U"), products(h, prefix + "_Ux"), h)

    def final_cell(self, products, x, h, prefix):
        """The same with an input x [B,in] of this step; the candidate's bias is inside the reset product."""
        gates, new_h = products(x, prefix + "_W") + self.weights[prefix + "_b"], products(h, prefix + "_Ux")
        return gru(gates, products(x, prefix + "_Wx"), products(h, prefix + "_U"), new_h + self.weights[prefix + "_bx"], h)

    def read(self, x, mask, prefix, backward):
        """x [B,S,D] -> states [B,S,U]; padding leaves the state as it is, so that the
        backward reader of a short sentence begins with zeros at its own end."""
        terms, products = self.word_terms(x, prefix), Products(self.weights)
        h, states = x.new_zeros(x.shape[0], self.config.units, dtype=torch.float32), [None] * x.shape[1]
        for s in reversed(range(x.shape[1])) if backward else range(x.shape[1]):
            h = torch.where(mask[:, s, None], self.cell(products, terms[s], h, prefix), h)
            states[s] = h
        return torch.stack(states, dim=1)

    def see(self, products, source, bias, h):
        """What the decoder sees of the source in state h [B,U] -> (context [B,2U], weights
        [B,S] or None). The only difference between the two architectures."""
        if source.fixed is not None:
            return source.fixed, None
        query = products(h, "decoder_W_comb_att")
        scores = torch.tanh(source.keys + query[:, None]) @ self.weights["decoder_U_att"]
        weights = (scores[..., 0].float() + bias).softmax(-1)
        return (weights[:, None] @ source.annotations)[:, 0], weights

    def advance(self, products, terms, h, source, bias):
        """One step of the conditional GRU -> (state, context, weights)."""
        between = self.cell(products, terms, h, "decoder_cell1")
        context, weights = self.see(products, source, bias, between)
        return self.final_cell(products, context, between, "decoder_cell2"), context, weights

    def deep_output(self, word, state, context):
        """-> what the output layer multiplies by the embeddings, [...,D]"""
        terms = [self.affine(x, f"decoder_ff_logit_l1_W{i}", f"decoder_ff_logit_l1_b{i}")
                 for i, x in enumerate((word, state, context))]
        return torch.tanh(sum(terms).float())

    # Whole passes.

    def encode(self, src, src_mask, trace=None):
        """src [B,S] ids, src_mask [B,S] (1 = token) -> (Source, bias [B,S])."""
        mask = src_mask.bool()
        x = self.embed(src)
        annotations = torch.cat([self.read(x, mask, "encoder_bi", False),
                                 self.read(x, mask, "encoder_bi_r", True)], dim=-1)
        present = mask[..., None]
        mean = (annotations * present).sum(1) / present.sum(1).clamp(min=1)
        start = torch.tanh(self.affine(mean, "decoder_ff_state_W", "decoder_ff_state_b").float())
        if trace is not None:
            trace["encoder_l1"], trace["start"] = annotations, start
        keys = fixed = None
        if self.config.arch == "bahdanau":
            keys = self.affine(annotations, "decoder_Wc_att", "decoder_b_att")
        else:  # the last forward state (padding keeps it) and the first backward one
            units = self.config.units
            fixed = torch.cat([annotations[:, -1, :units], annotations[:, 0, units:]], dim=-1)
        return Source(annotations, start, keys, fixed), (~mask).float() * -99999999.0

    def decode(self, trg, source, bias):
        """Teacher-forced: trg [B,T] ids -> (states [B,T,D] that predict trg, alignment
        [B,T,S], or None without an attention)."""
        x = self.embed(func.pad(trg[:, :-1], (1, 0), value=-1))
        h, steps, products = source.start, [], Products(self.weights)
        for terms in self.word_terms(x, "decoder_cell1"):
            steps.append(self.advance(products, terms, h, source, bias))
            h = steps[-1][0]
        states, contexts, weights = zip(*steps)
        alignment = torch.stack(weights, dim=1) if weights[0] is not None else None
        return self.deep_output(x, torch.stack(states, dim=1), torch.stack(contexts, dim=1)), alignment

    def logits(self, states):
        return func.linear(states, self.weights["Wemb"], self.weights[self.output_bias][0])

    # One step at a time, for search.

    def start(self, source):
        return {"h": source.start, "source": source}

    def step(self, previous, state, bias, trace=None):
        """previous [B] ids (-1 at step 0) -> (logits [B,V], alignment [B,S] or None); updates state."""
        x = self.embed(previous)
        terms = self.word_terms(x[:, None], "decoder_cell1")[0]
        state["h"], context, weights = self.advance(Products(self.weights), terms, state["h"], state["source"], bias)
        output = self.deep_output(x, state["h"], context)
        if trace is not None:
            seen = {"context": context, "decoder_l1": state["h"], "output": output, "decoder_l1_attention": weights}
            trace.update({name: value[:, None] for name, value in seen.items() if value is not None})
        return self.logits(output), weights
