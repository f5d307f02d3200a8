"""The command `alloclens lsp`: serves an editor."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from alloclens import log
from alloclens.log import NUMBERS, LogTo
from alloclens.processes import APART
from alloclens.worker import Worker

if TYPE_CHECKING:
    from alloclens.log import Level


@click.command("lsp")
@click.option(
    "--log-level", type=click.Choice(list(NUMBERS)), default="info", show_default=True, help="The lowest level to log."
)
@click.option(
    "--log-file", type=click.Path(), help="Log to this file, which is emptied first, instead of standard error."
)
def command(log_level: Level, log_file: str | None) -> None:
    """Serve an editor over standard input and output."""
    log_to = log.start(LogTo(log_level, str(Path(log_file).absolute()) if log_file else None), anew=True)
    os.chdir(APART)  # so that no program or library is taken from the folder in which the editor starts us
    worker = Worker(log_to=log_to)
    worker.start()  # its imports take half a second, as do ours: in parallel
    from alloclens.lsp.main import serve  # noqa: PLC0415 - after the worker has started

    serve(worker)
