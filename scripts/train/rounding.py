"""Weights on the grid of the packed file, each rounded with a view to the errors of those before it (GPTQ, Frantar et al. 2022,
arXiv:2210.17323).

What: `python rounding.py MODEL.bin CORPUS.npz OUT.bin --bits 6`: as few bits as the packer is to keep, chosen such that what
the products of --lines pairs give stays what it was, not each weight for itself; that with their four high bits alone, too.
OUT.bin says --bits, and `dolmetsch pack` finds every weight of it on the grid already.
What not: no training (train.py --bits); biases, scales and shifts stay as they are.
Who calls: campaign.py, after units.py.

Notation: W [K,N] of a product x W, x [T,K]; second moments H = xᵀ x [K,K].
"""

import argparse

import torch

from encode import load
from marian import load_model, save_model
from quantise import levels_of
from units import batches

DAMP = 0.01  # of H's mean diagonal, added to it: what was never seen may matter, too
PASSES = 4
TINY = 1e-9  # for a product whose inputs were all 0
TABLE = "Wemb"
AS_INPUT = 0.5  # weight of the table's use as embeddings, where all columns matter alike, beside that as output layer
CLIPS = [1 - i / 20 for i in range(9)]  # tried as the largest value of a column, times its largest magnitude


@torch.no_grad()
def moments(model, corpus, lines):
    """name -> H of the product with the matrix of that name, over the real tokens of `lines` pairs as people wrote them."""
    sums, plain = {}, model.product

    def add(name, x):
        x = x.double()
        sums[name] = sums.get(name, 0) + x.T @ x
    for batch in batches(corpus, lines):
        src_mask, trg_mask = batch["src_mask"].bool(), batch["trg_mask"].bool()

        def watched(x, name, bias=None):
            of_source = name.startswith("encoder") or name.endswith(("_context_Wk", "_context_Wv"))
            add(name, x[src_mask if of_source else trg_mask])
            return plain(x, name, bias)
        model.product = watched
        states, _ = model.decode(batch["trg"], *model.encode(batch["src"], src_mask))
        add(TABLE, states[trg_mask])
    model.product = plain
    return sums


def units_of(weight, second, levels):
    """The step of each column [N]: that which loses least, weights counted by the size of what they are multiplied with."""
    largest, importance = weight.abs().amax(0), second.diagonal()[:, None]
    best, unit = torch.full_like(largest, torch.inf), largest
    for clip in CLIPS:
        step = (clip * largest / levels).clamp(min=1e-30)
        loss = (importance * (weight - on_grid(weight, step, levels)).square()).sum(0)
        unit, best = torch.where(loss < best, step, unit), torch.minimum(loss, best)
    return unit


def on_grid(weight, step, levels):
    return (weight / step).round().clamp(-levels, levels) * step


def factor(second):
    """-> (order [K] of the rows, those of large inputs first, and the Cholesky factor [K,K] of the inverse of H in that order)"""
    order = second.diagonal().argsort(descending=True)
    inverse = torch.linalg.inv(second[order][:, order])
    return order, torch.linalg.cholesky((inverse + inverse.T) / 2, upper=True)


def sweep(weight, order, upper, choose):
    """The rows of weight [K,N] as choose(row number, what it should be [N]) -> [N] gives them, one after the other: the error
    of each is made good by the rows to come, as far as their inputs go together. order and upper: of factor()."""
    left, out = weight[order].clone(), torch.empty_like(weight)
    for place, row in enumerate(order.tolist()):
        out[row] = choose(row, left[place])
        left[place:] -= upper[place, place:, None] * ((left[place] - out[row]) / upper[place, place])
    return out


def descend(weight, second, choose, out):
    """Row by row, PASSES times, the best choice while all others stay: what a sweep could no longer make good."""
    slope = second @ (out - weight)
    for row in [*range(len(weight))] * PASSES:
        new = choose(row, out[row] - slope[row] / second[row, row])
        slope += second[:, row, None] * (new - out[row])
        out[row] = new
    return out


def coarse_value(high, span):
    """What the high bits of a weight say before its low ones are there: web/planes.js, in steps of the whole weight."""
    return span * high + span / 2 - (high == 0).double()


def rounded(weight, second, bits):
    """weight [K,N], second H [K,K] -> [K,N] on a grid of 2**(bits - 1) - 1 steps on each side of 0, a step for each column.

    First to the four high bits, which a page translates with until the low ones come; then each weight within what its high bits
    leave open. Each column keeps its largest at the end of its grid, by which the packer finds the step again."""
    levels, span = levels_of(bits), 2 ** (bits - 4)
    weight = weight.double()
    second = second + (DAMP * second.diagonal().mean() + TINY) * torch.eye(len(second), dtype=torch.float64)
    step, ends = units_of(weight, second, levels), weight.abs().argmax(0)
    end = levels * weight.gather(0, ends[None])[0].sign()
    highs = torch.zeros_like(weight)

    def choose_high(row, wanted):
        value = wanted / step
        around = ((value - span / 2) / span).round() + torch.tensor([[-1], [0], [1]])
        around = around.clamp(-8, 7)
        nearest = (coarse_value(around, span) - value).abs().argmin(0)
        highs[row] = torch.where(ends == row, (end / span).floor(), around.gather(0, nearest[None])[0])
        return coarse_value(highs[row], span) * step

    def choose(row, wanted):
        low = (span * highs[row]).clamp(min=-levels)
        value = torch.minimum(torch.maximum((wanted / step).round(), low), span * highs[row] + span - 1)
        return torch.where(ends == row, end, value) * step

    factors = factor(second)
    sweep(weight, *factors, choose_high)
    return descend(weight, second, choose, sweep(weight, *factors, choose)).float()


@torch.no_grad()
def round_model(model, corpus, bits, lines):
    """Rounds the matrices of the model in place."""
    for name, second in moments(model, corpus, lines).items():
        weight = model.weights[name]
        if name == TABLE:
            second = second / second.diagonal().mean() + AS_INPUT * torch.eye(len(second), dtype=torch.float64)
            weight.copy_(rounded(weight.T, second, bits).T)
        else:
            weight.copy_(rounded(weight, second, bits))
    model.config.bits = bits


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("model", "corpus", "out"):
        parser.add_argument(name)
    parser.add_argument("--bits", type=int, choices=range(5, 9), default=6)
    parser.add_argument("--lines", type=int, default=4000)
    args = parser.parse_args()
    model = load_model(args.model)
    round_model(model.eval(), load(args.corpus), args.bits, args.lines)
    save_model(args.out, model.config, model.weights)


if __name__ == "__main__":
    main()
