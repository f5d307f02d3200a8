"""Captures profiles of one program: fetches them, and writes them to files that are listed and rotated."""

from __future__ import annotations

import contextlib
from datetime import datetime, timezone
from typing import TYPE_CHECKING, NamedTuple

from alloclens.disk import reason, sweep
from alloclens.profile.formats import read
from alloclens.profile.sample_types import LEAKED
from alloclens.sources.access import NOBODY, Access
from alloclens.sources.capture_files import write
from alloclens.sources.errors import CaptureError
from alloclens.sources.fetch import fetch
from alloclens.sources.rotation import enlist, prune

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from alloclens.sources.address import Address


class Plan(NamedTuple):
    """What to capture, and where to write it."""

    addresses: tuple[Address, ...]
    """The profiles, all of one program."""
    beside: Address | None
    """The profile of leaked goroutines, which is captured as well if the server has it."""
    into: Path
    access: Access = NOBODY
    keep: int | None = None
    """How many captures of a kind stay."""
    hosts: frozenset[str] | None = None
    """The hosts besides this machine that may be asked, also after a redirect; None for any."""


class Taken(NamedTuple):
    """What was captured at one time."""

    paths: tuple[Path, ...]
    notes: tuple[str, ...]
    """Redirects, and what could not be done beside the capture."""
    plan: Plan
    """For the next time: a server that has no profile of leaked goroutines is not asked again."""


def take(plan: Plan) -> Taken:
    """Capture once. Raises CaptureError, and OSError if a profile cannot be written."""
    answers = [fetch(address, plan.access, plan.hosts) for address in plan.addresses]
    now = datetime.now(timezone.utc)
    leaked, plan = _leaked(plan)
    fetched = [(address.kind, answer.data) for address, answer in zip(plan.addresses, answers, strict=True)]
    if leaked and plan.beside:
        fetched.append((plan.beside.kind, leaked))
    notes = [text for answer in answers for text in answer.redirects]
    paths = tuple(_written(plan, kind, now, data, notes) for kind, data in fetched)
    return Taken(paths, tuple(notes), plan)


def fault(error: OSError, into: Path) -> str:
    """Say what could not be written or removed, and why."""
    return f"{error.filename or into}: {reason(error)}"


def _leaked(plan: Plan) -> tuple[bytes | None, Plan]:
    """Return the profile of leaked goroutines, None if the server has none, and the plan for the next time."""
    if plan.beside is None:
        return None, plan
    try:
        data = fetch(plan.beside, plan.access, plan.hosts).data
    except CaptureError as error:
        return None, plan if error.passing else plan._replace(beside=None)
    if [kind.type for kind in read(data).sample_types] == [LEAKED]:
        return data, plan
    return None, plan._replace(beside=None)


def _written(plan: Plan, kind: str, now: datetime, data: bytes, notes: list[str]) -> Path:
    path = write(plan.into, kind, now, data)
    with _noted(notes, plan, "--keep will not remove this capture"):
        enlist(path, data)
    sweep(plan.into)
    if plan.keep:
        with _noted(notes, plan, "no capture was removed"):
            notes += prune(plan.into, kind, plan.keep, path)
    return path


@contextlib.contextmanager
def _noted(notes: list[str], plan: Plan, consequence: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        notes.append(f"{fault(error, plan.into)}; {consequence}")
