"""The command line: the same engine without an editor. The only room that knows click and rich."""

from __future__ import annotations

import click

from alloclens import __version__
from alloclens.cli import lsp

COMMANDS = (lsp.command,)


@click.group(commands=COMMANDS, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="alloclens")
def main() -> None:
    """Heap profiles on the source lines they are about."""
