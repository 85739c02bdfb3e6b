"""The whole recipe in order, from the corpus to a model folder with its card; a stopped campaign goes on where it was.

What: `python campaign.py WORK CORPUS_DIR EVAL_DIR [--source de] [--teacher teacher] [--device cuda] [--processes N]`.
Every stage is one command of this folder, printed before it runs; WORK/stamps says which are done. --until STAGE stops after
one, --list prints the commands and what is done. The result is WORK/model, to be looked at before it is copied into models/.
What not: no decisions: what trains how long is given by --student, --teacher-settings and --finish.
Who calls: by hand; selftest.py on a few pairs.

A stage runs again when its command is another one or when one before it ran again; what training or distilling had made
then is moved aside (NAME.old), not deleted. On a CPU leave out --teacher: the student learns from the corpus itself.
"""

import argparse
import os
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from files import replacing

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent


@dataclass
class Stage:
    name: str
    command: list
    made: Path  # a file or folder that is there when the stage is done


class Campaign:
    def __init__(self, args):
        self.args, self.work, self.stages = args, args.work.resolve(), []
        self.add_data()
        if args.teacher:
            self.add_teacher()
        self.add_student()
        self.add_model()

    def add(self, name, made, command):
        self.stages.append(Stage(name, [str(part) for part in command], self.work / made))
        return self.work / made

    def python(self, script, *arguments, parallel=False):
        launch = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", self.args.processes]
        return [sys.executable, *(launch if parallel and self.args.processes > 1 else []), HERE / script, *arguments]

    def train(self, name, size, settings, *more):
        run, args = self.work / name, self.args
        self.add(name, f"{name}/final.bin", self.python(
            "train.py", self.work / f"{name}.npz", self.vocab, run, "--size", size, "--source", args.source,
            "--device", args.device, "--eval-dir", args.eval_dir.resolve(), "--valid", self.work / "valid.npz",
            *more, *shlex.split(settings), parallel=True))

    def add_data(self):
        work, corpus, source = self.work, self.args.corpus.resolve(), ("--source", self.args.source)
        pairs, links = work / "pairs.tsv", work / "pairs.links"
        dictionary = ("--dictionary", self.args.dictionary.resolve()) if self.args.dictionary else ()
        few = ("--pairs", self.args.pairs) if self.args.pairs else ()
        self.add("data", pairs, self.python("data.py", corpus, pairs, *dictionary, *few))
        self.add("align", links, self.python("align.py", pairs, links))
        clean = work / "filtered.tsv", work / "filtered.links"
        self.add("filter", clean[1], self.python("filter.py", pairs, links, *clean))
        self.add("augment", "augmented.links", self.python(
            "augment.py", *clean, work / "augmented.tsv", work / "augmented.links", *source))
        # Capitals and typos would take pieces from words: the vocabulary is learned without them.
        self.vocab = self.add("vocab", "vocab.model", self.python(
            "vocab.py", clean[0], work / "vocab", "--size", self.args.vocab))
        self.add("held-out", "valid.tsv", self.python("data.py", corpus, work / "valid.tsv", "--held-out"))
        self.add("encode-held-out", "valid.npz", self.python(
            "encode.py", work / "valid.tsv", "-", self.vocab, work / "valid.npz", *source))
        self.add("encode", "corpus.npz", self.python(
            "encode.py", work / "augmented.tsv", work / "augmented.links", self.vocab, work / "corpus.npz", *source))

    def combine(self, name, *parts):
        return self.add(f"data-{name}", f"{name}.npz", self.python("combine.py", self.work / f"{name}.npz", *parts))

    def add_teacher(self):
        """One teacher of both directions, and the corpus as it translates it: forwards to learn from it, backwards for
        more sources of what people wrote."""
        args, work, corpus = self.args, self.work, self.work / "corpus.npz"
        self.combine("teacher", corpus, "--turned", corpus)
        self.train("teacher", args.teacher, args.teacher_settings)
        turned = self.combine("turned", "--turned", corpus)
        for source, shards, made in ((corpus, "shards", "distilled"), (turned, "back-shards", "back")):
            distil = (work / "teacher/final.bin", source, work / shards)
            self.add(f"translate-{made}", shards, self.python(
                "distill.py", *distil, "--device", args.device, *shlex.split(args.distill), parallel=True))
            self.add(made, f"{made}.npz", self.python(
                "distill.py", *distil, *shlex.split(args.distill), "--merge", work / f"{made}.npz",
                *(("--originals", work / "originals.npz") if made == "distilled" else ())))

    def add_student(self):
        work = self.work
        more = (work / "distilled.npz", "--turned", work / "back.npz") if self.args.teacher else ()
        self.combine("student", work / "corpus.npz", *more)
        self.train("student", self.args.size, self.args.student)
        if self.args.finish:
            self.add("data-finish", "finish.npz", ["ln", "-f", work / "student.npz", work / "finish.npz"])
            self.train("finish", self.args.size, self.args.finish, "--bits", self.args.bits, "--short-tokens", 0,
                       "--warm-start", work / "student/final.bin")

    def add_model(self):
        args, work = self.args, self.work
        target = {"en": "de", "de": "en"}[args.source]
        final = work / ("finish" if args.finish else "student")
        model, folder, source = work / "model.dm", work / "model" / f"{args.source}-{target}", ("--source", args.source)
        engine, corpus = ROOT / "build/dolmetsch", work / "corpus.npz"
        cut = self.add("cut", "cut.bin", self.python(
            "units.py", final / "final.bin", corpus, "--cut", work / "cut.bin", "--rarest", "1e-4", "--lines", "4000"))
        grid = self.add("round", "rounded.bin", self.python(
            "rounding.py", cut, corpus, work / "rounded.bin", "--bits", args.bits))
        lexicon = self.add("lexicon", "lex.bin", self.python("lexicon.py", corpus, self.vocab, work / "lex.bin"))
        self.add("pack", model, [engine, "pack", grid, self.vocab, lexicon, model])
        self.add("evaluate", "float.json", self.python(
            "evaluate.py", cut, self.vocab, args.eval_dir.resolve(), "--device", args.device, *source,
            "--json", work / "float.json"))
        self.add("score", "int8.json", self.python(
            "score_engine.py", model, args.eval_dir.resolve(), "--engine", engine, *source, "--json", work / "int8.json"))
        self.add("publish", folder / "manifest.json", [
            "node", ROOT / "scripts/publish.mjs", model, folder, args.source, target, work / "int8.json"])
        self.add("card", folder / "card.md", self.python(
            "card.py", folder, args.eval_dir.resolve(), "--corpus", args.corpus.resolve(), "--engine", engine,
            "--float", work / "float.json", "--run", work / "student", *([work / "finish"] if args.finish else [])))

    # Running.

    def stamp(self, stage):
        return self.work / "stamps" / stage.name

    def state(self, stage):
        """"done", "started", or "" when it never ran or ran as another command."""
        path = self.stamp(stage)
        word, _, command = path.read_text().partition(" ") if path.exists() else ("", "", "")
        if command != shlex.join(stage.command) or word == "done" and not stage.made.exists():
            return ""
        return word

    def mark(self, stage, word):
        path = self.stamp(stage)
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as file:
            file.write(f"{word} {shlex.join(stage.command)}")

    def run(self, stage, later):
        if self.state(stage) != "started":
            for one in later:
                self.stamp(one).unlink(missing_ok=True)
            for folder in (self.work / stage.name, stage.made):
                if folder.is_dir() and folder != self.work:
                    aside(folder)
            self.mark(stage, "started")
        print(f"== {stage.name}: {shlex.join(stage.command)}", flush=True)
        environment = {**os.environ, "OMP_NUM_THREADS": "1"} if self.args.processes > 1 else None
        done = subprocess.run(stage.command, cwd=ROOT, env=environment)
        if done.returncode or not stage.made.exists():
            sys.exit(f"{stage.name} failed (exit {done.returncode}); the same command goes on from here")
        self.mark(stage, "done")

    def go(self):
        for index, stage in enumerate(self.stages):
            if self.args.list:
                print(f"{self.state(stage) or 'to do':8} {stage.name}: {shlex.join(stage.command)}")
            elif self.state(stage) != "done":
                self.run(stage, self.stages[index + 1:])
            if stage.name == self.args.until:
                break


