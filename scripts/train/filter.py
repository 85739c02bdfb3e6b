"""Drops pairs that would teach the wrong thing, and marks good prose to be drawn more often.

What: `python filter.py PAIRS.tsv LINKS.txt OUT.tsv OUT_LINKS.txt` -> the pairs that stay and their links, line by line;
prints what it dropped and why, by source and with examples. LINKS is from align.py on the whole of PAIRS.
What not: no licences and no crude sanity (data.py), nothing added (augment.py).
Who calls: campaign.py, after align.py.

Reasons, the first that holds:
  length     the German is too long or too short for the English (Gale & Church), by the corpus' own ratio and spread
  language   a side is in the other language, or both sides are the same sentence
  alignment  the words of the two sides rarely go together elsewhere: mean log p(word | its linked word), both ways
  duplicate  a pair like it, but for numbers, case, marks and code, was there before; or its English was there COPIES times
"""

import argparse
import collections
import math
import random
import re

import numpy as np

from align import STEM, words
from files import replacing
from pairs import links_line, pair_line, read_linked

LENGTH_SIGMAS = 4.5
ALIGNMENT_FLOOR = -5.0  # in nats a word; pairs with fewer than ALIGNED_WORDS words on a side are not judged
ALIGNED_WORDS = 4
UNLINKED = math.log(1e-4)
COPIES = 3
EXAMPLES = 3

ENGLISH = frozenset("the of and is are with you your this that to from by has have not be it for on or if when which".split())
GERMAN = frozenset("der die das und ist sind mit sie ihr ihre den dem des ein eine zu von für auf oder wenn nicht es".split())
CODE = re.compile(r"\S*[_/\\<>{}()=$#@`|]\S*|\S*[a-z][A-Z]\S*|\S*\d\S*")


def stems(text):
    return [text[b:e].lower()[:STEM] for b, e in words(text)]


class LengthModel:
    """Gale & Church: German characters are c times the English ones, with a variance of s2 a character."""

    def __init__(self, lengths):
        """lengths: [n,2], English and German."""
        english, german = np.maximum(lengths, 1).T
        self.c = np.median(german / english)
        spread = (german - self.c * english) / np.sqrt(english)
        self.s = 1.4826 * np.median(np.abs(spread - np.median(spread)))  # robust: most pairs are fine

    def sigmas(self, english, german):
        # A few characters more or less say nothing about a short line.
        english, german = len(english) + 10, len(german) + 10
        return abs(german - self.c * english) / (self.s * math.sqrt(english))


class Lexicon:
    """p(stem | linked stem) both ways, by counting the links of the whole corpus."""

    def __init__(self):
        self.ids, self.joint, self.single = {}, collections.Counter(), (collections.Counter(), collections.Counter())

    def number(self, text):
        return [self.ids.setdefault(stem, len(self.ids)) for stem in stems(text)]

    def count(self, english, german, links):
        a, b = self.number(english), self.number(german)
        for i, j in links:
            self.joint[a[i] << 32 | b[j]] += 1
            self.single[0][a[i]] += 1
            self.single[1][b[j]] += 1

    def score(self, english, german, links):
        """Mean over the words of both sides of log p of their best link; None where there are too few words."""
        sides = self.number(english), self.number(german)
        if min(map(len, sides)) < ALIGNED_WORDS:
            return None
        best = [[UNLINKED] * len(side) for side in sides]
        for i, j in links:
            both = math.log(self.joint[sides[0][i] << 32 | sides[1][j]])
            best[0][i] = max(best[0][i], both - math.log(self.single[1][sides[1][j]]))
            best[1][j] = max(best[1][j], both - math.log(self.single[0][sides[0][i]]))
        return sum(sum(side) / len(side) for side in best) / 2


def wrong_language(english, german):
    """True where a side has the other language's small words and hardly its own, or nothing was translated."""
    left, right = english.lower().split(), german.lower().split()
    if len(left) >= 4 and left == right:
        return True
    for side, own, other in ((left, ENGLISH, GERMAN), (right, GERMAN, ENGLISH)):
        foreign, mine = sum(word in other - own for word in side), sum(word in own for word in side)
        if foreign >= 2 and foreign > 2 * mine and 4 * foreign > len(side):
            return True
    return False


