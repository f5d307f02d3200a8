"""Texts for a person to read: files in the user's cache directory, which every editor can open."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import platformdirs

from alloclens.store.files import real

if TYPE_CHECKING:
    from collections.abc import Collection

MOST = 1000
"""Pages that are kept: one answer has up to 200, and those that are open in an editor are not to go with it."""


def directory() -> Path:
    """Return where the pages lie."""
    return Path(platformdirs.user_cache_dir("alloclens", appauthor=False), "pages")


def write(name: str, text: str) -> Path:
    """Write a page whole, read-only, in place of one of the same name. Raises OSError."""
    path = directory() / f"{name}.txt"
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    aside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        aside.write_text(text, "utf-8", errors="replace", newline="\n")
        aside.chmod(0o444)
        _release(path)
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)
    return path


def holds(path: str) -> bool:
    """Return whether a path is a page's."""
    return path.endswith(".txt") and real(path).rpartition("/")[0] == real(str(directory()))


def prune(but: Collection[Path] = ()) -> None:
    """Delete the oldest pages beyond the newest MOST, but none of these."""
    with suppress(OSError):  # another server may do the same
        pages = [page for page in directory().glob("[!.]*.txt") if page not in but]
        by_age = sorted(pages, key=lambda page: page.stat().st_mtime_ns)
        for old in by_age[: max(len(pages) + len(but) - MOST, 0)]:
            _release(old)
            old.unlink()


def _release(path: Path) -> None:
    if sys.platform == "win32" and path.exists():
        path.chmod(0o600)  # what is read-only is neither replaced nor deleted there
