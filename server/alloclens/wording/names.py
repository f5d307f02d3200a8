"""The names of functions as people read them."""

from __future__ import annotations

import re

MAJOR_ELEMENT = re.compile(r"v\d+(?:\.|$)")
"""The last element of an import path that is only a major version."""


def short_name(function: str) -> str:
    """Return a function's name without the directories of its package: net/http.(*conn).serve -> http.(*conn).serve.

    A major version keeps the name before it: github.com/go-chi/chi/v5.NewRouter -> chi/v5.NewRouter.
    """
    # Go writes a dot in the last element of an import path as %2e.
    head, bracket, tail = function.partition("[")
    last = head.rfind("/")
    if last > 0 and MAJOR_ELEMENT.match(head, last + 1):
        last = head.rfind("/", 0, last)
    return head[last + 1 :].replace("%2e", ".") + bracket + tail
