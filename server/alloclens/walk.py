"""A bounded walk through a directory."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from alloclens.time_limit import take_longer

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator


NOT_OWN = frozenset({"vendor", "node_modules", "site-packages", "testdata", "__pycache__"})
"""Names of directories with the code of dependencies, generated code, or the data of tests."""
MAX_WALKED_DIRECTORIES = 50_000
MAX_WALKED_FILES = 500_000
"""Bounds the walk if the workspace is a whole home directory."""
MAX_WALK_LEVELS = 100
"""Before Python 3.12 os.walk recurses at each level, and a path of 4096 characters may have 2000 levels."""
MAX_WALK_SECONDS = 300
"""Time limit for a walk, for network file systems."""


def tree(
    root: str, skipped: Collection[str], left_out: set[str], *, with_hidden: bool = False
) -> Iterator[tuple[str, list[str], list[str]]]:
    """Yield each directory below a root with the names of its subdirectories and files.

    Hidden directories, unless they are wanted, `skipped` names and links are not entered. If a limit is reached, a message is added to
    `left_out`.
    """
    take_longer(MAX_WALK_SECONDS)
    top, directories, total = root.count(os.sep), 0, 0
    for directory, names, files in os.walk(root):
        directories, total = directories + 1, total + len(files)
        if directories > MAX_WALKED_DIRECTORIES or total > MAX_WALKED_FILES:
            most = f"{MAX_WALKED_DIRECTORIES:,} directories or {MAX_WALKED_FILES:,} files"
            left_out.add(f"Only a part of {root} was searched: it has more than {most}.")
            return
        yield directory, names, files
        names[:] = sorted(n for n in names if n not in skipped and (with_hidden or not n.startswith(".")))
        if names and directory.count(os.sep) - top >= MAX_WALK_LEVELS:
            left_out.add(f"Only the upper {MAX_WALK_LEVELS} levels of {root} were searched.")
            names.clear()
