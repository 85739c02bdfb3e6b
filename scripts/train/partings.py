"""Where two translations of the same lines part, what does the float model say?

What: `python partings.py MODEL.bin VOCAB.model TEXT A.txt B.txt`: lines that are
equal, lines equal to the float model's own output, and at the first piece that
differs the margin ln p(A's piece) - ln p(B's piece). Small margins are near ties,
which rounding decides; their sign says which side the float model is on.
What not: no BLEU (evaluate.py). Texts are cut into pieces anew, so a parting
inside a word may be seen one piece early.
Who calls: by hand, on the outputs that scripts/bench/peer.mjs --save writes.
"""

import argparse

import numpy as np
import sentencepiece as spm
import torch

from decode import EOS, translate
from marian import load_model

TIE = 0.5  # nats


def read_lines(path):
    with open(path, encoding="utf-8") as file:
        return [line.rstrip("\n").split("\t")[0] for line in file]


@torch.inference_mode()
def margin(model, source, a, b):
    """Lists of ids, each ending in EOS; a and b differ."""
    at = next(i for i, (x, y) in enumerate(zip(a, b)) if x != y)
    src = torch.tensor([source])
    memory, bias = model.encode(src, torch.ones_like(src, dtype=torch.bool))
    states, _ = model.decode(torch.tensor([a[:at + 1]]), memory, bias)
    logits = model.logits(states[0, at])
    return (logits[a[at]] - logits[b[at]]).item()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("model", "vocab", "text", "a", "b"):
        parser.add_argument(name)
    args = parser.parse_args()
    model, vocab = load_model(args.model), spm.SentencePieceProcessor(args.vocab)
    a, b = read_lines(args.a), read_lines(args.b)
    if not a or len(a) != len(b):
        raise ValueError(f"{len(a)} and {len(b)} lines: the same number is needed, and at least one")
    texts = read_lines(args.text)[:len(a)]
    own = translate(model, vocab, texts)
    ids = [[vocab.encode(text) + [EOS] for text in side] for side in (texts, a, b)]
    margins = np.array([margin(model, *line) for line in zip(*ids) if line[1] != line[2]])
    print(f"{len(a)} lines; equal {sum(x == y for x, y in zip(a, b))}; the float model's own output: "
          f"A {sum(x == y for x, y in zip(a, own))}, B {sum(x == y for x, y in zip(b, own))}")
    if len(margins):
        half, most, worst = np.quantile(np.abs(margins), [0.5, 0.9, 1])
        print(f"partings {len(margins)}: margin below {TIE} nats in {(np.abs(margins) < TIE).sum()}; "
              f"median {half:.2f}, nine in ten below {most:.2f}, largest {worst:.2f}; "
              f"the float model prefers A's piece in {(margins > 0).sum()}")


if __name__ == "__main__":
    main()
