"""All there is to say about the line under the mouse."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import numpy as np
from lsprotocol import types

from alloclens.lsp import to_lsp
from alloclens.lsp.documents import path_of
from alloclens.wording import hover as wording

if TYPE_CHECKING:
    from alloclens.lsp.server import Server
    from alloclens.store.world import World


def register(server: Server) -> None:
    """Answer textDocument/hover."""
    server.feature(types.TEXT_DOCUMENT_HOVER)(hover)


async def hover(ls: Server, params: types.HoverParams) -> types.Hover | None:
    """Return the hover of a line that has numbers."""
    uri, line = params.text_document.uri, params.position.line + 1
    content = await asyncio.to_thread(text_of, ls, ls.world, uri, line)
    return types.Hover(content) if content else None


def text_of(ls: Server, world: World, uri: str, line: int) -> types.MarkupContent | None:
    """Write the text of one line (1-based); None where it has no numbers. Looks into stacks: call it from a thread."""
    path = path_of(uri)
    file = world.file(path) if path else None
    if file is None:
        return None
    lines = file.comparison.head.lines
    rows = file.rows[lines.line[file.rows] == line]
    if not len(rows):
        return None
    row = int(rows[np.argmax(np.abs(lines.value.cum[rows, file.comparison.column]))])
    stacks = file.comparison.stacks(lines.files[lines.file[row]], line, wording.STACKS)
    text = wording.markdown(file.comparison, row, stacks, lambda frame: to_lsp.link(frame, world.sources))
    if ls.client.reads_markdown:
        return types.MarkupContent(types.MarkupKind.Markdown, text)
    return types.MarkupContent(types.MarkupKind.PlainText, wording.plain(text))
