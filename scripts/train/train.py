"""Trains the student: a time-planned run that can stop and continue anywhere.

What: `python train.py CORPUS.npz VOCAB.spm RUN_DIR --minutes N ...`; leaves
RUN_DIR/last.pt (resume), before_cooldown.pt (to go on from in a longer run),
best.bin and final.bin (averaged weights, Marian), curve.tsv and settings.json (what was not a default).
What not: no data preparation, no quantisation.
Who calls: by hand, after encode.py; under torchrun for several devices.
"""

import argparse
import contextlib
import dataclasses
import json
import os
import time
from pathlib import Path

import numpy as np
import sentencepiece as spm
import torch
import torch.distributed as dist

import rnn
from batches import Batches, GridBatches, collate
from encode import load
from evaluate import every, read_set, score
from files import replacing
from marian import load_model, make_model, save_model
from model import SIZES, Config
from muon import Muon
from quantise import levels_of
from units import shares_on
from update import Update

PATHS = ("corpus", "vocab", "run", "eval_dir", "valid", "resume", "warm_start", "embeddings", "teacher")


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpus")
    parser.add_argument("vocab")
    parser.add_argument("run", type=Path)
    length = parser.add_mutually_exclusive_group(required=True)
    length.add_argument("--minutes", type=float, help="training time of the whole run, over all resumes")
    length.add_argument("--target-tokens", type=float, help="length of the run instead: equal for models to be compared")
    parser.add_argument("--cooldown", type=float, default=0.3, help="last share of the run, in which the rate falls to 0")
    parser.add_argument("--updates", type=int, default=0, help="stop after this many (tests, probes)")
    parser.add_argument("--lr", type=float, default=1e-3)
    parser.add_argument("--warmup", type=int, default=600, help="updates")
    parser.add_argument("--optimizer", choices=("adam", "muon"), default="adam")
    parser.add_argument("--matrix-rate", type=float, default=3.0, help="Muon's rate for hidden matrices, times --lr")
    parser.add_argument("--tokens", type=int, default=2800, help="padded tokens of a batch, per process")
    parser.add_argument("--max-pieces", type=int, default=90)
    parser.add_argument("--longest", type=int, default=80, help="tokens that the finished Transformer is given in one "
                        "piece: fewer than --max-pieces, since it has seldom seen the last positions")
    parser.add_argument("--short-pieces", type=int, default=18, help="limit of the first phase")
    parser.add_argument("--short-tokens", type=float, default=1.5e6, help="target tokens of the first phase")
    parser.add_argument("--smoothing", type=float, default=0.1)
    parser.add_argument("--guide", type=float, default=0.5, help="first weight of the guided-alignment loss")
    parser.add_argument("--guide-end", type=float, default=0.1)
    parser.add_argument("--guide-tokens", type=float, default=6e6, help="target tokens over which it falls")
    parser.add_argument("--teacher", help="a Marian .bin of the same vocabulary: what it expects is learned, too")
    parser.add_argument("--imitation", type=float, default=0.0, help="share of the loss that is the teacher's, above 0 to 1")
    parser.add_argument("--clip", type=float, default=1.0)
    parser.add_argument("--ema", type=float, default=0.999)
    parser.add_argument("--arch", choices=("transformer", "bahdanau", "rnn"), default="transformer")
    parser.add_argument("--size", choices=SIZES, default="tiny", help="of the Transformer; what follows changes parts of it")
    parser.add_argument("--decoder", choices=("ssru", "selfattn"))
    for name in ("dim", "ffn", "heads", "encoder-layers", "decoder-layers"):
        parser.add_argument("--" + name, type=int)
    parser.add_argument("--dropout", type=float)
    parser.add_argument("--bits", type=int, choices=range(4, 9), help="rounds as the engine does, weights to so many bits, "
                        "which the packed file then has; to finish a run with")
    parser.add_argument("--source", choices=("en", "de"), default="en", help="language of the corpus' source side")
    parser.add_argument("--share", type=float, default=1.0, help="of the corpus that is used, chosen by --seed")
    parser.add_argument("--without", nargs="*", default=(), help="sources of the corpus that are left out")
    parser.add_argument("--dtype", choices=("float32", "bfloat16"), default="bfloat16")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--save-minutes", type=float, default=10)
    parser.add_argument("--eval-dir", type=Path, help="scores checkpoints on docs-test and flores-dev")
    parser.add_argument("--eval-lines", type=int, default=150)
    parser.add_argument("--valid", help="an encoded corpus for the validation loss")
    parser.add_argument("--warm-start", help="a Marian .bin to begin with")
    parser.add_argument("--embeddings", help="a Marian .bin of any architecture and the same vocabulary: its word "
                                             "embeddings and output bias to begin with")
    parser.add_argument("--resume", help="a checkpoint to begin with, where RUN_DIR has no last.pt yet")
    args = parser.parse_args()
    if args.bits and args.arch != "transformer":
        parser.error("--bits is for the Transformer")
    if bool(args.teacher) != (args.imitation != 0) or not 0 <= args.imitation <= 1:
        parser.error("--teacher and --imitation go together, the share is above 0 and at most 1")
    for path in filter(None, (args.resume, args.warm_start, args.embeddings, args.teacher)):
        if not Path(path).is_file():
            parser.error(f"{path}: no such file")
    args.settings = {name: value for name, value in vars(args).items() if value != parser.get_default(name)
                     and name not in PATHS}
    return args