def template(text):
    """What is left of a text when code, numbers, case and marks are taken away."""
    return " ".join(stem for stem in re.findall(r"\w+", CODE.sub("0", text).lower()))


def is_prose(tag, english, german, score):
    """A whole sentence of some length, well aligned, with little code: what general text looks like."""
    return (score is not None and score > ALIGNMENT_FLOOR / 2 and 8 <= len(english.split()) <= 40
            and english[0].isupper() and english[-1] in ".!?" and german[-1] in ".!?\"“"
            and len(CODE.findall(english)) <= 1)


class Filter:
    def __init__(self, lengths, lexicon):
        self.lengths, self.lexicon = lengths, lexicon
        self.seen, self.copies = set(), collections.Counter()

    def judge(self, tag, english, german, links):
        """-> (reason to drop it or "", the tag to keep it with)"""
        if self.lengths.sigmas(english, german) > LENGTH_SIGMAS:
            return "length", tag
        if wrong_language(english, german):
            return "language", tag
        score = self.lexicon.score(english, german, links)
        if score is not None and score < ALIGNMENT_FLOOR:
            return "alignment", tag
        left, right = template(english), template(german)
        key = hash((left, right))
        if key in self.seen or self.copies[hash(left)] >= COPIES:
            return "duplicate", tag
        self.seen.add(key)
        self.copies[hash(left)] += 1
        return "", tag + "/prose" if is_prose(tag, english, german, score) else tag


def report(dropped, kept, examples):
    reasons = sorted({reason for reason, _ in dropped})
    print(f"kept {sum(kept.values())}, dropped " + ", ".join(
        f"{sum(n for (r, _), n in dropped.items() if r == reason)} by {reason}" for reason in reasons))
    totals = collections.Counter()
    for tag, n in [*kept.items(), *((tag, n) for (_, tag), n in dropped.items())]:
        totals[tag.split("/")[0]] += n
    for tag, n in totals.most_common():
        shares = ", ".join(f"{reason} {100 * dropped[reason, tag] / n:.1f} %" for reason in reasons if dropped[reason, tag])
        print(f"  {tag}: {n} pairs, {100 * kept[tag + '/prose'] / n:.0f} % prose; dropped {shares or 'none'}")
    for reason in reasons:
        for english, german in examples[reason].lines:
            print(f"  {reason}: {english} ||| {german}")


class Reservoir:
    """A uniform sample of a stream."""

    def __init__(self, size, seed):
        self.size, self.seen, self.lines, self.random = size, 0, [], random.Random(seed)

    def add(self, line):
        self.seen += 1
        if len(self.lines) < self.size:
            self.lines.append(line)
        elif (place := self.random.randrange(self.seen)) < self.size:
            self.lines[place] = line


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("pairs", "links", "out", "out_links"):
        parser.add_argument(name)
    args = parser.parse_args()
    lexicon, lengths = Lexicon(), []
    for _, english, german, links in read_linked(args.pairs, args.links):
        lexicon.count(english, german, links)
        lengths.append((len(english) + 10, len(german) + 10))
    judge = Filter(LengthModel(np.array(lengths)), lexicon).judge
    kept, dropped = collections.Counter(), collections.Counter()
    examples = collections.defaultdict(lambda: Reservoir(EXAMPLES, 1))
    with (replacing(args.out, encoding="utf-8", newline="\n") as out,
          replacing(args.out_links, encoding="ascii") as out_links):
        for tag, english, german, links in read_linked(args.pairs, args.links):
            reason, new_tag = judge(tag, english, german, links)
            if reason:
                dropped[reason, tag] += 1
                examples[reason].add((english, german))
                continue
            kept[new_tag] += 1
            out.write(pair_line(new_tag, english, german))
            out_links.write(links_line(links))
    report(dropped, kept, examples)


if __name__ == "__main__":
    main()
