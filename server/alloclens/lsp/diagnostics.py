"""Turns findings into diagnostics."""

from __future__ import annotations

from itertools import chain, repeat
from pathlib import Path
from typing import TYPE_CHECKING

from lsprotocol import types

from alloclens.disk import real
from alloclens.lsp.document_lines import NOWHERE, DocumentLines, FunctionPlaces
from alloclens.lsp.documents import uri_of
from alloclens.lsp.reported import report_before
from alloclens.paths import clean_path
from alloclens.printable import printable
from alloclens.series.verdicts import VERDICTS
from alloclens.session.naming import id_of
from alloclens.wording import instances
from alloclens.wording.hover import stack_label
from alloclens.wording.names import short_name
from alloclens.wording.verdict import CALLER, INLINED, SHAPES, caller_message, edited, placed_message, whose

if TYPE_CHECKING:
    from alloclens.languages.go.leak_patterns import Shape
    from alloclens.lsp.client import Client
    from alloclens.lsp.document_lines import DocumentLine, Here
    from alloclens.lsp.documents import Documents
    from alloclens.lsp.reported import Reported
    from alloclens.series.comparison import Comparison
    from alloclens.series.findings import Finding
    from alloclens.session.line_mapper import MappedFinding, NamedLine
    from alloclens.session.world import World
    from alloclens.settings.config import ConfigProblem

SOURCE = "alloclens"
PAGES = Path(__file__).parent.parent / "pages"
"""The pages to which diagnostic codes link. They are part of the package, so that they need no network."""
LOWER = {
    types.DiagnosticSeverity.Error: types.DiagnosticSeverity.Warning,
    types.DiagnosticSeverity.Warning: types.DiagnosticSeverity.Information,
    types.DiagnosticSeverity.Information: types.DiagnosticSeverity.Information,
    types.DiagnosticSeverity.Hint: types.DiagnosticSeverity.Hint,
}
"""The severity of a caller's diagnostic, by that of the line it calls: both are of one finding.

Information is not lowered: VS Code does not list hints, and hardly shows them.
"""
SEVERITY = {
    "error": types.DiagnosticSeverity.Error,
    "warning": types.DiagnosticSeverity.Warning,
    "information": types.DiagnosticSeverity.Information,
    "hint": types.DiagnosticSeverity.Hint,
}


def of(
    world: World, documents: Documents, client: Client, reported: Reported = ()
) -> dict[str, list[types.Diagnostic]]:
    """Return the diagnostics of every document that has any, by URI. Reads closed files: call it from a thread."""
    out = _of(world, documents, client, reported)
    for other in documents.duplicates(world.sources.roots):
        out[other.uri] = _of(world, documents.before_others(other.uri), client, reported).get(other.uri, [])
    return out


def _of(world: World, documents: Documents, client: Client, reported: Reported) -> dict[str, list[types.Diagnostic]]:
    """Return the diagnostics by URI, for only one document of each file."""
    out: dict[str, list[types.Diagnostic]] = {}
    document_lines, roots = DocumentLines(world, documents), world.sources.roots
    named = {verdict: world.settings.severity(verdict) for verdict in VERDICTS}
    severities = {verdict: SEVERITY[name] for verdict, name in named.items() if name in SEVERITY}
    for comparison in world.judged:
        for finding in comparison.findings(severities):
            now, severity = document_lines.mapper.finding(comparison, finding), severities[finding.verdict]
            before = report_before(reported, finding, comparison)
            spot = document_lines.in_document(now.at)
            if spot is None and now.at:  # of an edited line, its function is marked: the leak may still be there
                spot = FunctionPlaces(world, documents, comparison).of(finding.function, finding.file, finding.line)
            marks = [
                (spot, _diagnostic(finding, comparison, now, document_lines, world, before), severity),
                *(
                    (
                        document_lines.in_document(caller.at),
                        _of_caller(finding, comparison, now, caller, document_lines),
                        LOWER[severity],
                    )
                    for caller in now.callers
                ),
            ]
            data = {"id": id_of(finding, now, roots)}
            for spot, diagnostic, level in marks:
                at = documents.named(spot.uri, roots) if spot else None
                if spot and at and spot.line <= len(at.lines):
                    diagnostic.range, diagnostic.severity, diagnostic.data = at.code_of(spot.line), level, data
                    out.setdefault(at.uri, []).append(_for(client, diagnostic))
    for problem in (p for p in world.settings_problems if p.path):
        opened = documents.opened_at(real(problem.path), roots)
        uri = opened.uri if opened else uri_of(problem.path, roots)
        out.setdefault(uri, []).append(_of_settings(problem))
    return out


