"""Trains the joint English-German SentencePiece vocabulary.

What: `python vocab.py PAIRS.tsv OUT_PREFIX` -> OUT_PREFIX.model (ship it as .spm).
What not: no ids of the corpus (encode.py).
Who calls: campaign.py, after augment.py.
"""

import argparse
import random

import sentencepiece as spm

# Characters of code and typography that documentation needs as single pieces
# even where the coverage threshold would drop them. Letters, not user symbols:
# user_defined_symbols would cut words like "C#" before segmentation.
# All printable ASCII: coverage alone left Q, ! and ; out of the first vocabulary, which spells them in bytes.
ASCII = "".join(map(chr, range(0x21, 0x7F)))
REQUIRED_CHARS = ASCII + "ÄÖÜäöüßÉàáâãåæçèéêëíîïñóôõøœúûü„“”‚‘’«»–—…€°§©®™×·•→←↑↓≥≤≠"


def sample_sentences(path, pairs, seed):
    """Returns both sides of a seeded sample of `pairs` lines of the table."""
    with open(path, encoding="utf-8", newline="\n") as file:
        lines = file.read().split("\n")[:-1]
    random.Random(seed).shuffle(lines)
    return [side for line in lines[:pairs] for side in line.split("\t")[1:]]


def train_vocab(sentences, prefix, size, model_type="unigram", coverage=0.9995, required=REQUIRED_CHARS,
                normaliser="nmt_nfkc"):
    """Writes PREFIX.model: EOS 0, UNK 1, no BOS, no PAD, as Marian expects."""
    spm.SentencePieceTrainer.train(
        sentence_iterator=iter(sentences), model_prefix=prefix, vocab_size=size,
        model_type=model_type, byte_fallback=True, character_coverage=coverage,
        required_chars=required, normalization_rule_name=normaliser,
        bos_id=-1, eos_id=0, unk_id=1, pad_id=-1, num_threads=2,
        train_extremely_large_corpus=False, minloglevel=1)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pairs")
    parser.add_argument("prefix")
    parser.add_argument("--size", type=int, default=8000, help="a multiple of 8")
    parser.add_argument("--sample", type=int, default=250_000, help="pairs to learn from")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    if args.size % 8:
        parser.error("the vocabulary size must be a multiple of 8")
    train_vocab(sample_sentences(args.pairs, args.sample, args.seed), args.prefix, args.size)


if __name__ == "__main__":
    main()
