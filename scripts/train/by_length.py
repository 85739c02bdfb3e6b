"""BLEU by the length of the source, for several models: Figure 2 of Bahdanau et al. (2015) on our own.

What: `python by_length.py EVAL_DIR OUT_PREFIX MODEL... [--engine build/dolmetsch]` writes OUT_PREFIX.json, and a picture
for each panel (length_figure.py), and prints a table in Markdown. A panel is a kind of text. Its single lines go into
buckets by their English words. Lines that follow each other are also joined to long ones, which the engine does not
split into sentences again (--no-split; what is longer than a model's own limit it splits all the same); the same lines
translated apart say what they are worth without the length.
What not: no float model; nothing over 127 tokens, which no model takes in one piece: such lines are left out, counted.
Who calls: by hand, when models are new; web/by-length.* is what the comparison page shows.
"""

import argparse
import json
from pathlib import Path

import numpy as np
import sentencepiece as spm
from sacrebleu.metrics import BLEU

import length_figure
from evaluate import read_set
from files import replacing
from read_model import read_model
from score_engine import translate

PANELS = {"docs": ("Documentation", ["docs-test"]), "general": ("News and general text", ["wmt13", "flores-dev"])}
NAMES = {"en-de-rnn": "One vector", "en-de-bahdanau": "Attention", "en-de-transformer": "Transformer",
         "en-de": "Dolmetsch's own"}
BUCKETS = [(low, low + 9) for low in range(1, 80, 10)]
JOINED = BUCKETS[2:]  # from 21 words on
LINES_A_BUCKET = 100  # joined lines, of each set at most
MOST_TOKENS = 127  # of a sentence, without its end: CONFIG_LONGEST in src/model/config.h
LONG = 30  # words; more are "long" in the summary
FEWEST = 5  # lines of a bucket that is shown


def count(line):
    return len(line.split())


