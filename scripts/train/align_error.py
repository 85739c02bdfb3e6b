"""How well the attention of packed models aligns words, against links made by hand.

What: `python align_error.py SET MODEL... [--links NAME=FILE] [--json OUT]`; SET is tests/golden/align.en-de.tsv,
MODEL a folder of models/ or a packed file. Every cross-attention head of every model, the reference being forced:
each German word is linked to the English word that gets most of its weight. Prints a table in Markdown, best first.
What not: no training; int8 weights as floats (read_model.py), not the engine. A model without attention has no line.
Who calls: by hand; docs/generations.md has the table.

"One later" is the same with the weights of the step after a word: a head that nobody trained to align may look at what
belongs to the word that it has just been given, instead of the one that it is about to write.
"""

import argparse
import json
from pathlib import Path

import sentencepiece as spm
import torch

from align import words
from alignment_set import accuracy, error_rate, read_set
from decode import EOS
from encode import encode_text, pieces_by_word
from files import replacing
from pairs import read_links
from read_model import load_packed


@torch.inference_mode()
def force(model, source, target):
    """Ids of both sides, each with EOS -> {(layer, head): weights [T,S]}; layers and heads from 1."""
    memory, bias = model.encode(torch.tensor([source]), torch.ones(1, len(source)))
    state, steps, previous = model.start(memory), [], -1
    for token in target:
        trace = {}
        model.step(torch.tensor([previous]), state, bias, trace)
        steps.append({name: weights.reshape(-1, len(source)) for name, weights in trace.items()
                      if name.endswith("_attention")})
        previous = token
    return {(int(name.split("_")[1][1:]), head + 1): torch.stack([step[name][head] for step in steps])
            for name in steps[0] for head in range(len(steps[0][name]))}


def links_of(weights, source_owner, target_owner, is_word):
    """weights [T,S] of pieces -> {(English word, German word)}: the English word with most weight, summed over its
    pieces and averaged over the German word's; none where that is a mark or the end of the sentence."""
    links, columns = set(), pieces_by_word(source_owner)
    for german, rows in pieces_by_word(target_owner).items():
        if not is_word[1][german]:
            continue
        row = weights[rows].mean(0)
        by_word = {english: float(row[pieces].sum()) for english, pieces in columns.items()}
        by_word[None] = float(row[-1])  # the end of the sentence
        best = max(by_word, key=by_word.get)
        if best is not None and is_word[0][best]:
            links.add((best, german))
    return links


def words_or_marks(text):
    """For each of align.words(): whether it is a word, not a mark."""
    return [text[begin:end].isalnum() for begin, end in words(text)]


def attention_links(model, vocab, pairs):
    """-> {(layer, head, rows later): [links of each pair]}; {} of a model without attention."""
    model.eval()
    found = {}
    for pair in pairs:
        (source, source_owner), (target, target_owner) = (encode_text(vocab, text) for text in (pair.english, pair.german))
        is_word = words_or_marks(pair.english), words_or_marks(pair.german)
        for (layer, head), weights in force(model, source + [EOS], target + [EOS]).items():
            for later in (0, 1):
                links = links_of(weights[later:], source_owner, target_owner, is_word)
                found.setdefault((layer, head, later), []).append(links)
    return found


def given_links(path, pairs):
    """Links of align.py for the pairs, without those of marks."""
    found = []
    for pair, links in zip(pairs, read_links(path), strict=True):
        english, german = words_or_marks(pair.english), words_or_marks(pair.german)
        found.append({(i, j) for i, j in links if english[i] and german[j]})
    return found


def score(found, pairs):
    return {"aer": error_rate(found, pairs), "accuracy": accuracy(found, pairs)}


def measure(args, pairs):
    """-> [{"name", "now": scores, "later": scores or None}], best first."""
    rows = []
    for path in args.models:
        model, vocab = load_packed(path)
        found = attention_links(model, spm.SentencePieceProcessor(model_proto=vocab), pairs)
        for layer, head in sorted({key[:2] for key in found}):
            rows.append({"name": f"{Path(path).name}, layer {layer}, head {head}",
                         "now": score(found[layer, head, 0], pairs), "later": score(found[layer, head, 1], pairs)})
    for given in args.links:
        name, path = given.split("=", 1)
        rows.append({"name": name, "now": score(given_links(path, pairs), pairs), "later": None})
    return sorted(rows, key=lambda row: row["now"]["aer"])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("set")
    parser.add_argument("models", nargs="+")
    parser.add_argument("--links", action="append", default=[], help="NAME=FILE: links of align.py, a line for each pair")
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    rows = measure(args, read_set(args.set))
    print("| | AER | accuracy | AER, one later | accuracy, one later |\n|---|---|---|---|---|")
    for row in rows:
        cells = [f"{100 * each[key]:.1f}" if each else "" for each in (row["now"], row["later"]) for key in ("aer", "accuracy")]
        print("| " + " | ".join([row["name"], *cells]) + " |")
    if args.json:
        with replacing(args.json) as file:
            file.write(json.dumps(rows, indent=1) + "\n")


if __name__ == "__main__":
    main()
