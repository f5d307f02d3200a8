"""The log of the server and its worker: one line per record, on standard error or in a file to which both append.

A record never holds source text, nor messages of the editor, which contain it.
"""

from __future__ import annotations

import io
import logging
import sys
import threading
from typing import TYPE_CHECKING, Literal, NamedTuple

from alloclens.disk import append_to, reason
from alloclens.printable import printable

if TYPE_CHECKING:
    from types import TracebackType

    ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]

INDENT = "    "
OURS = "%(levelname)s %(name)s: %(message)s"
IN_FILE = f"%(asctime)s.%(msecs)03d %(process)d {OURS}"
Level = Literal["error", "warning", "info", "debug"]
NUMBERS: dict[Level, int] = {
    "error": logging.ERROR,
    "warning": logging.WARNING,
    "info": logging.INFO,
    "debug": logging.DEBUG,
}


class LogTo(NamedTuple):
    """The level of the log, and its destination."""

    level: Level = "info"
    path: str | None = None
    """A file; None is standard error."""


class OneLine(logging.Formatter):
    """Writes a record on one line, whatever it quotes. The lines of a traceback are indented, so that none looks like a record."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's own name
        """Return the line of a record."""
        return printable(super().formatMessage(record))

    def formatException(self, ei: ExcInfo) -> str:  # noqa: N802 - as above
        """Return the lines of a traceback."""
        return "\n".join(INDENT + printable(line) for line in super().formatException(ei).split("\n"))


def start(to: LogTo = LogTo(), *, anew: bool = False) -> LogTo:  # noqa: B008 - a frozen value
    """Start logging, also exceptions that end a thread. `anew` empties the file first. Returns what is in effect.

    A file that cannot be opened is reported on standard error, which then takes its place.
    """
    file, problem = None, ""
    try:
        file = append_to(to.path, anew=anew) if to.path else None
    except OSError as error:
        problem = f"the log file {to.path} cannot be opened ({reason(error)}); logging to standard error"
    logging.basicConfig(handlers=[_handler(file)], level=max(NUMBERS[to.level], logging.WARNING), force=True)
    logging.getLogger("alloclens").setLevel(NUMBERS[to.level])  # ours alone: at INFO pygls logs every message
    threading.excepthook = _thread_failed
    if problem:
        logging.getLogger(__name__).error("%s", problem)
    return LogTo(to.level, to.path if file else None)


def _handler(file: io.FileIO | None) -> logging.Handler:
    """Return what writes to a file or to standard error. A record is one write, so that those of two processes do not mix."""
    if file is None:
        stream, form = sys.stderr, OURS
    else:
        stream, form = io.TextIOWrapper(file, "utf-8", "backslashreplace", newline="\n", write_through=True), IN_FILE
    handler = logging.StreamHandler(stream)
    handler.setFormatter(OneLine(form, "%Y-%m-%d %H:%M:%S"))
    return handler


def _thread_failed(ended: threading.ExceptHookArgs) -> None:
    name = ended.thread.name if ended.thread else "a thread"
    logging.getLogger(__name__).error("%s failed", name, exc_info=ended.exc_value)
