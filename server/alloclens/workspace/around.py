"""Finds the default folder of a command: the one that an editor would have open."""

from __future__ import annotations

import errno
import os
from itertools import takewhile
from pathlib import Path

from alloclens.disk import real
from alloclens.settings import config

MARKS = (
    (".git",),
    ("go.work", "settings.gradle", "settings.gradle.kts"),
    (
        *("go.mod", "pyproject.toml", "setup.py", "Cargo.toml", "package.json", "pom.xml", "build.gradle"),
        *("build.gradle.kts", "build.sbt", "CMakeLists.txt", "meson.build", "composer.json", "Gemfile"),
    ),
)
"""Files that mark a repository, a workspace of Go's or Gradle's, and a module or package."""


def workspace_around(folder: str, unmarked: str = "") -> str:
    """Return the nearest enclosing folder with a settings file, else the nearest repository, else module.

    If there is none of them, return the folder `unmarked` if it encloses this one, else this one. The home directory and
    its parents do not count, unless it is this folder itself. Raises OSError if the folder is relative to a working directory
    that was deleted.
    """
    here = Path(real(folder))
    if not here.is_absolute():
        raise FileNotFoundError(errno.ENOENT, "the working directory was deleted")
    home = Path(real(os.path.expanduser("~")))  # Path.home raises without a home directory
    above = [here, *takewhile(lambda parent: not home.is_relative_to(parent), here.parents)]
    settled = (path for path in above if config.find([path]))
    marked = (path for marks in MARKS for path in above if any(os.path.lexists(path / mark) for mark in marks))
    default = Path(real(unmarked)) if unmarked else here
    return next(settled, next(marked, default if default in above else here)).as_posix()
