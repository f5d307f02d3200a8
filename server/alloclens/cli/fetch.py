"""The command `alloclens fetch`: gets new snapshots of many processes, from servers that keep them or from the processes."""

from __future__ import annotations

import math
import os
import signal
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click

from alloclens.cli import options
from alloclens.cli.capture import duration, interrupt
from alloclens.cli.sources import allowed_remote, named
from alloclens.cli.terminal import show, tell
from alloclens.disk import real, reason
from alloclens.sources.collect import Watch, collect, trim
from alloclens.sources.errors import CaptureError
from alloclens.sources.remote import FetchSpan
from alloclens.workspace.around import workspace_around
from alloclens.workspace.workspace import fetched_into

if TYPE_CHECKING:
    from alloclens.settings.settings import Source


@click.command("fetch")
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option(
    "--into",
    type=click.Path(file_okay=False, path_type=Path),
    help="The directory to write to; by default one in the user's cache, which editors show.",
)
@click.option(
    "--since", type=duration, default="1h", metavar="DURATION", help="How far back to look: 30m, 6h; by default 1h."
)
@click.option(
    "--every",
    type=duration,
    default="1m",
    metavar="DURATION",
    help="Fetch at most one snapshot of a process in this time; by default 1m.",
)
@click.option("--follow", is_flag=True, help="Fetch again and again, each time after that of --every, until Ctrl-C.")
@options.workspace
def command(
    names: tuple[str, ...], into: Path | None, since: float, every: float, follow: bool, workspace: str | None
) -> None:
    """Fetch new snapshots from the sources NAME of the settings, or from all of them.

    The settings file has them as [[sources]] (docs/sources.md). Each has to be allowed once, with `alloclens sources allow NAME`.

    Each process has a directory SERVICE/PROCESS, so it is a series of its own. Only what is missing is fetched, also with a
    shorter --every or a longer --since. In the cache, the oldest snapshots of all sources are removed beyond 1 GiB.

    A source of the type `http` or `kubernetes` has only the snapshot of now: --follow makes a series of it.

    Ctrl-C or SIGTERM ends --follow with exit code 0.
    """
    folder = real(workspace) if workspace else workspace_around(os.curdir)
    sources, wanted = named(folder, names), FetchSpan(since, every)
    if follow:
        signal.signal(signal.SIGTERM, interrupt)
        with suppress(KeyboardInterrupt):
            _follow(folder, sources, into, wanted)
        return
    failed = [source for source in sources if not _fetched(folder, source, into, wanted)]
    if failed:
        raise click.exceptions.Exit(1)


def _follow(folder: str, sources: list[Source], into: Path | None, wanted: FetchSpan) -> None:
    """Fetch from all sources at steady intervals, whatever fails; a time that has passed meanwhile is skipped."""
    due = time.monotonic()
    while True:
        for source in sources:
            _fetched(folder, source, into, wanted, quiet=True)
        due += wanted.every * max(1, math.ceil((time.monotonic() - due) / wanted.every))
        time.sleep(max(0.0, due - time.monotonic()))


def _fetched(folder: str, source: Source, into: Path | None, wanted: FetchSpan, *, quiet: bool = False) -> bool:
    """Fetch from one source; return whether that succeeded. If `quiet`, nothing is said of nothing new."""
    directory = into or fetched_into(folder, source)
    written: list[Path] = []

    def print_path(path: Path) -> None:
        written.append(path)
        show(str(path))

    problem = ""
    try:
        collect(allowed_remote(folder, source), wanted, directory, Watch(print_path, tell))
        if not into:
            trim(directory.parent, tell)
    except KeyboardInterrupt:
        _tell_kept(source, written)
        raise
    except CaptureError as error:
        problem = f"{error}; `alloclens sources` tests the connection" if error.passing else str(error)
    except OSError as error:
        problem = f"{error.filename or directory}: {reason(error)}"
    if problem:
        tell(f"{source.name}: {problem}")
        _tell_kept(source, written)
    elif not (written or quiet):
        tell(f"{source.name}: nothing new")
    return not problem


def _tell_kept(source: Source, written: list[Path]) -> None:
    if written:
        number = "1 snapshot" if len(written) == 1 else f"{len(written)} snapshots"
        tell(f"{source.name}: {number} had been fetched before; the next `alloclens fetch` goes on from there")
