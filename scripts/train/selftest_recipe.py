"""Tests of the recipe's own steps: beam, rounding, batches, means, and a whole campaign that is stopped once.

What: functions that exit with a message on failure; the campaign has every stage on a few hundred pairs, with two processes.
What not: no quality of translation.
Who calls: selftest.py.
"""

import dataclasses
import itertools
import json
import lzma
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import sentencepiece as spm
import torch

import quantise
from decode import EOS, UNK, beam, greedy, translate
from batches import Batches, GridBatches, collate
from combine import Part, chosen, combined, save, turned
from encode import offsets, offsets_of
from golden import spread_weights
from interpolate import interpolated
from loss import cross_entropy
from marian import make_model
from model import Config, recur_by_doubling, recur_by_step
from muon import Muon
from read_model import load_packed
from rounding import coarse_value, rounded

HERE = Path(__file__).parent
ROOT = HERE.parent.parent


def check_quietly(condition, what):
    if not condition:
        sys.exit(f"FAILED: {what}")


def check(condition, what):
    check_quietly(condition, what)
    print(f"ok: {what}", flush=True)


def check_recurrences():
    """The SSRU's recurrence by doubling against the loop, within the rounding of its log2(T) levels."""
    torch.manual_seed(1)
    for length in (1, 2, 3, 64, 127):
        decay, gain = torch.rand(3, length, 5), torch.randn(3, length, 5)
        loop, doubled = recur_by_step(decay, gain), recur_by_doubling(decay, gain)
        exact = recur_by_step(decay.double(), gain.double())
        bound = 8 * torch.finfo(torch.float32).eps * exact.abs().max() * max(1, length.bit_length())
        worst = max((doubled - exact).abs().max(), (loop - doubled).abs().max())
        check(worst <= bound, f"recurrence of {length} steps by doubling ({worst:.1e}, bound {bound:.1e})")


@torch.inference_mode()
def log_probability(model, source, output):
    """Mean log-probability of an output's pieces and EOS, UNK forbidden, by teacher forcing."""
    src, trg = torch.tensor([source]), torch.tensor([output + [EOS]])
    memory, bias = model.encode(src, torch.ones_like(src, dtype=torch.bool))
    logits = model.logits(model.decode(trg, memory, bias)[0])[0]
    logits[:, UNK] = -torch.inf
    return logits.log_softmax(-1).gather(1, trg[0][:, None]).mean().item()


def check_beam(name, config):
    """A beam of one is greedy; one wide enough for everything finds the best of all outputs, alone and among others."""
    model = make_model(dataclasses.replace(config, vocab=6)).eval()
    spread_weights(model, 1)
    sources = [[5, EOS], [3, EOS], [4, EOS]]  # so that outputs have at most 3 pieces and EOS
    check(beam(model, sources, 1) == greedy(model, sources), f"{name}: a beam of one is greedy")
    outputs = [list(ids) for size in range(4) for ids in itertools.product(range(2, 6), repeat=size)]
    best = [max(outputs, key=lambda ids: log_probability(model, source, ids)) for source in sources]
    check(beam(model, sources, 100) == best, f"{name}: a wide beam finds the best of {len(outputs)} outputs")
    narrow = [beam(model, [source], 3)[0] for source in sources]
    check(narrow == beam(model, sources, 3), f"{name}: a beam's sentences do not depend on each other")


def check_rounding():
    """quantise.py against the formulas of the C code, and against the engine on the shipped model."""
    generator = np.random.default_rng(1)
    x = generator.normal(size=(50, 64)).astype(np.float32)
    x[0], x[1] = 0, np.abs(x[1])
    low, high = np.minimum(x.min(1, keepdims=True), 0), np.maximum(x.max(1, keepdims=True), 0)
    unit = (high - low) / np.float32(127)
    with np.errstate(divide="ignore", invalid="ignore"):
        inverse = np.float32(1) / unit
        zero = np.rint(-low * inverse)
        expected = np.where(unit > 0, (np.clip(np.rint(x * inverse) + zero, 0, 127) - zero) * unit, 0)
    rounded = quantise.activations(torch.from_numpy(x)).numpy()
    # x * (1 / unit) and x / unit may fall on two sides of a half: one step, rarely.
    check((np.abs(rounded - expected) <= 1.01 * unit).all() and (rounded != expected).mean() < 0.01,
          "activations as the kernels round them")
    weight = torch.randn(24, 7, requires_grad=True)
    once = quantise.columns(weight)
    check(torch.allclose(quantise.columns(once), once), "weights on int8 steps stay there")
    check((once - weight).abs().max() <= 1.01 * weight.abs().max() / 254, "weights move by half a step at most")
    once.sum().backward()
    check(torch.equal(weight.grad, torch.ones_like(weight)), "gradients pass the rounding as they are")


