"""The focus, in words and as pprof's options."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alloclens.printable import printable
from alloclens.transform.patterns import text_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from alloclens.transform.filters import Filters


MAX_STEPS = 3
"""Steps in words; of more, the first and the last."""


def words(focus: Sequence[Filters], named: Callable[[str], str] = str) -> str:
    """Return the steps of a focus in words: through main.serve, without http.Get; "" if there are none.

    `named` makes what is shown of the name of a function; patterns are shown as they are.
    """
    steps = [_step(step, named) for step in focus]
    if len(steps) > MAX_STEPS:
        steps[1:-1] = [f"… {len(steps) - 2} more …"]
    return printable(", ".join(steps))


def options(focus: Sequence[Filters]) -> list[str] | None:
    """Return pprof's options for the same focus; None if there are none, because it takes each option once."""
    patterns = [(name, pattern) for step in focus for name, pattern in step.given().items()]
    names = [name for name, _ in patterns]
    return [f"-{name}={pattern}" for name, pattern in patterns] if len(set(names)) == len(names) else None


def _step(step: Filters, named: Callable[[str], str]) -> str:
    prepositions = {"focus": "through", "ignore": "without"}
    given = ((prepositions[name], str(pattern)) for name, pattern in step.given().items())
    return " ".join(f"{preposition} {named(text_of(pattern)) or pattern}" for preposition, pattern in given)
