"""Adds what documentation has and sentences in a corpus have not: capitals, fragments, typos, code, several sentences in a line.

What: `python augment.py PAIRS.tsv LINKS.txt OUT.tsv OUT_LINKS.txt [--seed 1] [--share 1.0]` -> all pairs, then the new ones with
the tag SOURCE/KIND, each with its word links; the same seed gives the same bytes.
What not: nothing is dropped (filter.py); no weights (data.py: KINDS).
Who calls: campaign.py, after filter.py.

A change is a splice: a span of each side gives way to new text, and the links are counted anew. So every kind is a function
(rng, Pair) -> Pair or None where it does not fit.
"""

import argparse
import collections
import itertools
import random
import re
from dataclasses import dataclass

from align import words
from files import replacing
from pairs import links_line, pair_line, read_linked

EMOJI = "😀 😂 😍 🎉 👍 🙏 🔥 ✨ 🚀 ✅ ❌ 💡 📁 🐛 🤔 😢 👀 💬 🔒 📷".split()
BULLETS = ("- ", "* ", "• ", "1. ", "2. ", "3) ", "a) ", "– ", "- [ ] ")
HOSTS = ("example.org", "example.com", "docs.example.net", "localhost:8080")
PATHS = ("", "/", "/index.html", "/docs/v2/api?x=1", "/a_b#c")
PARTS = "user name file path get set max min count size id list node item value key data index page url text load save".split()
PLACEHOLDERS = ("{name}", "{0}", "{count}", "{{value}}", "%s", "%d", "%1$s", "${user}", "$1", ":id", "<b>", "[NAME]", "@user")
# Spelt alike in both languages, but words of their own: never taken for a name.
COMMON = frozenset("in an so was will war hat man die also am all die arm bin fast gut her see tag not".split())
SENTENCE_END = re.compile(r"[.!?]$")
APOSTROPHE = re.compile(r"(?<=[A-Za-z])['’](?=(?:s|t|re|ve|ll|d|m)\b)")  # of a clitic, "don't"; not of French or a quotation


@dataclass
class Pair:
    tag: str
    source: str
    target: str
    links: list  # of (source word, target word)


def splice(text, begin, end, new):
    """Replaces text[begin:end] -> (new text, [new index of each old word or None], [indices of the new words]);
    None where a word would be torn or two would run together."""
    old = words(text)
    out = text[:begin] + new + text[end:]
    found = words(out)
    before = sum(e <= begin for _, e in old)
    after = sum(b >= end for b, _ in old)
    added = len(found) - before - after
    torn = any(b < begin < e or b < end < e for b, e in old)
    shift = len(out) - len(text)
    moved = [(b + shift, e + shift) for b, e in old[len(old) - after:]]
    merged = found[:before] != old[:before] or found[before + added:] != moved
    if torn or merged or added < 0 or out != out.strip() or not out:
        return None
    indices = [*range(before), *[None] * (len(old) - before - after), *range(before + added, len(found))]
    return out, indices, list(range(before, before + added))


def replace(pair, source_span, target_span, new, target_new=None):
    """The pair with one span of each side replaced; what is new on both sides is linked in order."""
    left = splice(pair.source, *source_span, new)
    right = splice(pair.target, *target_span, new if target_new is None else target_new)
    if not left or not right:
        return None
    links = [(left[1][i], right[1][j]) for i, j in pair.links]
    kept = [(i, j) for i, j in links if i is not None and j is not None]
    return Pair(pair.tag, left[0], right[0], kept + list(zip(left[2], right[2])))


def at_front(pair, new):
    return replace(pair, (0, 0), (0, 0), new)


def at_end(pair, new):
    return replace(pair, (len(pair.source),) * 2, (len(pair.target),) * 2, new)


def copied_spans(pair):
    """Spans of linked words that are the same on both sides, names and numbers: [(source span, target span)]."""
    left, right = words(pair.source), words(pair.target)
    return [(left[i], right[j]) for i, j in pair.links
            if (word := pair.source[slice(*left[i])]) == pair.target[slice(*right[j])]
            and word.isalnum() and word.lower() not in COMMON]