def transformer_config(args, vocab):
    """SIZES[--size] with the parts that were given by name."""
    own = {field.name: getattr(args, field.name) for field in dataclasses.fields(Config) if field.name != "vocab"}
    return Config(vocab=vocab, **SIZES[args.size] | {name: value for name, value in own.items() if value is not None})


class Trainer:
    def __init__(self, args):
        self.args = args
        self.rank, self.world = int(os.environ.get("RANK", 0)), int(os.environ.get("WORLD_SIZE", 1))  # set by torchrun
        self.device = f"cuda:{self.rank}" if args.device == "cuda" and self.world > 1 else args.device
        torch.manual_seed(args.seed)
        self.vocab = spm.SentencePieceProcessor(args.vocab)
        size = self.vocab.vocab_size()
        config = (transformer_config(args, size) if args.arch == "transformer"
                  else rnn.Config(size, dim=args.dim or rnn.Config.dim, units=rnn.UNITS[args.arch], arch=args.arch))
        model = load_model(args.warm_start) if args.warm_start else make_model(config)
        if type(model.config) is not type(config) or getattr(model.config, "arch", None) != getattr(config, "arch", None):
            raise SystemExit(f"{args.warm_start} is no {args.arch}: give its --arch")
        if args.warm_start and args.dropout:
            model.config.dropout = args.dropout  # a file knows none
        if args.embeddings:
            take_embeddings(model, load_model(args.embeddings))
        self.model = model.to(self.device)
        if args.arch == "transformer":
            model.config.longest = args.longest
        model.config.bits, model.levels = args.bits or 8, levels_of(args.bits) if args.bits else 0
        self.update = Update(model, make_optimizers(model.weights, args), self.device, getattr(torch, args.dtype),
                             args.smoothing, args.clip, self.world,
                             args.teacher and teacher_of(args.teacher, model, self.device), args.imitation)
        self.ema, self.optimizers = self.update.ema, self.update.optimizers
        self.updates = self.tokens = 0
        self.seconds = 0.0  # of training, over all resumes, without evaluation
        self.pending = 0.0  # seconds of this process not yet in self.seconds
        self.best = 0.0
        corpus = load(args.corpus)
        part = {"rank": self.rank, "world": self.world, "without": frozenset(args.without), "share": args.share}
        limits = args.tokens, args.seed, self.length_limit()
        self.batches = (GridBatches(corpus, *limits, self.device, **part) if args.device == "cuda"
                        else Batches(corpus, *limits, **part))
        self.reported = time.perf_counter()

    # Schedules, all functions of the counters alone.

    def length_limit(self):
        short = self.tokens < self.args.short_tokens
        return self.args.short_pieces if short else self.args.max_pieces

    def progress(self):
        if self.args.updates:
            return self.updates / self.args.updates
        if self.args.target_tokens:
            return self.tokens / self.args.target_tokens
        return self.seconds / (60 * self.args.minutes)

    def rate(self):
        """Linear warm-up, constant, then linear to 0 over the last `cooldown` share."""
        warm = min(1.0, (self.updates + 1) / self.args.warmup)
        return self.args.lr * warm * min(1.0, max(0.0, 1 - self.progress()) / self.args.cooldown)

    def guide(self):
        share = min(1.0, self.tokens / self.args.guide_tokens)
        return self.args.guide + share * (self.args.guide_end - self.args.guide)

    # One update.

    def learn(self, batch, tokens):
        """tokens: target tokens of the batch, of this process."""
        keep = min(self.args.ema, (self.updates + 1) / (self.updates + 10))
        self.update(batch, self.rate(), self.guide(), keep)
        self.updates += 1
        self.tokens += self.synchronise(tokens)

    def synchronise(self, tokens):
        """The clock of all processes, so that all follow the same schedule; returns the target tokens of all."""
        seconds = self.pending
        if self.world > 1:
            both = torch.tensor([seconds / self.world, tokens], dtype=torch.float64, device=self.device)
            dist.all_reduce(both)
            seconds, tokens = both.tolist()
        self.seconds, self.pending = self.seconds + seconds, 0.0
        return int(tokens)

    # Checkpoints and evaluation.

    def save(self, name):
        if self.rank:
            return
        state = {"model": {n: w.detach() for n, w in self.model.weights.items()}, "ema": self.ema,
                 "optimizers": [o.state_dict() for o in self.optimizers], "config": dataclasses.asdict(self.model.config),
                 "counters": (self.updates, self.tokens, self.seconds, self.best), "position": self.batches.position}
        with replacing(self.args.run / name, "wb") as file:
            torch.save(state, file)

    def resume(self, path):
        state = torch.load(path, map_location=self.device, weights_only=True)
        with torch.no_grad():
            for name, weight in self.model.weights.items():
                weight.copy_(state["model"][name])
                self.ema[name].copy_(state["ema"][name])
        for optimizer, saved in zip(self.optimizers, state["optimizers"], strict=True):
            optimizer.load_state_dict(saved)
        self.updates, self.tokens, self.seconds, self.best = state["counters"]
        self.batches.position = tuple(state["position"])
        self.batches.limit(self.length_limit())

    @contextlib.contextmanager
    def averaged(self):
        """The model with averaged weights and without dropout for a while."""
        weights = self.model.weights
        kept = {name: weight.detach().clone() for name, weight in weights.items()}
        with torch.no_grad():
            for name, weight in weights.items():
                weight.copy_(self.ema[name])
            self.model.eval()
            yield
            self.model.train()
            for name, weight in weights.items():
                weight.copy_(kept[name])

    def evaluate(self):
        """One line of curve.tsv; exports the averaged weights where docs-test improved."""
        if self.rank or not (self.args.eval_dir or self.args.valid):
            return
        fields = [self.updates, self.tokens, round(self.seconds)]
        with self.averaged():
            fields.append(f"{self.valid_loss():.4f}" if self.args.valid else "")
            if self.args.valid:
                print(f"dead units: {self.dead_units()}", flush=True)
            docs = 0.0
            for name in ("docs-test", "flores-dev") if self.args.eval_dir else ():
                sides = (every(side, self.args.eval_lines) for side in read_set(self.args.eval_dir, name, self.args.source))
                bleu, _, chrf, _, outputs = score(self.model, self.vocab, *sides, self.device)
                fields += [f"{bleu:.2f}", f"{chrf:.2f}"]
                docs = bleu if name == "docs-test" else docs
                print(f"{name}: BLEU {bleu:.2f}\n  " + "\n  ".join(outputs[:3]), flush=True)
            if docs >= self.best:
                self.best = docs
                save_model(self.args.run / "best.bin", self.model.config, self.model.weights)
        header = "updates\ttokens\tseconds\tvalid_loss\tdocs_bleu\tdocs_chrf\tflores_bleu\tflores_chrf\n"
        curve = self.args.run / "curve.tsv"
        text = (curve.read_text() if curve.exists() else header) + "\t".join(map(str, fields)) + "\n"
        with replacing(curve) as file:
            file.write(text)
        print("curve " + " ".join(map(str, fields)), flush=True)

    @torch.no_grad()
    def valid_loss(self, pairs=640):
        """Plain cross-entropy a token over the first pairs of --valid."""
        corpus, plain, tokens, at_once = load(self.args.valid), 0.0, 0, 16 if self.args.device == "cpu" else 160
        for begin in range(0, min(len(corpus.tag), pairs), at_once):
            batch = collate(corpus, np.arange(begin, min(begin + at_once, len(corpus.tag))))
            tokens += int(batch["trg_mask"].sum())
            plain += float(self.update.losses(**{name: x.to(self.device) for name, x in batch.items()})[1])
        return plain / tokens

    def dead_units(self):
        """Of the feed-forward layers, how many units no token of some pairs of --valid switches on, in words."""
        layers = shares_on(self.model, load(self.args.valid)) if self.args.arch == "transformer" else {}
        dead = {prefix: int((shares == 0).sum()) for prefix, shares in layers.items()}
        return ", ".join(f"{prefix} {count}" for prefix, count in dead.items() if count) or "none"

    def run(self):
        args, last_save, cooled = self.args, self.seconds, self.progress() > 1 - self.args.cooldown
        stream = iter(self.batches)
        while self.progress() < 1:
            began = time.perf_counter()
            if self.length_limit() != self.batches.max_pieces:
                self.batches.limit(self.length_limit())
                self.batches.next_pass()
                stream = iter(self.batches)
            self.learn(*next(stream))
            self.pending = time.perf_counter() - began
            if self.updates % 50 == 0 and not self.rank:
                self.report()
            if not cooled and self.progress() > 1 - args.cooldown:
                cooled = True
                self.save("before_cooldown.pt")
            if self.seconds - last_save > 60 * args.save_minutes:
                last_save = self.seconds
                self.save("last.pt")
                self.evaluate()
        self.save("last.pt")
        self.evaluate()
        if not self.rank:
            save_model(args.run / "final.bin", self.model.config, self.ema)

    def report(self):
        done, now = self.update.sums(), time.perf_counter()
        tokens, updates = done["tokens"], done["updates"]
        print(f"update {self.updates} tokens {self.tokens / 1e6:.3f}M loss {done['plain'] / tokens:.3f} "
              f"align {done['aligned'] / tokens:.3f} norm {done['norm'] / updates:.2f} fill {tokens / done['places']:.2f} "
              f"{tokens / (now - self.reported):.0f} tok/s lr {self.rate():.2e} guide {self.guide():.2f} "
              f"done {100 * self.progress():.1f} % after {self.seconds / 60:.1f} min"
              + (f", {done['skipped']:.0f} gradients were not finite" if done["skipped"] else ""), flush=True)
        self.reported = now


