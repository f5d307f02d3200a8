"""What is in focus, in words and as pprof takes it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alloclens.analysis.filters import Filters


def words(focus: Sequence[Filters]) -> str:
    """Say what is left, one step after the other: through main.serve, without http.Get. "" where all is."""
    return ", ".join(_step(one) for one in focus)


def options(focus: Sequence[Filters]) -> list[str] | None:
    """Return the options by which pprof leaves the same; None where it cannot: it takes one of each name."""
    given = [(name, pattern) for one in focus for name, pattern in one.given().items()]
    names = [name for name, _ in given]
    return [f"-{name}={pattern}" for name, pattern in given] if len(set(names)) == len(names) else None


def _step(one: Filters) -> str:
    said = {"focus": "through", "ignore": "without"}
    return " ".join(f"{said[name]} {_name(str(pattern))}" for name, pattern in one.given().items())


def _name(pattern: str) -> str:
    """Return the function that a pattern of its name alone is about, else the pattern."""
    exact = re.fullmatch(r"\^((?:\\.|[\w/.])*)\$", pattern)
    return re.sub(r"\\(.)", r"\1", exact[1]) if exact else pattern
