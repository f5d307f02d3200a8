"""The command `alloclens capture`: fetches profiles from a running process, once or again and again."""

from __future__ import annotations

import contextlib
import itertools
import re
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from alloclens.cli.errors import errors_about
from alloclens.cli.terminal import show, tell
from alloclens.sources.access import Access, Header, header
from alloclens.sources.address import authorization, endpoint
from alloclens.sources.capture import Plan, fault, take
from alloclens.sources.errors import CaptureError
from alloclens.sources.retry import retried
from alloclens.sources.rotation import unlisted

if TYPE_CHECKING:
    from types import FrameType

MAX_REST_SECONDS = 3600.0
"""How long a series waits if the server requests it."""
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


def _headers(_context: click.Context, _option: click.Parameter, given: tuple[str, ...]) -> tuple[Header, ...]:
    try:
        return tuple(map(header, given))
    except ValueError as error:
        raise click.BadParameter(str(error)) from error


MIN_SECONDS, MAX_SECONDS = 0.001, 87600 * 3600.0
"""The limits of durations: the upper one is ten years."""
SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "": 1.0}


def duration(text: str) -> float:
    """Parse a duration, as the type of an option, and return seconds."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)(ms|s|m|h|)", text)
    seconds = float(match[1]) * SECONDS[match[2]] if match else 0.0
    if not MIN_SECONDS <= seconds <= MAX_SECONDS:
        raise click.BadParameter(f"{text!r} is not a duration from 1ms to 87600h; use one like 500ms, 5s or 2m")
    return seconds


@click.command("capture")
@click.argument("url")
@click.option(
    "--into", required=True, type=click.Path(file_okay=False, path_type=Path), help="The directory to write to."
)
@click.option("--every", type=duration, metavar="DURATION", help="Capture repeatedly at this interval: 500ms, 5s, 2m.")
@click.option("--count", type=click.IntRange(1), help="With --every: stop after this number of profiles.")
@click.option("--seconds", type=click.IntRange(1, 86400), help="Request the difference over this number of seconds.")
@click.option("--keep", type=click.IntRange(1), help="Keep this number of captures of a kind, and remove older ones.")
@click.option(
    "--header",
    "headers",
    multiple=True,
    metavar="'NAME: VALUE'",
    callback=_headers,
    help="Send this header; repeatable.",
)
@click.option("--bearer-file", type=FILE, help="Send the token in this file, which is read for each request.")
@click.option("--cacert", type=FILE, help="Trust the certificate authorities in this PEM file instead of the system's.")
@click.option("--cert", type=FILE, help="Send the client certificate in this PEM file.")
@click.option("--key", type=FILE, help="The key of --cert, if it is in a separate file.")
def command(
    url: str,
    into: Path,
    every: float | None,
    count: int | None,
    seconds: int | None,
    keep: int | None,
    headers: tuple[Header, ...],
    bearer_file: Path | None,
    cacert: Path | None,
    cert: Path | None,
    key: Path | None,
) -> None:
    """Fetch profiles from a running Go process at URL.

    The path of URL may name another profile, such as http://127.0.0.1:6060/debug/pprof/goroutine. Beside a heap, the profile of
    leaked goroutines (goroutineleak, from Go 1.26 on) is captured if the server has it. A user and password in URL are
    sent as Basic authentication and never shown. Like headers, tokens and certificates, they are not sent to another server that
    URL redirects to.

    A capture ends after 30 seconds, plus the duration for which the server observes the program. A response that is not a profile
    is not written. A single capture is tried up to three times if a retry can help; a series continues.

    --keep removes only files that alloclens captured into this directory, and never the newest file, a file with a label in
    labels.toml, or one chosen as base or head in alloclens.toml, pyproject.toml or .vscode/settings.json.

    http_proxy, https_proxy, all_proxy and no_proxy apply, except to servers on this machine.

    Ctrl-C or SIGTERM ends a series with exit code 0, and a single capture with exit code 130 or 143 and without a file.
    """
    if count and every is None:
        raise click.UsageError("--count requires --every")
    if key and not cert:
        raise click.UsageError("--key requires --cert")
    signal.signal(signal.SIGTERM, interrupt)  # as Ctrl-C, so that no partial file stays
    try:
        address = endpoint(url, seconds)
    except CaptureError as error:
        raise click.BadParameter(str(error), param_hint="URL") from error
    if basic := authorization(url):
        headers = (*headers, ("Authorization", basic))
    if sum(name.lower() == "authorization" for name, _ in headers) + bool(bearer_file) > 1:
        raise click.UsageError("use only one of a password in the URL, --bearer-file and an Authorization header")
    access = Access(headers, bearer_file, cacert, cert, key)
    capture = _Capture(Plan((address,), address.beside, into, access, keep))
    capture.tell_unlisted()
    if every is None:
        try:
            capture.once()
        except KeyboardInterrupt as stop:
            raise click.exceptions.Exit(128 + (stop.args or (signal.SIGINT,))[0]) from stop
    else:
        with contextlib.suppress(KeyboardInterrupt):
            capture.series(every, count)


class _Capture:
    """Captures from one address, and prints each note once."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.noted: set[str] = set()

    def tell_unlisted(self) -> None:
        """Print how many files look like captures but are not listed, so that --keep never removes them."""
        into, (address,) = self.plan.into, self.plan.addresses
        if self.plan.keep:
            with errors_about(str(into)):
                number = unlisted(into, address.kind)
            if number:
                files = "1 file" if number == 1 else f"{number} files"
                tell(f"{into}: --keep ignores files that are named like captures but not listed: {files}")

    def once(self) -> None:
        try:
            retried(self._take, tell)
        except CaptureError as error:
            raise click.ClickException(str(error)) from error
        except OSError as error:
            raise click.ClickException(fault(error, self.plan.into)) from error

    def series(self, interval: float, count: int | None) -> None:
        """Capture at steady intervals; a time that has passed during a slow answer is skipped."""
        captured, start, resume = 0, time.monotonic(), 0.0
        for tick in itertools.count():
            due = start + tick * interval
            if due < resume or time.monotonic() > due + interval:
                continue
            time.sleep(max(0.0, due - time.monotonic()))
            try:
                self._take()
                captured += 1
            except CaptureError as error:
                rest = min(error.wait, MAX_REST_SECONDS)
                resume = time.monotonic() + rest
                tell(f"{error}; trying again in {round(max(interval, rest), 3):g} s")
            except OSError as error:
                tell(f"{fault(error, self.plan.into)}; trying again in {interval:g} s")
            if captured == count:
                return

    def _take(self) -> None:
        """Capture once, and print the files. Raises CaptureError, and OSError if a profile cannot be written."""
        taken = take(self.plan)
        self.plan = taken.plan
        for path in taken.paths:
            show(str(path))
        for text in taken.notes:
            if text not in self.noted:
                self.noted.add(text)
                tell(text)


def interrupt(number: int, _frame: FrameType | None) -> None:
    """End what runs as Ctrl-C does: the handler of a signal."""
    raise KeyboardInterrupt(number)