def check_engine(eval_lines, folder=ROOT / "models/en-de"):
    """The rounded model in PyTorch says what the engine says, up to near ties."""
    engine = ROOT / "build/dolmetsch"
    if not engine.exists():
        return print(f"skipped: rounding against the engine, since {engine} is not built (make native)")
    model, vocab_bytes = load_packed(folder)
    vocab = spm.SentencePieceProcessor(model_proto=vocab_bytes)
    model.eval().levels = quantise.levels_of(model.config.bits)
    done = subprocess.run([engine, "--model", folder, "--no-split", "--shortlist", "off"],
                          input="".join(line + "\n" for line in eval_lines), capture_output=True, text=True, check=True)
    same = sum(a == b for a, b in zip(translate(model, vocab, eval_lines), done.stdout.split("\n")))
    check(same >= 0.8 * len(eval_lines), f"{same} of {len(eval_lines)} lines as the engine translates them")


def some_corpus(pairs=60, seed=1):
    """An encoded corpus of random ids and links, of sources that are drawn a whole number of times."""
    rng = np.random.default_rng(seed)
    lengths = {side: rng.integers(2, 30, pairs) for side in ("src", "trg")}
    links = [np.unique(np.stack([rng.integers(0, lengths[side][i], 9) for side in ("trg", "src")], 1), axis=0)
             for i in range(pairs)]
    sides = {side: rng.integers(2, 90, sum(lengths[side])).astype(np.uint16) for side in lengths}
    return SimpleNamespace(
        tags=np.array(["php", "php/typo", "written"]), tag=(np.arange(pairs) % 3).astype(np.uint8), **sides,
        **{side + "_at": offsets_of(lengths[side]) for side in lengths},
        links=np.concatenate(links).astype(np.uint8), links_at=offsets([*links]))


def check_combine():
    """Corpora one after the other, and turned round without what only a source may be like."""
    corpus = some_corpus()
    back = turned(corpus)
    check(len(back.tag) == 40 and not (back.tag == 1).any(), "combine: nobody learns to write typos")
    kept = chosen(corpus, np.flatnonzero(corpus.tag != 1))
    again = turned(back)
    check(all(np.array_equal(value, vars(again)[name]) for name, value in vars(kept).items()), "combine: turned and back")
    both = combined([corpus, back])
    check(np.array_equal(chosen(both, np.arange(60, 100)).trg, back.trg) and len(both.tag) == 100
          and [both.tags[i] for i in both.tag[:3]] == list(corpus.tags), "combine: one after the other")
    with tempfile.TemporaryDirectory() as folder:
        save(f"{folder}/some.npz", corpus)
        rng = np.random.default_rng(1)
        drawn = Part.parse(f"2.5:{folder}/some.npz:php/typo").read(rng)
        check((drawn.tag == 1).all() and 40 < len(drawn.tag) <= 60 and len(drawn.links) == drawn.links_at[-1],
              "combine: a share of a source's pairs")
        check(set(Part.parse(f"1:{folder}/some.npz:php").read(rng).tag) == {0, 1}, "combine: a source is all its kinds")
        check(len(Part.parse(f"{folder}/some.npz").read(rng).tag) == 60, "combine: whole if not said otherwise")


def check_rounded():
    """On the grid of 6 bits, which the packer finds again; the products stay nearer to what they were than with weights that are
    rounded one by one, and with the high bits alone, too."""
    torch.manual_seed(4)
    weight, x = torch.randn(64, 40), torch.randn(500, 16) @ torch.randn(16, 64) + 0.1 * torch.randn(500, 64)  # they go together
    second = (x.T @ x).double()

    def error(other):
        return (x @ (other - weight)).norm()
    ours, plain = rounded(weight, second, 6), quantise.columns(weight, 31)
    check(torch.allclose(quantise.columns(ours, 31), ours, atol=1e-6), "rounding: on the packer's grid")
    check(error(ours) < 0.6 * error(plain), "rounding: the products stay what they were")
    early = []
    for each in (ours, plain):
        step = each.abs().amax(0) / 31
        early.append(error(coarse_value((each / step).round().div(4).floor().double(), 4).float() * step))
    check(early[0] < 0.4 * early[1], "rounding: with the high bits alone, too")
    check(rounded(weight, torch.zeros(64, 64).double(), 6).isfinite().all(), "rounding: a product of nothing but zeros")


