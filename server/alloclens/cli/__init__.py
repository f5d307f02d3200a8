"""The command line: the same engine without an editor. The only room that knows click and rich."""

from __future__ import annotations

import importlib

import click

from alloclens import __version__

COMMANDS = ("lsp", "capture", "top", "annotate", "explain", "leaks", "report")
"""Each a module of this package with a `command`."""


class Commands(click.Group):
    """The commands, each imported when it is asked for: the server starts without rich, `top` without pygls."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return their names."""
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import one of them."""
        del ctx
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(f"alloclens.cli.{cmd_name}").command
        return command


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="alloclens")
def main() -> None:
    """Heap profiles on the source lines they are about."""
