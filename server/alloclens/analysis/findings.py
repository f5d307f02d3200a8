"""Which lines of the user's own code deserve a diagnostic, and why. Few, and only with evidence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np

from alloclens.analysis.growth import Growth, growth, limit, rows, taken
from alloclens.analysis.trend import trend

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from alloclens.analysis.lines import Lines
    from alloclens.profile.model import ValueType

    Ints = NDArray[np.int64]
    Floats = NDArray[np.float64]

Code = Literal["leak", "growth"]

ENOUGH = 6
"""Observations from which on a trend is judged. Fewer can say that a line grew, not that it goes on: with four,
Mann–Kendall cannot reach one in a hundred at all, with five only if none ever falls."""
CHANCE = 0.01
"""A trend that chance makes as often as this is none."""
JUDGED = ("inuse_space", "goroutine")
"""The sample types whose growth can be a leak: what is held now. Totals since the start (alloc_space) always grow."""


class Observation(NamedTuple):
    """What one snapshot adds to the history of a process."""

    seconds: float
    lines: Lines


@dataclass(frozen=True)
class Finding:
    """One line that deserves a diagnostic. Values in the unit of `sample_type`."""

    code: Code
    file: str
    """As recorded."""
    line: int
    sample_type: ValueType
    value: float
    """Owned at the head."""
    growth: float
    error: float
    """Standard error of the growth."""
    slope: float
    """Theil–Sen, per second; over two observations simply growth over time."""
    observations: int


def judged(types: Sequence[ValueType]) -> ValueType | None:
    """Return the sample type that findings are about."""
    return next((t for name in JUDGED for t in types if t.type == name), None)


def findings(history: Sequence[Observation], base: Lines) -> tuple[Finding, ...]:
    """Judge the head, the last observation of one process, against the base and the history. Heaviest growth first.

    A finding is a line whose owned value grew for certain since the base, and still grew, for certain, over the second
    half of the history: a cache that filled up is none. With enough observations it must also rise over all of them,
    and is a `leak`; with fewer it is a `growth`.
    """
    head = history[-1].lines
    wanted = judged(head.sample_types)
    if wanted is None or wanted not in base.sample_types or len(history) < 2:
        return ()
    grown = growth(head, base, wanted)
    row = np.flatnonzero(grown.certain.owned & (grown.value.owned > 0) & (head.line > 0))
    row = _still(growth(head, history[(len(history) - 1) // 2].lines, wanted), row)
    over = trend(*_owned(history, row, wanted))
    code: Code = "leak" if len(history) >= ENOUGH else "growth"
    value = head.value.owned[:, head.sample_types.index(wanted)]
    found = [
        Finding(
            code=code,
            file=head.files[head.file[i]],
            line=int(head.line[i]),
            sample_type=wanted,
            value=float(value[i]),
            growth=float(grown.value.owned[i]),
            error=float(grown.error.owned[i]),
            slope=slope,
            observations=len(history),
        )
        for i, slope, chance in zip(row.tolist(), over.slope.tolist(), over.chance.tolist(), strict=True)
        if code == "growth" or chance < CHANCE
    ]
    return tuple(sorted(found, key=lambda f: -f.growth))


def _still(grown: Growth, row: Ints) -> Ints:
    """Return those of these rows that grew in this growth, too. They are few and suspected: each is looked at alone."""
    value, error = grown.value.owned[row], grown.error.owned[row]
    return row[(value > 0) & (limit(1) * error < value)]


def _owned(history: Sequence[Observation], row: Ints, wanted: ValueType) -> tuple[Floats, Floats]:
    """Return the owned values of these rows of the head, shape (observations, rows), and the times."""
    head = history[-1].lines
    values = [
        taken(o.lines.value.owned[:, o.lines.sample_types.index(wanted)], rows(o.lines, head)[row]) for o in history
    ]
    return np.array(values, np.float64), np.array([o.seconds for o in history])
