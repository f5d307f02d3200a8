"""Everything known now, as one frozen value that is replaced as a whole."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from alloclens.arrays import distinct
from alloclens.profile.sample_types import GOROUTINES
from alloclens.series.findings import MAX_QUIET, RAISED, badness
from alloclens.series.instances import Instances
from alloclens.settings.settings import Settings
from alloclens.source.coverage import Coverage, Unfiled, coverage
from alloclens.source.files import NoFiles
from alloclens.source.line_mapping import Doubt, MappedLines, map_recorded_lines
from alloclens.source.places import Place, SourceMap
from alloclens.source.profiled_text import UNKNOWN_VERSION
from alloclens.source.recorded import Origin
from alloclens.source.roots import Roots
from alloclens.source.rules import MOVED
from alloclens.workspace.moves import Moves
from alloclens.workspace.profiled_file import recorded_lines, recorded_lines_in
from alloclens.workspace.source_copies import COMPILED
from alloclens.workspace.source_versions import SourceVersions

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from alloclens.arrays import Ints, Mask
    from alloclens.faults import Problem
    from alloclens.profile.kinds import ProfileKind
    from alloclens.series.comparison import Comparison
    from alloclens.series.findings import Finding
    from alloclens.series.series import Series
    from alloclens.series.services import Service
    from alloclens.settings.config import ConfigProblem
    from alloclens.settings.trust import Target
    from alloclens.source.profiled_text import RecordedLines, SourceVersion
    from alloclens.transform.filters import Filters

MUCH = 0.1
"""The part of a kind of profile that a candidate holds to be listed beside a finding in another kind."""


@dataclass(frozen=True, eq=False)
class FileLines:
    """The lines of one file of the workspace for which a comparison has numbers."""

    comparison: Comparison
    place: Place
    recorded: str
    rows: Ints
    """Rows of the head's lines, by recorded line."""
    versions: SourceVersions
    moved: Mask
    """Rows of functions that were in another file when they were recorded."""

    def on(self, text: str) -> MappedLines:
        """Return where the rows are in the current text. May read the disk: call it from a thread."""
        mapped = self._mapped.get(text)
        if mapped is None:
            mapped = self._map(text)
            self._mapped.clear()
            self._mapped[text] = mapped
        return mapped

    @cached_property
    def _mapped(self) -> dict[str, MappedLines]:
        """Where the rows are in the text that was asked for last."""
        return {}

    def _map(self, text: str) -> MappedLines:
        line, unsure = np.zeros(len(self.rows), np.int64), np.zeros(len(self.rows), np.bool_)
        stayed = ~self.moved
        if stayed.any():
            line[stayed], unsure[stayed] = map_recorded_lines(self._stayed, self.version, text)
        if self.moved.any():
            moved = recorded_lines(self.comparison.lines, self.rows[self.moved], self.place.path)
            line[self.moved], unsure[self.moved] = map_recorded_lines(moved, UNKNOWN_VERSION, text)
        return MappedLines(line, unsure)

    @cached_property
    def _stayed(self) -> RecordedLines:
        """The recorded lines that were not in another file."""
        return recorded_lines(self.comparison.lines, self.rows[~self.moved], self.place.path)

    @cached_property
    def version(self) -> SourceVersion:
        """The text that was profiled, for the lines that were not in another file. May read the disk."""
        if self.moved.all():
            return UNKNOWN_VERSION
        return self.versions.of(self.place, self.recorded, self.comparison.provenance, self._stayed)

    @property
    def restart_tells(self) -> bool:
        """Whether a line may have been edited before or after the build, and its binary is here: what is started next is of it."""
        build = self.comparison.provenance.build
        has_binary = build.written_at < math.inf and not build.is_gone and bool(COMPILED.search(self.place.path))
        return has_binary and bool(self.version.edited_since)

    def recorded_of(self, function: str) -> str:
        """Return the recorded file of a function of these rows."""
        lines = self.comparison.lines
        of = distinct(lines.functions.of_line[self.rows]).tolist()
        return next(
            (lines.files[lines.functions.file[i]] for i in of if i >= 0 and lines.functions.name[i] == function), ""
        )

    @property
    def guessed(self) -> bool:
        """Whether nothing proves that this is the recorded file. May read the disk."""
        return self.place.guessed and (self.version.is_unknown or self.version.guessed)

    def rows_of(self, recorded: str) -> Mask:
        """Return which rows belong to a recorded file."""
        number = self.comparison.lines.number(recorded)
        return np.isin(self.comparison.lines.file[self.rows], [] if number is None else [number])

    @cached_property
    def recorded_lines(self) -> RecordedLines:
        """The recorded lines with their functions."""
        if not self.moved.any():
            return self._stayed
        return recorded_lines(self.comparison.lines, self.rows, self.place.path)


