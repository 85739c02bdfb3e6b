"""Reads the corpus and our own text, keeps what may be shipped, and writes one table of pairs.

What: `python data.py CORPUS_DIR OUT.tsv` -> lines `source<TAB>english<TAB>german`; with --held-out those of valid.tsv
and of written.py that are never trained on; with --dictionary those of a dictionary, too (dictionary.py).
What not: no tokenisation (vocab.py), no alignment (align.py), no batches (train.py).
Who calls: campaign.py, first of all; batches.py imports draws().
"""

import argparse
import collections
import itertools
import lzma
import unicodedata
from pathlib import Path

import dictionary
import written
from files import replacing
from pairs import pair_line

# Non-commercial or unclear licences: never part of weights that we ship.
EXCLUDED = frozenset(
    "progit progit1 multi30k contao stsb-deepl wmt-sample wmt-ape-it riseup-help "
    "europarl-sample ruby-lang mixxx-manual".split())

# How often a pair of a source is drawn in one pass. Repetitive or machine-made sources are drawn less often, the little
# general prose by people that there is more often.
SAMPLING = collections.defaultdict(lambda: 1.0, {
    "written": 3.0, "news": 4.0, "xquad": 3.0, "ud-pud": 4.0, "debian-web": 1.3, "tatoeba": 1.2, "mdn": 0.5, "manpages": 0.7,
    "adobe": 0.5, "d365-operations": 0.6, "d365-business-central": 0.5, "andors-trail": 0.7, "shattered-pd": 0.7,
    "bcontrast-chat": 0.7, "lilypond-docs": 0.5, "fdroid-website": 0.6, "ding": 0.6, "ding-sentences": 2.0,
})

# What later steps put behind a source's name, as in "mdn/prose": whole sentences of good prose (filter.py), lines
# made from others (augment.py), and a teacher's translations (distill.py) instead of people's.
KINDS = collections.defaultdict(lambda: 1.0, {"prose": 1.5, "distilled": 1.0})

MAX_WORDS = 80


def draws(tag):
    """How often a pair of `source` or `source/kind` is drawn in one pass, on average."""
    source, _, kind = tag.partition("/")
    return SAMPLING[source] * KINDS[kind]


def read_tagged(directory, name):
    """Yields (source, english, german) of NAME.tsv.xz and its NAME.src.xz."""
    with lzma.open(directory / f"{name}.src.xz", "rt", encoding="utf-8") as tags, \
            lzma.open(directory / f"{name}.tsv.xz", "rt", encoding="utf-8", newline="\n") as pairs:
        for tag, pair in zip(tags, pairs, strict=True):
            english, german = pair.rstrip("\n").split("\t")
            yield tag.strip(), english, german


def read_corpus(directory):
    """Yields every pair whose licence allows shipping weights."""
    for name in ("train", "train2"):
        for tag, english, german in read_tagged(directory, name):
            if tag not in EXCLUDED:
                yield tag, english, german
    with open(directory / "news-2008-2012.tsv", encoding="utf-8", newline="\n") as pairs:
        for pair in pairs:
            english, german = pair.rstrip("\n").split("\t")
            yield "news", english, german
    for english, german in written.read():
        yield "written", english, german


def read_held_out(directory):
    with open(directory / "valid.tsv", encoding="utf-8", newline="\n") as pairs:
        for tag, pair in zip((directory / "valid.src").read_text().split(), pairs, strict=True):
            yield tag, *pair.rstrip("\n").split("\t")
    for english, german in written.read(held_out=True):
        yield "written", english, german


def read_dictionary(path):
    """Yields the pairs of a dictionary, its whole sentences under a name of their own."""
    for english, german in dictionary.read(path):
        yield "ding-sentences" if len(english.split()) >= 4 and english[-1] in ".!?" else "ding", english, german


def is_sane(english, german):
    """True for pairs of plausible length ratio that contain text at all."""
    if not english or not german:
        return False
    words = len(english.split()), len(german.split())
    if max(words) > MAX_WORDS or max(len(english), len(german)) > 600:
        return False
    if not any(unicodedata.category(c)[0] == "L" for c in german):
        return False
    ratio = (len(german) + 8) / (len(english) + 8)
    return 0.45 < ratio < 2.6


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--held-out", action="store_true")
    parser.add_argument("--dictionary", type=Path, help="of Debian's package trans-de-en: /usr/share/trans/de-en")
    parser.add_argument("--pairs", type=int, help="stop after so many (tests, probes)")
    args = parser.parse_args()
    pairs = read_held_out(args.corpus) if args.held_out else read_corpus(args.corpus)
    if args.dictionary:
        pairs = itertools.chain(pairs, read_dictionary(args.dictionary))
    kept, dropped = collections.Counter(), 0
    with replacing(args.out, encoding="utf-8", newline="\n") as out:
        for tag, english, german in itertools.islice(pairs, args.pairs):
            english, german = " ".join(english.split()), " ".join(german.split())
            if is_sane(english, german):
                kept[tag] += 1
                out.write(pair_line(tag, english, german))
            else:
                dropped += 1
    print(f"kept {sum(kept.values())}, dropped {dropped}")
    for tag, count in kept.most_common():
        print(f"  {tag} {count}")


if __name__ == "__main__":
    main()
