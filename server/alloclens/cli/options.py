"""The options that several commands have."""

from __future__ import annotations

import os

import click

from alloclens.disk import real
from alloclens.paths import join


def snapshot(_context: click.Context, _option: click.Parameter, name: str | None) -> str | None:
    """Return the canonical path of a snapshot that is named by its path; any other name as it is."""
    folder, file = os.path.split(name or "")
    return join(real(folder), file) if name and folder and os.path.isfile(name) else name


workspace = click.option(
    "--workspace",
    type=click.Path(exists=True, file_okay=False),
    help="Your own code; by default the workspace around here.",
)
base = click.option(
    "--base",
    callback=snapshot,
    help="first, previous, latest, yesterday, a file, its name or a label; by default as set, else first.",
)
head = click.option("--head", callback=snapshot, help="As for --base; by default as set, else latest.")
sample_type = click.option("--sample-type", help="Such as inuse_space; by default as set, else the file's own.")
