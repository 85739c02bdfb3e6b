"""Bytes against BLEU: a packed model with coarser weights, what compresses of it, and what it still translates.

What: `python size.py MODEL EVAL_DIR OUT_DIR [--lines 200]` rounds the int8 weights of a packed model (a folder of models/ or a
file) to fewer steps, group by group, writes each variant as a model file that the engine runs, and prints two tables: the
entropy of the weights as they are, and for each variant its bytes, plain and compressed, beside its BLEU.
What not: no training: a run that was finished with as many levels (train.py --bits) has less to lose; no format of its own:
variants stay int8 in the file, so that "entropy" and "gzip" are what a denser file would have.
Who calls: by hand; the tables stand in the model's card.
"""

import argparse
import subprocess
import zlib
from pathlib import Path

import numpy as np
import sacrebleu

from evaluate import every, read_set
from read_model import ALIGN, COLUMNS, DEPTH, I8, model_bytes, read_head, round_up
from score_engine import translate

ROOT = Path(__file__).parent.parent.parent
CLIPS = (1.0, 0.9, 0.8, 0.7, 0.6)  # of a column's largest magnitude; what is beyond is cut off


def group(name):
    if "Wemb" in name:
        return "embeddings"
    part = "feed-forward" if "_ffn_W" in name else "attention" if "_W" in name and "rnn" not in name else "SSRU"
    return f"{name.split('_')[0]} {part}"


