"""Turns pairs and word links into ids and piece links, as flat NumPy arrays.

What: `python encode.py PAIRS.tsv LINKS.txt VOCAB.model OUT.npz`; LINKS may be - for none.
What not: no sampling or batching (batches.py).
Who calls: campaign.py, after vocab.py; train.py reads the result by load().

Arrays, for n pairs: src, trg (uint16 ids, each side ends in EOS), links (uint8
[k,2]: target row, source column; EOS on EOS is the first), src_at, trg_at, links_at (int64 [n+1]
offsets), tag (uint16 [n], index into tags).
"""

import argparse
import contextlib
import itertools
import multiprocessing
from types import SimpleNamespace

import numpy as np
import sentencepiece as spm

from align import words
from files import replacing
from pairs import parse, parse_links

MAX_PIECES = 120
EOS = 0


def encode_text(vocab, text):
    """Returns (ids, owner): owner[p] is the word (align.words) that piece p begins
    in, or -1 for a piece of blanks. Offsets of the vocabulary count bytes."""
    pieces = vocab.encode(text, return_type="proto").pieces
    word_of_byte = np.full(len(text.encode()) + 1, -1)
    bytes_before = [0, *itertools.accumulate(len(c.encode()) for c in text)]
    for index, (begin, end) in enumerate(words(text)):
        word_of_byte[bytes_before[begin]:bytes_before[end]] = index
    owner = []
    for piece in pieces:
        hit = word_of_byte[piece.begin:max(piece.end, piece.begin + 1)]
        owner.append(int(hit[hit >= 0][0]) if (hit >= 0).any() else -1)
    return [piece.id for piece in pieces], owner


def pieces_by_word(owner):
    """word -> its pieces in order."""
    groups = {}
    for piece, word in enumerate(owner):
        if word >= 0:
            groups.setdefault(word, []).append(piece)
    return groups


def link_pieces(links, src_ids, src_owner, trg_ids, trg_owner):
    """Word links -> [(target piece, source piece)], with EOS on EOS. Words copied
    piece by piece are linked on the diagonal, others each to each."""
    src_groups, trg_groups = pieces_by_word(src_owner), pieces_by_word(trg_owner)
    out = [(len(trg_ids), len(src_ids))]
    for i, j in links:
        rows, columns = trg_groups.get(j, ()), src_groups.get(i, ())
        if [trg_ids[r] for r in rows] == [src_ids[c] for c in columns]:
            out.extend(zip(rows, columns))
        else:
            out.extend(itertools.product(rows, columns))
    return out


def encode_chunk(job):
    """Encodes a list of (pair line, links line) for one direction; returns [(tag, source, target, links)] and
    how many pairs are too long."""
    vocab_path, source, lines = job
    vocab = spm.SentencePieceProcessor(vocab_path)
    encoded = []
    for pair, links in lines:
        tag, english, german = parse(pair)
        texts, turn = ((english, german), 1) if source == "en" else ((german, english), -1)
        (src, src_owner), (trg, trg_owner) = (encode_text(vocab, text) for text in texts)
        if max(len(src), len(trg)) >= MAX_PIECES:
            continue
        links = link_pieces([link[::turn] for link in parse_links(links)], src, src_owner, trg, trg_owner)
        encoded.append((tag, np.array(src + [EOS], np.uint16), np.array(trg + [EOS], np.uint16),
                        np.array(links, np.uint8)))
    return encoded, len(lines) - len(encoded)


def chunks(pairs_path, links_path, vocab_path, source, size=20_000):
    no_links = contextlib.nullcontext(itertools.repeat(""))
    with open(pairs_path, encoding="utf-8", newline="\n") as pairs, no_links if links_path == "-" else open(links_path) as links:
        lines = zip(pairs, links, strict=links_path != "-")
        while chunk := list(itertools.islice(lines, size)):
            yield vocab_path, source, chunk


def offsets(arrays):
    return offsets_of([len(a) for a in arrays])


def offsets_of(lengths):
    return np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)


def load(path):
    """The arrays of the module's comment as attributes; all in memory."""
    return SimpleNamespace(**np.load(path))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("pairs", "links", "vocab", "out"):
        parser.add_argument(name)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--source", choices=("en", "de"), default="en", help="de: the pairs turned round")
    args = parser.parse_args()
    encoded, too_long = [], 0
    with multiprocessing.Pool(args.jobs) as pool:
        for chunk, left_out in pool.imap(encode_chunk, chunks(args.pairs, args.links, args.vocab, args.source)):
            encoded.extend(chunk)
            too_long += left_out
    tags, tag = np.unique([e[0] for e in encoded], return_inverse=True)
    arrays = {"tags": tags, "tag": tag.astype(np.uint16)}
    for position, name in enumerate(("src", "trg", "links"), 1):
        column = [e[position] for e in encoded]
        arrays[name], arrays[name + "_at"] = np.concatenate(column), offsets(column)
    with replacing(args.out, "wb") as file:
        np.savez(file, **arrays)
    print(f"{len(tag)} pairs, {len(arrays['src'])} source and {len(arrays['trg'])} target tokens; "
          f"{too_long} pairs of more than {MAX_PIECES - 1} pieces are left out")


if __name__ == "__main__":
    main()
