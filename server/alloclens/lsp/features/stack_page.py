"""The page of call stacks through a line, for every editor: a file in which frames are links to their lines."""

from __future__ import annotations

import asyncio
import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from lsprotocol import types
from pygls import uris

from alloclens.cache import pages
from alloclens.lsp import protocol
from alloclens.lsp.document_lines import DocumentLines, all_here
from alloclens.lsp.documents import opened_path
from alloclens.lsp.show import shown, tell
from alloclens.source.places import Nowhere
from alloclens.tables.sites import RecordedLine
from alloclens.tables.stack_tree import branches
from alloclens.wording.stack_page import UNSURE, Written, WrittenFrame, gone, not_here, page, together

if TYPE_CHECKING:
    from alloclens.lsp.document_lines import Here
    from alloclens.lsp.documents import Document, Documents
    from alloclens.lsp.server import Server
    from alloclens.profile.model import Frame
    from alloclens.series.comparison import Comparison
    from alloclens.session.world import World
    from alloclens.stats.amount import Amount
    from alloclens.wording.stack_page import Link, Page

MAX_STACKS = 50


def register(server: Server) -> None:
    """Offer the command, and answer textDocument/documentLink."""
    server.offer(protocol.ShowStackPage, stack_page)
    server.feature(types.TEXT_DOCUMENT_DOCUMENT_LINK)(document_links)


async def stack_page(ls: Server, command: protocol.ShowStackPage) -> str | None:
    """Write the page of a line, have the editor show it, and return its path; None if no stack passes through the line."""
    try:
        path = await asyncio.to_thread(_written, ls.world, ls.documents, command.uri, command.line + 1)
    except OSError as error:
        tell(ls, f"the page of call stacks could not be written: {error}")
        return None
    if path is None:
        tell(ls, "no call stack goes through this line")
        return None
    ls.run_task(_show(ls, path), "showing call stacks")  # after the answer: some editors do one thing at a time
    return str(path)


async def document_links(ls: Server, params: types.DocumentLinkParams) -> list[types.DocumentLink]:
    """Return the links of a page; none for any other file."""
    return await asyncio.to_thread(_links, ls.documents, params.text_document.uri)


def _links(documents: Documents, uri: str) -> list[types.DocumentLink]:
    at, rows = documents.page(uri), documents.page_rows(uri)
    return [_link(link, at) for link in rows.links if link.row < len(at.lines)] if at and rows else []


def _link(link: Link, at: Document) -> types.DocumentLink:
    begin, end = (at.units(at.lines[link.row][:n]) for n in (link.begin, link.end))
    where = types.Range(types.Position(link.row, begin), types.Position(link.row, end))
    # VS Code goes to the line in #L42; other editors at least open the file
    return types.DocumentLink(where, target=f"{uris.from_fs_path(link.file)}#L{link.line}")


async def _show(ls: Server, path: Path) -> None:
    if not await shown(ls, path.as_uri()):
        tell(ls, f"the call stacks are in {path}; “go to declaration” lists their frames")


def _written(world: World, documents: Documents, uri: str, line: int) -> Path | None:
    kinds = all_here(world, documents, uri, line)
    if not kinds:
        return None
    name = Path(opened_path(uri) or "").name
    digest = hashlib.sha256(f"{uri}\0{line}".encode("utf-8", "replace")).hexdigest()[:16]
    document_lines = DocumentLines(world, documents)
    text, rows = together([_page(f"Call stacks through {name}:{line}", at, world, document_lines) for at in kinds])
    path = pages.write(f"stacks-{digest}", text, rows)
    pages.prune([path])
    return path


def _page(title: str, at: Here, world: World, document_lines: DocumentLines) -> Page:
    comparison = at.comparison
    stacks = comparison.stacks(at.recorded, at.line, MAX_STACKS + 1)
    heaviest = stacks[:MAX_STACKS]
    written = [
        Written(
            stack.amount,
            [_written_frame(frame, comparison, world, document_lines) for frame in stack.frames],
            passing,
        )
        for stack, passing in zip(heaviest, comparison.passing(at.recorded, at.line, heaviest), strict=True)
    ]
    return page(title, comparison, _whole(at), written, more=len(stacks) > MAX_STACKS)


def _whole(at: Here) -> Amount:
    """Return the amount through the line as the stacks add up to it; with a base, its growth may differ from the line's."""
    comparison = at.comparison
    column = comparison.profile.sample_types.index(comparison.sample_type)
    line = RecordedLine(at.recorded, at.line)
    return branches(comparison.profile, column, line, "callers", unsaid=comparison.unsaid).amount


def _written_frame(frame: Frame, comparison: Comparison, world: World, document_lines: DocumentLines) -> WrittenFrame:
    spot = document_lines.of(comparison, frame.file, frame.line)
    path = opened_path(spot.uri) if spot else None
    if spot and path:
        return WrittenFrame(frame.function, path, spot.line, UNSURE if spot.unsure else "", placed=True)
    place = world.sources.find(frame.file)
    why = place.reason if isinstance(place, Nowhere) else gone(frame.line)
    return WrittenFrame(frame.function, frame.file, frame.line, not_here(why))
