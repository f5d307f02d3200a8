"""Every line worth a look in the whole workspace: as a table, and one after the other in every editor."""

from __future__ import annotations

import asyncio
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np
from lsprotocol import types

from alloclens.lsp import protocol
from alloclens.lsp.documents import opened_path, same
from alloclens.lsp.show import shown, tell
from alloclens.lsp.spots import Spots, location
from alloclens.series.comparison import worth_showing
from alloclens.wording.amounts import growth, hint

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from alloclens.arrays import Floats, Ints, Mask
    from alloclens.lsp.documents import Documents
    from alloclens.lsp.server import Server
    from alloclens.lsp.spots import Spot
    from alloclens.series.comparison import Comparison, LineStats
    from alloclens.session.world import World
    from alloclens.tables.lines import Lines

MAX_LINES = 2000
"""Lines of one answer, whatever is asked for."""


def register(server: Server) -> None:
    """Offer the commands."""
    server.offer(protocol.GetHotLines, hot_lines)
    server.offer(protocol.CountHotLines, hot_line_count)
    server.offer(protocol.GoToHotLine, hot_line)


async def hot_lines(ls: Server, command: protocol.GetHotLines) -> list[protocol.HotLine]:
    """Return the hot lines, heaviest first."""
    return await asyncio.to_thread(_hot_lines, ls.world, ls.documents, command.options)


async def hot_line_count(ls: Server, command: protocol.CountHotLines) -> int:
    """Return how many hot lines there are, including those without a place here."""
    world = ls.world
    return len(await asyncio.to_thread(_rows, world.shown, command.options)) if world.shown else 0


async def hot_line(ls: Server, command: protocol.GoToHotLine) -> protocol.Location | None:
    """Have the editor show the hot line after or before a line: by line within a file, then on to the next file.

    The lines are those of `hot_lines` without options; behind the last one comes the first.
    """
    lines = await asyncio.to_thread(_hot_lines, ls.world, ls.documents, protocol.HotLinesQuery())
    placed = [(line.location, line.label) for line in lines if line.location]
    found = neighbour(placed, (same(command.uri), command.line), command.step)
    if found is None:
        tell(ls, "no hot line yet")
        return None
    ls.run_task(_show(ls, *found), "showing a hot line")  # not before the answer: some editors do one thing at a time
    return found[0]


Labelled = tuple[protocol.Location, str]
"""Where a hot line is, and its label."""


def neighbour(lines: Sequence[Labelled], here: tuple[str, int], step: int) -> Labelled | None:
    """Return the line next to a place, (URI, line)."""

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


def _hot_lines(world: World, documents: Documents, asked: protocol.HotLinesQuery) -> list[protocol.HotLine]:
    """Return the answer of `hot_lines`. Reads closed files: use it in a thread."""
    if world.shown is None:
        return []
    comparison, spots = world.shown, Spots(world, documents)
    rows = _sorted(comparison, _rows(comparison, asked), asked)
    return list(islice(_placed(comparison, rows, spots, own=asked.own), max(0, min(asked.most, MAX_LINES))))


def _rows(comparison: Comparison, asked: protocol.HotLinesQuery) -> Ints:
    lines = comparison.lines
    kept = lines.own[lines.file] & (lines.line > 0) if asked.own else np.ones(len(lines), np.bool_)
    if asked.filter:
        kept &= _named(lines, asked.filter.casefold())
    return worth_showing(comparison, np.flatnonzero(kept), len(lines))


def _named(lines: Lines, part: str) -> Mask:
    """Return which lines have a function or a file with this in its name."""
    files = np.array([part in name.casefold() for name in lines.files], np.bool_)
    functions = np.array([part in name.casefold() for name in lines.functions.name] + [False])  # the last: no function
    return np.asarray(files[lines.file] | functions[lines.functions.of_line])


def _sorted(comparison: Comparison, rows: Ints, asked: protocol.HotLinesQuery) -> Ints:
    """Return the rows, those with most of a measure first, whatever its sign, then by what passes through them."""
    cum = comparison.lines.value.cum[rows, comparison.column]
    key = _growth(comparison, own=asked.own)[rows] if asked.sort == "growth" else _measure(comparison, asked.sort)[rows]
    return rows[np.lexsort((-np.abs(cum), -np.abs(key)))]


def _measure(comparison: Comparison, name: str) -> Floats:
    measure: Floats = getattr(comparison.lines.value, name)[:, comparison.column]
    return measure


def _growth(comparison: Comparison, *, own: bool) -> Floats:
    """Return how each line grew: what it owns; among others' lines what passes through those that own nothing."""
    if comparison.growth is None:
        return np.zeros(len(comparison.lines))
    value = comparison.growth.value
    return value.owned if own else np.where(_measure(comparison, "owned") != 0, value.owned, value.cum)


def _placed(comparison: Comparison, rows: Ints, spots: Spots, *, own: bool) -> Iterator[protocol.HotLine]:
    lines = comparison.lines
    for row in rows.tolist():
        spot = spots.of(comparison, lines.files[lines.file[row]], int(lines.line[row]))
        if spot or not own:
            yield _line(comparison, row, spot)


def _line(comparison: Comparison, row: int, spot: Spot | None) -> protocol.HotLine:
    lines, stats = comparison.lines, comparison.stats(row)
    number, function = int(lines.file[row]), int(lines.functions.of_line[row])
    return protocol.HotLine(
        label=hint(stats, comparison.sample_type.unit, unsure=bool(spot and spot.unsure)),
        location=location(spot),
        function=lines.functions.name[function] if function >= 0 else "",
        file=lines.files[number],
        line=stats.line,
        own=bool(lines.own[number]),
        flat=int(stats.flat.value),
        cum=int(stats.cum.value),
        owned=int(stats.owned.value),
        growth=_grown(stats, comparison.sample_type.unit),
    )


def _grown(stats: LineStats, unit: str) -> protocol.LineGrowth | None:
    main = stats.owned if stats.owned.value else stats.cum
    if main.growth is None:
        return None
    return protocol.LineGrowth(int(main.growth), growth(main, unit), significant=bool(main.significant))
