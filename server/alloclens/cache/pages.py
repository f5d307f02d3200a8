"""Text pages for users: files in the cache directory, which every editor can open."""

from __future__ import annotations

import hashlib
import json
import os
import stat
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from alloclens.cache.folder import PAGES, folder
from alloclens.disk import read_file, real, sweep, write_file
from alloclens.paths import canonical, is_share

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

MAX_PAGES = 1000
"""Number of pages kept. One answer has up to 200, and must not remove those that are open in an editor."""
MAX_DATA_BYTES = 64 << 20


def directory() -> Path:
    """Return the directory of the pages."""
    return folder() / PAGES


def write(name: str, text: str, data: object = None) -> Path:
    """Write a read-only page atomically, replacing one of the same name. Raises OSError.

    `data` is JSON that belongs to the page, and is kept beside it.
    """
    path = directory() / f"{name}.txt"
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    _write(path, text)
    if data is not None:
        _write(_beside(path), json.dumps({"page": _digest(text), "data": data}))
    return path


def data(path: str, text: str) -> Any:
    """Return the data kept beside a page with this text; None if there is none, or it belongs to another text."""
    try:
        kept = json.loads(read_file(_beside(Path(path)), MAX_DATA_BYTES))
    except (OSError, ValueError, RecursionError):
        return None
    return kept.get("data") if isinstance(kept, dict) and kept.get("page") == _digest(text) else None


def _beside(page: Path) -> Path:
    return page.with_suffix(".json")


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()


def _write(path: Path, text: str) -> None:
    _release(path)
    write_file(path, text.encode("utf-8", "replace"), mode=0o444)


def holds(path: str) -> bool:
    """Return whether a path is a page."""
    if not path.endswith(".txt") or is_share(canonical(path)):
        return False
    return real(path).rpartition("/")[0] == real(str(directory()))


def prune(but: Collection[Path] = ()) -> None:
    """Delete all but the newest MAX_PAGES pages and those in `but`, and unfinished files of killed servers."""
    sweep(directory())
    ours = sorted((written, path) for path, written in _files() if path not in but)
    pages = [path for _, path in ours if path.suffix == ".txt" and not path.name.startswith(".")]
    for old in pages[: max(len(pages) + len(but) - MAX_PAGES, 0)]:
        for file in (_beside(old), old):  # a page goes last: what is beside none would stay for ever
            with suppress(OSError):  # another server may do the same
                _release(file)
                file.unlink()


def _files() -> Iterator[tuple[Path, float]]:
    """Yield the regular files of the directory with their modification times."""
    with suppress(OSError), os.scandir(directory()) as entries:
        for entry in entries:
            with suppress(OSError):
                status = entry.stat(follow_symlinks=False)
                if stat.S_ISREG(status.st_mode):
                    yield Path(entry.path), status.st_mtime


def _release(path: Path) -> None:
    """Let a page be replaced or deleted, and remove a link or a pipe that has its name."""
    if path.is_symlink() or (path.exists() and not path.is_file()):
        path.unlink()
    elif sys.platform == "win32" and path.exists():
        path.chmod(0o600)  # Windows neither replaces nor deletes read-only files
