"""Explains why a file has no numbers, and adds the path mapping that would find it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from lsprotocol import types

from alloclens.lsp import protocol
from alloclens.lsp.documents import opened_path
from alloclens.lsp.settings_file import add_mapping
from alloclens.paths import name_of
from alloclens.printable import printable, rows
from alloclens.session.choice import names, services_with
from alloclens.session.line_mapper import coverage_now, parts
from alloclens.wording import shown_series
from alloclens.wording.drift import report, without_line
from alloclens.wording.explain import (
    Placement,
    advice,
    finds,
    mapping,
    not_read,
    nothing_of,
    of_file,
    of_profile,
    placed_file,
    summary,
    worst_first,
)
from alloclens.wording.markdown import plain
from alloclens.wording.nothing import of_snapshot
from alloclens.wording.status import not_listed, nothing

if TYPE_CHECKING:
    from alloclens.lsp.documents import Document, Documents
    from alloclens.lsp.server import Server
    from alloclens.session.world import World


MAX_FILES = 1000


def register(server: Server) -> None:
    """Offer the commands."""
    server.offer(protocol.ExplainPlacement, explain)
    server.offer(protocol.GetPlacement, placement)
    server.offer(protocol.TellWhy, tell)
    server.offer(protocol.GetMappings, mappings)
    server.offer(protocol.AddMapping, add)


async def explain(ls: Server, command: protocol.ExplainPlacement) -> str:
    """Return as plain text how much has a place here, what to do, and how one file and all files were found."""
    return await asyncio.to_thread(_text_of, ls.world, ls.documents, command.uri)


async def placement(ls: Server, command: protocol.GetPlacement) -> Placement:
    """Return the same for a page."""
    return await asyncio.to_thread(_placement, ls.world, ls.documents, command.uri)


async def tell(ls: Server, command: protocol.TellWhy) -> None:
    """Show the explanation of one file as a message, for editors without another place for it."""
    lines = await asyncio.to_thread(_of_document, ls.world, ls.documents, command.uri)
    ls.window_show_message(types.ShowMessageParams(types.MessageType.Info, " · ".join(map(str.strip, lines))))


async def mappings(ls: Server, command: protocol.GetMappings) -> list[protocol.SuggestedMapping]:
    """Return the path mappings that would find missing files, best first."""
    del command
    return await asyncio.to_thread(_mappings, ls.world)


async def add(ls: Server, command: protocol.AddMapping) -> str | None:
    """Write a path mapping into the settings file; return the file's path."""
    return await add_mapping(ls, command.recorded, command.to)


def _mappings(world: World) -> list[protocol.SuggestedMapping]:
    coverage, roots = world.coverage, world.sources.roots
    pairs = ((suggestion, *mapping(suggestion, roots)) for suggestion in coverage.suggestions)
    return [protocol.SuggestedMapping(recorded, to, finds(s, coverage.total)) for s, recorded, to in pairs]


def _text_of(world: World, documents: Documents, uri: str) -> str:
    page = _placement(world, documents, uri)
    lines = [page.title, *page.summary, *page.advice]
    if page.document:
        lines += ["", *page.document]
    if world.shown:
        unit = world.shown.sample_type.unit
        files = (line for file in worst_first(world.coverage.files) for line in of_file(file, unit))
        lines += ["", "Every file that the profile names:", *files]
    return rows(lines)


def _placement(world: World, documents: Documents, uri: str) -> Placement:
    shown, roots = world.shown, world.sources.roots
    if shown is None:
        return Placement(shown_series.missing(world) or nothing(world), [], [], [], [], 0)
    coverage, unit = world.coverage, shown.sample_type.unit
    now = coverage_now(world, shown, coverage, lambda path: _text_at(documents, path, world))
    files = worst_first(coverage.files)
    return Placement(
        title=printable(of_profile(shown)),
        summary=[*map(printable, shown_series.kinds(world)), "", printable(summary(now))],
        advice=[*map(printable, advice(coverage, roots)), *map(printable, not_listed(world.closed))],
        document=[*map(printable, _of_document(world, documents, uri))] if uri else [],
        files=[placed_file(file, coverage.total, unit) for file in files[:MAX_FILES]],
        more=max(0, len(files) - MAX_FILES),
    )


def _of_document(world: World, documents: Documents, uri: str) -> list[str]:
    at = documents.named(uri, world.sources.roots)
    if world.shown is None:
        return [shown_series.missing(world) or nothing(world)]
    if at is None or not at.path:
        return [not_read(opened_path(uri) or uri)]
    file = world.file(at.path)
    of = file.comparison if file else world.shown
    named = of.lines.by_name.get(name_of(at.path), {})
    here = world.recorded_in(of, at.path)
    shares = [file for file in world.coverage_of(of).files if file.recorded in (here or named)]
    lines = [line for file in shares for line in of_file(file, of.sample_type.unit)]
    if mapped := [*parts(world, of, at.path, lambda path: _text(documents, path, at, world))]:
        kind = [f"{of_profile(of)}:"] if of is not world.shown else []
        return [*kind, *lines, *report(of, at.path, mapped), *without_line(of, here)]
    having = [names(world)[service] for service in services_with(world, at.path)]
    if having:
        return [shown_series.not_shown(having, shown_series.shown(world))]
    notes = map(plain, of_snapshot(of.head, world.sources.roots.folders))
    return [nothing_of(at.path, bool(named)), *lines, *notes]


def _text(documents: Documents, path: str, at: Document, world: World) -> str | None:
    return at.text if path == at.path else _text_at(documents, path, world)


def _text_at(documents: Documents, path: str, world: World) -> str | None:
    document = documents.at(path, world.sources.roots)
    return document.text if document else None
