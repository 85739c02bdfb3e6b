"""Sequence-level distillation (Kim & Rush 2016): the whole corpus translated by a teacher with a beam, in shards.

What: `python distill.py TEACHER.bin CORPUS.npz OUT_DIR` writes OUT_DIR/shard-NNNNN.npz, each once and whole, so that a stopped
run goes on where it was; `--merge OUT.npz` writes the encoded corpus of the teacher's pairs, with what its guided attention
looked at as their links, and `--originals OUT.npz` the same pairs as people wrote them (ablate.py). Under torchrun each
process takes every world-th shard; several on one GPU hide each other's waiting. With --minutes they begin shards until that
time is over, and --merge takes what there is: a sample, since shards are drawn at random. With --nearest each pair has, of what
the beam ends with, not the teacher's first choice but what is nearest to the people's translation (Kim & Rush, section 3.3).
What not: no training; the teacher has the student's vocabulary. Lines made by augment.py are not translated: they are for
the student to learn from as they are.
Who calls: campaign.py.
"""

import argparse
import collections
import os
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import torch

from augment import KINDS
from combine import chosen, join, save
from decode import EOS, hypotheses, pad_rows
from encode import load, offsets
from marian import load_model

SHORTEST, LONGEST, SLACK = 0.5, 1.6, 6  # pieces of a plausible translation, times those of the source; give or take a few
LINK = 0.25  # least attention of a link


def originals(corpus):
    """Indices of the pairs that augment.py did not make."""
    made = np.array([tag.partition("/")[2] in (*KINDS, "several") for tag in corpus.tags])
    return np.flatnonzero(~made[corpus.tag])


def batches(lengths, tokens):
    """Index arrays, in order of length, such that a padded batch has at most `tokens` tokens."""
    order, begin = np.argsort(lengths, kind="stable"), 0
    for end in range(1, len(order) + 1):
        if end == len(order) or (end - begin + 1) * lengths[order[end]] > tokens:
            yield order[begin:end]
            begin = end


def plausible(source, output):
    """Of a fitting length, and not the same few pieces over and over. Both without EOS."""
    if not SHORTEST * len(source) - SLACK <= len(output) <= LONGEST * len(source) + SLACK:
        return False
    triples = [tuple(output[i:i + 3]) for i in range(len(output) - 2)]
    return len(output) > 0 and len(triples) <= 2 * len(set(triples)) + 2


def shared(ids, wanted):
    """How near two lists of ids are: the share of both lists' runs of one to three pieces that they have in common, 0 to 1."""
    one, other = (collections.Counter(tuple(x[i:i + n]) for n in (1, 2, 3) for i in range(len(x) - n + 1)) for x in (ids, wanted))
    return 2 * (one & other).total() / max(1, one.total() + other.total())


@torch.inference_mode()
def linked(model, sources, outputs, device):
    """What the guided head looked at, as links [k,2] (target row, source column) of each pair; EOS with EOS, first."""
    (src, src_mask), (trg, trg_mask) = (pad_rows(side, device) for side in (sources, outputs))
    _, attention = model.decode(trg, *model.encode(src, src_mask))
    weight, column = (x.cpu().numpy() for x in attention.float().max(-1))
    links = []
    for row, (source, output) in enumerate(zip(sources, outputs)):
        where = np.flatnonzero(weight[row, :len(output) - 1] > LINK)
        links.append(np.concatenate([[[len(output) - 1, len(source) - 1]], np.stack([where, column[row, where]], 1)]))
    return links


def translate_shard(model, corpus, args, device):
    """-> arrays of encode.py for the target side, and which pairs are kept: the plausible ones, and near enough."""
    sources = [corpus.src[a:b].tolist() for a, b in zip(corpus.src_at[:-1], corpus.src_at[1:])]
    outputs, links = [[]] * len(sources), [None] * len(sources)

    def human(i):
        return corpus.trg[corpus.trg_at[i]:corpus.trg_at[i + 1] - 1].tolist()

    def choose(some, i):
        return some[0] if args.nearest is None else max(some, key=lambda ids: shared(ids, human(i)))

    low = torch.autocast(torch.device(device).type, getattr(torch, args.dtype), enabled=args.dtype != "float32")
    for part in batches(np.diff(corpus.src_at), args.tokens):
        rows = [sources[i] for i in part]
        with low:
            found = [choose(some, i) + [EOS] for i, some in zip(part, hypotheses(model, rows, args.beam, device, LONGEST))]
            looked = linked(model, rows, found, device)
        for index, ids, link in zip(part, found, looked):
            outputs[index], links[index] = ids, link
    good = np.array([plausible(s[:-1], o[:-1]) and (args.nearest is None or shared(o[:-1], human(i)) >= args.nearest)
                     for i, (s, o) in enumerate(zip(sources, outputs))])
    return {"trg": np.concatenate(outputs).astype(np.uint16), "trg_at": offsets(outputs), "good": good,
            "links": np.concatenate(links).astype(np.uint8), "links_at": offsets(links)}