def aside(folder):
    """Moves a folder to FOLDER.old, whose own old one goes."""
    old = folder.with_name(folder.name + ".old")
    if old.exists():
        shutil.rmtree(old)
    folder.rename(old)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("work", type=Path)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("eval_dir", type=Path)
    parser.add_argument("--source", choices=("en", "de"), default="en", help="de: German to English, the pairs turned round")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--processes", type=int, default=1, help="of torchrun, for training and distilling")
    parser.add_argument("--dictionary", type=Path, help="of the Debian package trans-de-en: /usr/share/trans/de-en")
    parser.add_argument("--pairs", type=int, help="of the corpus, no more than so many (tests, probes)")
    parser.add_argument("--vocab", type=int, default=8000, help="pieces")
    parser.add_argument("--size", default="tiny", help="of the student (model.py: SIZES)")
    parser.add_argument("--student", default="--minutes 90 --optimizer muon --tokens 3200 --warmup 250 --guide 0.6 --ema 0.995",
                        help="settings of train.py")
    parser.add_argument("--finish", default="--minutes 10 --optimizer muon --tokens 3200 --lr 1e-4 --warmup 20 --cooldown 1",
                        help="settings of a last run with the engine's rounding; empty: none")
    parser.add_argument("--bits", type=int, choices=range(5, 9), default=6, help="of each weight, in that run and in the file")
    parser.add_argument("--teacher", default="", help="size of the teacher; empty: none")
    parser.add_argument("--teacher-settings", default="--minutes 60 --optimizer muon --tokens 30000 --warmup 1000")
    parser.add_argument("--distill", help="settings of distill.py, by default for one large GPU or for a CPU")
    parser.add_argument("--until", help="the last stage to run")
    parser.add_argument("--list", action="store_true", help="print the stages, run nothing")
    args = parser.parse_args()
    if args.distill is None:
        args.distill = "--tokens 64000 --shard 20000 --dtype float16" if args.device == "cuda" else ""
    campaign = Campaign(args)
    names = [stage.name for stage in campaign.stages]
    if args.until and args.until not in names:
        parser.error(f"there is no stage {args.until}; there are {', '.join(names)}")
    campaign.go()


if __name__ == "__main__":
    main()
