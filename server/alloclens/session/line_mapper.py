"""Maps recorded lines to lines of the files as they are now, for everything that needs it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from alloclens.languages.declarations import is_generated
from alloclens.paths import name_of
from alloclens.series.findings import MIN_GOROUTINE_BYTES, RAISED
from alloclens.session.go_texts import GoTexts
from alloclens.session.signs import kept, sign
from alloclens.source.line_mapping import LinesInFile, map_recorded_lines
from alloclens.source.places import Place
from alloclens.source.profiled_text import UNCHANGING, RecordedLines
from alloclens.source.rules import MOVED
from alloclens.text import split_lines
from alloclens.workspace.moves import group, moved_to

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from alloclens.arrays import Mask
    from alloclens.languages.go.keeping import Addition
    from alloclens.languages.go.leak_patterns import Shape
    from alloclens.series.comparison import Comparison
    from alloclens.series.findings import Finding
    from alloclens.session.signs import Sign
    from alloclens.session.world import FileLines, World
    from alloclens.source.coverage import Coverage
    from alloclens.source.line_mapping import Doubt

TextOf = Callable[[str], str | None]
"""Returns the current text of a file by its real path; None if there is none."""


UNPLACED = "unplaced"
CHANGED = "changed or deleted since"
"""Marks the recorded number of a line that no longer exists."""
MAX_RELATED = 3
MAX_MAPPED_FILES = 100
"""Own files to map for a summary of the whole profile, heaviest first. Each takes a few calls of git."""


class MappedLine(NamedTuple):
    """Where a recorded line is now."""

    path: str
    """Real."""
    line: int
    """1-based; 0 for a line that no longer exists."""
    unsure: bool = False

    @property
    def certainty(self) -> str:
        """How certain the place is: sure, unsure or unplaced."""
        return ("unsure" if self.unsure else "sure") if self.line else UNPLACED

    def named(self, path: str, recorded: int) -> str:
        """Return the line now, after `path`: main.go:24; without one, as recorded: main.go:14 (changed or deleted since)."""
        return f"{path}:{self.line}" if self.line else f"{path}:{recorded} ({CHANGED})"


class NamedLine(NamedTuple):
    """A recorded line, and where it is now."""

    recorded: str
    line: int
    at: MappedLine | None
    """None if its file has no place."""

    @property
    def name(self) -> str:
        """The line now, else as recorded, marked if its file has a place; the file alone if no line was recorded."""
        if self.at:
            return self.at.named(name_of(self.at.path), self.line)
        return f"{name_of(self.recorded)}:{self.line}" if self.line else name_of(self.recorded)


class MappedFinding(NamedTuple):
    """Where a finding is now."""

    at: MappedLine | None
    """The `go` statement that started its goroutines, if it is known and still there, else the line itself."""
    waits: str
    """Where its goroutines wait (main.go:8) if `at` is where they were started, else ""."""
    doubt: Doubt | None
    """Why the line is unsure; None if it is sure."""
    related: tuple[str, ...] = ()
    """Of a finding that no own line owns: the own lines that call its package, such as main.go:8. `at` is the first if `run` is empty."""
    by_text: bool = False
    """Whether only texts tell them: lines that may start the goroutines of a library. `at` is the only one, None of several."""
    sign: Sign | None = None
    """What speaks for a leak, beside the numbers of a finding or candidate."""
    kept: Shape | None = None
    """What most of that is which it makes and which often leaks; None if it makes nothing such, or too little to tell."""
    callers: tuple[NamedLine, ...] = ()
    """The own lines outwards that call the line, as far as they hold most of the growth. The last is one of several."""
    share: float = 1.0
    """Of the growth, held through all of them."""
    of_function: bool = False
    """Whether its line stands for its function, see `Lines.by_function`."""
    run: tuple[str, ...] = ()
    """Of a finding that no own line owns: the own lines that its function runs. `at` is the first."""
    inlined: tuple[NamedLine, ...] = ()
    """The functions that V8 may have inlined into it."""
    inlined_into: str = ""
    """The function that V8 may have inlined it into: serve (main.ts:11); "" if none is known."""

    @property
    def unsure(self) -> bool:
        """Whether the finding may be about another line nearby."""
        return self.at is not None and self.at.unsure


class LineMapper:
    """Maps the lines of one answer, each file once. Reads files: use it in a thread."""

    def __init__(self, world: World, text_of: TextOf) -> None:
        self._world = world
        self._text_of = text_of
        self.texts = GoTexts(world, text_of)
        self._moves: dict[tuple[Comparison, str], Mapping[int, str]] = {}
        """By file, and by what it has in common with the files beside it."""
        self._known: dict[tuple[str, str, str], dict[int, MappedLine] | None] = {}

    def of(self, comparison: Comparison, recorded: str, line: int) -> MappedLine | None:
        """Return where a recorded line (1-based) is; None if its file has no place."""
        place = self._world.sources.place(recorded)
        if place is None or line < 1:
            return None
        place = self._file(comparison, place, recorded, line)
        key = comparison.head.path, place.path, recorded if place.moved else ""
        if key not in self._known:
            self._known[key] = self._all(comparison, place, recorded)
        known = self._known[key]
        if known is None:
            return MappedLine(place.path, line)
        if line in known or place.moved:
            return known.get(line, MappedLine(place.path, 0))
        return self._of_base(comparison, place, line)

    def named(self, comparison: Comparison, recorded: str, line: int) -> NamedLine:
        """Return a recorded line (1-based) with where it is."""
        return NamedLine(recorded, line, self.of(comparison, recorded, line))

    def finding(self, comparison: Comparison, finding: Finding) -> MappedFinding:
        """Return where a finding is, and where its goroutines wait."""
        if finding.is_foreign:
            return self._foreign(comparison, finding)
        start = self._start(comparison, finding)
        at = start or self.of(comparison, finding.file, finding.line)
        waits = self.named(comparison, finding.file, finding.line).name if start else ""
        doubt = self._world.doubt(comparison, finding.file) if at and at.unsure else None
        is_generated = self._is_generated(at, finding)
        called, share = comparison.callers_of(finding, is_generated=is_generated) if not start else ([], 1.0)
        callers = tuple(self.named(comparison, file, line) for file, line in called)
        inlined = tuple(self.named(comparison, other.file, other.line) for other in finding.inlined)
        added = (addition for _, addition in self.additions(comparison, finding))
        is_told = finding.may_leak or finding.verdict in RAISED
        seen = sign(finding, comparison, self.texts, added) if is_told else None
        return MappedFinding(
            *(at, waits, doubt),
            callers=callers,
            share=share,
            sign=seen,
            kept=kept(finding, comparison),
            of_function=comparison.lines.by_function,
            inlined=inlined,
            inlined_into=self._inlined_into(comparison, finding),
        )

    def _is_generated(self, at: MappedLine | None, finding: Finding) -> bool:
        text = self._text_of(at.path) if at and at.line else None
        return bool(at and text and is_generated(text, at.line, finding.function, at.path))

    def _inlined_into(self, comparison: Comparison, finding: Finding) -> str:
        caller = comparison.inlined_into(finding) if comparison.lines.by_function else None
        return f"{caller.function} ({self.named(comparison, caller.file, caller.line).name})" if caller else ""

    def additions(self, comparison: Comparison, finding: Finding) -> Iterator[tuple[str, Addition]]:
        """Yield to what the values of a line are added, and those of the callers that decided; each with its path."""
        if finding.is_goroutine or finding.is_foreign:
            return
        for line in ((finding.file, finding.line), *((caller.file, caller.line) for caller in finding.path)):
            place = self.of(comparison, *line)
            if place and place.line and not place.unsure and (added := self.texts.addition(place.path, place.line)):
                yield place.path, added

    def shape(self, comparison: Comparison, finding: Finding, now: MappedFinding) -> Shape | None:
        """Return the leak pattern of a finding that is reported. The text of its line tells more, if that is sure."""
        if finding.verdict not in RAISED:
            return None
        at, text = now.at, ""
        if at and at.line and not at.unsure and at.path.endswith(".go"):
            lines = split_lines(self._text_of(at.path) or "")
            text = lines[at.line - 1] if at.line <= len(lines) else ""
        return comparison.shape(finding, text)

    def _foreign(self, comparison: Comparison, finding: Finding) -> MappedFinding:
        """Return the own lines related to what no own line owns: a heap profile knows those of goroutines, or else texts do.

        What a library holds for the lines that it runs, such as requests, may be kept by these. If it runs none, those that call it count.
        """
        near = [*map(self._world.with_lines, self._world.kinds(comparison))]
        related = [(other, other.related(finding.function)) for other in near]
        of_run = [(other, line) for other, lines in related for line in lines.run]
        run = self._placed(sorted(of_run, key=lambda pair: (-_with_it(finding, pair[1]), -pair[1].owned.value)))
        calling = self._calling(finding, near, [(other, line) for other, lines in related for line in lines.calling])
        if places := run + calling:
            return MappedFinding(
                places[0], "", None, _names(place for place in calling if place not in run), run=_names(run)
            )
        if not any(other.judgement and other.judgement.piles_up(finding.function) for other in near):
            return MappedFinding(None, "", None)
        places = [MappedLine(*line) for line in self.texts.starting(finding.function, near)]
        return MappedFinding(places[0] if len(places) == 1 else None, "", None, _names(places), by_text=True)

    def _calling(
        self, finding: Finding, near: Sequence[Comparison], calling: list[tuple[Comparison, Finding]]
    ) -> list[MappedLine]:
        """Return where the lines are that call the package of a finding: those that rise, those that start it by its texts, the others."""
        if not calling:
            return []
        calling.sort(key=lambda pair: (-max(pair[1].score, 0), -pair[1].growth))
        rising = self._placed((of, line) for of, line in calling if line.score > 0)
        starting = [MappedLine(*line) for line in self.texts.starting(finding.function, near)]
        return list(dict.fromkeys([*rising, *starting, *self._placed(calling)]))

    def _placed(self, pairs: Iterable[tuple[Comparison, Finding]]) -> list[MappedLine]:
        """Return where some findings are that have a place."""
        return [place for of, line in pairs if (place := self.of(of, line.file, line.line)) and place.line]

    def _start(self, comparison: Comparison, finding: Finding) -> MappedLine | None:
        """Return the `go` statement that started a finding's goroutines; None if it is unknown or no longer there."""
        origin = comparison.goroutine_origin(finding)
        start = self._then(comparison, origin.path, origin.line) if origin else None
        return start if start and start.line else None

    def _file(self, comparison: Comparison, place: Place, recorded: str, line: int) -> Place:
        """Return the place of a recorded file, or of the file to which the function of this line has moved."""
        moves = self._moves_from(comparison, place.path) if place.own else {}
        now = moved_to(moves, comparison.lines, recorded, line)
        return Place(now, MOVED, place.origin) if now else place

    def _moves_from(self, comparison: Comparison, path: str) -> Mapping[int, str]:
        """Return the functions that have moved from a file, and others. Its directory is looked at once, and only if some have."""
        key, beside = (comparison, path), (comparison, group(path))
        if key not in self._moves:
            known = None if beside in self._moves else self._world.moves.known(comparison.lines, path)
            if known is None and beside not in self._moves:
                self._moves[beside] = self._world.moves.of(comparison.lines, path)
            self._moves[key] = self._moves[beside] if known is None else known
        return self._moves[key]

    def _lines_of(self, comparison: Comparison, path: str) -> FileLines | None:
        return self._world.file_of(comparison, path, self._moves_from(comparison, path))

    def _then(self, comparison: Comparison, path: str, line: int) -> MappedLine:
        """Return where a line is now that was in a file when the head was taken, with or without numbers."""
        file, text = self._lines_of(comparison, path), self._text_of(path)
        if text is None:
            return MappedLine(path, 0)
        if file is None or file.version is UNCHANGING:
            return MappedLine(path, line if line <= len(split_lines(text)) else 0, unsure=file is None)
        nothing = np.zeros(0, np.int64)
        now = map_recorded_lines(RecordedLines(np.array([line]), np.array([-1]), [], nothing, path), file.version, text)
        return MappedLine(path, int(now.line[0]), bool(now.unsure[0]))

    def _of_base(self, comparison: Comparison, place: Place, line: int) -> MappedLine:
        """Return where a line is that has numbers only in the base."""
        base, now = comparison.base, self._then(comparison, place.path, line)
        other_build = base is not None and not comparison.one_process and base.build_id != comparison.head.build_id
        return now._replace(unsure=now.unsure or other_build)

    def _all(self, comparison: Comparison, place: Place, recorded: str) -> dict[int, MappedLine] | None:
        """Map the recorded lines of a file to where they are; None for a file that never changes."""
        file = self._lines_of(comparison, place.path)
        if file is None or file.version is UNCHANGING:
            return None if self._world.sources.roots.in_caches(place.path) else {}
        rows, text = file.rows_of(recorded) if place.moved else ~file.moved, self._text_of(place.path)
        return _lines(file, text, rows) if text is not None else {}


