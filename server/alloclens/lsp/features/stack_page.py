"""The stacks through a line as a page to read, in every editor: a file whose frames lead to their lines."""

from __future__ import annotations

import asyncio
import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from alloclens.cache import pages
from alloclens.lsp.client import STACK_PAGE
from alloclens.lsp.commands import Uinteger
from alloclens.lsp.documents import opened_path
from alloclens.lsp.server import Server
from alloclens.lsp.show import shown, tell
from alloclens.lsp.spots import Spots, here
from alloclens.source.places import Nowhere
from alloclens.tables.stack_tree import LineKey, branches
from alloclens.wording.stack_page import UNSURE, FrameSpot, Written, gone, not_here, page

if TYPE_CHECKING:
    from alloclens.lsp.documents import Documents
    from alloclens.lsp.spots import Here
    from alloclens.profile.model import Frame
    from alloclens.series.comparison import Comparison
    from alloclens.session.world import World
    from alloclens.stats.amount import Amount

STACKS = 50


def register(server: Server) -> None:
    """Offer the command."""
    server.command(STACK_PAGE)(stack_page)


async def stack_page(ls: Server, uri: str, line: Uinteger) -> str | None:
    """Write the page of a line (0-based), have the editor show it, and return its path; None where there is none."""
    try:
        path = await asyncio.to_thread(_written, ls.world, ls.documents, uri, line + 1)
    except OSError as error:
        tell(ls, f"the page of call stacks could not be written: {error}")
        return None
    if path is None:
        tell(ls, "no call stack goes through this line")
        return None
    ls.run_task(_show(ls, path), "showing call stacks")  # not before the answer: some editors do one thing at a time
    return str(path)


async def _show(ls: Server, path: Path) -> None:
    if not await shown(ls, path.as_uri()):
        tell(ls, f"the call stacks are in {path}")


def _written(world: World, documents: Documents, uri: str, line: int) -> Path | None:
    at = here(world, documents, uri, line)
    if at is None:
        return None
    name = Path(opened_path(uri) or "").name
    digest = hashlib.sha256(f"{uri}\0{line}".encode("utf-8", "replace")).hexdigest()[:16]
    text = _page(f"Call stacks through {name}:{line}", at, world, Spots(world, documents))
    path = pages.write(f"stacks-{digest}", text)
    pages.prune([path])
    return path


def _page(title: str, at: Here, world: World, spots: Spots) -> str:
    comparison = at.comparison
    found = comparison.stacks(at.recorded, at.line, STACKS + 1)
    heaviest = found[:STACKS]
    stacks = [
        Written(
            stack.amount,
            [_spot(frame, comparison, world, spots) for frame in stack.frames],
            passing,
        )
        for stack, passing in zip(heaviest, comparison.passing(at.recorded, at.line, heaviest), strict=True)
    ]
    return page(title, comparison, _whole(at), stacks, more=len(found) > STACKS)


def _whole(at: Here) -> Amount:
    """Return what goes through the line, in the stacks' own arithmetic: with a base its growth is not the line's always."""
    comparison = at.comparison
    column = comparison.profile.sample_types.index(comparison.sample_type)
    line = LineKey(at.recorded, at.line)
    return branches(comparison.profile, column, line, "callers", unsaid=comparison.unsaid).amount


def _spot(frame: Frame, comparison: Comparison, world: World, spots: Spots) -> FrameSpot:
    spot = spots.of(comparison, frame.file, frame.line)
    path = opened_path(spot.uri) if spot else None
    if spot and path:
        return FrameSpot(frame.function, path, spot.line, UNSURE if spot.unsure else "")
    found = world.sources.find(frame.file)
    why = found.reason if isinstance(found, Nowhere) else gone(frame.line)
    return FrameSpot(frame.function, frame.file, frame.line, not_here(why))
