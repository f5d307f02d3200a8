"""Tests whether a text can be what was profiled: recorded functions and lines can disprove it."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from alloclens.languages import language_of
from alloclens.languages.declarations import declarations, parsed, read_as
from alloclens.languages.go import GO
from alloclens.languages.python import PYTHON
from alloclens.text import memo, split_lines

if TYPE_CHECKING:
    from collections.abc import Collection

    from alloclens.languages.language import Language
    from alloclens.languages.syntax import Declaration, Syntax
    from alloclens.source.profiled_text import RecordedLines

LITERAL = re.compile(r"\.func\d+$|(?<!\.init)\.\d+$")
"""A Go function literal. Other closures, and those with type arguments, may be compiler-generated wrappers."""
ELSEWHERE = re.compile(r"\.init$|\.map\.init\.\d+$|-fm$|-range\d")
"""Go names these after a function that need not contain them: variable initializers, method value wrappers, and
range-over-func bodies."""
C_WITHIN = 'import "C"'
"""In Go, the comment before this is compiled."""


def fits(lines: RecordedLines, text: str, *, inlined: bool = True) -> bool:
    """Return whether a text can be what was profiled.

    It cannot if a function does not start where recorded, if a line is outside its recorded function, or if a line has
    no code. If `inlined`, a line outside may be of another function that was inlined, where a language has that, and the line of
    a function (`by_function`) need not be where one begins: what a compiler wrote may begin elsewhere.
    """
    language, last = language_of(lines.path), len(split_lines(text))
    if language and language.has_lines_beyond_its_end:
        lines = replace(lines, line=np.where(lines.line <= last, lines.line, 0))
    recorded = lines.line[lines.line > 0].tolist()
    if recorded and (max(recorded) > last or not idle_lines(text, lines.path).isdisjoint(recorded)):
        return False
    if lines.by_function and not inlined and not _are_heads(recorded, text, lines.path):
        return False
    return all(
        _can_be(
            text,
            lines.path,
            name,
            start,
            lines.line[(lines.function == number) & (lines.line > 0)].tolist(),
            inlined=inlined,
        )
        for number, (name, start) in enumerate(zip(lines.names, lines.start.tolist(), strict=True))
    )


def _are_heads(lines: Collection[int], text: str, path: str) -> bool:
    """Return whether a function begins on each of these lines, or the whole text, whose code is a function of V8's."""
    read, idle = read_as(text, path), idle_lines(text, path)
    if read is None or not read.whole:
        return True
    begin = next((number for number in range(1, len(split_lines(text)) + 1) if number not in idle), 1)
    heads = [(d.first, max(d.line, d.body)) for d in read.declarations]
    return all(line <= begin or any(first <= line <= last for first, last in heads) for line in lines)


@memo
def idle_lines(text: str, path: str) -> frozenset[int]:
    """Return the lines (1-based) without code: blank ones, comments, and in Go most closing braces.

    At the end of a function its deferred calls run, and at the end of a range-over-func loop its checks.
    """
    lines = split_lines(text)
    stripped = [line.strip() for line in lines]
    blank = {number for number, line in enumerate(stripped, 1) if not line}
    read = read_as(text, path)
    if read is None or not read.whole:
        return frozenset(blank)
    if language_of(path) is not GO:
        return frozenset(blank | _comments(lines, read))
    ends = {declaration.last for declaration in read.declarations}.union(read.loops)
    braces = {number for number, line in enumerate(stripped, 1) if line == "}" and number not in ends}
    return frozenset(blank | braces | (set() if C_WITHIN in text else _comments(lines, read)))


def _comments(lines: Collection[str], read: Syntax) -> set[int]:
    """Return the lines of comments, except lines that also have code."""
    numbers: set[int] = set()
    texts = list(lines)
    for first, begin, last, end in read.comments:
        before, behind = texts[first - 1][:begin], texts[last - 1].encode("utf-8", "replace")[end:]
        numbers.update(range(first + bool(before.strip()), last + 1 - bool(end == 0 or behind.strip())))
    return numbers


def _can_be(text: str, path: str, name: str, start: int, lines: Collection[int], *, inlined: bool) -> bool:
    """Return whether a function can start on this line of a text (0 if unknown) and contain these lines."""
    language, read = language_of(path), read_as(text, path)
    if ELSEWHERE.search(name) or (language is GO and name in text):  # a directive can give it another package's name
        return True
    named, within = declarations(text, name, path), parsed(name, path).closure
    if start > 0 and not within and named and not any(d.first <= start <= d.line for d in named):
        return False
    if read is None or language is None or not read.whole:
        return True
    if start > 0 and not named and not within and not _may_be_absent(name, language):
        return False
    closures = [d for d in read.declarations if d.kind == "closure"]
    is_literal = language is GO and LITERAL.search(name) and "[" not in name and C_WITHIN not in text
    if start > 0 and is_literal and not any(closure.line == start for closure in closures):
        return False
    reach = [*named, *closures] if within or language.spelled == "shortly" else named
    unasked = not named or (inlined and start <= 0 and language.inlines)
    is_within = unasked or all(any(d.holds(line) for d in reach) for line in lines)
    return is_within and not (language is PYTHON and _is_head(named, lines))


def _is_head(functions: Collection[Declaration], lines: Collection[int]) -> bool:
    """Return whether all lines are before the first statement of a function. Python does not allocate there."""
    last = max(lines, default=0)
    return last > 0 and bool(functions) and all(f.kind == "function" and last < f.body for f in functions)


def _may_be_absent(name: str, language: Language) -> bool:
    """Return whether a program can have a function that the text of its file does not declare."""
    return not language.declares_all or name.startswith("<")
