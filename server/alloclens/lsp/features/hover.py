"""The hover of a line."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from lsprotocol import types

from alloclens.lsp.active import follow_file
from alloclens.lsp.hover_text import text_of

if TYPE_CHECKING:
    from alloclens.lsp.server import Server


def register(server: Server) -> None:
    """Answer textDocument/hover."""
    server.feature(types.TEXT_DOCUMENT_HOVER)(hover)


async def hover(ls: Server, params: types.HoverParams) -> types.Hover | None:
    """Return the hover of a line; None if it has no numbers."""
    follow_file(ls, params.text_document.uri)
    uri, line = params.text_document.uri, params.position.line + 1
    content = await asyncio.to_thread(text_of, ls, ls.world, uri, line)
    return types.Hover(content) if content else None
