"""What can be done at a line: see its stacks, look at it alone, find out why it has no number."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from lsprotocol import types

from alloclens.lsp.features import explain
from alloclens.lsp.features.focus import FOCUS, UNFOCUS
from alloclens.lsp.spots import here
from alloclens.wording.focus import words
from alloclens.wording.hover import short_name
from alloclens.wording.stack_page import NAMELESS
from alloclens.wording.stack_page_rows import stacks

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alloclens.lsp.documents import Documents
    from alloclens.lsp.server import Server
    from alloclens.lsp.spots import Here
    from alloclens.session.world import World
    from alloclens.transform.filters import Filters


def register(server: Server) -> None:
    """Answer textDocument/codeAction."""
    server.feature(types.TEXT_DOCUMENT_CODE_ACTION, types.CodeActionOptions(list(KINDS)))(code_actions)


async def code_actions(ls: Server, params: types.CodeActionParams) -> list[types.CodeAction]:
    """Return what can be done at the cursor's line."""
    kinds, back = params.context.only, _back(ls.focus)
    found = await asyncio.to_thread(_found, ls, ls.world, params.text_document.uri, params.range.start.line)
    return [one for one in (*found, *back) if kinds is None or one.kind in kinds]


def _found(ls: Server, world: World, uri: str, line: int) -> list[types.CodeAction]:
    fixes = [_action(command, types.CodeActionKind.QuickFix) for command in explain.commands(ls, world, uri)]
    at = here(world, ls.documents, uri, line + 1)
    looks = _of_line(ls, at, uri, line) if at else _of_page(ls.documents, uri, line)
    return fixes + [_action(command, types.CodeActionKind.Empty) for command in looks]


def _of_line(ls: Server, at: Here, uri: str, line: int) -> Iterator[types.Command]:
    yield ls.client.show_stacks("Show call stacks", uri, line)
    if function := at.function:
        yield from _of_function(function)


def _of_page(documents: Documents, uri: str, line: int) -> Iterator[types.Command]:
    """What a page of call stacks has at a line."""
    page = documents.page(uri)
    for stack in stacks(page.lines) if page else ():
        if line in stack.rows:
            if (function := stack.functions.get(line, NAMELESS)) != NAMELESS:
                yield from _of_function(function)
            yield _step("Show only what passes through this stack", {"stack": stack.known})


def _of_function(function: str) -> Iterator[types.Command]:
    name = short_name(function)
    yield _step(f"Show only what passes through {name}", {"function": function})
    yield _step(f"Leave out what passes through {name}", {"ignoreFunction": function})


def _back(steps: tuple[tuple[Filters, ...], ...]) -> list[types.CodeAction]:
    last = [types.Command(f"Step back from samples {words(one)}", UNFOCUS, arguments=[None]) for one in steps[-1:]]
    every = [types.Command("Show all samples", UNFOCUS, arguments=[True])] if len(steps) > 1 else []
    return [_action(command, types.CodeActionKind.Empty) for command in last + every]


def _step(title: str, step: dict[str, Any]) -> types.Command:
    return types.Command(title, FOCUS, arguments=[step])


def _action(command: types.Command, kind: types.CodeActionKind | str) -> types.CodeAction:
    return types.CodeAction(command.title, kind=kind, command=command)


KINDS = (types.CodeActionKind.QuickFix, types.CodeActionKind.Empty)
