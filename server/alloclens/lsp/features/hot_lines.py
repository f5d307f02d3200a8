"""Every line worth a look, in the whole workspace: for next and previous."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import numpy as np

from alloclens.analysis.selection import by_weight, worth_showing
from alloclens.lsp.server import Server
from alloclens.lsp.spots import Spots
from alloclens.wording.hint import hint

if TYPE_CHECKING:
    from pygls.workspace import Workspace

    from alloclens.analysis.comparison import Comparison
    from alloclens.lsp.spots import Spot
    from alloclens.store.world import World

COMMAND = "alloclens.server.hotLines"
MOST = 200


def register(server: Server) -> None:
    """Offer the command."""
    server.command(COMMAND)(hot_lines)


async def hot_lines(ls: Server) -> list[dict[str, Any]]:
    """Return the hot lines of the user's own code, heaviest first: [{location, label}]."""
    return await asyncio.to_thread(_hot_lines, ls.world, ls.workspace)


def _hot_lines(world: World, workspace: Workspace) -> list[dict[str, Any]]:
    if world.shown is None:
        return []
    comparison, spots = world.shown, Spots(world, workspace)
    lines = comparison.lines
    own = np.flatnonzero(lines.own[lines.file] & (lines.line > 0)) if len(lines) else np.zeros(0, np.int64)
    rows = by_weight(comparison, worth_showing(comparison, own, MOST)).tolist()
    found = ((row, spots.of(comparison, lines.files[lines.file[row]], int(lines.line[row]))) for row in rows)
    return [_line(comparison, row, spot) for row, spot in found if spot]


def _line(comparison: Comparison, row: int, spot: Spot) -> dict[str, Any]:
    label = hint(comparison.stats(row), comparison.sample_type.unit, unsure=spot.unsure)
    return {"location": spot.location, "label": label}
