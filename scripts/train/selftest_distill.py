"""Tests of what is learned from a teacher: its translations (distill.py) and what it expects (loss.py, update.py).

What: check_* functions; a failure ends the process.
Who calls: selftest.py.
"""

import dataclasses
from types import SimpleNamespace

import numpy as np
import torch
from torch.nn import functional as func

from batches import collate
from combine import chosen, save
from decode import EOS, hypotheses
from distill import LONGEST, merge, plausible, shards, shared, translate_shard
from encode import offsets
from golden import spread_weights
from loss import CPU_CHUNK, cross_entropy
from marian import make_model
from model import Config
from selftest_recipe import check, some_corpus
from update import Update


def check_plausible():
    source = list(range(2, 22))
    check(plausible(source, source), "distill: a translation of that length is plausible")
    check(not plausible(source, source * 2), "distill: one of twice the length is not")
    check(not plausible(source, [7, 8, 9] * 7), "distill: nor one that repeats itself")
    check(not plausible([5, 6], []), "distill: nor an empty one")
    check(shared([2, 3, 4, 9, 6], [2, 3, 4, 5, 6]) == 14 / 24, "distill: near is what shares pieces, pairs and triples")
    check(shared([6, 5, 4, 3, 2], [2, 3, 4, 5, 6]) == 10 / 24, "distill: pieces in another order are not so near")
    check(shared([2, 3, 4, 5], [2, 3, 4, 5]) == 1 > shared([2, 3, 4, 5, 6], [2, 3, 4, 5]),
          "distill: what is too much counts against it")


def check_merge(work):
    """Shards as one corpus: what is plausible of them, beside the same pairs as people wrote them."""
    corpus, good = some_corpus(), []
    save(work / "some.npz", corpus)
    (work / "merged-shards").mkdir()
    for number, index in shards(corpus, 15):
        part = chosen(corpus, index)
        good.append(np.arange(len(index)) % 3 > 0)
        save(work / f"merged-shards/shard-{number:05}.npz", SimpleNamespace(
            trg=part.trg + 100, trg_at=part.trg_at, links=part.links, links_at=part.links_at, good=good[-1]))
    merge(SimpleNamespace(corpus=work / "some.npz", out=work / "merged-shards", shard=15, merge=work / "merged.npz",
                          originals=work / "originals.npz"))
    index = np.concatenate([each for _, each in shards(corpus, 15)])[np.concatenate(good)]
    wanted, there, here = chosen(corpus, index), np.load(work / "merged.npz"), np.load(work / "originals.npz")
    check(0 < len(index) < len(corpus.tag) and all(np.array_equal(here[name], getattr(wanted, name)) for name in
          ("src", "src_at", "trg", "trg_at", "tag")), "distill: the originals are the plausible pairs as they were")
    check(np.array_equal(there["src"], wanted.src) and np.array_equal(there["trg"], wanted.trg + 100),
          "distill: beside them the teacher's, of the same sources")
    (work / "merged-shards/shard-00001.npz").unlink()
    merge(SimpleNamespace(corpus=work / "some.npz", out=work / "merged-shards", shard=15, merge=work / "merged.npz",
                          originals=None))
    first, without = good[0].sum(), len(index) - good[1].sum()
    fewer = np.load(work / "merged.npz")
    check(np.array_equal(fewer["trg"][:wanted.trg_at[first]], wanted.trg[:wanted.trg_at[first]] + 100)
          and len(fewer["tag"]) == without,
          "distill: a shard that was never made is left out, the others stay with their sources")


def check_nearest():
    """Where people wrote what the teacher has in last place, --nearest finds that, not the teacher's first choice."""
    torch.manual_seed(3)
    model, corpus = make_model(Config(vocab=96, dim=32, ffn=64, heads=4, encoder_layers=1)).eval(), some_corpus(12)
    spread_weights(model, 1)
    with torch.no_grad():
        model.weights[model.output_bias][0, EOS] += 6  # or it never ends
    sources = [corpus.src[a:b].tolist() for a, b in zip(corpus.src_at[:-1], corpus.src_at[1:])]
    last = [max(reversed(found), key=bool) + [EOS] for found in hypotheses(model, sources, 4, longest=LONGEST)]  # not empty
    other = SimpleNamespace(**vars(corpus) | {"trg": np.concatenate(last).astype(np.uint16), "trg_at": offsets(last)})

    def made(corpus, nearest):
        return translate_shard(model, corpus, SimpleNamespace(beam=4, tokens=900, dtype="float32", nearest=nearest), "cpu")
    near, first = made(other, 1.0), made(other, None)
    check(np.array_equal(near["trg"], other.trg) and near["good"].any(), "distill: --nearest takes what people wrote")
    check(not np.array_equal(first["trg"], other.trg), "distill: without, the teacher's first choice")
    check(not made(corpus, 1.0)["good"].any(), "distill: --nearest leaves out what does not share enough")


def check_imitation():
    """The loss with a teacher, and its gradient, as PyTorch has them; with the model itself as teacher nothing is to learn."""
    torch.manual_seed(2)
    small = Config(vocab=20, dim=8, ffn=16, heads=2, encoder_layers=1, decoder_layers=1)
    model, teacher = make_model(small), make_model(dataclasses.replace(small, dim=16)).eval()
    states, logits = torch.randn(2 * CPU_CHUNK + 3, 8, requires_grad=True), torch.randn(2 * CPU_CHUNK + 3, 20)
    gold, weights = torch.arange(len(states)) % 20, torch.arange(len(states)) % 3.0
    loss, _ = cross_entropy(model, states, gold, weights, 0.1, torch.float32, logits, 0.4)
    own = model.logits(states)
    wanted = (weights * (0.6 * func.cross_entropy(own, gold, reduction="none", label_smoothing=0.1)
                         + 0.4 * func.cross_entropy(own, logits.softmax(1), reduction="none"))).sum()
    ours, theirs = (torch.autograd.grad(x, states)[0] for x in (loss, wanted))
    check(torch.allclose(loss, wanted, rtol=1e-5) and torch.allclose(ours, theirs, atol=1e-5),
          "loss: a share of it is a teacher's")
    alone, _ = cross_entropy(model, states, gold, None, 0.1, torch.float32, model.logits(states).detach(), 1.0)
    check(torch.autograd.grad(alone, states)[0].abs().max() < 1e-6, "loss: nothing is left to learn from oneself")
    corpus = some_corpus(8)
    corpus.src, corpus.trg = corpus.src % 20, corpus.trg % 20
    batch = collate(corpus, np.arange(8))
    update = Update(model, [], "cpu", torch.float32, 0.1, 1.0, teacher=teacher, imitation=0.4)
    mask = batch["trg_mask"]
    mixed, plain, _ = update.losses(**batch)
    update.imitation = 0.0
    alone, same, _ = update.losses(**batch)
    with torch.no_grad():
        (student, _), (expected, _) = (
            each.decode(batch["trg"], *each.encode(batch["src"], batch["src_mask"])) for each in (model, teacher))
        other = func.cross_entropy(model.logits(student)[mask], teacher.logits(expected)[mask].softmax(1), reduction="sum")
    check(torch.allclose(mixed, 0.6 * alone + 0.4 * other, rtol=1e-5) and plain == same,
          "update: the teacher reads what the model reads")
