"""Maps recorded lines of a file to the current text of that file."""

from __future__ import annotations

from collections import Counter
from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from alloclens.languages import comment_of
from alloclens.languages.declarations import again, around, closure_around, declarations, parsed, read_as
from alloclens.source.profiled_text import UNCHANGING
from alloclens.source.text_diff import diff_texts
from alloclens.text import memo, split_lines

if TYPE_CHECKING:
    from alloclens.arrays import Ints, Mask
    from alloclens.languages.syntax import Declaration
    from alloclens.source.profiled_text import RecordedLines, SourceVersion


class Doubt(Enum):
    """Why it is not sure where a recorded line is now."""

    GUESSED = "guessed"
    """Nothing proves that the file is the recorded one."""
    CHANGED = "changed"
    """The text was compared with the one that was profiled, or with those that may have been: it differs."""
    EDITED = "edited"
    """The text was edited before or after the program was built: another start of the program will tell."""
    UNCOMPARED = "uncompared"
    """The text that was profiled is not known."""


class MappedLines(NamedTuple):
    """Where recorded lines are now."""

    line: Ints
    """1-based; 0 if the line is gone or ambiguous."""
    unsure: Mask


class LinesInFile(NamedTuple):
    """Lines of a snapshot that are now in one file."""

    path: str
    rows: Ints
    """Rows of the snapshot's lines."""
    mapped: MappedLines
    version: SourceVersion
    """The version of this file, for lines recorded in it."""
    moved: Mask
    """Which lines were recorded in another file."""
    text: str
    """The current text."""


def map_recorded_lines(lines: RecordedLines, version: SourceVersion, now: str) -> MappedLines:
    """Map lines to the current text. Lines on which the possible versions disagree are unsure."""
    line, unsure = _mapped(lines, version, now)
    return MappedLines(line, (unsure | _disagrees(lines, version)) & (line > 0))


def _disagrees(lines: RecordedLines, version: SourceVersion) -> Mask:
    """Return which lines, or lines that nameless functions are in, are different lines in another possible text."""
    differ = version.disagrees(lines.line)
    if version.text is None or version.doubtful is None or not version.doubtful.any():
        return differ
    last = len(split_lines(version.text))
    for spot in np.flatnonzero(~differ & (lines.line > 0) & (lines.line <= last)).tolist():
        if _is_of_closure(lines, spot):
            line = int(lines.line[spot])
            inside = closure_around(version.text, line, lines.path)
            heads = _heads(version.text, line) if _is_nameless(lines, spot) else {inside.first} if inside else set()
            differ[spot] = version.disagrees(np.array([*heads], np.int64)).any()
    return differ


def _mapped(lines: RecordedLines, version: SourceVersion, now: str) -> MappedLines:
    if version is UNCHANGING or version.text == now:
        line = np.where(lines.line <= len(split_lines(now)), lines.line, 0)
        return MappedLines(line, np.zeros(len(line), np.bool_))
    if version.text is None:
        line = _by_function(lines, now)
        return MappedLines(line, line > 0)
    return _by_text(lines, version.text, now)


def _by_function(lines: RecordedLines, now: str) -> Ints:
    """Find each function by name, and the line by its distance from the function's start.

    If the start was not recorded, a line keeps its number if that is still in the function.
    """
    starts = _starts(lines).tolist()
    started = [_start(name, start, lines.path) for name, start in zip(lines.names, starts, strict=True)]
    functions = [
        _only(declarations(now, name, lines.path), start) for name, start in zip(lines.names, started, strict=True)
    ]
    then = {f: start for f, start in zip(functions, started, strict=True) if f and start > 0}
    spans = [(f.first, f.last, f.start - then.get(f, f.start)) if f else (1, 0, 0) for f in functions]
    first, last, shift = np.array([*spans, (1, 0, 0)], np.int64).T  # the last entry is for function -1
    line = lines.line + shift[lines.function]
    inside = (line >= first[lines.function]) & (line <= last[lines.function])
    return np.where((lines.line > 0) & inside, line, 0)


