"""Writes a trained Transformer as Bergamot and Firefox ship theirs: int8 weights
and fixed multipliers ("alphas") for the inputs of the products.

What: `python export_intgemm.py MODEL.bin VOCAB.model TEXT OUT_PREFIX` ->
OUT_PREFIX.bin (intgemm8) and OUT_PREFIX.spm. MODEL.bin is float32; TEXT has
source sentences, one a line (or the English column of a pairs file), on which
the float model runs to see how large the inputs get.
What not: no shortlist (lexicon.py); not what our own engine ships (`dolmetsch pack`).
Who calls: by hand, for scripts/bench/peer.mjs.
"""

import argparse
from pathlib import Path

import numpy as np
import sentencepiece as spm

from decode import translate
from files import replacing
from marian import FLOAT32, INT8, OPTIONS, load_model, options_text, put_weights, write_blobs
from model import Transformer

INTGEMM8 = 0x4101
ALIGN = 256
# Range of an input: mean of the largest magnitudes of its calls, and so many
# standard deviations. Larger values are clipped.
DEVIATIONS = 1.1


class Watched(Transformer):
    """Notes for each weight the largest magnitude of its input, call by call."""

    def __init__(self, config):
        super().__init__(config)
        self.seen = {}

    def note(self, weight, x):
        self.seen.setdefault(weight, []).append(x.abs().max().item())

    def affine(self, x, prefix, name):
        self.note(f"{prefix}_W{name}", x)
        return super().affine(x, prefix, name)

    def ssru(self, x, prefix, state=None):
        self.note(prefix + "_W", x)
        self.note(prefix + "_Wf", x)
        return super().ssru(x, prefix, state)

    def logits(self, states):
        self.note("Wemb", states)
        return super().logits(states)


def widened(model):
    """name -> array. The peer wants every feed-forward layer as wide as the options say; a unit of zeros says nothing."""
    items, ffn = {name: weight.detach().numpy() for name, weight in model.weights.items()}, model.config.ffn
    for name, axis in (("W1", 1), ("b1", 1), ("W2", 0)):
        for key in [key for key in items if key.endswith("_ffn_" + name)]:
            room = [(0, ffn - size if at == axis else 0) for at, size in enumerate(items[key].shape)]
            items[key] = np.pad(items[key], room)
    return items


def measure_alphas(config, items, vocab, texts):
    """weight -> 127 / range of its input; an input that is always 0 (all units of a
    feed-forward layer off) has the range 1."""
    watched = Watched(config)
    put_weights(watched, items)
    translate(watched, vocab, texts)
    ranges = {name: np.mean(seen) + DEVIATIONS * np.std(seen) for name, seen in watched.seen.items()}
    return {name: np.float32(127 / (value or 1)) for name, value in ranges.items()}


def padded(data):
    return data + bytes(-len(data) % ALIGN)


def quantise(name, weight):
    """[in, out] float32 -> out rows of in int8, then the multiplier; real value =
    int8 / multiplier. An embedding [V, D] keeps its rows."""
    multiplier = np.float32(127) / np.abs(weight).max()
    rounded = np.clip(np.rint(weight * multiplier), -127, 127).astype(np.int8)
    rows = rounded if "Wemb" in name else rounded.T
    return np.ascontiguousarray(rows).tobytes() + multiplier.tobytes()


def blobs(items, alphas):
    """Float32 items and alphas as the blobs of the quantised file."""
    out = []
    for name, value in items.items():
        if name in alphas:
            out.append((name, INTGEMM8, value.shape, padded(quantise(name, value))))
        else:
            out.append((name, FLOAT32, value.shape, padded(value.tobytes())))
    out += [(f"{name}_QuantMultA", FLOAT32, (1,), padded(alpha.tobytes())) for name, alpha in alphas.items()]
    # Older engines look for the output's alpha under this name.
    out.append(("none_QuantMultA", FLOAT32, (1,), padded(alphas["Wemb"].tobytes())))
    return sorted(out)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("model", "vocab", "text", "prefix"):
        parser.add_argument(name)
    parser.add_argument("--lines", type=int, default=500, help="of TEXT are used")
    args = parser.parse_args()
    with open(args.text, encoding="utf-8") as file:
        lines = [line.rstrip("\n").split("\t") for line in file][:args.lines]
    texts = [fields[1] if len(fields) > 2 else fields[0] for fields in lines]
    model = load_model(args.model)
    items = widened(model)
    alphas = measure_alphas(model.config, items, spm.SentencePieceProcessor(args.vocab), texts)
    matrices = {name for name, value in items.items() if value.shape[0] > 1}
    options = np.frombuffer(options_text(model.config).encode() + b"\0", np.int8)
    if matrices != alphas.keys():
        raise ValueError(f"no input was seen, or no weight is there, for {sorted(matrices ^ alphas.keys())}")
    write_blobs(args.prefix + ".bin", [*blobs(items, alphas), (OPTIONS, INT8, options.shape, options.tobytes())])
    with replacing(args.prefix + ".spm", "wb") as file:
        file.write(Path(args.vocab).read_bytes())
    print(f"{len(texts)} lines; {len(alphas)} matrices; alphas {min(alphas.values()):.2f} to {max(alphas.values()):.2f}")


if __name__ == "__main__":
    main()
