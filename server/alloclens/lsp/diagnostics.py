"""Findings -> diagnostics, on the lines they are about."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol import types

from alloclens.lsp import to_lsp
from alloclens.lsp.documents import document, uri_of
from alloclens.wording.hover import short_name, stack_label
from alloclens.wording.status import since
from alloclens.wording.verdict import message

if TYPE_CHECKING:
    from pygls.workspace import Workspace

    from alloclens.analysis.comparison import Comparison
    from alloclens.analysis.findings import Finding
    from alloclens.lsp.client import Client
    from alloclens.store.world import World

SEVERITY = {"leak": types.DiagnosticSeverity.Warning, "growth": types.DiagnosticSeverity.Information}


def of(world: World, workspace: Workspace, client: Client) -> dict[str, list[types.Diagnostic]]:
    """Return the diagnostics of every file that has any, by URI. Reads closed files: call it from a thread."""
    out: dict[str, list[types.Diagnostic]] = {}
    for comparison in world.comparisons:
        for finding in comparison.findings:
            place = world.sources.place(finding.file)
            if (
                place
                and (at := document(workspace, uri_of(place.path, world.sources.roots)))
                and finding.line <= len(at.lines)
            ):
                related = _stack(finding, comparison, world) if client.relates_diagnostics else None
                out.setdefault(at.uri, []).append(_diagnostic(finding, comparison, at.code_of(finding.line), related))
    return out


def _diagnostic(
    finding: Finding,
    comparison: Comparison,
    where: types.Range,
    related: list[types.DiagnosticRelatedInformation] | None,
) -> types.Diagnostic:
    return types.Diagnostic(
        where,
        message(finding, since(comparison)),
        severity=SEVERITY[finding.code],
        code=finding.code,
        source="alloclens",
        related_information=related,
    )


def _stack(finding: Finding, comparison: Comparison, world: World) -> list[types.DiagnosticRelatedInformation]:
    """Return the frames of the stack that grew most, leaf first, as far as they have a place here."""
    stacks = comparison.stacks(finding.file, finding.line, 1)
    if not stacks:
        return []
    label = stack_label(stacks[0], comparison)
    placed = [(f, to_lsp.location(f, world.sources)) for f in stacks[0].frames]
    return [types.DiagnosticRelatedInformation(at, f"{short_name(f.function)} · {label}") for f, at in placed if at]
