"""The data of the pictures: flame graph and timeline, for editors that draw them."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from lsprotocol import types  # noqa: TC002 - a command's annotations are read at run time
from msgspec import Struct

from alloclens.lsp.commands import Int64
from alloclens.lsp.quick import Quick
from alloclens.lsp.server import Server
from alloclens.lsp.spots import Here, Spots, here
from alloclens.series.timeline import owned
from alloclens.tables.flame import FlameQuery
from alloclens.typed import ready
from alloclens.wording import flame as wording

if TYPE_CHECKING:
    from alloclens.lsp.documents import Documents
    from alloclens.session.world import World

FLAME = "alloclens.server.flame"
FRAME = "alloclens.server.frame"
TIMELINE = "alloclens.server.timeline"


def register(server: Server) -> None:
    """Offer the commands."""
    server.command(FLAME)(flame)
    server.command(FRAME)(frame)
    server.command(TIMELINE)(timeline)


@ready
class FlameOptions(Struct, frozen=True):
    """Which flame graph."""

    inverted: bool = False
    path: list[tuple[str, str]] = []
    """The name and the file of each node from the root to the one that is zoomed in to."""
    search: str = ""
    """A part of a name."""


@ready
class LineOptions(Struct, frozen=True):
    """A line: of a document, by `uri`, from 0 on; or as recorded, by `file`, from 1 on. Neither: no line."""

    uri: str = ""
    file: str = ""
    line: Int64 = 0


WHOLE, NO_LINE = FlameOptions(), LineOptions()


async def flame(ls: Server, options: FlameOptions = WHOLE) -> Quick:
    """Return the flame graph of what is shown (wording/flame.py); null without a profile, or where the path leads nowhere."""
    return Quick(await asyncio.to_thread(_flame, ls.world, options))


async def frame(ls: Server, file: str, line: Int64) -> types.Location | None:
    """Return where a recorded line (1-based) is here."""
    return await asyncio.to_thread(_frame, ls.world, ls.documents, file, line)


async def timeline(ls: Server, line: LineOptions = NO_LINE) -> Quick:
    """Return the shown series through time (wording/flame.py), and what one line owned.

    `at` of the answer names the line as recorded, by which it can be asked for from then on.
    """
    return Quick(await asyncio.to_thread(_timeline, ls.world, ls.documents, line))


def _flame(world: World, options: FlameOptions) -> dict[str, Any] | None:
    shown = world.shown
    if shown is None:
        return None
    tree = shown.flame_graph.tree(FlameQuery(tuple(options.path), options.inverted, options.search))
    return wording.flame(shown, tree, world.focus) if tree else None


def _frame(world: World, documents: Documents, file: str, line: int) -> types.Location | None:
    spot = Spots(world, documents).of(world.shown, file, line) if world.shown else None
    return spot.location if spot else None


def _timeline(world: World, documents: Documents, line: LineOptions) -> dict[str, Any] | None:
    at = _asked(world, documents, line)
    comparison = at.comparison if at else world.shown
    if comparison is None:
        return None
    named = {"file": at.recorded, "line": at.line} if at else None
    return wording.timeline(comparison, named, _line(at) if at else None, world.focus)


def _asked(world: World, documents: Documents, line: LineOptions) -> Here | None:
    if line.uri:
        return here(world, documents, line.uri, line.line + 1)
    return _recorded(world, line.file, line.line) if line.file else None


def _recorded(world: World, recorded: str, line: int) -> Here | None:
    """Return what is known of a recorded line, wherever it is in the text of now."""
    for comparison in world.comparisons if world.sources.place(recorded) else ():
        if (row := comparison.lines.row_of(recorded, line)) is not None:
            return Here(comparison, row, recorded, line, unsure=False)
    return None


def _line(at: Here) -> dict[str, Any] | None:
    found = owned(at.comparison, at.row)
    label = wording.line_label(at.recorded, at.line, found.sample_type) if found else ""
    return {"label": label, "values": found.values} if found else None
