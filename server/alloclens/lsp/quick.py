"""Large answers, on their way out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from alloclens.lsp.spots import Spot


class Quick:
    """An answer made of what JSON has, and of nothing else, be it a list or a dict.

    pygls walks a bare one node by node, on the event loop, at ten times what writing it as JSON takes. Of an object that it
    does not know it takes `__dict__`, as it is.
    """

    __slots__ = ("answer",)

    def __init__(self, answer: Any) -> None:
        self.answer = answer

    @property
    def __dict__(self) -> Any:  # type: ignore[override]
        """The answer."""
        return self.answer


def location(spot: Spot | None) -> dict[str, Any] | None:
    """Return a Location as JSON has it."""
    at = {"line": spot.line - 1, "character": 0} if spot else None
    return {"uri": spot.uri, "range": {"start": at, "end": at}} if spot else None
