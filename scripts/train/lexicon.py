"""A lexical shortlist: for each source piece the target pieces that it is aligned with.

What: `python lexicon.py CORPUS.npz VOCAB.model OUT.bin [--check VALID.npz]`:
counts the piece links of encode.py's arrays and writes Marian's binary
shortlist; says how many target tokens of other pairs the lists would allow.
What not: no alignment (align.py).
Who calls: by hand, for scripts/bench/peer.mjs and `dolmetsch pack`.

The file, little-endian: u64 magic, checksum, first, best, source pieces + 1,
length of all lists; u64 offset of each piece's list; u32 ids, sorted within a
list. The set of a sentence: ids below `first`, its own pieces (the vocabulary is
shared), the lists of its pieces, then further ids to a multiple of 8.
"""

import argparse
import os
import struct

import numpy as np
import sentencepiece as spm

from encode import load

MAGIC = 0xF11A48D5013417F5
PAIRS = 50_000  # in one go


def count_links(corpus, pieces):
    """Returns (keys, counts): key = source id * pieces + target id, sorted."""
    keys, counts = np.empty(0, np.int64), np.empty(0, np.int64)
    for begin in range(0, len(corpus.tag), PAIRS):
        end = min(begin + PAIRS, len(corpus.tag))
        at = corpus.links_at[begin:end + 1]
        links = corpus.links[at[0]:at[-1]].astype(np.int64)
        pair = np.repeat(np.arange(begin, end), np.diff(at))
        source = corpus.src[corpus.src_at[pair] + links[:, 1]].astype(np.int64)
        target = corpus.trg[corpus.trg_at[pair] + links[:, 0]]
        new, n = np.unique(source * pieces + target, return_counts=True)
        keys, place = np.unique(np.concatenate([keys, new]), return_inverse=True)
        counts = np.bincount(place, np.concatenate([counts, n])).astype(np.int64)
    return keys, counts


def best_lists(keys, counts, pieces, best):
    """[ids] of each source piece: its `best` most frequent partners, which are also
    the most probable ones; lower ids win ties."""
    source, target = keys // pieces, keys % pieces
    order = np.lexsort((target, -counts, source))
    source, target = source[order], target[order]
    starts = np.searchsorted(source, np.arange(pieces + 1))
    return [np.sort(target[b:min(e, b + best)]) for b, e in zip(starts, starts[1:])]


def checksum(data):
    """Marian's hash of the u64 words of data; bytes beyond the last word are left out."""
    value = 0
    for word in struct.unpack_from(f"<{len(data) // 8}Q", data):
        value ^= (word + 0x9E3779B9 + (value << 6) + (value >> 2)) & (2**64 - 1)
    return value


def write(path, lists, first, best):
    offsets = np.concatenate([[0], np.cumsum([len(ids) for ids in lists])])
    body = struct.pack("<4Q", first, best, len(offsets), offsets[-1])
    body += offsets.astype("<u8").tobytes() + np.concatenate(lists).astype("<u4").tobytes()
    with open(path + ".tmp", "wb") as file:
        file.write(struct.pack("<2Q", MAGIC, checksum(body)) + body)
    os.replace(path + ".tmp", path)


def check(pairs, lists, first):
    """Returns (share of target tokens that are in their sentence's set, its mean size)."""
    hits, sizes = 0, []
    for i in range(len(pairs.tag)):
        source = pairs.src[pairs.src_at[i]:pairs.src_at[i + 1]]
        target = pairs.trg[pairs.trg_at[i]:pairs.trg_at[i + 1]]
        allowed = np.unique(np.concatenate([np.arange(first), source, *(lists[s] for s in source)]))
        hits += np.isin(target, allowed).sum()
        sizes.append(len(allowed))
    return hits / len(pairs.trg), np.mean(sizes)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("corpus", "vocab", "out"):
        parser.add_argument(name)
    parser.add_argument("--first", type=int, default=50)
    parser.add_argument("--best", type=int, default=50)
    parser.add_argument("--check")
    args = parser.parse_args()
    pieces = len(spm.SentencePieceProcessor(args.vocab))
    lists = best_lists(*count_links(load(args.corpus), pieces), pieces, args.best)
    write(args.out, lists, args.first, args.best)
    print(f"{pieces} pieces, {sum(map(len, lists))} ids, {os.path.getsize(args.out)} bytes")
    if args.check:
        share, size = check(load(args.check), lists, args.first)
        print(f"{args.check}: {100 * share:.2f} % of the target tokens are allowed; {size:.0f} ids a sentence")


if __name__ == "__main__":
    main()
