"""The call hierarchy: who calls a line or a function with how many bytes, and whom it calls."""

from __future__ import annotations

import asyncio
import hashlib
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np
from lsprotocol import types
from msgspec import Struct

from alloclens.cache import pages
from alloclens.languages.declarations import declared
from alloclens.languages.go.names import is_closure
from alloclens.lsp.commands import given_back
from alloclens.lsp.document_lines import DocumentLine, FunctionPlaces, all_here
from alloclens.lsp.protocol import Int64
from alloclens.profile.model import Frame
from alloclens.source.line_mapping import map_recorded_lines
from alloclens.source.profiled_text import UNKNOWN_VERSION, RecordedLines
from alloclens.tables.calls import NamedFunction
from alloclens.tables.sites import RecordedLine
from alloclens.typed import ready
from alloclens.wording import calls as wording

if TYPE_CHECKING:
    from pathlib import Path

    from alloclens.lsp.client import Client
    from alloclens.lsp.document_lines import Here
    from alloclens.lsp.documents import Document, Documents
    from alloclens.lsp.server import Server
    from alloclens.series.comparison import Comparison
    from alloclens.session.world import FileLines, World
    from alloclens.stats.amount import Amount
    from alloclens.tables.calls import Calls, Edge, Edges


@ready
class Item(Struct, frozen=True):
    """The data of an item, which an editor sends back to request its callers or callees."""

    head: str
    """The path of the item's snapshot."""
    function: str
    file: str
    line: Int64
    """0 for a whole function."""
    binary: str


def register(server: Server) -> None:
    """Answer textDocument/prepareCallHierarchy, callHierarchy/incomingCalls and callHierarchy/outgoingCalls."""
    server.feature(types.TEXT_DOCUMENT_PREPARE_CALL_HIERARCHY)(prepare)
    server.feature(types.CALL_HIERARCHY_INCOMING_CALLS)(incoming)
    server.feature(types.CALL_HIERARCHY_OUTGOING_CALLS)(outgoing)


async def prepare(ls: Server, params: types.CallHierarchyPrepareParams) -> list[types.CallHierarchyItem] | None:
    """Return the items of a line if it has numbers, else of the function around it: one for each kind of profile."""
    uri, line = params.text_document.uri, params.position.line + 1
    items = await asyncio.to_thread(_prepared, ls.world, ls.documents, uri, line)
    return [_for(ls.client, item) for item in items] or None


async def incoming(ls: Server, params: types.CallHierarchyIncomingCallsParams) -> list[types.CallHierarchyIncomingCall]:
    """Return the callers of an item, heaviest first; a last row stands for those left out."""
    ends = await asyncio.to_thread(_ends, ls.world, ls.documents, params.item, "callers")
    return [types.CallHierarchyIncomingCall(_for(ls.client, item), ranges) for item, ranges in ends]


async def outgoing(ls: Server, params: types.CallHierarchyOutgoingCallsParams) -> list[types.CallHierarchyOutgoingCall]:
    """Return the callees of an item, heaviest first; a last row stands for those left out."""
    ends = await asyncio.to_thread(_ends, ls.world, ls.documents, params.item, "callees")
    return [types.CallHierarchyOutgoingCall(_for(ls.client, item), ranges) for item, ranges in ends]


def _for(client: Client, item: types.CallHierarchyItem) -> types.CallHierarchyItem:
    """Return an item with its bytes in the name, too, if the editor shows only that."""
    if not client.shows_call_details:
        item.name = f"{item.name}  {item.detail}"
    return item


def _prepared(world: World, documents: Documents, uri: str, line: int) -> list[types.CallHierarchyItem]:
    at = documents.named(uri, world.sources.roots)
    if at is None:
        return []
    if known := all_here(world, documents, uri, line):
        return [_of_line(here, at, line) for here in known]
    return [item for file in world.files(at.path) if (item := _of_function(file, at, line))]


def _of_line(known: Here, at: Document, line: int) -> types.CallHierarchyItem:
    cum, where = known.comparison.stats(known.row).cum, DocumentLine(at.uri, line, known.unsure)
    frame = Frame(known.function, known.recorded, known.line)
    return _item(frame, cum, where, at.code_of(line), known.comparison)


def _of_function(file: FileLines, at: Document, line: int) -> types.CallHierarchyItem | None:
    """Return the item of the function around a line; None if there is none."""
    if (around := _around(file, at, line)) is None:
        return None
    frame = Frame(around.function, file.recorded_of(around.function), 0)
    passes = _calls(file.comparison, frame).cum
    return _item(
        frame, passes, DocumentLine(at.uri, around.line, unsure=False), at.code_of(around.line), file.comparison
    )


