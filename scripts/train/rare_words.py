"""What of a test set the corpus does not know: how often its English words occur in the training text, and BLEU by that.

What: `python rare_words.py PAIRS.tsv EVAL_DIR MODEL [--engine build/dolmetsch]` prints two tables in Markdown: for each set the
share of its running words that the corpus has never, or fewer than RARE times; and BLEU of its lines by how many such words they
have.
What not: no German side, no pieces: a word is align.py's, in lower case.
Who calls: by hand, for a model's card.
"""

import argparse
import collections
from pathlib import Path

import sacrebleu

import score_engine
from align import words
from evaluate import read_set

SETS = ("docs-test", "flores-dev", "wmt13")
RARE = 20
GROUPS = ((0, 0), (1, 1), (2, 3), (4, 999))  # rare words of a line
FEWEST = 20  # lines that have a BLEU worth printing


def words_of(text):
    """The words of a line that have letters, in lower case."""
    return [word for begin, end in words(text) if (word := text[begin:end].lower()).isalpha()]


def count(pairs_path):
    counts = collections.Counter()
    with open(pairs_path, encoding="utf-8", newline="\n") as pairs:
        for pair in pairs:
            counts.update(words_of(pair.split("\t")[1]))
    return counts


def share(counts, lines, fewer_than):
    """Of the running words of the lines, the share that occurs fewer times in the corpus."""
    running = [word for line in lines for word in words_of(line)]
    return sum(counts[word] < fewer_than for word in running) / len(running)


def grouped(counts, lines):
    """For each of GROUPS, the indices of the lines with so many rare words."""
    rare = [sum(counts[word] < RARE for word in words_of(line)) for line in lines]
    return [[i for i, number in enumerate(rare) if low <= number <= high] for low, high in GROUPS]


def bleu(outputs, references, index):
    if len(index) < FEWEST:
        return f"({len(index)})"
    score = sacrebleu.corpus_bleu([outputs[i] for i in index], [[references[i] for i in index]]).score
    return f"{score:.1f} ({len(index)})"


def name(low, high):
    return str(low) if low == high else f"{low} and more" if high == GROUPS[-1][1] else f"{low}-{high}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pairs")
    parser.add_argument("eval_dir", type=Path)
    parser.add_argument("model", help="folder or packed file, English to German")
    parser.add_argument("--engine", default="build/dolmetsch")
    args = parser.parse_args()
    counts, shares, scores = count(args.pairs), [], []
    for test in SETS:
        english, german = read_set(args.eval_dir, test)
        shares.append(f"| {test} | " + " | ".join(f"{100 * share(counts, english, few):.1f} %" for few in (1, RARE)) + " |")
        outputs = score_engine.translate(args.engine, args.model, [], english)
        cells = [bleu(outputs, german, index) for index in grouped(counts, english)]
        scores.append(f"| {test} | " + " | ".join(cells) + " |")
    print(f"| running words that the corpus has | never | fewer than {RARE} times |\n|---|---|---|\n" + "\n".join(shares))
    print("\n| BLEU (lines), by rare words in the line | " + " | ".join(name(*group) for group in GROUPS) + " |\n|---|"
          + "---|" * len(GROUPS) + "\n" + "\n".join(scores))


if __name__ == "__main__":
    main()
