"""How functions are named to people."""

from __future__ import annotations


def short_name(function: str) -> str:
    """Return a function's name without the directories of its package: net/http.(*conn).serve -> http.(*conn).serve."""
    # Go writes a dot in the last element of an import path as %2e.
    head, bracket, tail = function.partition("[")
    return head[head.rfind("/") + 1 :].replace("%2e", ".") + bracket + tail
