"""Which lines of a comparison are worth showing, and in what order."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from alloclens.arrays import Floats, Ints
    from alloclens.series.comparison import Comparison

MIN_HINT_SHARE = 0.005
"""Share of the total below which pprof's reports omit nodes by default."""
MIN_HINT_BYTES = 10 << 10
"""Absolute minimum: half a percent of an idle service is not worth a hint."""
MAX_LINES_PER_FILE = 200
"""Lines of a file that are shown for one kind of profile: more than anybody reads, and still a small response."""


def worth_showing(comparison: Comparison, rows: Ints, most: int = MAX_LINES_PER_FILE) -> Ints:
    """Return the rows that are heavy or grew significantly, at most the heaviest `most`, in the given order."""
    weight = _weight(comparison, rows)
    total = abs(int(comparison.lines.total[comparison.column]))  # of the samples in focus
    least = max(MIN_HINT_SHARE * total, MIN_HINT_BYTES if comparison.sample_type.unit == "bytes" else 1)
    shown = (weight >= least) | comparison.grew[rows]
    kept = np.flatnonzero(shown & (weight > 0))
    if len(kept) > most:
        kept = np.sort(kept[np.argsort(-weight[kept], kind="stable")[:most]])
    return rows[kept]


def by_weight(comparison: Comparison, rows: Ints) -> Ints:
    """Sort rows by owned value, then by cum value, heaviest first."""
    number = comparison.column
    owned, cum = (m[rows, number] for m in (comparison.lines.value.owned, comparison.lines.value.cum))
    return rows[np.lexsort((-np.abs(cum), -np.abs(owned)))]


def _weight(comparison: Comparison, rows: Ints) -> Floats:
    value = comparison.lines.value
    flat, cum = (np.abs(measure[rows, comparison.column]) for measure in (value.flat, value.cum))
    return np.asarray(np.maximum(flat, cum))
