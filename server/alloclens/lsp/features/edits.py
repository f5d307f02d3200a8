"""Follows the open documents. Diagnostics are published again when their text changes; an editor requests the rest."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from lsprotocol import types

from alloclens.lsp.active import follow_file
from alloclens.lsp.documents import same

if TYPE_CHECKING:
    from alloclens.lsp.server import Server

log = logging.getLogger(__name__)


def register(server: Server) -> None:
    """Answer textDocument/didOpen, didChange and didClose."""
    server.feature(types.TEXT_DOCUMENT_DID_OPEN)(did_open)
    server.feature(types.TEXT_DOCUMENT_DID_CHANGE)(did_change)
    server.feature(types.TEXT_DOCUMENT_DID_CLOSE)(did_close)


def did_open(ls: Server, params: types.DidOpenTextDocumentParams) -> None:
    """Add a document. Its text may differ from the file's, since editors keep unsaved changes."""
    document = params.text_document
    ls.documents = ls.documents.with_text(document.uri, document.text)
    if ls.publisher:
        ls.publisher.publish_again(document.uri)
        ls.publisher.publish_soon()
    follow_file(ls, document.uri)


def did_change(ls: Server, params: types.DidChangeTextDocumentParams) -> None:
    """Take a document's new text: the last change, since changes hold the whole text."""
    uri = params.text_document.uri
    if not params.content_changes:
        return
    last = params.content_changes[-1]
    if same(uri) not in ls.documents.opened or isinstance(last, types.TextDocumentContentChangePartial):
        log.warning("ignored a change: the document is not open, or only a part of it was sent")
        ls.documents = ls.documents.without(uri)  # its text is now unknown
    else:
        ls.documents = ls.documents.with_text(uri, last.text)
    if ls.publisher and ls.publisher.has(uri):
        ls.publisher.publish_soon()
    follow_file(ls, uri)


def did_close(ls: Server, params: types.DidCloseTextDocumentParams) -> None:
    """Remove a document. From now on the file counts, without unsaved changes."""
    uri = params.text_document.uri
    ls.documents = ls.documents.without(uri)
    if ls.publisher and ls.publisher.has(uri):
        ls.publisher.publish_soon()
