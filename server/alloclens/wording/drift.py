"""What became of lines whose text has changed since the snapshot."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from alloclens.analysis.selection import worth_showing
from alloclens.source.carry import SAME, UNKNOWN
from alloclens.wording.units import amount

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from alloclens.analysis.comparison import Comparison
    from alloclens.source.carry import Carried, Origin

NAMED = 3
"""So many of the texts that fit are named."""


def compared_text(origin: Origin) -> str:
    """Say which text the recorded lines are of."""
    if origin is UNKNOWN:
        return (
            "the text that was profiled is not known (when the snapshot was first seen, the file had changed or was not "
            "found here; and git has no text whose functions are where the profile says; the setting `revision` names the "
            "commit it was built from)"
        )
    if origin.others:
        more = [f"{len(origin.others) + 1 - NAMED} more"] if len(origin.others) >= NAMED else []
        named = "; ".join([origin.source, *origin.others[: NAMED - 1], *more])
        return (
            f"{len(origin.others) + 1} texts fit what was profiled ({named}); the first is taken for it, and ~ marks the "
            "lines that they disagree on (the setting `revision` names the commit it was built from)"
        )
    if origin.doubtful is not None:
        return (
            f"what was profiled fits one text ({origin.source}), but may be of one that was never checked in; ~ marks the lines "
            "(the setting `revision` names the commit it was built from)"
        )
    return origin.source if origin is SAME else f"the text that was profiled is known: {origin.source}"


def report(
    comparison: Comparison, rows: NDArray[np.int64], carried: Carried, origin: Origin, function: str = ""
) -> list[str]:
    """Say of these rows of the head's lines which text they are of, and where each that is worth showing is now.

    With a part of a function's name only its lines, if there are any.
    """
    names = _functions(comparison, rows)
    asked = [function in name for name in names]
    kept = np.array([a or not any(asked) for a in asked], np.bool_)
    rows, line, unsure = rows[kept], carried.line[kept], carried.unsure[kept]
    shown = set(worth_showing(comparison, rows).tolist())
    doubt = np.where(
        origin.disagrees(comparison.lines.line[rows]), " ~ perhaps: the texts disagree on it", " ~ perhaps"
    )
    doubt = np.where(unsure, doubt, "")
    each = zip(rows.tolist(), line.tolist(), doubt.tolist(), strict=True)
    said = [_where(comparison, row, now, doubt) for row, now, doubt in each if now and row in shown]
    return [compared_text(origin), *said, *not_shown(comparison, rows[line == 0], origin)]


def not_shown(comparison: Comparison, gone: NDArray[np.int64], origin: Origin) -> list[str]:
    """Say which rows of the head's lines, that are no more, would be worth showing; a sentence for each."""
    shown = worth_showing(comparison, gone)
    disagree = origin.disagrees(comparison.lines.line[shown]).tolist()
    said = []
    for row, name, doubt in zip(shown.tolist(), _functions(comparison, shown), disagree, strict=True):
        much = amount(comparison.stats(row).cum.value, comparison.sample_type.unit)
        then = f"line {comparison.lines.line[row]}{f' ({name})' if name else ''}"
        why = "the line was changed or deleted since" + (
            ", if the text is the one that it is taken for" if doubt else ""
        )
        if origin is UNKNOWN:
            why = "its function is not found here, or has not so many lines"
        said.append(f"{much} of {then} is not shown: {why}.")
    return said


def _where(comparison: Comparison, row: int, now: int, doubt: str) -> str:
    then, much = int(comparison.lines.line[row]), comparison.stats(row).cum.value
    moved = "" if then == now else f", recorded as line {then}"
    return f"{amount(much, comparison.sample_type.unit)} on line {now}{moved}{doubt}"


def _functions(comparison: Comparison, rows: NDArray[np.int64]) -> list[str]:
    functions = comparison.lines.functions
    return [functions.name[i] if i >= 0 else "" for i in functions.of_line[rows].tolist()]
