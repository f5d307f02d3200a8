"""What became of lines whose text has changed since the snapshot."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from alloclens.series.comparison import worth_showing
from alloclens.source.line_mapping import UNCHANGING, UNKNOWN_VERSION
from alloclens.wording.amounts import amount

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alloclens.arrays import Ints, Mask
    from alloclens.series.comparison import Comparison
    from alloclens.source.line_mapping import LinesInFile, SourceVersion

BY_NAME = "lines of functions that were in another file when they were recorded are found by the function's name, and marked ~"
MOVED_WITHIN = "lines that are elsewhere in the file than they were, past others or in another function, are marked ~"
NAMED = 3
"""So many of the texts that fit are named."""


def compared_text(version: SourceVersion) -> str:
    """Say which text the recorded lines are of."""
    if version is UNKNOWN_VERSION:
        return (
            "the text that was profiled is not known (no copy was taken before the file changed, and no text of this file in "
            "git, if there is any, has its functions where the profile says; the setting `revision` names the commit it was "
            "built from)"
        )
    if version.guessed:
        return (
            f"the lines are placed as if they were of this file ({version.source}), which nothing proves: another program may have "
            "a file of this name with functions called like these; ~ marks the lines (a path mapping says that it is this file)"
        )
    if version.others:
        more = [f"{len(version.others) + 1 - NAMED} more"] if len(version.others) >= NAMED else []
        named = "; ".join([version.source, *version.others[: NAMED - 1], *more])
        return (
            f"{len(version.others) + 1} texts fit what was profiled ({named}); the first is taken for it, and ~ marks the "
            "lines that they disagree on (the setting `revision` names the commit it was built from)"
        )
    if version.doubtful is not None:
        return (
            f"what was profiled fits one text ({version.source}), but may be of one that was never checked in; ~ marks the lines "
            "(the setting `revision` names the commit it was built from)"
        )
    return version.source if version is UNCHANGING else f"the text that was profiled is known: {version.source}"


def texts(version: SourceVersion, moved: Mask) -> list[str]:
    """Say which text lines are of; `moved` is of each, whether it was in another file."""
    return [compared_text(version)] * bool((~moved).any()) + [BY_NAME] * bool(moved.any())


def reasons(version: SourceVersion, moved: Mask, unsure: Mask) -> list[str]:
    """Say why lines are marked ~. `moved` says of each line whether it was in another file."""
    stayed = ~moved
    if version is UNKNOWN_VERSION or version.doubtful is not None:
        return texts(version, moved)
    return [MOVED_WITHIN] * bool((stayed & unsure).any()) + [BY_NAME] * bool(moved.any())


def growth_unknown(lines: Sequence[int]) -> str:
    """Say that the growth of lines is not known."""
    which = f"line {lines[0]}" if len(lines) == 1 else f"lines {', '.join(map(str, lines))}"
    return f"the growth of {which} is not known: which line of the base it was is not known"


def report(comparison: Comparison, path: str, parts: Sequence[LinesInFile], function: str = "") -> list[str]:
    """Say which text the lines of a file are of, and where each is now that is worth showing; if elsewhere, in which file.

    The first of the parts is the file itself, if any of its lines are still in it. With a part of a function's name only its lines, if there are any.
    """
    asked = [np.array([function in name for name in _functions(comparison, part.rows)], np.bool_) for part in parts]
    every = not any(one.any() for one in asked)
    said = texts(parts[0].version, np.concatenate([part.moved for part in parts]))
    for part, kept in zip(parts, asked, strict=True):
        said += _where(comparison, path, part, kept | every)
    return said


def _where(comparison: Comparison, path: str, part: LinesInFile, kept: Mask) -> list[str]:
    rows, line, unsure = part.rows[kept], part.mapped.line[kept], part.mapped.unsure[kept]
    disagree = part.version.disagrees(comparison.lines.line[rows]) & ~part.moved[kept] & (not part.version.guessed)
    doubt = np.where(disagree, " ~ perhaps: the texts disagree on it", " ~ perhaps")
    doubt = np.where(unsure, doubt, "")
    away = "" if part.path == path else f" of {part.path}"
    shown = set(worth_showing(comparison, rows).tolist())
    said = []
    for row, now, perhaps in zip(rows.tolist(), line.tolist(), doubt.tolist(), strict=True):
        if now and row in shown:
            then = int(comparison.lines.line[row])
            much = amount(comparison.stats(row).cum.value, comparison.sample_type.unit)
            recorded = "" if then == now and not away else f", recorded as line {then}"
            said.append(f"{much} on line {now}{away}{recorded}{perhaps}")
    return [*said, *not_shown(comparison, rows[line == 0], part.version)]


def not_shown(comparison: Comparison, gone: Ints, version: SourceVersion) -> list[str]:
    """Say which rows of the head's lines, that are no more, would be worth showing; a sentence for each."""
    shown = worth_showing(comparison, gone)
    disagree = version.disagrees(comparison.lines.line[shown]).tolist()
    said = []
    for row, name, doubt in zip(shown.tolist(), _functions(comparison, shown), disagree, strict=True):
        much = amount(comparison.stats(row).cum.value, comparison.sample_type.unit)
        then = f"line {comparison.lines.line[row]}{f' ({name})' if name else ''}"
        why = "the line was changed or deleted since" + (
            ", if the text is the one that it is taken for" if doubt else ""
        )
        if version is UNKNOWN_VERSION:
            why = "its function is not found here, or has not so many lines"
        said.append(f"{much} of {then} is not shown: {why}.")
    return said


def _functions(comparison: Comparison, rows: Ints) -> list[str]:
    functions = comparison.lines.functions
    return [functions.name[i] if i >= 0 else "" for i in functions.of_line[rows].tolist()]
