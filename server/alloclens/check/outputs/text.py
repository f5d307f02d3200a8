"""Text for a terminal or a log."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from alloclens.printable import printable
from alloclens.wording.verdict import sparkline

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alloclens.check.result import Result, Violation

ARROW = " ← "
MAX_FRAMES = 12
"""Frames of a stack that are named: the innermost."""


def render(result: Result) -> str:
    """Write a violation in a few lines, worst first, and the result in the last."""
    return "".join(f"{printable(line)}\n" for line in _lines(result))


def _lines(result: Result) -> Iterator[str]:
    for violation in result.violations:
        yield f"{violation.at.name}: {violation.kind} {sparkline(violation.points)}".rstrip()
        yield f"  {violation.message}"
        if violation.stack:
            yield f"  {stack(violation)}"
    for accepted in result.accepted:
        until = f" until {accepted.expires}" if accepted.expires else ""
        yield f"accepted{until}: {accepted.violation.at.name}: {accepted.violation.kind}: {accepted.reason or 'no reason given'}"
    for note in result.notes:
        yield f"note: {note}"
    yield result.headline


def stack(violation: Violation) -> str:
    """Return the stack that grew most on one line, leaf first."""
    named = [f"{frame.function} {frame.name}".strip() if frame.path else frame.name for frame in violation.stack]
    runs = ((name, sum(1 for _ in same)) for name, same in groupby(named))
    names = [f"{name} (×{times})" if times > 1 else name for name, times in runs]
    more = [f"… {len(names) - MAX_FRAMES} more"] if len(names) > MAX_FRAMES else []
    return ARROW.join([*names[:MAX_FRAMES], *more])
