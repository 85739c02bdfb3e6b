"""Weights between those of a model and of one that went on from it (Wortsman et al. 2022, arXiv:2109.01903).

What: `python interpolate.py OLD.bin NEW.bin SHARE OUT.bin`: OLD + SHARE (NEW - OLD), for each weight. A model that was trained
on other text keeps so more of what the old one knew, for little of what it learned. Choose SHARE by held-out pairs.
What not: no averages of one run (train.py --ema).
Who calls: by hand, after a run with --warm-start OLD.bin.
"""

import argparse

import torch

from marian import load_model, save_model


@torch.no_grad()
def interpolated(old, new, share):
    """The new model, with the weights in between."""
    shapes = [{name: weight.shape for name, weight in model.weights.items()} for model in (old, new)]
    if shapes[0] != shapes[1]:
        raise SystemExit("the two models have not the same weights")
    for name, weight in new.weights.items():
        weight.copy_(torch.lerp(old.weights[name], weight, share))
    return new


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("old", "new"):
        parser.add_argument(name, help="a Marian .bin")
    parser.add_argument("share", type=float, help="0 is the old model, 1 the new one")
    parser.add_argument("out")
    args = parser.parse_args()
    model = interpolated(load_model(args.old), load_model(args.new), args.share)
    save_model(args.out, model.config, model.weights)


if __name__ == "__main__":
    main()