# --- kinds ---------------------------------------------------------------------------------------------------------

def caps(rng, pair):
    """Both sides in capitals; ß becomes SS."""
    changed = Pair(pair.tag, pair.source.upper(), pair.target.upper(), pair.links)
    short = len(pair.source.split()) <= 25
    return changed if short and changed.source != pair.source and "`" not in pair.source else None


def title(rng, pair):
    """An heading of the source; German ones are written like any line."""
    small = {"a", "an", "the", "of", "in", "on", "to", "for", "and", "or", "with", "by", "at", "from", "is"}
    parts = pair.source.split(" ")
    if not 2 <= len(parts) <= 12:
        return None
    source = " ".join(w if i and w.lower() in small else w[:1].upper() + w[1:] for i, w in enumerate(parts))
    return Pair(pair.tag, source, pair.target, pair.links) if source != pair.source else None


def lower(rng, pair):
    """Careless source, careful target."""
    return Pair(pair.tag, pair.source.lower(), pair.target, pair.links) if pair.source.lower() != pair.source else None


def unpunctuated(rng, pair):
    if not (SENTENCE_END.search(pair.source) and SENTENCE_END.search(pair.target)):
        return None
    return replace(pair, (len(pair.source) - 1, len(pair.source)), (len(pair.target) - 1, len(pair.target)), "")


def item(rng, pair):
    return at_front(pair, rng.choice(BULLETS)) if len(pair.source.split()) <= 15 else None


def emoji(rng, pair):
    new = rng.choice(EMOJI)
    return at_front(pair, new + " ") if rng.random() < 0.4 else at_end(pair, " " + new)


def url(rng, pair):
    address = f"{rng.choice(('https://', 'http://'))}{rng.choice(HOSTS)}{rng.choice(PATHS)}"
    if SENTENCE_END.search(pair.source) and SENTENCE_END.search(pair.target) and rng.random() < 0.6:
        return replace(pair, (len(pair.source) - 1,) * 2, (len(pair.target) - 1,) * 2, f" ({address})")
    return at_end(pair, f": {address}") if pair.source[-1].isalnum() and pair.target[-1].isalnum() else None


def identifier(rng):
    parts = [rng.choice(PARTS) for _ in range(rng.choice((2, 2, 3)))]
    camel = parts[0] + "".join(part.capitalize() for part in parts[1:])
    return rng.choice(("_".join(parts), "_".join(parts).upper(), camel, camel[0].upper() + camel[1:], camel + "()",
                       "`" + camel + "`", "--" + "-".join(parts), "/".join(["", *parts]), ".".join(parts)))


def code(rng, pair):
    """A word that both sides share becomes another name."""
    spans = copied_spans(pair)
    return replace(pair, *rng.choice(spans), identifier(rng)) if spans else None


def placeholder(rng, pair):
    spans = copied_spans(pair)
    return replace(pair, *rng.choice(spans), rng.choice(PLACEHOLDERS)) if spans else None


def without_apostrophes(pair):
    """"dont" and "its" in the source, for "don't" and "it's"."""
    source = APOSTROPHE.sub("", pair.source)
    if source == pair.source:
        return None
    found = words(source)
    gone = [match.start() for match in APOSTROPHE.finditer(pair.source)]
    # Where a word begins in the new text: an apostrophe, a word of its own, where the rest of its word goes on.
    moved = [begin - sum(at < begin for at in gone) for begin, _ in words(pair.source)]
    index = [next(i for i, (_, end) in enumerate(found) if at < end) for at in moved]
    return Pair(pair.tag, source, pair.target, [(index[i], j) for i, j in pair.links])


