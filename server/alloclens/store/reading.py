"""From files to snapshots: what the worker process does, and what the command line does without one."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from alloclens.analysis.builds import moved
from alloclens.analysis.difference import Incomparable, difference
from alloclens.analysis.lines import Ownership, lines
from alloclens.analysis.prune import pruned, unusable
from alloclens.analysis.series import Snapshot, taken_at
from alloclens.profile.errors import ProfileError
from alloclens.profile.formats import LARGEST, read
from alloclens.source.places import SourceMap
from alloclens.source.recorded import Kind
from alloclens.source.roots import Roots
from alloclens.store.files import Disk
from alloclens.store.origins import keep_texts
from alloclens.store.symbols import Symbolized, symbolized
from alloclens.store.texts import Texts
from alloclens.store.world import Problem

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from alloclens.analysis.comparison import Pair
    from alloclens.profile.model import Profile
    from alloclens.store.listing import Stamp


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
        if os.path.getsize(path) > self.largest:  # noqa: PTH202 - paths are texts here
            raise ProfileError(f"larger than {self.largest >> 20} MiB (the setting largestProfile)")
        return symbolized(read(Path(path).read_bytes(), self.largest), self.roots.folders, self.binaries)

    def snapshot(self, path: str, stamp: Stamp) -> Snapshot | Problem:
        """Read one snapshot, and keep the texts it is of if it is seen for the first time.

        Never raises for what a file may hold.
        """
        try:
            return self._snapshot(path, stamp)
        except (ProfileError, OSError, MemoryError) as error:
            return Problem(path, _reason(error))

    def _snapshot(self, path: str, stamp: Stamp) -> Snapshot:
        found = self.profile(path)
        profile = pruned(found.profile)
        build_id = profile.text(profile.mappings.build_id[:1])
        binary = profile.text(profile.mappings.file[:1])
        snapshot = Snapshot(
            path=path,
            taken_at=taken_at(profile.time_nanos, Path(path).name, stamp.mtime_ns),
            is_difference=profile.is_difference,
            default_sample_type=profile.default_sample_type,
            build_id=build_id[0] if build_id else "",
            lines=lines(profile, self._judge),
            built_at=_built_at(*binary),
            missing=found.missing,
            notes=found.messages,
        )
        keep_texts(snapshot, stamp, _sources(self.roots, self.files), texts())
        return snapshot

    def _judge(self, functions: Mapping[str, Sequence[str]]) -> Ownership:
        sources = _sources(self.roots, self.files)
        sources.learn(functions)
        kinds = [sources.kind(file) for file in functions]
        return Ownership([k is Kind.OWN for k in kinds], [k is Kind.UNKNOWN for k in kinds])

    def pair(self, pair: Pair) -> Profile | None:
        """Read the head, or head - base; None where a file has gone meanwhile: the next listing knows."""
        try:
            head = self.profile(pair.head)
            base = self.profile(pair.base) if pair.base else None
            if base:
                base = replace(base, profile=moved(base.profile, head.profile))
            return compared(head, base).profile
        except (ProfileError, OSError, MemoryError, Incomparable):
            return None


def compared(head: Symbolized, base: Symbolized | None) -> Symbolized:
    """Return the head, or head - base, without the frames that it wants dropped. Raises Incomparable."""
    both = [head, base] if base else [head]
    profile = difference(head.profile, base.profile) if base else head.profile
    reason = unusable(profile)
    messages = [message for one in both for message in one.messages] + ([reason] if reason else [])
    missing = [name for one in both for name in one.missing]
    return Symbolized(pruned(profile), tuple(dict.fromkeys(messages)), tuple(dict.fromkeys(missing)))


@lru_cache(2)
def _sources(roots: Roots, files: Disk) -> SourceMap:
    """Return the places of all snapshots of a workspace: most of them name the same files."""
    return SourceMap(roots, files)


@lru_cache(1)
def texts() -> Texts:
    """Return the store of source texts, opened when first needed."""
    return Texts()


def forget_texts(directories: Sequence[str], but: frozenset[str]) -> None:
    """Drop the texts of the snapshots of these directories that are no more, where the directories are."""
    texts().forget([directory for directory in directories if os.path.isdir(directory)], but)  # noqa: PTH112


def _built_at(binary: str = "") -> float:
    """Return when a program of this machine was written: its sources cannot be younger."""
    if not binary.startswith("/") or binary.startswith("//"):
        return math.inf
    try:
        return os.stat(binary).st_mtime  # noqa: PTH116 - paths are texts here
    except (OSError, ValueError):
        return math.inf


def _reason(error: Exception) -> str:
    if isinstance(error, OSError):
        return error.strerror or str(error)
    return str(error) or type(error).__name__
