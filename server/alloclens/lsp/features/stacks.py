"""The call stacks of a line as lists and as a tree, for editors that show them in their own way, and as locations."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from lsprotocol import types

from alloclens.lsp import protocol
from alloclens.lsp.document_lines import DocumentLines, all_here, location, numbers_of
from alloclens.lsp.documents import same
from alloclens.printable import printable
from alloclens.tables.sites import RecordedLine
from alloclens.tables.stack_tree import branches
from alloclens.wording import views
from alloclens.wording.hover import stack_label
from alloclens.wording.kinds import SEPARATOR, named
from alloclens.wording.names import short_name

if TYPE_CHECKING:
    from alloclens.lsp.document_lines import Here
    from alloclens.lsp.documents import Documents
    from alloclens.lsp.server import Server
    from alloclens.profile.model import Frame
    from alloclens.series.comparison import Comparison
    from alloclens.session.world import World
    from alloclens.tables.stack_tree import Branches, StackNode
    from alloclens.tables.stacks import Stack

MAX_STACKS = 20


def register(server: Server) -> None:
    """Offer the commands, and answer textDocument/declaration."""
    server.offer(protocol.GetStacks, stacks)
    server.offer(protocol.GetStackTree, stack_tree)
    server.feature(types.TEXT_DOCUMENT_DECLARATION)(declaration)


async def stacks(ls: Server, command: protocol.GetStacks) -> protocol.LineStacks | None:
    """Return the heaviest stacks through a line."""
    return await asyncio.to_thread(_stacks, ls.world, ls.documents, command.uri, command.line + 1)


async def stack_tree(ls: Server, command: protocol.GetStackTree) -> list[protocol.StackTreeNode]:
    """Return the children of a node, heaviest first; a last row without an id stands for those left out."""
    return await asyncio.to_thread(_tree, ls.world, ls.documents, command)


async def declaration(ls: Server, params: types.DeclarationParams) -> list[types.Location] | None:
    """Return the lines of the frames of the heaviest stacks, leaf first, without the line itself; None if there is none.

    It is withdrawn from editors that show pages of call stacks.
    """
    uri, line = params.text_document.uri, params.position.line + 1
    return await asyncio.to_thread(_frame_lines, ls.world, ls.documents, uri, line) or None


def _frame_lines(world: World, documents: Documents, uri: str, line: int) -> list[types.Location]:
    document_lines = DocumentLines(world, documents)
    lines = {
        (spot.uri, spot.line): None
        for at in all_here(world, documents, uri, line)
        for stack in at.comparison.stacks(at.recorded, at.line, MAX_STACKS)
        for frame in stack.frames
        if (spot := document_lines.of(at.comparison, frame.file, frame.line))
        and (same(spot.uri), spot.line) != (same(uri), line)
    }
    starts = [(file, types.Position(number - 1, 0)) for file, number in lines]
    return [types.Location(file, types.Range(start, start)) for file, start in starts]


def _stacks(world: World, documents: Documents, uri: str, line: int) -> protocol.LineStacks | None:
    kinds, document_lines = numbers_of(world, documents, uri, line), DocumentLines(world, documents)
    if not kinds:
        return None
    heaviest = [
        _stack(stack, at.comparison, world, document_lines)
        for at in kinds
        for stack in at.comparison.stacks(at.recorded, at.line, MAX_STACKS)
    ]
    return protocol.LineStacks(printable(f"{SEPARATOR.join(map(_total, kinds))} through line {line}"), heaviest)


def _total(at: Here) -> str:
    return views.of_kind(at.comparison.stats(at.row).cum.value, at.comparison)


def _stack(stack: Stack, comparison: Comparison, world: World, document_lines: DocumentLines) -> protocol.LineStack:
    frames = [_frame(frame, comparison, world, document_lines) for frame in stack.frames]
    return protocol.LineStack(stack_label(stack, comparison), frames)


def _frame(frame: Frame, comparison: Comparison, world: World, document_lines: DocumentLines) -> protocol.StackFrame:
    at = document_lines.mapper.of(comparison, frame.file, frame.line)
    where = at.named(at.path, frame.line) if at else f"{frame.file}:{frame.line}"
    return protocol.StackFrame(
        label=printable(f"{short_name(frame.function)}  {where}"),
        location=location(document_lines.in_document(at)),
        own=world.sources.is_own(frame.file),
    )


def _tree(world: World, documents: Documents, command: protocol.GetStackTree) -> list[protocol.StackTreeNode]:
    kinds, path = numbers_of(world, documents, command.uri, command.line + 1), command.path
    if len(kinds) > 1:
        if not path:
            return [_kind(at) for at in kinds]
        kinds, path = [at for at in kinds if _kind(at).id == path[0]], path[1:]
    if not kinds:
        return []
    at, document_lines = kinds[0], DocumentLines(world, documents)
    comparison, line = at.comparison, RecordedLine(at.recorded, at.line)
    profile, number = comparison.profile, comparison.profile.sample_types.index(comparison.sample_type)
    children = branches(profile, number, line, command.direction, path, unsaid=comparison.unsaid)
    whole = comparison.stats(at.row).cum.value
    is_within = bool(command.path)
    rows = [_node(node, whole, comparison, world, document_lines, is_within=is_within) for node in children.nodes]
    return rows + ([_others(children, comparison)] if children.many > len(rows) else [])


def _kind(at: Here) -> protocol.StackTreeNode:
    """Return the row of a kind of profile, below which its tree is."""
    kind = named(at.comparison.series.kind)
    return protocol.StackTreeNode(kind, kind, printable(_total(at)), None, own=True, leaf=False)


def _node(
    node: StackNode,
    whole: float,
    comparison: Comparison,
    world: World,
    document_lines: DocumentLines,
    *,
    is_within: bool,
) -> protocol.StackTreeNode:
    unit, line = comparison.sample_type.unit, document_lines.mapper.named(comparison, node.file, node.line)
    return protocol.StackTreeNode(
        id=node.id,
        label=views.frame_label(node, unit) if is_within else views.root_label(node, comparison),
        detail=views.frame_detail(node, line.name, whole, unit, compared=comparison.base is not None),
        location=location(document_lines.in_document(line.at)),
        own=world.sources.is_own(node.file),
        leaf=node.leaf,
    )


def _others(children: Branches, comparison: Comparison) -> protocol.StackTreeNode:
    detail = views.others(children, comparison.sample_type.unit)
    return protocol.StackTreeNode("", "…", detail, None, own=False, leaf=True)
