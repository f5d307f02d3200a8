"""Keeps copies of the source files that a snapshot refers to, as they are when it is first seen."""

from __future__ import annotations

import math
import os
import re
import time
from collections import defaultdict
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from cachetools import LRUCache, TTLCache

from alloclens.cache.texts import SourceCopy
from alloclens.disk import written_at
from alloclens.source.places import Place
from alloclens.workspace.files import text_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from alloclens.cache.texts import Texts
    from alloclens.disk import Stamp
    from alloclens.series.series import Copies
    from alloclens.series.snapshot import Snapshot
    from alloclens.source.places import Nowhere
    from alloclens.source.roots import Roots

    _Version = tuple[str, float, int, int, int]
    """A path, when the file was written, and what else tells its version."""


COMPILED = re.compile(r"\.(?:go|c|cc|cpp|cxx|h|hh|hpp|hxx|inl|ipp|m|mm|cu|rs|zig|swift|d|nim|f|f90|s)$", re.IGNORECASE)
"""Files that are compiled. For others the binary is an interpreter, whose age is irrelevant."""
BUILT = -math.inf
"""When a copy was written that is the text from which the program was built."""
TICK_SECONDS = 0.02
"""A file that was written before some time may have a time so much later, and one written after it so much earlier."""
LOOKS: TTLCache[frozenset[str], _Look] = TTLCache(4, 0.5)
"""The last looks at sets of files: snapshots that are read within half a second, and were there before, share one."""
MANIFESTS: LRUCache[tuple[_Version, ...], str] = LRUCache(2)
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
    paths = _editable(places, roots)
    taken, compiled = snapshot.taken_at.seconds, snapshot.build.written_at
    look, until = _look(paths, stamp.mtime_ns / 1e9), min(compiled, taken)
    seen = look.versions
    if look.newest > until:
        seen = tuple(version for version in seen if version[1] <= (until if COMPILED.search(version[0]) else taken))
    if not built and seen in MANIFESTS and texts.keep_same(snapshot.path, stamp, MANIFESTS[seen]):
        return
    kept = texts.paths(snapshot.path, stamp)
    placed = ((places.get(name), text) for name, text in built.items())
    copies = {place.path: SourceCopy(text, BUILT) for place, text in placed if isinstance(place, Place)}
    copies = {path: copy for path, copy in copies.items() if path in paths - kept}
    is_of_disk = not (kept or copies)
    for path, written, *version in seen:
        if path not in kept and path not in copies and (text := _text(path, *version)) is not None:
            copies[path] = SourceCopy(text, written)
    if copies:
        manifest = texts.keep(snapshot.path, stamp, copies)
        if is_of_disk:
            MANIFESTS[seen] = manifest


def _editable(places: Mapping[str, Place | Nowhere], roots: Roots) -> frozenset[str]:
    """Return the paths of placed files that a user may edit."""
    by_folder: defaultdict[str, set[str]] = defaultdict(set)
    for place in places.values():
        if isinstance(place, Place):
            by_folder[place.path[: place.path.rfind("/") + 1]].add(place.path)
    return frozenset(path for folder, paths in by_folder.items() if not roots.in_caches(folder) for path in paths)


class _Look(NamedTuple):
    """What files were when somebody looked."""

    at: float
    """In seconds since 1970."""
    versions: tuple[_Version, ...]
    """Of the files that exist."""
    newest: float
    """When the last of them was written."""


def _look(paths: frozenset[str], since: float) -> _Look:
    """Look at files, or return the last look if that was later than `since` (seconds since 1970) and is recent."""
    look = LOOKS.get(paths)
    if look is None or look.at < since + TICK_SECONDS:
        at = time.time()
        versions = tuple((path, *version) for path in sorted(paths) if (version := _version(path)))
        look = LOOKS[paths] = _Look(at, versions, max((written for _, written, *_ in versions), default=-math.inf))
    return look


def unchanged(path: str, until: float) -> SourceCopy | None:
    """Return a copy of a file unless it was written after `until` (seconds since 1970)."""
    version = _version(path)
    text = _text(path, *version[1:]) if version and version[0] <= until else None
    return SourceCopy(text, version[0]) if version and text is not None else None


def oldest_copy(texts: Texts, copies: Iterable[Copies], path: str, until: float) -> tuple[str, str] | None:
    """Return the oldest copy of a file from a process's snapshots, with the snapshot's name.

    Copies of files written after `until` are ignored: they were edited while the program ran.
    """
    kept = ((name, texts.of(snapshot, stamp, path)) for name, snapshot, stamp in copies)
    return next(((name, copy.text) for name, copy in kept if copy and copy.written_at <= until), None)


def _version(path: str) -> tuple[float, int, int, int] | None:
    """Return when a file was written and what else tells its version; None if it does not exist."""
    try:
        stat = os.stat(path)
    except OSError:
        return None
    written = written_at(stat)
    return written, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_size


@lru_cache(1000)
def _text(path: str, *_version: int) -> str | None:
    """Read a text, cached by its version for many snapshots."""
    return text_of(path)
