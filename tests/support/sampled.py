"""A simulated process: every block is sampled or not once, when it is allocated, as Go's runtime does."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from alloclens.profile.formats import read
from alloclens.profile.model import ValueType
from alloclens.profile.taken_at import TakenAt
from alloclens.series.findings import Finding, Judgement, judge
from alloclens.series.history import history
from alloclens.series.owned import LineNumbers, owned
from alloclens.series.snapshot import Snapshot
from alloclens.tables.lines import Lines, lines

from tests.support.judge import own
from tests.support.profiles import RATE, Builder

if TYPE_CHECKING:
    import numpy as np

HERE = "main.keep@/o/a.go:1"


class Heap:
    """One allocation site of a process: every block is sampled or not once, when it is allocated."""

    def __init__(self, rng: np.random.Generator, size: int) -> None:
        self.rng, self.size = rng, size
        self.live, self.sampled_live, self.sampled_total, self.total = 0, 0, 0, 0
        self.p = -math.expm1(-size / RATE)

    def allocate(self, blocks: int) -> None:
        sampled = int(self.rng.binomial(blocks, self.p))
        self.live, self.total = self.live + blocks, self.total + blocks
        self.sampled_live, self.sampled_total = self.sampled_live + sampled, self.sampled_total + sampled

    def free(self, blocks: int) -> None:
        self.sampled_live -= int(self.rng.hypergeometric(self.sampled_live, self.live - self.sampled_live, blocks))
        self.live -= blocks

    def snapshot(self) -> Lines:
        return snapshot({HERE: self})


def snapshot(sites: dict[str, Heap]) -> Lines:
    """Return the lines of a profile of these sites, by their stacks."""
    made = Builder(
        ("alloc_objects", "count"), ("alloc_space", "bytes"), ("inuse_objects", "count"), ("inuse_space", "bytes")
    )
    for stack, site in sites.items():
        allocated, live = (round(n / site.p) for n in (site.sampled_total, site.sampled_live))
        if allocated:
            made.sample(stack, [allocated, allocated * site.size, live, live * site.size], bytes=site.size)
    made.message.period = RATE
    return lines(read(made.bytes()), own(lambda _: True))


def judged(observed: list[Lines], every: float = 60.0) -> list[Finding]:
    """Return the verdicts on the last of these, taken so many seconds apart."""
    return judgement(observed, every).findings()


def of_series(of: Lines, number: int, every: float = 60.0) -> Snapshot:
    """Return a snapshot with these lines, the one of this number in a series with `every` seconds between two."""
    return Snapshot(
        path=f"/p/{number}",
        taken_at=TakenAt(number * every, "profile"),
        is_difference=False,
        default_sample_type="",
        sample_types=of.sample_types,
        total=tuple(of.total.tolist()),
        owned=owned(of),
        rate=float(RATE),
    )


def judgement(observed: list[Lines], every: float = 60.0) -> Judgement:
    """Judge the last of these, taken so many seconds apart."""
    sites, wanted = LineNumbers(), ValueType("inuse_space", "bytes")
    snapshots = [of_series(one, i, every) for i, one in enumerate(observed)]
    return judge(history(snapshots, observed[-1], sites), observed[-1], wanted)
