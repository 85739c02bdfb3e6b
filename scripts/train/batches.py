"""Batches of encoded pairs: sampled by source, bucketed by length, resumable.

What: an endless, seeded stream of batches as tensors, and where it stands.
What not: no encoding (encode.py), no schedule (train.py).
Who calls: train.py.
"""

import numpy as np
import torch

from data import draws

POOL = 40_000  # pairs sorted by length together: little padding, enough mixing
WIDTHS = np.array([*range(8, 49, 4), *range(56, 121, 8)])  # of GridBatches; encode.MAX_PIECES is the widest


class Batches:
    """Iterate for (batch, its target tokens); `position` = (pass, batch in it) is all its state.
    Several processes share a pass: each takes every world-th batch."""

    def __init__(self, corpus, budget, seed, max_pieces, rank=0, world=1, without=frozenset(), share=1.0):
        self.corpus, self.budget, self.seed = corpus, budget, seed
        self.src_length, self.trg_length = np.diff(corpus.src_at), np.diff(corpus.trg_at)
        self.position, self.rank, self.world = (0, 0), rank, world
        unknown = without - {tag.split("/")[0] for tag in corpus.tags}
        if unknown:
            raise ValueError(f"the corpus has no source {', '.join(sorted(unknown))}")
        self.part = np.random.default_rng(seed).random(len(corpus.tag)) < share
        self.draws = np.array([0 if tag.split("/")[0] in without else draws(tag) for tag in corpus.tags])
        self.limit(max_pieces)

    def limit(self, max_pieces):
        """From the next pass on, only pairs of at most this many pieces a side."""
        self.max_pieces = max_pieces

    def plan(self, number):
        """The batches of one pass: list of index arrays, from (seed, number) alone."""
        rng = np.random.default_rng((self.seed, number))
        weight = self.draws[self.corpus.tag]
        longest = np.maximum(self.src_length, self.trg_length)
        times = np.floor(weight).astype(int) + (rng.random(len(weight)) < weight % 1)
        drawn = np.repeat(np.arange(len(weight)), times * self.part * (longest <= self.max_pieces))
        rng.shuffle(drawn)
        batches = self.group(drawn)
        return [batches[i] for i in rng.permutation(len(batches))]

    def group(self, drawn):
        """Pairs in random order -> batches of similar lengths, in any order."""
        batches = []
        for begin in range(0, len(drawn), POOL):
            pool = drawn[begin:begin + POOL]
            batches.extend(self.cut(pool[np.lexsort((self.src_length[pool], self.trg_length[pool]))]))
        return batches

    def cut(self, pool):
        """Cuts a sorted pool where padded source or target would pass the budget."""
        batches, begin, widest = [], 0, 0
        for end, index in enumerate(pool):
            widest = max(widest, self.src_length[index], self.trg_length[index])
            if end > begin and (end - begin + 1) * widest > self.budget:
                batches.append(pool[begin:end])
                begin, widest = end, max(self.src_length[index], self.trg_length[index])
        return [*batches, pool[begin:]] if len(pool) else batches

    def __iter__(self):
        while True:
            number, done = self.position
            mine = self.plan(number)[self.rank::self.world]
            if not mine:
                raise ValueError(f"too few pairs of at most {self.max_pieces} pieces for {self.world} process(es)")
            for count, batch in enumerate(mine[done:], done + 1):
                self.position = (number, count)
                yield self.tensors(batch), int(self.trg_length[batch].sum())
            self.position = (number + 1, 0)

    def next_pass(self):
        """Leaves the current pass: call iter() again after it."""
        self.position = (self.position[0] + 1, 0)

    def tensors(self, batch):
        return collate(self.corpus, batch)


def padded(flat, starts, lengths):
    """Rows of a flat array -> (ids [B,N] int64 padded with 0, mask [B,N])."""
    column = np.arange(lengths.max())
    mask = column < lengths[:, None]
    ids = np.where(mask, flat[np.minimum(starts[:, None] + column, len(flat) - 1)], 0)
    return torch.from_numpy(ids.astype(np.int64)), torch.from_numpy(mask)


