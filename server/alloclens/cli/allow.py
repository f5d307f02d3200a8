"""The command `alloclens allow`: allows paths outside a workspace to be read, and lists them."""

from __future__ import annotations

import os

import click

from alloclens.cli.errors import errors_about
from alloclens.cli.terminal import show
from alloclens.disk import real
from alloclens.session.setup import setup
from alloclens.settings.trust import allow
from alloclens.workspace.around import workspace_around


@click.command("allow")
@click.argument("folder", required=False, type=click.Path(exists=True, file_okay=False))
def command(folder: str | None) -> None:
    """Allow and list the paths outside FOLDER to which its settings file and links lead; by default, the workspace around here."""
    folder = real(folder) if folder else workspace_around(os.curdir)
    outside = setup((folder,), {}).where.outside
    if not outside:
        show(f"Nothing leads out of {folder} without being allowed.")
        return
    with errors_about("the permission could not be saved"):
        allow(target.grant for target in outside)
    for target in outside:
        show(f"{target.setting}: {target.path}")
