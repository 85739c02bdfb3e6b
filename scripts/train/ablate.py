"""The ablation table: one short run for each choice of the recipe, all else equal, the same budget for each.

What: `python ablate.py WORK EVAL_DIR --budget "--minutes 20"` trains every cell on what campaign.py prepared in WORK, keeps
runs and scores under WORK/ablate, and prints the table in Markdown. A stopped run goes on; finished cells are not run again.
--cells picks some, --list names them. A cell whose data is not there (no teacher, nothing distilled) is printed as such.
What not: no statistics: differences below half a BLEU of one seed say little; --seeds runs each cell more than once.
Who calls: by hand, before a long run; selftest.py on tiny data.
"""

import argparse
import json
import shlex
import statistics
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent

# Cell -> (settings of train.py, pieces if not the campaign's vocabulary, distilled text too). Bytes are equal but for the
# vocabularies and the decoder.
CELLS = {
    "base": ("", None, False),
    "vocabulary 4,000": ("", 4000, False),
    "vocabulary 16,000": ("", 16000, False),
    "distilled": ("", None, True),
    "without news": ("--without news", None, False),
    "without mdn": ("--without mdn", None, False),
    "without tatoeba": ("--without tatoeba", None, False),
    "without adobe": ("--without adobe", None, False),
    "half of the corpus": ("--share 0.5", None, False),
    "a quarter of the corpus": ("--share 0.25", None, False),
    "self-attention decoder": ("--decoder selfattn", None, False),
    "no guided alignment": ("--guide 0 --guide-end 0", None, False),
    "12 narrow encoder layers": ("--encoder-layers 12 --ffn 656", None, False),
    "3 wide encoder layers": ("--encoder-layers 3 --ffn 2768", None, False),
    "no averaging": ("--ema 0", None, False),
    "no label smoothing": ("--smoothing 0", None, False),
}
SETS = ("docs-test", "flores-dev", "wmt13")


def run(script, *arguments):
    command = [sys.executable, str(HERE / script), *map(str, arguments)]
    print("== " + shlex.join(command), flush=True)
    subprocess.run(command, check=True, stdout=sys.stderr)


class Missing(Exception):
    """What a cell needs is not there."""


class Ablation:
    def __init__(self, args):
        self.args, self.work, self.out = args, args.work, args.work / "ablate"

    def corpus(self, pieces, distilled):
        """-> (encoded corpus, vocabulary, encoded held-out pairs), those of another vocabulary made once for all cells."""
        if pieces:
            return self.encoded(pieces)
        if distilled and not (self.work / "distilled.npz").exists():
            raise Missing("distilled.npz is not there")
        return tuple(self.work / name for name in ("student.npz" if distilled else "corpus.npz", "vocab.model", "valid.npz"))

    def encoded(self, pieces):
        vocab = self.out / f"vocab-{pieces}.model"
        if not vocab.exists():
            run("vocab.py", self.work / "filtered.tsv", vocab.with_suffix(""), "--size", pieces)
        corpus, valid = self.out / f"corpus-{pieces}.npz", self.out / f"valid-{pieces}.npz"
        for pairs, links, made in (("augmented.tsv", self.work / "augmented.links", corpus), ("valid.tsv", "-", valid)):
            if not made.exists():
                run("encode.py", self.work / pairs, links, vocab, made, "--source", self.args.source)
        return corpus, vocab, valid

    def settings(self, own, seed):
        """The command's settings of a cell; what comes later wins."""
        return [*shlex.split(self.args.common), *shlex.split(self.args.budget), *shlex.split(own), "--seed", str(seed)]

    def cell(self, name, seed):
        """-> {set: {bleu, chrf2}, "valid_loss": x}, from the kept file or by training."""
        own, pieces, distilled = CELLS[name]
        folder = self.out / f"{name.replace(' ', '-').replace(',', '')}.{seed}"
        scores, kept = folder / "scores.json", folder / "cell.json"
        wanted = json.dumps([*self.settings(own, seed), "--source", self.args.source, "--lines", self.args.lines])
        if kept.exists() and kept.read_text() != wanted:
            raise SystemExit(f"{folder} was made with {kept.read_text()}: move it away, or give the same settings")
        if not scores.exists():
            corpus, vocab, valid = self.corpus(pieces, distilled)
            folder.mkdir(parents=True, exist_ok=True)
            kept.write_text(wanted)
            run("train.py", corpus, vocab, folder, "--valid", valid, "--source", self.args.source, *self.settings(own, seed))
            run("evaluate.py", folder / "final.bin", vocab, self.args.eval_dir, "--sets", *SETS, "--lines", self.args.lines,
                "--source", self.args.source, "--json", folder / "new.json")
            (folder / "new.json").replace(scores)
        names, *lines = (line.split("\t") for line in (folder / "curve.tsv").read_text().splitlines())
        last = dict(zip(names, lines[-1]))
        return {**json.loads(scores.read_text()), "valid_loss": float(last["valid_loss"]), "tokens": int(last["tokens"]),
                "bytes": (folder / "final.bin").stat().st_size // 4}


def row(name, results, base):
    """A line of the table: means over the seeds, and the difference to the base."""
    def mean(pick):
        return statistics.mean(map(pick, results))
    cells = [name, f"{mean(lambda r: r['bytes']) / 1e6:.1f}", f"{mean(lambda r: r['tokens']) / 1e6:.2f}",
             f"{mean(lambda r: r['valid_loss']):.3f}"]
    for test in SETS:
        bleu = mean(lambda r: r[test]["bleu"])
        change = bleu - statistics.mean(r[test]["bleu"] for r in base) if base else 0
        cells.append(f"{bleu:.1f}" + (f" ({change:+.1f})" if base and results is not base else ""))
    return "| " + " | ".join(cells) + " |"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("work", type=Path, help="of campaign.py, at least to its stage encode-held-out")
    parser.add_argument("eval_dir", type=Path)
    parser.add_argument("--budget", required=True, help='settings of train.py for every cell, as "--minutes 20"')
    parser.add_argument("--common", default="--optimizer muon --tokens 3200 --warmup 250 --guide 0.6 --ema 0.995",
                        help="further settings for every cell")
    parser.add_argument("--cells", nargs="+", choices=CELLS, default=list(CELLS))
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--lines", type=int, default=300, help="of each test set")
    parser.add_argument("--source", choices=("en", "de"), default="en")
    parser.add_argument("--list", action="store_true")
    args = parser.parse_args()
    if args.list:
        return print("\n".join(CELLS))
    ablation, table, base = Ablation(args), [], None
    ablation.out.mkdir(parents=True, exist_ok=True)
    for name in args.cells:
        try:
            results = [ablation.cell(name, seed) for seed in range(1, args.seeds + 1)]
        except Missing as missing:
            table.append(f"| {name} | not run: {missing} | | | | | |")
            continue
        base = results if name == "base" else base
        table.append(row(name, results, base))
    print("| cell | MB in int8 | M target tokens | valid loss | " + " | ".join(f"{name} BLEU" for name in SETS) + " |")
    print("|---|---|---|---|---|---|---|\n" + "\n".join(table))


if __name__ == "__main__":
    main()
