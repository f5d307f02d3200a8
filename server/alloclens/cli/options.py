"""The options that several commands have."""

from __future__ import annotations

import click

workspace = click.option(
    "--workspace",
    type=click.Path(exists=True, file_okay=False),
    help="Your own code; by default the workspace around here.",
)
base = click.option(
    "--base", help="first, previous, latest, yesterday, a file name or a label; by default as set, else first."
)
head = click.option("--head", help="As for --base; by default as set, else latest.")
sample_type = click.option("--sample-type", help="Such as inuse_space; by default as set, else the file's own.")
