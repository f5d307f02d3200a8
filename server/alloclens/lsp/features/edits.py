"""Diagnostics follow the text as it is typed. Hints and hovers are asked for anew by the editor."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from lsprotocol import types

if TYPE_CHECKING:
    from alloclens.lsp.server import Server

PAUSE_SECONDS = 0.3
"""After the last key; editors move diagnostics with the text by themselves meanwhile."""


def register(server: Server) -> None:
    """Answer textDocument/didChange; pygls itself has the new text by then."""
    server.feature(types.TEXT_DOCUMENT_DID_CHANGE)(did_change)


def did_change(ls: Server, params: types.DidChangeTextDocumentParams) -> None:
    """Publish again soon, if there is anything to publish."""
    uri, version = params.text_document.uri, params.text_document.version
    if ls.publisher and ls.publisher.has(uri):
        ls.run_task(_publish(ls, uri, version), "publishing after an edit")


async def _publish(ls: Server, uri: str, version: int) -> None:
    await asyncio.sleep(PAUSE_SECONDS)
    document = ls.workspace.text_documents.get(uri)
    if ls.publisher and document and document.version == version:  # else the next edit publishes
        await ls.publisher.publish()
