"""What grew from the base to the head by more than is allowed, certainly.

Growth fails a build if it exceeds both a share of the base and an amount, each by the lower end of its interval: a small
function doubles easily, and a large one grows by megabytes of noise. The interval holds for all sites together. With several
runs of each side it must also hold by how much the runs differ, where they differ by more than sampling explains.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from alloclens.check.result import Change, CodeLine, Violation
from alloclens.check.sites import table
from alloclens.profile.sample_types import columns
from alloclens.stats.amount import Amount
from alloclens.stats.growth import bounds, changes
from alloclens.stats.intervals import Interval
from alloclens.stats.runs import Pooled, between_runs, explained, pooled, scaled
from alloclens.wording.amounts import amount, share, signed
from alloclens.wording.kinds import with_noun
from alloclens.wording.names import short_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from alloclens.arrays import Floats, Mask
    from alloclens.check.limits import Least, Limit
    from alloclens.check.places import CodePlaces
    from alloclens.check.sites import Site, Table
    from alloclens.profile.model import ValueType
    from alloclens.profile.sample_types import Columns
    from alloclens.series.comparison import Comparison

MAX_CHANGES = 20
"""Rows of the table of what changed most."""


class Runs(NamedTuple):
    """Runs of base and head: pair by pair, the shorter side repeated."""

    comparisons: Sequence[Comparison]
    """Never empty. All of one kind of profile."""
    bases: int
    heads: int
    """How many of each side there are."""
    operations: tuple[Sequence[float], Sequence[float]]
    """How many operations each run of the base, and each of the head, stands for: 1 for what is in use."""
    one_process: bool = False
    """Whether base and head are of one process, so that what lives in both is the same."""


@dataclass(frozen=True, eq=False)
class Growths:
    """The growth of all sites, in one sample type; per run, and per operation if operations were counted."""

    runs: Runs
    sample_type: ValueType
    table: Table

    @cached_property
    def _columns(self) -> tuple[Columns, Columns]:
        now, then = self.runs.comparisons[0].contents.head, self.runs.comparisons[0].contents.base
        types = now.sample_types, (then or now).sample_types
        return columns(types[0], self.sample_type), columns(types[1], self.sample_type)

    @cached_property
    def _weights(self) -> tuple[list[list[float]], float]:
        """Return how often each run of base and head counts, at least once, and how many operations all of a side stand for then."""
        each = [[len(of) * operations for operations in of] for of in self.runs.operations]
        most = max(max(of) for of in each)
        return [[most / one for one in of] for of in each], most

    @cached_property
    def _sides(self) -> tuple[Pooled, Pooled]:
        (base, head), _ = self._weights
        return pooled(self.table.base, base), pooled(self.table.head, head)

    def beyond(self, share: float) -> Interval:
        """Return what the head has more than the base and a share of it: bounds for all sites together."""
        base, head = self._sides
        now, then = self._columns
        rate = self._rate * max(base.largest, head.largest, 1 + share)
        before = scaled(base.values, 1 + share) if share else base.values
        grown = changes(head.values, before, now, then, rate, one_process=self.runs.one_process)
        low, high = (bound / self._weights[1] for bound in grown.of_all)
        of_runs = between_runs((1 + share) * self.each[0], self.each[1])
        below, above = (np.where(self._is_explained, np.nan, bound) for bound in of_runs)
        return Interval(np.fmin(low, below), np.fmax(high, above))

    @cached_property
    def _is_explained(self) -> Mask:
        """For which sites sampling explains how much the runs of one side differ; not where they stand for different numbers of operations."""
        now, then = self._columns
        return explained(self.table.base, self.table.head, (then.value, now.value))

    @cached_property
    def interval(self) -> Interval:
        """The growth of each site: bounds for all of them together; nan if unknown."""
        return self.beyond(0)

    @cached_property
    def each(self) -> tuple[Floats, Floats]:
        """What each site has in each run of base and head, shape (runs, sites)."""
        sides = zip((self.table.base, self.table.head), reversed(self._columns), self.runs.operations, strict=True)
        base, head = (
            np.array([run.value[:, of.value] / n for run, n in zip(side, operations, strict=True)])
            for side, of, operations in sides
        )
        return base, head

    @cached_property
    def mean(self) -> tuple[Floats, Floats]:
        """What each site has on average, at base and head."""
        base, head = (side.mean(axis=0) for side in self.each)
        return base, head

    def exceeding(self, most: Limit, least: float) -> Mask:
        """Return which sites certainly grew by more than a share of what they had, and by more than an amount."""
        low = self.interval.low
        is_over = (low > least) & np.isfinite(min(most.share, most.amount))
        if most.share < np.inf:
            is_over &= self.beyond(most.share).low > 0
        return np.asarray(is_over & ((most.amount == np.inf) | (low > most.amount)))

    def lowest(self, i: int) -> float:
        """Return what a site holds at the head at least, at 99 %; what it holds if its error is unknown."""
        _, head = self._sides
        low = bounds(head.values, self._columns[0], self._rate * head.largest).low.item(i) / self._weights[1]
        return self.mean[1].item(i) if np.isnan(low) else low

    @property
    def _rate(self) -> float:
        return self.runs.comparisons[0].contents.head.rate

    @property
    def judged(self) -> int:
        """The number of sites that own anything."""
        base, head = self.mean
        return int(np.count_nonzero((base != 0) | (head != 0)))

    @property
    def foreign(self) -> float:
        """What no site owns, as a share of the head."""
        total = sum(
            abs(float(run.contents.head.total[self._columns[0].value]))
            for run in self.runs.comparisons[: self.runs.heads]
        )
        owned = np.sum([np.abs(run.value[:, self._columns[0].value]).sum() for run in self.table.head])
        return 1 - float(owned) / total if total else 0

    @property
    def is_unknown(self) -> bool:
        """Whether nothing says how exact the growth is."""
        has_value = self.mean[1] != 0
        return bool(has_value.any() and np.isnan(self.interval.low[has_value]).all())

    def amount(self, i: int) -> Amount:
        """Return what a site has at the head, with its growth."""
        (base, head), (low, high) = self.mean, self.interval
        grown, low_, high_ = head.item(i) - base.item(i), low.item(i), high.item(i)
        return Amount(head.item(i), grown, low_, high_, significant=low_ > 0 or high_ < 0)


def growths(runs: Runs, sample_type: ValueType, by: str) -> Growths:
    """Return the growth of all sites in one sample type."""
    column = runs.comparisons[0].contents.head.sample_types.index(sample_type)
    return Growths(runs, sample_type, table(runs.comparisons, runs.bases, runs.heads, by, column))


def violations(
    of: Growths, most: Limit, least: Least, places: CodePlaces, *, per_operation: bool
) -> Iterator[Violation]:
    """Yield a violation for each site that certainly grew by more than is allowed."""
    for i in np.flatnonzero(of.exceeding(most, least.of(of.sample_type.unit))).tolist():
        yield _violation(of, i, places, per_operation=per_operation)


def _violation(of: Growths, i: int, places: CodePlaces, *, per_operation: bool) -> Violation:
    site, grown, comparison = of.table.sites[i], of.amount(i), of.runs.comparisons[0]
    file, line, function = of.table.examples[i]
    at = places.line(comparison, file, line, function) if file else CodeLine("", 0, function)
    stacks = comparison.stacks(file, line, 1, of.sample_type)
    return Violation(
        kind="growth",
        at=at,
        subject=site.function if site.function not in {"", "*"} and site.line == 0 else function or site.package,
        message=_message(site, grown, of, per_operation=per_operation),
        sample_type=of.sample_type.type,
        unit=of.sample_type.unit,
        amount=grown,
        points=(of.mean[0].item(i), grown.value),
        stack=places.stack(comparison, stacks),
    )


def name(site: Site) -> str:
    """Return what people call a site."""
    if site.function == "*":
        return f"new or removed code of {site.package}"
    if not site.function:
        return f"package {site.package}"
    return short_name(site.function)


def quantity(value: float, of: ValueType) -> str:
    """Return a number with what it counts: 12.0MB, 100 goroutines, 3 objects."""
    return f"{with_noun(value, of)}{' objects' if of.type.endswith('_objects') else ''}"


def _message(site: Site, grown: Amount, of: Growths, *, per_operation: bool) -> str:
    unit, value, more = of.sample_type.unit, grown.value, grown.growth or 0
    per = " per operation" if per_operation else ""
    what = {True: "allocates", False: "holds"}[of.sample_type.type.startswith("alloc")]
    who = (
        "This line"
        if site.line
        else name(site)[:1].upper() + name(site)[1:]
        if not site.function or site.function == "*"
        else name(site)
    )
    before, then = value - more, "first snapshot" if of.runs.one_process else "base"
    relative = (
        f": {share(more, before)} more than the {then}'s {amount(before, unit)}"
        if before
        else f", from nothing in the {then}"
    )
    error = f" (99 %: {signed(grown.low, unit)} to {signed(grown.high, unit)})"
    return f"{who} {what} {quantity(value, of.sample_type)}{per}, {signed(more, unit)}{error}{relative}."


def changed(of: Growths) -> Iterator[Change]:
    """Yield what certainly changed most, the largest first."""
    base, head = of.mean
    order = np.argsort(-np.abs(head - base), kind="stable")
    rows = [i for i in order.tolist() if of.amount(i).significant][:MAX_CHANGES]
    for i in rows:
        site = of.table.sites[i]
        where = f"{name(site)} {site.file.rpartition('/')[2]}:{site.line}" if site.line else name(site)
        yield Change(where, of.amount(i), of.sample_type.unit)