def joined_lines(english, low, high):
    """[(first, end)]: lines [first, end) together have low to high words. At least two lines each, none in two,
    spread over the whole set."""
    spans, free = [], 0
    for nth in range(LINES_A_BUCKET):
        first = max(free, nth * len(english) // LINES_A_BUCKET)
        end = words = 0
        for end in range(first, len(english)):
            words += count(english[end])
            if words >= low:
                break
        if end > first and low <= words <= high:
            spans.append((first, end + 1))
            free = end + 1
    return spans


def joined_text(lines, spans):
    return [" ".join(lines[first:end]) for first, end in spans]


class Stats:
    """What BLEU needs of each line: n-grams that match and n-grams there are (4 each), lengths of both sides."""

    def __init__(self, outputs, references):
        metric = BLEU()
        scores = [metric.corpus_score([o], [[r]]) for o, r in zip(outputs, references, strict=True)]
        self.rows = np.array([[*s.counts, *s.totals, s.sys_len, s.ref_len] for s in scores]).reshape(-1, 10)

    def bleu(self, chosen):
        sums = [int(n) for n in self.rows[chosen].sum(0)]
        return BLEU.compute_bleu(sums[:4], sums[4:8], sums[8], sums[9], smooth_method="exp").score

    def interval(self, draws):
        """BLEU of all lines, and the middle 95 % of that of the draws (each an array of line numbers)."""
        low, high = np.percentile([self.bleu(draw) for draw in draws], [2.5, 97.5])
        bleu = self.bleu(np.arange(len(self.rows)))
        return {"bleu": round(bleu, 2), "low": round(float(low), 2), "high": round(float(high), 2)}


class Part:
    """Lines of one length, single or joined, with their references; then the models' outputs, name -> lines."""

    def __init__(self, words, joined, lines):
        self.words, self.joined = words, joined
        self.english, self.german = [e for e, _, _ in lines], [g for _, g, _ in lines]
        self.apart = [a for _, _, a in lines]  # joined: the lines that it was made of, by place
        self.outputs, self.outputs_apart = {}, {}


def parts_of(sets):
    """sets: [(english, german)] of a panel -> parts. `apart` is (set, first, end)."""
    parts = []
    for low, high in BUCKETS:
        lines = [(e, g, None) for english, german in sets for e, g in zip(english, german) if low <= count(e) <= high]
        parts.append(Part(f"{low}-{high}", False, lines))
    for low, high in JOINED:
        lines = []
        for number, (english, german) in enumerate(sets):
            spans = joined_lines(english, low, high)
            lines += zip(joined_text(english, spans), joined_text(german, spans), [(number, *span) for span in spans])
        parts.append(Part(f"{low}-{high}", True, lines))
    return parts


def leave_out(sets, vocab):
    """Without the lines that are too long for a model, or empty."""
    fits = [[0 < count(e) and len(vocab.encode(e)) <= MOST_TOKENS for e in english] for english, _ in sets]
    kept = [tuple([line for line, ok in zip(side, good) if ok] for side in pair) for pair, good in zip(sets, fits)]
    return kept, sum(good.count(False) for good in fits)


def without_long(parts, vocab):
    """Joined lines that came out too long leave their parts. -> how many"""
    gone = 0
    for part in parts:
        keep = [i for i, line in enumerate(part.english) if len(vocab.encode(line)) <= MOST_TOKENS]
        gone += len(part.english) - len(keep)
        for name in ("english", "german", "apart"):
            setattr(part, name, [getattr(part, name)[i] for i in keep])
    return gone


def run_models(parts, sets, models, engine):
    """Fills the outputs of every part: all single lines once, then all joined ones."""
    for name, path in models.items():
        single = [dict(zip(english, translate(engine, path, ["--no-split"], english))) for english, _ in sets]
        together = translate(engine, path, ["--no-split"], [line for part in parts if part.joined for line in part.english])
        for part in parts:
            if part.joined:
                part.outputs[name], together = together[:len(part.english)], together[len(part.english):]
                part.outputs_apart[name] = [" ".join(single[n][line] for line in sets[n][0][first:end])
                                            for n, first, end in part.apart]
            else:
                merged = {line: output for each in single for line, output in each.items()}
                part.outputs[name] = [merged[line] for line in part.english]


def measure(parts, models, resamples, seed):
    """-> buckets for the JSON; the same draws for every model."""
    buckets = []
    for part in parts:
        if len(part.english) < FEWEST:
            continue
        random = np.random.default_rng(seed)
        draws = [random.integers(0, len(part.english), len(part.english)) for _ in range(resamples)]
        cells = {}
        for name in models:
            cells[name] = {"lines": len(part.english), **Stats(part.outputs[name], part.german).interval(draws)}
            if part.joined:
                cells[name]["apart"] = Stats(part.outputs_apart[name], part.german).interval(draws)
        buckets.append({"words": part.words, "joined": part.joined, "models": cells})
    return buckets


def long_lines(parts, models, resamples, seed):
    """BLEU of the single lines of more than LONG words together, and each model's lead over the one before it."""
    parts = [part for part in parts if not part.joined and int(part.words.split("-")[0]) > LONG]
    references = [line for part in parts for line in part.german]
    random = np.random.default_rng(seed)
    draws = [random.integers(0, len(references), len(references)) for _ in range(resamples)]
    stats = {name: Stats([line for part in parts for line in part.outputs[name]], references) for name in models}
    result = {name: {"lines": len(references), **stats[name].interval(draws)} for name in models}
    names = list(models)
    for before, name in zip(names, names[1:]):
        leads = [stats[name].bleu(draw) - stats[before].bleu(draw) for draw in draws]
        low, high = np.percentile(leads, [2.5, 97.5])
        result[name]["lead"] = {"over": before, "low": round(float(low), 2), "high": round(float(high), 2)}
    return result


def trained(models):
    """On how much each model was trained, as far as its manifest says, in words."""
    known = []
    for name, path in models.items():
        manifest = Path(path) / "manifest.json"
        words = json.loads(manifest.read_text()).get("trained") if manifest.exists() else None
        known += [f"{NAMES.get(name, name)} was trained on {words}."] if words else []
    return known


def sentence(title, long, models):
    """What the long lines say, in words."""
    scores = ", ".join(f"{NAMES.get(name, name)} {long[name]['bleu']:.1f}" for name in models)
    return f"{title}: {scores} BLEU on the {next(iter(long.values()))['lines']} single lines of more than {LONG} words."


def print_table(panel, models):
    print(f"\n{panel['title']}\n\n| words | lines | " + " | ".join(NAMES.get(name, name) for name in models) + " |")
    print("|---|---|" + "---|" * len(models))
    for bucket in panel["buckets"]:
        cells = []
        for cell in bucket["models"].values():
            apart = f", apart {cell['apart']['bleu']:.1f}" if "apart" in cell else ""
            cells.append(f"{cell['bleu']:.1f} ({cell['low']:.1f} to {cell['high']:.1f}){apart}")
        lines = next(iter(bucket["models"].values()))["lines"]
        print(f"| {bucket['words']}{', joined' if bucket['joined'] else ''} | {lines} | " + " | ".join(cells) + " |")


def write(path, text):
    with replacing(path, encoding="utf-8") as file:
        file.write(text)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("eval_dir", type=Path)
    parser.add_argument("prefix", type=Path)
    parser.add_argument("models", nargs="+", help="folders of models/, in the order of the figure")
    parser.add_argument("--engine", default="build/dolmetsch")
    parser.add_argument("--lines", type=int, default=0, help="the first of each set, for a quick look; 0: all")
    parser.add_argument("--resamples", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    models = {Path(path).name: path for path in args.models}
    vocab = spm.SentencePieceProcessor(model_proto=read_model(args.models[0])[2]["vocab"])
    panels, note = [], []
    for key, (title, names) in PANELS.items():
        sets = [tuple(side[:args.lines or None] for side in read_set(args.eval_dir, name)) for name in names]
        sets, too_long = leave_out(sets, vocab)
        parts = parts_of(sets)
        too_long += without_long(parts, vocab)
        run_models(parts, sets, models, args.engine)
        long = long_lines(parts, models, args.resamples, args.seed)
        panels.append({"title": title, "picture": f"{args.prefix.name}-{key}.svg", "left_out": too_long, "long": long,
                       "buckets": measure(parts, models, args.resamples, args.seed)})
        note.append(sentence(title, long, models))
        print_table(panels[-1], models)
        print(f"\n{note[-1]} Left out: {too_long} of more than {MOST_TOKENS} tokens.\n{json.dumps(long)}", flush=True)
    figure = {"models": {name: NAMES.get(name, name) for name in models}, "note": " ".join(note + trained(models)),
              "resamples": args.resamples, "seed": args.seed, "panels": panels}
    for panel in panels:
        write(args.prefix.with_name(panel["picture"]), length_figure.draw(panel, figure["models"]))
    write(args.prefix.with_suffix(".json"), json.dumps(figure, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
