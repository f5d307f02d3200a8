"""All there is to say about the line under the mouse."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from lsprotocol import types

from alloclens.lsp.spots import Spots, here
from alloclens.wording import hover as wording
from alloclens.wording.markdown import plain

if TYPE_CHECKING:
    from alloclens.lsp.server import Server
    from alloclens.profile.model import Frame
    from alloclens.session.world import World


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
    at = here(world, ls.documents, uri, line)
    if at is None:
        return None
    comparison, spots = at.comparison, Spots(world, ls.documents)
    stacks = comparison.stacks(at.recorded, at.line, wording.STACKS)

    def link(frame: Frame) -> str | None:
        spot = spots.of(comparison, frame.file, frame.line)
        return f"{spot.uri}#L{spot.line}" if spot else None

    guessed = at.unsure and world.guesses(comparison, at.recorded)
    text = wording.markdown(comparison, at.row, stacks, link, unsure=at.unsure, guessed=guessed)
    if ls.client.reads_markdown:
        return types.MarkupContent(types.MarkupKind.Markdown, text)
    return types.MarkupContent(types.MarkupKind.PlainText, plain(text))
