"""BLEU and chrF2 of a model by sacreBLEU, with signatures, and how well it expected the references.

What: `python evaluate.py MODEL.bin VOCAB.spm EVAL_DIR [--lines N] [--json scores.json]`; the
JSON is for card.py --float.
What not: no search beyond greedy.
Who calls: campaign.py, ablate.py, or by hand after training; train.py scores its checkpoints with score().
"""

import argparse
import json
import time
from pathlib import Path

import sacrebleu
import sentencepiece as spm
import torch

from decode import EOS, pad_rows, translate
from files import replacing


def read_set(directory, name, source="en"):
    """Returns (source lines, reference lines) of a test set; source is "en" or "de"."""
    if name == "docs-test":
        with open(directory / "docs-test.tsv", encoding="utf-8", newline="\n") as file:
            sides = tuple(map(list, zip(*(line.rstrip("\n").split("\t") for line in file))))
    else:
        sides = tuple((directory / f"{name}.{side}").read_text(encoding="utf-8").splitlines() for side in ("en", "de"))
    return sides if source == "en" else sides[::-1]


def every(lines, count):
    """About `count` lines spread over the whole list; all if count is 0."""
    return lines[::max(1, len(lines) // count)][:count] if count else lines


def score(model, vocab, english, german, device="cpu"):
    """Returns (BLEU score, BLEU signature, chrF2 score, chrF2 signature, outputs)."""
    outputs = translate(model, vocab, english, device)
    bleu, chrf = sacrebleu.metrics.BLEU(), sacrebleu.metrics.CHRF()
    bleu_score, chrf_score = bleu.corpus_score(outputs, [german]), chrf.corpus_score(outputs, [german])
    return (bleu_score.score, str(bleu.get_signature()),
            chrf_score.score, str(chrf.get_signature()), outputs)


@torch.inference_mode()
def reference_loss(model, vocab, source, reference, device="cpu", at_once=16):
    """Cross-entropy of the references in nats a piece, which sees small differences that BLEU does not."""
    sides = ([ids + [EOS] for ids in vocab.encode(list(side))] for side in (source, reference))
    pairs = sorted(zip(*sides), key=lambda pair: len(pair[1]))
    total, pieces = 0.0, 0
    for begin in range(0, len(pairs), at_once):
        (src, src_mask), (trg, trg_mask) = (pad_rows(side, device) for side in zip(*pairs[begin:begin + at_once]))
        states, _ = model.decode(trg, *model.encode(src, src_mask))
        total += float(torch.nn.functional.cross_entropy(model.logits(states)[trg_mask].float(), trg[trg_mask], reduction="sum"))
        pieces += int(trg_mask.sum())
    return total / pieces


def main():
    from marian import load_model
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model")
    parser.add_argument("vocab")
    parser.add_argument("eval_dir", type=Path)
    parser.add_argument("--sets", nargs="+", default=["docs-test", "flores-dev", "wmt13"])
    parser.add_argument("--lines", type=int, default=0, help="0: all")
    parser.add_argument("--source", choices=("en", "de"), default="en", help="language that the model reads")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--outputs", type=Path, help="folder for the translations")
    parser.add_argument("--device", default="cpu")
    args = parser.parse_args()
    model = load_model(args.model).to(args.device).eval()
    vocab = spm.SentencePieceProcessor(args.vocab)
    scores = {}
    for name in args.sets:
        source, reference = (every(side, args.lines) for side in read_set(args.eval_dir, name, args.source))
        began = time.time()
        bleu, bleu_signature, chrf, chrf_signature, outputs = score(model, vocab, source, reference, args.device)
        loss = reference_loss(model, vocab, source, reference, args.device)
        scores[name] = {"bleu": round(bleu, 2), "chrf2": round(chrf, 2), "loss": round(loss, 4)}
        print(f"{name}: BLEU {bleu:.2f} [{bleu_signature}] chrF2 {chrf:.2f} [{chrf_signature}] loss {loss:.3f} "
              f"{len(source)} lines in {time.time() - began:.1f} s", flush=True)
        if args.outputs:
            args.outputs.mkdir(parents=True, exist_ok=True)
            (args.outputs / f"{name}.txt").write_text("\n".join(outputs) + "\n", encoding="utf-8")
    if args.json:
        with replacing(args.json) as file:
            file.write(json.dumps(scores, indent=1) + "\n")


if __name__ == "__main__":
    main()
