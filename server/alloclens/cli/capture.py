"""alloclens capture."""

from __future__ import annotations

import contextlib
import itertools
import signal
import time
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING

import click

from alloclens.capture.fetch import CaptureError, endpoint, fetch
from alloclens.capture.files import kind_of, sweep, write
from alloclens.capture.rotation import enlist, prune, unlisted
from alloclens.cli.durations import duration
from alloclens.cli.errors import told
from alloclens.cli.terminal import show, tell
from alloclens.disk import reason

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

TRIES = 3
"""Of a single capture; a series simply goes on at its next time."""
PAUSE_SECONDS = 1.0


@click.command("capture")
@click.argument("url")
@click.option("--into", required=True, type=click.Path(file_okay=False, path_type=Path), help="Where the files go.")
@click.option("--every", type=duration, metavar="DURATION", help="Go on, one profile every so often: 500ms, 5s, 2m.")
@click.option("--count", type=click.IntRange(1), help="With --every: end after so many profiles.")
@click.option("--seconds", type=click.IntRange(1), help="Ask for the difference over so many seconds.")
@click.option("--keep", type=click.IntRange(1), help="Remove the oldest captures beyond so many.")
def command(
    url: str, into: Path, every: float | None, count: int | None, seconds: int | None, keep: int | None
) -> None:
    """Fetch heap profiles of the running Go process at URL.

    URL may name another profile by its path, such as http://127.0.0.1:6060/debug/pprof/goroutine.

    Ctrl-C or SIGTERM ends a series with exit code 0, a single capture without a file and with 130 or 143.
    """
    if count and every is None:
        raise click.UsageError("--count says when a series ends; it needs --every")
    signal.signal(signal.SIGTERM, _interrupt)  # as Ctrl-C: nothing half done stays
    with told(""):
        address = endpoint(url, seconds)
    if keep:
        _tell_of_unlisted(into, kind_of(address))
    if every is None:
        try:
            _once(address, into, seconds, keep)
        except KeyboardInterrupt as stop:
            raise click.exceptions.Exit(128 + (stop.args or (signal.SIGINT,))[0]) from stop
    else:
        with contextlib.suppress(KeyboardInterrupt):
            _series(address, into, every, count, seconds, keep)


def _tell_of_unlisted(into: Path, kind: str) -> None:
    """Say that files which earlier versions captured are never removed."""
    with told(str(into)):
        number = unlisted(into, kind)
    if number:
        files = "1 file" if number == 1 else f"{number} files"
        tell(f"{into}: --keep leaves alone what is named like a capture but not listed as one: {files}")


def _once(address: str, into: Path, seconds: int | None, keep: int | None) -> None:
    for left in reversed(range(TRIES)):
        try:
            _capture(address, into, seconds, keep)
        except CaptureError as error:
            if not left:
                raise click.ClickException(str(error)) from error
            tell(f"{error}; trying again")
            time.sleep(PAUSE_SECONDS)
        else:
            return


def _series(address: str, into: Path, every: float, count: int | None, seconds: int | None, keep: int | None) -> None:
    """Capture at steady times; a time that a slow answer has overrun is left out."""
    captured, start = 0, time.monotonic()
    for tick in itertools.count():
        due = start + tick * every
        if time.monotonic() > due + every:
            continue
        time.sleep(max(0.0, due - time.monotonic()))
        try:
            _capture(address, into, seconds, keep)
            captured += 1
        except CaptureError as error:
            tell(f"{error}; trying again in {every:g} s")
        if captured == count:
            return


def _capture(address: str, into: Path, seconds: int | None, keep: int | None) -> None:
    data = fetch(address, seconds)
    kind = kind_of(address)
    with told(str(into)):
        path = write(into, kind, datetime.now(timezone.utc), data)
    with _noted(into, "--keep will not remove this capture"):
        enlist(path, data)
    show(str(path))
    sweep(into)
    if keep:
        with _noted(into, "no capture was removed"):
            for problem in prune(into, kind, keep, path):
                tell(problem)


@contextlib.contextmanager
def _noted(into: Path, consequence: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        tell(f"{error.filename or into}: {reason(error)}; {consequence}")


def _interrupt(number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt(number)
