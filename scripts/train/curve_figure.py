"""Draws the loss on held-out pairs over a run, for several runs, as SVG.

What: `python curve_figure.py OUT.svg NAME=RUN_DIR ...`; RUN_DIR/curve.tsv is from `train.py --valid`. Both axes are logarithmic,
as a loss falls about straight so, and in the colours of length_figure.py.
What not: no smoothing; every point is a checkpoint, of averaged weights.
Who calls: by hand, for docs/generations.md.
"""

import argparse
import csv
import math

from files import replacing
from length_figure import LEFT, STYLES, WIDTH, document, names, path, point

HEIGHT, RIGHT, TOP, BOTTOM = 320, 16, 44, 42
TOKENS, LOSSES = (0.5, 1, 2, 4, 8, 16, 32, 64), (1.2, 1.5, 2, 3, 4, 6, 8)


def read_curve(folder):
    """-> [(M target tokens, loss a token)]"""
    with open(f"{folder}/curve.tsv", encoding="utf-8", newline="") as file:
        return [(int(row["tokens"]) / 1e6, float(row["valid_loss"])) for row in csv.DictReader(file, delimiter="\t")]


class Axis:
    """Values of one axis -> places, logarithmically; `marks` are those that the runs reach, and one around."""

    def __init__(self, values, choice, first, last):
        below = [mark for mark in choice if mark <= min(values)][-1:] or choice[:1]
        above = [mark for mark in choice if mark >= max(values)][:1] or choice[-1:]
        self.marks = [mark for mark in choice if below[0] <= mark <= above[0]]
        self.low, self.high = (math.log(end) for end in (min(*values, below[0]), max(*values, above[0])))
        self.first, self.last = first, last

    def __call__(self, value):
        return self.first + (math.log(value) - self.low) / (self.high - self.low) * (self.last - self.first)


def draw(curves):
    """curves: {name: [(M tokens, loss)]} -> the text of an SVG file"""
    points = [each for curve in curves.values() for each in curve]
    x = Axis([tokens for tokens, _ in points], TOKENS, LEFT, WIDTH - RIGHT)
    y = Axis([loss for _, loss in points], LOSSES, HEIGHT - BOTTOM, TOP)
    out = [f'<path class="grid" d="M{LEFT} {y(mark):.1f}H{WIDTH - RIGHT}"/>'
           f'<text class="soft" x="{LEFT - 8}" y="{y(mark) + 4:.1f}" text-anchor="end">{mark:g}</text>' for mark in y.marks]
    out += [f'<text class="soft" x="{x(mark):.1f}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">{mark:g}</text>'
            for mark in x.marks]
    out.append(f'<text class="soft" x="{(LEFT + WIDTH - RIGHT) / 2}" y="{HEIGHT - 6}" text-anchor="middle">'
               "million German tokens learned from</text>")
    out.append(f'<text class="title" x="{LEFT}" y="16">Loss on held-out pairs, a token</text>')
    for number, curve in enumerate(curves.values()):
        places = [(x(tokens), y(loss)) for tokens, loss in curve]
        out.append(f'<polyline class="line m{number}" points="{path(places)}"/>')
        out += [point(STYLES[number][2], *place, number) for place in places]
    out += names(curves, 32)
    return document(f"Loss on held-out pairs over the run: {', '.join(curves)}", HEIGHT, out)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out")
    parser.add_argument("runs", nargs="+", help=f"NAME=RUN_DIR, {len(STYLES)} at most")
    args = parser.parse_args()
    if len(args.runs) > len(STYLES):
        parser.error(f"{len(args.runs)} runs, but {len(STYLES)} colours")
    labels, folders = zip(*(run.split("=", 1) for run in args.runs))
    with replacing(args.out, encoding="utf-8") as file:
        file.write(draw(dict(zip(labels, map(read_curve, folders)))))


if __name__ == "__main__":
    main()
