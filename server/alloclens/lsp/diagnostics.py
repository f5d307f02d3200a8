"""Findings -> diagnostics, on the lines they are about."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol import types

from alloclens.lsp.documents import document, uri_of
from alloclens.lsp.pages import page
from alloclens.lsp.spots import Spots
from alloclens.wording.hover import short_name, stack_label
from alloclens.wording.verdict import message

if TYPE_CHECKING:
    from pygls.workspace import Workspace

    from alloclens.analysis.comparison import Comparison
    from alloclens.analysis.findings import Finding
    from alloclens.lsp.client import Client
    from alloclens.store.config import ConfigProblem
    from alloclens.store.world import World

SOURCE = "alloclens"
SEVERITY = {
    "error": types.DiagnosticSeverity.Error,
    "warning": types.DiagnosticSeverity.Warning,
    "information": types.DiagnosticSeverity.Information,
    "hint": types.DiagnosticSeverity.Hint,
}


def of(world: World, workspace: Workspace, client: Client) -> dict[str, list[types.Diagnostic]]:
    """Return the diagnostics of every file that has any, by URI. Reads closed files: call it from a thread."""
    out: dict[str, list[types.Diagnostic]] = {}
    spots = Spots(world, workspace)
    for comparison in world.comparisons:
        for finding in comparison.verdicts:
            severity = SEVERITY.get(world.settings.severity(finding.verdict))
            if severity is None:
                continue
            spot = spots.of(comparison, finding.file, finding.line)
            if spot and (at := document(workspace, spot.uri)) and spot.line <= len(at.lines):
                related = _stack(finding, comparison, spots) if client.relates_diagnostics else None
                said = message(finding, world.settings.memory_bytes, comparison.in_use, unsure=spot.unsure)
                where = at.code_of(spot.line)
                made = _diagnostic(finding, said, where, severity, related)
                if client.describes_codes:
                    made.code_description = types.CodeDescription(page(finding.verdict))
                out.setdefault(at.uri, []).append(made)
    for problem in world.settings_problems:
        uri = uri_of(problem.path, world.sources.roots)
        out.setdefault(uri, []).append(_of_settings(problem))
    return out


def _diagnostic(
    finding: Finding,
    said: str,
    where: types.Range,
    severity: types.DiagnosticSeverity,
    related: list[types.DiagnosticRelatedInformation] | None,
) -> types.Diagnostic:
    return types.Diagnostic(
        where,
        said,
        severity=severity,
        code=finding.verdict,
        source=SOURCE,
        related_information=related,
    )


def _of_settings(problem: ConfigProblem) -> types.Diagnostic:
    line = problem.line - 1
    where = types.Range(types.Position(line, 0), types.Position(line + 1, 0))
    return types.Diagnostic(
        where, problem.message, severity=types.DiagnosticSeverity.Error, code="settings", source=SOURCE
    )


def _stack(finding: Finding, comparison: Comparison, spots: Spots) -> list[types.DiagnosticRelatedInformation]:
    """Return the frames of the stack that grew most, leaf first, as far as they have a place here."""
    stacks = comparison.stacks(finding.file, finding.line, 1)
    if not stacks:
        return []
    label = stack_label(stacks[0], comparison)
    placed = [(f, spots.of(comparison, f.file, f.line)) for f in stacks[0].frames]
    return [
        types.DiagnosticRelatedInformation(at.location, f"{short_name(f.function)} · {label}") for f, at in placed if at
    ]
