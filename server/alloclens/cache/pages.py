"""Texts for a person to read: files in the user's cache directory, which every editor can open."""

from __future__ import annotations

import os
import stat
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import platformdirs

from alloclens.disk import real, sweep, write_file
from alloclens.paths import canonical, is_share

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

MAX_PAGES = 1000
"""Pages that are kept: one answer has up to 200, and those that are open in an editor are not to go with it."""


def directory() -> Path:
    """Return where the pages lie."""
    return Path(platformdirs.user_cache_dir("alloclens", appauthor=False), "pages")


def write(name: str, text: str) -> Path:
    """Write a page whole, read-only, in place of one of the same name. Raises OSError."""
    path = directory() / f"{name}.txt"
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    _release(path)
    write_file(path, text.encode("utf-8", "replace"), mode=0o444)
    return path


def holds(path: str) -> bool:
    """Return whether a path is a page's."""
    if not path.endswith(".txt") or is_share(canonical(path)):
        return False
    return real(path).rpartition("/")[0] == real(str(directory()))


def prune(but: Collection[Path] = ()) -> None:
    """Delete the oldest pages beyond the newest MAX_PAGES, but none of these, and what a killed server has left half written."""
    sweep(directory())
    ours = sorted((written, path) for path, written in _files() if path not in but)
    pages = [path for _, path in ours if path.suffix == ".txt" and not path.name.startswith(".")]
    for old in pages[: max(len(pages) + len(but) - MAX_PAGES, 0)]:
        with suppress(OSError):  # another server may do the same
            _release(old)
            old.unlink()


def _files() -> Iterator[tuple[Path, float]]:
    """Yield the files of the directory and when they were written; what else lies there is nobody's page."""
    with suppress(OSError), os.scandir(directory()) as entries:
        for entry in entries:
            with suppress(OSError):
                found = entry.stat(follow_symlinks=False)
                if stat.S_ISREG(found.st_mode):
                    yield Path(entry.path), found.st_mtime


def _release(path: Path) -> None:
    """Let a page be replaced or deleted, and remove a link or a pipe that has its name."""
    if path.is_symlink() or (path.exists() and not path.is_file()):
        path.unlink()
    elif sys.platform == "win32" and path.exists():
        path.chmod(0o600)  # what is read-only is neither replaced nor deleted there
