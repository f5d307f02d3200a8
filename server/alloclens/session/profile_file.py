"""Reads one profile file, without anything that is known of other files or of the sources."""

from __future__ import annotations

import errno
import fnmatch
import logging
import math
import os
import time
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from alloclens.disk import read_file, stamp
from alloclens.paths import name_of
from alloclens.profile.errors import ProfileError, TooLarge
from alloclens.profile.formats import MAX_PROFILE_BYTES, read
from alloclens.profile.kinds import contention_of
from alloclens.profile.sample_types import shared
from alloclens.profile.taken_at import taken_at
from alloclens.symbols.demangle import readable
from alloclens.symbols.source_maps import in_sources
from alloclens.symbols.symbols import NOTHING_KEPT, Kept, Symbolized, symbolized
from alloclens.transform.difference import difference, overflow
from alloclens.transform.jvm_files import with_jvm_files
from alloclens.transform.prune import pruned, unusable
from alloclens.transform.sampling_rate import with_sampling_rate
from alloclens.transform.v8_lines import with_v8_lines
from alloclens.walk import NOT_OWN, tree

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence

    from alloclens.cache.frames import FrameStore
    from alloclens.profile.model import Profile, ValueType
    from alloclens.source.roots import PrefixMapping

log = logging.getLogger(__name__)


def read_profile(
    path: str,
    folders: Sequence[str],
    binaries: Sequence[str] = (),
    largest: int = MAX_PROFILE_BYTES,
    mappings: Sequence[PrefixMapping] = (),
    kept: Callable[[], Kept] = Kept,
    *,
    of_any_time: bool = False,
) -> tuple[Symbolized, Profile]:
    """Return a profile with all its frames, and the same without the names found in binaries.

    Binaries are searched in `folders`, and in the files and directories `binaries`; `largest` is in bytes, unpacked; generated
    files are in `folders`, or where `mappings` lead. `kept` returns what was found of its addresses when the file was first
    read. `of_any_time`: whether binaries that were written after the profile count. Raises ProfileError or OSError.
    """
    try:
        data = read_file(path, largest)
    except OSError as error:
        if error.errno != errno.EFBIG:
            raise
        raise ProfileError(f"{error.strerror} (the setting largestProfile)") from error
    begun = time.monotonic()
    try:
        written, rate_notes = with_sampling_rate(read(data, largest))
    except TooLarge as error:
        raise ProfileError(f"{error} (the setting largestProfile)") from error
    profile, notes = readable(with_v8_lines(with_jvm_files(written)))
    with_symbols = symbolized(profile, folders, binaries, math.inf if of_any_time else _written_by(written, path), kept)
    result = in_sources(with_symbols, folders, mappings, stamp(path), kept)
    milliseconds = (time.monotonic() - begun) * 1000
    log.info("read %s: %d bytes, %d samples, %.0f ms", path, len(data), len(profile), milliseconds)
    return replace(result, messages=(*result.messages, *notes, *rate_notes, *overflow(profile))), written


def read_with_kept_lines(
    path: str,
    folders: Sequence[str],
    binaries: Sequence[str] = (),
    largest: int = MAX_PROFILE_BYTES,
    mappings: Sequence[PrefixMapping] = (),
) -> tuple[Symbolized, Profile]:
    """Return the same as `read_profile`, with the lines of addresses as they were first found: binaries may be rebuilt.

    What is found for the first time is kept. The path is a real one.
    """
    seen = stamp(path)

    def kept() -> Kept:
        return Kept(*frames().of(path, seen)) if seen else NOTHING_KEPT

    profile, written = read_profile(path, folders, binaries, largest, mappings, kept)
    if seen and profile.has_found_more:
        frames().keep(path, seen, *profile.found)
    return profile, written


@lru_cache(1)
def frames() -> FrameStore:
    """Return the cache of the lines of addresses, opened when first needed."""
    from alloclens.cache.frames import FrameStore  # noqa: PLC0415 - SQLite, which few profiles need

    return FrameStore()


def _written_by(profile: Profile, path: str) -> float:
    """Return when a profile was recorded at the latest, in seconds since 1970: names may have the time of another zone."""
    mtime_ns = seen.mtime_ns if (seen := stamp(path)) else time.time_ns()
    return min(taken_at(profile.time_nanos, Path(path).name, mtime_ns, time.time()).seconds, mtime_ns / 1e9)


def is_profile(path: str, largest: int) -> bool:
    """Return whether a file is a profile of at most `largest` bytes, unpacked."""
    try:
        read(read_file(path, largest), largest)
    except (OSError, ProfileError):
        return False
    return True


def written_since(folders: Iterable[str], names: Collection[str], seconds: float) -> list[str]:
    """Return the files in some folders whose name matches one of these patterns, written since then; the newest first."""
    dated: list[tuple[int, str]] = []
    for folder in folders:
        for directory, _, files in tree(folder, NOT_OWN, set()):
            paths = (os.path.join(directory, file) for name in names for file in fnmatch.filter(files, name))
            dated += [(there.mtime_ns, path) for path in paths if (there := stamp(path))]
    return [path for mtime, path in sorted(dated, reverse=True) if mtime >= seconds * 1e9]


class Compared(NamedTuple):
    """What tells whether a profile can be compared with another."""

    types: Sequence[ValueType]
    contention: str
    """What `contention_of` says."""

    @classmethod
    def of(cls, profile: Profile, path: str) -> Compared:
        """Return this of a profile and its file."""
        return cls(profile.sample_types, contention_of(profile, name_of(path)))


def unlike(base: Compared, head: Compared) -> str:
    """Return why two profiles cannot be compared; "" if they have a sample type in common that means the same in both."""
    both = base, head
    names = [", ".join(kind.type for kind in profile.types) for profile in both]
    if shared(head.types, base.types):
        names = [profile.contention for profile in both]
        if not all(names) or names[0] == names[1]:
            return ""
    return "cannot be compared: the base is of {}, it is of {}".format(*names)


def compared(head: Symbolized, base: Symbolized | None, *, of_differences: bool = False) -> Symbolized:
    """Return the head, or head - base, without the frames that the profile wants dropped. Raises IncomparableError."""
    both = [head, base] if base else [head]
    profile = difference(head.profile, base.profile, of_differences=of_differences) if base else head.profile
    reason = unusable(profile)
    messages = [message for side in both for message in side.messages] + ([reason] if reason else [])
    missing = [name for side in both for name in side.missing]
    return Symbolized(pruned(profile), tuple(dict.fromkeys(messages)), tuple(dict.fromkeys(missing)))
