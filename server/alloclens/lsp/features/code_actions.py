"""The actions at a line: show its stacks, focus on it, fix its leak, or explain why a file has no numbers."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING

from lsprotocol import types

from alloclens.languages import language_of
from alloclens.lsp import protocol
from alloclens.lsp.active import follow_file
from alloclens.lsp.commands import as_command
from alloclens.lsp.diagnostics import SOURCE
from alloclens.lsp.document_lines import here
from alloclens.lsp.quick_fixes import at_line
from alloclens.paths import name_of
from alloclens.session.choice import names, services_with
from alloclens.wording.explain import mapping
from alloclens.wording.focus import words
from alloclens.wording.names import short_name
from alloclens.wording.nothing import of_snapshot

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from alloclens.lsp.document_lines import Here
    from alloclens.lsp.server import Server
    from alloclens.session.world import World
    from alloclens.transform.filters import Filters
    from alloclens.wording.stack_page import PageRows


def register(server: Server) -> None:
    """Answer textDocument/codeAction."""
    server.feature(types.TEXT_DOCUMENT_CODE_ACTION, types.CodeActionOptions(list(KINDS)))(code_actions)


async def code_actions(ls: Server, params: types.CodeActionParams) -> list[types.CodeAction]:
    """Return the actions at the cursor's line."""
    follow_file(ls, params.text_document.uri)
    kinds, back = params.context.only, _back(ls.focus)
    actions = await asyncio.to_thread(_at_line, ls, ls.world, params.text_document.uri, params.range.start.line)
    copied = _of_diagnostics(ls, params.context.diagnostics)
    return [action for action in (*actions, *copied, *back) if kinds is None or action.kind in kinds]


def _at_line(ls: Server, world: World, uri: str, line: int) -> list[types.CodeAction]:
    fixes = [_action(command, types.CodeActionKind.QuickFix) for command in _of_placement(ls, world, uri)]
    at = here(world, ls.documents, uri, line + 1)
    looks = _of_line(ls, at, uri, line) if at else _of_page(ls.documents.page_rows(uri), line)
    fixes += at_line(ls, world, uri, line + 1)
    return fixes + [_action(command, types.CodeActionKind.Empty) for command in looks]


def _of_diagnostics(ls: Server, diagnostics: Sequence[types.Diagnostic]) -> list[types.CodeAction]:
    """Return an action for each finding whose diagnostics an editor sent back, if it can copy."""
    data = [diagnostic.data for diagnostic in diagnostics if diagnostic.source == SOURCE]
    named = dict.fromkeys(of["id"] for of in data if isinstance(of, Mapping) and isinstance(of.get("id"), str))
    commands = [ls.client.copy_for_agent("Copy for an Agent", one) for one in named]
    return [_action(command, types.CodeActionKind.Empty) for command in commands if command]


def _of_placement(ls: Server, world: World, uri: str) -> list[types.Command]:
    """Return, for a file without numbers, the series that have some or the path mappings that would find it, and the reason."""
    at = ls.documents.named(uri, world.sources.roots)
    path = at.path if at else ""
    if path and not world.shown and not world.pending and language_of(path):
        return [ls.client.explain(WHY, uri)]
    if not path or not world.shown or world.file(path):
        return []
    if others := [names(world)[service] for service in services_with(world, path)]:
        shown = [as_command(f"Show the series {name}", protocol.ShowSeries(name)) for name in others]
        return [*shown, ls.client.explain(WHY, uri)]
    if not _could_have(world, path):
        return []
    finding = [mapping(s, world.sources.roots) for s in world.coverage.suggestions if path in s.found]
    added = [
        as_command(
            f"Add the path mapping {recorded} → {to} to alloclens.toml", protocol.AddMapping(recorded=recorded, to=to)
        )
        for recorded, to in finding
    ]
    return [*added, ls.client.explain(WHY, uri)]


def _could_have(world: World, path: str) -> bool:
    """Return whether the profile names a file of this name, or might if it had been read as a whole."""
    shown = world.shown
    if shown is None:
        return False
    is_cut = bool(language_of(path) and of_snapshot(shown.head, world.sources.roots.folders))
    return bool(is_cut or world.recorded_at(shown, path) or name_of(path) in shown.lines.by_name)


def _of_line(ls: Server, at: Here, uri: str, line: int) -> Iterator[types.Command]:
    yield ls.client.show_stacks("Show call stacks", uri, line)
    if function := at.function:
        yield from _of_function(function)


def _of_page(page: PageRows | None, line: int) -> Iterator[types.Command]:
    """What a page of call stacks has at a line."""
    for stack in page.stacks if page else ():
        if stack.heading <= line < stack.end:
            frame = line - stack.heading - 1
            if 0 <= frame < len(stack.functions) and (function := stack.functions[frame]):
                yield from _of_function(function)
            yield _step("Focus on this stack", protocol.FocusStep(stack=tuple(stack.stack)))


def _of_function(function: str) -> Iterator[types.Command]:
    name = short_name(function)
    yield _step(f"Focus on {name}", protocol.FocusStep(function=function))
    yield _step(f"Ignore {name}", protocol.FocusStep(ignore_function=function))


def _back(steps: tuple[tuple[Filters, ...], ...]) -> list[types.CodeAction]:
    last = [as_command(f"Undo last focus ({words(step)})", protocol.Unfocus()) for step in steps[-1:]]
    show_all = [as_command("Clear focus", protocol.Unfocus(every=True))] if len(steps) > 1 else []
    return [_action(command, types.CodeActionKind.Empty) for command in last + show_all]


def _step(title: str, step: protocol.FocusStep) -> types.Command:
    return as_command(title, protocol.AddFocus(step))


def _action(command: types.Command, kind: types.CodeActionKind | str) -> types.CodeAction:
    return types.CodeAction(command.title, kind=kind, command=command)


WHY = "Why are there no numbers here?"
KINDS = (types.CodeActionKind.QuickFix, types.CodeActionKind.Empty)