def check_interpolated():
    """The mean of models by their shares; other shapes are refused."""
    small = Config(vocab=20, dim=8, ffn=16, heads=2, encoder_layers=1, decoder_layers=1)
    models = [make_model(small) for _ in range(3)]
    weights = [{name: weight.detach().clone() for name, weight in model.weights.items()} for model in models]
    mean = interpolated(models, [1, 1, 2]).weights
    # A mean near 0 is a difference of two roundings.
    check(all(torch.allclose(mean[name], a / 4 + weights[1][name] / 4 + weights[2][name] / 2, atol=1e-6)
              for name, a in weights[0].items()), "interpolate: a mean by shares")
    refused = False
    try:
        interpolated([models[1], make_model(dataclasses.replace(small, ffn=24))], [1, 1])
    except SystemExit:
        refused = True
    check(refused, "interpolate: refuses models of other shapes")


def check_muon():
    """The same steps as PyTorch's."""
    torch.manual_seed(1)
    shapes = (8, 12), (8, 12), (12, 5)
    own, other = ([torch.nn.Parameter(torch.ones(shape)) for shape in shapes] for _ in range(2))
    optimizers = Muon([{"params": own}], lr=1e-2), torch.optim.Muon(
        other, lr=1e-2, momentum=0.95, weight_decay=0.0, adjust_lr_fn="match_rms_adamw")
    for _ in range(3):
        for mine, theirs in zip(own, other):
            mine.grad = torch.randn(mine.shape)
            theirs.grad = mine.grad.clone()
        for optimizer in optimizers:
            optimizer.step()
    check(all(torch.allclose(*pair, atol=1e-6) for pair in zip(own, other)), "Muon steps as PyTorch's does")


def check_batches():
    """Each pair as often as it is drawn, the last and longest ones too; no stream without an end where none is left."""
    corpus = some_corpus()
    plain = Batches(corpus, 120, 1, 90)
    drawn = np.bincount(np.concatenate(plain.plan(0)), minlength=60)
    check((drawn[corpus.tag == 0] == 1).all() and (drawn[corpus.tag == 2] == 3).all(), "batches: pairs as often as drawn")
    check(all(len(batch) == 1 for batch in Batches(corpus, 1, 1, 90).plan(0)), "batches: a pair beyond the budget comes alone")
    found = ""
    try:
        next(iter(Batches(corpus, 120, 1, 1)))
    except ValueError as error:
        found = str(error)
    check("at most 1 pieces" in found, "batches: no pair left is an error")


