"""The ablation table: one short run for each choice of the recipe, all else equal, the same budget for each.

What: `python ablate.py WORK EVAL_DIR --budget "--minutes 20"` trains every cell on what campaign.py prepared in WORK, keeps
runs and scores under WORK/ablate or --runs, and prints the table in Markdown. A stopped run goes on; finished cells are
not run again. --cells picks some, --list names them. A cell whose data is not there (no teacher, nothing distilled) is
printed as such.
What not: no statistics: differences below half a BLEU of one seed say little; --seeds runs each cell more than once.
Who calls: by hand, before a long run; selftest.py on tiny data.
"""

import argparse
import json
import shlex
import statistics
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from model import SIZES, Config

HERE = Path(__file__).resolve().parent


@dataclass
class Cell:
    settings: str = ""  # of train.py, beside those of every cell
    pieces: int = 0  # of a vocabulary of its own; 0: the campaign's
    corpus: str = "corpus.npz"  # in WORK
    encoder_layers: int = 0  # other than the size's, at equal bytes: narrower or wider

    def shape(self, size):
        """Its settings for train.py. An encoder layer has 4 D^2 weights of attention, and --ffn F is of the decoder's layers,
        too: 2 D F weights each."""
        if not self.encoder_layers:
            return []
        config = Config(**SIZES[size])
        layers, attention = self.encoder_layers + config.decoder_layers, 4 * config.dim ** 2
        width = (config.encoder_layers + config.decoder_layers) * config.ffn / layers
        width += (config.encoder_layers - self.encoder_layers) * attention / (2 * config.dim * layers)
        return ["--encoder-layers", self.encoder_layers, "--ffn", 8 * round(width / 8)]


# Bytes are equal but for the vocabularies and the decoder.
CELLS = {
    "base": Cell(),
    "vocabulary 4,000": Cell(pieces=4000),
    "vocabulary 16,000": Cell(pieces=16000),
    "distilled": Cell(corpus="distilled.npz"),
    "distilled, as people wrote it": Cell(corpus="originals.npz"),
    "without news": Cell("--without news"),
    "without mdn": Cell("--without mdn"),
    "without tatoeba": Cell("--without tatoeba"),
    "without adobe": Cell("--without adobe"),
    "without d365": Cell("--without d365-operations d365-business-central"),
    "without debian-web": Cell("--without debian-web"),
    "without manpages": Cell("--without manpages"),
    "without our own text": Cell("--without written"),
    "without dictionary": Cell("--without ding ding-sentences"),
    "a 10th of the corpus": Cell("--share 0.1"),
    "a 30th of the corpus": Cell("--share 0.033"),
    "a 100th of the corpus": Cell("--share 0.01"),
    "self-attention decoder": Cell("--decoder selfattn"),
    "no guided alignment": Cell("--guide 0 --guide-end 0"),
    "12 narrow encoder layers": Cell(encoder_layers=12),
    "3 wide encoder layers": Cell(encoder_layers=3),
    "no averaging": Cell("--ema 0"),
    "no label smoothing": Cell("--smoothing 0"),
}
SETS = ("docs-test", "flores-dev", "wmt13")
COLUMNS = ("cell", "MB in int8", "M target tokens", "valid loss",
           *(f"{name} {what}" for name in SETS for what in ("BLEU", "loss")))


def run(script, *arguments):
    command = [sys.executable, str(HERE / script), *map(str, arguments)]
    print("== " + shlex.join(command), flush=True)
    subprocess.run(command, check=True, stdout=sys.stderr)


class Missing(Exception):
    """What a cell needs is not there."""


class Ablation:
    def __init__(self, args):
        self.args, self.work, self.out = args, args.work, args.runs or args.work / "ablate"

    def corpus(self, cell):
        """-> (encoded corpus, vocabulary, encoded held-out pairs), those of another vocabulary made once for all cells."""
        if cell.pieces:
            return self.encoded(cell.pieces)
        if not (self.work / cell.corpus).exists():
            raise Missing(f"{cell.corpus} is not there")
        return tuple(self.work / name for name in (cell.corpus, "vocab.model", "valid.npz"))

    def encoded(self, pieces):
        vocab = self.out / f"vocab-{pieces}.model"
        if not vocab.exists():
            run("vocab.py", self.work / "filtered.tsv", vocab.with_suffix(""), "--size", pieces)
        corpus, valid = self.out / f"corpus-{pieces}.npz", self.out / f"valid-{pieces}.npz"
        for pairs, links, made in (("augmented.tsv", self.work / "augmented.links", corpus), ("valid.tsv", "-", valid)):
            if not made.exists():
                run("encode.py", self.work / pairs, links, vocab, made, "--source", self.args.source)
        return corpus, vocab, valid

    def settings(self, cell, seed):
        """The command's settings of a cell; what comes later wins."""
        given = (self.args.common, self.args.budget, cell.settings)
        return ["--size", self.args.size, *map(str, cell.shape(self.args.size)),
                *(word for words in given for word in shlex.split(words)), "--seed", str(seed)]

    def cell(self, name, seed):
        """-> {set: {bleu, chrf2}, "valid_loss": x}, from the kept file or by training."""
        folder = self.out / f"{name.replace(' ', '-').replace(',', '')}.{seed}"
        scores, kept = folder / "scores.json", folder / "cell.json"
        settings = self.settings(CELLS[name], seed)
        wanted = json.dumps([*settings, "--source", self.args.source, "--lines", self.args.lines])
        if kept.exists() and kept.read_text() != wanted:
            raise SystemExit(f"{folder} was made with {kept.read_text()}: move it away, or give the same settings")
        if not scores.exists():
            corpus, vocab, valid = self.corpus(CELLS[name])
            folder.mkdir(parents=True, exist_ok=True)
            kept.write_text(wanted)
            run("train.py", corpus, vocab, folder, "--valid", valid, "--source", self.args.source, *settings)
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
        cells.append(f"{mean(lambda r: r[test]['loss']):.3f}")
    return "| " + " | ".join(cells) + " |"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("work", type=Path, help="of campaign.py, at least to its stage encode-held-out")
    parser.add_argument("eval_dir", type=Path)
    parser.add_argument("--budget", required=True, help='settings of train.py for every cell, as "--minutes 20"')
    parser.add_argument("--size", choices=SIZES, default="tiny", help="of every cell (model.py)")
    parser.add_argument("--common", default="--optimizer muon --tokens 3200 --warmup 250 --guide 0.6 --ema 0.995",
                        help="further settings for every cell")
    parser.add_argument("--runs", type=Path, help="where runs and scores are kept: another folder for another budget")
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
            table.append(f"| {name} | not run: {missing}" + " |" * (len(COLUMNS) - 1))
            continue
        base = results if name == "base" else base
        table.append(row(name, results, base))
    print(f"| {' | '.join(COLUMNS)} |\n{'|---' * len(COLUMNS)}|\n" + "\n".join(table))


if __name__ == "__main__":
    main()