class Matrix:
    """The parts of an I8 tensor inside the file's bytes, as views: changing them changes the file."""

    def __init__(self, data, name, dims, offset):
        k, n = (round_up(size, step) for size, step in zip(dims, (DEPTH, COLUMNS)))
        scale_at = round_up(k * n, ALIGN)
        sum_at = round_up(scale_at + 4 * n, ALIGN)
        self.name, self.group = name, group(name)
        self.values = np.frombuffer(data, np.int8, k * n, offset).reshape(n // COLUMNS, k // DEPTH, COLUMNS, DEPTH)
        self.scale = np.frombuffer(data, "<f4", n, offset + scale_at)
        self.sum = np.frombuffer(data, "<i4", n, offset + sum_at)

    def columns(self):
        """The weights as int8 [K,N]."""
        return self.values.transpose(1, 3, 0, 2).reshape(-1, len(self.scale))

    def set(self, columns, scale):
        steps = columns.astype(np.int8).reshape(self.values.shape[1], DEPTH, self.values.shape[0], COLUMNS)
        self.values[...] = steps.transpose(2, 0, 3, 1)
        self.scale[...] = scale
        self.sum[...] = columns.sum(0, dtype=np.int32)

    def coarsen(self, levels, one_scale):
        """Rounds to integers up to +-levels: a scale for each column, or one for all. The clip is the one with the least
        squared error, column by column."""
        weights = self.columns() * self.scale
        largest = np.abs(weights).max(axis=None if one_scale else 0, keepdims=True)
        best, chosen, chosen_scale = np.inf, 0, 0
        for clip in CLIPS:
            scale = np.broadcast_to(clip * largest / levels, (1, weights.shape[1])).astype(np.float32)
            integers = np.clip(np.rint(weights / np.maximum(scale, 1e-30)), -levels, levels)
            error = ((integers * scale - weights) ** 2).sum(axis=None if one_scale else 0, keepdims=True)
            better = error < best
            chosen, chosen_scale = np.where(better, integers, chosen), np.where(better, scale, chosen_scale)
            best = np.minimum(error, best)
        self.set(chosen, chosen_scale[0])


def entropy_bits(values):
    """Of one symbol, if each is coded by its own frequency in this tensor."""
    counts = np.unique(values, return_counts=True)[1]
    share = counts / counts.sum()
    return float(-(share * np.log2(share)).sum())


def matrices(data):
    return [Matrix(data, name, dims, offset) for name, kind, dims, offset, _ in read_head(bytes(data))[1] if kind == I8]


def weights_table(data):
    groups = {}
    for matrix in matrices(data):
        groups.setdefault(matrix.group, []).append(matrix.columns())
    print("| weights | values | entropy, bits a value | bytes by entropy | gzip |\n|---|---|---|---|---|")
    for name, parts in groups.items():
        count = sum(part.size for part in parts)
        bits = sum(entropy_bits(part) * part.size for part in parts)
        packed = sum(len(zlib.compress(part.tobytes(), 9)) for part in parts)
        print(f"| {name} | {count:,} | {bits / count:.2f} | {bits / 8:,.0f} | {packed:,} |", flush=True)


# Name -> (levels by group; "" is every other group, None as it is; one scale for a tensor)
VARIANTS = {
    "int8, a scale for each column": ({}, False), "int8, one scale for a tensor": ({"": 127}, True),
    "7 bits (+-63)": ({"": 63}, False), "6 bits (+-31)": ({"": 31}, False),
    "5 bits (+-15)": ({"": 15}, False), "4 bits (+-7)": ({"": 7}, False),
    "embeddings 6 bits": ({"embeddings": 31}, False), "embeddings 4 bits": ({"embeddings": 7}, False),
    "feed-forward 6 bits": ({"encoder feed-forward": 31, "decoder feed-forward": 31}, False),
    "feed-forward 4 bits": ({"encoder feed-forward": 7, "decoder feed-forward": 7}, False),
    "embeddings and feed-forward 6 bits": ({"embeddings": 31, "encoder feed-forward": 31, "decoder feed-forward": 31}, False),
}


def variant(data, levels, one_scale):
    """-> (bytes of a model file with coarser weights, bytes of its weights by entropy)"""
    changed, bits = bytearray(data), 0.0
    for matrix in matrices(changed):
        steps = levels.get(matrix.group, levels.get(""))
        if steps:
            matrix.coarsen(steps, one_scale)
        bits += entropy_bits(matrix.values) * matrix.values.size
    return bytes(changed), bits / 8


def brotli_bytes(path):
    """Node has brotli; Python has not."""
    program = ("const z = require('zlib'), d = require('fs').readFileSync(process.argv[1]);"
               "console.log(z.brotliCompressSync(d, {params: {[z.constants.BROTLI_PARAM_LGWIN]: 24}}).length)")
    return int(subprocess.run(["node", "-e", program, path], capture_output=True, text=True, check=True).stdout)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path)
    parser.add_argument("eval_dir", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--lines", type=int, default=200, help="of each set; 0: all")
    parser.add_argument("--sets", nargs="+", default=["docs-test", "flores-dev"])
    parser.add_argument("--source", choices=("en", "de"), default="en")
    parser.add_argument("--variants", nargs="+", choices=VARIANTS, default=list(VARIANTS))
    parser.add_argument("--brotli", action="store_true", help="also brotli at its best, which takes half a minute a file")
    parser.add_argument("--engine", default=str(ROOT / "build/dolmetsch"))
    args = parser.parse_args()
    data = model_bytes(args.model)
    weights_table(bytearray(data))
    sets = {name: [every(side, args.lines) for side in read_set(args.eval_dir, name, args.source)] for name in args.sets}
    args.out.mkdir(parents=True, exist_ok=True)
    other = len(data) - sum(matrix.values.size for matrix in matrices(bytearray(data)))
    names = ["weights", "weights by entropy", "with the rest of the file", "gzip", *["brotli"] * args.brotli,
             *(f"{name} BLEU" for name in sets)]
    print("\n| " + " | ".join(names) + " |\n|" + "---|" * len(names))
    for name in args.variants:
        changed, entropy = variant(data, *VARIANTS[name])
        path = args.out / f"{name.replace(' ', '-')}.dm"
        path.write_bytes(changed)
        cells = [name, f"{entropy:,.0f}", f"{entropy + other:,.0f}", f"{len(zlib.compress(changed, 9)):,}"]
        if args.brotli:
            cells.append(f"{brotli_bytes(path):,}")
        for source, reference in sets.values():
            outputs = translate(args.engine, str(path), [], source)
            cells.append(f"{sacrebleu.metrics.BLEU().corpus_score(outputs, [reference]).score:.2f}")
        print("| " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main()
