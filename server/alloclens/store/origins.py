"""Of which text the lines of a snapshot are: our own copy, git's, or nobody knows."""

from __future__ import annotations

import os
import re
from functools import lru_cache
from typing import TYPE_CHECKING

from alloclens.source.carry import SAME, UNKNOWN, Origin, fits
from alloclens.source.paths import canonical, is_absolute, is_within
from alloclens.source.places import Place
from alloclens.store import git
from alloclens.store.files import text_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from alloclens.analysis.comparison import Comparison
    from alloclens.analysis.series import Snapshot
    from alloclens.source.carry import Marks
    from alloclens.source.places import Nowhere
    from alloclens.source.roots import Roots
    from alloclens.store.listing import Stamp
    from alloclens.store.texts import Texts

VERSION = re.compile(r"@(v\d[^/]*)/")


class Origins:
    """Finds, for the files of one world, the text then. Asks the disk: call it from a thread."""

    def __init__(self, roots: Roots, texts: Texts | None, revision: str = "") -> None:
        self._roots = roots
        self._texts = texts
        self._revision = revision
        self._known: dict[tuple[str, str], Origin] = {}

    def of(self, place: Place, recorded: str, comparison: Comparison, marks: Marks) -> Origin:
        """Return the text that these lines of the head are of. `marks` are all lines of the file that the head knows."""
        key = comparison.head.path, place.path
        if key not in self._known:
            self._known[key] = self._of(place, recorded, comparison, marks)
        return self._known[key]

    def _of(self, place: Place, recorded: str, comparison: Comparison, marks: Marks) -> Origin:
        if self._never_changes(place, recorded):
            return SAME
        return next(
            (one for one in self._candidates(place, recorded, comparison) if fits(marks, one.text or "")), UNKNOWN
        )

    def _never_changes(self, place: Place, recorded: str) -> bool:
        roots = self._roots
        if roots.go_root and is_within(place.path, roots.go_root):
            version = roots.go_version.removeprefix("go")
            return is_within(recorded, roots.go_root) or bool(
                version and f"{version}." in f"{recorded}.".replace("/", ".")
            )
        return roots.in_caches(place.path)

    def _candidates(self, place: Place, recorded: str, comparison: Comparison) -> Iterator[Origin]:
        """Return the texts it may be, the likeliest first. What comes later is not asked for if one before it fits."""
        if self._revision:
            yield from self._at(place.path, self._revision)
            return
        if version := VERSION.search(recorded):
            yield from self._at(place.path, version[1])
        ways = [self._copy, self._checked_in]
        elsewhere = is_absolute(canonical(recorded)) and place.rule != "as recorded"
        for way in reversed(ways) if elsewhere else ways:  # what another machine built was probably checked in
            yield from way(place.path, comparison)

    def _copy(self, path: str, comparison: Comparison) -> Iterator[Origin]:
        """Find the oldest copy of the head's process: all its snapshots are of one build."""
        if self._texts is None:
            return
        process = comparison.series.process(comparison.head)
        for snapshot in process[: process.index(comparison.head) + 1]:
            if (text := self._texts.of(snapshot.path, path)) is not None:
                yield Origin(f"as it was when {snapshot.name} came", text)
                return

    def _checked_in(self, path: str, comparison: Comparison) -> Iterator[Origin]:
        if at := git.commit_at(path, comparison.head.taken_at.seconds):
            yield from self._blob(path, at)

    def _at(self, path: str, revision: str) -> Iterator[Origin]:
        if at := git.commit(path, revision):
            yield from self._blob(path, at)

    def _blob(self, path: str, at: str) -> Iterator[Origin]:
        if (text := git.text_at(path, at)) is not None:
            yield Origin(f"as in git's commit {at[:12]}", text)


def keep_texts(snapshot: Snapshot, places: Iterable[Place | Nowhere], roots: Roots, stamp: Stamp, texts: Texts) -> None:
    """Keep what the files are now that a snapshot names, when it is first seen, or they are first found.

    Only files that the user may edit, and only those that are still as they were: what changed after the snapshot was
    taken, or after the program was built, is not what was profiled.
    """
    edited = {one.path for one in places if isinstance(one, Place) and not roots.in_caches(one.path)}
    until = min(snapshot.taken_at.seconds, snapshot.built_at)
    found = {path: unchanged(path, until) for path in edited - texts.paths(snapshot.path, stamp)}
    if fresh := {path: text for path, text in found.items() if text is not None}:
        texts.keep(snapshot.path, stamp, fresh)


def unchanged(path: str, until: float) -> str | None:
    """Return what is in a file that was not written to since then (seconds since 1970); None of any other."""
    try:
        stat = os.stat(path)  # noqa: PTH116 - paths are texts here
    except OSError:
        return None
    return _text(path, stat.st_mtime_ns, stat.st_size) if stat.st_mtime <= until else None


@lru_cache(1000)
def _text(path: str, mtime_ns: int, size: int) -> str | None:
    """Read a text once for many snapshots."""
    del mtime_ns, size
    return text_of(path)
