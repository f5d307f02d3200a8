"""Growth between two snapshots of one process, with its error.

Objects that live in both snapshots are the same sampled objects: they add no error. Those that came number at most
min(allocated between the two, in use at the head), those that went at most min(freed between the two, in use at the
base). The sums here are not of objects but of their variances, which bounds the variance of the growth from above and
needs no matching of stacks. `intervals` makes of them where the true growth lies.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from alloclens.analysis.builds import lines_in
from alloclens.analysis.intervals import Sampling, exchanged, interval
from alloclens.analysis.line_stats import Change
from alloclens.analysis.lines import Measures

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from alloclens.analysis.intervals import Interval
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
    low: Measures
    high: Measures
    """Between these the true growth lies, 99 times of 100; nan where that is not known."""
    certain: Certain
    """Which rows grew or shrank for certain, allowing for how many lines have any. What is not known is never certain."""

    def of(self, measure: str, row: int) -> Change:
        """Return how one measure of one row grew."""
        value, low, high, certain = (
            getattr(of, measure)[row] for of in (self.value, self.low, self.high, self.certain)
        )
        return Change(float(value), float(low), float(high), bool(certain))


def growth(head: Lines, base: Lines, wanted: ValueType, *, one_process: bool = True) -> Growth:
    """Compare one sample type of two snapshots, on the lines of the head.

    A line that only the base has is not a row: nothing of it is left to show. Snapshots of two processes share no
    objects, so both add their whole error; and they may be of two builds, so their lines meet by function.
    """
    row = rows(base, head) if one_process else find(base, *lines_in(base, head))
    now, then = _columns(head, wanted), _columns(base, wanted)
    parts = [_measure(head, base, name, row, now, then, one_process=one_process) for name in Measures._fields]
    value, stated, certain = zip(*parts, strict=True)
    low, high = zip(*stated, strict=True)
    return Growth(Measures(*value), Measures(*low), Measures(*high), Certain(*certain))


class Columns(NamedTuple):
    """Row numbers of sample types that belong together, by what they count."""

    own: int
    """The wanted one's."""
    allocated: int | None
    """What was allocated of the same since the process started."""
    objects: int | None
    space: int | None
    """How many objects there are, and how many bytes."""


def _columns(lines: Lines, wanted: ValueType) -> Columns:
    names = [t.type for t in lines.sample_types]
    alloc = wanted.type.replace("inuse_", "alloc_")
    kinds = (wanted.type.replace("space", "objects"), wanted.type.replace("objects", "space"))
    objects, space = (names.index(name) if name in names else None for name in kinds)
    allocated = names.index(alloc) if alloc in names and alloc.startswith("alloc_") else None
    return Columns(lines.sample_types.index(wanted), allocated, objects, space)


def _measure(
    head: Lines, base: Lines, name: str, row: Ints, now: Columns, then: Columns, *, one_process: bool
) -> tuple[Floats, Interval, NDArray[np.bool_]]:
    """Return the growth of one measure, its 99 % interval, and which rows changed for certain."""
    value, was = getattr(head.value, name), getattr(base.value, name)
    grown = value[:, now.own] - taken(was[:, then.own], row)
    came, went = exchanged(
        _sampling(head, name, now.own),
        _sampling(base, name, then.own, row),
        _allocated(head, base, name, row, now, then) if one_process else None,
    )
    size = np.maximum(_size(value, now), taken(_size(was, then), row))
    block, rate = (np.ones_like(size), _ratio(head.rate, size)) if now.own == now.objects else (size, head.rate)
    stated = interval(grown, came, went, block, rate, limit(1))
    strict = interval(grown, came, went, block, rate, limit(int(np.count_nonzero(value[:, now.own]))))
    return grown, stated, (grown != 0) & ((strict.low > 0) | (strict.high < 0))


def _sampling(lines: Lines, name: str, column: int, row: Ints | None = None) -> Sampling:
    both = (getattr(of, name)[:, column] for of in (lines.variance, lines.sampled))
    return Sampling(*both) if row is None else Sampling(*(taken(one, row) for one in both))


def _allocated(head: Lines, base: Lines, name: str, row: Ints, now: Columns, then: Columns) -> Sampling | None:
    """Return what was allocated between the two; None where the profile does not count allocations."""
    if now.allocated is None or then.allocated is None:
        return None
    after, before = _sampling(head, name, now.allocated), _sampling(base, name, then.allocated, row)
    return Sampling(*(np.asarray(a - b) for a, b in zip(after, before, strict=True)))


def _size(value: Floats, columns: Columns) -> Floats:
    """Return the mean size of each line's objects in bytes, 0 where it is not known."""
    if columns.objects is None or columns.space is None:
        return np.zeros(len(value))
    return _ratio(value[:, columns.space], value[:, columns.objects])


def _ratio(above: Floats | float, below: Floats) -> Floats:
    return np.divide(above, below, out=np.zeros_like(below), where=below != 0)


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


def _key(file: Ints, line: Ints) -> Ints:
    return (file << 32) | (line & 0xFFFFFFFF)
