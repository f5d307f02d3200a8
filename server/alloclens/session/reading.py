"""Reads files into snapshots, in the worker process or directly in a command."""

from __future__ import annotations

import hashlib
import logging
import pickle
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
from alloclens.disk import stamp as stamp_of
from alloclens.faults import Problem
from alloclens.languages import families_of
from alloclens.paths import canonical, is_system_binary, name_of
from alloclens.profile.errors import ProfileError
from alloclens.profile.formats import MAX_PROFILE_BYTES
from alloclens.profile.kinds import contention_of
from alloclens.profile.sample_types import shared
from alloclens.profile.taken_at import taken_at
from alloclens.series.contents import UNCHANGED, Contents
from alloclens.series.owned import keys_in, owned
from alloclens.series.snapshot import Snapshot
from alloclens.series.unreturned import unreturned
from alloclens.session.profile_file import Compared, compared, frames, read_with_kept_lines, unlike
from alloclens.source.evidence import Evidence, evidence
from alloclens.source.places import Nowhere, SourceMap
from alloclens.source.recorded import Origin
from alloclens.source.roots import Roots
from alloclens.symbols.build_info import build
from alloclens.symbols.symbols import with_lines
from alloclens.tables.alignment import align, are_different_builds, realigned
from alloclens.tables.allocations import StackAllocations, of_two_processes, profiling, sketch, stack_allocations
from alloclens.tables.code import code_digests, memory_map
from alloclens.tables.lines import Lines, Ownership, UnattributedLines, attributed, lines, unattributed
from alloclens.time_limit import take_longer
from alloclens.transform.difference import IncomparableError, difference
from alloclens.transform.filters import in_focus
from alloclens.transform.one_name import renamed
from alloclens.transform.prune import pruned
from alloclens.transform.subset import of_types
from alloclens.walk import MAX_WALK_SECONDS
from alloclens.workspace.files import Disk
from alloclens.workspace.goroutine_origins import ProfiledSources, goroutine_origins
from alloclens.workspace.source_copies import keep_texts
from alloclens.workspace.text_changes import text_changes

if TYPE_CHECKING:
    from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence

    from alloclens.arrays import Ints
    from alloclens.disk import Stamp
    from alloclens.profile.build import Build
    from alloclens.profile.model import ValueType
    from alloclens.series.contents import BuildPair, Pair, TextChanges
    from alloclens.series.series import Provenance
    from alloclens.source.build_roots import LearnedBuilds
    from alloclens.source.places import Place, Places
    from alloclens.symbols.symbols import Symbolized
    from alloclens.tables.alignment import LineMaps
    from alloclens.tables.goroutines import GoroutineOrigin
    from alloclens.tables.sites import RecordedLine
    from alloclens.transform.filters import Filters


log = logging.getLogger(__name__)


