"""Focus: limits all numbers but the verdicts to the samples through some function, or without another."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

from alloclens.lsp import protocol
from alloclens.lsp.lifecycle import follow
from alloclens.lsp.show import tell
from alloclens.printable import printable
from alloclens.transform.filters import Filters
from alloclens.transform.patterns import PatternError, exact, search
from alloclens.wording.focus import words

if TYPE_CHECKING:
    from alloclens.lsp.server import Server


def register(server: Server) -> None:
    """Offer the commands."""
    server.offer(protocol.AddFocus, focus)
    server.offer(protocol.Unfocus, unfocus)


def focus(ls: Server, command: protocol.AddFocus) -> str | None:
    """Add a step; return the error in a pattern, if there is one."""
    step = command.step
    stack = [Filters(focus=exact(name)) for name in dict.fromkeys(step.stack)]
    patterns = Filters(
        focus=step.focus or _exact(step.function),
        ignore=step.ignore or _exact(step.ignore_function),
    )
    chosen = tuple(part for part in (*stack, patterns) if part.given())
    try:
        for pattern in (given for part in chosen for given in part.given().values()):
            search(str(pattern))
    except PatternError as error:
        return printable(str(error))
    if chosen:
        _look_at(ls, (*ls.focus, chosen))
    return None


def unfocus(ls: Server, command: protocol.Unfocus) -> None:
    """Remove the last step, or every step."""
    _look_at(ls, () if command.every else ls.focus[:-1])


def _look_at(ls: Server, steps: tuple[tuple[Filters, ...], ...]) -> None:
    ls.focus = steps
    follow(ls)
    if not ls.client.shows_status:  # else nothing would explain why numbers are gone
        shown = f"only samples {words(list(chain(*steps)))} are shown" if steps else "all samples are shown"
        tell(ls, f"{shown}.")


def _exact(name: str) -> str:
    return exact(name) if name else ""