def _starts(lines: RecordedLines) -> Ints:
    """Return the recorded start of each function: the line itself if the writer records no other, unless there are several."""
    if not lines.by_function:
        return lines.start
    pairs = np.unique(np.stack([lines.function, lines.line])[:, lines.function >= 0], axis=1)
    function, first, count = np.unique(pairs[0], return_index=True, return_counts=True)
    starts = lines.start.copy()
    starts[function] = np.where(count == 1, pairs[1, first], 0)
    return starts


def _start(name: str, start: int, path: str) -> int:
    """Return the start of a function, as recorded or in its name; 0 for closures."""
    parts = parsed(name, path)
    return 0 if parts.closure else start if start > 0 else parts.line


def _only(functions: list[Declaration], start: int) -> Declaration | None:
    """Return the only declaration, or of several that differ, the one at the recorded start."""
    if len(functions) > 1:
        twins = Counter((f.name, f.parameters) for f in functions)
        functions = [f for f in functions if f.start == start and twins[f.name, f.parameters] == 1]
    return functions[0] if len(functions) == 1 else None


def _by_text(lines: RecordedLines, then: str, now: str) -> MappedLines:
    """Map lines by comparing the two texts, and check that each stays in its function and blocks."""
    moved = diff_texts(then, now, comment_of(lines.path))
    line, unsure = moved.of(lines.line)
    strayed = np.zeros(len(line), np.bool_)
    for spot in np.flatnonzero(lines.line > moved.head).tolist():
        at, to = int(lines.line[spot]), int(line[spot])
        unsure[spot] |= to > 0 and _is_nested_otherwise((then, at), (now, to), lines.path)
        own = _own(lines, spot, then)
        if own is None:
            unsure[spot] |= to > 0 and _is_nameless(lines, spot) and not _heads(then, at, moved.now) <= _heads(now, to)
            continue
        if own.first >= moved.tail:  # it is unchanged from its first line on
            continue
        here = again(now, own, lines.path)
        unsure[spot] |= to > 0 and _may_be_renamed(own, to, then, now, lines.path)
        if any(function.holds(to) for function in here):
            if _is_of_closure(lines, spot):
                unsure[spot] |= _is_other_closure((then, at), (now, to), lines.path)
            else:
                unsure[spot] |= _is_below_another_head(own, (then, at), (now, to))
            continue
        if len(here) == 1 and (mapped := _within(own, here[0], then, now, at)):
            line[spot], unsure[spot] = mapped, True
        elif to and (here or _was_there(to, then, now, lines.path)):
            unsure[spot] = strayed[spot] = True
    lost = strayed & np.isin(line, line[~strayed])
    return MappedLines(np.where(lost, 0, line), unsure & ~lost)


def _may_be_renamed(own: Declaration, to: int, then: str, now: str, path: str) -> bool:
    """Return whether a function with a new name has the body that a line's function had, and the one with the old name has another.

    The function may have been renamed and another one with similar lines written, in which the line would now be found.
    """
    same = _by_body(now, path).get(_body(then, own), ())
    renamed = (function for function in same if not function.holds(to) and not again(then, function, path))
    return all(function.name != own.name for function in same) and any(renamed)


@memo
def _by_body(text: str, path: str) -> dict[tuple[str, ...], list[Declaration]]:
    """Return the functions of a text by their bodies, except those on one line."""
    functions: dict[tuple[str, ...], list[Declaration]] = {}
    read = read_as(text, path)
    for function in read.declarations if read else ():
        if function.kind == "function" and (body := _body(text, function)):
            functions.setdefault(body, []).append(function)
    return functions


def _body(text: str, function: Declaration) -> tuple[str, ...]:
    """Return the lines of a function's body below that of its name, without their indentation."""
    return tuple(line.strip() for line in split_lines(text)[max(function.body - 1, function.line) : function.last])


