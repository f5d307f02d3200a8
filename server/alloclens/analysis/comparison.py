"""One series as it is shown: a base, a head, a sample type, and all that follows from the three."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from alloclens.analysis.findings import Finding, Observation, findings
from alloclens.analysis.functions import FunctionStats, functions
from alloclens.analysis.growth import Growth, growth
from alloclens.analysis.line_stats import LineStats, Measure
from alloclens.analysis.lines import Measures
from alloclens.analysis.series import Series, Snapshot, observations
from alloclens.analysis.sites import Sites, by_source_line
from alloclens.analysis.stacks import Stack, through
from alloclens.profile.sample_type import column

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from alloclens.profile.model import Profile, ValueType


class Pair(NamedTuple):
    """The files of a comparison."""

    head: str
    base: str | None


@dataclass(frozen=True, eq=False)
class Comparison:
    """A series between its base and its head, in one sample type."""

    series: Series
    head: Snapshot
    base: Snapshot | None
    sample_type: ValueType
    one_process: bool
    """Whether base and head are of one process."""
    growth: Growth | None
    """On the lines of the head; None without a base."""
    findings: tuple[Finding, ...]
    profile: Profile | None
    """The head, or head - base; None while it is being read."""

    @property
    def column(self) -> int:
        """Which column of the head's values is shown."""
        return self.head.sample_types.index(self.sample_type)

    @property
    def total(self) -> int:
        """The head's whole, in the sample type's unit."""
        return int(self.head.lines.total[self.column])

    @property
    def total_growth(self) -> int | None:
        """What the whole grew by."""
        if self.base is None:
            return None
        return self.total - int(self.base.lines.total[self.base.sample_types.index(self.sample_type)])

    def stats(self, row: int, wanted: ValueType | None = None) -> LineStats:
        """Return the numbers of one row of the head's lines, in the shown sample type or another."""
        kind = wanted or self.sample_type
        lines, grown = self.head.lines, self._growths.get(kind)
        number = lines.sample_types.index(kind)
        measures = (
            Measure(
                float(value[row, number]),
                grown.of(name, row) if grown else None,
                float(np.sqrt(variance[row, number])),
                float(sampled[row, number]),
            )
            for name, value, variance, sampled in zip(
                Measures._fields, lines.value, lines.variance, lines.sampled, strict=True
            )
        )
        return LineStats(int(lines.line[row]), *measures)

    def stacks(self, recorded: str, line: int, most: int) -> list[Stack]:
        """Return the heaviest stacks through a line, by growth where there is a base."""
        if self.profile is None:
            return []
        sites = self._sites
        file = sites.texts.index(recorded) if recorded in sites.texts else -1
        wanted = np.flatnonzero((sites.file == file) & (sites.line == line))
        shown = self.profile.sample_types.index(self.sample_type)
        return through(self.profile, sites, wanted.tolist(), shown, most)

    def functions(self, files: Collection[str]) -> list[FunctionStats]:
        """Return the functions of some recorded files, heaviest first."""
        if self.profile is None:
            return []
        return functions(self.profile, self.profile.sample_types.index(self.sample_type), files)

    @cached_property
    def _growths(self) -> dict[ValueType, Growth]:
        """The growth of every sample type: a hover shows them all."""
        if self.base is None or self.growth is None:
            return {}
        others = [t for t in self.head.sample_types if t in self.base.sample_types and t != self.sample_type]
        grown = {t: growth(self.head.lines, self.base.lines, t, one_process=self.one_process) for t in others}
        return grown | {self.sample_type: self.growth}

    @cached_property
    def _sites(self) -> Sites:
        if self.profile is None:
            raise ValueError("no profile")
        return by_source_line(self.profile)


def compare(
    series: Series, head: Snapshot, base: Snapshot | None, sample_type: str, profile: Profile | None
) -> Comparison | None:
    """Compare two snapshots of a series; None where it has not the wanted sample type ("": its own default)."""
    number = column(head.sample_types, head.default_sample_type, sample_type)
    if number is None:
        return None
    wanted = head.sample_types[number]
    process = series.process(head)
    one_process = base in process
    grown = growth(head.lines, base.lines, wanted, one_process=one_process) if base else None
    history = observations(process[: process.index(head) + 1])
    found = _findings(history, base) if base and one_process else ()
    return Comparison(series, head, base, wanted, one_process, grown, found, profile)


def _findings(history: Sequence[Snapshot], base: Snapshot) -> tuple[Finding, ...]:
    return findings([Observation(s.taken_at.seconds, s.lines) for s in history], base.lines)
