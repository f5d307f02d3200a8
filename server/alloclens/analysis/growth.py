"""Growth between two snapshots of one process, with its error.

Objects that live in both snapshots are the same sampled objects: they add no error. Those that came number at most
min(allocated between the two, in use at the head), those that went at most min(freed between the two, in use at the
base). The sums here are not of objects but of their variances, which bounds the variance of the growth from above and
needs no matching of stacks.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from statistics import NormalDist
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from alloclens.analysis.builds import lines_in
from alloclens.analysis.line_stats import Change
from alloclens.analysis.lines import Measures

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from alloclens.analysis.lines import Lines
    from alloclens.profile.model import ValueType

    Ints = NDArray[np.int64]
    Floats = NDArray[np.float64]

FALSE_ALARMS = 0.01
"""The chance that, of all lines looked at, any is called grown or shrunk though it did neither."""


class Certain(NamedTuple):
    """For each measure, which lines changed for certain."""

    flat: NDArray[np.bool_]
    cum: NDArray[np.bool_]
    owned: NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Growth:
    """One row for each row of the head's lines."""

    value: Measures
    """head - base, shape (lines,)."""
    error: Measures
    """Standard error of `value`; nan where it is not known."""
    limits: tuple[float, float, float]
    """For each measure, how many standard errors a growth must exceed, allowing for how many lines have any."""

    @cached_property
    def certain(self) -> Certain:
        """Which rows grew or shrank for certain. An unknown error is never certain."""
        with np.errstate(invalid="ignore"):
            each = zip(self.value, self.error, self.limits, strict=True)
            return Certain(*((value != 0) & (np.abs(value) > bound * error) for value, error, bound in each))

    def of(self, measure: str, row: int) -> Change:
        """Return how one measure of one row grew."""
        value, error, certain = (getattr(of, measure)[row] for of in (self.value, self.error, self.certain))
        return Change(float(value), float(error), bool(certain))


def growth(head: Lines, base: Lines, wanted: ValueType, *, one_process: bool = True) -> Growth:
    """Compare one sample type of two snapshots, on the lines of the head.

    A line that only the base has is not a row: nothing of it is left to show. Snapshots of two processes share no
    objects, so both add their whole error; and they may be of two builds, so their lines meet by function.
    """
    row = rows(base, head) if one_process else find(base, *lines_in(base, head))
    i, j = head.sample_types.index(wanted), base.sample_types.index(wanted)
    value, error = [], []
    for now, then, now_var, then_var in zip(head.value, base.value, head.variance, base.variance, strict=True):
        value.append(now[:, i] - taken(then[:, j], row))
        allocated = _allocated(head, base, now_var, then_var, row, wanted) if one_process else None
        error.append(np.sqrt(variance(now_var[:, i], taken(then_var[:, j], row), allocated)))
    flat, cum, owned = (limit(int(np.count_nonzero(now[:, i]))) for now in head.value)
    return Growth(Measures(*value), Measures(*error), (flat, cum, owned))


def variance(head: Floats, base: Floats, allocated: Floats | None) -> Floats:
    """Return the variance of head - base, from those of the two and of what was allocated between them."""
    if allocated is None:  # nothing says what stayed: as if everything had been exchanged
        return head + base
    allocated = np.maximum(allocated, 0)
    freed = np.maximum(allocated - (head - base), 0)
    came, went = np.minimum(allocated, head), np.minimum(freed, base)
    return np.asarray(came + went)


def limit(looked_at: int) -> float:
    """Return the bound in standard errors for this many lines (Bonferroni, two-sided)."""
    return NormalDist().inv_cdf(1 - FALSE_ALARMS / (2 * max(looked_at, 1)))


def rows(of: Lines, wanted: Lines) -> Ints:
    """Return for each row of `wanted` the row of `of` with the same file and line, -1 where it has none."""
    number = {file: i for i, file in enumerate(of.files)}
    file = np.array([number.get(f, -1) for f in wanted.files], np.int64)[wanted.file]
    return find(of, file, wanted.line)


def find(of: Lines, file: Ints, line: Ints) -> Ints:
    """Return the rows of these (file number, line) pairs, -1 where there are none."""
    if not len(of):
        return np.full(len(file), -1)
    key, asked = _key(of.file, of.line), _key(file, line)
    place = np.minimum(np.searchsorted(key, asked), len(key) - 1)
    return np.where(key[place] == asked, place, -1)


def taken(column: Floats, row: Ints) -> Floats:
    """Return the column's entries, 0 where the row is -1."""
    return np.where(row >= 0, column[row], 0) if len(column) else np.zeros(len(row))


def _allocated(head: Lines, base: Lines, now: Floats, then: Floats, row: Ints, wanted: ValueType) -> Floats | None:
    """Return the variance of what was allocated between the two; None where the profile does not count allocations."""
    name = wanted.type.replace("inuse_", "alloc_")
    i, j = _column(head.sample_types, name), _column(base.sample_types, name)
    if not name.startswith("alloc_") or i is None or j is None:
        return None
    return np.asarray(now[:, i] - taken(then[:, j], row))


def _column(types: Sequence[ValueType], name: str) -> int | None:
    return next((i for i, t in enumerate(types) if t.type == name), None)


def _key(file: Ints, line: Ints) -> Ints:
    return (file << 32) | (line & 0xFFFFFFFF)
