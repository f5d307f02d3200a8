"""Which folder a command works in, where none is named: what an editor would have open."""

from __future__ import annotations

import os
from itertools import takewhile
from pathlib import Path

from alloclens.disk import real
from alloclens.settings import config

MARKS = ((".git",), ("go.work",), ("go.mod", "pyproject.toml", "Cargo.toml", "package.json"))
"""What a repository, a workspace of Go modules, and a module or package hold in their folders."""


def workspace_around(folder: str) -> str:
    """Return the nearest folder around this one that has a settings file; else the nearest repository, else module.

    The user's home and what holds it are none, whatever lies in them, unless it is this folder itself.
    """
    here = Path(real(folder))
    home = Path(real(os.path.expanduser("~")))  # Path.home raises where there is none
    above = [here, *takewhile(lambda one: not home.is_relative_to(one), here.parents)]
    settled = (one for one in above if config.find([one]))
    marked = (one for marks in MARKS for one in above if any(os.path.lexists(one / mark) for mark in marks))
    return next(settled, next(marked, here)).as_posix()
