"""The table of pairs that every stage reads and writes: lines `tag<TAB>English<TAB>German`; and a file of word links beside it,
a line `i-j i-j ...` for each pair: English word i (align.words) goes with German word j.

What: reads and writes one line, or yields a whole file's.
What not: no corpus files (data.py), no ids (encode.py).
Who calls: every stage between data.py and encode.py.
"""


def parse(line):
    """-> [tag, English, German]"""
    return line.rstrip("\n").split("\t")


def pair_line(tag, english, german):
    """The line that parse() reads."""
    return f"{tag}\t{english}\t{german}\n"


def parse_links(line):
    """-> [(i, j)], in the line's order."""
    return [tuple(map(int, link.split("-"))) for link in line.split()]


def links_line(links):
    return " ".join(f"{i}-{j}" for i, j in sorted(links)) + "\n"


def read(path):
    """Yields [tag, English, German] of every pair."""
    with open(path, encoding="utf-8", newline="\n") as file:
        yield from map(parse, file)


def read_links(path):
    """Yields [(i, j)] of every line."""
    with open(path, encoding="ascii") as file:
        yield from map(parse_links, file)


def read_linked(path, links_path):
    """Yields (tag, English, German, [(i, j)]) of every pair; the files must have as many lines."""
    for pair, links in zip(read(path), read_links(links_path), strict=True):
        yield *pair, links
