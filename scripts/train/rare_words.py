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

import score_engine
from align import words
from card import SETS, bleu_of, head, range_name, row
from evaluate import read_set
from pairs import read

RARE = 20  # fewer times in the corpus than this
GROUPS = ((0, 0), (1, 1), (2, 3), (4, 999))  # rare words of a line


def words_of(text):
    """The words of a line that have letters, in lower case."""
    return [word for begin, end in words(text) if (word := text[begin:end].lower()).isalpha()]


def count(pairs_path):
    counts = collections.Counter()
    for _, english, _ in read(pairs_path):
        counts.update(words_of(english))
    return counts


def share(counts, lines, fewer_than):
    """Of the running words of the lines, the share that occurs fewer times in the corpus."""
    running = [word for line in lines for word in words_of(line)]
    return sum(counts[word] < fewer_than for word in running) / len(running)


def grouped(counts, lines):
    """For each of GROUPS, the indices of the lines with so many rare words."""
    rare = [sum(counts[word] < RARE for word in words_of(line)) for line in lines]
    return [[i for i, number in enumerate(rare) if low <= number <= high] for low, high in GROUPS]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pairs")
    parser.add_argument("eval_dir", type=Path)
    parser.add_argument("model", help="folder or packed file, English to German")
    parser.add_argument("--engine", default="build/dolmetsch")
    args = parser.parse_args()
    counts = count(args.pairs)
    shares = head("running words that the corpus has", "never", f"fewer than {RARE} times")
    scores = head("BLEU (lines), by rare words in the line", *(range_name(*group) for group in GROUPS))
    for test in SETS:
        english, german = read_set(args.eval_dir, test)
        shares += row(test, *(f"{100 * share(counts, english, few):.1f} %" for few in (1, RARE)))
        outputs = score_engine.translate(args.engine, args.model, [], english)
        scores += row(test, *(bleu_of([(outputs[i], german[i]) for i in index]) for index in grouped(counts, english)))
    print(shares + "\n" + scores, end="")


if __name__ == "__main__":
    main()
