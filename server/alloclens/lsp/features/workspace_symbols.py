"""The functions through which most passes, found by their names; behind a sign, to keep apart from other symbols."""

from __future__ import annotations

import asyncio
from itertools import islice
from typing import TYPE_CHECKING

from lsprotocol import types

from alloclens.lsp.spots import FunctionPlaces
from alloclens.source.recorded import OF_GO, package_of
from alloclens.tables.calls import hot_functions
from alloclens.wording.calls import symbol

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alloclens.lsp.documents import Documents
    from alloclens.lsp.server import Server
    from alloclens.series.comparison import Comparison
    from alloclens.session.world import World

MOST = 50
LOOKED_AT = 200
"""So many functions are looked for here: those that are not are left out."""


def register(server: Server) -> None:
    """Answer workspace/symbol."""
    server.feature(types.WORKSPACE_SYMBOL)(symbols)


async def symbols(ls: Server, params: types.WorkspaceSymbolParams) -> list[types.SymbolInformation]:
    """Return the hot functions whose names contain what follows the sign, heaviest first."""
    world = ls.world
    sign = world.settings.symbol_prefix
    if world.shown is None or not params.query.startswith(sign):
        return []
    asked = params.query[len(sign) :].strip()
    return await asyncio.to_thread(_symbols, world, world.shown, ls.documents, asked)


def _symbols(world: World, comparison: Comparison, documents: Documents, asked: str) -> list[types.SymbolInformation]:
    return list(islice(_found(world, comparison, documents, asked), MOST))


def _found(world: World, comparison: Comparison, documents: Documents, asked: str) -> Iterator[types.SymbolInformation]:
    places, sign = FunctionPlaces(world, documents, comparison), world.settings.symbol_prefix
    for one in hot_functions(comparison.profile, comparison.sample_type, asked, LOOKED_AT):
        if spot := places.of(one.function, one.at):
            yield types.SymbolInformation(
                location=types.Location(spot.uri, places.code(spot)),
                # An editor looks for the query, sign and all, in the names.
                name=sign + symbol(one, comparison.sample_type.unit),
                kind=types.SymbolKind.Function,
                container_name=(package_of(one.function) or None) if one.at.file.endswith(OF_GO) else None,
            )
