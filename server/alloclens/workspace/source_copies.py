"""Keeps copies of the source files that a snapshot refers to, as they are when it is first seen."""

from __future__ import annotations

import os
import re
from collections import defaultdict
from functools import lru_cache
from typing import TYPE_CHECKING

from cachetools import LRUCache

from alloclens.cache.texts import SourceCopy
from alloclens.disk import written_at
from alloclens.source.places import Place
from alloclens.workspace.files import text_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from alloclens.cache.texts import Texts
    from alloclens.disk import Stamp
    from alloclens.series.snapshot import Snapshot
    from alloclens.source.places import Nowhere
    from alloclens.source.roots import Roots


COMPILED = re.compile(r"\.(?:go|c|cc|cpp|cxx|h|hh|hpp|hxx|inl|ipp|m|mm|cu|rs|zig|swift|d|nim|f|f90|s)$", re.IGNORECASE)
"""Files that are compiled. For others the binary is an interpreter, whose age is irrelevant."""
MANIFESTS: LRUCache[tuple[tuple[str, float, int, int, int], ...], str] = LRUCache(2)
"""The digests under which copies of these versions of files were stored: most snapshots of a series see the same."""


def keep_texts(snapshot: Snapshot, places: Iterable[Place | Nowhere], roots: Roots, stamp: Stamp, texts: Texts) -> None:
    """Store copies of a snapshot's files when it is first seen, or when they are first found.

    Only editable files that were not written after the snapshot was taken or the program was built: others are not what
    was profiled.
    """
    by_folder: defaultdict[str, set[str]] = defaultdict(set)
    for place in places:
        if isinstance(place, Place):
            by_folder[place.path[: place.path.rfind("/") + 1]].add(place.path)
    edited = {path for folder, paths in by_folder.items() if not roots.in_caches(folder) for path in paths}
    taken, built = snapshot.taken_at.seconds, snapshot.build.written_at
    kept = texts.paths(snapshot.path, stamp)
    seen = tuple(
        (path, *version)
        for path in edited - kept
        if (version := _unchanged(path, built if built < taken and COMPILED.search(path) else taken))
    )
    if not kept and seen in MANIFESTS and texts.keep_same(snapshot.path, stamp, MANIFESTS[seen]):
        return
    copies = {path: SourceCopy(text, written) for path, written, *of in seen if (text := _text(path, *of)) is not None}
    if copies:
        manifest = texts.keep(snapshot.path, stamp, copies)
        if not kept:
            MANIFESTS[seen] = manifest


def unchanged(path: str, until: float) -> SourceCopy | None:
    """Return a copy of a file unless it was written after `until` (seconds since 1970)."""
    version = _unchanged(path, until)
    text = _text(path, *version[1:]) if version else None
    return SourceCopy(text, version[0]) if version and text is not None else None


def _unchanged(path: str, until: float) -> tuple[float, int, int, int] | None:
    """Return when a file was written and what else tells its version, unless it was written after `until`."""
    try:
        stat = os.stat(path)
    except OSError:
        return None
    written = written_at(stat)
    return (written, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_size) if written <= until else None


@lru_cache(1000)
def _text(path: str, *_version: int) -> str | None:
    """Read a text, cached by its version for many snapshots."""
    return text_of(path)
