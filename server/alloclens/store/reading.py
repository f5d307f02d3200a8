"""From files to snapshots: what the worker process does, and what the command line does without one."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from alloclens.analysis.difference import Incomparable, difference
from alloclens.analysis.lines import lines
from alloclens.analysis.prune import pruned, unusable
from alloclens.analysis.series import Snapshot, taken_at
from alloclens.profile.errors import ProfileError
from alloclens.profile.formats import LARGEST, read
from alloclens.source.places import SourceMap
from alloclens.source.roots import Roots
from alloclens.store.symbols import Symbolized, symbolized
from alloclens.store.world import Problem

if TYPE_CHECKING:
    from alloclens.analysis.comparison import Pair
    from alloclens.profile.model import Profile


@dataclass(frozen=True)
class Reader:
    """Reads profiles, with the lines of their addresses and without the frames that they want dropped."""

    roots: Roots = field(default_factory=Roots)
    """The workspace's folders are searched for binaries, and its modules say which code is the user's own."""
    binaries: tuple[str, ...] = ()
    """Files and directories that are searched for binaries, too; absolute."""
    largest: int = LARGEST
    """Bytes, unpacked."""

    def profile(self, path: str) -> Symbolized:
        """Read one profile, with nothing dropped yet. Raises ProfileError or OSError."""
        if os.path.getsize(path) > self.largest:  # noqa: PTH202 - paths are texts here
            raise ProfileError(f"larger than {self.largest >> 20} MiB (the setting largestProfile)")
        return symbolized(read(Path(path).read_bytes(), self.largest), self.roots.folders, self.binaries)

    def snapshot(self, path: str, mtime_ns: int) -> Snapshot | Problem:
        """Read one snapshot; never raises for what a file may hold."""
        try:
            return self._snapshot(path, mtime_ns)
        except (ProfileError, OSError, MemoryError) as error:
            return Problem(path, _reason(error))

    def _snapshot(self, path: str, mtime_ns: int) -> Snapshot:
        found = self.profile(path)
        profile = pruned(found.profile)
        build_id = profile.text(profile.mappings.build_id[:1])
        return Snapshot(
            path=path,
            taken_at=taken_at(profile.time_nanos, Path(path).name, mtime_ns),
            is_difference=profile.is_difference,
            default_sample_type=profile.default_sample_type,
            build_id=build_id[0] if build_id else "",
            lines=lines(profile, SourceMap(self.roots, os.path.isfile).is_own),
            missing=found.missing,
            notes=found.messages,
        )

    def pair(self, pair: Pair) -> Profile | None:
        """Read the head, or head - base; None where a file has gone meanwhile: the next listing knows."""
        try:
            base = self.profile(pair.base) if pair.base else None
            return compared(self.profile(pair.head), base).profile
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


def _reason(error: Exception) -> str:
    if isinstance(error, OSError):
        return error.strerror or str(error)
    return str(error) or type(error).__name__
