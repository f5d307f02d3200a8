"""The data of the pictures: flame graph and timeline, for editors that draw them."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from lsprotocol import types  # noqa: TC002 - pygls reads a command's annotations at run time

from alloclens.analysis.flame import Asked
from alloclens.analysis.flame import flame as tree_of
from alloclens.analysis.timeline import owned
from alloclens.lsp.lifecycle import plain
from alloclens.lsp.server import Server
from alloclens.lsp.spots import Spots, here
from alloclens.wording import flame as wording

if TYPE_CHECKING:
    from pygls.workspace import Workspace

    from alloclens.lsp.spots import Here
    from alloclens.store.world import World

FLAME = "alloclens.server.flame"
FRAME = "alloclens.server.frame"
TIMELINE = "alloclens.server.timeline"


def register(server: Server) -> None:
    """Offer the commands."""
    server.command(FLAME)(flame)
    server.command(FRAME)(frame)
    server.command(TIMELINE)(timeline)


async def flame(ls: Server, *options: Any) -> SimpleNamespace | None:
    """Return the flame graph of what is shown (wording/flame.py); null without a profile, or where the path leads nowhere.

    Options: {inverted?, path?: names from the root, search?: part of a name}.
    """
    found = await asyncio.to_thread(_flame, ls.world, _first(options))
    return _quick(found)


async def frame(ls: Server, file: str, line: int) -> types.Location | None:
    """Return where a recorded line (1-based) is here."""
    return await asyncio.to_thread(_frame, ls.world, ls.workspace, file, line)


async def timeline(ls: Server, *line: Any) -> SimpleNamespace | None:
    """Return the shown series through time (wording/flame.py); with a line {uri, line (0-based)} what that owned."""
    found = await asyncio.to_thread(_timeline, ls.world, ls.workspace, _first(line))
    return _quick(found)


def _first(arguments: tuple[Any, ...]) -> dict[str, Any]:
    given = plain(arguments[0]) if arguments else None
    return given if isinstance(given, dict) else {}


def _quick(answer: dict[str, Any] | None) -> SimpleNamespace | None:
    """Wrap a large answer: pygls would walk a bare dict node by node, on the event loop; of this it takes __dict__."""
    return SimpleNamespace(**answer) if answer else None


def _flame(world: World, options: dict[str, Any]) -> dict[str, Any] | None:
    shown = world.shown
    if shown is None:
        return None
    path = tuple(map(str, options.get("path") or ()))
    asked = Asked(path, bool(options.get("inverted")), str(options.get("search") or ""))
    tree = tree_of(shown, asked)
    return wording.flame(shown, tree, world.focus) if tree else None


def _frame(world: World, workspace: Workspace, file: str, line: int) -> types.Location | None:
    spot = Spots(world, workspace).of(world.shown, file, line) if world.shown else None
    return spot.location if spot else None


def _timeline(world: World, workspace: Workspace, line: dict[str, Any]) -> dict[str, Any] | None:
    at = here(world, workspace, str(line["uri"]), int(line["line"]) + 1) if {"uri", "line"} <= line.keys() else None
    comparison = at.file.comparison if at else world.shown
    if comparison is None:
        return None
    return wording.timeline(comparison, _line(at) if at else None)


def _line(at: Here) -> dict[str, Any] | None:
    found = owned(at.file.comparison, at.row)
    label = wording.line_label(at.recorded, at.line, found.sample_type) if found else ""
    return {"label": label, "values": found.values} if found else None
