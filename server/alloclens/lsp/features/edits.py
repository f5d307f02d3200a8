"""Diagnostics follow the text as it is typed. Hints and hovers are asked for anew by the editor."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from lsprotocol import types

from alloclens.lsp.documents import opened

if TYPE_CHECKING:
    from alloclens.lsp.server import Server

PAUSE_SECONDS = 0.3
"""After the last key; editors move diagnostics with the text by themselves meanwhile."""


def register(server: Server) -> None:
    """Answer textDocument/didChange and didClose; pygls itself has the new text by then."""
    server.feature(types.TEXT_DOCUMENT_DID_CHANGE)(did_change)
    server.feature(types.TEXT_DOCUMENT_DID_CLOSE)(did_close)


def did_change(ls: Server, params: types.DidChangeTextDocumentParams) -> None:
    """Publish again soon, if there is anything to publish."""
    uri, version = params.text_document.uri, params.text_document.version
    if ls.publisher and ls.publisher.has(uri):
        ls.run_task(_publish(ls, uri, version), "publishing after an edit")


def did_close(ls: Server, params: types.DidCloseTextDocumentParams) -> None:
    """Publish again, on the lines of the file: what was typed and not saved is gone."""
    if ls.publisher and ls.publisher.has(params.text_document.uri):
        ls.run_task(ls.publisher.publish(), "publishing after a close")


async def _publish(ls: Server, uri: str, version: int) -> None:
    await asyncio.sleep(PAUSE_SECONDS)
    document = opened(ls.workspace, uri)
    if ls.publisher and document and document.version == version:  # else the next edit publishes
        await ls.publisher.publish()
