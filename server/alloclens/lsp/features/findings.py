"""The view Findings: the lines that leak or grow, worst first."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from alloclens.lsp import protocol
from alloclens.lsp.document_lines import DocumentLines, FunctionPlaces, location
from alloclens.lsp.reported import report_before
from alloclens.printable import printable
from alloclens.series.findings import RAISED
from alloclens.series.verdicts import VERDICTS
from alloclens.session.candidates import likeliest
from alloclens.session.naming import id_of
from alloclens.source.places import Nowhere
from alloclens.wording import instances, views
from alloclens.wording.markdown import plain
from alloclens.wording.nothing import no_finding
from alloclens.wording.stack_page import gone
from alloclens.wording.verdict import listed_message

if TYPE_CHECKING:
    from alloclens.lsp.document_lines import DocumentLine
    from alloclens.lsp.documents import Documents
    from alloclens.lsp.reported import Reported
    from alloclens.lsp.server import Server
    from alloclens.series.comparison import Comparison
    from alloclens.series.findings import Finding
    from alloclens.session.world import World

MAX_FINDINGS = 200


def register(server: Server) -> None:
    """Offer the command."""
    server.offer(protocol.GetFindings, findings)


async def findings(ls: Server, command: protocol.GetFindings) -> protocol.Findings:
    """Return the lines that leak or grow, and those with another verdict that is shown, worst first; then candidates."""
    del command
    return await asyncio.to_thread(_findings, ls.world, ls.documents, ls.reported)


def _findings(world: World, documents: Documents, reported: Reported) -> protocol.Findings:
    document_lines = DocumentLines(world, documents)
    verdicts = [verdict for verdict in VERDICTS if verdict in RAISED or world.settings.severity(verdict) != "off"]
    pairs = world.findings(verdicts)
    is_found = any(finding.verdict in RAISED for finding, _ in pairs)
    candidates = likeliest(world.listed_candidates, document_lines.mapper)
    pairs += [pair for pair in candidates if pair[0].verdict not in verdicts]
    nothing = printable(plain(no_finding(world).words)) if world.series and not is_found else ""
    listed = [
        _finding(finding, of, world, documents, document_lines, report_before(reported, finding, of))
        for finding, of in pairs[:MAX_FINDINGS]
    ]
    return protocol.Findings(listed, nothing)


def _finding(
    finding: Finding,
    comparison: Comparison,
    world: World,
    documents: Documents,
    document_lines: DocumentLines,
    before: str,
) -> protocol.ListedFinding:
    now = document_lines.mapper.finding(comparison, finding)
    spot = document_lines.in_document(now.at)
    function = (
        None if spot else FunctionPlaces(world, documents, comparison).of(finding.function, finding.file, finding.line)
    )
    message = listed_message(finding, comparison, now, world.settings.memory_bytes, before)
    label = views.place(
        now.at.path if now.at and (spot or now.waits) else finding.file,
        spot.line if spot else finding.line,
        finding.function,
    )
    row = views.detail(finding, before, unsure=now.unsure, ended=comparison.is_before_restart)
    on = instances.on(world, finding, comparison)
    return protocol.ListedFinding(
        id=id_of(finding, now, world.sources.roots),
        verdict=finding.verdict,
        code=finding.code,
        severity=world.settings.severity(finding.verdict),
        label=label,
        detail=f"{'edited · ' if function else ''}{row}{on and f' · {on}'}",
        tooltip=views.tooltip(finding, label, message, _not_here(world, finding.file, finding.line, spot), on),
        location=location(spot or function),
        edited=spot is None and now.at is not None,
        function=finding.function,
        file=finding.file,
        line=finding.line,
    )


def _not_here(world: World, recorded: str, line: int, spot: DocumentLine | None) -> str:
    if spot:
        return ""
    place = world.sources.find(recorded)
    return place.reason if isinstance(place, Nowhere) else gone(line)
