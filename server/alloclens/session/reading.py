"""From files to snapshots: what the worker process does, and what the command line does without one."""

from __future__ import annotations

import errno
import hashlib
import logging
import time
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from cachetools import LRUCache

from alloclens import __version__
from alloclens.cache.snapshots import Snapshots
from alloclens.cache.texts import Texts
from alloclens.disk import read_file
from alloclens.disk import stamp as stamp_of
from alloclens.faults import Problem
from alloclens.paths import canonical, name_of
from alloclens.profile.errors import ProfileError
from alloclens.profile.formats import MAX_PROFILE_BYTES, read
from alloclens.series.comparison import Contents
from alloclens.series.owned import owned
from alloclens.series.snapshot import Snapshot, taken_at
from alloclens.source.evidence import Evidence, evidence
from alloclens.source.places import Nowhere, SourceMap
from alloclens.source.recorded import Kind
from alloclens.source.roots import Roots
from alloclens.symbols.build_info import build
from alloclens.symbols.demangle import readable
from alloclens.symbols.symbols import Symbolized, symbolized
from alloclens.tables.alignment import NO_MAPS, realigned
from alloclens.tables.code import code_digests
from alloclens.tables.lines import Lines, Ownership, UnattributedLines, attributed, lines, unattributed
from alloclens.transform.difference import IncomparableError, difference, overflow
from alloclens.transform.filters import in_focus
from alloclens.transform.one_name import renamed
from alloclens.transform.prune import pruned, unusable
from alloclens.walk import MAX_WALK_SECONDS
from alloclens.worker import take_longer
from alloclens.workspace.files import Disk
from alloclens.workspace.goroutine_origins import ProfiledSources, goroutine_origins
from alloclens.workspace.line_maps import line_maps
from alloclens.workspace.source_versions import keep_texts

if TYPE_CHECKING:
    from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence

    from alloclens.disk import Stamp
    from alloclens.profile.build import Build
    from alloclens.series.comparison import BuildPair, Pair
    from alloclens.series.series import Provenance
    from alloclens.source.build_roots import LearnedBuilds
    from alloclens.source.places import Place, Places
    from alloclens.tables.alignment import LineMaps
    from alloclens.tables.goroutines import GoroutineOrigin
    from alloclens.transform.filters import Filters


log = logging.getLogger(__name__)


