"""Only the samples through some function, or without another: in every hint, hover, view and finding."""

from __future__ import annotations

from typing import Any

from lsprotocol import types

from alloclens.analysis.filters import Filters
from alloclens.analysis.patterns import BadPattern, exact, search
from alloclens.lsp.lifecycle import follow, plain
from alloclens.lsp.server import Server
from alloclens.wording.focus import words

FOCUS = "alloclens.server.focus"
UNFOCUS = "alloclens.server.unfocus"


def register(server: Server) -> None:
    """Offer the commands."""
    server.command(FOCUS)(focus)
    server.command(UNFOCUS)(unfocus)


def focus(ls: Server, step: Any) -> str | None:
    """Take one step more; return in words what is wrong with a pattern.

    Of {focus, ignore, function, ignoreFunction}: the former two are pprof's patterns, the latter exact names.
    """
    wanted = plain(step) or {}
    chosen = Filters(focus=_pattern(wanted, "focus", "function"), ignore=_pattern(wanted, "ignore", "ignoreFunction"))
    try:
        for pattern in chosen.given().values():
            search(str(pattern))
    except BadPattern as error:
        return str(error)
    if chosen.given():
        _look_at(ls, (*ls.focus, chosen))
    return None


def unfocus(ls: Server, every: bool | None) -> None:
    """Take the last step back, or all."""
    _look_at(ls, () if every else ls.focus[:-1])


def _look_at(ls: Server, steps: tuple[Filters, ...]) -> None:
    ls.focus = steps
    follow(ls)
    if not ls.client.shows_status:  # elsewhere nothing would say why numbers are gone
        said = f"only samples {words(steps)} are shown" if steps else "all samples are shown"
        ls.window_show_message(types.ShowMessageParams(types.MessageType.Info, f"alloclens: {said}."))


def _pattern(wanted: dict[str, Any], pattern: str, name: str) -> str:
    return str(wanted.get(pattern) or (exact(str(wanted[name])) if wanted.get(name) else ""))
