"""A lexical shortlist: for each source piece the target pieces that it may become.

What: `python lexicon.py CORPUS.npz VOCAB.model OUT.bin [--check VALID.npz]`:
chooses by the piece links of encode.py's arrays and writes Marian's binary
shortlist; says how many target tokens of other pairs the lists would allow.
What not: no alignment (align.py).
Who calls: campaign.py, or by hand, for `dolmetsch pack` and scripts/bench/peer.mjs.

Links alone would put "Seite" on the list of "the". So each target token of the
corpus is the merit of one piece of its sentence, the one that is most often
linked to it for its frequency, and a piece keeps what it has merits for: at
least `least`, and a share of its own frequency, because what is on the list of
a frequent piece is scored in many sentences. The most frequent target pieces
are common: the list of EOS, which ends every source, holds them.

The file, little-endian: u64 magic, checksum, first, best, source pieces + 1,
length of all lists; u64 offset of each piece's list; u32 ids, sorted within a
list. The set of a sentence: ids below `first`, its own pieces (the vocabulary is
shared), the lists of its pieces; Marian adds ids to a multiple of 8.
"""

import argparse
import os
import struct

import numpy as np
import sentencepiece as spm

from encode import EOS, load
from files import replacing

MAGIC = 0xF11A48D5013417F5
PAIRS, MERIT_PAIRS = 50_000, 5_000  # in one go
FIRST = 2  # EOS and the unknown piece, which Marian expects


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


def count_merits(corpus, keys, counts, pieces):
    """int32 [pieces^2] by the keys of count_links: for how many target tokens s was the
    piece of its sentence with the highest links(s, t) / count(s)."""
    strength = np.zeros(pieces * pieces, np.float32)
    strength[keys] = counts / np.bincount(corpus.src, minlength=pieces)[keys // pieces]
    merits = np.zeros(pieces * pieces, np.int32)
    src_size, trg_size = np.diff(corpus.src_at), np.diff(corpus.trg_at)
    for begin in range(0, len(corpus.tag), MERIT_PAIRS):
        pair = np.arange(begin, min(begin + MERIT_PAIRS, len(corpus.tag)))
        trg = corpus.trg[corpus.trg_at[begin]:corpus.trg_at[pair[-1] + 1]].astype(np.int64)
        trg_pair = np.repeat(pair, trg_size[pair])
        # One row for each target token and source token of its pair, target by target.
        rows = src_size[trg_pair]
        starts = np.cumsum(rows) - rows
        column = np.arange(rows.sum()) - np.repeat(starts, rows)
        key = corpus.src[np.repeat(corpus.src_at[trg_pair], rows) + column] * np.int64(pieces) + np.repeat(trg, rows)
        most = np.maximum.reduceat(strength[key], starts)
        hits = np.flatnonzero((strength[key] == np.repeat(most, rows)) & (strength[key] > 0))
        first = np.unique(np.repeat(np.arange(len(trg)), rows)[hits], return_index=True)[1]
        best, n = np.unique(key[hits[first]], return_counts=True)
        merits[best] += n.astype(np.int32)
    return merits


def choose_lists(corpus, merits, pieces, common, least, share):
    """-> [ids] of each source piece, sorted; EOS has the `common` ones, no other list does."""
    frequent = np.argsort(-np.bincount(corpus.trg, minlength=pieces), kind="stable")[:common]
    frequency = np.bincount(corpus.src, minlength=pieces)
    keep = merits.reshape(pieces, pieces) >= np.maximum(1, least + share * frequency)[:, None]
    keep[:, frequent] = False
    keep[EOS, frequent] = True
    return [np.flatnonzero(row) for row in keep]


def checksum(data):
    """Marian's hash of the u64 words of data; bytes beyond the last word are left out."""
    value = 0
    for word in struct.unpack_from(f"<{len(data) // 8}Q", data):
        value ^= (word + 0x9E3779B9 + (value << 6) + (value >> 2)) & (2**64 - 1)
    return value


def write(path, lists):
    offsets = np.concatenate([[0], np.cumsum([len(ids) for ids in lists])])
    body = struct.pack("<4Q", FIRST, max(map(len, lists)), len(offsets), offsets[-1])
    body += offsets.astype("<u8").tobytes() + np.concatenate(lists).astype("<u4").tobytes()
    with replacing(path, "wb") as file:
        file.write(struct.pack("<2Q", MAGIC, checksum(body)) + body)


def check(pairs, lists):
    """Returns (share of target tokens that are in their sentence's set, its mean size)."""
    hits, sizes = 0, []
    for i in range(len(pairs.tag)):
        source = pairs.src[pairs.src_at[i]:pairs.src_at[i + 1]]
        target = pairs.trg[pairs.trg_at[i]:pairs.trg_at[i + 1]]
        allowed = np.unique(np.concatenate([np.arange(FIRST), source, *(lists[s] for s in source)]))
        hits += np.isin(target, allowed).sum()
        sizes.append(len(allowed))
    return hits / len(pairs.trg), np.mean(sizes)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("corpus", "vocab", "out"):
        parser.add_argument(name)
    parser.add_argument("--common", type=int, default=800)
    parser.add_argument("--least", type=int, default=2)
    parser.add_argument("--share", type=float, default=0.0001)
    parser.add_argument("--check")
    args = parser.parse_args()
    pieces, corpus = len(spm.SentencePieceProcessor(args.vocab)), load(args.corpus)
    merits = count_merits(corpus, *count_links(corpus, pieces), pieces)
    lists = choose_lists(corpus, merits, pieces, args.common, args.least, args.share)
    write(args.out, lists)
    print(f"{pieces} pieces, {sum(map(len, lists))} ids, {os.path.getsize(args.out)} bytes")
    if args.check:
        share, size = check(load(args.check), lists)
        print(f"{args.check}: {100 * share:.2f} % of the target tokens are allowed; {size:.0f} ids a sentence")


if __name__ == "__main__":
    main()
