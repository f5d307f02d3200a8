"""The command line. Only this room knows click."""

from __future__ import annotations

import gc
import importlib
import sys
from typing import Any, NoReturn

import click

from alloclens import __version__
from alloclens.cli import terminal

COMMANDS = {
    "lsp": "Serve an editor over standard input and output.",
    "capture": "Fetch profiles from a running Go process at URL.",
    "fetch": "Fetch new snapshots from the sources NAME of the settings, or from all of them.",
    "sources": "List the servers of the settings from which snapshots can be fetched, and test the connection to each.",
    "top": "Show the heaviest lines or functions of FILE, as `go tool pprof -top` does.",
    "annotate": "Print SOURCE with numbers beside its lines, and leaks below them.",
    "explain": "Show where the files and lines of the latest profile lie in the workspace around here, and by which rule, or "
    "why they have no place.",
    "leaks": "Judge the series of profiles in DIRECTORY: which lines of your own code leak, worst first.",
    "check": "Fail if a line in DIRECTORY leaks, or if code holds more in a head than in a base.",
    "report": "Write a report on the profiles in DIRECTORY: one HTML page that needs no network.",
    "mcp": "Serve agents over the Model Context Protocol, on standard input and output.",
    "allow": "Allow and list the paths outside FOLDER to which its settings file and links lead; by default, the workspace "
    "around here.",
}
"""Modules of this package, each with a `command`, and what `--help` says about it without importing it."""
INTERRUPTED = 130
"""The exit code of a program that Ctrl-C ends, as a shell reports it."""
FAULT = 70
"""EX_SOFTWARE of sysexits.h."""


class Commands(click.Group):
    """The commands, each imported when it is used: `top` starts without pygls, and `--help` without numpy."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands."""
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command; None if there is no command of that name."""
        del ctx
        if cmd_name not in COMMANDS:
            return None
        terminal.tell_warnings()
        command: click.Command = importlib.import_module(f"alloclens.cli.{cmd_name}").command
        if not gc.isenabled():  # since the program began
            gc.freeze()
            gc.enable()
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands in a help text."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl([*COMMANDS.items()])

    def main(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Run a command and exit with its code. Errors are printed in a line or two, without a traceback."""
        terminal.prepare()
        try:
            code = super().main(*args, **kwargs | {"standalone_mode": False})
        except click.ClickException as error:
            _tell(error)
            code = error.exit_code
        except click.Abort:
            code = INTERRUPTED
        except OSError as error:
            terminal.tell(f"Error: {f'{error.filename}: ' if error.filename else ''}{error.strerror or error}")
            code = 1
        except MemoryError:
            terminal.tell("Error: there is not enough memory")
            code = 1
        except Exception as error:  # noqa: BLE001 - a bug of ours
            from alloclens.faults import fault  # noqa: PLC0415 - a quarter of the time of --version

            terminal.tell(f"Error: {fault(error)}; please report it, with the files if you can")
            code = FAULT
        sys.exit(code)


def _tell(error: click.ClickException) -> None:
    """Print a usage error as click does, but without control characters in what it quotes of the command line."""
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        error.show()
        return
    if isinstance(error, click.UsageError) and error.ctx:
        usage = error.ctx.get_usage().split("\n")
        for line in (*usage, f"Try '{error.ctx.command_path} --help' for help.", ""):
            terminal.tell(line)
    terminal.tell(f"Error: {error.format_message()}")


@click.group(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"]},
    invoke_without_command=True,
    no_args_is_help=True,
    subcommand_metavar="COMMAND [ARGS]...",
)
@click.option("--version", is_flag=True, help="Show the version and exit; with --verbose, what a bug report needs.")
@click.option("--verbose", is_flag=True, help="With --version: versions of libraries and programs, and the caches.")
@click.pass_context
def main(ctx: click.Context, *, version: bool, verbose: bool) -> None:
    """Show heap profiles on source lines."""
    if version and verbose:
        from alloclens.session.about import installation  # noqa: PLC0415 - no other command needs it

        for line in installation():
            terminal.show(line)
    elif version:
        terminal.show(f"alloclens, version {__version__}")
    if version:
        ctx.exit()
    if verbose:
        raise click.UsageError("--verbose requires --version", ctx)
    if ctx.invoked_subcommand is None:
        raise click.UsageError("Missing command.", ctx)
