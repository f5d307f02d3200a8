"""Numbers beside lines."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import numpy as np
from lsprotocol import types
from msgspec import Struct

from alloclens.lsp.commands import given_back
from alloclens.lsp.hover_text import in_format, text_of
from alloclens.lsp.protocol import Int64
from alloclens.series.shown import worth_showing
from alloclens.typed import ready
from alloclens.wording import hover as wording
from alloclens.wording.kinds import KindRow, side_by_side

if TYPE_CHECKING:
    from alloclens.lsp.client import Client
    from alloclens.lsp.documents import Document, Documents
    from alloclens.lsp.server import Server
    from alloclens.session.world import World


@ready
class HintLine(Struct, frozen=True):
    """The data of a hint, which an editor sends back to request the tooltip."""

    uri: str
    line: Int64
    """1-based."""


def register(server: Server) -> None:
    """Answer textDocument/inlayHint and inlayHint/resolve."""
    server.feature(types.TEXT_DOCUMENT_INLAY_HINT)(inlay_hints)
    server.feature(types.INLAY_HINT_RESOLVE)(resolve)


async def inlay_hints(ls: Server, params: types.InlayHintParams) -> list[types.InlayHint]:
    """Return the hints of a range of lines; of many, the heaviest."""
    ls.hints_at = asyncio.get_running_loop().time()
    await ls.until_loaded(asks_again=ls.client.refreshes_hints)
    ls.hinted_too_early |= not ls.loaded.is_set()
    world, hints = None, []
    while world is not ls.world:  # VS Code hears no refresh until it has its answer
        world = ls.world
        if not world.settings.hints:
            return []
        hints = await asyncio.to_thread(_hints, world, ls.documents, params.text_document.uri, params.range, ls.client)
    ls.hints_at = asyncio.get_running_loop().time()
    if hints and world.shown:
        ls.hinted = world.shown.head
    return hints


def _hints(
    world: World, documents: Documents, uri: str, requested: types.Range, client: Client
) -> list[types.InlayHint]:
    at = documents.named(uri, world.sources.roots)
    if at is None:
        return []
    on_line: dict[int, list[KindRow]] = {}
    for file in world.files(at.path):
        mapped = file.on(at.text)
        inside = (mapped.line > requested.start.line) & (mapped.line <= requested.end.line + 1)
        spots = dict(zip(file.rows[inside].tolist(), np.flatnonzero(inside).tolist(), strict=True))
        for row in worth_showing(file.comparison, file.rows[inside]).tolist():
            spot = spots[row]
            shown = KindRow(file.comparison, row, bool(mapped.unsure[spot]))
            on_line.setdefault(int(mapped.line[spot]), []).append(shown)
    return [_hint(line, rows, at, client) for line, rows in on_line.items()]


def _hint(line: int, rows: list[KindRow], at: Document, client: Client) -> types.InlayHint:
    command = client.show_stacks("Show call stacks", at.uri, line - 1)
    titles = (wording.title(of.comparison, of.row, interval=False) for of in rows)
    part = types.InlayHintLabelPart(side_by_side(rows), command=command)
    return types.InlayHint(
        at.end_of(line),
        [part],
        tooltip=in_format(wording.SEPARATOR.join(titles), client),
        padding_left=True,
        data={"uri": at.uri, "line": line},  # a HintLine
    )


async def resolve(ls: Server, params: types.InlayHint) -> types.InlayHint:
    """Make the tooltip the line's hover.

    VS Code asks for no tooltip of a hint that has been replaced since the mouse came to it: it then shows what it has.
    """
    line = given_back(params.data, HintLine)
    text = await asyncio.to_thread(text_of, ls, ls.world, line.uri, line.line) if line else None
    params.tooltip = text or params.tooltip  # a part's would be shown beside it
    return params