def check_grid():
    """The batches of a GPU, here without one: each pair once, with the contents of collate(), and the same loss."""
    corpus = some_corpus()
    grid, seen = GridBatches(corpus, 120, 1, 90, "cpu"), []
    for index in grid.plan(0):
        made, plain, rows = grid.tensors(index), collate(corpus, index), len(index)
        seen.extend(index)
        for name, values in plain.items():
            part = made[name][tuple(slice(size) for size in values.shape)]
            check_quietly(torch.equal(part, values) and made[name].float().sum().isclose(values.float().sum()),
                          f"grid: {name} of a batch")
        check_quietly(len(made["src"]) == max(1, 120 // made["src"].shape[1]) >= rows, "grid: the rows of its width")
    drawn = np.bincount(seen, minlength=60)
    check((drawn[corpus.tag == 0] == 1).all() and (drawn[corpus.tag == 2] == 3).all(), "grid: every pair as often as it is drawn")
    model = make_model(Config(vocab=96, dim=32, ffn=64, heads=4, encoder_layers=1))
    states, gold, weights = torch.randn(9, 32), torch.arange(9), torch.tensor([1.0, 0, 1] * 3)
    some = weights.bool()
    whole, part = (cross_entropy(model, *each, 0.1, torch.float32) for each in (
        (states, gold, weights), (states[some], gold[some], None)))
    check(all(torch.allclose(*pair) for pair in zip(whole, part)), "grid: padding has no part in the loss")


def small_corpus(corpus, folder, pairs):
    """A corpus and test sets of few lines in the form of the large ones."""
    folder.mkdir()
    for name in ("train", "train2"):
        for kind in ("src", "tsv"):
            with lzma.open(corpus / f"{name}.{kind}.xz", "rt", encoding="utf-8", newline="\n") as whole, \
                    lzma.open(folder / f"{name}.{kind}.xz", "wt", encoding="utf-8", newline="\n") as part:
                part.writelines(line for _, line in zip(range(pairs), whole))
    for name in ("news-2008-2012.tsv", "valid.tsv", "valid.src"):
        with open(corpus / name, encoding="utf-8", newline="\n") as whole:
            (folder / name).write_text("".join(line for _, line in zip(range(40), whole)), encoding="utf-8", newline="\n")
    lines = (folder / "valid.tsv").read_text(encoding="utf-8").splitlines()[:6]
    (folder / "docs-test.tsv").write_text("".join(line + "\n" for line in lines), encoding="utf-8")
    for side, language in enumerate(("en", "de")):
        for name in ("flores-dev", "wmt13"):
            text = "".join(line.split("\t")[side] + "\n" for line in lines)
            (folder / f"{name}.{language}").write_text(text, encoding="utf-8")


def check_campaign(corpus, work):
    """Every stage from German, stopped in the middle and gone on, with a teacher and a six-bit finish, by two processes."""
    small = work / "corpus"
    small_corpus(corpus, small, 150)
    shape = ("--dim 32 --ffn 64 --heads 4 --encoder-layers 1 --decoder-layers 1 --tokens 600 --warmup 5 --minutes 60 "
             "--short-tokens 0")
    command = [sys.executable, HERE / "campaign.py", work / "c", small, small, "--source", "de", "--vocab", "800",
               "--pairs", str(2 * 150 + 40), "--processes", "2", "--teacher", "teacher",
               "--distill", "--shard 80 --beam 2 --tokens 400",
               "--teacher-settings", f"{shape} --updates 3", "--student", f"{shape} --updates 3",
               "--finish", f"{shape} --updates 2"]

    def run(*more):
        done = subprocess.run([*map(str, command), *more], capture_output=True, text=True)
        if done.returncode:
            sys.exit(f"campaign.py failed:\n{done.stdout[-3000:]}{done.stderr[-3000:]}")
        return done.stdout
    check("== translate-distilled" in run("--until", "translate-distilled"), "campaign: stopped after distilling")
    shards = sorted((work / "c/shards").iterdir())
    check(len(shards) > 2, f"campaign: two processes made {len(shards)} shards")
    shards[1].unlink()  # as if it had been stopped there
    stamp = work / "c/stamps/translate-distilled"
    stamp.write_text(stamp.read_text().replace("done", "started", 1))
    kept = shards[0].stat().st_mtime_ns
    again = run()
    check("== teacher:" not in again and "== translate-distilled:" in again, "campaign: goes on where it was")
    check(shards[1].exists() and shards[0].stat().st_mtime_ns == kept, "campaign: only the missing shard was made")
    check((work / "c/originals.npz").exists(), "campaign: what was distilled is kept as people wrote it, too")
    folder = work / "c/model/de-en"
    manifest, card = json.loads((folder / "manifest.json").read_text()), (folder / "card.md").read_text(encoding="utf-8")
    check(manifest["source"] == "de" and len(manifest["scores"]) == 3, "campaign: a manifest")
    check("<!-- samples (card.py) -->" in card and "<!-- curve (card.py) -->" in card, "campaign: a card")
    check("==" not in run(), "campaign: nothing is left to do")
    command[command.index("--finish") + 1] += " --seed 2"
    last = run()
    check("== student:" not in last and "== finish:" in last and "== card:" in last,
          "campaign: a changed stage and what follows run again")
    check((work / "c/finish.old/final.bin").exists(), "campaign: what a stage had made is moved aside")
    check_ablation(work / "c", small, f"{shape} --updates 2")


def check_ablation(work, eval_dir, budget):
    """Three cells of the ablation on what the campaign prepared; the second call trains nothing."""
    shutil.copy(work / "corpus.npz", work / "distilled.npz")  # the tiny teacher may have said nothing that is plausible
    command = [sys.executable, HERE / "ablate.py", work, eval_dir, "--source", "de", "--budget", budget, "--common", "--ema 0.9",
               "--cells", "base", "distilled", "without news", "--lines", "3"]

    def table():
        done = subprocess.run(list(map(str, command)), capture_output=True, text=True)
        if done.returncode:
            sys.exit(f"ablate.py failed:\n{done.stdout[-3000:]}{done.stderr[-3000:]}")
        return done.stdout
    first, second = table(), table()
    check(first.count("train.py") == 3 and "train.py" not in second, "ablation: finished cells are not run again")
    check([line.split(" | ")[0] for line in second.splitlines()[2:]] == ["| base", "| distilled", "| without news"],
          "ablation: a line for each cell")