class Read(NamedTuple):
    """What a file holds, before its files are placed."""

    symbolized: Symbolized
    """With all frames, also those that the profile wants dropped."""
    unattributed: UnattributedLines
    """The lines without those frames."""
    evidence: Evidence
    allocations: StackAllocations

    @property
    def cost(self) -> int:
        """Its share of the cache: its samples, but at least a quarter, so that it holds up to four, and at most all of it."""
        return min(max(len(self.symbolized.profile), MAX_SAMPLES // 4), MAX_SAMPLES)


class Attributed(NamedTuple):
    """A file that was read, and its lines as they follow from the places of its files."""

    read: Read
    lines: Lines
    places: Places

    def of_types(self, types: tuple[ValueType, ...]) -> Attributed:
        """Return it with only some of its sample types."""
        if types == self.lines.sample_types:
            return self
        symbolized = self.read.symbolized
        symbolized = replace(symbolized, profile=of_types(symbolized.profile, types))
        tables = unattributed(pruned(symbolized.profile))
        read = self.read._replace(symbolized=symbolized, unattributed=tables)
        return Attributed(read, attributed(tables, _whose(tables.files, self.places)), self.places)

    def seen(self, focus: tuple[Filters, ...]) -> Lines:
        """Return the lines of the samples in focus."""
        if not focus:
            return self.lines
        return lines(in_focus(self.read.unattributed.profile, focus), lambda functions: _whose(functions, self.places))


PLACE_SECONDS = 0.02
"""Time to find a recorded file and keep its text on a network drive; a local disk takes a fiftieth."""
FORMAT_VERSION = 24
"""Increased when the same file is read differently; cached snapshots are then read again."""
MAX_SAMPLES = 1_000_000
"""In all cached profiles together."""
READ: LRUCache[Hashable, Read] = LRUCache(MAX_SAMPLES, getsizeof=lambda read: read.cost)
"""By reader and file, because heads and bases are read again and again."""
LINES: LRUCache[Hashable, Lines] = LRUCache(maxsize=4)
"""By reader, file and attribution."""
MAPS: LRUCache[Hashable, LineMaps] = LRUCache(maxsize=8)
"""By reader, the two processes and the files of the later one."""


class Placed(NamedTuple):
    """Where some recorded files lie."""

    builds: LearnedBuilds
    """Where the programs were built."""
    places: list[Place | Nowhere]
    """Of the requested files, or of all if the builds have changed."""


@dataclass(frozen=True, eq=False)
class Settled:
    """What all snapshots together say about the files of one of them. Most snapshots of a series share one."""

    evidence: int
    """The digest of that snapshot's evidence."""
    attribution: int
    """A digest of whose its files are, and of their names."""
    places: Places
    names: Mapping[str, str]
    """Maps those of its files that have several names to the one that is used."""

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle only once, though it goes to the worker with each snapshot."""
        return _settled, (self._pickled,)

    @cached_property
    def _pickled(self) -> bytes:
        return pickle.dumps((self.evidence, self.attribution, self.places, self.names))


@lru_cache(2)  # a head and its base
def _settled(pickled: bytes) -> Settled:
    return Settled(*pickle.loads(pickled))  # noqa: S301 - from our own process


@dataclass(frozen=True)
class Reader:
    """Reads profiles, finds the lines of their addresses, and drops the frames that they want dropped."""

    roots: Roots = field(default_factory=Roots)
    """The workspace's folders are searched for binaries, and its modules say which code is the user's own."""
    files: Disk = field(default_factory=Disk)
    binaries: tuple[str, ...] = ()
    """Further files and directories that are searched for binaries; absolute."""
    largest: int = MAX_PROFILE_BYTES
    """Maximum size in bytes, unpacked."""

    @cached_property
    def digest(self) -> str:
        """Identifies this reader in caches: the same for two that read alike.

        Dependencies may come and go: whose a snapshot's files are is settled for each one, and compared with what it was.
        """
        roots = self.roots
        where = roots.folders, sorted(roots.edited), roots.links, roots.linked, roots.mappings, roots.folds_case
        identity = __version__, FORMAT_VERSION, where, self.binaries, self.largest
        return hashlib.sha256(repr(identity).encode("utf-8", "surrogatepass")).hexdigest()

    def evidence(self, path: str) -> Evidence | Problem:
        """Return the functions that a profile names in each file. Never raises."""
        try:
            return self._read(path).evidence
        except Exception as error:  # noqa: BLE001 - an error of ours must not hide the other files
            return Problem.of(path, error)

    def read(self, path: str, stamp: Stamp, latest: Settled | None) -> Snapshot | Evidence | Problem:
        """Read one snapshot if it names the functions that `latest` is of, as most of a series do.

        Otherwise return its evidence: its files must be placed before `snapshot` can read it. Never raises.
        """
        own = self.evidence(path)
        if isinstance(own, Problem) and own.is_no_profile:
            snapshots().keep_no_profile(own, stamp, self.digest)
        if latest is None or isinstance(own, Problem) or own.digest != latest.evidence:
            return own
        return self.snapshot(path, stamp, latest)

    def places(self, functions: Mapping[str, Collection[str]], files: Collection[str], builds: LearnedBuilds) -> Placed:
        """Place `files`, of those in which profiles name these functions; or all of them if the builds have changed."""
        take_longer(min(len(functions) * PLACE_SECONDS, MAX_WALK_SECONDS))
        sources = SourceMap(self.roots, self.files, functions)
        to_place = files if sources.builds == builds else functions
        placed = [sources.find(file) for file in to_place]
        if log.isEnabledFor(logging.DEBUG):
            for file, place in zip(to_place, placed, strict=True):
                log.debug("%s", _placement(file, place))
        return Placed(sources.builds, placed)

    def snapshot(self, path: str, stamp: Stamp, settled: Settled) -> Snapshot | Problem:
        """Read one snapshot, and copy its source texts if it is seen for the first time. Never raises."""
        try:
            return self._snapshot(path, stamp, settled)
        except Exception as error:  # noqa: BLE001 - as above
            return Problem.of(path, error)

    def _snapshot(self, path: str, stamp: Stamp, settled: Settled) -> Snapshot:
        source = self._attributed(path, settled)
        symbolized = source.read.symbolized
        snapshot = _snapshot(
            path,
            stamp,
            source,
            settled,
            build(symbolized.profile, self.roots, self.binaries, symbolized.found.built_at),
        )
        take_longer(min(len(settled.places) * PLACE_SECONDS, MAX_WALK_SECONDS))
        keep_texts(snapshot, settled.places, self.roots, stamp, texts(), symbolized.texts)
        if not (_wanted(symbolized) or symbolized.is_transient):  # a binary that is missing may be there next time
            snapshots().keep(snapshot, source.read.evidence, stamp, self.digest)
        return snapshot

    def incomparable(self, base: str, head: str) -> str:
        """Return why two profiles cannot be compared; "" if they can be. Never raises."""
        profiles = []
        for path in (base, head):
            try:
                profiles.append(self._read(path).symbolized.profile)
            except Exception as error:  # noqa: BLE001 - as above
                return f"{path} could not be read: {Problem.of(path, error).reason}"
        before, now = profiles
        if why := unlike(Compared.of(before, base), Compared.of(now, head)):
            return f"{head} {why}"
        try:
            difference(now, before)
        except IncomparableError as error:
            return f"{head} cannot be compared with {base}: {error}"
        return ""

    def look_ahead(self, path: str) -> None:
        """Read a profile that will be requested soon. Its errors are reported then."""
        with suppress(ProfileError, OSError, MemoryError):
            self._read(path)

    def _read(self, path: str) -> Read:
        """Read a profile or take it from the cache: a new snapshot is read twice, the second time to be compared."""
        key = self._key(path)
        if (read := READ.get(key)) is None:
            symbolized, written = read_with_kept_lines(
                path, self.roots.folders, self.binaries, self.largest, self.roots.mappings
            )
            tables = unattributed(pruned(symbolized.profile))
            read = READ[key] = Read(symbolized, tables, evidence(tables.by_file), stack_allocations(written))
        return read

    def _attributed(self, path: str, settled: Settled) -> Attributed:
        """Return a profile and its lines, with its files attributed. Raises ProfileError or OSError."""
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

    def _goroutine_origins(self, head: Attributed, of: Provenance) -> dict[RecordedLine, GoroutineOrigin]:
        until = min(of.begun, of.build.written_at)
        sources = ProfiledSources(of.copies, until, head.places, texts(), of.build.revision)
        return goroutine_origins(head.read.symbolized.profile, head.lines, sources)

    def pair(self, pair: Pair, settled: Mapping[str, Settled]) -> Contents | Problem | None:
        """Read a head and its base; None if one has gone or changed, which the next scan will find."""
        try:
            head = self._attributed(pair.head, settled[pair.head])
            base = self._attributed(pair.base, settled[pair.base]) if pair.base else None
            if base and (types := shared(head.lines.sample_types, base.lines.sample_types)):
                head, base = head.of_types(types), base.of_types(types)
            now, then = head.read.symbolized, base.read.symbolized if base else None
            changes = self._text_changes(head, base, pair.builds) if base and pair.builds else UNCHANGED
            if then and not (pair.builds and pair.builds.base is None):
                then = replace(then, profile=realigned(then.profile, now.profile, changes.maps))
            profile = compared(now, then).profile
            return Contents(
                head.seen(pair.focus),
                base.seen(pair.focus) if base else None,
                in_focus(profile, pair.focus),
                head.lines,
                self._goroutine_origins(head, pair.builds.head) if pair.builds else {},
                pair.focus,
                changes,
                restarted=base is not None and _restarted(head, base, is_backwards=pair.is_backwards),
                unreturned=unreturned(head.read.unattributed.profile, head.read.unattributed.sites, head.lines),
                was=self._was(head, self._attributed(pair.previous, settled[pair.previous]), pair.since)
                if pair.previous and pair.since
                else None,
            )
        except (ProfileError, OSError, MemoryError, IncomparableError):
            return None
        except Exception as error:  # noqa: BLE001 - as above
            return Problem.of(pair.head, error)

    def _was(self, head: Attributed, previous: Attributed, builds: BuildPair) -> Ints | None:
        """Return the keys of the head's lines in the previous process; None if nothing shows that it was of another build."""
        maps = self._maps_before(head, previous, builds)
        if not maps and not are_different_builds(previous.lines, head.lines):
            return None
        return keys_in(previous.lines, head.lines, align(previous.lines, head.lines, maps))

    def _maps_before(self, head: Attributed, previous: Attributed, builds: BuildPair) -> LineMaps:
        """Return the line maps from the previous process to the head's, or take them from the cache: only a further file has others."""
        of, files = builds.head, zip(head.lines.files, head.lines.own.tolist(), strict=True)
        process = builds._replace(head=of._replace(seconds=0, copies=of.copies[:1]))
        key = self.digest, self.files, process, frozenset(file for file, is_own in files if is_own)
        if (maps := MAPS.get(key)) is None:
            maps = MAPS[key] = self._text_changes(head, previous, builds).maps
        return maps

    def _text_changes(self, head: Attributed, base: Attributed, builds: BuildPair) -> TextChanges:
        return text_changes(base.lines, head.lines, builds, {**base.places, **head.places}, self.roots, texts())


def _restarted(head: Attributed, base: Attributed, *, is_backwards: bool) -> bool:
    """Return whether what their stacks allocated shows that they are of two processes."""
    earlier, later = (head, base) if is_backwards else (base, head)
    return of_two_processes(earlier.read.allocations, later.read.allocations)


def _renamed(read: Read, key: tuple[object, ...], names: Mapping[str, str]) -> Read:
    """Return a profile in which each file has one name, or take it from the cache."""
    if (result := READ.get(key)) is None:
        symbolized = replace(read.symbolized, profile=renamed(read.symbolized.profile, names))
        tables = unattributed(pruned(symbolized.profile))
        result = READ[key] = read._replace(symbolized=symbolized, unattributed=tables)
    return result


def _placement(file: str, place: Place | Nowhere) -> str:
    if isinstance(place, Nowhere):
        return f"no place for {file}: {place.reason}"
    return f"placed {file} -> {place.path} (rule: {place.rule}{', guessed' if place.guessed else ''})"


def _wanted(symbolized: Symbolized) -> list[str]:
    """Return the recorded names of the binaries that would give more addresses lines."""
    return [name for name in (*symbolized.missing, *symbolized.refused) if not is_system_binary(name)]


def _whose(files: Iterable[str], places: Places) -> Ownership:
    origins = [places[file].origin if file in places else Origin.BUILT_IN for file in files]  # "" has no place
    return Ownership([origin is Origin.OWN for origin in origins], [origin is Origin.UNKNOWN for origin in origins])


def _snapshot(path: str, stamp: Stamp, source: Attributed, settled: Settled, build: Build) -> Snapshot:
    symbolized, lines = source.read.symbolized, source.lines
    profile = symbolized.profile
    binary, named = profile.text(profile.mappings.file[:1]), with_lines(profile)
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
        allocations=sketch(source.read.allocations),
        memory=b"" if len(source.read.allocations.stack) else memory_map(profile),
        profiling=profiling(profile),
        program=name_of(canonical(binary[0])) if binary else "",
        evidence=settled.evidence,
        attribution=settled.attribution,
        build=build,
        stamp=stamp,
        missing=symbolized.missing,
        named=named,
        unnamed=tuple(name for name in _wanted(symbolized) if name not in named),
        notes=symbolized.messages,
        mem_stats=profile.mem_stats,
        contention=contention_of(profile, name_of(path)),
        is_pprof=profile.is_pprof,
        languages=families_of(source.read.evidence.files),
        duration=profile.duration_nanos / 1e9,
    )


@lru_cache(1)
def texts() -> Texts:
    """Return the cache of source texts, opened when first needed."""
    return Texts()


@lru_cache(1)
def snapshots() -> Snapshots:
    """Return the cache of snapshots, opened when first needed."""
    return Snapshots()


def forget(directories: Sequence[str], but: frozenset[str]) -> None:
    """Drop the snapshots of these directories from the caches, except those in `but`."""
    texts().forget(directories, but)
    frames().forget(directories, but)
    snapshots().forget(directories, but)
