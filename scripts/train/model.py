"""The Transformer student with Marian's semantics and parameter names.

What: parameters, training forward pass, and the step-by-step decoder.
What not: no data, no search loop (decode.py), no file format (marian.py).
Who calls: train.py, decode.py, golden.py.

Notation: B sentences, S source and T target tokens (with EOS), D model width,
F feed-forward width, H heads, V vocabulary. Weights are stored [in, out] and
biases [1, n], as Marian stores them. Post-norm: x = LN(x + f(x)).
"""

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as func
from torch import nn

import quantise

LN_EPS = 1e-6


@dataclass
class Config:
    vocab: int = 8000
    dim: int = 256
    ffn: int = 1536
    heads: int = 8
    encoder_layers: int = 6
    decoder_layers: int = 2
    decoder: str = "ssru"  # or "selfattn"
    bits: int = 8  # of each weight, when it is packed
    longest: int = 128  # source tokens of a sentence, its end included, that it is given in one piece
    dropout: float = 0.0  # of embeddings and of every sub-layer's output; training only


# What train.py --size means. "half" is for comparisons on a CPU, the teachers are for a GPU: nothing of them is shipped.
SIZES = {
    "half": {"dim": 128, "ffn": 768, "heads": 4},
    "tiny": {},
    "base": {"dim": 512, "ffn": 2048},
    "teacher": {"dim": 512, "ffn": 2048, "decoder_layers": 6, "decoder": "selfattn", "dropout": 0.1},
    "teacher-big": {"dim": 1024, "ffn": 4096, "heads": 16, "decoder_layers": 6, "decoder": "selfattn", "dropout": 0.2},
}


def parameter_shapes(config):
    """name -> shape of every parameter, in Marian's names."""
    d, f = config.dim, config.ffn
    shapes = {"Wemb": (config.vocab, d), "decoder_ff_logit_out_b": (1, config.vocab)}

    def norm(prefix):
        shapes[prefix + "_ln_scale"] = shapes[prefix + "_ln_bias"] = (1, d)

    def attention(prefix):
        for name in "qkvo":
            shapes[f"{prefix}_W{name}"], shapes[f"{prefix}_b{name}"] = (d, d), (1, d)
        norm(prefix + "_Wo")

    def feed_forward(prefix):
        shapes[prefix + "_W1"], shapes[prefix + "_b1"] = (d, f), (1, f)
        shapes[prefix + "_W2"], shapes[prefix + "_b2"] = (f, d), (1, d)
        norm(prefix + "_ffn")

    for layer in range(1, config.encoder_layers + 1):
        attention(f"encoder_l{layer}_self")
        feed_forward(f"encoder_l{layer}_ffn")
    for layer in range(1, config.decoder_layers + 1):
        prefix = f"decoder_l{layer}"
        if config.decoder == "ssru":
            shapes[prefix + "_rnn_W"] = shapes[prefix + "_rnn_Wf"] = (d, d)
            shapes[prefix + "_rnn_bf"] = (1, d)
            norm(prefix + "_rnn_ffn")
        else:
            attention(prefix + "_self")
        attention(prefix + "_context")
        feed_forward(prefix + "_ffn")
    return shapes


def sinusoids(length, dim):
    """[length, dim]: sines in the first half, cosines in the second, divisor h-1."""
    half = dim // 2
    rate = torch.exp(torch.arange(half, dtype=torch.float64) * (-math.log(10000.0) / (half - 1)))
    angle = torch.arange(length, dtype=torch.float64)[:, None] * rate
    return torch.cat([angle.sin(), angle.cos()], dim=1).float()


def recur_by_step(decay, gain):
    """c_t = decay_t * c_{t-1} + gain_t over axis 1 of [B,T,D], c_0 = 0 before: T small operations, fast on a CPU."""
    states, state = torch.empty_like(gain), torch.zeros_like(gain[:, 0])
    for t in range(gain.shape[1]):
        state = torch.addcmul(gain[:, t], decay[:, t], state)
        states[:, t] = state
    return states


def recur_by_doubling(decay, gain):
    """The same in log2(T) operations on whole tensors, for a GPU: after the round of `reach`, position t has the
    decay and the gain of the steps t - 2 reach + 1 .. t as one step. All factors are in [0, 1], so nothing overflows."""
    decay, gain, reach = decay.clone(), gain.clone(), 1
    while reach < gain.shape[1]:
        gain[:, reach:] = torch.addcmul(gain[:, reach:], decay[:, reach:], gain[:, :-reach])
        decay[:, reach:] = decay[:, reach:] * decay[:, :-reach]
        reach *= 2
    return gain


