"""Word alignments of the whole corpus by eflomal, symmetrised.

What: `python align.py PAIRS.tsv LINKS.txt` -> per pair a line of `i-j`
(English word i, German word j, 0-based, over words() below).
What not: no pieces (encode.py maps the links to pieces).
Who calls: campaign.py, after data.py; encode.py imports words().
"""

import argparse
import re
import tempfile

from files import replacing
from pairs import links_line, read, read_links

# Runs of letters or digits, else single marks: finer than blanks, so that
# "page," and "`page`" share their statistics.
WORD = re.compile(r"[^\W\d_]+|\d+|[^\w\s]|_")

# eflomal lower-cases and keeps this many leading letters: a crude stem, which
# pools the statistics of German inflections.
STEM = 6


def words(text):
    """Returns [(begin, end)] in characters; never empty for text that has a non-blank."""
    return [m.span() for m in WORD.finditer(text)] or [(0, len(text))]


def spaced(text):
    return " ".join(text[b:e].replace(" ", "") for b, e in words(text))


def grow_diag_final_and(forward, reverse):
    """Och & Ney's symmetrisation: the intersection, grown by neighbours from the
    union, then links of the union between words that are both still free."""
    union, links = forward | reverse, forward & reverse
    rows, columns = {i for i, _ in links}, {j for _, j in links}
    grown = True
    while grown:
        grown = False
        for i, j in sorted(union - links):
            near = any((i + di, j + dj) in links for di in (-1, 0, 1) for dj in (-1, 0, 1))
            if near and (i not in rows or j not in columns):
                links.add((i, j))
                rows.add(i)
                columns.add(j)
                grown = True
    for direction in (forward, reverse):
        for i, j in sorted(direction - links):
            if i not in rows and j not in columns:
                links.add((i, j))
                rows.add(i)
                columns.add(j)
    return links


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pairs")
    parser.add_argument("links")
    parser.add_argument("--iterations", type=int, nargs=3, default=(3, 3, 5),
                        help="of IBM1, HMM and HMM with fertility")
    parser.add_argument("--samplers", type=int, default=2)
    args = parser.parse_args()
    import eflomal  # here, because words() is wanted on machines that have no aligner, too
    pairs = [sides for _, *sides in read(args.pairs)]
    with tempfile.NamedTemporaryFile() as forward, tempfile.NamedTemporaryFile() as reverse:
        aligner = eflomal.Aligner(
            model=3, n_iterations=tuple(args.iterations), n_samplers=args.samplers,
            source_prefix_len=STEM, target_prefix_len=STEM)
        aligner.align([spaced(en) for en, _ in pairs], [spaced(de) for _, de in pairs],
                      links_filename_fwd=forward.name, links_filename_rev=reverse.name, quiet=False)
        with replacing(args.links, encoding="ascii") as out:
            for f, r in zip(read_links(forward.name), read_links(reverse.name), strict=True):
                out.write(links_line(grow_diag_final_and(set(f), set(r))))


if __name__ == "__main__":
    main()
