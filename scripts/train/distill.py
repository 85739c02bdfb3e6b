"""Sequence-level distillation: the whole corpus translated by a teacher with a beam, in shards.

What: `python distill.py TEACHER.bin VOCAB.model PAIRS.tsv OUT_DIR` writes OUT_DIR/shard-NNNNN.tsv, each once and whole, so that a
stopped run goes on where it was; `--merge OUT.tsv` writes SOURCE/distilled pairs, and the originals too with --keep.
Under torchrun each process takes every world-th shard.
What not: no training; the new pairs need align.py before encode.py. The teacher's and the student's vocabularies may differ.
Who calls: campaign.py.
"""

import argparse
import os
import time
from pathlib import Path

import sentencepiece as spm
import torch

from data import is_sane
from decode import EOS, beam
from marian import load_model


def shards(pairs_path, size):
    """Yields lists of `size` (tag, English, German)."""
    with open(pairs_path, encoding="utf-8", newline="\n") as file:
        part = []
        for line in file:
            part.append(line.rstrip("\n").split("\t"))
            if len(part) == size:
                yield part
                part = []
        if part:
            yield part


def batches(sources, tokens):
    """Indices of lists of ids, in order of length, such that a padded batch has at most `tokens` tokens."""
    part = []
    for index in sorted(range(len(sources)), key=lambda i: len(sources[i])):
        if part and (len(part) + 1) * len(sources[index]) > tokens:
            yield part
            part = []
        part.append(index)
    if part:
        yield part


def translate_shard(model, vocab, texts, args, device):
    sources = [ids + [EOS] for ids in vocab.encode(texts)]
    out = [""] * len(sources)
    low = args.dtype != "float32"
    for part in batches(sources, args.tokens):
        with torch.autocast(torch.device(device).type, getattr(torch, args.dtype), enabled=low):
            found = beam(model, [sources[i] for i in part], args.beam, device)
        for index, ids in zip(part, found):
            out[index] = vocab.decode(ids)
    return out


def write(path, rows):
    """Lines of tab-separated fields; the file appears whole or not at all."""
    new = path.with_suffix(f".{os.getpid()}.new")
    with open(new, "w", encoding="utf-8", newline="\n") as file:
        file.writelines("\t".join(row) + "\n" for row in rows)
    new.replace(path)


def distill(args):
    rank, world = int(os.environ.get("RANK", 0)), int(os.environ.get("WORLD_SIZE", 1))
    device = f"cuda:{rank}" if args.device == "cuda" and world > 1 else args.device
    model = load_model(args.teacher).to(device).eval()
    vocab = spm.SentencePieceProcessor(args.vocab)
    args.out.mkdir(parents=True, exist_ok=True)
    side = 1 if args.source == "en" else 2
    for number, rows in enumerate(shards(args.pairs, args.shard)):
        path = args.out / f"shard-{number:05}.tsv"
        if number % world != rank or path.exists():
            continue
        began = time.perf_counter()
        outputs = translate_shard(model, vocab, [row[side] for row in rows], args, device)
        write(path, [[" ".join(output.split())] for output in outputs])
        print(f"shard {number}: {len(rows) / (time.perf_counter() - began):.1f} lines/s", flush=True)


def merged(row, output, source, keep):
    """The pairs that a line of the corpus becomes: with the teacher's output, where that is a plausible translation,
    and as it was, where it is not or where `keep` asks for it and it differs."""
    tag, english, german = row
    texts = [english, output] if source == "en" else [output, german]
    plausible = is_sane(*texts)
    new = [[f"{tag.split('/')[0]}/distilled", *texts]] if plausible else []
    return new + [row] * (not plausible or keep and texts != [english, german])


def merge(args):
    """All shards as one table of pairs."""
    rows = []
    for number, originals in enumerate(shards(args.pairs, args.shard)):
        path = args.out / f"shard-{number:05}.tsv"
        outputs = path.read_text(encoding="utf-8").split("\n")[:-1]
        if len(outputs) != len(originals):
            raise ValueError(f"{path} has {len(outputs)} lines for {len(originals)} pairs: was it made with another --shard?")
        for row, output in zip(originals, outputs):
            rows += merged(row, output, args.source, args.keep)
    write(args.merge, rows)
    distilled = sum(row[0].endswith("/distilled") for row in rows)
    print(f"{len(rows)} pairs, {distilled} with the teacher's translation")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("teacher")
    parser.add_argument("vocab")
    parser.add_argument("pairs")
    parser.add_argument("out", type=Path)
    parser.add_argument("--merge", type=Path, help="instead of translating: the table to write from the shards")
    parser.add_argument("--keep", action="store_true", help="with --merge: the originals beside the teacher's translations")
    parser.add_argument("--source", choices=("en", "de"), default="en", help="language that the teacher reads")
    parser.add_argument("--beam", type=int, default=4)
    parser.add_argument("--shard", type=int, default=5000, help="lines")
    parser.add_argument("--tokens", type=int, default=2000, help="padded source tokens of a batch, times the beam in rows")
    parser.add_argument("--dtype", choices=("float32", "bfloat16"), default="float32")
    parser.add_argument("--device", default="cpu")
    args = parser.parse_args()
    if args.merge:
        merge(args)
    else:
        distill(args)


if __name__ == "__main__":
    main()