def recur(decay, gain):
    return (recur_by_doubling if gain.is_cuda else recur_by_step)(decay, gain)


class SsruScan(torch.autograd.Function):
    """c_t = f_t * c_{t-1} + (1 - f_t) * x_t over axis 1 of [B,T,D], c_0 = 0 before.

    By hand because autograd would record T tiny operations a layer. The gradient is the same recurrence backwards.
    """

    @staticmethod
    def forward(ctx, forget, value):
        states = recur(forget, (1 - forget) * value)
        ctx.save_for_backward(forget, value, states)
        return states

    @staticmethod
    def backward(ctx, grad):
        forget, value, states = ctx.saved_tensors
        later = func.pad(forget[:, 1:], (0, 0, 0, 1))
        through = recur(later.flip(1), grad.flip(1)).flip(1)  # d loss / d c_t, through all later steps
        before = func.pad(states[:, :-1], (0, 0, 1, 0))
        return through * (before - value), through * (1 - forget)


class Transformer(nn.Module):
    output_bias = "decoder_ff_logit_out_b"

    def __init__(self, config):
        super().__init__()
        self.config = config
        self.levels = 0  # of weights on each side of 0, products rounded as the engine's; 0 is no rounding (quantise.py)
        self.weights = nn.ParameterDict(
            {name: nn.Parameter(torch.empty(shape)) for name, shape in parameter_shapes(config).items()})
        self.register_buffer("positions", sinusoids(1024, config.dim), persistent=False)
        self.reset()

    @torch.no_grad()
    def reset(self):
        """Glorot uniform, and zero for what a sub-layer adds to the residual: a post-norm stack that begins as the identity
        learns from the start, and no layer has a reason to switch its noise off (units.py: such units stay off)."""
        for name, weight in self.weights.items():
            if name == "Wemb":
                nn.init.uniform_(weight, -math.sqrt(3 / self.config.dim), math.sqrt(3 / self.config.dim))
            elif name.endswith("_ln_scale"):
                weight.fill_(1)
            elif weight.shape[0] == 1 or name.endswith(("_W2", "_Wo")):
                weight.zero_()
            else:
                nn.init.xavier_uniform_(weight)

    # Building blocks. `prefix` names a sub-layer of Marian's, e.g. "encoder_l1_self".

    def affine(self, x, prefix, name):
        """x [..., in] -> [..., out] by prefix_Wname, prefix_bname."""
        return self.product(x, f"{prefix}_W{name}", self.weights[f"{prefix}_b{name}"][0])

    def product(self, x, name, bias=None):
        weight = self.weights[name]
        if self.levels:
            x, weight = quantise.activations(x), quantise.columns(weight, self.levels)
        return func.linear(x, weight.t(), bias)

    def drop(self, x):
        return func.dropout(x, self.config.dropout, self.training) if self.config.dropout else x

    def norm(self, x, prefix):
        scale, bias = self.weights[prefix + "_ln_scale"][0], self.weights[prefix + "_ln_bias"][0]
        return func.layer_norm(x, x.shape[-1:], scale, bias, LN_EPS)

    def split_heads(self, x):
        """[B,N,D] -> [B,H,N,D/H]"""
        return x.unflatten(-1, (self.config.heads, -1)).transpose(1, 2)

    def keys_values(self, x, prefix):
        """[B,S,D] -> two of [B,H,S,D/H]"""
        return self.split_heads(self.affine(x, prefix, "k")), self.split_heads(self.affine(x, prefix, "v"))

    def attend(self, x, keys_values, bias, prefix):
        """Attention sub-layer with residual and norm; bias is 0 or -inf-like,
        broadcast to [B,H,T,S]. Returns (out [B,T,D], weights [B,H,T,S])."""
        query, (key, value) = self.split_heads(self.affine(x, prefix, "q")), keys_values
        # Not the fused kernel: on a CPU its backward pass is several times slower
        # for the short rows of sentences.
        scores = (query / math.sqrt(query.shape[-1])) @ key.transpose(-1, -2)
        weights = (scores + bias).softmax(-1)
        context = self.affine((weights.to(value.dtype) @ value).transpose(1, 2).flatten(2), prefix, "o")
        return self.norm(x + self.drop(context), prefix + "_Wo"), weights

    def feed_forward(self, x, prefix):
        hidden = func.relu(self.affine(x, prefix, "1"))
        return self.norm(x + self.drop(self.affine(hidden, prefix, "2")), prefix + "_ffn")

    def ssru(self, x, prefix, state=None):
        """x [B,T,D] -> (out, last state [B,D]); with a state, T is 1."""
        value = self.product(x, prefix + "_W")
        forget = self.product(x, prefix + "_Wf", self.weights[prefix + "_bf"][0]).sigmoid()
        value, forget = value.float(), forget.float()
        if state is None:
            states = SsruScan.apply(forget, value)
        else:
            states = forget * state[:, None] + (1 - forget) * value
        return self.norm(x + self.drop(func.relu(states).to(x.dtype)), prefix + "_ffn"), states[:, -1]

    def embed(self, ids, first_position=0):
        """ids [B,N] -> sqrt(D) E[id] + PE; id -1 embeds as zero (the decoder's start)."""
        table = self.weights["Wemb"]
        if self.levels:
            table = quantise.columns(table.t(), self.levels).t()
        x = func.embedding(ids.clamp(min=0), table) * math.sqrt(self.config.dim)
        x = x * (ids >= 0)[..., None]
        x = self.drop(x + self.positions[first_position:first_position + ids.shape[1]])
        # Under autocast the residual stream is of the low type too: fewer casts.
        return x.to(torch.get_autocast_dtype(x.device.type)) if torch.is_autocast_enabled(x.device.type) else x

    # Whole passes.

    def encode(self, src, src_mask, trace=None):
        """src [B,S] ids, src_mask [B,S] (1 = token) -> (memory [B,S,D], bias [B,1,1,S])."""
        bias = (1 - src_mask.float())[:, None, None, :] * -99999999.0
        x = self.embed(src)
        if trace is not None:
            trace["embedding"] = x
        for layer in range(1, self.config.encoder_layers + 1):
            prefix = f"encoder_l{layer}"
            x, _ = self.attend(x, self.keys_values(x, prefix + "_self"), bias, prefix + "_self")
            x = self.feed_forward(x, prefix + "_ffn")
            if trace is not None:
                trace[prefix] = x
        return x, bias

    def decode(self, trg, memory, bias):
        """Teacher-forced: trg [B,T] ids -> (states [B,T,D] that predict trg,
        alignment [B,T,S] of head 0 of the last layer)."""
        x = self.embed(func.pad(trg[:, :-1], (1, 0), value=-1))
        length = trg.shape[1]
        causal = torch.full((length, length), -99999999.0, device=trg.device).triu(1)
        for layer in range(1, self.config.decoder_layers + 1):
            prefix = f"decoder_l{layer}"
            if self.config.decoder == "ssru":
                x, _ = self.ssru(x, prefix + "_rnn")
            else:
                x, _ = self.attend(x, self.keys_values(x, prefix + "_self"), causal, prefix + "_self")
            x, weights = self.attend(x, self.keys_values(memory, prefix + "_context"), bias, prefix + "_context")
            x = self.feed_forward(x, prefix + "_ffn")
        return x, weights[:, 0]

    def logits(self, states):
        return func.linear(*quantise.output_operands(self, states), self.weights[self.output_bias][0])

    # One step at a time, for search.

    def start(self, memory):
        """The decoder's state before step 0: cross-attention keys and values, and
        per layer the SSRU cell [B,D] or None (self-attention: no history yet)."""
        layers = range(1, self.config.decoder_layers + 1)
        cells = [memory.new_zeros(memory.shape[0], memory.shape[2], dtype=torch.float32)
                 if self.config.decoder == "ssru" else None for _ in layers]
        return {"step": 0, "cells": cells,
                "context": [self.keys_values(memory, f"decoder_l{l}_context") for l in layers]}

    def step(self, previous, state, bias, trace=None):
        """previous [B] ids (-1 at step 0) -> (logits [B,V], alignment [B,S]); updates state."""
        x = self.embed(previous[:, None], state["step"])
        for index in range(self.config.decoder_layers):
            prefix = f"decoder_l{index + 1}"
            if self.config.decoder == "ssru":
                x, state["cells"][index] = self.ssru(x, prefix + "_rnn", state["cells"][index])
            else:
                x = self.step_self_attention(x, state, index, prefix + "_self")
            x, weights = self.attend(x, state["context"][index], bias, prefix + "_context")
            x = self.feed_forward(x, prefix + "_ffn")
            if trace is not None:
                trace[prefix], trace[prefix + "_attention"] = x, weights
        state["step"] += 1
        return self.logits(x[:, 0]), weights[:, 0, 0]

    def step_self_attention(self, x, state, index, prefix):
        """Appends this step's key and value to the cache, attends over all of it."""
        new, old = self.keys_values(x, prefix), state["cells"][index]
        if old is not None:
            new = tuple(torch.cat(pair, dim=2) for pair in zip(old, new))
        state["cells"][index] = new
        return self.attend(x, new, x.new_zeros(1), prefix)[0]
