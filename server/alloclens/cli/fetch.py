"""The command `alloclens fetch`: gets new snapshots from servers that keep the profiles of many processes."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from alloclens.cli import options
from alloclens.cli.capture import duration
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
@options.workspace
def command(names: tuple[str, ...], into: Path | None, since: float, every: float, workspace: str | None) -> None:
    """Fetch new snapshots from the servers NAME of the settings, or from all of them.

    The settings file has them as [[sources]] (docs/sources.md). Each has to be allowed once, with `alloclens sources allow NAME`.

    Each process has a directory SERVICE/PROCESS, so it is a series of its own. Snapshots that are there already, and those
    before them, are not fetched again. In the cache, the oldest snapshots of all sources are removed beyond 1 GiB.
    """
    folder = real(workspace) if workspace else workspace_around(os.curdir)
    failed = [source for source in named(folder, names) if not _fetched(folder, source, into, FetchSpan(since, every))]
    if failed:
        raise click.exceptions.Exit(1)


def _fetched(folder: str, source: Source, into: Path | None, wanted: FetchSpan) -> bool:
    """Fetch from one source; return whether that succeeded."""
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
    except CaptureError as error:
        problem = f"{error}; `alloclens sources` tests the connection" if error.passing else str(error)
    except OSError as error:
        problem = f"{error.filename or directory}: {reason(error)}"
    if problem:
        tell(f"{source.name}: {problem}")
        if written:
            number = "1 snapshot" if len(written) == 1 else f"{len(written)} snapshots"
            tell(f"{source.name}: {number} had been fetched before; the next `alloclens fetch` goes on from there")
    elif not written:
        tell(f"{source.name}: nothing new")
    return not problem
