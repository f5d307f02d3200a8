"""Recorded lines -> lines of the documents as they are now, unsaved edits included."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from lsprotocol import types

from alloclens.lsp.documents import uri_of
from alloclens.source.carry import SAME, Marks, carried
from alloclens.source.places import Place
from alloclens.source.rules import MOVED
from alloclens.store.moves import moved_to

if TYPE_CHECKING:
    from collections.abc import Mapping

    from alloclens.analysis.comparison import Comparison
    from alloclens.analysis.findings import Finding
    from alloclens.lsp.documents import Document, Documents
    from alloclens.source.carry import Carried
    from alloclens.store.world import Bools, FileLines, World


class Spot(NamedTuple):
    """Where a recorded line is now."""

    uri: str
    line: int
    """1-based."""
    unsure: bool

    @property
    def location(self) -> types.Location:
        """The line as LSP says it."""
        at = types.Position(self.line - 1, 0)
        return types.Location(self.uri, types.Range(at, at))


class Spots:
    """Finds the spots for one answer: every file is carried once. Reads closed files: use it in a thread."""

    def __init__(self, world: World, documents: Documents) -> None:
        self._world = world
        self._documents = documents
        self._moves: dict[tuple[str, str], Mapping[int, str]] = {}
        self._known: dict[tuple[str, str, str], dict[int, Spot | None] | None] = {}

    def of(self, comparison: Comparison, recorded: str, line: int) -> Spot | None:
        """Return where a recorded line (1-based) is; None where it has no place or is no more."""
        place = self._world.sources.place(recorded)
        if place is None or line < 1:
            return None
        place = self._now(comparison, place, recorded, line)
        key = comparison.head.path, place.path, recorded if place.moved else ""
        if key not in self._known:
            self._known[key] = self._all(comparison, place, recorded)
        spots = self._known[key]
        if spots is None:
            return Spot(uri_of(place.path, self._world.sources.roots), line, unsure=False)
        if line in spots or place.moved:
            return spots.get(line)
        return self._of_base(comparison, place, line)

    def _now(self, comparison: Comparison, place: Place, recorded: str, line: int) -> Place:
        """Return the place of a recorded file, or of the one that the function of this line has moved to."""
        key = comparison.head.path, place.path
        if place.own and key not in self._moves:
            self._moves[key] = self._world.moves.of(comparison.lines, place.path)
        now = moved_to(self._moves.get(key, {}), comparison.lines, recorded, line)
        return Place(now, MOVED, place.kind) if now else place

    def start(self, comparison: Comparison, finding: Finding) -> Spot | None:
        """Return the `go` statement that goroutines are charged to; None where a finding has none or it is not known."""
        began = comparison.began(finding)
        return self.then(comparison, began.path, began.line) if began else None

    def then(self, comparison: Comparison, path: str, line: int) -> Spot | None:
        """Return where a line of a file is that was as when the head was taken, whether it has numbers or not."""
        file, at = self._world.file_of(comparison, path), self._documents.at(path, self._world.sources.roots)
        if at is None:
            return None
        if file is None or file.origin is SAME:
            return Spot(at.uri, line, unsure=file is None) if line <= len(at.lines) else None
        nothing = np.zeros(0, np.int64)
        now = carried(Marks(np.array([line]), np.array([-1]), [], nothing, path), file.origin, at.text)
        return Spot(at.uri, int(now.line[0]), bool(now.unsure[0])) if now.line[0] else None

    def _of_base(self, comparison: Comparison, place: Place, line: int) -> Spot | None:
        """Return where a line is that has no numbers, for nothing is left of what the base had there."""
        base, spot = comparison.base, self.then(comparison, place.path, line)
        other = base is not None and base.build_id != comparison.head.build_id
        return spot._replace(unsure=True) if spot and other else spot

    def _all(self, comparison: Comparison, place: Place, recorded: str) -> dict[int, Spot | None] | None:
        """Return the spots of a file by recorded line, None for a line that is no more; None for one that never changes."""
        file = self._world.file_of(comparison, place.path)
        if file is None or file.origin is SAME:
            return None if self._world.sources.roots.in_caches(place.path) else {}
        at = self._documents.at(place.path, self._world.sources.roots)
        asked = file.rows_of(recorded) if place.moved else ~file.moved
        now = spots_of(file, at, file.on(at.text), asked) if at else {}
        return {**dict.fromkeys(file.marks.line[asked].tolist()), **now}


def spots_of(file: FileLines, at: Document, carried: Carried, asked: Bools) -> dict[int, Spot]:
    """Return the spots of some of a file's lines by their recorded line; without those that are no more."""
    each = zip(*(column[asked].tolist() for column in (file.marks.line, *carried)), strict=True)
    return {line: Spot(at.uri, now, unsure) for line, now, unsure in each if now}


class Here(NamedTuple):
    """A line of a document that has numbers."""

    file: FileLines
    row: int
    """Of the head's lines."""
    recorded: str
    line: int
    """As recorded, 1-based."""
    unsure: bool

    @property
    def function(self) -> str:
        """The function that the row is of; "" where none is known."""
        functions = self.file.comparison.lines.functions
        number = int(functions.of_line[self.row])
        return functions.name[number] if number >= 0 else ""


def here(world: World, documents: Documents, uri: str, line: int) -> Here | None:
    """Return what is known of a line (1-based) of a document; the heaviest where several recorded lines are there."""
    at = documents.named(uri, world.sources.roots)
    file = world.file(at.path) if at else None
    if at is None or file is None:
        return None
    carried, lines = file.on(at.text), file.comparison.lines
    spots = np.flatnonzero(carried.line == line)
    if not len(spots):
        return None
    weight = np.abs(lines.value.cum[file.rows[spots], file.comparison.column])
    spot = int(spots[np.argmax(weight)])
    row = int(file.rows[spot])
    return Here(file, row, lines.files[lines.file[row]], int(lines.line[row]), bool(carried.unsure[spot]))
