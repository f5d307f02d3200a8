"""A finding as plain text to paste into a chat with an agent. It has no source text from outside of the workspace."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from alloclens.disk import read_file
from alloclens.lsp import protocol
from alloclens.lsp.diagnostics import PAGES
from alloclens.lsp.document_lines import DocumentLines
from alloclens.lsp.reported import report_before
from alloclens.paths import rest_within
from alloclens.printable import printable
from alloclens.series.findings import RAISED
from alloclens.session.line_mapper import NamedLine
from alloclens.session.naming import id_of, relative
from alloclens.wording import instances
from alloclens.wording.hover import stack_label
from alloclens.wording.verdict import SHAPES, candidate, figures, placed_message, whose

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alloclens.languages.go.leak_patterns import Shape
    from alloclens.lsp.documents import Documents
    from alloclens.lsp.reported import Reported
    from alloclens.lsp.server import Server
    from alloclens.profile.model import Frame
    from alloclens.series.comparison import Comparison
    from alloclens.series.findings import Finding
    from alloclens.session.line_mapper import MappedLine
    from alloclens.session.world import World

MAX_FINDINGS = 5
AROUND = 8
"""Lines of source before and after."""
MAX_FRAMES = 30
MAX_LINE_CHARACTERS = 200
MAX_PAGE_BYTES = 64 << 10
FIX = "## The usual fix\n"


def register(server: Server) -> None:
    """Offer the command."""
    server.offer(protocol.GetFindingText, finding_text)


async def finding_text(ls: Server, command: protocol.GetFindingText) -> str:
    """Return the findings of an id as text."""
    return await asyncio.to_thread(_text, ls.world, ls.documents, ls.reported, command.id)


def _text(world: World, documents: Documents, reported: Reported, wanted: str) -> str:
    lines = DocumentLines(world, documents)
    pairs = [(finding, of) for of in world.judged for finding in of.findings()] + world.listed_candidates
    texts = []
    for finding, comparison in pairs:
        now = lines.mapper.finding(comparison, finding)
        if id_of(finding, now, world.sources.roots) == wanted:
            before = report_before(reported, finding, comparison)
            texts.append("\n".join(_lines(finding, comparison, world, documents, lines, before)))
    return "\n\n".join(texts[:MAX_FINDINGS])


def _lines(
    finding: Finding,
    comparison: Comparison,
    world: World,
    documents: Documents,
    lines: DocumentLines,
    before: str,
) -> Iterator[str]:
    now = lines.mapper.finding(comparison, finding)
    shape = lines.mapper.shape(comparison, finding, now)
    where = _place(now.at, world) or NamedLine(finding.file, finding.line, now.at).name
    yield printable(f"{where}  {finding.function}")
    yield printable(
        placed_message(finding, comparison, now, world.settings.memory_bytes, before)
        + instances.sentence(world, finding, comparison)
        if finding.verdict in RAISED
        else whose(comparison) + candidate(finding, now, before)
    )
    yield printable(figures(finding))
    if shape:
        yield SHAPES[shape]
    for stack in comparison.stacks_of(finding, 1):
        yield from ("", printable(f"The stack that grew most, leaf first: {stack_label(stack, comparison)}"))
        for frame in stack.frames[:MAX_FRAMES]:
            yield printable(f"  {_frame(frame, comparison, world, lines)}")
    yield from _source(now.at, world, documents)
    yield from _fix(finding, shape)


def _place(at: MappedLine | None, world: World) -> str:
    """Return a line of the workspace; "" for any other."""
    inside = at and any(rest_within(at.path, folder) for folder in world.sources.roots.folders)
    return f"{relative(at.path, world.sources.roots)}:{at.line}" if at and at.line and inside else ""


def _frame(frame: Frame, comparison: Comparison, world: World, lines: DocumentLines) -> str:
    at = lines.mapper.of(comparison, frame.file, frame.line) if comparison.is_own(frame.file) else None
    return f"{frame.function or '?'}  {_place(at, world) or NamedLine(frame.file, frame.line, at).name}"


def _source(at: MappedLine | None, world: World, documents: Documents) -> Iterator[str]:
    """Yield the lines around a line of the workspace, as they are in the editor."""
    document = documents.at(at.path, world.sources.roots) if at and _place(at, world) else None
    if document is None or at is None:
        return
    yield from ("", printable(f"{relative(at.path, world.sources.roots)}:"))
    for number in range(max(at.line - AROUND, 1), min(at.line + AROUND, len(document.lines)) + 1):
        text = document.lines[number - 1].rstrip().replace("\t", "    ")
        yield f"{'>' if number == at.line else ' '}{number:6} {printable(text[:MAX_LINE_CHARACTERS])}"


def _fix(finding: Finding, shape: Shape | None) -> Iterator[str]:
    """Yield what the page about the finding says of the fix."""
    page = PAGES / f"{shape.value if shape else finding.code}.md"
    if page.is_file():
        text = read_file(page, MAX_PAGE_BYTES).decode()
        if fix := text.partition(FIX)[2].partition("\n## ")[0].strip():
            yield from ("", "The usual fix:", "", fix)