def typo(rng, pair):
    """One or two slips in the source: letters swapped, dropped, doubled; or its apostrophes forgotten."""
    if rng.random() < 0.5 and (hasty := without_apostrophes(pair)):
        return hasty
    source, spans = pair.source, [s for s in words(pair.source) if s[1] - s[0] >= 4 and pair.source[slice(*s)].isalpha()]
    if len(spans) < 3:
        return None
    for begin, end in sorted(rng.sample(spans, rng.choice((1, 1, 2))), reverse=True):
        at = rng.randrange(begin + 1, end - 1)
        slip = rng.choice((source[at + 1] + source[at], source[at + 1], source[at] + source[at:at + 2]))
        source = source[:at] + slip + source[at + 2:]
    return Pair(pair.tag, source, pair.target, pair.links)


def single(rng, pair):
    """Short pairs as labels: without the full stop, else only what is one or two words already."""
    if len(pair.source.split()) > 2 or len(pair.target.split()) > 2:
        return None
    return unpunctuated(rng, pair) or Pair(pair.tag, pair.source, pair.target, pair.links)


# Kind -> (function, share of the pairs that it is tried on).
KINDS = {"caps": (caps, 0.03), "title": (title, 0.015), "lower": (lower, 0.03), "unpunctuated": (unpunctuated, 0.03),
         "item": (item, 0.015), "emoji": (emoji, 0.01), "url": (url, 0.015), "code": (code, 0.04),
         "placeholder": (placeholder, 0.02), "typo": (typo, 0.08), "single": (single, 1.0)}
SEVERAL = 0.04  # share of lines that become one with the lines after them


def join(pairs):
    """Several pairs as one line, one after the other."""
    source, target, links = "", "", []
    for pair in pairs:
        rows, columns = len(words(source)) if source else 0, len(words(target)) if target else 0
        source, target = f"{source} {pair.source}".strip(), f"{target} {pair.target}".strip()
        links += [(i + rows, j + columns) for i, j in pair.links]
    return Pair(pairs[0].tag, source, target, links)


def several(rng, recent):
    """The last two or three short sentences as one line."""
    pairs = list(recent)[-rng.choice((2, 2, 3)):]
    if any(len(p.source.split()) > 12 or not SENTENCE_END.search(p.source) or not SENTENCE_END.search(p.target) for p in pairs):
        return None
    return join(pairs)


def augment(pairs, seed, share):
    """Yields (kind, pair) for the stream of pairs."""
    rng, recent = random.Random(seed), collections.deque(maxlen=3)
    for pair in pairs:
        recent.append(pair)
        for kind, (change, rate) in KINDS.items():
            if rng.random() < rate * share and (new := change(rng, pair)):
                yield kind, new
        if len(recent) == 3 and rng.random() < SEVERAL * share and (new := several(rng, recent)):
            yield "several", new


def turned(pair):
    return Pair(pair.tag, pair.target, pair.source, [(j, i) for i, j in pair.links])


def read(pairs_path, links_path, source):
    """Yields every pair, with the language `source` as its source."""
    for whole in itertools.starmap(Pair, read_linked(pairs_path, links_path)):
        yield whole if source == "en" else turned(whole)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("pairs", "links", "out", "out_links"):
        parser.add_argument(name)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--share", type=float, default=1.0, help="multiplies the rate of every kind")
    parser.add_argument("--source", choices=("en", "de"), default="en", help="the side that slips; columns stay English, German")
    args = parser.parse_args()
    counts, total = collections.Counter(), 0
    with (replacing(args.out, encoding="utf-8", newline="\n") as out,
          replacing(args.out_links, encoding="ascii") as out_links):
        def write(tag, pair):
            pair = pair if args.source == "en" else turned(pair)
            out.write(pair_line(tag, pair.source, pair.target))
            out_links.write(links_line(set(pair.links)))
        for pair in read(args.pairs, args.links, args.source):
            write(pair.tag, pair)
            total += 1
        for kind, pair in augment(read(args.pairs, args.links, args.source), args.seed, args.share):
            write(f"{pair.tag.split('/')[0]}/{kind}", pair)
            counts[kind] += 1
    print(f"{total} pairs, {sum(counts.values())} more: " + ", ".join(f"{kind} {n}" for kind, n in counts.most_common()))


if __name__ == "__main__":
    main()
