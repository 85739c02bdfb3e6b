"""Files that are there whole or not at all.

What: replacing(), which writes beside a file and takes its place at the end.
What not: no formats.
Who calls: whatever here writes a file that something else reads.
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