def _is_of_closure(lines: RecordedLines, spot: int) -> bool:
    """Return whether the function of a line is a closure, or has another name by which it cannot be found."""
    number = lines.function[spot]
    return number >= 0 and (_is_nameless(lines, spot) or parsed(lines.names[number], lines.path).closure)


def _is_other_closure(then: tuple[str, int], now: tuple[str, int], path: str) -> bool:
    """Return whether a line is now in a closure with another first line, while the first line of its own still exists.

    This happens if two handlers have exchanged their names. Each place is a text and a line.
    """
    head, head_now = (_closure_head(*place, path) for place in (then, now))
    if not head or head == head_now:
        return False
    before, after = ([line.strip() for line in split_lines(text)].count(head) for text, _ in (then, now))
    return after >= before


def _closure_head(text: str, line: int, path: str) -> str:
    """Return the first line of the closure around a line, without its indentation; "" if there is none."""
    closure = closure_around(text, line, path)
    return _line(text, closure.first) if closure else ""


def _is_nameless(lines: RecordedLines, spot: int) -> bool:
    """Return whether the function of a line has a name by which it cannot be found, such as a closure of a variable."""
    number = lines.function[spot]
    return number >= 0 and not parsed(lines.names[number], lines.path).parts


def _heads(text: str, line: int, to: Ints | None = None) -> set[int]:
    """Return the lines that a line is in by its indentation, such as that of a variable. `to` maps them to another text."""
    lines, heads = split_lines(text), set()
    indent = _indent(lines[line - 1])
    for number in range(line - 1, 0, -1):
        if indent == 0:
            break
        if lines[number - 1].strip() and (less := _indent(lines[number - 1])) < indent:
            heads.add(number if to is None else int(to[number]))
            indent = less
    return heads


def _is_nested_otherwise(then: tuple[str, int], now: tuple[str, int], path: str) -> bool:
    """Return whether a line is now in more or fewer blocks of its function. Each place is a text and a line.

    The statement may have been wrapped, as by `if`, or moved to a helper elsewhere, and another one like it added.
    """
    before, after = (_indent(split_lines(text)[line - 1]) for text, line in (then, now))
    return before != after and _depth(*then, path) != _depth(*now, path)


def _is_below_another_head(own: Declaration, then: tuple[str, int], now: tuple[str, int]) -> bool:
    """Return whether a line that has equals in its function is now below another head, as that of another `case`."""
    before, after = (max(_heads(*place), default=0) for place in (then, now))
    if before < own.body or _body(then[0], own).count(_line(*then)) == 1:
        return False
    return not after or _line(then[0], before) != _line(now[0], after)


def _line(text: str, line: int) -> str:
    """Return a line without its indentation."""
    return split_lines(text)[line - 1].strip()


def _depth(text: str, line: int, path: str) -> int:
    """Return the number of blocks around a line within its function, by their indentation."""
    own = around(text, line, path)
    return sum(head >= own.body for head in _heads(text, line)) if own else len(_heads(text, line))


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _own(lines: RecordedLines, spot: int, then: str) -> Declaration | None:
    """Return the function of a line: the recorded one, else the one in the text."""
    number, line = lines.function[spot], int(lines.line[spot])
    named = declarations(then, lines.names[number], lines.path) if number >= 0 else []
    inside = (function for function in named if function.kind == "function" and function.holds(line))
    return max(inside, key=lambda function: function.first, default=None) or around(then, line, lines.path)


def _within(own: Declaration, here: Declaration, then: str, now: str, line: int) -> int:
    """Map a line by comparing only its function's text; 0 if that fails."""
    before, after = ("\n".join(split_lines(text)[f.first - 1 : f.last]) for text, f in ((then, own), (now, here)))
    mapped = int(diff_texts(before, after).now[line - own.first + 1])
    return mapped and mapped + here.first - 1


def _was_there(line: int, then: str, now: str, path: str) -> bool:
    """Return whether the current function of a line existed before, so that it is not the renamed old one."""
    function = around(now, line, path)
    return function is not None and bool(again(then, function, path))
