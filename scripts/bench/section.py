"""What a part of the benchmarks returns."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from rich.table import Table


class Section(NamedTuple):
    """What one part measured."""

    table: Table
    figures: object
    """The same, and what the table's medians are made of, for JSON: seconds, and bytes of memory."""
    below: str = ""
    """What a reader of the table has to know."""
