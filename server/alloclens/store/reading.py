"""From files to snapshots: what the worker process does, and what the command line does without one."""

from __future__ import annotations

import errno
import hashlib
import math
import os
import time
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from alloclens import __version__
from alloclens.analysis.builds import moved
from alloclens.analysis.comparison import Contents
from alloclens.analysis.difference import Incomparable, difference, overflow
from alloclens.analysis.filters import in_focus
from alloclens.analysis.lines import Lines, Ownership, lines
from alloclens.analysis.owned import owned
from alloclens.analysis.prune import pruned, unusable
from alloclens.analysis.series import Snapshot, taken_at
from alloclens.disk import read_file, reason
from alloclens.profile.errors import ProfileError
from alloclens.profile.formats import LARGEST, read
from alloclens.source.paths import canonical, name_of
from alloclens.source.places import SourceMap
from alloclens.source.recorded import Kind
from alloclens.source.roots import Roots
from alloclens.store.began import Then, began
from alloclens.store.demangle import readable
from alloclens.store.files import WALK_SECONDS, Disk
from alloclens.store.listing import stamp as stamp_of
from alloclens.store.origins import keep_texts
from alloclens.store.recent import Recent
from alloclens.store.snapshots import Snapshots
from alloclens.store.symbols import Symbolized, symbolized
from alloclens.store.texts import Texts
from alloclens.store.worker import take_longer
from alloclens.store.world import Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from alloclens.analysis.comparison import Pair
    from alloclens.analysis.filters import Filters
    from alloclens.analysis.starts import Began
    from alloclens.store.listing import Stamp


class Read(NamedTuple):
    """What is in a file."""

    found: Symbolized
    """With nothing dropped yet."""
    lines: Lines


PLACE_SECONDS = 0.02
"""That it may take to find a recorded file and to keep its text, on a network's disk; one of our own takes a fiftieth."""
MEANING = 2
"""Raised when the same bytes mean something else than before; what was kept of them is then read anew."""
READ: Recent[Read] = Recent(4, 1_000_000)
"""By reader and file; the cost is in samples. Heads and bases are read again and again."""


@dataclass(frozen=True)
class Reader:
    """Reads profiles, with the lines of their addresses and without the frames that they want dropped."""

    roots: Roots = field(default_factory=Roots)
    """The workspace's folders are searched for binaries, and its modules say which code is the user's own."""
    files: Disk = field(default_factory=Disk)
    binaries: tuple[str, ...] = ()
    """Files and directories that are searched for binaries, too; absolute."""
    largest: int = LARGEST
    """Bytes, unpacked."""

    def profile(self, path: str) -> Symbolized:
        """Read one profile, with nothing dropped yet. Raises ProfileError or OSError."""
        try:
            data = read_file(path, self.largest)
        except OSError as error:
            if error.errno != errno.EFBIG:
                raise
            raise ProfileError(f"{error.strerror} (the setting largestProfile)") from error
        profile, notes = readable(read(data, self.largest))
        found = symbolized(profile, self.roots.folders, self.binaries)
        return replace(found, messages=(*found.messages, *notes, *overflow(profile)))

    @cached_property
    def digest(self) -> str:
        """What this reader is known by: two that read alike have the same."""
        what = __version__, MEANING, replace(self, files=Disk())
        return hashlib.sha256(repr(what).encode("utf-8", "surrogatepass")).hexdigest()

    def snapshot(self, path: str, stamp: Stamp) -> Snapshot | Problem:
        """Read one snapshot, and keep the texts it is of if it is seen for the first time.

        Never raises for what a file may hold.
        """
        try:
            found, lines = self._read(path)
        except (ProfileError, OSError, MemoryError) as error:
            return Problem(path, reason(error))
        snapshot = _snapshot(path, stamp, found, lines)
        keep_texts(snapshot, lines.files, stamp, _sources(self.roots, self.files), texts())
        if not found.missing:  # what has no lines for want of a binary may have them next time
            snapshots().keep(snapshot, stamp, self.digest)
        return snapshot

    def look_ahead(self, path: str) -> None:
        """Read a profile that will be asked for soon. What hinders it is told then."""
        with suppress(ProfileError, OSError, MemoryError):
            self._read(path)

    def found_again(self, files: Sequence[str]) -> bool:
        """Return whether any of these recorded files, which were lost, is the user's own now."""
        return any(self._judge(dict.fromkeys(files, ())).own)

    def _read(self, path: str) -> Read:
        """Read a profile and its lines, or remember: a new snapshot is read, and then compared."""
        key = self.digest, self.files, path, stamp_of(path)
        if (known := READ.get(key)) is None:
            found = self.profile(path)
            known = Read(found, lines(pruned(found.profile), self._judge))
            READ.keep(key, known, len(found.profile.values))
        return known

    def _seen(self, one: Read, focus: tuple[Filters, ...]) -> Lines:
        return lines(in_focus(pruned(one.found.profile), focus), self._judge) if focus else one.lines

    def _judge(self, functions: Mapping[str, Sequence[str]]) -> Ownership:
        take_longer(min(len(functions) * PLACE_SECONDS, WALK_SECONDS))
        sources = _sources(self.roots, self.files)
        sources.learn(functions)
        kinds = [sources.kind(file) for file in functions]
        return Ownership([k is Kind.OWN for k in kinds], [k is Kind.UNKNOWN for k in kinds])

    def _began(self, path: str, head: Read) -> dict[tuple[str, int], Began]:
        profile, stamp = head.found.profile, stamp_of(path)
        seconds = taken_at(profile.time_nanos, Path(path).name, stamp.mtime_ns if stamp else 0, time.time()).seconds
        until = min(seconds, _built_at(*profile.text(profile.mappings.file[:1])))
        then = Then(path, until, _sources(self.roots, self.files), texts())
        return began(profile, head.lines, then)

    def pair(self, pair: Pair) -> Contents | None:
        """Read the head and the base; None where a file has gone meanwhile: the next listing knows."""
        try:
            head = self._read(pair.head)
            base = self._read(pair.base) if pair.base else None
            then = replace(base.found, profile=moved(base.found.profile, head.found.profile)) if base else None
            difference = compared(head.found, then).profile
            seen = self._seen(head, pair.focus), self._seen(base, pair.focus) if base else None
            return Contents(
                *seen, in_focus(difference, pair.focus), head.lines, self._began(pair.head, head), pair.focus
            )
        except (ProfileError, OSError, MemoryError, Incomparable):
            return None


