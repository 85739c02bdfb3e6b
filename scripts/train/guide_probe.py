"""What to guide an attention head by: eflomal's links, or the attention of a model that has one already.

What: `python guide_probe.py WORK PAIRS.tsv LINKS.txt ALIGNER MODEL SET`. MODEL is a packed Transformer; its guided head
changes places with an unguided one of the same layer (--head), so that the guided place begins with a head that was never
taught, in a model that has lost nothing. Two copies then learn from the same pairs in the same order, one guided by the
links of align.py, one by those that the attention of ALIGNER (a packed model) gives with the reference forced. Prints the
alignment error rate of that head on SET before and after, in Markdown.
What not: no claim about a model guided from its first update; no marks in either guide (align_error.py has none).
Who calls: by hand; docs/generations.md has the table.
"""

import argparse
import random
import subprocess
import sys
from pathlib import Path

import sentencepiece as spm
import torch

from align_error import attention_links, given_links, score
from alignment_set import Pair, read_set
from marian import load_model, save_model
from pairs import links_line, parse, read_links
from read_model import load_packed

HERE = Path(__file__).resolve().parent


def sample(pairs_path, links_path, count, seed):
    """-> [(line of pairs, Pair, links line)]: count lines chosen at random."""
    with open(pairs_path, encoding="utf-8", newline="\n") as pairs, open(links_path, encoding="ascii") as links:
        lines = list(zip(pairs, links, strict=True))
    chosen = random.Random(seed).sample(lines, count)
    return [(pair, Pair(*parse(pair), set(), set()), link) for pair, link in chosen]


def write_links(path, found):
    path.write_text("".join(map(links_line, found)), encoding="ascii")


@torch.no_grad()
def exchange_heads(model, one, other):
    """Two heads of the last decoder layer's attention on the source change places; what the model computes stays."""
    width = model.config.dim // model.config.heads
    prefix = f"decoder_l{model.config.decoder_layers}_context_"
    first, second = (slice(head * width, (head + 1) * width) for head in (one, other))
    for name in "qkv":
        for tensor in (model.weights[f"{prefix}W{name}"], model.weights[f"{prefix}b{name}"]):
            tensor[:, first], tensor[:, second] = tensor[:, second].clone(), tensor[:, first].clone()
    rows = model.weights[prefix + "Wo"]
    rows[first], rows[second] = rows[second].clone(), rows[first].clone()


def run(script, *arguments):
    subprocess.run([sys.executable, str(HERE / script), *map(str, arguments)], check=True, stdout=sys.stderr)


def train(args, name):
    """Encodes the sample with the links `name` and trains on it -> the trained model's file."""
    work = args.work
    run("encode.py", work / "sample.tsv", work / f"{name}.links", work / "vocab.model", work / f"{name}.npz")
    run("train.py", work / f"{name}.npz", work / "vocab.model", work / name, "--warm-start", work / "start.bin",
        "--target-tokens", args.target_tokens, "--lr", 3e-4, "--warmup", 10, "--short-tokens", 0, "--tokens", 1600,
        "--guide", 1, "--guide-end", 1, "--ema", 0.9, "--threads", args.threads)
    return work / name / "final.bin"


def prepare(args):
    """Sample, both guides and the start -> the vocabulary."""
    args.work.mkdir(parents=True, exist_ok=True)
    chosen = sample(args.pairs, args.links, args.count, args.seed)
    (args.work / "sample.tsv").write_text("".join(line for line, _, _ in chosen), encoding="utf-8", newline="\n")
    (args.work / "all.links").write_text("".join(links for _, _, links in chosen), encoding="ascii")
    pairs = [pair for _, pair, _ in chosen]
    write_links(args.work / "eflomal.links", given_links(args.work / "all.links", pairs))
    aligner, vocab = load_packed(args.aligner)
    (args.work / "vocab.model").write_bytes(vocab)
    vocab = spm.SentencePieceProcessor(model_proto=vocab)
    ((_, found),) = [item for item in attention_links(aligner, vocab, pairs).items() if item[0] == (1, 1, 0)]
    write_links(args.work / "attention.links", found)
    model, own = load_packed(args.model)
    if own != (args.work / "vocab.model").read_bytes():
        raise SystemExit(f"{args.aligner} and {args.model} have different vocabularies")
    exchange_heads(model, 0, args.head - 1)
    save_model(args.work / "start.bin", model.config, model.weights)
    return vocab


def agreement(work):
    """F1 of the two guides' links with each other."""
    one, other = ([set(links) for links in read_links(work / f"{name}.links")] for name in ("eflomal", "attention"))
    return 2 * sum(len(a & b) for a, b in zip(one, other)) / sum(len(a) + len(b) for a, b in zip(one, other))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("work", type=Path)
    for name in ("pairs", "links", "aligner", "model", "set"):
        parser.add_argument(name)
    parser.add_argument("--head", type=int, default=3, help="the unguided head that is to learn, from 1")
    parser.add_argument("--count", type=int, default=8000, help="pairs")
    parser.add_argument("--target-tokens", type=float, default=250e3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args()
    vocab, aligned = prepare(args), read_set(args.set)
    print(f"The guides agree to {100 * agreement(args.work):.1f} % (F1 of their links, {args.count} pairs).\n")
    print("| | AER | accuracy |\n|---|---|---|")
    for name, path in (("before", args.work / "start.bin"), *((n, train(args, n)) for n in ("eflomal", "attention"))):
        model = load_model(path)
        found = attention_links(model, vocab, aligned)[model.config.decoder_layers, 1, 0]
        scores = score(found, aligned)
        print(f"| {name} | {100 * scores['aer']:.1f} | {100 * scores['accuracy']:.1f} |", flush=True)


if __name__ == "__main__":
    main()
