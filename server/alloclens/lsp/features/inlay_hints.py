"""Numbers beside the lines."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from lsprotocol import types

from alloclens.analysis.selection import worth_showing
from alloclens.lsp.client import SHOW_STACKS
from alloclens.lsp.documents import Document, document
from alloclens.lsp.features.hover import text_of
from alloclens.wording.hint import hint

if TYPE_CHECKING:
    from alloclens.lsp.server import Server
    from alloclens.store.world import FileLines


def register(server: Server) -> None:
    """Answer textDocument/inlayHint and inlayHint/resolve."""
    server.feature(types.TEXT_DOCUMENT_INLAY_HINT)(inlay_hints)
    server.feature(types.INLAY_HINT_RESOLVE)(resolve)


def inlay_hints(ls: Server, params: types.InlayHintParams) -> list[types.InlayHint]:
    """Return the hints of the asked lines, from what is known now."""
    world = ls.world
    if not ls.settings.hints or (at := document(ls.workspace, params.text_document.uri)) is None:
        return []
    file = world.file(at.path)
    if file is None:
        return []
    first, last = params.range.start.line + 1, params.range.end.line + 1
    line = file.comparison.head.lines.line[file.rows]
    rows = file.rows[(line >= first) & (line <= last)]
    shown = worth_showing(file.comparison, rows).tolist()
    return [h for row in shown if (h := _hint(row, file, at, clicks=ls.client.shows_stacks))]


def _hint(row: int, file: FileLines, at: Document, *, clicks: bool) -> types.InlayHint | None:
    stats = file.comparison.stats(row)
    position = at.end_of(stats.line)
    if position is None:  # the text is shorter than it was
        return None
    label = hint(stats, file.comparison.sample_type.unit)
    data = {"uri": at.uri, "line": stats.line}
    parts = [types.InlayHintLabelPart(label, command=_show_stacks(at.uri, stats.line))] if clicks else label
    return types.InlayHint(position, parts, padding_left=True, data=data)


def _show_stacks(uri: str, line: int) -> types.Command:
    return types.Command("Show call stacks", SHOW_STACKS, arguments=[uri, line - 1])


async def resolve(ls: Server, params: types.InlayHint) -> types.InlayHint:
    """Add the tooltip: all there is to say about the line."""
    data: Any = params.data  # as it was given in _hint, or the object that pygls makes of JSON
    uri, line = (data["uri"], data["line"]) if isinstance(data, dict) else (data.uri, data.line)
    content = await asyncio.to_thread(text_of, ls, ls.world, uri, line)
    params.tooltip = content
    if isinstance(params.label, (list, tuple)):  # VS Code shows the tooltip of the part under the mouse
        params.label[0].tooltip = content
    return params
