"""Scores of a packed model as users run it: int8, through the C engine.

What: `python score_engine.py [--engine build/dolmetsch] [--json scores.json] MODEL EVAL_DIR [-- ENGINE OPTION...]`; MODEL is a
folder of models/ or a packed file. The JSON goes into manifest.json (scripts/publish.mjs).
What not: the float model (evaluate.py).
Who calls: campaign.py, or by hand, before a model is published; card.py, size.py and by_length.py translate with it.
"""

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path

import sacrebleu

from evaluate import read_set
from files import replacing


def translate(engine, model, options, lines):
    """The engine's translations, one for each line."""
    text = "".join(line + "\n" for line in lines)
    done = subprocess.run([engine, "--model", model, *options], input=text, capture_output=True, text=True, check=True)
    outputs = done.stdout.split("\n")[:-1]
    if len(outputs) != len(lines):
        raise SystemExit(f"{len(lines)} lines went in, {len(outputs)} came out")
    return outputs


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model")
    parser.add_argument("eval_dir", type=Path)
    parser.add_argument("--engine", default="build/dolmetsch")
    parser.add_argument("--sets", nargs="+", default=["docs-test", "flores-dev", "wmt13"])
    parser.add_argument("--source", choices=("en", "de"), default="en", help="language that the model reads")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--outputs", type=Path, help="folder for the translations")
    ours = sys.argv.index("--") if "--" in sys.argv else len(sys.argv)
    args, options = parser.parse_args(sys.argv[1:ours]), sys.argv[ours + 1:]
    scores = {}
    for name in args.sets:
        source, reference = read_set(args.eval_dir, name, args.source)
        began = time.time()
        outputs = translate(args.engine, args.model, options, source)
        seconds = time.time() - began
        bleu, chrf = sacrebleu.metrics.BLEU(), sacrebleu.metrics.CHRF()
        scores[name] = {"bleu": round(bleu.corpus_score(outputs, [reference]).score, 1),
                        "chrf2": round(chrf.corpus_score(outputs, [reference]).score, 1)}
        words = sum(len(line.split()) for line in source)
        print(f"{name}: BLEU {scores[name]['bleu']} [{bleu.get_signature()}] chrF2 {scores[name]['chrf2']} "
              f"[{chrf.get_signature()}] {len(source)} lines, {words / seconds:.0f} words/s", flush=True)
        if args.outputs:
            args.outputs.mkdir(parents=True, exist_ok=True)
            (args.outputs / f"{name}.txt").write_text("\n".join(outputs) + "\n", encoding="utf-8")
    if args.json:
        with replacing(args.json) as file:
            file.write(json.dumps(scores, indent=1) + "\n")


if __name__ == "__main__":
    main()
