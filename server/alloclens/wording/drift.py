"""Where recorded lines are after their text has changed, and which of them are unsure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from alloclens.series.shown import worth_showing
from alloclens.session.line_mapper import CHANGED
from alloclens.source.profiled_text import AS_IT_IS, UNCHANGING
from alloclens.text import split_lines
from alloclens.wording.amounts import amount

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from alloclens.arrays import Ints, Mask
    from alloclens.series.comparison import Comparison
    from alloclens.source.line_mapping import LinesInFile
    from alloclens.source.profiled_text import SourceVersion

BY_NAME = "lines of functions that were in another file when they were recorded are found by the function's name, and marked ~"
MOVED_WITHIN = (
    "lines that have moved within the file, past other lines or into another block, function or closure, are marked ~"
)
SET_REVISION = "if a commit was built, set `revision` to it"
OF_UNKNOWN_TEXT = (
    "the text that was profiled is not known (no copy was taken before the file changed, and no text of this file that "
    f"was found in git has its functions where the profile says; {SET_REVISION})"
)
OF_UNKNOWN_RELEASE = (
    "the version of this library that was profiled is not known: nothing shows that it is the one here (neither its path, nor "
    "the binary, nor a lock file of that time); its lines are found by their functions' names, and marked ~"
)
NOT_BY_NAME = (
    "the text that was profiled is not known, and the name of its function does not tell where the line is in the current text "
    f"({SET_REVISION})"
)
LINE_CHANGED = f"the line has been {CHANGED}"
LIKE_IT = "the file has a line like it, but it is not certain that it is the same one"
MAX_NAMED_TEXTS = 3
"""Texts that are named if several fit."""


def compared_text(version: SourceVersion) -> str:
    """Say which text the recorded lines belong to."""
    if version.is_unknown:
        return _unknown(version)
    if version.guessed or version.release or version.replaced or version.missing:
        return _unproven(version)
    if (version.others or version.edited_before) and not version.is_in_doubt:
        used = "the first" if version.others else "it"
        return f"{_fitting(version)}; {used} is used, and ~ marks {_disagreement(version)} ({SET_REVISION})"
    if version.edited_since:
        return (
            f"the text that was profiled is taken to be {version.source}; ~ marks the lines that are not {version.edited_since}, "
            "because the process may have been started before they were edited (a build from a commit has no such marks)"
        )
    if version.doubtful is not None:
        return (
            f"{_fitting(version)}, but the program may have been built from one that was never committed; ~ marks the lines "
            f"({SET_REVISION})"
        )
    known = "taken to be" if version.source == AS_IT_IS else "known:"
    return version.source if version is UNCHANGING else f"the text that was profiled is {known} {version.source}"


def _unknown(version: SourceVersion) -> str:
    if version.missing:
        return f"the text that was profiled is not known: {version.missing} ({SET_REVISION})"
    return OF_UNKNOWN_RELEASE if version.release else OF_UNKNOWN_TEXT


def _fitting(version: SourceVersion) -> str:
    """Say which texts fit."""
    texts = len(version.others) + 1
    more = [f"{texts - MAX_NAMED_TEXTS} more"] if texts > MAX_NAMED_TEXTS else []
    named = "; ".join([version.source, *version.others[: MAX_NAMED_TEXTS - 1], *more])
    return f"{texts} texts fit the profile ({named})" if version.others else f"one text fits the profile ({named})"


def _disagreement(version: SourceVersion) -> str:
    """Say on which lines the texts disagree."""
    if not version.edited_before:
        return "the lines on which they disagree"
    return (
        f"the lines that are not the same {version.edited_before}: the file was written after the profile, and may have been edited "
        "before the program was built, too"
    )


def _unproven(version: SourceVersion) -> str:
    if version.replaced:
        return (
            f"git says that another file had this path, and was renamed or deleted before this one was added ({version.source}); "
            "it may be the one that was profiled, so ~ marks the lines"
        )
    if version.guessed:
        return (
            f"nothing proves that the lines are of this file ({version.source}): another program may have a file of this name "
            "with functions of these names; ~ marks the lines (a path mapping confirms that it is this file)"
        )
    if version.missing:
        return f"{_fitting(version)}, but another one may have been profiled: {version.missing}; ~ marks the lines ({SET_REVISION})"
    return (
        f"version {version.release} was profiled, and nothing shows that the text here is of that version "
        f"({version.source}); ~ marks the lines"
    )


def texts(version: SourceVersion, moved: Mask) -> list[str]:
    """Say which text lines belong to. `moved` says of each line whether it was in another file."""
    return [compared_text(version)] * bool((~moved).any()) + [BY_NAME] * bool(moved.any())


def reasons(version: SourceVersion, lines: Ints, moved: Mask, unsure: Mask) -> list[str]:
    """Say why some of these recorded lines are marked ~ (`unsure`). `moved` says which were in another file."""
    doubtful = version.disagrees(lines) | version.is_unknown
    stayed = unsure & ~moved
    return (
        [compared_text(version)] * bool((stayed & doubtful).any())
        + [MOVED_WITHIN] * bool((stayed & ~doubtful).any())
        + [BY_NAME] * bool((unsure & moved).any())
    )


def growth_unknown(lines: Sequence[int]) -> str:
    """Say that the growth of lines is not known, and why."""
    which = f"line {lines[0]}" if len(lines) == 1 else f"lines {', '.join(map(str, lines))}"
    return f"the growth of {which} is not known: no line of the base is known to match"


def report(comparison: Comparison, path: str, parts: Sequence[LinesInFile], function: str = "") -> list[str]:
    """Say which text the lines of a file belong to, and where each line worth showing is now.

    The first part is the file itself, if any of its lines are still in it. With `function`, a part of a function's name,
    only the lines of such functions are described, if there are any.
    """
    matches = [np.array([function in name for name in _functions(comparison, part.rows)], np.bool_) for part in parts]
    shows_all = not any(rows.any() for rows in matches)
    sentences = texts(parts[0].version, np.concatenate([part.moved for part in parts]))
    for part, kept in zip(parts, matches, strict=True):
        sentences += _where(comparison, path, part, kept | shows_all)
    return sentences


def _where(comparison: Comparison, path: str, part: LinesInFile, kept: Mask) -> list[str]:
    rows, line, unsure = part.rows[kept], part.mapped.line[kept], part.mapped.unsure[kept]
    disagree = part.version.disagrees(comparison.lines.line[rows]) & ~part.moved[kept] & (not part.version.is_in_doubt)
    doubt = np.where(disagree, " ~ perhaps: the texts disagree on it", " ~ perhaps")
    doubt = np.where(unsure, doubt, "")
    away = "" if part.path == path else f" of {part.path}"
    shown = set(worth_showing(comparison, rows).tolist())
    sentences = []
    for row, now, perhaps in zip(rows.tolist(), line.tolist(), doubt.tolist(), strict=True):
        if now and row in shown:
            then = int(comparison.lines.line[row])
            cum = amount(comparison.stats(row).cum.value, comparison.sample_type.unit)
            recorded = "" if then == now and not away else f", recorded as line {then}"
            sentences.append(f"{cum} cum on line {now}{away}{recorded}{perhaps}")
    return [*sentences, *not_shown(comparison, rows[line == 0], part.version, part.text)]


def not_shown(comparison: Comparison, gone: Ints, version: SourceVersion, now: str) -> list[str]:
    """Return a sentence for each of these rows of the head's lines, which have no line now, that is worth showing."""
    then_lines, now_lines = split_lines(version.text or ""), {line.strip() for line in split_lines(now)}
    shown = worth_showing(comparison, gone)
    disagree = version.disagrees(comparison.lines.line[shown]).tolist()
    sentences = []
    for row, name, doubt in zip(shown.tolist(), _functions(comparison, shown), disagree, strict=True):
        cum = amount(comparison.stats(row).cum.value, comparison.sample_type.unit)
        number = int(comparison.lines.line[row])
        then = f"line {number}{f' ({name})' if name else ''}"
        is_like = number <= len(then_lines) and then_lines[number - 1].strip() in now_lines
        why = LIKE_IT if is_like else LINE_CHANGED
        why += ", if this is the text that was profiled" if doubt else ""
        if version.is_unknown:
            why = NOT_BY_NAME
        sentences.append(f"{cum} of {then} is not shown: {why}.")
    return sentences


def without_line(comparison: Comparison, recorded: Iterable[str]) -> list[str]:
    """Return a sentence for each function of some recorded files whose line the profile does not name."""
    lines = comparison.lines
    numbers = sorted(number for file in recorded if (number := lines.number(file)) is not None)
    rows = np.concatenate([np.zeros(0, np.int64), *(lines.rows_in(number) for number in numbers)])
    shown = worth_showing(comparison, rows[lines.line[rows] == 0])
    named = zip(shown.tolist(), _functions(comparison, shown), strict=True)
    values = ((amount(comparison.stats(row).cum.value, comparison.sample_type.unit), name) for row, name in named)
    return [
        f"{value} of {name or 'no function'} is on no line: the profile does not name one." for value, name in values
    ]


def _functions(comparison: Comparison, rows: Ints) -> list[str]:
    return [*map(comparison.lines.function, rows.tolist())]
