"""Batches of encoded pairs: sampled by source, bucketed by length, resumable.

What: an endless, seeded stream of batches as tensors, and where it stands.
What not: no encoding (encode.py), no schedule (train.py).
Who calls: train.py.
"""

import numpy as np
import torch

from data import draws

POOL = 40_000  # pairs sorted by length together: little padding, enough mixing


class Batches:
    """Iterate for batches; `position` = (pass, batch in it) is all its state.
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
        batches = []
        for begin in range(0, len(drawn), POOL):
            pool = drawn[begin:begin + POOL]
            pool = pool[np.lexsort((self.src_length[pool], self.trg_length[pool]))]
            batches_of_pool = self.cut(pool)
            rng.shuffle(batches_of_pool)
            batches.extend(batches_of_pool)
        return batches

    def cut(self, pool):
        """Cuts a sorted pool where padded source or target would pass the budget."""
        batches, begin, widest = [], 0, 0
        for end, index in enumerate(pool):
            widest = max(widest, self.src_length[index], self.trg_length[index])
            if (end - begin + 1) * widest > self.budget:
                batches.append(pool[begin:end])
                begin, widest = end, max(self.src_length[index], self.trg_length[index])
        return batches

    def __iter__(self):
        while True:
            number, done = self.position
            for count, batch in enumerate(self.plan(number)[self.rank::self.world][done:], done + 1):
                self.position = (number, count)
                yield self.tensors(batch)
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
    """Index array -> dict of src, src_mask [B,S], trg, trg_mask [B,T], and the
    links as (where = (b, t, s), target weight); weights of a (b, t) sum to 1."""
    out = {}
    for side in ("src", "trg"):
        at = getattr(corpus, side + "_at")
        out[side], out[side + "_mask"] = padded(getattr(corpus, side), at[batch], at[batch + 1] - at[batch])
    counts = corpus.links_at[batch + 1] - corpus.links_at[batch]
    links = np.concatenate([corpus.links[corpus.links_at[i]:corpus.links_at[i + 1]] for i in batch]).astype(np.int64)
    row = np.repeat(np.arange(len(batch)), counts)
    where = tuple(torch.from_numpy(a) for a in (row, links[:, 0].copy(), links[:, 1].copy()))
    slot = row * out["trg"].shape[1] + links[:, 0]
    out["links"] = where
    out["link_weights"] = torch.from_numpy(1 / np.bincount(slot)[slot]).float()
    return out
