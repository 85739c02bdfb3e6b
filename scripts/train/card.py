"""Writes the tables of a model card: scores, length, domain, hard lines, and translations chosen at random.

What: `python card.py MODEL_DIR EVAL_DIR --corpus CORPUS_DIR [--float float.json] [--run RUN_DIR]`; replaces what stands in
MODEL_DIR/card.md between `<!-- NAME (card.py) -->` and `<!-- end -->`, and adds sections that are not there yet.
float.json is from evaluate.py --json, RUN_DIR from train.py.
What not: no judgement; the reading of the translations and the account of the training are written by hand, around the tables.
Who calls: campaign.py, or by hand.

Translations are made by the engine and kept under build/card/, by the hashes of both: a second call takes seconds.
"""

import argparse
import collections
import hashlib
import itertools
import json
import random
import re
import subprocess
from pathlib import Path
from types import SimpleNamespace

import sacrebleu

import score_engine
from data import read_held_out
from evaluate import read_set
from files import replacing

ROOT = Path(__file__).parent.parent.parent
SETS = {"docs-test": "496 segments of 31 MDN pages, held out by page",
        "flores-dev": "997 sentences, general", "wmt13": "newstest2013, 3,000 sentences, news"}
LANGUAGES = {"en": "English", "de": "German"}

# BLEU / COMET as published for these sets; "" where nothing is.
PUBLISHED = {
    "Firefox tiny": ("38.8 / .855", "28.2 / .839"), "Firefox base-memory": ("40.0 / .865", ""),
    "OPUS-MT": ("36.3 / .842", "26.9 / .837"), "Argos": ("32.1 / .811", "24.2 / .806"),
    "NLLB": ("33.9 / .850", ""), "Google": ("43.7 / .890", "28.8 / .863")}
# Whose translations lie beside the test sets, so that they can be scored by the same program.
OUTPUTS = {"Firefox tiny": "bergamot-tiny", "Firefox base-memory": "bergamot-base-memory", "Google": "google",
           "Microsoft": "microsoft"}

LENGTHS = ((1, 5), (6, 10), (11, 15), (16, 20), (21, 30), (31, 999))
DOMAINS = {
    "web documentation (mdn, php, rustbook)": ("mdn", "php", "rustbook"),
    "business software (adobe, d365, msdocs)": ("adobe", "d365-operations", "d365-business-central", "msdocs-ht"),
    "system manuals and help (manpages, debian, gnome, zammad, ...)":
        ("manpages", "debian-web", "gnome-help", "zammad", "tails", "blender-manual", "mozilla-www"),
    "short everyday sentences (tatoeba)": ("tatoeba",),
    "news, science, history, daily life (our own text)": ("written",),
    "not trained on (captions, crawl, Europarl, \"du\" books)":
        ("multi30k", "stsb-deepl", "wmt-sample", "contao", "progit"),
}
SAMPLED = {"docs-test": 16, "flores-dev": 12, "wmt13": 12}
SEED = 2026
RARE = 20  # fewer lines than this have no BLEU worth printing


def metrics(outputs, references):
    """-> (BLEU, chrF2) of the lines together."""
    return tuple(metric.corpus_score(outputs, [references]).score
                 for metric in (sacrebleu.metrics.BLEU(), sacrebleu.metrics.CHRF()))


def bleu_of(part):
    """BLEU of (output, reference) pairs and how many they are; the number alone where that is too few."""
    return f"{metrics(*zip(*part))[0]:.1f} ({len(part)})" if len(part) >= RARE else f"({len(part)})"


def range_name(low, high):
    return f"{low} and more" if high >= 999 else str(low) if low == high else f"{low}-{high}"


def pair_text(scores):
    return f"{scores[0]:.1f} / {scores[1]:.1f}"


def row(*cells):
    return "| " + " | ".join(map(str, cells)) + " |\n"


def head(*cells):
    return row(*cells) + "|" + "---|" * len(cells) + "\n"


def cached(folder, name, lines, make):
    """The translations of `lines` in folder/name.txt, made once; a file for other lines is made anew."""
    path, mark = folder / f"{name}.txt", hashlib.sha256("\n".join(lines).encode()).hexdigest()
    if path.exists():
        first, *rest = path.read_text(encoding="utf-8").split("\n")[:-1]
        if first == mark and len(rest) == len(lines):
            return rest
    outputs = make(lines)
    folder.mkdir(parents=True, exist_ok=True)
    with replacing(path, encoding="utf-8") as file:
        file.writelines(line + "\n" for line in [mark, *outputs])
    return outputs


