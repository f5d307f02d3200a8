"""Only the samples through some function, or without another: in every hint, hover, view and finding."""

from __future__ import annotations

from itertools import chain
from typing import Any

from alloclens.analysis.filters import Filters
from alloclens.analysis.patterns import BadPattern, exact, search
from alloclens.lsp.lifecycle import follow, plain
from alloclens.lsp.server import Server
from alloclens.lsp.show import tell
from alloclens.wording.focus import words
from alloclens.wording.printable import printable

FOCUS = "alloclens.server.focus"
UNFOCUS = "alloclens.server.unfocus"


def register(server: Server) -> None:
    """Offer the commands."""
    server.command(FOCUS)(focus)
    server.command(UNFOCUS)(unfocus)


def focus(ls: Server, step: Any) -> str | None:
    """Take one step more; return in words what is wrong with a pattern.

    Of {focus, ignore, function, ignoreFunction, stack}: the former two are pprof's patterns, then come exact names; a stack
    is a list of them, and what passes through all is left.
    """
    wanted = plain(step) or {}
    stack = [Filters(focus=exact(str(name))) for name in dict.fromkeys(wanted.get("stack") or ())]
    one = Filters(focus=_pattern(wanted, "focus", "function"), ignore=_pattern(wanted, "ignore", "ignoreFunction"))
    chosen = tuple(part for part in (*stack, one) if part.given())
    try:
        for pattern in (given for part in chosen for given in part.given().values()):
            search(str(pattern))
    except BadPattern as error:
        return printable(str(error))
    if chosen:
        _look_at(ls, (*ls.focus, chosen))
    return None


def unfocus(ls: Server, *every: bool | None) -> None:
    """Take the last step back, or all; some editors send no argument, and pygls asks for one even where there is a default."""
    _look_at(ls, () if any(every) else ls.focus[:-1])


def _look_at(ls: Server, steps: tuple[tuple[Filters, ...], ...]) -> None:
    ls.focus = steps
    follow(ls)
    if not ls.client.shows_status:  # elsewhere nothing would say why numbers are gone
        said = f"only samples {words(list(chain(*steps)))} are shown" if steps else "all samples are shown"
        tell(ls, f"{said}.")


def _pattern(wanted: dict[str, Any], pattern: str, name: str) -> str:
    return str(wanted.get(pattern) or (exact(str(wanted[name])) if wanted.get(name) else ""))
