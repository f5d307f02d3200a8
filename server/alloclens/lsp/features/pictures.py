"""The data of the pictures: flame graph and timeline, for editors that draw them."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from lsprotocol import types  # noqa: TC002 - pygls reads a command's annotations at run time

from alloclens.analysis.flame import Asked
from alloclens.analysis.flame import flame as tree_of
from alloclens.analysis.timeline import owned
from alloclens.lsp.lifecycle import plain
from alloclens.lsp.quick import Quick
from alloclens.lsp.server import Server
from alloclens.lsp.spots import Here, Spots, here
from alloclens.wording import flame as wording

if TYPE_CHECKING:
    from pygls.workspace import Workspace

    from alloclens.analysis.flame import Site
    from alloclens.store.world import World

FLAME = "alloclens.server.flame"
FRAME = "alloclens.server.frame"
TIMELINE = "alloclens.server.timeline"


def register(server: Server) -> None:
    """Offer the commands."""
    server.command(FLAME)(flame)
    server.command(FRAME)(frame)
    server.command(TIMELINE)(timeline)


async def flame(ls: Server, *options: Any) -> Quick:
    """Return the flame graph of what is shown (wording/flame.py); null without a profile, or where the path leads nowhere.

    Options: {inverted?, path?: [name, file] of each node from the root, search?: part of a name}.
    """
    return Quick(await asyncio.to_thread(_flame, ls.world, _first(options)))


async def frame(ls: Server, file: str, line: int) -> types.Location | None:
    """Return where a recorded line (1-based) is here."""
    return await asyncio.to_thread(_frame, ls.world, ls.workspace, file, line)


async def timeline(ls: Server, *line: Any) -> Quick:
    """Return the shown series through time (wording/flame.py), and what one line owned.

    That is {uri, line (0-based)}, or as recorded {file, line (1-based)}, by which `at` of the answer names it from then on.
    """
    return Quick(await asyncio.to_thread(_timeline, ls.world, ls.workspace, _first(line)))


def _first(arguments: tuple[Any, ...]) -> dict[str, Any]:
    given = plain(arguments[0]) if arguments else None
    return given if isinstance(given, dict) else {}


def _flame(world: World, options: dict[str, Any]) -> dict[str, Any] | None:
    shown = world.shown
    if shown is None:
        return None
    asked = Asked(_path(options.get("path")), bool(options.get("inverted")), str(options.get("search") or ""))
    tree = tree_of(shown, asked)
    return wording.flame(shown, tree, world.focus) if tree else None


def _path(given: Any) -> tuple[Site, ...]:
    """Read a path. What is none leads nowhere."""
    sites = given if isinstance(given, list) else []
    return tuple((str(s[0]), str(s[1])) if isinstance(s, list) and len(s) == 2 else ("", "") for s in sites)


def _frame(world: World, workspace: Workspace, file: str, line: int) -> types.Location | None:
    spot = Spots(world, workspace).of(world.shown, file, line) if world.shown else None
    return spot.location if spot else None


def _timeline(world: World, workspace: Workspace, line: dict[str, Any]) -> dict[str, Any] | None:
    at = _asked(world, workspace, line)
    comparison = at.file.comparison if at else world.shown
    if comparison is None:
        return None
    named = {"file": at.recorded, "line": at.line} if at else None
    return wording.timeline(comparison, named, _line(at) if at else None, world.focus)


def _asked(world: World, workspace: Workspace, line: dict[str, Any]) -> Here | None:
    if {"uri", "line"} <= line.keys():
        return here(world, workspace, str(line["uri"]), int(line["line"]) + 1)
    if {"file", "line"} <= line.keys():
        return _recorded(world, str(line["file"]), int(line["line"]))
    return None


def _recorded(world: World, recorded: str, line: int) -> Here | None:
    """Return what is known of a recorded line, wherever it is in the text of now."""
    place = world.sources.place(recorded)
    file = world.file(place.path) if place else None
    if file is None or recorded not in file.comparison.lines.files:
        return None
    lines = file.comparison.lines
    rows = lines.rows_in(lines.files.index(recorded))
    rows = rows[lines.line[rows] == line]
    return Here(file, int(rows[0]), recorded, line, unsure=False) if len(rows) else None


def _line(at: Here) -> dict[str, Any] | None:
    found = owned(at.file.comparison, at.row)
    label = wording.line_label(at.recorded, at.line, found.sample_type) if found else ""
    return {"label": label, "values": found.values} if found else None
