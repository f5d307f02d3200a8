"""From a hot line to its call stacks, for editors that show them in their own way (VS Code's peek view)."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from alloclens.lsp import to_lsp
from alloclens.lsp.documents import path_of
from alloclens.lsp.server import Server
from alloclens.wording.hover import short_name, stack_label
from alloclens.wording.units import amount

if TYPE_CHECKING:
    from alloclens.analysis.comparison import Comparison
    from alloclens.analysis.stacks import Stack
    from alloclens.profile.model import Frame
    from alloclens.store.world import World

COMMAND = "alloclens.server.stacks"
MOST = 20


def register(server: Server) -> None:
    """Offer the command."""
    server.command(COMMAND)(stacks)


async def stacks(ls: Server, uri: str, line: int) -> dict[str, Any] | None:
    """Return the heaviest stacks through a line (0-based): {title, stacks: [{label, frames: [{label, location, own}]}]}."""
    return await asyncio.to_thread(_stacks, ls.world, uri, line + 1)


def _stacks(world: World, uri: str, line: int) -> dict[str, Any] | None:
    path = path_of(uri)
    file = world.file(path) if path else None
    if file is None:
        return None
    comparison, lines = file.comparison, file.comparison.head.lines
    row = next((r for r in file.rows.tolist() if lines.line[r] == line), None)
    if row is None:
        return None
    found = comparison.stacks(lines.files[lines.file[row]], line, MOST)
    total = amount(comparison.stats(row).cum.value, comparison.sample_type.unit)
    title = f"{total} {comparison.sample_type.type} through line {line}"
    return {"title": title, "stacks": [_stack(s, comparison, world) for s in found]}


def _stack(stack: Stack, comparison: Comparison, world: World) -> dict[str, Any]:
    return {"label": stack_label(stack, comparison), "frames": [_frame(f, world) for f in stack.frames]}


def _frame(frame: Frame, world: World) -> dict[str, Any]:
    label = f"{short_name(frame.function)}  {frame.file}:{frame.line}"
    return {
        "label": label,
        "location": to_lsp.location(frame, world.sources),
        "own": world.sources.is_own(frame.file),
    }
