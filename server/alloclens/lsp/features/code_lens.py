"""Numbers above functions, if the setting codeLens is on."""

from __future__ import annotations

import asyncio
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np
from lsprotocol import types

from alloclens.languages.declarations import declared
from alloclens.languages.go.names import is_closure
from alloclens.wording.amounts import amount, significant_growth

if TYPE_CHECKING:
    from alloclens.lsp.client import Client
    from alloclens.lsp.documents import Document, Documents
    from alloclens.lsp.server import Server
    from alloclens.profile.model import ValueType
    from alloclens.session.world import FileLines, World
    from alloclens.tables.functions import FunctionStats

MAX_LENSES = 200
"""In one file."""


def register(server: Server) -> None:
    """Answer textDocument/codeLens."""
    server.feature(types.TEXT_DOCUMENT_CODE_LENS)(code_lens)


async def code_lens(ls: Server, params: types.CodeLensParams) -> list[types.CodeLens]:
    """Return a lens for each function of the file that the profile names; of many, for the heaviest."""
    if not ls.world.settings.code_lens:
        return []
    return await asyncio.to_thread(_lenses, ls.world, ls.documents, params.text_document.uri, ls.client)


def _lenses(world: World, documents: Documents, uri: str, client: Client) -> list[types.CodeLens]:
    at = documents.named(uri, world.sources.roots)
    file = world.file(at.path) if at else None
    if at is None or file is None:
        return []
    comparison = file.comparison
    lines = comparison.lines
    recorded = {lines.files[i] for i in set(lines.file[file.rows].tolist())}
    ours = (f for f in comparison.functions(recorded) if not is_closure(f.name))
    declarations = ((f, declared(at.text, f.name, at.path)) for f in islice(ours, MAX_LENSES))
    placed = [(where[0], f.name, _title(f, comparison.sample_type)) for f, where in declarations if len(where) == 1]
    stacks = _heaviest(file, at)
    return [
        types.CodeLens(at.code_of(line), client.show_stacks(title, at.uri, stacks.get(name, line) - 1))
        for line, name, title in placed
    ]


def _heaviest(file: FileLines, at: Document) -> dict[str, int]:
    """Return the heaviest line (1-based) of each function, which has stacks: its declaration usually has none."""
    lines, line = file.recorded_lines, file.on(at.text).line
    weight = np.abs(file.comparison.lines.value.cum[file.rows, file.comparison.column])
    order = np.argsort(-weight, kind="stable")
    order = order[(line[order] > 0) & (lines.function[order] >= 0)]
    function, first = np.unique(lines.function[order], return_index=True)
    return dict(zip([lines.names[i] for i in function.tolist()], line[order[first]].tolist(), strict=True))


def _title(function: FunctionStats, kind: ValueType) -> str:
    cum, unit = function.cum, kind.unit
    return f"{amount(cum.value, unit)} cum · {amount(function.flat, unit)} flat{significant_growth(cum, unit)}"
