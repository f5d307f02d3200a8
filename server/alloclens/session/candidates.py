"""The order of candidates: how clearly they rise, and what else speaks for a leak."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from alloclens.series.findings import CERTAIN, MAX_CANDIDATES
from alloclens.series.verdicts import MIN_GROWTH_SHARE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alloclens.profile.model import ValueType
    from alloclens.series.comparison import Comparison
    from alloclens.series.findings import Finding
    from alloclens.session.line_mapper import LineMapper, MappedLine

    Candidate = tuple[Finding, Comparison]


WEIGHT = 1.0
"""How much a sign counts, in standard errors of the rise."""


class _Group(NamedTuple):
    """To what several lines of a function add what they make. They leak together, if at all."""

    comparison: Comparison
    sample_type: ValueType
    path: str
    function: int
    to: str


class _Member(NamedTuple):
    """A candidate of a group."""

    is_beside: bool
    """Whether its line only adds what others make, or it has none and is placed on that of another."""
    finding: Finding
    comparison: Comparison


def likeliest(candidates: Sequence[Candidate], mapper: LineMapper) -> list[Candidate]:
    """Return the candidates to list, likeliest first; what is remote, or would be small, only if nothing else is there. Reads files.

    Those that do not rise are in order already: nothing speaks for one rather than another.

    Lines of a function that add to the same thing are one leak, with what speaks for any of them; those that make what is added come
    before those that only add it. What no own line owns is one leak with the line on which it is placed, if its function runs that.
    """
    if all(finding.is_quiet for finding, _ in candidates):
        return list(candidates)
    groups: dict[_Group | int, list[_Member]] = {}
    at: dict[MappedLine, _Group | int] = {}
    for number, (finding, of) in enumerate(candidates):
        if finding.is_foreign:
            continue
        path, added = next(mapper.additions(of, finding), ("", None))
        group = (
            _Group(of, finding.sample_type, path, added.function, added.to) if added and finding.score > 0 else number
        )
        groups.setdefault(group, []).append(_Member(bool(added and added.here), finding, of))
        if place := mapper.finding(of, finding).at:
            at.setdefault(place, group)
    for number, (finding, of) in enumerate(candidates):
        if finding.is_foreign:
            placed = mapper.finding(of, finding)
            group = at.get(placed.at, number) if placed.at and placed.run else number
            groups.setdefault(group, []).append(_Member(group != number, finding, of))
    ranked: list[Candidate] = []
    for members in sorted(groups.values(), key=lambda members: -_score(members, mapper)):
        members.sort(key=lambda member: (member.is_beside, -min(member.finding.score, CERTAIN)))
        ranked += [(finding, of) for _, finding, of in members]
    near = [pair for pair in ranked if not (pair[0].is_remote or _is_small(*pair))]
    return (near or ranked[:1])[:MAX_CANDIDATES]


def _is_small(finding: Finding, of: Comparison) -> bool:
    """Return whether it grew so little that it would be no finding if it were proven."""
    return finding.growth <= MIN_GROWTH_SHARE * of.head.total_of(finding.sample_type)


def _score(members: Sequence[_Member], mapper: LineMapper) -> float:
    """Return how likely a group leaks, in standard errors: its lines rise independently of each other."""
    scores = [min(member.finding.score, CERTAIN) for member in members]
    is_likelier = any(mapper.finding(of, finding).sign for _, finding, of in members)
    return (math.hypot(*scores) if len(scores) > 1 else scores[0]) + WEIGHT * is_likelier