def _with_it(finding: Finding, line: Finding) -> float:
    """Return how much a line grew while a finding did (their covariance, in bytes), times how clearly it rises."""
    there, here = (np.linspace(0, 1, len(of.points)) for of in (finding, line))
    others, points = np.array(finding.points), np.interp(there, here, np.array(line.points))
    weight = MIN_GOROUTINE_BYTES if line.is_goroutine else 1
    return float(((others - others.mean()) * (points - points.mean())).mean()) * weight * max(line.score, 0)


def _names(places: Iterable[MappedLine]) -> tuple[str, ...]:
    """Return a few of these lines by name: main.go:8."""
    return tuple(dict.fromkeys(f"{name_of(place.path)}:{place.line}" for place in places))[:MAX_RELATED]


def parts(world: World, comparison: Comparison, path: str, text_of: TextOf) -> Iterator[LinesInFile]:
    """Yield the lines of a file of the workspace, then those of functions that have moved from it to other files."""
    file = world.file_of(comparison, path)
    for part in (*([file] if file else ()), *world.left(comparison, path)):
        if (text := text_of(part.place.path)) is not None:
            yield LinesInFile(part.place.path, part.rows, part.on(text), part.version, part.moved, text)


def coverage_now(world: World, comparison: Comparison, coverage: Coverage, text_of: TextOf) -> Coverage:
    """Return the coverage of a comparison with its `lineless`, `gone` and `unsure` filled in. Maps only the heaviest own files."""
    lineless = gone = unsure = 0
    lines, number = comparison.lines, comparison.column
    placed = ((file, file.found) for file in coverage.files if file.value and isinstance(file.found, Place))
    for file, place in islice((pair for pair in placed if pair[1].own), MAX_MAPPED_FILES):
        of_file, path = lines.number(file.recorded), place.path
        if of_file is None:
            continue
        rows = lines.rows_in(of_file)
        owned = dict(zip(rows.tolist(), np.abs(lines.value.owned[rows, number]).tolist(), strict=True))
        placed_here = [*parts(world, comparison, path, text_of)]
        shown = [row for part in placed_here for row in part.rows[part.mapped.line > 0].tolist()]
        marked = [
            row for part in placed_here for row in part.rows[part.mapped.unsure & (part.mapped.line > 0)].tolist()
        ]
        without = sum(value for row, value in owned.items() if not lines.line[row])
        away = sum(owned.values()) - without - sum(owned.get(row, 0) for row in shown)
        unsure += min(int(sum(owned.get(row, 0) for row in marked)), file.value)
        lineless += min(int(without), file.value)
        gone += min(int(away), file.value - min(int(without), file.value))
    return replace(coverage, lineless=lineless, gone=gone, unsure=unsure)


def _lines(file: FileLines, text: str, rows: Mask) -> dict[int, MappedLine]:
    columns = (column[rows].tolist() for column in (file.comparison.lines.line[file.rows], *file.on(text)))
    return {line: MappedLine(file.place.path, now, unsure) for line, now, unsure in zip(*columns, strict=True)}
