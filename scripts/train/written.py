"""Our own parallel text, for the fields that the corpus lacks: news, science, history, travel, daily life.

What: `for english, german in read()` reads written.tsv.xz beside this file; `read(held_out=True)` its hundredth that is never
trained on. `python written.py EVAL_DIR OUT.tsv.xz RAW.txt ...` makes that file from lines `english ||| german`.
A large language model wrote it for this project, each pair at once in both languages, by field, and for words that the corpus has
seldom: no translation system's output, no text from elsewhere. What it says is invented as often as true, no source of
knowledge. MIT licence, as the rest of the repository.
What not: no weights (data.py), no check of the translation (filter.py).
Who calls: data.py.

A pair is dropped that shares a run of RUN words, of either language, with a test set or a hard line, or whose English was
there before.
"""

import argparse
import lzma
import re
import zlib
from pathlib import Path

from evaluate import read_set
from files import replacing

PATH = Path(__file__).with_name("written.tsv.xz")
RUN = 7
SETS = ("docs-test", "flores-dev", "wmt13")
HARD = Path(__file__).parents[2] / "tests/golden/hard.en-de.tsv"  # kind, English, what is asked for


def is_held_out(english):
    return zlib.crc32(english.encode()) % 100 == 0


def read(held_out=False, path=PATH):
    """Yields (english, german)."""
    with lzma.open(path, "rt", encoding="utf-8", newline="\n") as file:
        for line in file:
            english, german = line.rstrip("\n").split("\t")
            if is_held_out(english) == held_out:
                yield english, german


def runs(text):
    """The runs of RUN words of a text, in lower case and without punctuation; a shorter text is one run."""
    words = re.findall(r"\w+", text.lower())
    return {tuple(words[i:i + RUN]) for i in range(max(1, len(words) - RUN + 1))}


def tested(directory):
    """All runs of the test sets' two sides, and of the hard lines."""
    hard = [line.split("\t")[1] for line in HARD.read_text(encoding="utf-8").splitlines()]
    sides = [side for name in SETS for side in read_set(directory, name, "en")]
    return {run for side in (*sides, hard) for text in side for run in runs(text)}


def clean(lines, taken):
    """Yields the (english, german) of raw lines that are whole, new, and share no run with `taken`."""
    seen = set()
    for line in lines:
        sides = [" ".join(side.split()) for side in line.split("|||")]
        if len(sides) != 2 or not all(sides) or sides[0].lower() in seen or any(runs(side) & taken for side in sides):
            continue
        seen.add(sides[0].lower())
        yield sides


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("eval_dir", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("raw", type=Path, nargs="+")
    args = parser.parse_args()
    lines = [line for path in args.raw for line in path.read_text(encoding="utf-8").splitlines()]
    pairs = list(clean(lines, tested(args.eval_dir)))
    text = "".join(f"{english}\t{german}\n" for english, german in pairs)
    with replacing(args.out, "wb") as file:
        file.write(lzma.compress(text.encode(), preset=9 | lzma.PRESET_EXTREME))
    print(f"{len(pairs)} of {len(lines)} pairs, {len(text.encode())} bytes, {args.out.stat().st_size} packed")


if __name__ == "__main__":
    main()
