"""Of what a beam finds for the pairs of the corpus, the translation nearest to the people's one (Kim & Rush 2016, section 3.3).

What: `python closest.py MODEL PAIRS.tsv OUT.tsv [--source de] [--engine build/dolmetsch]` -> lines
`source/distilled<TAB>english<TAB>german`, of which one is the model's, for it to go on from: sentences that it could have
written itself, and better ones than its first choice. Of each line,
the best of `--nbest` hypotheses by sentence chrF; left out where even that is below --least.
What not: a teacher's own choice, with links, is distill.py's.
Who calls: by hand, before the last run of a model that has no teacher; encode.py reads OUT.
"""

import argparse
import collections
import json
import subprocess
import threading

import sacrebleu

from files import replacing
from pairs import pair_line, read

METRIC = sacrebleu.metrics.CHRF()


def hypotheses(engine, model, beam, lines):
    """Yields the texts that the engine found for each line, its own choice first."""
    command = [engine, "--model", model, "--beam", str(beam), "--nbest", str(beam), "--no-split"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8") as running:
        def feed():
            with running.stdin:
                running.stdin.writelines(line + "\n" for line in lines)
        feeder = threading.Thread(target=feed, daemon=True)
        feeder.start()
        for line in running.stdout:
            found = json.loads(line)
            # A long line is translated in parts, which have no alternatives as a whole.
            whole = found["sentences"][0].get("alternatives", ()) if len(found["sentences"]) == 1 else ()
            yield [found["text"]] + [other["text"] for other in whole]
        feeder.join()
    if running.returncode:
        raise SystemExit(f"{engine} failed on {model}")


Nearest = collections.namedtuple("Nearest", "place text score")


def nearest(texts, reference):
    """-> the place, the text and the sentence chrF of the first best one."""
    scores = [METRIC.sentence_score(text, [reference]).score for text in texts]
    place = max(range(len(scores)), key=scores.__getitem__)
    return Nearest(place, texts[place], scores[place])


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", help="a folder of models/ or a packed file")
    parser.add_argument("pairs")
    parser.add_argument("out")
    parser.add_argument("--source", choices=("en", "de"), default="en", help="language that the model reads")
    parser.add_argument("--engine", default="build/dolmetsch")
    parser.add_argument("--nbest", type=int, default=6, help="hypotheses, and width of the beam")
    parser.add_argument("--least", type=float, default=35.0, help="chrF of the least good one that is kept")
    args = parser.parse_args()
    turn = -1 if args.source == "de" else 1
    pairs, places, kept = [(tag, *sides[::turn]) for tag, *sides in read(args.pairs)], collections.Counter(), []
    with replacing(args.out, encoding="utf-8", newline="\n") as out:
        found = hypotheses(args.engine, args.model, args.nbest, (source for _, source, _ in pairs))
        for (tag, source, reference), texts in zip(pairs, found, strict=True):
            near = nearest(texts, reference)
            if near.score >= args.least:
                places[near.place] += 1
                kept.append((nearest(texts[:1], reference).score, near.score))
                english, german = (source, near.text)[::turn]
                out.write(pair_line(tag.split("/")[0] + "/distilled", english, german))
    first, best = (sum(scores) / max(len(kept), 1) for scores in zip(*kept)) if kept else (0, 0)
    print(f"{len(kept)} of {len(pairs)} pairs kept; mean chrF of the first choice {first:.1f}, of the closest {best:.1f}; "
          f"places {dict(sorted(places.items()))}")


if __name__ == "__main__":
    main()
