"""The baseline: violations that a team has accepted, each with its reason, perhaps until a day.

The file is written to be read and reviewed: one violation after the other, sorted by what it is about.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Annotated, NamedTuple

import msgspec
from msgspec import Meta, Struct

from alloclens.check.result import Accepted
from alloclens.disk import read_file, write_file
from alloclens.typed import located, ready

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from alloclens.check.result import Result, Violation

NAME = "alloclens-baseline.json"
VERSION = 1
MAX_BYTES = 16 << 20
DAY = r"^(\d{4}-\d{2}-\d{2})?$"


class BaselineError(ValueError):
    """The text is no baseline."""


@ready
class AcceptedEntry(Struct, frozen=True, kw_only=True, rename="camel"):
    """An accepted violation. The line is not part of it: it moves."""

    fingerprint: str
    kind: str
    subject: str
    file: str
    sample_type: str
    count: Annotated[int, Meta(ge=1)] = 1
    """How many of them."""
    reason: str = ""
    expires: Annotated[str, Meta(pattern=DAY)] = ""
    """The last day on which it is accepted; "" for ever."""


@ready
class Baseline(Struct, frozen=True, kw_only=True, rename="camel"):
    """The file."""

    version: int = VERSION
    accepted: tuple[AcceptedEntry, ...] = ()


class Acceptance(NamedTuple):
    """How violations that are new are accepted."""

    reason: str
    expires: str
    """The last day on which they are; "" for ever."""


def applied(result: Result, file: Path, today: str, update: Acceptance | None, *, required: bool) -> Result:
    """Return a result without what the baseline in a file accepts, which is written first if it is to be updated.

    A missing file accepts nothing. Raises BaselineError if the file is no baseline, and OSError if it cannot be read, or if
    it is required and missing, and not to be updated.
    """
    known = Baseline()
    try:
        known = read(read_file(file, MAX_BYTES))
    except FileNotFoundError:
        if (required or file.is_symlink()) and not update:
            raise
    except BaselineError as error:
        raise BaselineError(f"{file}: {error}") from error
    if update and not result.unjudged:
        known = updated(result.violations, known, today, *update)
        write_file(file, write(known))
    new, accepted = parted(result.violations, known, today)
    unjudged = result.unjudged if new else result.unjudged or result.beside
    notes = tuple(note for note in result.notes if note != unjudged)
    return replace(result, violations=tuple(new), accepted=tuple(accepted), notes=notes, unjudged=unjudged)


def read(data: bytes) -> Baseline:
    """Read a baseline. Raises BaselineError."""
    try:
        found = msgspec.json.decode(data, type=Baseline)
    except msgspec.ValidationError as error:
        message, where = located(error)
        raise BaselineError(f"{'.'.join(map(str, where))}: {message}" if where else message) from error
    except msgspec.DecodeError as error:
        raise BaselineError(str(error)) from error
    if found.version != VERSION:
        raise BaselineError(f"version {found.version} is not known: this alloclens writes version {VERSION}")
    for number, entry in enumerate(found.accepted):
        try:
            date.fromisoformat(entry.expires or "2000-01-01")
        except ValueError as error:
            raise BaselineError(f"accepted.{number}.expires: {entry.expires} is no day of the calendar") from error
    return found


def write(baseline: Baseline) -> bytes:
    """Return the text of a baseline."""
    return msgspec.json.format(msgspec.json.encode(baseline), indent=2) + b"\n"


def parted(violations: Iterable[Violation], baseline: Baseline, today: str) -> tuple[list[Violation], list[Accepted]]:
    """Return the violations that are not accepted today (2026-11-29), and those that are."""
    left = {entry.fingerprint: entry.count for entry in baseline.accepted if _holds(entry, today)}
    by_mark = {entry.fingerprint: entry for entry in baseline.accepted}
    new: list[Violation] = []
    accepted: list[Accepted] = []
    for violation in violations:
        mark = violation.fingerprint
        if left.get(mark, 0) > 0:
            left[mark] -= 1
            accepted.append(Accepted(violation, by_mark[mark].reason, by_mark[mark].expires))
        else:
            new.append(violation)
    return new, accepted


def updated(
    violations: Iterable[Violation], before: Baseline, today: str, reason: str = "", expires: str = ""
) -> Baseline:
    """Return the baseline that accepts exactly these violations. What was accepted for a reason and has not expired keeps both."""
    known = {entry.fingerprint: entry for entry in before.accepted if _holds(entry, today)}
    entries: dict[str, AcceptedEntry] = {}
    for violation in violations:
        mark = violation.fingerprint
        old = known.get(mark)
        entries[mark] = AcceptedEntry(
            fingerprint=mark,
            kind=violation.kind,
            subject=violation.subject,
            file=violation.at.path,
            sample_type=violation.sample_type,
            count=entries[mark].count + 1 if mark in entries else 1,
            reason=old.reason if old and old.reason else reason,
            expires=old.expires if old and (old.reason or not expires) else expires,
        )
    in_order = sorted(entries.values(), key=lambda entry: (entry.kind, entry.file, entry.subject, entry.sample_type))
    return Baseline(accepted=tuple(in_order))


def _holds(entry: AcceptedEntry, today: str) -> bool:
    return not entry.expires or today <= entry.expires
