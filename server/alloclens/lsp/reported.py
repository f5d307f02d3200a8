"""What was reported of a line before: whoever read of a finding has to be told that its verdict is another now."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from alloclens.series.findings import RAISED
from alloclens.wording.times import time_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from alloclens.series.comparison import Comparison
    from alloclens.series.findings import Finding
    from alloclens.series.snapshot import Snapshot
    from alloclens.session.world import World

MAX_VERDICTS = 3
"""Verdicts on a line that are named, the latest: more would only say again that it changes."""
MAX_PROCESSES = 64
"""Of which it is known what was reported."""


class _Verdict(NamedTuple):
    """A verdict on a line."""

    verdict: str
    """leak or growing; "" if nothing is proven any more."""
    since: Snapshot
    """The first head with this verdict."""


class _Subject(NamedTuple):
    """What a finding is about, as its process recorded it."""

    sample_type: str
    file: str
    line: int
    function: str


class _ReportedProcess(NamedTuple):
    """What was reported of a process."""

    head: Snapshot
    """The latest."""
    verdicts: Mapping[_Subject, tuple[_Verdict, ...]]
    """In time order, of each line that was a finding; no two that follow one another are equal."""


Reported = tuple[_ReportedProcess, ...]
"""What was reported since the server started."""
WORDS = {"leak": "a leak", "growing": "growing", "": "not proven"}


def with_findings(reported: Reported, world: World) -> Reported:
    """Return what has been reported, with the findings of a world."""
    for comparison in world.judged:
        reported = _with(reported, comparison)
    return reported[-MAX_PROCESSES:]


def report_before(reported: Reported, finding: Finding, of: Comparison) -> str:
    """Return the latest verdicts on a line in this process: growing since 20:02:11, a leak since 20:38:21; "" if it never changed."""
    process = _of_process(reported, of)
    verdicts = process.verdicts.get(_line(finding), ()) if process else ()
    until_head = [verdict for verdict in verdicts if verdict.since.order <= of.head.order]
    if len(until_head) < 2:
        return ""
    return ", ".join(f"{WORDS[verdict]} since {time_of(since, of.head)}" for verdict, since in until_head)


def _with(reported: Reported, of: Comparison) -> Reported:
    """Return what has been reported, with the findings of a process unless later ones are known: the user may choose any head."""
    before = _of_process(reported, of)
    if of.judgement is None or (before and before.head.order > of.head.order):
        return reported
    now = {_line(finding): finding.verdict for finding in of.judgement.findings(RAISED)}
    known = before.verdicts if before else {}
    verdicts = {line: _followed(known.get(line, ()), now.get(line, ""), of.head) for line in {**known, **now}}
    return (*(process for process in reported if process is not before), _ReportedProcess(of.head, verdicts))


def _followed(verdicts: tuple[_Verdict, ...], verdict: str, head: Snapshot) -> tuple[_Verdict, ...]:
    """Return the verdicts on a line with that at a head, which replaces an earlier one at the same head."""
    earlier = tuple(known for known in verdicts if known.since.path != head.path)
    last = earlier[-1].verdict if earlier else ""
    return earlier if verdict == last else (*earlier, _Verdict(verdict, head))[-MAX_VERDICTS:]


def _of_process(reported: Reported, of: Comparison) -> _ReportedProcess | None:
    paths = {snapshot.path for snapshot in of.series.process(of.head)}
    return next((process for process in reported if process.head.path in paths), None)


def _line(finding: Finding) -> _Subject:
    return _Subject(finding.sample_type.type, finding.file, finding.line, finding.function)
