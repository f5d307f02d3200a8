"""The caches by name, and the user's directory in which they lie."""

from __future__ import annotations

from pathlib import Path

import platformdirs

SNAPSHOTS = "snapshots.sqlite3"
TEXTS = "texts.sqlite3"
FRAMES = "frames.sqlite3"
PAGES = "pages"
"""A directory, whose files an editor can open."""
CACHES = (SNAPSHOTS, TEXTS, FRAMES, PAGES)


def folder() -> Path:
    """Return the directory of the caches, which may not exist yet."""
    return Path(platformdirs.user_cache_dir("alloclens", appauthor=False))
