"""Findings that are none any more: whoever read of one has to be told that it is no longer proven."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from alloclens.wording.status import time_of

if TYPE_CHECKING:
    from alloclens.series.comparison import Comparison
    from alloclens.series.findings import Finding
    from alloclens.series.snapshot import Snapshot
    from alloclens.session.world import World


class _Reported(NamedTuple):
    """A finding of an earlier world."""

    verdict: str
    head: Snapshot
    """The last snapshot with this verdict."""


class _Subject(NamedTuple):
    """What a finding is about, as its process recorded it."""

    sample_type: str
    file: str
    line: int
    function: str


Reported = Mapping[_Subject, _Reported]
"""The latest finding about each line since the server started."""
WORDS = {"leak": "a leak", "growing": "growing"}


def with_findings(reported: Reported, world: World) -> Reported:
    """Return what has been reported, with the findings of a world."""
    now = ((_line(finding), _Reported(finding.verdict, of.head)) for of in world.judged for finding in of.findings())
    return {**reported, **dict(now)}


def report_before(reported: Reported, finding: Finding, of: Comparison) -> str:
    """Return what a candidate was reported as, and until when: a leak until 20:38:21; "" if it was not, in this process."""
    last = reported.get(_line(finding)) if finding.is_candidate else None
    process = of.series.process(of.head)
    before = {snapshot.path for snapshot in process[: process.index(of.head)]}
    return f"{WORDS[last.verdict]} until {time_of(last.head, of.head)}" if last and last.head.path in before else ""


def _line(finding: Finding) -> _Subject:
    return _Subject(finding.sample_type.type, finding.file, finding.line, finding.function)
