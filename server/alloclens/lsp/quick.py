"""Large answers, on their way out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from alloclens.lsp.spots import Spot


class Quick(NamedTuple):
    """An answer made of what JSON has, and of nothing else.

    Any other is walked node by node, in search of lsprotocol's values: that takes the event loop ten times as long as
    writing it as JSON.
    """

    answer: Any


def location(spot: Spot | None) -> dict[str, Any] | None:
    """Return a Location as JSON has it."""
    at = {"line": spot.line - 1, "character": 0} if spot else None
    return {"uri": spot.uri, "range": {"start": at, "end": at}} if spot else None
