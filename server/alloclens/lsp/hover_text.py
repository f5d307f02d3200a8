"""The text of a line's hover, which is also the tooltip of its hint."""

from __future__ import annotations

from functools import cache, partial
from typing import TYPE_CHECKING

from lsprotocol import types

from alloclens.lsp.diagnostics import has_diagnostic, page_of
from alloclens.lsp.document_lines import DocumentLines, numbers_of
from alloclens.lsp.documents import same
from alloclens.lsp.reported import report_before
from alloclens.paths import name_of
from alloclens.series.findings import RAISED
from alloclens.wording import hover as wording
from alloclens.wording import instances
from alloclens.wording.markdown import plain

if TYPE_CHECKING:
    from alloclens.lsp.client import Client
    from alloclens.lsp.document_lines import Here
    from alloclens.lsp.server import Server
    from alloclens.profile.model import Frame
    from alloclens.series.findings import Finding
    from alloclens.session.world import World


def text_of(ls: Server, world: World, uri: str, line: int) -> types.MarkupContent | None:
    """Return the text of a line (1-based); None if it has no numbers. Searches stacks: call it from a thread."""
    kinds = numbers_of(world, ls.documents, uri, line)
    if not kinds:
        return None
    document_lines = DocumentLines(world, ls.documents)
    kinds.sort(key=_urgency)
    most = [wording.MAX_STACKS, *[1] * (len(kinds) - 1)]
    texts = [
        _of_kind(ls, world, at, (uri, line), document_lines, number) for at, number in zip(kinds, most, strict=True)
    ]
    return in_format(wording.SEPARATOR.join(texts), ls.client)


def in_format(text: str, client: Client) -> types.MarkupContent:
    """Return Markdown, as plain text if the client prefers that."""
    if client.prefers_markdown:
        return types.MarkupContent(types.MarkupKind.Markdown, text)
    return types.MarkupContent(types.MarkupKind.PlainText, plain(text))


def _urgency(at: Here) -> int:
    """Sort key: a line that leaks comes first, then one that grows; other verdicts change nothing."""
    judged = at.comparison.finding(at.row)
    return RAISED.index(judged.verdict) if judged and judged.verdict in RAISED else len(RAISED)


def _of_kind(
    ls: Server, world: World, at: Here, hovered: tuple[str, int], document_lines: DocumentLines, most: int
) -> str:
    """Return the text of a line (1-based, after its URI) in one kind of profile, with the heaviest stacks."""
    comparison, client = at.comparison, ls.client
    judged = comparison.finding(at.row)
    if judged and comparison.by_what_outlived(judged):
        stacks = comparison.stacks_of(judged, most)
    else:
        stacks = comparison.stacks(at.recorded, at.line, most)

    def line_of(frame: Frame) -> tuple[str, str]:
        named = document_lines.mapper.named(comparison, frame.file, frame.line)
        spot = document_lines.in_document(named.at)
        return named.name, f"{spot.uri}#L{spot.line}" if spot else ""

    now = cache(partial(document_lines.mapper.finding, comparison))

    def stands_here(finding: Finding) -> bool:
        spot = document_lines.in_document(now(finding).at)
        return spot is not None and (same(spot.uri), spot.line) == (same(hovered[0]), hovered[1])

    def started(finding: Finding) -> tuple[str, str]:
        at, spot = now(finding).at, document_lines.in_document(now(finding).at)
        if not (at and spot and now(finding).waits) or stands_here(finding):
            return "", ""
        return at.named(name_of(at.path), at.line), f"{spot.uri}#L{spot.line}"

    places = wording.LinePlaces(
        lambda finding: now(finding) if stands_here(finding) else now(finding)._replace(waits=""),
        line_of,
        lambda finding: page_of(finding, document_lines.mapper.shape(comparison, finding, now(finding))),
        started,
    )
    judged_here = judged is not None and stands_here(judged)
    doubt = world.doubt(comparison, at.recorded) if at.unsure else None
    return wording.markdown(
        comparison,
        at.row,
        stacks,
        places,
        doubt=doubt,
        has_moved=at.line != hovered[1],
        is_said=judged_here and client.hovers_diagnostics and has_diagnostic(at, world),
        folds=client.prefers_markdown and client.folds_markdown,
        on=instances.sentence(world, judged, comparison) if judged else "",
        report_before=lambda finding: report_before(ls.reported, finding, comparison),
    )
