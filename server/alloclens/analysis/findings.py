"""Which lines of the user's own code leak, grow, or fill up; each with its figures and the rule that says so."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from alloclens.analysis.verdicts import RULES, VERDICTS, Rule, verdicts

if TYPE_CHECKING:
    from alloclens.analysis.history import History
    from alloclens.analysis.lines import Lines
    from alloclens.profile.model import ValueType

RAISED = ("leak", "growing")
"""The verdicts that are findings; the others are said when they are asked for."""
GOROUTINE_BYTES = 2048 + 440
"""What a goroutine takes at least, to compare some with bytes: its first stack and what the runtime knows of it."""
POINTS = 24
"""Of a history, as a picture has them."""


class Span(NamedTuple):
    """Over what a line was judged."""

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
    """Owned at the head."""
    growth: float
    """Since the first observation."""
    low: float
    high: float
    """At 99 %, by sampling, the growth lies between these."""
    floor: float
    """Growth of what is never gone below: the least of each window."""
    slope: float
    """Theil–Sen of the floor, per second."""
    chance: float
    """Mann–Kendall: how often chance makes such a rise."""
    retention: float
    """Growth as a part of what was allocated meanwhile; nan where that is not known."""
    over: Span
    points: tuple[float, ...]
    """What it owned, some even steps through time."""

    @property
    def verdict(self) -> str:
        """leak, growing, filling, shrinking, churn, noise or stable."""
        return self.rule.verdict

    @property
    def is_goroutine(self) -> bool:
        """Whether it is about goroutines, not bytes."""
        return self.sample_type.type == "goroutine"

    @property
    def code(self) -> str:
        """The verdict, and of what: goroutine-leak, or as the verdict."""
        return "goroutine-leak" if self.is_goroutine and self.verdict == "leak" else self.verdict

    @property
    def per_snapshot(self) -> float:
        """The slope, per observation."""
        return self.slope * self.over.seconds / max(self.over.observations - 1, 1)


def findings(history: History, head: Lines, wanted: ValueType) -> tuple[Finding, ...]:
    """Return the verdict on every line that owns something at the head, worst first. Few are raised."""
    if not len(history.row):
        return ()
    found = verdicts(history)
    last = len(history) - 1
    over = Span(len(history), history.seconds(last) - history.seconds(0))
    step = np.unique(np.linspace(0, last, POINTS).round().astype(np.int64)).tolist()
    points = np.array([history.value(i) for i in step]).T.tolist()
    each = zip(
        history.row.tolist(),
        found.rule.tolist(),
        history.value(last).tolist(),
        found.growth.tolist(),
        found.bounds.low.tolist(),
        found.bounds.high.tolist(),
        found.floor.tolist(),
        found.slope.tolist(),
        found.chance.tolist(),
        found.retention.tolist(),
        points,
        strict=True,
    )
    made = [
        Finding(
            rule=RULES[rule],
            file=head.files[head.file[row]],
            line=int(head.line[row]),
            function=head.functions.name[of] if (of := int(head.functions.of_line[row])) >= 0 else "",
            sample_type=wanted,
            value=value,
            growth=growth,
            low=low,
            high=high,
            floor=floor,
            slope=slope,
            chance=chance,
            retention=retention,
            over=over,
            points=tuple(drawn),
        )
        for row, rule, value, growth, low, high, floor, slope, chance, retention, drawn in each
    ]
    return tuple(sorted(made, key=badness))


def badness(finding: Finding) -> tuple[int, float]:
    """Return the order of findings: by verdict, then by what they certainly grew."""
    certain = max(finding.low, 0) if finding.growth > 0 else finding.growth
    return VERDICTS.index(finding.verdict), -certain * (GOROUTINE_BYTES if finding.is_goroutine else 1)
