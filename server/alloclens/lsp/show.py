"""Has the editor show documents and messages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol import types

from alloclens.lsp.rpc import RefusedError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alloclens.lsp.server import Server

MAX_NAMED_PROBLEMS = 3
"""Problems named in one message."""


async def shown(ls: Server, uri: str, selection: types.Range | None = None) -> bool:
    """Have the editor show a document; return whether it can and did."""
    if not ls.client.shows_documents:
        return False
    params = types.ShowDocumentParams(uri, take_focus=True, selection=selection)
    try:
        return (await ls.window_show_document_async(params)).success
    except RefusedError:
        return False


def first_of(problems: Sequence[str]) -> str:
    """Return the first problems as one message; the log has all of them."""
    unnamed = len(problems) - MAX_NAMED_PROBLEMS
    more = f"; and {unnamed} more, see the log" if unnamed > 0 else ""
    return "; ".join(problems[:MAX_NAMED_PROBLEMS]) + more


def tell(ls: Server, text: str, kind: types.MessageType = types.MessageType.Info) -> None:
    """Show a message."""
    ls.window_show_message(types.ShowMessageParams(kind, f"alloclens: {text}"))