def has_diagnostic(at: Here, world: World) -> bool:
    """Return whether the verdict on a line in one kind of profile is a diagnostic that editors certainly show."""
    judged = at.comparison.finding(at.row)
    if judged is None or at.comparison not in world.judged:
        return False
    return world.settings.severity(judged.verdict) not in ("off", "hint")


def page_of(finding: Finding, shape: Shape | None = None) -> str:
    """Return the address of the page that explains a finding; "" if there is none."""
    page = PAGES / f"{shape.value if shape else finding.code}.md"
    return page.as_uri() if page.is_file() else ""


def _diagnostic(
    finding: Finding,
    comparison: Comparison,
    now: MappedFinding,
    document_lines: DocumentLines,
    world: World,
    before: str,
) -> types.Diagnostic:
    """Return the diagnostic of a finding, with its callers, the stack that grew most, and what it was reported as `before`."""
    shape = document_lines.mapper.shape(comparison, finding, now)
    message = placed_message(finding, comparison, now, world.settings.memory_bytes, before)
    message += instances.sentence(world, finding, comparison)
    if now.at and not now.at.line:
        message = edited(now.at.path, finding.line) + message
    return types.Diagnostic(
        NOWHERE,
        f"{message} {SHAPES[shape]}" if shape else message,
        code=finding.code,
        code_description=types.CodeDescription(page_of(finding, shape)),
        source=SOURCE,
        related_information=[
            *_stack(finding, comparison, now, document_lines),
            *_inlined(finding, now, document_lines),
        ],
    )


def _of_caller(
    finding: Finding, comparison: Comparison, now: MappedFinding, caller: NamedLine, document_lines: DocumentLines
) -> types.Diagnostic:
    """Return the diagnostic of one of the callers, which leads to the line through which it is held."""
    held = document_lines.in_document(now.at)
    where = [types.DiagnosticRelatedInformation(_location(held), short_name(finding.function))] if held else []
    return types.Diagnostic(
        NOWHERE,
        whose(comparison) + caller_message(finding, now, caller),
        code=finding.code,
        code_description=types.CodeDescription(page_of(finding)),
        source=SOURCE,
        related_information=where,
    )


def _for(client: Client, diagnostic: types.Diagnostic) -> types.Diagnostic:
    """Leave out what the editor cannot show."""
    if not client.relates_diagnostics:
        diagnostic.related_information = None
    if not client.describes_codes:
        diagnostic.code_description = None
    if not client.returns_data:
        diagnostic.data = None
    return diagnostic


def _of_settings(problem: ConfigProblem) -> types.Diagnostic:
    line = problem.line - 1
    where = types.Range(types.Position(line, 0), types.Position(line + 1, 0))
    return types.Diagnostic(
        where, printable(problem.message), severity=types.DiagnosticSeverity.Error, code="settings", source=SOURCE
    )


def _stack(
    finding: Finding, comparison: Comparison, now: MappedFinding, document_lines: DocumentLines
) -> list[types.DiagnosticRelatedInformation]:
    """Return the own frames of the stack that grew most, leaf first; the first has the bytes, which are those of all."""
    stacks = comparison.stacks_of(finding, 1)
    if not stacks:
        return []
    callers = {(caller.recorded, caller.line) for caller in now.callers}
    own = [frame for frame in stacks[0].frames if comparison.is_own(frame.file)]
    placed = [(frame, at) for frame in own if (at := document_lines.of(comparison, frame.file, frame.line))]
    labels = chain([f" · {stack_label(stacks[0], comparison)}"], repeat(""))
    return [
        types.DiagnosticRelatedInformation(
            _location(at),
            f"{short_name(f.function)}{label}{CALLER if (clean_path(f.file), f.line) in callers else ''}",
        )
        for (f, at), label in zip(placed, labels, strict=False)
    ]


def _inlined(
    finding: Finding, now: MappedFinding, document_lines: DocumentLines
) -> list[types.DiagnosticRelatedInformation]:
    """Return the functions that V8 may have inlined into that of a finding."""
    placed = [
        (of, at)
        for of, other in zip(finding.inlined, now.inlined, strict=True)
        if (at := document_lines.in_document(other.at))
    ]
    return [
        types.DiagnosticRelatedInformation(_location(at), f"{short_name(of.function)}{INLINED}") for of, at in placed
    ]


def _location(spot: DocumentLine) -> types.Location:
    at = types.Position(spot.line - 1, 0)
    return types.Location(spot.uri, types.Range(at, at))
