"""What is in focus, in words and as pprof takes it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from alloclens.printable import printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alloclens.transform.filters import Filters


MOST = 3
"""Parts said; of more, as of a stack, the ends."""


def words(focus: Sequence[Filters]) -> str:
    """Say what is left, one part after the other: through main.serve, without http.Get. "" where all is."""
    parts = [_part(one) for one in focus]
    if len(parts) > MOST:
        parts[1:-1] = [f"… {len(parts) - 2} more …"]
    return printable(", ".join(parts))


def options(focus: Sequence[Filters]) -> list[str] | None:
    """Return the options by which pprof leaves the same; None where it cannot: it takes one of each name."""
    given = [(name, pattern) for one in focus for name, pattern in one.given().items()]
    names = [name for name, _ in given]
    return [f"-{name}={pattern}" for name, pattern in given] if len(set(names)) == len(names) else None


def _part(one: Filters) -> str:
    said = {"focus": "through", "ignore": "without"}
    return " ".join(f"{said[name]} {_name(str(pattern))}" for name, pattern in one.given().items())


def _name(pattern: str) -> str:
    """Return the function that a pattern of its name alone is about, else the pattern."""
    exact = re.fullmatch(r"\^((?:\\.|[\w/.])*)\$", pattern)
    return re.sub(r"\\(.)", r"\1", exact[1]) if exact else pattern
