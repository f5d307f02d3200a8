"""The command `alloclens mcp`: serves agents."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import click

from alloclens import log
from alloclens.cli.report import page
from alloclens.disk import real
from alloclens.log import LogTo
from alloclens.processes import APART
from alloclens.session.choice import Choice, with_chosen
from alloclens.session.on_demand import OnDemand
from alloclens.worker import Worker
from alloclens.workspace.around import workspace_around

if TYPE_CHECKING:
    from alloclens.session.world import World

MISSING = "the package mcp is not installed; install it beside alloclens: pip install 'mcp>=2,<3'"


def _settings(_context: click.Context, _option: click.Parameter, given: str) -> dict[str, Any]:
    try:
        values = json.loads(given)
    except ValueError as error:
        raise click.BadParameter(f"it is not JSON: {error}") from error
    if not isinstance(values, dict):
        raise click.BadParameter('it is not an object, such as {"profileDirs": ["heaps"]}')
    return values


@click.command("mcp")
@click.option(
    "--workspace",
    "workspaces",
    multiple=True,
    type=click.Path(exists=True, file_okay=False),
    help="A folder of your own code; repeatable; by default the workspace around here.",
)
@click.option(
    "--settings",
    default="{}",
    callback=_settings,
    metavar="JSON",
    help='Settings that override alloclens.toml, as an editor has them: {"profileDirs": ["heaps"]}.',
)
@click.option("--allow-capture", is_flag=True, help="Offer a tool that captures from programs on this machine.")
@click.option("--allow-host", "hosts", multiple=True, metavar="HOST", help="With --allow-capture: also from this host.")
def command(workspaces: tuple[str, ...], settings: dict[str, Any], allow_capture: bool, hosts: tuple[str, ...]) -> None:
    """Serve agents over the Model Context Protocol, on standard input and output.

    The tools answer which lines leak, with stacks, numbers of lines, and comparisons. They read only files of the workspace and what
    `alloclens allow` has allowed.
    """
    if hosts and not allow_capture:
        raise click.UsageError("--allow-host requires --allow-capture")
    folders = [real(folder) for folder in workspaces] or [workspace_around(os.curdir)]
    log_to = log.start(LogTo("warning"), anew=True)
    os.chdir(APART)  # so that no program or library is taken from the folder in which the agent starts us
    worker = Worker(log_to=log_to)
    worker.start()
    try:
        from alloclens.agent.capturing import CaptureAccess  # noqa: PLC0415 - after the worker has started
        from alloclens.agent.server import make_server  # noqa: PLC0415 - as above
    except ModuleNotFoundError as error:
        worker.stop()
        if (error.name or "").partition(".")[0] != "mcp":
            raise
        raise click.ClickException(MISSING) from error
    access = CaptureAccess(frozenset(host.lower() for host in hosts)) if allow_capture else None
    try:
        make_server(OnDemand(folders, settings, worker.run), _report, access).run()
    finally:
        worker.stop()


def _report(known: World) -> str:
    """Return the report on everything in the workspace. Raises ValueError."""
    chosen = with_chosen(known, Choice(known.settings.series))
    try:
        return page(chosen, known.sources.roots.folders[0], ", ".join(known.directories))
    except click.ClickException as error:
        raise ValueError(error.message) from error
