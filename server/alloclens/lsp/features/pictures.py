"""The data of pictures and tables, for editors that draw them: of what is shown, or of a file that is opened beside it."""

from __future__ import annotations

import asyncio
import os
import re
from typing import TYPE_CHECKING

from alloclens.lsp import protocol
from alloclens.lsp.document_lines import DocumentLines, Here, here, location
from alloclens.lsp.documents import opened_path
from alloclens.paths import name_of
from alloclens.printable import printable
from alloclens.series.timeline import owned
from alloclens.tables.call_graph import GraphLimits
from alloclens.tables.flame import FlameQuery
from alloclens.wording import flame as wording
from alloclens.wording import shown_series, views
from alloclens.wording.amounts import amount, signed
from alloclens.wording.kinds import type_name
from alloclens.wording.profile import RowQuery, graph, profile_table
from alloclens.wording.status import clock
from alloclens.wording.times import moment

if TYPE_CHECKING:
    from alloclens.faults import Problem
    from alloclens.lsp.documents import Documents
    from alloclens.lsp.server import Server
    from alloclens.series.comparison import Comparison
    from alloclens.series.snapshot import Snapshot
    from alloclens.session.world import World
    from alloclens.tables.flame import FlameTree
    from alloclens.wording.profile import Graph, ProfileTable

NUMBER = re.compile(r"\d+")


def register(server: Server) -> None:
    """Offer the commands."""
    server.offer(protocol.GetFlame, flame)
    server.offer(protocol.GetGraph, call_graph)
    server.offer(protocol.GetSandwich, both_ways)
    server.offer(protocol.GetTable, table)
    server.offer(protocol.GetSummary, summary)
    server.offer(protocol.GetFrame, frame)
    server.offer(protocol.GetTimeline, timeline)


async def flame(ls: Server, command: protocol.GetFlame) -> wording.Flame | None:
    """Return the flame graph of a profile; None if there is no profile, or no node at the path."""
    return await asyncio.to_thread(_flame, await _world(ls, command.of), command.options)


async def call_graph(ls: Server, command: protocol.GetGraph) -> Graph | None:
    """Return the call graph of a profile."""
    return await asyncio.to_thread(_graph, await _world(ls, command.of), command.options)


async def both_ways(ls: Server, command: protocol.GetSandwich) -> protocol.Sandwich | None:
    """Return the callers and callees of a function."""
    return await asyncio.to_thread(_sandwich, await _world(ls, command.of), command.function, command.file)


async def table(ls: Server, command: protocol.GetTable) -> ProfileTable | None:
    """Return the rows of a profile."""
    return await asyncio.to_thread(_table, await _world(ls, command.of), command.options)


async def summary(ls: Server, command: protocol.GetSummary) -> protocol.ProfileSummary | None:
    """Return what a profile holds."""
    return await asyncio.to_thread(_summary, await _world(ls, command.of), command.of)


async def frame(ls: Server, command: protocol.GetFrame) -> protocol.Location | None:
    """Return the location of a recorded line."""
    world = await _world(ls, command.of)
    return await asyncio.to_thread(_frame, world, ls.documents, command.file, command.line)


async def timeline(ls: Server, command: protocol.GetTimeline) -> wording.Timeline | None:
    """Return the shown series over time, and what one line owned.

    `at` of the answer is the recorded line, by which it can be requested again after edits.
    """
    return await asyncio.to_thread(_timeline, ls.world, ls.documents, command.line)


async def _world(ls: Server, of: protocol.ProfileFile) -> World:
    return await ls.opened.world(ls.world, ls.loader, of)


def _flame(world: World, options: protocol.FlameOptions) -> wording.Flame | None:
    shown = world.shown
    if shown is None:
        return None
    tree = shown.flame_graph.tree(FlameQuery(options.path, options.inverted, options.search))
    return _drawn(world, shown, tree) if tree else None


def _drawn(world: World, shown: Comparison, tree: FlameTree) -> wording.Flame:
    return wording.flame(shown, tree, world.focus, shown_series.shown(world))


