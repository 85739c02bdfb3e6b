"""Scores of a packed model as users run it: int8, through the C engine.

What: `python score_engine.py MODEL EVAL_DIR [--engine build/dolmetsch] [--json scores.json]`; MODEL is a
folder of models/ or a packed file. The JSON goes into manifest.json (scripts/publish.mjs).
What not: the float model (evaluate.py).
Who calls: by hand, before a model is published.
"""

import argparse
import json
import subprocess
import time
from pathlib import Path

import sacrebleu

from evaluate import read_set


def translate(engine, model, options, english):
    """The engine's translations, one for each line."""
    text = "".join(line + "\n" for line in english)
    done = subprocess.run([engine, "--model", model, *options], input=text, capture_output=True, text=True, check=True)
    outputs = done.stdout.split("\n")[:-1]
    if len(outputs) != len(english):
        raise SystemExit(f"{len(english)} lines went in, {len(outputs)} came out")
    return outputs


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model")
    parser.add_argument("eval_dir", type=Path)
    parser.add_argument("--engine", default="build/dolmetsch")
    parser.add_argument("--sets", nargs="+", default=["docs-test", "flores-dev", "wmt13"])
    parser.add_argument("--json", type=Path)
    parser.add_argument("--outputs", type=Path, help="folder for the translations")
    parser.add_argument("options", nargs="*", help="for the engine, after --")
    args = parser.parse_args()
    scores = {}
    for name in args.sets:
        english, german = read_set(args.eval_dir, name)
        began = time.time()
        outputs = translate(args.engine, args.model, args.options, english)
        seconds = time.time() - began
        bleu, chrf = sacrebleu.metrics.BLEU(), sacrebleu.metrics.CHRF()
        scores[name] = {"bleu": round(bleu.corpus_score(outputs, [german]).score, 1),
                        "chrf2": round(chrf.corpus_score(outputs, [german]).score, 1)}
        words = sum(len(line.split()) for line in english)
        print(f"{name}: BLEU {scores[name]['bleu']} [{bleu.get_signature()}] chrF2 {scores[name]['chrf2']} "
              f"[{chrf.get_signature()}] {len(english)} lines, {words / seconds:.0f} words/s", flush=True)
        if args.outputs:
            args.outputs.mkdir(parents=True, exist_ok=True)
            (args.outputs / f"{name}.de").write_text("\n".join(outputs) + "\n", encoding="utf-8")
    if args.json:
        args.json.write_text(json.dumps(scores, indent=1) + "\n")


if __name__ == "__main__":
    main()
