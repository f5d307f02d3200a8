"""Every line worth a look, in the whole workspace: for next and previous, and for a table of them."""

from __future__ import annotations

import asyncio
from itertools import islice
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from msgspec import Struct

from alloclens.lsp.quick import Quick, location
from alloclens.lsp.server import Server
from alloclens.lsp.spots import Spots
from alloclens.series.selection import worth_showing
from alloclens.typed import ready
from alloclens.wording.amounts import growth, hint

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alloclens.arrays import Floats, Ints, Mask
    from alloclens.lsp.documents import Documents
    from alloclens.lsp.spots import Spot
    from alloclens.series.comparison import Comparison, LineStats
    from alloclens.session.world import World
    from alloclens.tables.lines import Lines


COMMAND = "alloclens.server.hotLines"
COUNT = "alloclens.server.hotLineCount"
MOST = 200
LIMIT = 2000
"""Lines of one answer, whatever is asked for: to write them takes the event loop nearly 10 ms."""


@ready
class HotLinesQuery(Struct, frozen=True):
    """Which lines, and in which order."""

    own: bool = True
    """Only those of the user's own code that have a place here."""
    sort: Literal["owned", "flat", "cum", "growth"] = "owned"
    filter: str = ""
    """A part of the function's name or of the file's, in any case."""
    most: int = MOST


DEFAULT = HotLinesQuery()


def register(server: Server) -> None:
    """Offer the commands."""
    server.command(COMMAND)(hot_lines)
    server.command(COUNT)(hot_line_count)


async def hot_lines(ls: Server, options: HotLinesQuery = DEFAULT) -> Quick:
    """Return the hot lines, heaviest first: [{label, location, function, file, line, own, flat, cum, owned, growth}].

    `file` and `line` are as recorded.
    """
    return Quick(await asyncio.to_thread(found, ls.world, ls.documents, options))


async def hot_line_count(ls: Server, options: HotLinesQuery = DEFAULT) -> int:
    """Return how many hot lines there are, those without a place here too."""
    return await asyncio.to_thread(_count, ls.world, options)


def found(world: World, documents: Documents, asked: HotLinesQuery) -> list[dict[str, Any]]:
    """Return the answer of `hot_lines`. Reads closed files: use it in a thread."""
    if world.shown is None:
        return []
    comparison, spots = world.shown, Spots(world, documents)
    rows = _sorted(comparison, _rows(comparison, asked), asked)
    return list(islice(_placed(comparison, rows, spots, own=asked.own), max(0, min(asked.most, LIMIT))))


def _count(world: World, asked: HotLinesQuery) -> int:
    return len(_rows(world.shown, asked)) if world.shown else 0


def _rows(comparison: Comparison, asked: HotLinesQuery) -> Ints:
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


def _sorted(comparison: Comparison, rows: Ints, asked: HotLinesQuery) -> Ints:
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


def _placed(comparison: Comparison, rows: Ints, spots: Spots, *, own: bool) -> Iterator[dict[str, Any]]:
    lines = comparison.lines
    for row in rows.tolist():
        spot = spots.of(comparison, lines.files[lines.file[row]], int(lines.line[row]))
        if spot or not own:
            yield _line(comparison, row, spot)


def _line(comparison: Comparison, row: int, spot: Spot | None) -> dict[str, Any]:
    lines, stats = comparison.lines, comparison.stats(row)
    number, function = int(lines.file[row]), int(lines.functions.of_line[row])
    return {
        "label": hint(stats, comparison.sample_type.unit, unsure=bool(spot and spot.unsure)),
        "location": location(spot),
        "function": lines.functions.name[function] if function >= 0 else "",
        "file": lines.files[number],
        "line": stats.line,
        "own": bool(lines.own[number]),
        **{name: int(getattr(stats, name).value) for name in ("flat", "cum", "owned")},
        "growth": _grown(stats, comparison.sample_type.unit),
    }


def _grown(stats: LineStats, unit: str) -> dict[str, Any] | None:
    main = stats.owned if stats.owned.value else stats.cum
    if main.growth is None:
        return None
    return {"value": int(main.growth), "label": growth(main, unit), "certain": main.significant}