def _graph(world: World, options: protocol.GraphOptions) -> Graph | None:
    if world.shown is None:
        return None
    limits = GraphLimits(options.node_fraction, options.edge_fraction, options.node_count)
    return graph(world.shown, limits, options.through, world.focus, shown_series.shown(world))


def _sandwich(world: World, function: str, file: str) -> protocol.Sandwich | None:
    shown = world.shown
    trees = shown.flame_graph.sandwich((function, file)) if shown else None
    if shown is None or trees is None:
        return None
    callers, callees = (_drawn(world, shown, tree) for tree in trees)
    return protocol.Sandwich(callers, callees)


def _table(world: World, options: protocol.TableOptions) -> ProfileTable | None:
    if world.shown is None:
        return None
    wanted = RowQuery(options.by, options.sort or None, options.filter, options.most)
    return profile_table(world.shown, wanted, world.focus, shown_series.shown(world))


def _said(problem: Problem, path: str) -> str:
    """Return what is wrong with a file; its name goes without saying if it is the one that was asked for."""
    return problem.reason if problem.path == path else f"{problem.name}: {problem.reason}"


def _summary(world: World, of: protocol.ProfileFile) -> protocol.ProfileSummary | None:
    shown, name = world.shown, os.path.basename(of.path)
    problem = "; ".join(printable(_said(problem, of.path)) for problem in world.problems) if of.path else ""
    if shown is None:
        return protocol.ProfileSummary(printable(name), "", "", "", [], problem) if of.path else None
    unit, kinds = shown.sample_type.unit, shown.head.sample_types
    grown = f" ({signed(shown.grown, unit)})" if shown.grown is not None else ""
    detail = f"{moment(shown.head)}{clock(shown.head)}"
    if shown.base:
        detail += f" · compared with {_base_name(shown.base, shown.head)} of {moment(shown.base)}{_of_another(shown.base, shown.head)}"
    return protocol.ProfileSummary(
        name=printable(shown.head.name),
        total=printable(f"{type_name(shown)} {amount(shown.total, unit)}{grown}"),
        detail=printable(f"{shown.head.program}, {detail}" if shown.head.program else detail),
        size=views.size(shown.head.path),
        sample_types=[protocol.SampleTypeChoice(k.type, k.unit, selected=k == shown.sample_type) for k in kinds],
        problem=problem,
    )


def _base_name(base: Snapshot, head: Snapshot) -> str:
    """Return the name of a base; its path if the head has the same name."""
    return base.path if base.name == head.name else base.name


def _of_another(base: Snapshot, head: Snapshot) -> str:
    """Name the program of the base if it is another one: no growth is one of the head's program then."""
    names = [NUMBER.sub("", snapshot.program) for snapshot in (base, head)]  # shop-1.2 and shop-1.3 are one program
    return f", which is of another program: {base.program}" if all(names) and names[0] != names[1] else ""


def _frame(world: World, documents: Documents, file: str, line: int) -> protocol.Location | None:
    return location(DocumentLines(world, documents).of(world.shown, file, line)) if world.shown else None


def _timeline(world: World, documents: Documents, line: protocol.RequestedLine) -> wording.Timeline | None:
    at = _requested(world, documents, line)
    comparison = at.comparison if at else world.shown
    if comparison is None:
        return None
    named = wording.TimelineLine(at.recorded, at.line) if at else None
    owned_line = _line(at) if at else None
    return wording.timeline(comparison, named, owned_line, world.focus, shown_series.shown(world), _named(line))


def _named(line: protocol.RequestedLine) -> str:
    """Return a requested line by its short name; "" for none."""
    if line.uri:
        return f"{name_of(opened_path(line.uri) or line.uri)}:{line.line + 1}"
    return f"{name_of(line.file)}:{line.line}" if line.file else ""


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
    return wording.OwnedOverTime(wording.line_label(at.recorded, at.line, series), series.values)
