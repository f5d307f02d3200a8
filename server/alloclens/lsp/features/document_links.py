"""From a page of call stacks to the lines of its frames. The page itself says where: links outlive the server."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from lsprotocol import types
from pygls import uris

from alloclens.wording.stack_page_rows import links

if TYPE_CHECKING:
    from alloclens.lsp.documents import Document, Documents
    from alloclens.lsp.server import Server
    from alloclens.wording.stack_page_rows import Link


def register(server: Server) -> None:
    """Answer textDocument/documentLink."""
    server.feature(types.TEXT_DOCUMENT_DOCUMENT_LINK)(document_links)


async def document_links(ls: Server, params: types.DocumentLinkParams) -> list[types.DocumentLink]:
    """Return the links of a page; none of any other file."""
    return await asyncio.to_thread(_links, ls.documents, params.text_document.uri)


def _links(documents: Documents, uri: str) -> list[types.DocumentLink]:
    at = documents.page(uri)
    return [_link(one, at) for one in links(at.lines)] if at else []


def _link(one: Link, at: Document) -> types.DocumentLink:
    begin, end = (at.units(at.lines[one.row][:n]) for n in (one.begin, one.end))
    where = types.Range(types.Position(one.row, begin), types.Position(one.row, end))
    # VS Code goes to the line that a file's address ends with as #L42; others open the file at least
    return types.DocumentLink(where, target=f"{uris.from_fs_path(one.file)}#L{one.line}")
