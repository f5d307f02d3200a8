"""What the server itself has the editor show."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol import types

from alloclens.lsp.rpc import RefusedError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alloclens.lsp.server import Server

NAMED = 3
"""Of several things that are wrong, so many are named in one message."""


async def shown(ls: Server, uri: str, selection: types.Range | None = None) -> bool:
    """Have the editor show a document; return whether it can and did."""
    able = ls.client_capabilities.window and ls.client_capabilities.window.show_document
    if not (able and able.support):
        return False
    wanted = types.ShowDocumentParams(uri, take_focus=True, selection=selection)
    try:
        return (await ls.window_show_document_async(wanted)).success
    except RefusedError:
        return False


def first_of(said: Sequence[str]) -> str:
    """Return as many sentences as one message has; the log has all of them."""
    more = f"; and {len(said) - NAMED} more, see the log" if len(said) > NAMED else ""
    return "; ".join(said[:NAMED]) + more


def tell(ls: Server, said: str, how: types.MessageType = types.MessageType.Info) -> None:
    """Say something in passing."""
    ls.window_show_message(types.ShowMessageParams(how, f"alloclens: {said}"))
