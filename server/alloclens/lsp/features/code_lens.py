"""Numbers above the functions; off unless the setting codeLens is on."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from lsprotocol import types

from alloclens.lsp.client import SHOW_STACKS
from alloclens.lsp.documents import document
from alloclens.source.declarations import declared, is_closure
from alloclens.wording.units import amount, change

if TYPE_CHECKING:
    from alloclens.analysis.functions import FunctionStats
    from alloclens.lsp.documents import Document
    from alloclens.lsp.server import Server
    from alloclens.profile.model import ValueType
    from alloclens.store.world import World


def register(server: Server) -> None:
    """Answer textDocument/codeLens."""
    server.feature(types.TEXT_DOCUMENT_CODE_LENS)(code_lens)


async def code_lens(ls: Server, params: types.CodeLensParams) -> list[types.CodeLens]:
    """Return a lens for each function of the file that the profile names."""
    world = ls.world
    if not world.settings.code_lens or (at := document(ls.workspace, params.text_document.uri)) is None:
        return []
    return await asyncio.to_thread(_lenses, world, at)


def _lenses(world: World, at: Document) -> list[types.CodeLens]:
    file = world.file(at.path)
    if file is None:
        return []
    comparison = file.comparison
    lines = comparison.lines
    recorded = {lines.files[i] for i in set(lines.file[file.rows].tolist())}
    found = ((f, declared(at.text, f.name)) for f in comparison.functions(recorded) if not is_closure(f.name))
    return [_lens(f, at, where[0], comparison.sample_type) for f, where in found if len(where) == 1]


def _lens(function: FunctionStats, at: Document, line: int, kind: ValueType) -> types.CodeLens:
    grew = function.growth
    grown = f" {change(grew.value, kind.unit)}" if grew and grew.certain else ""
    title = f"{amount(function.cum, kind.unit)} cum · {amount(function.flat, kind.unit)} flat{grown}"
    where = at.code_of(line)
    return types.CodeLens(where, types.Command(title, SHOW_STACKS, arguments=[at.uri, line - 1]))
