"""Runs the whole chain on a few pairs: prepare, train, resume, export, warm start, and the recipe as a campaign.

What: `python selftest.py CORPUS_DIR [--only NAME]` (a few minutes on a CPU); exit 1 on failure.
What not: not part of `make test`, which knows no Python; no quality of translation.
Who calls: by hand, after a change under scripts/train.
"""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import sentencepiece as spm
import torch
from sacrebleu.metrics import BLEU

import rnn
import selftest_distill as distilling
import selftest_recipe as recipe
import selftest_text as text
from by_length import Stats, joined_lines
from decode import EOS, greedy, pad_rows
from evaluate import reference_loss
from golden import CONFIGS, spread_weights
from marian import load_model, make_model, save_model
from model import Config, SsruScan
from pairs import parse
from read_model import model_bytes
from selftest_recipe import check

HERE = Path(__file__).parent
PAIRS = 200


def run(script, *arguments):
    """Runs a script of this folder; returns what it printed."""
    command = [sys.executable, str(HERE / script), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{script} failed:\n{done.stdout}{done.stderr}")
    return done.stdout


def check_scan():
    """The hand-written gradient of the SSRU against finite differences."""
    inputs = [torch.rand(2, 5, 3, dtype=torch.float64, requires_grad=True) for _ in range(2)]
    check(torch.autograd.gradcheck(SsruScan.apply, inputs), "SSRU gradient")


def check_products():
    """Weight gradients made once for a whole loop, against finite differences."""
    def loop(state, weight):
        products = rnn.Products({"U": weight})
        for _ in range(4):
            state = torch.tanh(products(state, "U"))
        return state
    inputs = [torch.rand(shape, dtype=torch.float64, requires_grad=True) for shape in ((2, 3), (3, 3))]
    check(torch.autograd.gradcheck(loop, inputs), "gradient of products in a loop")


MODELS = {decoder: Config(vocab=96, dim=32, ffn=64, heads=4, encoder_layers=2, decoder=decoder)
          for decoder in ("ssru", "selfattn")}
MODELS |= {arch: rnn.Config(vocab=96, dim=32, units=24, arch=arch) for arch in ("bahdanau", "rnn")}


def check_steps(name):
    """Step-by-step decoding gives the teacher-forced logits, also with padding."""
    model = make_model(MODELS[name]).eval()
    spread_weights(model, 1)
    src, mask = pad_rows([[5, 9, 14, EOS], [7, EOS]])
    trg, _ = pad_rows([[3, 8, 20, 31, EOS], [6, 11, EOS]])
    with torch.no_grad():
        memory, bias = model.encode(src, mask)
        states, alignment = model.decode(trg, memory, bias)
        forced, state = model.logits(states), model.start(memory)
        previous, worst = torch.full((2,), -1), 0.0
        for t in range(trg.shape[1]):
            logits, weights = model.step(previous, state, bias)
            worst = max(worst, float((logits - forced[:, t]).abs().max()))
            if alignment is not None:
                worst = max(worst, float((weights - alignment[:, t]).abs().max()))
            previous = trg[:, t]
    check(worst < 1e-4, f"{name}: steps equal teacher forcing ({worst:.1e})")
    together, alone = greedy(model, [[5, 9, 14, EOS], [7, EOS]]), greedy(model, [[7, EOS]])
    check(together[1][:4] == alone[0][:4], f"{name}: padding does not change a translation")


def check_reader(work):
    """A packed model of each architecture, read and packed again, is the same file."""
    engine, golden = HERE.parent.parent / "build/dolmetsch", HERE.parent.parent / "tests/golden"
    if not engine.exists():
        return print(f"skipped: read_model.py, since {engine} is not built (make native)")
    for name in CONFIGS:
        subprocess.run([engine, "pack", golden / f"{name}.bin", golden / "tiny.spm", work / "first.dm"], check=True)
        run("read_model.py", work / "first.dm", work / "again")
        subprocess.run([engine, "pack", work / "again.bin", work / "again.spm", work / "again.dm"], check=True)
        check((work / "again.dm").read_bytes() == (work / "first.dm").read_bytes(), f"{name}: read and packed again")
    shipped = HERE.parent.parent / "models/en-de"
    run("read_model.py", shipped, work / "again")
    parts = [work / f"again.{part}" for part in ("bin", "spm", "lex.bin")]
    subprocess.run([engine, "pack", *parts, work / "again.dm"], check=True)
    check((work / "again.dm").read_bytes() == model_bytes(shipped), "the shipped model: read and packed again")


def check_lengths():
    """Joined lines are of the length asked for, and a sum of lines' statistics is the corpus score."""
    lines = ["w " * words for words in (10, 12, 9, 30, 8, 8, 8, 50)]
    check(joined_lines(lines, 21, 30) == [(0, 2), (4, 7)], "consecutive lines are joined to 21 to 30 words, each once")
    outputs, references = ["a b c d e", "a b c x d", "b c"], ["a b c d e f", "a b c d", "a b c"]
    stats, whole = Stats(outputs, references), BLEU().corpus_score(outputs, [references]).score
    found = stats.interval([np.arange(3)] * 20)
    check(all(abs(found[key] - whole) < 0.01 for key in ("bleu", "low", "high")), "BLEU from statistics of lines")


def check_chain(corpus, work):
    """Every script once, in order, on the first pairs of the corpus."""
    run("data.py", corpus, work / "pairs.tsv", "--pairs", PAIRS)
    run("vocab.py", work / "pairs.tsv", work / "vocab", "--size", 800)
    run("align.py", work / "pairs.tsv", work / "links.txt")
    text.check_augment(work / "pairs.tsv", work / "links.txt")
    run("encode.py", work / "pairs.tsv", work / "links.txt", work / "vocab.model", work / "corpus.npz")
    common = [work / "corpus.npz", work / "vocab.model", work / "run", "--minutes", 60, "--short-tokens", 0,
              "--tokens", 800, "--optimizer", "muon", "--warmup", 5, "--threads", 1,
              "--dim", 128, "--ffn", 256, "--encoder-layers", 2]
    run("train.py", *common, "--updates", 20, "--valid", work / "corpus.npz")
    again = run("train.py", *common, "--updates", 30, "--valid", work / "corpus.npz")
    check("resumed at update 20" in again, "a run resumes where it stopped")
    losses = [float(line.split("\t")[3]) for line in (work / "run/curve.tsv").read_text().splitlines()[1:]]
    check(losses[1] < losses[0] < 6.6, f"the loss falls: {losses}")
    before = (work / "run/curve.tsv").read_text()
    check("is finished" in run("train.py", *common, "--updates", 30, "--valid", work / "corpus.npz")
          and (work / "run/curve.tsv").read_text() == before, "a finished run stays as it is")
    run("export_marian.py", work / "vocab.model", work / "out", work / "run/last.pt")
    check((work / "out.bin").read_bytes() == (work / "run/final.bin").read_bytes(), "export equals the run's own")
    exported, saved = load_model(work / "out.bin"), torch.load(work / "run/last.pt", weights_only=True)
    check(all(torch.equal(w, saved["ema"][n]) for n, w in exported.weights.items()), "export keeps every weight")
    pairs = [parse(line)[1:] for line in (work / "pairs.tsv").read_text(encoding="utf-8").splitlines()]
    loss = reference_loss(exported.eval(), spm.SentencePieceProcessor(str(work / "vocab.model")), *zip(*pairs))
    check(abs(loss - losses[1]) < 0.02, f"the loss on texts is that on their ids: {loss}")
    run("lexicon.py", work / "corpus.npz", work / "vocab.model", work / "lex.bin")
    lexicon = (work / "lex.bin").read_bytes()
    check(len(lexicon) == 48 + 8 * 801 + 4 * int.from_bytes(lexicon[40:48], "little"), "the shortlist's size is its lists'")
    run("export_intgemm.py", work / "out.bin", work / "vocab.model", work / "pairs.tsv", work / "int8", "--lines", 20)
    check((work / "int8.bin").stat().st_size < (work / "out.bin").stat().st_size / 3.5, "int8 weights are a quarter")
    common[2] = work / "warm"
    run("train.py", *common, "--updates", 1, "--valid", work / "corpus.npz", "--warm-start", work / "out.bin", "--lr", 1e-6)
    warm = float((work / "warm/curve.tsv").read_text().splitlines()[1].split("\t")[3])
    check(abs(warm - losses[1]) < 0.05, f"a warm start begins where the export ended: {warm}")
    run("train.py", work / "corpus.npz", work / "vocab.model", work / "rnn", "--arch", "rnn", "--target-tokens", 1500,
        "--tokens", 800, "--short-tokens", 0, "--lr", 1e-8, "--dim", 128, "--embeddings", work / "out.bin")
    tokens = torch.load(work / "rnn/last.pt", weights_only=True)["counters"][1]
    check(1500 <= tokens < 1500 + 800, f"a run ends with its target tokens: {tokens}")
    taken = load_model(work / "rnn/final.bin").weights["Wemb"] - exported.weights["Wemb"]
    check(taken.abs().max() < 1e-5, "another architecture begins with the embeddings given")
    check_dead_units(work)
    check_carried(work)


def check_carried(work):
    """A corpus and a model on their way to another machine and back."""
    for kind, name in (("corpus", "corpus.npz"), ("model", "out.bin")):
        run("carry.py", kind, work / name, work / "small.xz")
        run("carry.py", kind, work / "small.xz", work / f"back-{name}", "--back")
    there, back = (np.load(work / name) for name in ("corpus.npz", "back-corpus.npz"))
    check(all(np.array_equal(there[name], back[name]) for name in there.files), "a carried corpus is the same")
    run("carry.py", "corpus", work / "corpus.npz", work / "small.xz", "--links", 0.5)
    run("carry.py", "corpus", work / "small.xz", work / "back-corpus.npz", "--back")
    kept, whole = (np.diff(np.load(work / name)["links_at"]) for name in ("back-corpus.npz", "corpus.npz"))
    check(0.3 < (kept == whole).mean() < 0.8 and (kept[kept != whole] == 1).all(), "half of the pairs keep their links")
    there, back = (load_model(work / name).weights for name in ("out.bin", "back-out.bin"))
    worst = max(float(((there[name] - back[name]).abs().max() / there[name].abs().max().clamp(min=1e-9)).detach())
                for name in there)
    check(worst < 1 / 1000, f"carried weights are off by half a step of 511 at most: {worst:.1e} of the largest")
    check((work / "small.xz").stat().st_size < (work / "corpus.npz").stat().st_size / 2, "and small")


def check_dead_units(work):
    """Units that no token switches on are counted, cut and made anew, and the model says what it said."""
    model, name = load_model(work / "out.bin"), "encoder_l1_ffn"
    model.weights[name + "_b1"].data[0, :100] = -1e3
    save_model(work / "dead.bin", model.config, model.weights)
    found = run("units.py", work / "dead.bin", work / "corpus.npz", "--cut", work / "cut.bin", "--revive", work / "revived.bin")
    check(f"{name}: " in found and "100 of 256 units dead" in found, f"dead units are counted: {found}")
    again = run("units.py", work / "revived.bin", work / "corpus.npz")
    check(again.count(" 0 of 256") == found.count(" of 256"), "none is left")
    cut = load_model(work / "cut.bin")
    check(tuple(cut.weights[name + "_W1"].shape) == (128, 160), "cut to a multiple of 8")
    found = run("units.py", work / "cut.bin", work / "corpus.npz", "--revive", work / "widened.bin", "--width", 256)
    widened = load_model(work / "widened.bin")
    check(all(tuple(widened.weights[f"encoder_l{layer}_ffn_W1"].shape) == (128, 256) for layer in (1, 2)), "and wide again")
    ids, mask = torch.arange(2, 22)[None], torch.ones(1, 20)
    for each in ("cut", "revived", "widened"):
        said = [load_model(work / f"{one}.bin").encode(ids, mask)[0] for one in ("dead", each)]
        check(torch.allclose(*said, atol=1e-5), f"{each}: the model says the same")


def check_units(corpus, work):
    """What needs no training."""
    check_scan()
    check_products()
    check_lengths()
    recipe.check_recurrences()
    for name in MODELS:
        check_steps(name)
        recipe.check_beam(name, MODELS[name])
    recipe.check_rounding()
    text.check_dictionary(work)
    text.check_filter()
    text.check_rare_words()
    recipe.check_combine()
    distilling.check_plausible()
    distilling.check_merge(work)
    distilling.check_nearest()
    text.check_closest(work)
    text.check_written(work)
    distilling.check_imitation()
    recipe.check_rounded()
    recipe.check_interpolated()
    recipe.check_muon()
    recipe.check_batches()
    recipe.check_grid()
    with open(corpus / "valid.tsv", encoding="utf-8") as file:
        lines = [line.split("\t")[0] for _, line in zip(range(20), file)]
    recipe.check_engine(lines)
    check_reader(work)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--only", choices=("units", "chain", "campaign"), help="one part")
    args = parser.parse_args()
    parts = (args.only,) if args.only else ("units", "chain", "campaign")
    with tempfile.TemporaryDirectory() as folder:
        if "units" in parts:
            check_units(args.corpus, Path(folder))
        if "chain" in parts:
            check_chain(args.corpus, Path(folder))
        if "campaign" in parts:
            recipe.check_campaign(args.corpus, Path(folder))


if __name__ == "__main__":
    main()