def teacher_of(path, model, device):
    """The model of a file, to learn from."""
    teacher = load_model(path)
    if teacher.config.vocab != model.config.vocab:
        raise SystemExit(f"--teacher: {teacher.config.vocab} pieces in the file, {model.config.vocab} in the model")
    return teacher.to(device).eval()


@torch.no_grad()
def take_embeddings(model, other):
    """What both models have whatever their architecture: a vector and an output bias for each piece."""
    if model.weights["Wemb"].shape != other.weights["Wemb"].shape:
        raise SystemExit(f"--embeddings: {tuple(other.weights['Wemb'].shape)} in the file, "
                         f"{tuple(model.weights['Wemb'].shape)} in the model")
    for own, name in (("Wemb", "Wemb"), (model.output_bias, other.output_bias)):
        model.weights[own].copy_(other.weights[name])


def make_optimizers(weights, args):
    """Adam for all, or Muon for the hidden matrices and Adam for the rest. Muon's
    steps are scaled to the size of Adam's, so --matrix-rate compares directly."""
    is_hidden = {name: args.optimizer == "muon" and weight.shape[0] > 1 and name != "Wemb"
                 for name, weight in weights.items()}
    rest = [w for name, w in weights.items() if not is_hidden[name]]
    optimizers = [torch.optim.Adam([{"params": rest, "scale": 1.0}], betas=(0.9, 0.98), eps=1e-9, fused=True,
                                   capturable=args.device == "cuda")]
    if any(is_hidden.values()):
        hidden = [w for name, w in weights.items() if is_hidden[name]]
        optimizers.append(Muon([{"params": hidden, "scale": args.matrix_rate}]))
    return optimizers


@contextlib.contextmanager
def process_group(device):
    """Of torchrun's processes, which end together: one that has left takes the threads of its group away from the others."""
    if int(os.environ.get("WORLD_SIZE", 1)) == 1:
        yield
        return
    dist.init_process_group("nccl" if device == "cuda" else "gloo")
    yield
    dist.barrier()
    dist.destroy_process_group()


def main():
    args = arguments()
    if args.threads:
        torch.set_num_threads(args.threads)
    args.run.mkdir(parents=True, exist_ok=True)
    with process_group(args.device):
        train(args)


def train(args):
    trainer = Trainer(args)
    if not trainer.rank:
        with replacing(args.run / "settings.json") as file:
            file.write(json.dumps(args.settings, default=str) + "\n")
    last = args.run / "last.pt"
    if last.exists() or args.resume:
        trainer.resume(last if last.exists() else args.resume)
        print(f"resumed at update {trainer.updates}", flush=True)
    if trainer.progress() >= 1 and (args.run / "final.bin").exists():
        return print(f"{args.run} is finished, with {trainer.tokens / 1e6:.2f} M target tokens")
    trainer.run()


if __name__ == "__main__":
    main()
