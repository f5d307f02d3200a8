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
from alloclens.wording.kinds import SEPARATOR, noun, quantity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alloclens.lsp.client import Client
    from alloclens.lsp.documents import Document, Documents
    from alloclens.lsp.server import Server
    from alloclens.series.comparison import Comparison
    from alloclens.session.world import FileLines, World
    from alloclens.tables.functions import FunctionStats

MAX_LENSES = 200
"""In one file."""


def register(server: Server) -> None:
    """Answer textDocument/codeLens."""
    server.feature(types.TEXT_DOCUMENT_CODE_LENS)(code_lens)


async def code_lens(ls: Server, params: types.CodeLensParams) -> list[types.CodeLens]:
    """Return a lens for each function of the file that the profile names; of many, for the heaviest."""
    await ls.until_loaded(asks_again=ls.client.refreshes_lenses)
    if not ls.world.settings.code_lens:
        return []
    return await asyncio.to_thread(_lenses, ls.world, ls.documents, params.text_document.uri, ls.client)


def _lenses(world: World, documents: Documents, uri: str, client: Client) -> list[types.CodeLens]:
    at = documents.named(uri, world.sources.roots)
    if at is None:
        return []
    titles: dict[str, list[str]] = {}
    stacks: dict[str, int] = {}
    for file in world.files(at.path):
        for function in islice(_functions(file), MAX_LENSES):
            titles.setdefault(function.name, []).append(_title(function, file.comparison))
        stacks = _heaviest(file, at) | stacks
    declarations = ((name, declared(at.text, name, at.path)) for name in titles)
    return [
        types.CodeLens(
            at.code_of(where[0]),
            client.show_stacks(SEPARATOR.join(titles[name]), at.uri, stacks.get(name, where[0]) - 1),
        )
        for name, where in declarations
        if len(where) == 1
    ]


def _functions(file: FileLines) -> Iterator[FunctionStats]:
    lines = file.comparison.lines
    recorded = {lines.files[i] for i in set(lines.file[file.rows].tolist())}
    return (function for function in file.comparison.functions(recorded) if not is_closure(function.name))


def _heaviest(file: FileLines, at: Document) -> dict[str, int]:
    """Return the heaviest line (1-based) of each function, which has stacks: its declaration usually has none."""
    lines, line = file.recorded_lines, file.on(at.text).line
    weight = np.abs(file.comparison.lines.value.cum[file.rows, file.comparison.column])
    order = np.argsort(-weight, kind="stable")
    order = order[(line[order] > 0) & (lines.function[order] >= 0)]
    function, first = np.unique(lines.function[order], return_index=True)
    return dict(zip([lines.names[i] for i in function.tolist()], line[order[first]].tolist(), strict=True))


def _title(function: FunctionStats, comparison: Comparison) -> str:
    kind, unit = comparison.sample_type, comparison.sample_type.unit
    cum = comparison.with_verdict(
        function.cum, kind, lambda: function.name in {name for name, _, _ in comparison.codes}
    )
    if noun(comparison, kind):
        return quantity(cum.value, comparison) + significant_growth(cum, unit)
    return f"{amount(cum.value, unit)} cum · {amount(function.flat, unit)} flat{significant_growth(cum, unit)}"