def compared(head: Symbolized, base: Symbolized | None, *, of_differences: bool = False) -> Symbolized:
    """Return the head, or head - base, without the frames that it wants dropped. Raises Incomparable."""
    both = [head, base] if base else [head]
    profile = difference(head.profile, base.profile, of_differences=of_differences) if base else head.profile
    reason = unusable(profile)
    messages = [message for one in both for message in one.messages] + ([reason] if reason else [])
    missing = [name for one in both for name in one.missing]
    return Symbolized(pruned(profile), tuple(dict.fromkeys(messages)), tuple(dict.fromkeys(missing)))


def _snapshot(path: str, stamp: Stamp, found: Symbolized, lines: Lines) -> Snapshot:
    profile = found.profile
    binary = profile.text(profile.mappings.file[:1])
    return Snapshot(
        path=path,
        taken_at=taken_at(profile.time_nanos, Path(path).name, stamp.mtime_ns, time.time()),
        is_difference=profile.is_difference,
        default_sample_type=profile.default_sample_type,
        sample_types=lines.sample_types,
        total=tuple(lines.total.tolist()),
        owned=owned(lines),
        rate=lines.rate,
        build_id=profile.build_id,
        program=name_of(canonical(binary[0])) if binary else "",
        lost=tuple(file for file, lost in zip(lines.files, lines.lost.tolist(), strict=True) if lost),
        built_at=_built_at(*binary),
        missing=found.missing,
        notes=found.messages,
        mem_stats=profile.mem_stats,
    )


@lru_cache(2)
def _sources(roots: Roots, files: Disk) -> SourceMap:
    """Return the places of all snapshots of a workspace: most of them name the same files."""
    return SourceMap(roots, files)


@lru_cache(1)
def texts() -> Texts:
    """Return the store of source texts, opened when first needed."""
    return Texts()


def remembered(
    kept: Snapshots, wanted: Mapping[str, Stamp], reader: Reader, found_again: Callable[[Sequence[str]], bool]
) -> list[Snapshot]:
    """Return what an earlier session has read of these files; not what it would judge otherwise now."""
    found = kept.of(wanted, reader.digest)
    lost = tuple({file for snapshot in found for file in snapshot.lost})
    if lost and found_again(lost):
        return [snapshot for snapshot in found if not snapshot.lost]
    return found


@lru_cache(1)
def snapshots() -> Snapshots:
    """Return the store of what was read, opened when first needed."""
    return Snapshots()


def forget(directories: Sequence[str], but: frozenset[str]) -> None:
    """Drop what is kept of the snapshots of these directories that are no more."""
    texts().forget(directories, but)
    snapshots().forget(directories, but)


def _built_at(binary: str = "") -> float:
    """Return when a program of this machine was written: its sources cannot be younger."""
    if not binary.startswith("/") or binary.startswith("//"):
        return math.inf
    try:
        return os.stat(binary).st_mtime  # noqa: PTH116 - paths are texts here
    except (OSError, ValueError):
        return math.inf
