"""The command `alloclens sources`: lists the servers of the settings, tests the connection, and allows them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from alloclens.cli import options
from alloclens.cli.errors import errors_about
from alloclens.cli.terminal import show, tell
from alloclens.disk import real
from alloclens.settings import config
from alloclens.settings.checking import parse
from alloclens.settings.settings import SOURCES
from alloclens.settings.trust import allow, allowed
from alloclens.sources.collect import overview
from alloclens.sources.errors import CaptureError
from alloclens.sources.remote import Remote, remote
from alloclens.workspace.around import workspace_around

if TYPE_CHECKING:
    from alloclens.settings.settings import Source


@click.group("sources", invoke_without_command=True)
@options.workspace
@click.pass_context
def command(context: click.Context, workspace: str | None) -> None:
    """List the servers of the settings from which snapshots can be fetched, and test the connection to each.

    Only servers that were allowed are asked.
    """
    folder = context.obj = real(workspace) if workspace else workspace_around(os.curdir)
    if context.invoked_subcommand:
        return
    failed = False
    for source in named(folder, ()):
        try:
            reached = allowed_remote(folder, source)
            show(f"{source.name}: {reached.asks}: {overview(reached).text}")
        except CaptureError as error:
            failed = True
            show(f"{source.name}: {error}")
    if failed:
        raise click.exceptions.Exit(1)


@command.command("allow")
@click.argument("names", nargs=-1, required=True, metavar="NAME...")
@click.pass_obj
def allow_command(folder: str, names: tuple[str, ...]) -> None:
    """Allow snapshots to be fetched from the servers NAME, and list what they are sent.

    The permission is for what is listed: another address, user, tenant or token has to be allowed again.
    """
    remotes = []
    for source in named(folder, names):
        with errors_about(source.name):
            remotes.append(remote(source, folder))
    with errors_about("the permission could not be saved"):
        allow(made.grant for made in remotes)
    for made in remotes:
        show(f"{made.source.name}: {made.asks}")


def named(folder: str, names: tuple[str, ...]) -> list[Source]:
    """Return the sources of a workspace with these names, or all. Raises ClickException if there is none."""
    file = config.read([folder])
    for problem in file.problems:
        tell(str(problem))
    sources = parse(file.values)[0].sources
    if not sources and any(problem.is_whole for problem in file.problems):
        raise click.ClickException(f"no source can be used until {file.path} is mended")
    if not sources and any(at[:1] == (SOURCES,) for at in file.lines):
        raise click.ClickException(f"no source can be used until the [[sources]] of {file.path} are mended")
    if not sources:
        raise click.ClickException(f"the settings of {folder} have no [[sources]] (docs/sources.md)")
    known = [source.name for source in sources]
    if unknown := [name for name in names if name not in known]:
        raise click.ClickException(f"there is no source {unknown[0]}; the sources are {', '.join(known)}")
    return [source for source in sources if not names or source.name in names]


def allowed_remote(folder: str, source: Source) -> Remote:
    """Return the server of a source that the user has allowed. Raises CaptureError."""
    made = remote(source, folder)
    if made.grant not in allowed():
        raise CaptureError(f"{made.asks} is not asked until `alloclens sources allow {source.name}` allows it")
    return made
