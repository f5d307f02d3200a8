"""Which lines git's diff algorithms carry from one text to another."""

from __future__ import annotations

import os
import re
import subprocess
from itertools import product
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from alloclens.arrays import Ints

ALGORITHMS = tuple(product(("myers", "minimal", "patience", "histogram"), ((), ("--ignore-all-space",))))
HUNK = re.compile(rb"^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@", re.MULTILINE)


def hunks(then: str, now: str, folder: Path, algorithm: str, options: Sequence[str]) -> list[list[int]]:
    """Return what git says was changed: [first line then, lines then, first line now, lines now] of each hunk.

    Where there are no lines, the first is the one before.
    """
    files = folder / "then", folder / "now"
    for file, text in zip(files, (then, now), strict=True):
        file.write_bytes(text.encode())
    command = ["git", "diff", "--no-index", "--no-ext-diff", "--no-textconv", "--unified=0", "--inter-hunk-context=0"]
    quiet = os.environ | {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    arguments = [f"--diff-algorithm={algorithm}", *options, "--", *map(str, files)]
    done = subprocess.run([*command, *arguments], capture_output=True, check=False, cwd=folder, env=quiet)
    assert done.returncode in {0, 1}, done.stderr
    groups = (match.groups(b"1") for match in HUNK.finditer(done.stdout))
    return [[int(number) for number in hunk] for hunk in groups]


def lines_now(lines: int, changed: Sequence[Sequence[int]]) -> Ints:
    """Return where each of so many lines is after these hunks (1-based; 0 where it is gone), and first a 0 for line 0."""
    now = np.arange(lines + 1)
    for first, count, to, come in changed:
        after = first + count if count else first + 1  # the first line that stayed behind the hunk
        now[after:] = np.arange(len(now) - after) + (to + come if come else to + 1)
        now[first : first + count] = 0
    return now
