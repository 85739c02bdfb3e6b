"""Hand-made word alignments, and how far others are from them.

What: reads tests/golden/align.en-de.tsv; error_rate() and accuracy() of links.
What not: no model, no tokeniser: links are pairs of numbers. Standard library only.
Who calls: align_error.py; tests/alignment.test.mjs, which has its sums worked out by hand.

A link is (English word, German word), both counted from 0 over align.words(). A sure
link belongs into every alignment, a possible one may be in it; sure ones are possible too.
"""

from typing import NamedTuple


class Pair(NamedTuple):
    kind: str  # "docs" or "general"
    english: str
    german: str
    sure: set
    possible: set  # the sure ones are in it


def read_set(path):
    """-> [Pair]; a line is kind, English, German and links ("3-4" sure, "3?5" possible), with tabs between."""
    pairs = []
    with open(path, encoding="utf-8", newline="\n") as file:
        for number, line in enumerate(file, 1):
            fields = line.rstrip("\n").split("\t")
            if len(fields) != 4:
                raise ValueError(f"{path}, line {number}: {len(fields)} fields instead of 4")
            links = {mark: set() for mark in "-?"}
            for link in fields[3].split():
                mark = "?" if "?" in link else "-"
                english, german = link.split(mark)
                links[mark].add((int(english), int(german)))
            pairs.append(Pair(*fields[:3], links["-"], links["-"] | links["?"]))
    return pairs


def error_rate(found, pairs):
    """Alignment error rate of Och and Ney (2003) over all pairs: with A the links that were found, S the sure and P
    the possible ones, 1 - (|A & S| + |A & P|) / (|A| + |S|). found: a set of links for each pair."""
    right = total = 0
    for links, pair in zip(found, pairs, strict=True):
        right += len(links & pair.sure) + len(links & pair.possible)
        total += len(links) + len(pair.sure)
    return 1 - right / total


def accuracy(found, pairs):
    """Share of the German words with a link in the set that have a link in `found`, and only possible ones."""
    right = total = 0
    for links, pair in zip(found, pairs, strict=True):
        for word in {german for _, german in pair.possible}:
            mine = {link for link in links if link[1] == word}
            right += bool(mine) and mine <= pair.possible
            total += 1
    return right / total