class _Declared(NamedTuple):
    """A function of a document, and the line (1-based) that declares it."""

    function: str
    line: int


def _around(file: FileLines, at: Document, line: int) -> _Declared | None:
    """Return the innermost function around a line (1-based), of those that the profile names in the file."""
    names = [name for name in file.recorded_lines.names if not is_closure(name)]
    nothing, number = np.zeros(len(names), np.int64), np.arange(len(names))
    inside = (
        map_recorded_lines(
            RecordedLines(np.full(len(names), line), number, names, nothing, at.path), UNKNOWN_VERSION, at.text
        ).line
        > 0
    )
    functions = [_Declared(names[i], declared(at.text, names[i], at.path)[0]) for i in np.flatnonzero(inside).tolist()]
    return max(functions, key=lambda function: function.line, default=None)


def _calls(comparison: Comparison, frame: Frame) -> Calls:
    """Return the calls around the line of a frame, or around its function if it has no line."""
    line, function = RecordedLine(frame.file, frame.line), NamedFunction(frame.function, frame.binary)
    return comparison.calls(line if frame.line else function)


def _ends(
    world: World, documents: Documents, item: types.CallHierarchyItem, way: Literal["callers", "callees"]
) -> list[tuple[types.CallHierarchyItem, list[types.Range]]]:
    """Return the items at the other ends of an item's edges, with the ranges of the calls in the caller."""
    subject = _subject(world, item.data)
    if subject is None:
        return []
    comparison, frame = subject
    places, written = FunctionPlaces(world, documents.before_others(item.uri), comparison), _Pages()
    edges: Edges = getattr(_calls(comparison, frame), way)
    others = [_other(edge, places, written) for edge in edges.heaviest]
    written.drop_old()
    callers = others if way == "callers" else [item] * len(others)
    ranges = (places.ranges(edge.lines, caller) for edge, caller in zip(edges.heaviest, callers, strict=True))
    last = [(_rest(edges, item, comparison), [item.selection_range])] if edges.others else []
    return [*zip(others, ranges, strict=True), *last]


def _subject(world: World, data: Any) -> tuple[Comparison, Frame] | None:
    """Return the line or function of an item and its comparison, which may have a newer head of the same series."""
    item = given_back(data, Item)  # the last row has no data
    if world.shown is None or item is None:
        return None
    series = (c for c in world.comparisons if any(s.path == item.head for s in c.series.snapshots))
    return next(series, world.shown), Frame(item.function, item.file, item.line, item.binary)


def _other(edge: Edge, places: FunctionPlaces, written: _Pages) -> types.CallHierarchyItem:
    """Return the item of the function at the other end of an edge; if it has no place, a page says why."""
    frame = Frame(edge.function, edge.at.file, 0, edge.binary)
    spot = places.of(edge.function, edge.at.file, edge.at.line)
    if spot is None:
        text = wording.page(frame._replace(line=edge.at.line), places.world.sources.find(edge.at.file))
        spot = DocumentLine(written.uri(text), 1, unsure=False)
    return _item(frame, edge.amount, spot, places.code(spot), places.comparison)


def _rest(edges: Edges, item: types.CallHierarchyItem, comparison: Comparison) -> types.CallHierarchyItem:
    """Return the row of the edges that are left out; it leads to the item itself and has no children."""
    detail = wording.passing(edges.rest, comparison)
    name, where = wording.others(edges.others), item.selection_range
    return types.CallHierarchyItem(name, types.SymbolKind.Function, item.uri, item.range, where, detail=detail)


def _item(
    frame: Frame, passes: Amount, spot: DocumentLine, code: types.Range, comparison: Comparison
) -> types.CallHierarchyItem:
    """Return the item of a frame's line, or of its function if it has no line."""
    detail = wording.passing(passes, comparison)
    return types.CallHierarchyItem(
        name=wording.name(frame, spot.line if frame.line else 0),
        kind=types.SymbolKind.Function,
        uri=spot.uri,
        range=code,
        selection_range=code,
        detail=f"~{detail}" if spot.unsure else detail,
        data={**frame._asdict(), "head": comparison.head.path},
    )


class _Pages:
    """Pages about functions that are not here, for an editor to open."""

    def __init__(self) -> None:
        self._written: set[Path] = set()

    def uri(self, text: str) -> str:
        """Return the URI of a page with this text."""
        name = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]
        path = pages.directory() / f"{name}.txt"
        with suppress(OSError):  # the call hierarchy is useful without the page, too
            pages.write(name, text)
        self._written.add(path)
        return path.as_uri()

    def drop_old(self) -> None:
        """Delete old pages, except those of this answer."""
        pages.prune(self._written)
