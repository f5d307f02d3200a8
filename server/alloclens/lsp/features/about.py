"""Information for a bug report."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from alloclens.lsp import protocol
from alloclens.printable import rows

if TYPE_CHECKING:
    from alloclens.lsp.server import Server


def register(server: Server) -> None:
    """Offer the command."""
    server.offer(protocol.GetAbout, about)


async def about(ls: Server, command: protocol.GetAbout) -> str:
    """Return versions, caches, settings and counts, one per line."""
    from alloclens.session.about import installation, session  # noqa: PLC0415 - importlib.metadata delays each start

    del command
    world = ls.world
    return await asyncio.to_thread(lambda: rows([*installation(), *session(world)]))
