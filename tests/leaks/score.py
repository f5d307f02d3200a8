"""From the outcomes of all series to the rows of the table, the totals, and whether the targets are met."""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tests.leaks.ours import Verdict
    from tests.leaks.pprofs import Ranks
    from tests.leaks.series import Series

LONG = 10
"""From so many snapshots on, a series counts for the totals."""
FIRST = 0.95
"""Of the long series of programs that leak, so many shall have a line that leaks first."""
ALARMS = 0.01
"""False alarms for each long series, of sound programs and of honest lines beside leaks, at most."""


class Outcome(NamedTuple):
    """One series."""

    series: Series
    ours: Verdict
    pprof: Ranks


class Totals(NamedTuple):
    """Over all long series; shares from 0 to 1, nan where there was nothing to count."""

    leaking: int
    """Series of programs that leak."""
    first: float
    cum_first: float
    flat_first: float
    honest_alarms: float
    """False alarms for each series of a program that leaks."""
    sound: int
    """Series of programs that do not."""
    sound_alarms: float
    growing: float
    """Honest lines that are said to grow, for each series of any program."""

    @property
    def met(self) -> bool:
        """Whether the targets are; what was not counted cannot miss them."""
        return not (self.first < FIRST or self.honest_alarms > ALARMS or self.sound_alarms > ALARMS)


def totals(outcomes: Sequence[Outcome]) -> Totals:
    long = [o for o in outcomes if o.series.snapshots >= LONG]
    leaking = [o for o in long if o.series.program.leak]
    sound = [o for o in long if not o.series.program.leak]
    return Totals(
        leaking=len(leaking),
        first=_mean(leaking, lambda o: o.ours.rank == 1),
        cum_first=_mean(leaking, lambda o: o.pprof.cum == 1),
        flat_first=_mean(leaking, lambda o: o.pprof.flat == 1),
        honest_alarms=_mean(leaking, lambda o: len(o.ours.alarms)),
        sound=len(sound),
        sound_alarms=_mean(sound, lambda o: len(o.ours.alarms)),
        growing=_mean(long, lambda o: len(o.ours.growing)),
    )


def _mean(outcomes: Sequence[Outcome], of: Callable[[Outcome], float]) -> float:
    return sum(map(of, outcomes)) / len(outcomes) if outcomes else float("nan")


def middle(ranks: Sequence[int | None]) -> float | None:
    """Return the median, where none is worse than any rank; none if that is not listed."""
    found = median(float("inf") if rank is None else rank for rank in ranks)
    return None if found == float("inf") else found
