"""Findings: lines of own code with their verdict, the rule behind it and its figures."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from alloclens.profile.sample_types import GOROUTINES, LEAKED
from alloclens.series.verdicts import RULES, VERDICTS, Rule, verdicts
from alloclens.stats.trend import slope

if TYPE_CHECKING:
    from collections.abc import Collection

    from alloclens.arrays import Floats, Ints
    from alloclens.profile.model import ValueType
    from alloclens.series.history import History
    from alloclens.series.verdicts import Verdicts
    from alloclens.tables.lines import Lines


RAISED = ("leak", "growing")
"""The verdicts that are reported; the others are shown on request."""
MIN_GOROUTINE_BYTES = 2048 + 440
"""Minimum memory of a goroutine, to rank goroutines with bytes: its first stack and its descriptor."""
MAX_POINTS = 24
"""Points of a history in a chart."""


class ObservedSpan(NamedTuple):
    """The observations behind a verdict."""

    observations: int
    seconds: float


@dataclass(frozen=True)
class Finding:
    """The verdict on one line. Values in the unit of `sample_type`."""

    rule: Rule
    file: str
    """As recorded."""
    line: int
    function: str
    sample_type: ValueType
    value: float
    """The owned value at the head."""
    growth: float
    """Since the first observation."""
    low: float
    high: float
    """The 99 % sampling interval of the growth."""
    floor: float
    """Growth of the floor, the minimum of each window."""
    slope: float
    """Theil–Sen slope of the floor, per second."""
    p_value: float
    """p-value of the floor's trend (Mann–Kendall)."""
    retention: float
    """Growth as a share of the allocations meanwhile; nan if unknown."""
    over: ObservedSpan
    points: tuple[float, ...]
    """Owned values at evenly spaced observations."""

    @property
    def verdict(self) -> str:
        """leak, growing, filling, shrinking, churn, noise or stable."""
        return self.rule.verdict

    @property
    def is_goroutine(self) -> bool:
        """Whether the values count goroutines."""
        return self.sample_type.type in GOROUTINES

    @property
    def code(self) -> str:
        """The diagnostic code: goroutine-leak, or the verdict."""
        return "goroutine-leak" if self.is_goroutine and self.verdict == "leak" else self.verdict

    @property
    def per_snapshot(self) -> float:
        """The slope per observation."""
        return self.slope * self.over.seconds / max(self.over.observations - 1, 1)


@dataclass(frozen=True, eq=False)
class Judgement:
    """The verdicts on all lines that own something at the head. Findings are created on request."""

    history: History
    head: Lines
    sample_type: ValueType
    verdicts: Verdicts

    def findings(self, wanted: Collection[str] = VERDICTS, rows: Ints | None = None) -> list[Finding]:
        """Return the findings with these verdicts, on some or all rows of the head's lines, worst first."""
        rules = [i for i, rule in enumerate(RULES) if rule.verdict in wanted]
        said = np.isin(self.verdicts.rule, rules)
        if rows is not None:
            said &= np.isin(self.history.row, rows)
        return sorted(map(self._finding, np.flatnonzero(said).tolist()), key=badness)

    def of(self, row: int) -> Finding | None:
        """Return the finding on a row of the head's lines."""
        place = int(np.searchsorted(self.history.row, row))
        there = place < len(self.history.row) and self.history.row[place] == row
        return self._finding(place) if there else None

    def _finding(self, line: int) -> Finding:
        history, head, found = self.history, self.head, self.verdicts
        row, last = int(history.row[line]), len(history) - 1
        floor = found.windows.floor[:, line]
        function = int(head.functions.of_line[row])
        return Finding(
            rule=RULES[found.rule[line]],
            file=head.files[head.file[row]],
            line=int(head.line[row]),
            function=head.functions.name[function] if function >= 0 else "",
            sample_type=self.sample_type,
            value=float(self._points[-1, line]),
            growth=float(found.growth[line]),
            low=float(found.bounds.low[line]),
            high=float(found.bounds.high[line]),
            floor=float(floor[-1] - floor[0]),
            slope=slope(floor, found.windows.seconds),
            p_value=float(found.p_value[line]),
            retention=float(found.retention[line]),
            over=ObservedSpan(len(history), history.seconds(last) - history.seconds(0)),
            points=tuple(self._points[:, line].tolist()),
        )

    @cached_property
    def _points(self) -> Floats:
        step = np.unique(np.linspace(0, len(self.history) - 1, MAX_POINTS).round().astype(np.int64))
        return np.array([self.history.value(i) for i in step.tolist()])


def judge(history: History, head: Lines, wanted: ValueType) -> Judgement:
    """Judge a process at its last observation, the head."""
    found = verdicts(history)
    if wanted.type == LEAKED:
        found = replace(found, rule=np.full_like(found.rule, RULES.index(Rule.PROVEN)))
    return Judgement(history, head, wanted, found)


def badness(finding: Finding) -> tuple[int, float]:
    """Sort key of findings: by verdict, then by their certain growth."""
    certain = max(finding.low, 0) if finding.growth > 0 else finding.growth
    if finding.rule is Rule.PROVEN:
        certain = finding.value
    return VERDICTS.index(finding.verdict), -certain * (MIN_GOROUTINE_BYTES if finding.is_goroutine else 1)
