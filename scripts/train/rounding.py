"""Weights on the grid of the packed file, each rounded with a view to the errors of those before it (GPTQ, Frantar et al. 2022,
arXiv:2210.17323).

What: `python rounding.py MODEL.bin CORPUS.npz OUT.bin --bits 6`: as few bits as the packer is to keep, chosen such that what
the products of --lines pairs give stays what it was, not each weight for itself. OUT.bin says --bits, and `dolmetsch pack` finds
every weight of it on the grid already.
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
TINY = 1e-9  # for a product whose inputs were all 0
TABLE = "Wemb"
AS_INPUT = 0.5  # weight of the table's use as embeddings, where all columns matter alike, beside that as output layer
CLIPS = [1 - i / 20 for i in range(9)]  # tried as the largest value of a column, times its largest magnitude


class Moments:
    """name -> H of the product with the matrix of that name, summed over real tokens."""

    def __init__(self):
        self.sums = {}

    def add(self, name, x):
        x = x.double()
        self.sums[name] = self.sums.get(name, 0) + x.T @ x


@torch.no_grad()
def moments(model, corpus, lines):
    """H of every matrix, over `lines` pairs as people wrote them."""
    found, plain = Moments(), model.product
    for batch in batches(corpus, lines):
        src_mask, trg_mask = batch["src_mask"].bool(), batch["trg_mask"].bool()

        def watched(x, name, bias=None):
            of_source = name.startswith("encoder") or name.endswith(("_context_Wk", "_context_Wv"))
            found.add(name, x[src_mask if of_source else trg_mask])
            return plain(x, name, bias)
        model.product = watched
        states, _ = model.decode(batch["trg"], *model.encode(batch["src"], src_mask))
        found.add(TABLE, states[trg_mask])
    model.product = plain
    return found.sums


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


def rounded(weight, second, levels):
    """weight [K,N], second H [K,K] -> [K,N] on a grid of `levels` steps on each side of 0, a step for each column.

    Row after row, the error of a row is made good by the rows that are not rounded yet, as far as their inputs go together;
    rows of large inputs first. Each column keeps a value at the end of its grid, by which the packer finds the step again."""
    damp = DAMP * second.diagonal().mean() + TINY
    weight, second = weight.double(), second + damp * torch.eye(len(second), dtype=torch.float64)
    step = units_of(weight, second, levels)
    order = second.diagonal().argsort(descending=True)
    left, ends = weight[order].clone(), weight[order].abs().argmax(0)
    inverse = torch.linalg.inv(second[order][:, order])
    upper = torch.linalg.cholesky((inverse + inverse.T) / 2, upper=True)
    out = torch.empty_like(left)
    for row in range(len(left)):
        out[row] = torch.where(ends == row, weight[order[row]].sign() * levels * step, on_grid(left[row], step, levels))
        left[row:] -= upper[row, row:, None] * ((left[row] - out[row]) / upper[row, row])
    back = torch.empty_like(out)
    back[order] = out
    return back.float()


@torch.no_grad()
def round_model(model, corpus, bits, lines):
    """Rounds the matrices of the model in place."""
    levels = levels_of(bits)
    for name, second in moments(model, corpus, lines).items():
        weight = model.weights[name]
        if name == TABLE:
            second = second / second.diagonal().mean() + AS_INPUT * torch.eye(len(second), dtype=torch.float64)
            weight.copy_(rounded(weight.T, second, levels).T)
        else:
            weight.copy_(rounded(weight, second, levels))
    model.config.bits = bits


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("model", "corpus", "out"):
        parser.add_argument(name)
    parser.add_argument("--bits", type=int, choices=range(4, 9), default=6)
    parser.add_argument("--lines", type=int, default=4000)
    args = parser.parse_args()
    model = load_model(args.model)
    round_model(model.eval(), load(args.corpus), args.bits, args.lines)
    save_model(args.out, model.config, model.weights)


if __name__ == "__main__":
    main()
