"""From the outcomes of all series to shares, and whether the targets are met."""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tests.leaks.ours import Answer
    from tests.leaks.pprofs import Ranks
    from tests.leaks.series import Run

LONG = ("12", "60")
"""Cuts that span a whole run."""


class Outcome(NamedTuple):
    """One series: a cut of a run."""

    run: Run
    cut: str
    ours: Answer
    pprof: Ranks


class Totals(NamedTuple):
    """Over some series; shares from 0 to 1, nan if there was nothing to count."""

    leaking: int
    """Series of programs that leak."""
    first: float
    """The first finding is correct."""
    leak: float
    """The first finding is correct and says that it leaks, not only that it grows."""
    candidate: float
    """No finding is correct, but the first candidate is."""
    silent: float
    helpers: int
    """Series of programs that leak through a helper."""
    caller: float
    """Of these, the first finding names the caller that leaks."""
    cum_first: float
    flat_first: float
    accused: float
    """Series of programs that leak, in which another line is reported as a leak."""
    sound: int
    """Series of programs that do not leak."""
    alarms: float
    """Of these, a line is reported as a leak."""
    growing: float
    """Of these, a line is reported as growing."""


def totals(outcomes: Sequence[Outcome]) -> Totals:
    leaking = [o for o in outcomes if o.run.program.leak]
    helpers = [o for o in leaking if o.run.program.helpers]
    sound = [o for o in outcomes if not o.run.program.leak]
    return Totals(
        leaking=len(leaking),
        first=_share(leaking, lambda o: o.ours.rank == 1),
        leak=_share(leaking, lambda o: o.ours.rank == 1 and o.ours.verdict == "leak"),
        candidate=_share(leaking, lambda o: o.ours.first_candidate),
        silent=_share(leaking, lambda o: o.ours.silent),
        helpers=len(helpers),
        caller=_share(helpers, lambda o: o.ours.caller),
        cum_first=_share(leaking, lambda o: o.pprof.cum == 1),
        flat_first=_share(leaking, lambda o: o.pprof.flat == 1),
        accused=_share(leaking, lambda o: bool(o.ours.alarms)),
        sound=len(sound),
        alarms=_share(sound, lambda o: bool(o.ours.alarms)),
        growing=_share(sound, lambda o: bool(o.ours.growing)),
    )


def _share(outcomes: Sequence[Outcome], of: Callable[[Outcome], bool]) -> float:
    return sum(map(of, outcomes)) / len(outcomes) if outcomes else float("nan")


class Target(NamedTuple):
    """A share that should be at least, or at most, so much."""

    name: str
    reached: float
    wanted: float
    at_most: bool

    @property
    def met(self) -> bool:
        """Whether it is; what was not measured misses nothing."""
        return not (self.reached > self.wanted if self.at_most else self.reached < self.wanted)


def targets(outcomes: Sequence[Outcome]) -> list[Target]:
    """Return all targets. Three snapshots are too few for any; the first twelve hold too little of most leaks to find them."""
    judged = (LONG, ("60",), ("first 12",), (*LONG, "first 12"))
    long, whole, early, every = (totals([o for o in outcomes if o.cut in cuts]) for cuts in judged)
    return [
        Target("12 and 60 snapshots: a correct line is first", long.first, 0.97, at_most=False),
        Target("60 snapshots: the caller of a helper is named", whole.caller, 0.9, at_most=False),
        Target("silent though it leaks", every.silent, 0, at_most=True),
        Target("a false leak without a leak", every.alarms, 0.01, at_most=True),
        Target("a false leak beside a leak", every.accused, 0.01, at_most=True),
        Target("12 and 60 snapshots: growing without a leak", long.growing, 0.1, at_most=True),
        Target("first 12: growing without a leak", early.growing, 0.1, at_most=True),
    ]


def middle(ranks: Sequence[int | None]) -> float | None:
    """Return the median, where None is worse than any rank; None if that is the median."""
    found = median(float("inf") if rank is None else rank for rank in ranks)
    return None if found == float("inf") else found
