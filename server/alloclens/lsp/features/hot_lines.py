"""Every line worth a look, in the whole workspace: for next and previous."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import numpy as np

from alloclens.analysis.selection import by_weight, worth_showing
from alloclens.lsp import to_lsp
from alloclens.lsp.server import Server
from alloclens.profile.model import Frame
from alloclens.wording.hint import hint

if TYPE_CHECKING:
    from alloclens.analysis.comparison import Comparison
    from alloclens.store.world import World

COMMAND = "alloclens.server.hotLines"
MOST = 200


def register(server: Server) -> None:
    """Offer the command."""
    server.command(COMMAND)(hot_lines)


async def hot_lines(ls: Server) -> list[dict[str, Any]]:
    """Return the hot lines of the user's own code, heaviest first: [{location, label}]."""
    return await asyncio.to_thread(_hot_lines, ls.world)


def _hot_lines(world: World) -> list[dict[str, Any]]:
    return [line for comparison in world.comparisons[:1] for line in _of(comparison, world)]


def _of(comparison: Comparison, world: World) -> list[dict[str, Any]]:
    lines = comparison.head.lines
    own = np.flatnonzero(lines.own[lines.file] & (lines.line > 0)) if len(lines) else np.zeros(0, np.int64)
    shown = by_weight(comparison, worth_showing(comparison, own, MOST))
    return [_line(comparison, row, world) for row in shown.tolist()]


def _line(comparison: Comparison, row: int, world: World) -> dict[str, Any]:
    stats = comparison.stats(row)
    file = comparison.head.lines.files[comparison.head.lines.file[row]]
    where = to_lsp.location(Frame("", file, stats.line), world.sources)
    return {"location": where, "label": hint(stats, comparison.sample_type.unit)}
