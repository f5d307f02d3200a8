"""Information for a bug report."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from alloclens.lsp import protocol
from alloclens.printable import rows
from alloclens.session.about import installation, session

if TYPE_CHECKING:
    from alloclens.lsp.server import Server


def register(server: Server) -> None:
    """Offer the command."""
    server.offer(protocol.GetAbout, about)


async def about(ls: Server, command: protocol.GetAbout) -> str:
    """Return versions, caches, settings and counts, one per line."""
    del command
    world = ls.world
    return await asyncio.to_thread(lambda: rows([*installation(), *session(world)]))
