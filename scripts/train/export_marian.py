"""Exports checkpoints as one Marian `.bin`, next to the vocabulary as `.spm`.

What: `python export_marian.py VOCAB.model OUT_PREFIX CHECKPOINT.pt...` ->
OUT_PREFIX.bin (float32) and OUT_PREFIX.spm; several checkpoints are averaged.
What not: no quantisation: `build/dolmetsch pack OUT.bin OUT.spm out.dm` does it, to as many bits as the .bin says (--bits).
Who calls: by hand; train.py exports best.bin and final.bin by itself.
"""

import argparse
from pathlib import Path

import torch

from files import replacing
from marian import make_config, save_model


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("vocab")
    parser.add_argument("prefix")
    parser.add_argument("checkpoints", nargs="+")
    parser.add_argument("--raw", action="store_true", help="the last weights, not their running average")
    parser.add_argument("--bits", type=int, choices=range(4, 9), help="of each weight in the packed file, if not the run's")
    args = parser.parse_args()
    states = [torch.load(path, map_location="cpu", weights_only=True) for path in args.checkpoints]
    parts = [state["model" if args.raw else "ema"] for state in states]
    weights = {name: sum(part[name] for part in parts) / len(parts) for name in parts[0]}
    config = make_config(states[0]["config"])
    config.bits = args.bits or config.bits
    save_model(args.prefix + ".bin", config, weights)
    with replacing(args.prefix + ".spm", "wb") as file:
        file.write(Path(args.vocab).read_bytes())


if __name__ == "__main__":
    main()
