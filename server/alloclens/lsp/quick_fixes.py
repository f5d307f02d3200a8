"""Offers the usual fix of a leak as an edit, which the user has to confirm: where its stack and the text agree on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol import types

from alloclens.languages.go.fixes import deferral
from alloclens.lsp.document_lines import DocumentLines
from alloclens.lsp.documents import same
from alloclens.text import split_lines

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alloclens.languages.go.fixes import Deferral
    from alloclens.languages.go.leak_patterns import Shape
    from alloclens.lsp.documents import Document
    from alloclens.lsp.server import Server
    from alloclens.session.world import World

ANNOTATION = "alloclens.fix"


def at_line(ls: Server, world: World, uri: str, line: int) -> Iterator[types.CodeAction]:
    """Yield the fixes at a line (1-based). Reads files: use it in a thread."""
    documents = ls.documents
    if not ls.client.confirms_edits or not (document := documents.named(uri, world.sources.roots)):
        return
    lines = split_lines(document.text)
    if not document.path.endswith(".go") or not 0 < line <= len(lines) or ":=" not in lines[line - 1]:
        return
    for shape in dict.fromkeys(_shapes(DocumentLines(world, documents), world, uri, line)):
        if made := deferral(document.text, line, shape):
            yield _action(document, line, made)


def _shapes(document_lines: DocumentLines, world: World, uri: str, line: int) -> Iterator[Shape]:
    """Yield the shapes of the findings that are certainly on a line."""
    for comparison in world.judged:
        for finding in comparison.findings():
            now = document_lines.mapper.finding(comparison, finding)
            spot = document_lines.in_document(now.at)
            is_here = spot and not spot.unsure and (same(spot.uri), spot.line) == (same(uri), line)
            if is_here and (shape := document_lines.mapper.shape(comparison, finding, now)):
                yield shape


def _action(document: Document, line: int, made: Deferral) -> types.CodeAction:
    lines = split_lines(document.text)
    edits = [_edit(document.end_of(made.after), 0, f"\n{made.text}")]
    if made.unnamed >= 0:
        column = document.units(lines[line - 1][: made.unnamed])
        edits.insert(0, _edit(types.Position(line - 1, column), 1, "cancel"))
    title = f"Add `{made.text.strip()}` after {'the check of the error' if made.after > line else 'this line'}"
    described = "It runs when the function returns. Is nothing used afterwards?"
    annotation = types.ChangeAnnotation(title, needs_confirmation=True, description=described)
    of = types.OptionalVersionedTextDocumentIdentifier(document.uri)
    edit = types.WorkspaceEdit(
        document_changes=[types.TextDocumentEdit(of, edits)], change_annotations={ANNOTATION: annotation}
    )
    return types.CodeAction(title, kind=types.CodeActionKind.QuickFix, edit=edit)


def _edit(at: types.Position, replaced: int, text: str) -> types.AnnotatedTextEdit:
    end = types.Position(at.line, at.character + replaced)
    return types.AnnotatedTextEdit(ANNOTATION, types.Range(at, end), text)
