"""Prints every line of a command: as plain text that stays on one line.

Names in profiles, directories and servers may contain control characters. They are escaped here, for all commands, so
that a name can neither control a terminal nor look like another row.
"""

from __future__ import annotations

import io
import os
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple, TextIO

import click

from alloclens.printable import printable

if TYPE_CHECKING:
    from collections.abc import Callable

READER_GONE = 141
"""The exit code of a program that SIGPIPE ends, as a shell reports it."""


class Styled(NamedTuple):
    """Text with a style, which is shown if the terminal has styles."""

    text: str
    colour: str | None = None
    bold: bool = False
    dim: bool = False


class _Told:
    """A stream that prints each text it is given."""

    def write(self, text: str) -> None:
        tell(text.removesuffix("\n"))


def prepare() -> None:
    r"""Let both streams write characters that their encoding lacks as \u25b2 instead of raising UnicodeEncodeError."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def tell_warnings() -> None:
    """Print the engine's warnings, such as that a damaged cache was replaced."""
    import logging  # noqa: PLC0415 - a tenth of the time of --version

    logging.basicConfig(format="%(message)s", stream=_Told())


def show(*parts: str | Styled) -> None:
    """Print a line to standard output. Raises ClickException if it cannot be written."""
    line = "".join(_styled(part) for part in parts)
    _write(lambda out: click.echo(line, out, color=_coloured()))


def show_json(value: Any) -> None:
    """Print a value as a line of JSON, in ASCII: JSON's escapes keep names exact."""
    import json  # noqa: PLC0415 - most commands print none

    line = json.dumps(value, allow_nan=False)
    _write(lambda out: click.echo(line, out))


def show_bytes(data: bytes) -> None:
    """Write bytes to standard output unchanged."""
    _write(lambda out: click.echo(data, out, nl=False))


def tell(text: str) -> None:
    """Print a line to standard error: problems and notes, which are not a command's result."""
    if sys.stderr is not None:
        with suppress(OSError):  # there is nowhere else to print it
            click.echo(printable(text), sys.stderr)


def _styled(part: str | Styled) -> str:
    if isinstance(part, str):
        return printable(part)
    return click.style(printable(part.text), fg=part.colour, bold=part.bold or None, dim=part.dim or None)


def _coloured() -> bool | None:
    """Return whether to write styles; None to do so if standard output is a terminal."""
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return False
    return True if os.environ.get("FORCE_COLOR") else None


def _write(write: Callable[[TextIO], None]) -> None:
    if sys.stdout is None:
        raise click.ClickException("standard output is closed")
    try:
        write(sys.stdout)
    except BrokenPipeError:
        _let_go()
        raise click.exceptions.Exit(READER_GONE) from None  # as with `| head`
    except OSError as error:
        _let_go()
        raise click.ClickException(f"standard output: {error.strerror or error}") from error


def _let_go() -> None:
    """Discard what is left in the buffer: Python would write it at exit, and fail."""
    with suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