def load_sets(args, manifest):
    """-> {name: (sources, references, outputs of the engine)} of every test set and "valid", and the tags of that one."""
    engine = hashlib.sha256(args.engine.read_bytes()).hexdigest()
    source, folder = manifest["source"], ROOT / "build/card" / f"{manifest['sha256'][:12]}-{engine[:12]}"
    sets = {name: read_set(args.eval_dir, name, source) for name in SETS}
    tags, *sides = map(list, zip(*read_held_out(args.corpus)))
    sets["valid"] = tuple(sides if source == "en" else sides[::-1])

    def outputs(name, lines):
        return cached(folder, name, lines, lambda lines: score_engine.translate(str(args.engine), str(args.model), [], lines))
    return {name: (lines, references, outputs(name, lines)) for name, (lines, references) in sets.items()}, tags


# --- one function a section: SimpleNamespace(args, manifest, sets, tags) -> Markdown -------------------------------

def scores(of):
    floats = json.loads(of.args.float.read_text()) if of.args.float else {}
    bleu, chrf = sacrebleu.metrics.BLEU(), sacrebleu.metrics.CHRF()
    for metric in (bleu, chrf):
        metric.corpus_score(["a"], [["a"]])  # a signature knows its number of references afterwards
    text = (f"Greedy. BLEU: `{bleu.get_signature()}`; chrF2: `{chrf.get_signature()}`.\n\n"
            + head("set", "", "float32 BLEU / chrF2", "int8 engine BLEU / chrF2", "int8 costs"))
    for name, what in SETS.items():
        _, references, outputs = of.sets[name]
        engine, full = metrics(outputs, references), floats.get(name)
        cost = f"{full['bleu'] - engine[0]:+.2f} BLEU" if full else ""
        text += row(name, what, f"{full['bleu']:.1f} / {full['chrf2']:.1f}" if full else "not kept", pair_text(engine), cost)
    return text


def others(of):
    if of.manifest["source"] != "en":
        return "No scores of other systems are at hand for this direction.\n"
    names = ("flores-dev", "wmt13")
    text = ("Published figures are BLEU / COMET; \"here\" is BLEU / chrF2 of their translations, scored as ours are.\n\n"
            + head("system", *(f"{name} {what}" for name in names for what in ("published", "here"))))
    for system in [*PUBLISHED, "Microsoft"]:
        cells = []
        for name, published in zip(names, PUBLISHED.get(system, ("", ""))):
            path = of.args.eval_dir / f"{name}.{OUTPUTS.get(system)}.de"
            here = path.exists() and metrics(path.read_text(encoding="utf-8").splitlines(), of.sets[name][1])
            cells += [published, pair_text(here) if here else ""]
        text += row(system, *cells)
    ours = [cell for name in names for cell in ("", pair_text(metrics(of.sets[name][2], of.sets[name][1])))]
    return text + row("**this model**, int8", *ours)


def length(of):
    text = ("BLEU of the lines of one length, in words of the source (lines).\n\n"
            + head("words", *SETS))
    for low, high in LENGTHS:
        cells = []
        for name in SETS:
            cells.append(bleu_of([(o, r) for s, r, o in zip(*of.sets[name]) if low <= len(s.split()) <= high]))
        text += row(range_name(low, high), *cells)
    return text


def domain(of):
    text = ("BLEU / chrF2 on held-out pairs of the training text, by where they come from.\n\n"
            + head("domain", "lines", "BLEU / chrF2"))
    for name, tags in DOMAINS.items():
        part = [(o, r) for tag, (_, r, o) in zip(of.tags, zip(*of.sets["valid"]), strict=True) if tag in tags]
        text += row(name, len(part), pair_text(metrics(*zip(*part))) if len(part) >= RARE else "")
    return text