def collate(corpus, batch):
    """Index array -> dict of src, src_mask [B,S], trg, trg_mask [B,T] and guide [B,T,S], of which a target's row
    sums to 1 over the source pieces that it is linked with."""
    out = {}
    for side in ("src", "trg"):
        at = getattr(corpus, side + "_at")
        out[side], out[side + "_mask"] = padded(getattr(corpus, side), at[batch], at[batch + 1] - at[batch])
    counts = corpus.links_at[batch + 1] - corpus.links_at[batch]
    links = np.concatenate([corpus.links[corpus.links_at[i]:corpus.links_at[i + 1]] for i in batch]).astype(np.int64)
    out["guide"] = spread(torch.from_numpy(np.repeat(np.arange(len(batch)), counts)), torch.from_numpy(links),
                          (*out["trg"].shape, out["src"].shape[1]))
    return out


def spread(row, links, shape):
    """Links (target, source) [L,2] of the rows [L] of a batch -> guide [B,T,S]."""
    guide = torch.zeros(shape, device=links.device)
    guide[row, links[:, 0], links[:, 1]] = 1
    return guide / guide.sum(-1, keepdim=True).clamp(min=1)


class GridBatches(Batches):
    """For a GPU: batches of few shapes, WIDTHS wide on both sides and as many rows as fit the budget, made on the device from
    a corpus that lies there. Rows without a pair fill the last batch of a width."""

    def __init__(self, corpus, budget, seed, max_pieces, device, **more):
        self.device, self.on_device = device, {}
        for name in ("src", "trg", "links"):
            self.on_device[name] = torch.from_numpy(getattr(corpus, name).astype(np.int16)).to(device)
            self.on_device[name + "_at"] = torch.from_numpy(getattr(corpus, name + "_at")).to(device)
        super().__init__(corpus, budget, seed, max_pieces, **more)

    def group(self, drawn):
        place = np.searchsorted(WIDTHS, np.maximum(self.src_length[drawn], self.trg_length[drawn]))
        order = np.argsort(place, kind="stable")
        batches = []
        for width, of_width in zip(WIDTHS, np.split(drawn[order], np.cumsum(np.bincount(place, minlength=len(WIDTHS)))[:-1])):
            rows = self.rows_of(width)
            batches.extend(of_width[begin:begin + rows] for begin in range(0, len(of_width), rows))
        return batches

    def tensors(self, batch):
        width = WIDTHS[np.searchsorted(WIDTHS, max(self.src_length[batch].max(), self.trg_length[batch].max()))]
        rows = self.rows_of(width)
        index = torch.zeros(rows, dtype=torch.int64)
        index[:len(batch)] = torch.from_numpy(batch)
        index = index.to(self.device, non_blocking=True)
        real = torch.arange(rows, device=self.device) < len(batch)
        out = {}
        for side in ("src", "trg"):
            out[side], out[side + "_mask"] = self.padded(side, index, real, width)
        counts = (self.on_device["links_at"][index + 1] - self.on_device["links_at"][index]) * real
        total = int((self.corpus.links_at[batch + 1] - self.corpus.links_at[batch]).sum())
        row = torch.repeat_interleave(counts, output_size=total)
        within = torch.arange(total, device=self.device) - (counts.cumsum(0) - counts)[row]
        links = self.on_device["links"][self.on_device["links_at"][index][row] + within]
        out["guide"] = spread(row, links.long(), (rows, width, width))
        return out

    def rows_of(self, width):
        return max(1, self.budget // width)

    def padded(self, side, index, real, width):
        """-> (ids [B,width] padded with 0, mask)"""
        flat, at = self.on_device[side], self.on_device[side + "_at"]
        column = torch.arange(width, device=self.device)
        mask = (column < (at[index + 1] - at[index])[:, None]) & real[:, None]
        return flat[(at[index, None] + column).clamp(max=len(flat) - 1)].long() * mask, mask
