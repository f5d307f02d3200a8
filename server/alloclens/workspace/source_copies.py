"""Keeps copies of the source files that a snapshot refers to, as they are when it is first seen."""

from __future__ import annotations

import math
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
    from collections.abc import Mapping

    from alloclens.cache.texts import Texts
    from alloclens.disk import Stamp
    from alloclens.series.snapshot import Snapshot
    from alloclens.source.places import Nowhere
    from alloclens.source.roots import Roots


COMPILED = re.compile(r"\.(?:go|c|cc|cpp|cxx|h|hh|hpp|hxx|inl|ipp|m|mm|cu|rs|zig|swift|d|nim|f|f90|s)$", re.IGNORECASE)
"""Files that are compiled. For others the binary is an interpreter, whose age is irrelevant."""
BUILT = -math.inf
"""When a copy was written that is the text from which the program was built."""
MANIFESTS: LRUCache[tuple[tuple[str, float, int, int, int], ...], str] = LRUCache(2)
"""The digests under which copies of these versions of files were stored: most snapshots of a series see the same."""


def keep_texts(
    snapshot: Snapshot,
    places: Mapping[str, Place | Nowhere],
    roots: Roots,
    stamp: Stamp,
    texts: Texts,
    built: Mapping[str, str],
) -> None:
    """Store copies of a snapshot's files, given by their recorded names, when it is first seen, or when they are first found.

    Only editable files that were not written after the snapshot was taken or the program was built: others are not what
    was profiled. `built` has the texts that a source map has, by recorded names.
    """
    by_folder: defaultdict[str, set[str]] = defaultdict(set)
    for place in places.values():
        if isinstance(place, Place):
            by_folder[place.path[: place.path.rfind("/") + 1]].add(place.path)
    edited = {path for folder, paths in by_folder.items() if not roots.in_caches(folder) for path in paths}
    taken, compiled = snapshot.taken_at.seconds, snapshot.build.written_at
    kept = texts.paths(snapshot.path, stamp)
    placed = ((places.get(name), text) for name, text in built.items())
    copies = {place.path: SourceCopy(text, BUILT) for place, text in placed if isinstance(place, Place)}
    copies = {path: copy for path, copy in copies.items() if path in edited - kept}
    seen = tuple(
        (path, *version)
        for path in edited - kept - copies.keys()
        if (version := _unchanged(path, compiled if compiled < taken and COMPILED.search(path) else taken))
    )
    if not (kept or copies) and seen in MANIFESTS and texts.keep_same(snapshot.path, stamp, MANIFESTS[seen]):
        return
    is_of_disk = not (kept or copies)
    copies |= {path: SourceCopy(text, written) for path, written, *of in seen if (text := _text(path, *of)) is not None}
    if copies:
        manifest = texts.keep(snapshot.path, stamp, copies)
        if is_of_disk:
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
