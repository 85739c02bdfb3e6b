"""Several encoded corpora as one, each as it is or turned round, whole or in part.

What: `python combine.py OUT.npz [PART ...] [--turned PART ...]`: so a teacher learns both directions from one corpus, and
a student reads people's pairs, its teacher's, and those that a teacher of the other direction made, turned round.
PART is CORPUS.npz, or SHARE:CORPUS.npz for so many of its pairs, drawn at random (above 1: all of them so often), or
SHARE:CORPUS.npz:SOURCE,SOURCE/KIND,... for those of the pairs of some sources: a mixture for a run is one command.
What not: no encoding (encode.py).
Who calls: campaign.py, after encode.py or distill.py.
"""

import argparse
from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np

from encode import load, offsets_of
from files import replacing, share_of

# Kinds of augment.py that only a source may be like: nobody should learn to write so.
CARELESS = frozenset(("typo", "lower", "title", "caps"))


def turned(corpus):
    """Source and target exchanged, without the pairs whose source is careless."""
    careless = np.array([tag.partition("/")[2] in CARELESS for tag in corpus.tags])
    whole = SimpleNamespace(tags=corpus.tags, tag=corpus.tag, src=corpus.trg, src_at=corpus.trg_at, trg=corpus.src,
                            trg_at=corpus.src_at, links=corpus.links[:, ::-1], links_at=corpus.links_at)
    return chosen(whole, np.flatnonzero(~careless[corpus.tag]))


def chosen(corpus, index):
    """The pairs of an index array, in its order."""
    out = SimpleNamespace(tags=corpus.tags, tag=corpus.tag[index])
    for name in ("src", "trg", "links"):
        at = getattr(corpus, name + "_at")
        counts = at[index + 1] - at[index]
        new_at = offsets_of(counts)
        places = np.arange(new_at[-1]) + np.repeat(at[index] - new_at[:-1], counts)
        setattr(out, name, getattr(corpus, name)[places])
        setattr(out, name + "_at", new_at)
    return out


def join(out, name, parts):
    """The arrays NAME and NAME_at of the parts, one after the other, as those of `out`."""
    setattr(out, name, np.concatenate([getattr(part, name) for part in parts]))
    setattr(out, name + "_at", offsets_of(np.concatenate([np.diff(getattr(part, name + "_at")) for part in parts])))


def combined(corpora):
    tags = np.unique(np.concatenate([corpus.tags for corpus in corpora]))
    out = SimpleNamespace(tags=tags, tag=np.concatenate(
        [np.searchsorted(tags, corpus.tags).astype(np.uint16)[corpus.tag] for corpus in corpora]))
    for name in ("src", "trg", "links"):
        join(out, name, corpora)
    return out


@dataclass
class Part:
    share: float
    path: str
    sources: frozenset  # empty: all

    @classmethod
    def parse(cls, text):
        share, rest = share_of(text)
        if share is None:
            return cls(1.0, text, frozenset())
        if share == 0:
            raise argparse.ArgumentTypeError(f"{text}: the share is not above 0")
        path, _, sources = rest.partition(":")
        return cls(share, path, frozenset(filter(None, sources.split(","))))

    def read(self, rng):
        """The pairs that it asks for. A source without a kind is all its kinds."""
        corpus = load(self.path)
        names = [{tag, tag.split("/")[0]} for tag in corpus.tags]  # what each tag answers to
        missing = self.sources.difference(*names)
        if missing:
            raise SystemExit(f"{self.path} has no source {', '.join(sorted(missing))}")
        wanted = np.array([not self.sources or bool(self.sources & those) for those in names])
        times = int(self.share) + (rng.random(len(corpus.tag)) < self.share % 1)
        return chosen(corpus, np.repeat(np.arange(len(corpus.tag)), times * wanted[corpus.tag]))


def save(path, corpus):
    with replacing(path, "wb") as file:
        np.savez(file, **vars(corpus))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out")
    parser.add_argument("parts", nargs="*", type=Part.parse)
    parser.add_argument("--turned", nargs="*", type=Part.parse, default=())
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    rng = np.random.default_rng(args.seed)
    corpus = combined([part.read(rng) for part in args.parts] + [turned(part.read(rng)) for part in args.turned])
    save(args.out, corpus)
    print(f"{len(corpus.tag)} pairs, {len(corpus.src)} source and {len(corpus.trg)} target tokens")


if __name__ == "__main__":
    main()