def hard(of):
    if (of.manifest["source"], of.manifest["target"]) != ("en", "de"):
        return "The hard set is English to German.\n"
    path = ROOT / "build/card/hard.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run(["node", "scripts/hard.mjs", "--model", of.args.model.resolve(), "--json", path],
                   cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    rates = json.loads(path.read_text())

    def share(rate):
        return f"{rate['passed']} of {rate['lines']}"
    total = rates["total"]
    text = (f"{share(total)} lines of `tests/golden/hard.en-de.tsv`, which we wrote ourselves, pass every check "
            "of `scripts/hard-checks.mjs` and have the words that the line asks for. A pass proves little, a failure is one.\n\n"
            + head("kind of line", "pass", "kind of line", "pass"))
    kinds = list(rates["categories"].items())
    for left, right in zip(kinds[::2], kinds[1::2]):
        text += row(left[0], share(left[1]), right[0], share(right[1]))
    text += "\n" + head("check", "pass, of the lines it applies to")
    return text + "".join(row(name, share(rate)) for name, rate in rates["checks"].items())


def samples(of):
    chosen = {}
    for name, count in SAMPLED.items():
        size = len(of.sets[name][0])
        chosen[name] = sorted(random.Random(f"{SEED}/{name}").sample(range(size), min(count, size)))
    text = (f"{sum(map(len, chosen.values()))} lines chosen at random (seed {SEED}), as the shipped model translates them.\n\n"
            + head("", LANGUAGES[of.manifest["source"]], "this model", "reference"))
    for number, (name, at) in enumerate(((name, at) for name, places in chosen.items() for at in places), 1):
        source, reference, output = (re.sub(r"[|<>*_`\[\]]", r"\\\g<0>", side[at]) for side in of.sets[name])
        text += row(f"{number} {name} {at + 1}", source, output, reference)
    return text


def curve(of):
    return "\n".join(map(curve_of, of.args.run)) or None


def curve_of(run):
    with open(run / "curve.tsv", encoding="utf-8") as file:
        lines = [line.rstrip("\n").split("\t") for line in file]
    columns = [column for column in itertools.zip_longest(*lines, fillvalue="") if any(column[1:])]
    names, *lines = zip(*columns)
    settings = json.loads((run / "settings.json").read_text())
    values = {name: "" if value is True else " ".join(map(str, value)) if isinstance(value, list) else value
              for name, value in settings.items()}
    command = " ".join(f"--{name.replace('_', '-')} {value}".strip() for name, value in values.items())
    return (f"`train.py {command}`\n\n" + head(*(name.replace("_", " ") for name in names))
            + "".join(row(*line) for line in lines))


SECTIONS = collections.OrderedDict([
    ("scores", ("Scores", scores)), ("others", ("Beside other systems", others)), ("length", ("By length", length)),
    ("domain", ("By domain", domain)), ("hard", ("Hard lines", hard)), ("samples", ("Translations chosen at random", samples)),
    ("curve", ("The run", curve))])


def put(card, name, title, body):
    """The card with the section's tables replaced, or added at the end under its title."""
    block = f"<!-- {name} (card.py) -->\n{body}<!-- end -->\n"
    pattern = re.compile(rf"<!-- {name} \(card\.py\) -->\n.*?<!-- end -->\n", re.S)
    if len(pattern.findall(card)) > 1:
        raise ValueError(f"the card has the section {name} twice")
    if pattern.search(card):
        return pattern.sub(lambda _: block, card)
    return f"{card.rstrip()}\n\n## {title}\n\n{block}"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path, help="a folder of models/")
    parser.add_argument("eval_dir", type=Path)
    parser.add_argument("--corpus", type=Path, required=True, help="folder of valid.tsv and valid.src")
    parser.add_argument("--engine", type=Path, default=ROOT / "build/dolmetsch")
    parser.add_argument("--float", type=Path, help="scores of the float model, from evaluate.py --json")
    parser.add_argument("--run", type=Path, nargs="+", default=[], help="of train.py, in their order: settings and curves")
    parser.add_argument("--sections", nargs="+", choices=SECTIONS, default=list(SECTIONS))
    args = parser.parse_args()
    manifest = json.loads((args.model / "manifest.json").read_text())
    sets, tags = load_sets(args, manifest)
    of = SimpleNamespace(args=args, manifest=manifest, sets=sets, tags=tags)
    path = args.model / "card.md"
    languages = " to ".join(LANGUAGES[manifest[side]] for side in ("source", "target"))
    card = path.read_text(encoding="utf-8") if path.exists() else f"# {manifest['name']}: {languages}\n"
    for name in args.sections:
        title, make = SECTIONS[name]
        body = make(of)
        if body is not None:
            card = put(card, name, title, body)
            print(f"{name}: {body.count(chr(10))} lines", flush=True)
    with replacing(path, encoding="utf-8") as file:
        file.write(card)


if __name__ == "__main__":
    main()
