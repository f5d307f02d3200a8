"""The text of a line's hover, which is also the tooltip of its hint."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from lsprotocol import types

from alloclens.lsp.spots import Spots, here
from alloclens.wording import hover as wording
from alloclens.wording.markdown import plain

if TYPE_CHECKING:
    from alloclens.lsp.server import Server
    from alloclens.profile.model import Frame
    from alloclens.session.world import World


def text_of(ls: Server, world: World, uri: str, line: int) -> types.MarkupContent | None:
    """Return the text of a line (1-based); None if it has no numbers. Searches stacks: call it from a thread."""
    at = here(world, ls.documents, uri, line)
    if at is None:
        return None
    comparison, spots = at.comparison, Spots(world, ls.documents)
    stacks = comparison.stacks(at.recorded, at.line, wording.MAX_STACKS)

    def link(frame: Frame) -> str | None:
        spot = spots.of(comparison, frame.file, frame.line)
        return f"{spot.uri}#L{spot.line}" if spot else None

    places = wording.Places(
        partial(spots.finding, comparison), link, lambda frame: spots.named(comparison, frame.file, frame.line).name
    )
    guessed = at.unsure and world.guesses(comparison, at.recorded)
    text = wording.markdown(comparison, at.row, stacks, places, unsure=at.unsure, guessed=guessed)
    if ls.client.reads_markdown:
        return types.MarkupContent(types.MarkupKind.Markdown, text)
    return types.MarkupContent(types.MarkupKind.PlainText, plain(text))
