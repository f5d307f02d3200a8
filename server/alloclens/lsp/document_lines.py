"""Maps recorded lines and functions to lines of documents, with their unsaved edits."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from lsprotocol import types

from alloclens.languages.declarations import declared
from alloclens.languages.go.names import is_closure
from alloclens.lsp import protocol
from alloclens.lsp.documents import same, uri_of
from alloclens.profile.sample_types import GOROUTINES
from alloclens.series.shown import worth_showing
from alloclens.session.line_mapper import LineMapper

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alloclens.lsp.documents import Document, Documents
    from alloclens.series.comparison import Comparison
    from alloclens.session.line_mapper import MappedLine
    from alloclens.session.world import FileLines, World
    from alloclens.tables.sites import WeightedLine


NOWHERE = types.Range(types.Position(0, 0), types.Position(0, 0))


class DocumentLine(NamedTuple):
    """Where a recorded line is in a document of the editor."""

    uri: str
    line: int
    """1-based."""
    unsure: bool


def location(spot: DocumentLine | None) -> protocol.Location | None:
    """Return the start of a line as a location of the protocol; None if there is no line."""
    if spot is None:
        return None
    at = protocol.Position(spot.line - 1, 0)
    return protocol.Location(spot.uri, protocol.Range(at, at))


class DocumentLines:
    """Maps the lines of one answer, by `mapper`, to documents. Reads closed files: use it in a thread."""

    def __init__(self, world: World, documents: Documents) -> None:
        self._roots = world.sources.roots
        self._documents = documents
        self._known: dict[str, Document | None] = {}
        self.mapper = LineMapper(world, self._text)

    def of(self, comparison: Comparison, recorded: str, line: int) -> DocumentLine | None:
        """Return where a recorded line (1-based) is; None if it has no place or no longer exists."""
        return self.in_document(self.mapper.of(comparison, recorded, line))

    def in_document(self, now: MappedLine | None) -> DocumentLine | None:
        """Return a mapped line in its document; None if it has no place or no longer exists."""
        if now is None or not now.line:
            return None
        at = self._known.get(now.path) or self._documents.opened_at(now.path, self._roots)
        return DocumentLine(at.uri if at else uri_of(now.path, self._roots), now.line, now.unsure)

    def _text(self, path: str) -> str | None:
        if path not in self._known:
            self._known[path] = self._documents.at(path, self._roots)
        document = self._known[path]
        return document.text if document else None


class FunctionPlaces:
    """Where recorded functions are now, for one answer. Reads closed files: use it in a thread."""

    def __init__(self, world: World, documents: Documents, comparison: Comparison) -> None:
        self.world = world
        self.comparison = comparison
        self._documents = documents
        self._document_lines = DocumentLines(world, documents)
        self._known: dict[str, Document | None] = {}

    def of(self, function: str, recorded: str, line: int) -> DocumentLine | None:
        """Return where a function is declared, else where a recorded line of it is; None if neither has a place.

        Of a closure, the line comes first, then the function that it is in.
        """
        place = self.world.sources.place(recorded)
        document = self._at(place.path) if place else None
        if document is None:
            return None
        if is_closure(function) and (at := self._document_lines.of(self.comparison, recorded, line)):
            return at
        lines = declared(document.text, function, document.path) if function else []
        if len(lines) == 1:
            return DocumentLine(document.uri, lines[0], unsure=False)
        return self._document_lines.of(self.comparison, recorded, line)

    def code(self, spot: DocumentLine) -> types.Range:
        """Return the range of a line's code."""
        at = self._named(spot.uri)
        return at.code_of(spot.line) if at and 0 < spot.line <= len(at.lines) else NOWHERE

    def ranges(self, lines: Sequence[WeightedLine], item: types.CallHierarchyItem) -> list[types.Range]:
        """Return where these lines are in an item's file; if none is there, the item's own range."""
        document = self._named(item.uri)
        path = self._key(document.path) if document else None
        inside = (
            line for line in lines if (place := self.world.sources.place(line.file)) and self._key(place.path) == path
        )
        spots = dict.fromkeys(self._document_lines.of(self.comparison, line.file, line.line) for line in inside)
        return [self.code(spot) for spot in spots if spot] or [item.selection_range]

    def _key(self, path: str) -> str:
        return self.world.sources.roots.key(path)

    def _at(self, path: str) -> Document | None:
        document = self._documents.at(path, self.world.sources.roots)
        return self._known.setdefault(document.uri, document) if document else None

    def _named(self, uri: str) -> Document | None:
        if uri not in self._known:
            self._known[uri] = self._documents.named(uri, self.world.sources.roots)
        return self._known[uri]


