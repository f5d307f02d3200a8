"""Finds the heaviest functions by name. A prefix tells these symbols from those of other servers."""

from __future__ import annotations

import asyncio
from itertools import islice
from typing import TYPE_CHECKING

from lsprotocol import types

from alloclens.lsp.document_lines import FunctionPlaces
from alloclens.source.recorded import OF_GO, package_of
from alloclens.tables.functions import hot_functions
from alloclens.wording.calls import symbol
from alloclens.wording.kinds import quantity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alloclens.lsp.documents import Documents
    from alloclens.lsp.server import Server
    from alloclens.series.comparison import Comparison
    from alloclens.session.world import World
    from alloclens.tables.functions import HotFunction

MAX_SYMBOLS = 50
MAX_LOCATED_FUNCTIONS = 200
"""Functions that are looked for in the workspace; those that are not found are left out."""


def register(server: Server) -> None:
    """Answer workspace/symbol."""
    server.feature(types.WORKSPACE_SYMBOL)(symbols)


async def symbols(ls: Server, params: types.WorkspaceSymbolParams) -> list[types.SymbolInformation]:
    """Return the functions whose names contain what follows the prefix, heaviest first."""
    world = ls.world
    prefix = world.settings.symbol_prefix
    if world.shown is None or not params.query.startswith(prefix):
        return []
    part = params.query[len(prefix) :].strip()
    return await asyncio.to_thread(_symbols, world, world.shown, ls.documents, part)


def _symbols(world: World, comparison: Comparison, documents: Documents, part: str) -> list[types.SymbolInformation]:
    return list(islice(_located(world, comparison, documents, part), MAX_SYMBOLS))


def _located(
    world: World, comparison: Comparison, documents: Documents, part: str
) -> Iterator[types.SymbolInformation]:
    prefix = world.settings.symbol_prefix
    located: dict[tuple[str, str], list[tuple[Comparison, HotFunction]]] = {}
    of_kinds = [*map(world.with_lines, world.kinds(comparison))]
    for kind in of_kinds:
        for function in hot_functions(kind.profile, kind.sample_type, part, MAX_LOCATED_FUNCTIONS):
            located.setdefault((function.function, function.at.file), []).append((kind, function))
    places = {id(kind): FunctionPlaces(world, documents, kind) for kind in of_kinds}
    for (name, file), kinds in located.items():
        leading, function = kinds[0]
        if spot := places[id(leading)].of(name, function.at.file, function.at.line):
            yield types.SymbolInformation(
                location=types.Location(spot.uri, places[id(leading)].code(spot)),
                # An editor searches the names for the query, including the prefix.
                name=prefix + symbol(name, (quantity(hot.cum, kind) for kind, hot in kinds)),
                kind=types.SymbolKind.Function,
                container_name=(package_of(name) or None) if file.endswith(OF_GO) else None,
            )
