"""Annotations of GitHub Actions: commands that a step prints, and that GitHub shows on the lines of a pull request.

GitHub shows at most 10 errors, 10 warnings and 10 notices of a step: the worst come first. The Markdown has the others.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from alloclens.check.outputs.sarif import WARNINGS
from alloclens.check.result import TITLES
from alloclens.printable import printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alloclens.check.result import Result, Violation

MOST = 10
DATA = {"%": "%25", "\r": "%0D", "\n": "%0A"}
"""What would end the message of a command."""
PROPERTY = {**DATA, ":": "%3A", ",": "%2C"}
"""What would end one of its properties."""


def render(result: Result) -> str:
    """Write a command for each of the worst violations, and the result in the last line."""
    return "".join(f"{line}\n" for line in _lines(result.of_repository))


def _lines(result: Result) -> Iterator[str]:
    if result.unjudged:
        yield f"::error title={_property('alloclens could not judge')}::{_data(result.headline)}"
        return
    left_out = 0
    for level in ("error", "warning"):
        those = [violation for violation in result.violations if _level(violation) == level]
        yield from (_annotation(violation, level) for violation in those[:MOST])
        left_out += max(len(those) - MOST, 0)
    if left_out:
        yield f"::notice title=alloclens::{left_out} more violations are in the summary{_data(f': {result.link}') if result.link else ''}"
    yield printable(result.headline)


def _level(violation: Violation) -> str:
    return "warning" if violation.kind in WARNINGS else "error"


def _annotation(violation: Violation, level: str) -> str:
    at, place = violation.at, []
    if at.is_inside:
        place = [f"file={_property(at.path)}", *([f"line={at.line}"] if at.line > 0 else [])]
    properties = [*place, f"title={_property(TITLES[violation.kind])}"]
    return f"::{level} {','.join(properties)}::{_data(violation.shown_message)}"


def _data(text: str) -> str:
    return "".join(DATA.get(c, c) for c in printable(text))


def _property(text: str) -> str:
    return "".join(PROPERTY.get(c, c) for c in printable(text))
