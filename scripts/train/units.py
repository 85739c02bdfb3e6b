"""The hidden units of the feed-forward layers that (nearly) no token switches on: counted, cut, or made anew.

What: `python units.py MODEL.bin CORPUS.npz [--cut OUT.bin] [--revive OUT.bin]` prints for each layer how many units are on at a
token, and how many are dead: on at no more than --rarest of the tokens of --lines pairs. --cut leaves them out: the same
translations from a smaller file; the widths of the layers then differ, each a multiple of 8. --revive gives them new weights:
random ones on the input, so that half of the tokens switch a unit on, and no effect on the output yet, so that the model
translates as before; with --width, a layer that was cut gets its units back so. A ReLU that is never on has no gradient;
`train.py --warm-start OUT.bin` can teach a new one.
What not: no training. The recurrent models have no such layers.
Who calls: campaign.py, or by hand, before a model is packed or trained further; train.py counts them at every checkpoint.
"""

import argparse

import numpy as np
import torch
from torch.nn import functional as func

from batches import collate
from encode import load
from marian import load_model, save_model

MOST_PIECES = 80
AT_ONCE = 100  # pairs
WIDTH = 8  # of which a layer's width is a multiple, for the engine


def batches(corpus, lines):
    """`lines` pairs, spread over the corpus, some at a time."""
    lengths = np.maximum(np.diff(corpus.src_at), np.diff(corpus.trg_at))
    fits = np.flatnonzero(lengths <= MOST_PIECES)
    chosen = fits[np.linspace(0, len(fits) - 1, min(lines, len(fits))).astype(int)]
    chosen = chosen[np.argsort(lengths[chosen])]
    return [collate(corpus, chosen[i:i + AT_ONCE]) for i in range(0, len(chosen), AT_ONCE)]


def inputs_of_layers(model, batch):
    """prefix -> what goes into the feed-forward layer of that name, at every token of a batch: [N, D]."""
    device, plain, seen = model.weights["Wemb"].device, model.feed_forward, {}
    src, trg = (batch[side].to(device) for side in ("src", "trg"))
    src_mask, trg_mask = (batch[side + "_mask"].bool().to(device) for side in ("src", "trg"))

    def watched(x, prefix):
        seen[prefix] = x[src_mask if prefix.startswith("encoder") else trg_mask]
        return plain(x, prefix)
    model.feed_forward = watched
    model.decode(trg, *model.encode(src, src_mask))
    model.feed_forward = plain
    return seen


@torch.no_grad()
def shares_on(model, corpus, lines=200):
    """prefix -> for each hidden unit of that layer, the share of tokens that switch it on: [F]."""
    sums, tokens = {}, {}
    for batch in batches(corpus, lines):
        for prefix, x in inputs_of_layers(model, batch).items():
            on = (model.affine(x, prefix, "1") > 0).sum(0)
            sums[prefix], tokens[prefix] = sums.get(prefix, 0) + on, tokens.get(prefix, 0) + len(x)
    return {prefix: on / tokens[prefix] for prefix, on in sums.items()}


def cut(weights, prefix, shares, rarest):
    """Leaves the dead units out, but for the few that fill the last multiple of WIDTH, the least rare of them."""
    count = max(1, int((shares > rarest).sum()))
    keep = shares.topk(min(len(shares), -(-count // WIDTH) * WIDTH)).indices.sort().values
    for name, axis in (("W1", 1), ("b1", 1), ("W2", 0)):
        weight = weights[f"{prefix}_{name}"]
        weight.data = weight.index_select(axis, keep)


def widen(weights, prefix, width):
    """Adds units that are dead until they are revived, up to `width`."""
    for name, axis in (("W1", 1), ("b1", 1), ("W2", 0)):
        weight = weights[f"{prefix}_{name}"]
        more = list(weight.shape)
        more[axis] = max(0, width - more[axis])
        weight.data = torch.cat([weight.data, torch.zeros(more)], axis)


def revive(weights, prefix, x, dead):
    """New units for the dead ones of a layer; x [N, D] is what comes in. Most of x is the same at every token: a unit that
    looked at that would switch off, or on, for all at once."""
    common = func.normalize(x.mean(0), dim=0)
    into = torch.randn(x.shape[1], int(dead.sum()))
    into -= torch.outer(common, common @ into)
    into /= (x @ into).std(0)
    weights[prefix + "_W1"][:, dead] = into
    weights[prefix + "_b1"][0, dead] = 0
    weights[prefix + "_W2"][dead] = 0


@torch.no_grad()
def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("corpus")
    parser.add_argument("--cut", metavar="OUT.bin")
    parser.add_argument("--revive", metavar="OUT.bin")
    parser.add_argument("--width", type=int, default=0, help="of each layer at least, in --revive")
    parser.add_argument("--rarest", type=float, default=0.0, help="share of the tokens")
    parser.add_argument("--lines", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    torch.manual_seed(args.seed)
    corpus, narrow, anew = load(args.corpus), load_model(args.model), load_model(args.model)
    inputs = inputs_of_layers(anew, batches(corpus, AT_ONCE)[0])
    for prefix, shares in shares_on(narrow, corpus, args.lines).items():
        dead = shares <= args.rarest
        print(f"{prefix}: {100 * shares.mean():.1f} % on, {int(dead.sum())} of {len(dead)} units dead")
        cut(narrow.weights, prefix, shares, args.rarest)
        dead = torch.cat([dead, torch.ones(max(0, args.width - len(dead)), dtype=torch.bool)])
        if dead.any():
            widen(anew.weights, prefix, args.width)
            revive(anew.weights, prefix, inputs[prefix], dead)
    for out, model in ((args.cut, narrow), (args.revive, anew)):
        if out:
            save_model(out, model.config, model.weights)


if __name__ == "__main__":
    main()
