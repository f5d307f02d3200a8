"""Turns findings into diagnostics."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from lsprotocol import types

from alloclens.disk import real
from alloclens.lsp.documents import uri_of
from alloclens.lsp.spots import Spots
from alloclens.printable import printable
from alloclens.series.findings import RAISED
from alloclens.series.verdicts import VERDICTS
from alloclens.wording.hover import stack_label
from alloclens.wording.names import short_name
from alloclens.wording.verdict import SHAPES, placed_message

if TYPE_CHECKING:
    from alloclens.lsp.client import Client
    from alloclens.lsp.documents import Document, Documents
    from alloclens.lsp.spots import Spot
    from alloclens.series.comparison import Comparison
    from alloclens.series.findings import Finding
    from alloclens.session.line_mapper import MappedFinding
    from alloclens.session.world import World
    from alloclens.settings.config import ConfigProblem

SOURCE = "alloclens"
PAGES = Path(__file__).parent.parent / "pages"
"""The pages to which diagnostic codes link. They are part of the package, so that they need no network."""
SEVERITY = {
    "error": types.DiagnosticSeverity.Error,
    "warning": types.DiagnosticSeverity.Warning,
    "information": types.DiagnosticSeverity.Information,
    "hint": types.DiagnosticSeverity.Hint,
}


def of(world: World, documents: Documents, client: Client) -> dict[str, list[types.Diagnostic]]:
    """Return the diagnostics of every document that has any, by URI. Reads closed files: call it from a thread."""
    out = _of(world, documents, client)
    for other in documents.duplicates(world.sources.roots):
        out[other.uri] = _of(world, documents.before_others(other.uri), client).get(other.uri, [])
    return out


def _of(world: World, documents: Documents, client: Client) -> dict[str, list[types.Diagnostic]]:
    """Return the diagnostics by URI, for only one document of each file."""
    out: dict[str, list[types.Diagnostic]] = {}
    spots, roots = Spots(world, documents), world.sources.roots
    severities = {verdict: SEVERITY.get(world.settings.severity(verdict)) for verdict in VERDICTS}
    marked = [verdict for verdict, severity in severities.items() if severity]
    for comparison in world.judged:
        for finding in comparison.findings(marked):
            now = spots.finding(comparison, finding)
            spot = spots.spot(now.at)
            if spot and (at := documents.named(spot.uri, roots)) and spot.line <= len(at.lines):
                diagnostic = _diagnostic(finding, comparison, now, spot.line, at, world)
                diagnostic.severity = severities[finding.verdict]
                if client.relates_diagnostics:
                    diagnostic.related_information = _stack(finding, comparison, spots)
                if not client.describes_codes:
                    diagnostic.code_description = None
                out.setdefault(at.uri, []).append(diagnostic)
    for problem in (p for p in world.settings_problems if p.path):
        opened = documents.opened_at(real(problem.path), roots)
        uri = opened.uri if opened else uri_of(problem.path, roots)
        out.setdefault(uri, []).append(_of_settings(problem))
    return out


def _diagnostic(
    finding: Finding, comparison: Comparison, now: MappedFinding, line: int, at: Document, world: World
) -> types.Diagnostic:
    text = at.lines[line - 1] if at.path.endswith(".go") and not now.unsure else ""
    shape = comparison.shape(finding, text) if finding.verdict in RAISED else None
    message = placed_message(finding, comparison, now, world.settings.memory_bytes)
    return types.Diagnostic(
        at.code_of(line),
        f"{message} {SHAPES[shape]}" if shape else message,
        code=finding.code,
        code_description=types.CodeDescription((PAGES / f"{shape.value if shape else finding.code}.md").as_uri()),
        source=SOURCE,
    )


def _of_settings(problem: ConfigProblem) -> types.Diagnostic:
    line = problem.line - 1
    where = types.Range(types.Position(line, 0), types.Position(line + 1, 0))
    return types.Diagnostic(
        where, printable(problem.message), severity=types.DiagnosticSeverity.Error, code="settings", source=SOURCE
    )


def _stack(finding: Finding, comparison: Comparison, spots: Spots) -> list[types.DiagnosticRelatedInformation]:
    """Return the frames of the stack that grew most, leaf first, without those that have no place here."""
    stacks = comparison.stacks_of(finding, 1)
    if not stacks:
        return []
    label = stack_label(stacks[0], comparison)
    placed = [(f, spots.of(comparison, f.file, f.line)) for f in stacks[0].frames]
    return [
        types.DiagnosticRelatedInformation(_location(at), f"{short_name(f.function)} · {label}")
        for f, at in placed
        if at
    ]


def _location(spot: Spot) -> types.Location:
    at = types.Position(spot.line - 1, 0)
    return types.Location(spot.uri, types.Range(at, at))
