"""The names of functions as people read them."""

from __future__ import annotations

import re
from functools import lru_cache

AFTER_PATH = re.compile(r"[\[(<:]")
"""Begins what may have slashes that are not of a package's path: type arguments, receivers, parameters, namespaces."""
MAJOR_ELEMENT = re.compile(r"v\d+(?:\.|$)")
"""The last element of an import path that is only a major version."""


@lru_cache(10_000)  # stacks have the same functions
def short_name(function: str) -> str:
    """Return a function's name without the directories of its package: net/http.(*conn).serve -> http.(*conn).serve.

    A major version keeps the name before it: github.com/go-chi/chi/v5.NewRouter -> chi/v5.NewRouter. `shortName` in
    vscode-client/pictures/packages.ts does the same.
    """
    path = AFTER_PATH.split(function, 1)[0]
    last = path.rfind("/")
    if last == len(path) - 1:
        return function  # operator/(A, B) has no path
    if last > 0 and MAJOR_ELEMENT.match(path, last + 1):
        last = path.rfind("/", 0, last)
    return path[last + 1 :].replace("%2e", ".") + function[len(path) :]  # Go writes a dot of the last element as %2e
