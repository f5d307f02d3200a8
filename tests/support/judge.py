"""The ownership of the files of a profile, as a test gives it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alloclens.tables.lines import Ownership, OwnershipOf

if TYPE_CHECKING:
    from collections.abc import Callable


def own(is_own: Callable[[str], bool]) -> OwnershipOf:
    """Return a judge that calls these files the user's own, and none lost."""
    return lambda functions: Ownership([is_own(file) for file in functions], [False] * len(functions))
