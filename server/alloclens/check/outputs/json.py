"""JSON, as docs/json.md describes it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import msgspec

from alloclens.typed import Message

if TYPE_CHECKING:
    from alloclens.check.result import Change, CodeLine, Result, Violation
    from alloclens.stats.amount import Amount

VERSION = 1


class WrittenLine(Message, frozen=True, rename=None):
    """A line of source."""

    file: str
    line: int
    function: str


class WrittenViolation(Message, frozen=True, rename=None):
    """A violation."""

    code: str
    message: str
    file: str
    line: int
    function: str
    subject: str
    sample_type: str
    unit: str
    value: float
    growth: float | None
    low: float | None
    high: float | None
    points: tuple[float, ...]
    stack: tuple[WrittenLine, ...]
    fingerprint: str
    accepted: bool
    reason: str
    expires: str


class WrittenChange(Message, frozen=True, rename=None):
    """A row of what changed most."""

    name: str
    unit: str
    value: float
    growth: float | None
    low: float | None
    high: float | None


class WrittenResult(Message, frozen=True, rename=None):
    """The whole."""

    version: int
    subject: str
    exit_code: int
    unjudged: str | None
    judged: int
    notes: tuple[str, ...]
    violations: tuple[WrittenViolation, ...]
    accepted: tuple[WrittenViolation, ...]
    changes: tuple[WrittenChange, ...]


def render(result: Result) -> str:
    """Write one object on one line, in ASCII: JSON's escapes keep names exact."""
    report = WrittenResult(
        VERSION,
        result.subject,
        result.exit_code,
        result.unjudged or None,
        result.judged,
        result.notes,
        tuple(_row(violation, mark) for violation, mark in result.numbered),
        tuple(_row(one.violation, one.violation.fingerprint, (one.reason, one.expires)) for one in result.accepted),
        tuple(map(_change, result.changes)),
    )
    return ascii_json(report)


def ascii_json(value: object) -> str:
    """Return a value as JSON in ASCII, with a line end; half a surrogate pair, which msgspec refuses, is escaped as any other."""
    import json  # noqa: PLC0415 - beside msgspec, only here

    return json.dumps(msgspec.to_builtins(value), allow_nan=False) + "\n"


def _row(violation: Violation, mark: str, accepted: tuple[str, str] | None = None) -> WrittenViolation:
    return WrittenViolation(
        violation.kind,
        violation.message,
        violation.at.path,
        violation.at.line,
        violation.at.function,
        violation.subject,
        violation.sample_type,
        violation.unit,
        violation.amount.value,
        *_growth(violation.amount),
        violation.points,
        tuple(map(_frame, violation.stack)),
        mark,
        accepted is not None,
        *(accepted or ("", "")),
    )


def _growth(amount: Amount) -> tuple[float | None, float | None, float | None]:
    """Return the growth and its interval; null for what is unknown: JSON has no NaN."""
    growth, low, high = (None if x is None or math.isnan(x) else x for x in (amount.growth, amount.low, amount.high))
    return growth, low, high


def _frame(line: CodeLine) -> WrittenLine:
    return WrittenLine(line.path, line.line, line.function)


def _change(change: Change) -> WrittenChange:
    return WrittenChange(change.name, change.unit, change.amount.value, *_growth(change.amount))
