"""The stacks through a line as a tree that is opened branch by branch: who calls it, or what it calls."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Literal

from alloclens.lsp.commands import Uinteger
from alloclens.lsp.server import Server
from alloclens.lsp.spots import Spots, here
from alloclens.tables.stack_tree import LineKey, branches
from alloclens.wording import views

if TYPE_CHECKING:
    from alloclens.lsp.documents import Documents
    from alloclens.series.comparison import Comparison
    from alloclens.session.world import World
    from alloclens.tables.stack_tree import Branches, Direction, StackNode

COMMAND = "alloclens.server.stackTree"


def register(server: Server) -> None:
    """Offer the command."""
    server.command(COMMAND)(stack_tree)


async def stack_tree(
    ls: Server, uri: str, line: Uinteger, direction: Literal["callers", "callees"], path: list[str]
) -> list[dict[str, Any]]:
    """Return what is below a path of ids from a line (0-based) on: [{id, label, detail, location, own, leaf}].

    Below the empty path are the roots: the line itself, once for each function that is on it. The heaviest come first. A
    last row without an id stands for all that are too many.
    """
    return await asyncio.to_thread(_tree, ls.world, ls.documents, uri, line + 1, direction, path)


def _tree(
    world: World, documents: Documents, uri: str, line: int, direction: Direction, path: list[str]
) -> list[dict[str, Any]]:
    at = here(world, documents, uri, line)
    if at is None:
        return []
    comparison, spots = at.comparison, Spots(world, documents)
    number = comparison.profile.sample_types.index(comparison.sample_type)
    found = branches(
        comparison.profile, number, LineKey(at.recorded, at.line), direction, path, unsaid=comparison.unsaid
    )
    whole = comparison.stats(at.row).cum.value
    rows = [_row(node, whole, comparison, world, spots) for node in found.nodes]
    return rows + ([_others(found, comparison)] if found.many > len(rows) else [])


def _row(node: StackNode, whole: float, comparison: Comparison, world: World, spots: Spots) -> dict[str, Any]:
    spot = spots.of(comparison, node.file, node.line)
    return {
        "id": node.id,
        "label": views.frame_name(node),
        "detail": views.frame_detail(node, whole, comparison.sample_type.unit, compared=comparison.base is not None),
        "location": spot.location if spot else None,
        "own": world.sources.is_own(node.file),
        "leaf": node.leaf,
    }


def _others(found: Branches, comparison: Comparison) -> dict[str, Any]:
    said = views.others(found, comparison.sample_type.unit)
    return {"id": "", "label": "…", "detail": said, "location": None, "own": False, "leaf": True}
