"""alloclens lsp."""

from __future__ import annotations

import os

import click

from alloclens.processes import APART
from alloclens.worker import Worker


@click.command("lsp")
def command() -> None:
    """Serve an editor over standard input and output."""
    os.chdir(APART)  # nothing is looked for in the folder that an editor starts us in
    worker = Worker()
    worker.start()  # it imports for half a second, as we do for another: side by side
    from alloclens.lsp.main import serve  # noqa: PLC0415 - not before the worker has started

    serve(worker)
