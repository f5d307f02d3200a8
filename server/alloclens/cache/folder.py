"""The caches by name, and the user's directory in which they lie."""

from __future__ import annotations

import hashlib
from pathlib import Path

import platformdirs

SNAPSHOTS = "snapshots.sqlite3"
TEXTS = "texts.sqlite3"
FRAMES = "frames.sqlite3"
PAGES = "pages"
"""A directory, whose files an editor can open."""
FETCHED = "fetched"
"""A directory, in which each source of snapshots has one."""
CACHES = (SNAPSHOTS, TEXTS, FRAMES, PAGES, FETCHED)


def folder() -> Path:
    """Return the directory of the caches, which may not exist yet."""
    return Path(platformdirs.user_cache_dir("alloclens", appauthor=False))


def fetched(*source: str) -> Path:
    """Return the directory of what was fetched from a source, which may not exist yet."""
    return folder() / FETCHED / hashlib.sha256("\0".join(source).encode()).hexdigest()[:32]
