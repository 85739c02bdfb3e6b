"""Weights between those of models of one descent (Wortsman et al. 2022, arXiv:2109.01903).

What: `python interpolate.py OUT.bin 35:FIRST.bin 65:SECOND.bin ...`: the mean of their weights, each with its share. A model that
was trained on other text keeps so more of what the old one knew, for little of what it learned. Choose shares by held-out pairs.
OUT.bin has the first model's settings (bits, longest).
What not: no averages of one run (train.py --ema); models that were not trained from the same weights have no use of it.
Who calls: by hand, after a run with --warm-start FIRST.bin.
"""

import argparse

import torch

from files import share_of
from marian import load_model, save_model


@torch.no_grad()
def interpolated(models, shares):
    """The first of the models, with the mean of all their weights."""
    first = models[0]
    shapes = [{name: weight.shape for name, weight in model.weights.items()} for model in models]
    if any(other != shapes[0] for other in shapes):
        raise SystemExit("the models have not the same weights")
    for name, weight in first.weights.items():
        weight.copy_(sum(share * model.weights[name] for model, share in zip(models, shares)) / sum(shares))
    return first


def weighted_model(text):
    """SHARE:PATH -> (float, path)"""
    share, path = share_of(text)
    if not share:
        raise argparse.ArgumentTypeError(f"{text} is no SHARE:MODEL.bin with a share above 0")
    return share, path


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out")
    parser.add_argument("models", nargs="+", type=weighted_model, metavar="SHARE:MODEL.bin")
    args = parser.parse_args()
    shares, paths = zip(*args.models)
    model = interpolated([load_model(path) for path in paths], shares)
    save_model(args.out, model.config, model.weights)


if __name__ == "__main__":
    main()
