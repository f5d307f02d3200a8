"""From a hot line to its call stacks, for editors that show them in their own way (VS Code's peek view)."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from alloclens.lsp.commands import Uinteger
from alloclens.lsp.server import Server
from alloclens.lsp.spots import Spots, here
from alloclens.printable import printable
from alloclens.wording.amounts import amount
from alloclens.wording.hover import short_name, stack_label

if TYPE_CHECKING:
    from alloclens.lsp.documents import Documents
    from alloclens.profile.model import Frame
    from alloclens.series.comparison import Comparison
    from alloclens.session.world import World
    from alloclens.tables.stacks import Stack

COMMAND = "alloclens.server.stacks"
MOST = 20


def register(server: Server) -> None:
    """Offer the command."""
    server.command(COMMAND)(stacks)


async def stacks(ls: Server, uri: str, line: Uinteger) -> dict[str, Any] | None:
    """Return the heaviest stacks through a line (0-based): {title, stacks: [{label, frames: [{label, location, own}]}]}."""
    return await asyncio.to_thread(_stacks, ls.world, ls.documents, uri, line + 1)


def _stacks(world: World, documents: Documents, uri: str, line: int) -> dict[str, Any] | None:
    at = here(world, documents, uri, line)
    if at is None:
        return None
    comparison, spots = at.comparison, Spots(world, documents)
    found = comparison.stacks(at.recorded, at.line, MOST)
    total = amount(comparison.stats(at.row).cum.value, comparison.sample_type.unit)
    title = printable(f"{total} {comparison.sample_type.type} through line {line}")
    return {"title": title, "stacks": [_stack(s, comparison, world, spots) for s in found]}


def _stack(stack: Stack, comparison: Comparison, world: World, spots: Spots) -> dict[str, Any]:
    frames = [_frame(f, comparison, world, spots) for f in stack.frames]
    return {"label": stack_label(stack, comparison), "frames": frames}


def _frame(frame: Frame, comparison: Comparison, world: World, spots: Spots) -> dict[str, Any]:
    spot = spots.of(comparison, frame.file, frame.line)
    return {
        "label": printable(f"{short_name(frame.function)}  {frame.file}:{frame.line}"),
        "location": spot.location if spot else None,
        "own": world.sources.is_own(frame.file),
    }