class Here(NamedTuple):
    """A line of a document that has numbers."""

    comparison: Comparison
    row: int
    """A row of the head's lines."""
    recorded: str
    line: int
    """As recorded, 1-based."""
    unsure: bool

    @property
    def function(self) -> str:
        """The function of the row; "" if it is unknown."""
        return self.comparison.lines.function(self.row)


def here(world: World, documents: Documents, uri: str, line: int) -> Here | None:
    """Return the recorded line at a line (1-based) of a document, in the kind of profile that its hint begins with."""
    return next(iter(all_here(world, documents, uri, line)), None)


def all_here(world: World, documents: Documents, uri: str, line: int) -> list[Here]:
    """Return the recorded line at a line (1-based) of a document in each kind of profile; of several rows, the heaviest.

    Kinds that are too small for a hint come last.
    """
    at = documents.named(uri, world.sources.roots)
    kinds = [_here(file, at.text, line) for file in world.files(at.path)] if at else []
    return sorted(filter(None, kinds), key=lambda kind: not len(worth_showing(kind.comparison, np.array([kind.row]))))


def numbers_of(world: World, documents: Documents, uri: str, line: int) -> list[Here]:
    """Return the same, and of a `go` statement where the goroutines wait that a finding or candidate says it started.

    Beside these, kinds that hold nothing in the line now are left out, such as a closure that was allocated and freed.
    """
    passing, started = all_here(world, documents, uri, line), _started(world, documents, uri, line)
    told = [at.comparison for at in passing]
    if waiting := [at for at in started if at.comparison not in told]:
        return [*filter(_is_of_something, passing), *waiting]
    return passing


def _is_of_something(at: Here) -> bool:
    cum = at.comparison.stats(at.row).cum
    return bool(cum.value or cum.growth)


def _started(world: World, documents: Documents, uri: str, line: int) -> list[Here]:
    """Return the line of the worst finding or candidate in each kind of profile whose goroutines were started at this line."""
    document_lines = DocumentLines(world, documents)
    waiting: dict[Comparison, Here] = {}
    counted = [comparison for comparison in world.comparisons if comparison.sample_type.type in GOROUTINES]
    found = [(finding, comparison) for comparison in counted for finding in comparison.findings()]
    for finding, comparison in found + world.listed_candidates:
        now = document_lines.mapper.finding(comparison, finding)
        spot, row = document_lines.in_document(now.at), comparison.lines.row_of(finding.file, finding.line)
        if now.waits and spot and row is not None and (same(spot.uri), spot.line) == (same(uri), line):
            waiting.setdefault(comparison, Here(comparison, row, finding.file, finding.line, spot.unsure))
    return [*waiting.values()]


def _here(file: FileLines, text: str, line: int) -> Here | None:
    mapped, lines = file.on(text), file.comparison.lines
    spots = np.flatnonzero(mapped.line == line)
    if not len(spots):
        return None
    weight = np.abs(lines.value.cum[file.rows[spots], file.comparison.column])
    spot = int(spots[np.argmax(weight)])
    row = int(file.rows[spot])
    return Here(file.comparison, row, *lines.at(row), bool(mapped.unsure[spot]))
