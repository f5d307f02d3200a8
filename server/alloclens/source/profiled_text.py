"""The text that recorded lines refer to, and which of its lines are doubtful because they may be those of another text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from alloclens.arrays import distinct
from alloclens.languages.declarations import around, declarations
from alloclens.source.text_diff import diff_texts, is_in, stays
from alloclens.text import split_lines

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alloclens.arrays import Ints, Mask

AS_IT_IS = "the file as it is now, in which all recorded functions begin where they were recorded"
"""The source of a text that nothing else vouches for."""


@dataclass(frozen=True, eq=False)
class RecordedLines:
    """Recorded lines of one file with their functions."""

    line: Ints
    """1-based; 0 if unknown."""
    function: Ints
    """Index in `names`; -1 if unknown."""
    names: Sequence[str]
    start: Ints
    """Recorded declaration of each function, 1-based; 0 if unknown."""
    path: str = ""
    """Path of the file here, whose extension tells the language."""
    by_function: bool = False
    """Whether each line is that of its function, see `Lines`."""


class SourceVersion(NamedTuple):
    """The source text that recorded lines refer to."""

    source: str
    """Where it is from, such as "as in git's commit 1234567890ab"; "" if nothing is known."""
    text: str | None = None
    """None if the file never changes or `source` is unknown."""
    others: tuple[str, ...] = ()
    """The sources of other texts that the lines may refer to."""
    doubtful: Mask | None = None
    """For 0 and each line of `text`, whether it is a different line in one of the others."""
    edited_since: str = ""
    """The source of a text since which the doubtful lines were edited, before or after the program was built."""
    edited_before: str = ""
    """The source of a later text, until which the doubtful lines were edited, before or after the program was built."""
    guessed: bool = False
    """Whether it is only a guess that the lines are of this file."""
    release: str = ""
    """The version of a dependency that was profiled, if the text may be of another one."""
    replaced: bool = False
    """Whether another file had this path before, and may be the one that was profiled."""
    missing: str = ""
    """Why other texts that may have been profiled were not looked at; "" if all were."""

    def disagrees(self, lines: Ints) -> Mask:
        """Return which lines are different lines in another possible text."""
        if self.doubtful is None:
            return np.zeros(len(lines), np.bool_)
        return self.doubtful[np.where(lines < len(self.doubtful), lines, 0)]

    def beside(self, other: SourceVersion, *, shifted: bool) -> SourceVersion:
        """Mark the lines that were edited since another text as doubtful, and if `shifted` those with another number."""
        differs = stays if shifted else is_in
        edited = ~differs(self.text or "", other.text or "")
        if not edited.any():
            return self
        doubtful = edited if self.doubtful is None else edited | self.doubtful
        return self._replace(doubtful=doubtful, edited_since=other.source)

    def before(self, later: SourceVersion, lines: RecordedLines) -> SourceVersion:
        """Mark the lines as doubtful that may have had other numbers while this text became a later one."""
        edited = _renumbered(self.text or "", later.text or "", lines)
        if self.text is None or not edited.any():
            return self
        doubtful = edited if self.doubtful is None else edited | self.doubtful
        return self._replace(doubtful=doubtful, edited_before=later.source)

    @property
    def is_unknown(self) -> bool:
        """Whether nothing is known of the text."""
        return not self.source

    @property
    def is_in_doubt(self) -> bool:
        """Whether all lines are doubtful, not only those that differ in another text."""
        return self.doubtful is not None and bool(self.doubtful.all())

    @property
    def in_doubt(self) -> SourceVersion:
        """This version with all lines doubtful: the program may have been built from a text that nobody kept."""
        if self.text is None:
            return self
        return self._replace(doubtful=np.ones(len(split_lines(self.text)) + 1, np.bool_))

    def beside_missing(self, why: str) -> SourceVersion:
        """Return this version with all lines doubtful, because other texts that may have been profiled were not looked at."""
        return (self if self.text is None else self.in_doubt)._replace(missing=why)

    def of_unknown_release(self, release: str) -> SourceVersion:
        """Return this version with all lines doubtful: it may be of another release of the module."""
        return self if self.text is None else self.in_doubt._replace(release=release)

    @property
    def of_another_file(self) -> SourceVersion:
        """This version with all lines doubtful: another file had the path before."""
        return self if self.text is None else self.in_doubt._replace(replaced=True)

    @property
    def guess(self) -> SourceVersion:
        """This version as a guess: it may be of another file than the recorded one."""
        return self if self.text is None else self.in_doubt._replace(guessed=True)


UNCHANGING = SourceVersion("a file that never changes")
UNKNOWN_VERSION = SourceVersion("")
UNKNOWN_RELEASE = SourceVersion("", release="unknown")
"""A dependency of an unknown version, of which only the functions' names tell where the lines are."""


def first_of(fitting: Sequence[SourceVersion], lines: RecordedLines) -> SourceVersion:
    """Return the first of all possible versions, with the lines that others disagree on marked as doubtful."""
    if not fitting:
        return UNKNOWN_VERSION
    first, others = fitting[0], dict[str | None, SourceVersion]()
    for version in fitting[1:]:
        if version.text != first.text:
            others.setdefault(version.text, version)
    if not others:
        return first
    doubtful = np.logical_or.reduce([~stays(first.text or "", text or "") for text in others])
    doubtful[_in_twins(lines, first.text or "", [text or "" for text in others])] = True
    return first._replace(others=tuple(other.source for other in others.values()), doubtful=doubtful)


def _renumbered(then: str, later: str, lines: RecordedLines) -> Mask:
    """Return for 0 and each line of a text whether it may have had another number before it became the later text.

    A line certainly had none if it has the same number in both. If its function began where the first text has it, only an
    edit between that and the line gave it another one.
    """
    mapping, renumbered = diff_texts(then, later), ~stays(then, later)
    for row in np.flatnonzero((lines.function >= 0) & (lines.line > 0) & (lines.line < len(renumbered))).tolist():
        line, name, start = (
            int(lines.line[row]),
            lines.names[lines.function[row]],
            int(lines.start[lines.function[row]]),
        )
        if 0 < start <= line and any(d.first <= start <= d.line for d in declarations(then, name, lines.path)):
            block = slice(start, line + 1)
            together = mapping.now[start] > 0 and (np.diff(mapping.now[block]) == 1).all()
            renumbered[line] = not together or mapping.unsure[block].any()
    return renumbered


def _in_twins(lines: RecordedLines, text: str, others: Sequence[str]) -> list[int]:
    """Return the recorded lines that are in one of several functions of a name, and in another of them in another text.

    A profile may name only the last part of a method's name, which does not tell `A.load` from `B.load`.
    """
    asked = ((line, around(text, line, lines.path)) for line in distinct(lines.line[lines.line > 0]).tolist())
    inside = [(line, function) for line, function in asked if function]
    return [
        line
        for other in others
        for line, function in inside
        if (there := around(other, line, lines.path))
        and there.name[-1] == function.name[-1]
        and (there.name, there.parameters) != (function.name, function.parameters)
        and any(len(declarations(either, function.name[-1], lines.path)) > 1 for either in (text, other))
    ]
