"""The data of the flame graph and the timeline, for editors that draw them."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from alloclens.lsp import protocol
from alloclens.lsp.spots import Here, Spots, here, location
from alloclens.series.timeline import owned
from alloclens.tables.flame import FlameQuery
from alloclens.wording import flame as wording
from alloclens.wording import services

if TYPE_CHECKING:
    from alloclens.lsp.documents import Documents
    from alloclens.lsp.server import Server
    from alloclens.session.world import World


def register(server: Server) -> None:
    """Offer the commands."""
    server.offer(protocol.GetFlame, flame)
    server.offer(protocol.GetFrame, frame)
    server.offer(protocol.GetTimeline, timeline)


async def flame(ls: Server, command: protocol.GetFlame) -> wording.Flame | None:
    """Return the flame graph of what is shown; None if there is no profile, or no node at the path."""
    return await asyncio.to_thread(_flame, ls.world, command.options)


async def frame(ls: Server, command: protocol.GetFrame) -> protocol.Location | None:
    """Return the location of a recorded line."""
    return await asyncio.to_thread(_frame, ls.world, ls.documents, command.file, command.line)


async def timeline(ls: Server, command: protocol.GetTimeline) -> wording.Timeline | None:
    """Return the shown series over time, and what one line owned.

    `at` of the answer is the recorded line, by which it can be requested again after edits.
    """
    return await asyncio.to_thread(_timeline, ls.world, ls.documents, command.line)


def _flame(world: World, options: protocol.FlameOptions) -> wording.Flame | None:
    shown = world.shown
    if shown is None:
        return None
    tree = shown.flame_graph.tree(FlameQuery(options.path, options.inverted, options.search))
    return wording.flame(shown, tree, world.focus, services.shown(world)) if tree else None


def _frame(world: World, documents: Documents, file: str, line: int) -> protocol.Location | None:
    return location(Spots(world, documents).of(world.shown, file, line)) if world.shown else None


def _timeline(world: World, documents: Documents, line: protocol.RequestedLine) -> wording.Timeline | None:
    at = _requested(world, documents, line)
    comparison = at.comparison if at else world.shown
    if comparison is None:
        return None
    named = wording.RecordedLine(at.recorded, at.line) if at else None
    return wording.timeline(comparison, named, _line(at) if at else None, world.focus, services.shown(world))


def _requested(world: World, documents: Documents, line: protocol.RequestedLine) -> Here | None:
    if line.uri:
        return here(world, documents, line.uri, line.line + 1)
    return _recorded(world, line.file, line.line) if line.file else None


def _recorded(world: World, recorded: str, line: int) -> Here | None:
    """Return a recorded line, wherever it is in the current text."""
    for comparison in world.comparisons if world.sources.place(recorded) else ():
        if (row := comparison.lines.row_of(recorded, line)) is not None:
            return Here(comparison, row, recorded, line, unsure=False)
    return None


def _line(at: Here) -> wording.OwnedOverTime | None:
    series = owned(at.comparison, at.row)
    if series is None:
        return None
    return wording.OwnedOverTime(wording.line_label(at.recorded, at.line, series.sample_type), series.values)