class Read(NamedTuple):
    """What is in a file, whosever it is."""

    found: Symbolized
    """With nothing dropped yet."""
    unattributed: UnattributedLines
    """Of what is left."""
    evidence: Evidence

    @property
    def cost(self) -> int:
        """Its samples; at least a quarter of what may be remembered, so that four are, and at most all of that."""
        return min(max(len(self.found.profile), MAX_SAMPLES // 4), MAX_SAMPLES)


class Attributed(NamedTuple):
    """The same, and its lines as they follow from where its files lie."""

    read: Read
    lines: Lines
    places: Places

    def seen(self, focus: tuple[Filters, ...]) -> Lines:
        """Return the lines of what is in focus."""
        if not focus:
            return self.lines
        return lines(in_focus(self.read.unattributed.profile, focus), lambda functions: _whose(functions, self.places))


PLACE_SECONDS = 0.02
"""That it may take to find a recorded file and to keep its text, on a network's disk; one of our own takes a fiftieth."""
MEANING = 4
"""Raised when the same bytes mean something else than before; what was kept of them is then read anew."""
MAX_SAMPLES = 1_000_000
"""Of all profiles that are remembered."""
READ: LRUCache[Hashable, Read] = LRUCache(MAX_SAMPLES, getsizeof=lambda read: read.cost)
"""By reader and file: heads and bases are read again and again."""
LINES: LRUCache[Hashable, Lines] = LRUCache(maxsize=4)
"""By the same, and by whose the files are."""


class Placed(NamedTuple):
    """Where some recorded files lie."""

    builds: LearnedBuilds
    """Where the programs were built."""
    places: list[Place | Nowhere]
    """Of these files, or of all if the builds are not those that were known."""


class Settled(NamedTuple):
    """What all snapshots together say of the files in one of them."""

    evidence: int
    """The digest of the evidence of that one."""
    attribution: int
    """A digest of whose its files are, and of what they are called."""
    places: Places
    names: Mapping[str, str]
    """What those of its files are called that have several names."""


@dataclass(frozen=True)
class Reader:
    """Reads profiles, with the lines of their addresses and without the frames that they want dropped."""

    roots: Roots = field(default_factory=Roots)
    """The workspace's folders are searched for binaries, and its modules say which code is the user's own."""
    files: Disk = field(default_factory=Disk)
    binaries: tuple[str, ...] = ()
    """Files and directories that are searched for binaries, too; absolute."""
    largest: int = MAX_PROFILE_BYTES
    """Bytes, unpacked."""

    def profile(self, path: str) -> Symbolized:
        """Read one profile, with nothing dropped yet. Raises ProfileError or OSError."""
        try:
            data = read_file(path, self.largest)
        except OSError as error:
            if error.errno != errno.EFBIG:
                raise
            raise ProfileError(f"{error.strerror} (the setting largestProfile)") from error
        begun = time.monotonic()
        profile, notes = readable(read(data, self.largest))
        found = symbolized(profile, self.roots.folders, self.binaries)
        milliseconds = (time.monotonic() - begun) * 1000
        log.info("read %s: %d bytes, %d samples, %.0f ms", path, len(data), len(profile), milliseconds)
        return replace(found, messages=(*found.messages, *notes, *overflow(profile)))

    @cached_property
    def digest(self) -> str:
        """What this reader is known by: two that read alike have the same."""
        what = __version__, MEANING, replace(self, files=Disk())
        return hashlib.sha256(repr(what).encode("utf-8", "surrogatepass")).hexdigest()

    def evidence(self, path: str) -> Evidence | Problem:
        """Return what a profile says of where its program was built. Never raises."""
        try:
            return self._read(path).evidence
        except Exception as error:  # noqa: BLE001 - a fault of ours costs this file, not the rest
            return Problem.of(path, error)

    def places(self, functions: Mapping[str, Collection[str]], files: Collection[str], builds: LearnedBuilds) -> Placed:
        """Place some of the files that profiles name with these functions; all of them if the builds are not these any more."""
        take_longer(min(len(functions) * PLACE_SECONDS, MAX_WALK_SECONDS))
        sources = SourceMap(self.roots, self.files, functions)
        wanted = files if sources.builds == builds else functions
        placed = [sources.find(file) for file in wanted]
        if log.isEnabledFor(logging.DEBUG):
            for file, place in zip(wanted, placed, strict=True):
                log.debug("%s", _placement(file, place))
        return Placed(sources.builds, placed)

    def snapshot(self, path: str, stamp: Stamp, settled: Settled) -> Snapshot | Problem:
        """Read one snapshot, and keep the texts it is of if it is seen for the first time. Never raises."""
        try:
            return self._snapshot(path, stamp, settled)
        except Exception as error:  # noqa: BLE001 - as above
            return Problem.of(path, error)

    def _snapshot(self, path: str, stamp: Stamp, settled: Settled) -> Snapshot:
        one = self._attributed(path, settled)
        found = one.read.found
        snapshot = _snapshot(path, stamp, one, settled, build(found.profile, self.roots, self.binaries))
        take_longer(min(len(settled.places) * PLACE_SECONDS, MAX_WALK_SECONDS))
        keep_texts(snapshot, settled.places.values(), self.roots, stamp, texts())
        if not found.missing:  # what has no lines for want of a binary may have them next time
            snapshots().keep(snapshot, one.read.evidence, stamp, self.digest)
        return snapshot

    def look_ahead(self, path: str) -> None:
        """Read a profile that will be asked for soon. What hinders it is told then."""
        with suppress(ProfileError, OSError, MemoryError):
            self._read(path)

    def _read(self, path: str) -> Read:
        """Read a profile, or remember: a new snapshot is read, and then compared."""
        key = self._key(path)
        if (known := READ.get(key)) is None:
            found = self.profile(path)
            of = unattributed(pruned(found.profile))
            known = Read(found, of, evidence(of.by_file))
            READ[key] = known
        return known

    def _attributed(self, path: str, settled: Settled) -> Attributed:
        """Return a profile and its lines, with its files being whose they are. Raises ProfileError or OSError."""
        read, key = self._read(path), (*self._key(path), settled.attribution)
        if read.evidence.digest != settled.evidence:
            raise ProfileError("it changed while it was read")
        if settled.names:
            read = _renamed(read, key, settled.names)
        if (lines := LINES.get(key)) is None:
            lines = attributed(read.unattributed, _whose(read.unattributed.files, settled.places))
            LINES[key] = lines
        return Attributed(read, lines, settled.places)

    def _key(self, path: str) -> tuple[object, ...]:
        return self.digest, self.files, path, stamp_of(path)

    def _began(self, head: Attributed, of: Provenance) -> dict[tuple[str, int], GoroutineOrigin]:
        until = min(of.begun, of.build.written_at)
        return goroutine_origins(
            head.read.found.profile, head.lines, ProfiledSources(of.copies, until, head.places, texts())
        )

    def pair(self, pair: Pair, settled: Mapping[str, Settled]) -> Contents | Problem | None:
        """Read the head and the base, of which this is settled; None where one has gone or changed: the next listing knows."""
        try:
            head = self._attributed(pair.head, settled[pair.head])
            base = self._attributed(pair.base, settled[pair.base]) if pair.base else None
            found, then = head.read.found, base.read.found if base else None
            maps = self._line_maps(head, base, pair.builds) if base and pair.builds else NO_MAPS
            if then and not (pair.builds and pair.builds.base is None):
                then = replace(then, profile=realigned(then.profile, found.profile, maps))
            difference = compared(found, then).profile
            return Contents(
                head.seen(pair.focus),
                base.seen(pair.focus) if base else None,
                in_focus(difference, pair.focus),
                head.lines,
                self._began(head, pair.builds.head) if pair.builds else {},
                pair.focus,
                maps,
            )
        except (ProfileError, OSError, MemoryError, IncomparableError):
            return None
        except Exception as error:  # noqa: BLE001 - as above
            return Problem.of(pair.head, error)

    def _line_maps(self, head: Attributed, base: Attributed, builds: BuildPair) -> LineMaps:
        return line_maps(base.lines, head.lines, builds, {**base.places, **head.places}, self.roots, texts())


def compared(head: Symbolized, base: Symbolized | None, *, of_differences: bool = False) -> Symbolized:
    """Return the head, or head - base, without the frames that it wants dropped. Raises IncomparableError."""
    both = [head, base] if base else [head]
    profile = difference(head.profile, base.profile, of_differences=of_differences) if base else head.profile
    reason = unusable(profile)
    messages = [message for one in both for message in one.messages] + ([reason] if reason else [])
    missing = [name for one in both for name in one.missing]
    return Symbolized(pruned(profile), tuple(dict.fromkeys(messages)), tuple(dict.fromkeys(missing)))


def _renamed(read: Read, key: tuple[object, ...], names: Mapping[str, str]) -> Read:
    """Return a profile whose files have one name each, or remember."""
    if (known := READ.get(key)) is None:
        found = replace(read.found, profile=renamed(read.found.profile, names))
        known = Read(found, unattributed(pruned(found.profile)), read.evidence)
        READ[key] = known
    return known


def _placement(file: str, place: Place | Nowhere) -> str:
    if isinstance(place, Nowhere):
        return f"no place for {file}: {place.reason}"
    return f"placed {file} -> {place.path} (rule: {place.rule}{', guessed' if place.guessed else ''})"


def _whose(files: Iterable[str], places: Places) -> Ownership:
    kinds = [places[file].kind if file in places else Kind.BUILT_IN for file in files]  # "" has no place
    return Ownership([kind is Kind.OWN for kind in kinds], [kind is Kind.UNKNOWN for kind in kinds])


def _snapshot(path: str, stamp: Stamp, one: Attributed, settled: Settled, made: Build) -> Snapshot:
    found, profile, lines = one.read.found, one.read.found.profile, one.lines
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
        code=code_digests(profile) if profile.build_id else b"",
        program=name_of(canonical(binary[0])) if binary else "",
        evidence=settled.evidence,
        attribution=settled.attribution,
        build=made,
        stamp=stamp,
        missing=found.missing,
        notes=found.messages,
        mem_stats=profile.mem_stats,
    )


@lru_cache(1)
def texts() -> Texts:
    """Return the store of source texts, opened when first needed."""
    return Texts()


@lru_cache(1)
def snapshots() -> Snapshots:
    """Return the store of what was read, opened when first needed."""
    return Snapshots()


def forget(directories: Sequence[str], but: frozenset[str]) -> None:
    """Drop what is kept of the snapshots of these directories that are no more."""
    texts().forget(directories, but)
    snapshots().forget(directories, but)