class FilePair(NamedTuple):
    """Two profiles to compare, or one to show: paths, wherever they are."""

    base: str | None
    head: str
    sample_type: str = ""
    """To show instead of the one in the settings; empty for that one."""
    base_begun: float = 0
    head_begun: float = 0
    """When the editor began to build and run the program that wrote the file, in seconds since 1970; 0 if it did not."""

    @property
    def paths(self) -> tuple[str, ...]:
        return (self.base, self.head) if self.base else (self.head,)


class NamedFiles(NamedTuple):
    """The comparison of two files, or the contents of one, and the service that they stand for."""

    service: Service
    comparison: Comparison
    left_out: tuple[str, ...] = ()
    """The names of the sample types that only one of the files has."""


@dataclass(frozen=True, eq=False)
class World:
    """What the profile directories say; every feature answers from it. Before the first load it is empty."""

    generation: int = 0
    settings: Settings = field(default_factory=Settings)
    settings_problems: tuple[ConfigProblem, ...] = ()
    """Problems of the settings file."""
    outside: tuple[Target, ...] = ()
    """Paths of the settings file that leave the workspace without being allowed to."""
    directories: tuple[str, ...] = ()
    closed: tuple[str, ...] = ()
    """Directories whose sub-directories are not listed, because they hold source code."""
    services: tuple[Service, ...] = ()
    """The shown one, then that of a chosen head, then newest first; each led by the kind of profile that is shown of it."""
    comparisons: tuple[Comparison, ...] = ()
    """One for each series, in the order of the services and of their series. If a sample type is chosen, series without
    it have one only if another series of their service has it."""
    named: NamedFiles | None = None
    """The comparison of two files, or one file, that the user named; while there is one, it is shown instead of a service."""
    beyond: tuple[Comparison, ...] = ()
    """Those of the services that are not shown, if one is chosen; then `comparisons` has only those of the shown service."""
    missing: str = ""
    """The name of the chosen series if no series has it; then nothing is shown."""
    gone: str = ""
    """The name of the active file's series if it has no profiles any more; then nothing is shown."""
    earlier: tuple[Comparison, ...] = ()
    """Of each series whose process is too young for a leak: that of the previous process, if anything leaked or grew in it
    that may do so again. It is judged, not shown. And of each whose head has no names: that of the last snapshot of its process that
    has; what is on lines is shown of it."""
    problems: tuple[Problem, ...] = ()
    focus: tuple[Filters, ...] = ()
    """Filters, applied one after the other to all numbers but the verdicts."""
    pending: int = 0
    """Number of files that are still to be read."""
    sources: SourceMap = field(default_factory=lambda: SourceMap(Roots(), NoFiles()))
    versions: SourceVersions = field(default_factory=lambda: SourceVersions(Roots(), None))

    @cached_property
    def series(self) -> tuple[Series, ...]:
        """The series of all services, in their order."""
        return tuple(chain.from_iterable(service.series for service in self.services))

    @property
    def shown(self) -> Comparison | None:
        """The comparison of the leading kind of the shown service, which is shown for the workspace."""
        return self.comparisons[0] if self.comparisons else None

    def kinds(self, comparison: Comparison) -> list[Comparison]:
        """Return the comparison of each kind of profile of the same service, the leading kind first.

        Of several series of one kind, such as a heap and differences of it, the first one counts.
        """
        service = next((s for s in self.services if comparison.series in s.series), None)
        if service is None:  # as that of a previous process
            return [comparison]
        by_kind: dict[ProfileKind, Comparison] = {}
        for other in self.comparisons:
            if other.series in service.series:
                by_kind.setdefault(other.series.kind, other)
        return list(by_kind.values())

    @cached_property
    def instances(self) -> Instances:
        """The instances of each service, whichever is shown."""
        return Instances(() if self.named else (*self.comparisons, *self.beyond, *self.earlier), self.directories)

    @property
    def judged(self) -> tuple[Comparison, ...]:
        """The comparisons whose findings are reported."""
        return self.comparisons + self.earlier

    @property
    def running(self) -> tuple[Comparison, ...]:
        """Those of them that are of the heads' processes."""
        return tuple(comparison for comparison in self.judged if not comparison.is_before_restart)

    def with_lines(self, comparison: Comparison) -> Comparison:
        """Return the comparison of which lines are shown: this one, unless its head has no names."""
        ran = (of for of in self.earlier if of.instead_of is comparison.head and not of.is_before_restart)
        return next(ran, comparison)

    def findings(self, verdicts: Collection[str] = RAISED) -> list[tuple[Finding, Comparison]]:
        """Return the findings with these verdicts in all comparisons, worst first."""
        pairs = [(finding, comparison) for comparison in self.judged for finding in comparison.findings(verdicts)]
        return sorted(pairs, key=lambda pair: badness(pair[0]))

    @cached_property
    def candidates(self) -> list[tuple[Finding, Comparison]]:
        """What is nearest to a finding in all comparisons; `session.candidates` orders it. If nothing is, where a leak may hide."""
        return _nearest(self.running) or self._quiet

    @property
    def _quiet(self) -> list[tuple[Finding, Comparison]]:
        """Where a leak may hide though nothing rises yet, the largest first."""
        if any(comparison.findings() for comparison in self.judged):
            return []
        pairs = [(finding, comparison) for comparison in self.running for finding in comparison.quiet()]
        return sorted(pairs, key=lambda pair: -pair[0].owned.high)[:MAX_QUIET]

    @cached_property
    def listed_candidates(self) -> list[tuple[Finding, Comparison]]:
        """The candidates to list: beside findings, those of the kinds of profiles that have none, if they hold much."""
        if not any(comparison.findings() for comparison in self.judged):
            return self.candidates
        silent = [comparison for comparison in self.running if not comparison.findings()]
        return [(finding, of) for finding, of in _nearest(silent) if _holds_much(finding, of)]

    @cached_property
    def more_candidates(self) -> list[tuple[Finding, Comparison]]:
        """The other candidates, beside findings in the same kind of profile, that hold much."""
        telling = [comparison for comparison in self.running if comparison.findings()]
        return [(finding, of) for finding, of in _nearest(telling) if _holds_much(finding, of)]

    @property
    def silent_goroutines(self) -> Comparison | None:
        """The comparison of heaps in which goroutines may pile up, if no goroutine profiles of that time say where."""
        return next((c for c in self.comparisons if c.goroutine_memory and not self._has_goroutines(c)), None)

    def _has_goroutines(self, heaps: Comparison) -> bool:
        """Return whether goroutine profiles of the same program were judged over at least half of the time of these heaps."""
        begin, end = (snapshot.taken_at.seconds for snapshot in (heaps.base or heaps.head, heaps.head))
        for other in self.comparisons:
            if other.judgement is None or other.judgement.sample_type.type not in GOROUTINES:
                continue
            same = not other.series.program or other.series.program == heaps.series.program
            process = other.series.process(other.head)
            first, last = process[0].taken_at.seconds, other.head.taken_at.seconds
            if same and 2 * (min(last, end) - max(first, begin)) >= end - begin:
                return True
        return False

    @cached_property
    def coverage(self) -> Coverage:
        """How much of the shown profile has a place here. Places all its files: use it in a thread."""
        return self.coverage_of(self.shown) if self.shown else Coverage(Unfiled(), (), ())

    def coverage_of(self, comparison: Comparison) -> Coverage:
        """Return how much of a head has a place here, as above."""
        lines, number = comparison.contents.whole, comparison.column
        *values, nowhere = lines.charged[:, number].tolist()
        charged = dict(zip(lines.files, values, strict=True))
        without_file = charged.pop("", 0)
        return coverage(
            charged,
            Unfiled(nowhere, without_file),
            self.sources,
            lambda file, here: recorded_lines_in(lines, file, here),
        )

    def files(self, path: str) -> list[FileLines]:
        """Return the lines of one file of the workspace in each kind of profile, the leading kind first.

        They are of the first service that has any.
        """
        for comparison in self.comparisons:
            kinds = self.kinds(comparison)
            is_leading = comparison is kinds[0]  # the others of its service have been tried with it
            if is_leading and (
                files := [file for kind in kinds if (file := self.file_of(self.with_lines(kind), path))]
            ):
                return files
        return []

    def file(self, path: str) -> FileLines | None:
        """Return the lines of one file of the workspace in the leading kind of profile that has any."""
        return next(iter(self.files(path)), None)

    @cached_property
    def moves(self) -> Moves:
        """Functions that have moved to another file of their directory."""
        return Moves(self.sources)

    def recorded_at(self, comparison: Comparison, path: str) -> dict[str, int]:
        """Return the recorded files of a comparison that lie at a path here, with their indexes."""
        numbers = {file: comparison.lines.number(file) for file in self.sources.at(path)}
        return {file: number for file, number in numbers.items() if number is not None}

    def recorded_in(self, comparison: Comparison, path: str) -> set[str]:
        """Return the recorded files that have lines in a file of the workspace, or had them before functions moved."""
        file, files = self.file_of(comparison, path), comparison.lines.files
        now = distinct(comparison.lines.file[file.rows]).tolist() if file else []
        return {*self.recorded_at(comparison, path), *(files[number] for number in now)}

    def left(self, comparison: Comparison, path: str) -> Iterator[FileLines]:
        """Yield the files to which functions of a file of the workspace have moved, with only the lines of these functions."""
        numbers = [*self.recorded_at(comparison, path).values()]
        for now in sorted({*self.moves.of(comparison.lines, path).values()} - {path}):
            if file := self.file_of(comparison, now):
                gone = file.moved & np.isin(comparison.lines.file[file.rows], numbers)
                if gone.any():
                    yield replace(file, rows=file.rows[gone], moved=file.moved[gone])

    def doubt(self, comparison: Comparison, recorded: str) -> Doubt:
        """Say why unsure lines of a recorded file are so. May read the disk."""
        place = self.sources.place(recorded)
        file = self.file_of(comparison, place.path) if place else None
        if file is None or file.guessed:
            return Doubt.GUESSED if place and place.guessed else Doubt.UNCOMPARED
        if file.version.is_unknown or file.version.is_in_doubt:
            return Doubt.UNCOMPARED
        return Doubt.EDITED if file.restart_tells else Doubt.CHANGED

    def file_of(self, comparison: Comparison, path: str, moves: Mapping[int, str] | None = None) -> FileLines | None:
        """Return the lines of a file of the workspace in one comparison. `moves` are of its directory, if they are known."""
        now = self.moves.of(comparison.lines, path) if moves is None else moves
        known = self._files.get((comparison, path))
        if known is None or known[0] is not now:
            known = self._files[comparison, path] = now, self._file_of(comparison, path, now)
        return known[1]

    @cached_property
    def _files(self) -> dict[tuple[Comparison, str], tuple[Mapping[int, str], FileLines | None]]:
        """The lines of files, with the moves that they follow from."""
        return {}

    def _file_of(self, comparison: Comparison, path: str, moves: Mapping[int, str]) -> FileLines | None:
        lines = comparison.lines
        numbers = self.recorded_at(comparison, path)
        here = [function for function, now in moves.items() if now == path]
        rows = np.concatenate([np.zeros(0, np.int64), *(lines.rows_in(number) for number in numbers.values())])
        if moves:
            rows = rows[~np.isin(lines.functions.of_line[rows], list(moves))]
            rows = np.concatenate([rows, np.flatnonzero(np.isin(lines.functions.of_line, here))])
        rows = rows[lines.line[rows] > 0]
        if not len(rows):
            return None
        by_line = rows[np.argsort(lines.line[rows], kind="stable")]
        places = {file: place for file in numbers if (place := self.sources.place(file))}
        stayed = [numbers[file] for file, place in places.items() if not place.moved]
        moved = ~np.isin(lines.file[by_line], stayed)
        recorded = lines.files[lines.file[by_line[np.argmin(moved)]]]
        place = places.get(recorded) or Place(path, MOVED, Origin.OWN)
        return FileLines(comparison, place, recorded, by_line, self.versions, moved)


def _nearest(comparisons: Iterable[Comparison]) -> list[tuple[Finding, Comparison]]:
    return [(finding, comparison) for comparison in comparisons for finding in comparison.candidates()]


def _holds_much(finding: Finding, comparison: Comparison) -> bool:
    return finding.owned.value >= MUCH * comparison.head.total_of(finding.sample_type)
