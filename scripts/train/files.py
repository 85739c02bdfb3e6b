"""Files that are there whole or not at all, and how a command line names a share of one.

What: replacing(), which writes beside a file and takes its place at the end; share_of().
What not: no formats.
Who calls: whatever here writes a file that something else reads; interpolate.py, combine.py.
"""

import contextlib
import os


@contextlib.contextmanager
def replacing(path, mode="w", **options):
    """As open(); PATH has its old contents until the block ends, and keeps them if it fails."""
    new = f"{path}.tmp"
    with open(new, mode, **options) as file:
        yield file
    os.replace(new, path)


def share_of(text):
    """SHARE:REST -> (float, REST); (None, text) where there is no number and colon before the rest."""
    share, colon, rest = text.partition(":")
    return (float(share), rest) if colon and share.replace(".", "", 1).isdigit() else (None, text)
