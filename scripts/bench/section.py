"""What a part of the benchmarks returns."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from scripts.bench.table import markdown

if TYPE_CHECKING:
    from rich.table import Table


class Section(NamedTuple):
    """What one part measured."""

    table: Table
    figures: object
    """The same, and what the table's medians are made of, for JSON: seconds, and bytes of memory."""
    below: str = ""
    """What a reader of the table has to know."""

    @property
    def text(self) -> str:
        """The table in Markdown, and what is below it."""
        return f"{markdown(self.table)}\n\n{self.below}".strip()