def shards(corpus, size):
    """(number, indices of the pairs): all that augment.py did not make, in an order that the number of pairs decides alone."""
    index = np.random.default_rng(1).permutation(originals(corpus))
    return list(enumerate(index[begin:begin + size] for begin in range(0, len(index), size)))


def distill(args):
    rank, world = int(os.environ.get("RANK", 0)), int(os.environ.get("WORLD_SIZE", 1))
    device = f"cuda:{rank % max(1, torch.cuda.device_count())}" if args.device == "cuda" else args.device
    run_began = time.perf_counter()
    model, corpus = load_model(args.teacher).to(device).eval(), load(args.corpus)
    args.out.mkdir(parents=True, exist_ok=True)
    for number, index in shards(corpus, args.shard):
        path = args.out / f"shard-{number:05}.npz"
        if number % world != rank or path.exists():
            continue
        if args.minutes and time.perf_counter() - run_began > 60 * args.minutes:
            break
        shard_began = time.perf_counter()
        done = translate_shard(model, chosen(corpus, index), args, device)
        save(path, SimpleNamespace(**done))
        print(f"shard {number}: {len(index) / (time.perf_counter() - shard_began):.1f} lines/s, "
              f"{100 * done['good'].mean():.1f} % kept", flush=True)


def merge(args):
    """All shards that are there as one encoded corpus, without what is not to be kept."""
    corpus, parts, index = load(args.corpus), [], []
    for number, of_shard in shards(corpus, args.shard):
        path = args.out / f"shard-{number:05}.npz"
        if not path.exists():
            print(f"{path} is not there: {len(of_shard)} pairs are left out")
            continue
        part = load(path)
        if len(part.good) != len(of_shard):
            raise ValueError(f"{path} has {len(part.good)} lines for {len(of_shard)} pairs: was it made with another --shard?")
        parts.append(part)
        index.append(of_shard)
    if not parts:
        raise SystemExit(f"{args.out} has no shards")
    out = chosen(corpus, np.concatenate(index))
    out.tags = np.array([tag.partition("/")[0] + "/distilled" for tag in out.tags])
    for name in ("trg", "links"):
        join(out, name, parts)
    good = np.concatenate([part.good for part in parts])
    if args.originals:
        save(args.originals, chosen(corpus, np.concatenate(index)[good]))
    out = chosen(out, np.flatnonzero(good))
    out.tags, new = np.unique(out.tags, return_inverse=True)  # "mdn" and "mdn/prose" are one now
    out.tag = new.astype(np.uint16)[out.tag]
    save(args.merge, out)
    print(f"{len(good)} pairs translated, {good.sum()} of them kept")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("teacher")
    parser.add_argument("corpus", help="encoded, in the teacher's direction")
    parser.add_argument("out", type=Path)
    parser.add_argument("--merge", type=Path, help="instead of translating: the encoded corpus to write from the shards")
    parser.add_argument("--originals", type=Path, help="with --merge: the same pairs, untranslated")
    parser.add_argument("--beam", type=int, default=4)
    parser.add_argument("--nearest", type=float, metavar="LEAST", help="of what the beam ends with, what is nearest to the "
                        "people's translation, and the pair only if that shares so much with it, 0 to 1")
    parser.add_argument("--shard", type=int, default=5000, help="pairs")
    parser.add_argument("--tokens", type=int, default=2000, help="padded source tokens of a batch, times the beam in rows")
    parser.add_argument("--dtype", choices=("float32", "float16", "bfloat16"), default="float32",
                        help="of products: float16 finds what float32 finds but for one sentence in 15, bfloat16 one in three")
    parser.add_argument("--minutes", type=float, help="begin no shard after so many")
    parser.add_argument("--device", default="cpu")
    args = parser.parse_args()
    if args.merge:
        merge(args)
    else:
        distill(args)


if __name__ == "__main__":
    main()
