"""Removes the working directory, which is somebody's project, from Python's module search path.

Python searches it first when started with -m, or when PYTHONPATH has an empty or relative entry. This module may import
only sys and os, and nothing from __future__: Python has loaded those two before any of our code runs, but any other
module could come from that directory.
"""

import os
import sys

OURS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
"""The directory of this package; its code is already running."""


def search_path() -> list[str]:
    """Return sys.path without the working directory and relative entries."""
    relative = [entry for entry in os.environ.get("PYTHONPATH", "").split(os.pathsep) if not os.path.isabs(entry)]
    dropped = {*map(_real, ("", *relative))} - {_real(OURS)}
    return [entry for entry in sys.path if os.path.isabs(entry) and _real(entry) not in dropped]


def _real(path: str) -> str:
    """Return a path with symbolic links resolved; unchanged if it is relative and the working directory was deleted."""
    try:
        return os.path.realpath(path)
    except FileNotFoundError:
        return path
