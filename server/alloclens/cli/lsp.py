"""alloclens lsp."""

from __future__ import annotations

import click


@click.command("lsp")
def command() -> None:
    """Serve an editor over standard input and output."""
    from alloclens.lsp.main import serve  # noqa: PLC0415 - half a second of imports that no other command needs

    serve()
