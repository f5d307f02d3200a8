"""Recorded lines -> lines of the documents as they are now, unsaved edits included."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from lsprotocol import types

from alloclens.lsp.documents import uri_of
from alloclens.session.line_mapper import LineMapper

if TYPE_CHECKING:
    from alloclens.lsp.documents import Document, Documents
    from alloclens.series.comparison import Comparison
    from alloclens.series.findings import Finding
    from alloclens.session.line_mapper import MappedLine
    from alloclens.session.world import World


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
    """Finds the spots for one answer. Reads closed files: use it in a thread."""

    def __init__(self, world: World, documents: Documents) -> None:
        self._roots = world.sources.roots
        self._documents = documents
        self._known: dict[str, Document | None] = {}
        self._now = LineMapper(world, self._text)

    def of(self, comparison: Comparison, recorded: str, line: int) -> Spot | None:
        """Return where a recorded line (1-based) is; None where it has no place or is no more."""
        return self._spot(self._now.of(comparison, recorded, line))

    def start(self, comparison: Comparison, finding: Finding) -> Spot | None:
        """Return the `go` statement that goroutines are charged to; None where a finding has none or it is not known."""
        return self._spot(self._now.start(comparison, finding))

    def finding(self, comparison: Comparison, finding: Finding) -> Spot | None:
        """Return where a finding is, or what its goroutines are charged to; None where it has no place or is no more."""
        return self._spot(self._now.finding(comparison, finding))

    def _spot(self, now: MappedLine | None) -> Spot | None:
        if now is None or not now.line:
            return None
        at = self._known.get(now.path) or self._documents.opened_at(now.path, self._roots)
        return Spot(at.uri if at else uri_of(now.path, self._roots), now.line, now.unsure)

    def _text(self, path: str) -> str | None:
        if path not in self._known:
            self._known[path] = self._documents.at(path, self._roots)
        found = self._known[path]
        return found.text if found else None


class Here(NamedTuple):
    """A line of a document that has numbers."""

    comparison: Comparison
    row: int
    """Of the head's lines."""
    recorded: str
    line: int
    """As recorded, 1-based."""
    unsure: bool

    @property
    def function(self) -> str:
        """The function that the row is of; "" where none is known."""
        functions = self.comparison.lines.functions
        number = int(functions.of_line[self.row])
        return functions.name[number] if number >= 0 else ""


def here(world: World, documents: Documents, uri: str, line: int) -> Here | None:
    """Return what is known of a line (1-based) of a document; the heaviest where several recorded lines are there."""
    at = documents.named(uri, world.sources.roots)
    file = world.file(at.path) if at else None
    if at is None or file is None:
        return None
    mapped, lines = file.on(at.text), file.comparison.lines
    spots = np.flatnonzero(mapped.line == line)
    if not len(spots):
        return None
    weight = np.abs(lines.value.cum[file.rows[spots], file.comparison.column])
    spot = int(spots[np.argmax(weight)])
    row = int(file.rows[spot])
    return Here(file.comparison, row, lines.files[lines.file[row]], int(lines.line[row]), bool(mapped.unsure[spot]))
