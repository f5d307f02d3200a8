"""Hot lines: the heaviest lines of the workspace as a table, and one after the other in every editor."""

from __future__ import annotations

import asyncio
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np
from lsprotocol import types

from alloclens.lsp import protocol
from alloclens.lsp.document_lines import DocumentLines, location
from alloclens.lsp.documents import opened_path, same
from alloclens.lsp.show import shown, tell
from alloclens.series.comparison import LineStats
from alloclens.series.shown import worth_showing
from alloclens.stats.amount import Amount
from alloclens.wording.amounts import main
from alloclens.wording.kinds import KindRow, side_by_side, sorted_by
from alloclens.wording.labelled_growth import labelled_growth

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from alloclens.arrays import Floats, Ints, Mask
    from alloclens.lsp.document_lines import DocumentLine
    from alloclens.lsp.documents import Documents
    from alloclens.lsp.server import Server
    from alloclens.series.comparison import Comparison
    from alloclens.session.world import World
    from alloclens.tables.lines import Lines

MAX_LINES = 2000
"""In one answer."""


def register(server: Server) -> None:
    """Offer the commands."""
    server.offer(protocol.GetHotLines, hot_lines)
    server.offer(protocol.GoToHotLine, hot_line)


async def hot_lines(ls: Server, command: protocol.GetHotLines) -> list[protocol.HotLine]:
    """Return the hot lines, heaviest first."""
    return await asyncio.to_thread(_hot_lines, ls.world, ls.documents, command.options)


async def hot_line(ls: Server, command: protocol.GoToHotLine) -> protocol.Location | None:
    """Have the editor show the hot line after or before a line, by file and line, and return its location.

    The lines are those of `hot_lines` without options; the first follows the last.
    """
    lines = await asyncio.to_thread(_hot_lines, ls.world, ls.documents, protocol.HotLinesQuery())
    placed = [(line.location, line.label) for line in lines if line.location]
    nearest = neighbour(placed, (same(command.uri), command.line), command.step)
    if nearest is None:
        tell(ls, "no hot line yet")
        return None
    ls.run_task(_show(ls, *nearest), "showing a hot line")  # after the answer: some editors do one thing at a time
    return nearest[0]


Labelled = tuple[protocol.Location, str]
"""A hot line's location and label."""


def neighbour(lines: Sequence[Labelled], here: tuple[str, int], step: int) -> Labelled | None:
    """Return the line after (`step` 1) or before (-1) a place, (URI, line)."""

    def place(line: Labelled) -> tuple[str, int]:
        return same(line[0].uri), line[0].range.start.line

    ordered = sorted(lines, key=place, reverse=step < 0)
    beyond = (line for line in ordered if (place(line) < here if step < 0 else place(line) > here))
    return next(beyond, ordered[0] if ordered else None)


async def _show(ls: Server, at: protocol.Location, label: str) -> None:
    line = at.range.start.line
    start = types.Position(line, 0)
    if not await shown(ls, at.uri, types.Range(start, start)):
        tell(ls, f"{opened_path(at.uri)}:{line + 1}  {label}")


def _hot_lines(world: World, documents: Documents, query: protocol.HotLinesQuery) -> list[protocol.HotLine]:
    """Return the answer of `hot_lines`. Reads closed files: use it in a thread."""
    if world.shown is None:
        return []
    document_lines, kinds = DocumentLines(world, documents), [*map(world.with_lines, world.kinds(world.shown))]
    worth = [set(_rows(comparison, query).tolist()) for comparison in kinds]
    return list(islice(_every(kinds, worth, document_lines, query), max(0, min(query.most, MAX_LINES))))


def _every(
    kinds: Sequence[Comparison], worth: Sequence[set[int]], document_lines: DocumentLines, query: protocol.HotLinesQuery
) -> Iterator[protocol.HotLine]:
    """Yield the hot lines of the leading kind, each with its numbers of all kinds, then those that only other kinds have."""
    for number, comparison in enumerate(kinds):
        lines = comparison.lines
        for row in _sorted(comparison, np.array(sorted(worth[number]), np.int64), query).tolist():
            file, line = lines.at(row)
            pairs = [(kind, kind.lines.row_of(file, line)) for kind in kinds]
            rows = [(kind, at) for (kind, at), good in zip(pairs, worth, strict=True) if at is not None and at in good]
            now = document_lines.mapper.of(comparison, file, line)
            spot = document_lines.in_document(now)
            if rows[0][0] is comparison and (spot or not query.own):
                yield _line(kinds[0], rows, spot, query.sort, edited=now is not None and spot is None)


def _rows(comparison: Comparison, query: protocol.HotLinesQuery) -> Ints:
    lines = comparison.lines
    kept = lines.own[lines.file] & (lines.line > 0) if query.own else np.ones(len(lines), np.bool_)
    if query.filter:
        kept &= _named(lines, query.filter.casefold())
    return worth_showing(comparison, np.flatnonzero(kept), len(lines))


def _named(lines: Lines, part: str) -> Mask:
    """Return the lines whose function or file has this in its name."""
    files = np.array([part in name.casefold() for name in lines.files], np.bool_)
    functions = np.array(
        [part in name.casefold() for name in lines.functions.name] + [False]
    )  # the last is for lines without a function
    return np.asarray(files[lines.file] | functions[lines.functions.of_line])


def _sorted(comparison: Comparison, rows: Ints, query: protocol.HotLinesQuery) -> Ints:
    """Sort rows by the absolute value of a measure, then of cum, largest first."""
    cum = comparison.lines.value.cum[rows, comparison.column]
    key = _growth(comparison, own=query.own)[rows] if query.sort == "growth" else _measure(comparison, query.sort)[rows]
    return rows[np.lexsort((-np.abs(cum), -np.abs(key)))]


def _measure(comparison: Comparison, name: str) -> Floats:
    measure: Floats = getattr(comparison.lines.value, name)[:, comparison.column]
    return measure


def _growth(comparison: Comparison, *, own: bool) -> Floats:
    """Return each line's growth of owned; of cum for lines that own nothing, unless only own lines are listed."""
    if comparison.growth is None:
        return np.zeros(len(comparison.lines))
    owned, cum = comparison.growth.owned.value, comparison.growth.cum.value
    return owned if own else np.where(_measure(comparison, "owned") != 0, owned, cum)


def _line(
    shown: Comparison, rows: Sequence[tuple[Comparison, int]], spot: DocumentLine | None, sort: str, *, edited: bool
) -> protocol.HotLine:
    """Return a hot line: its numbers are in the shown sample type, so 0 if only other kinds have it."""
    comparison, row = rows[0]
    lines, unsure = comparison.lines, bool(spot and spot.unsure)
    file, line = lines.at(row)
    stats = comparison.stats(row) if comparison is shown else LineStats(line, *[Amount(0)] * 3)
    kind_rows = [KindRow(kind, at, unsure) for kind, at in rows]
    return protocol.HotLine(
        label=side_by_side(kind_rows),
        sorted_label=sorted_by(sort, kind_rows),
        location=location(spot),
        edited=edited,
        function=lines.function(row),
        file=file,
        line=line,
        own=bool(lines.own[lines.file[row]]),
        flat=int(stats.flat.value),
        cum=int(stats.cum.value),
        owned=int(stats.owned.value),
        growth=labelled_growth(main(stats)[0], shown.sample_type.unit),
        grew=any(
            grown.significant and (grown.growth or 0) > 0 for grown in (main(kind.stats(at))[0] for kind, at in rows)
        ),
    )
