"""The log of the server and of its worker: standard error, one line for each record."""

from __future__ import annotations

import logging
import sys
import threading
from typing import TYPE_CHECKING

from alloclens.printable import printable

if TYPE_CHECKING:
    from types import TracebackType

    ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]

INDENT = "    "


class OneLine(logging.Formatter):
    """Writes a record on one line, whatever it quotes. The lines of a traceback below it are indented: none looks like a record."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's own name
        """Return the line of a record."""
        return printable(super().formatMessage(record))

    def formatException(self, ei: ExcInfo) -> str:  # noqa: N802
        """Return the lines of a traceback."""
        return "\n".join(INDENT + printable(line) for line in super().formatException(ei).split("\n"))


def start() -> None:
    """Log to standard error from now on, also what ends a thread."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(OneLine("%(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(handlers=[handler], level=logging.INFO, force=True)
    logging.getLogger("pygls").setLevel(logging.WARNING)  # at INFO it writes down every message it sends
    threading.excepthook = _thread_failed


def _thread_failed(ended: threading.ExceptHookArgs) -> None:
    name = ended.thread.name if ended.thread else "a thread"
    logging.getLogger(__name__).error("%s failed", name, exc_info=ended.exc_value)
