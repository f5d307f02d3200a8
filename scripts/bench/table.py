"""Tables in Markdown, which `scripts.bench.document` writes into docs/benchmarks.md."""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING

from rich import box
from rich.console import Console
from rich.table import Table

from scripts.bench.candidates import RATIOS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from scripts.bench.candidates import Candidate, Ratio
    from scripts.bench.rounds import Measured

    Found = Mapping[str, Mapping[str, Measured]]
    """By the file's word, then by the candidate's key."""

WIDE = 1000
"""Columns: a row is never folded."""


def table(results: Found, candidates: Sequence[Candidate]) -> Table:
    """Return a row for each candidate and each ratio, two columns for each file."""
    out = Table(box=box.MARKDOWN)
    out.add_column("", no_wrap=True)
    for word in results:
        out.add_column(word, justify="right", no_wrap=True)
        out.add_column("peak", justify="right", no_wrap=True)
    for c in candidates:
        out.add_row(c.name, *(text for file in results.values() for text in _cells(file[c.key])))
    for ratio in RATIOS:
        if all({ratio.over, ratio.under} <= set(file) for file in results.values()):
            out.add_row(ratio.name, *(text for file in results.values() for text in _ratio_cells(file, ratio)))
    return out


def markdown(made: Table) -> str:
    """Return a table in Markdown, without the empty lines around it."""
    console = Console(width=WIDE, color_system=None)
    with console.capture() as printed:
        console.print(made)
    return "\n".join(line.rstrip() for line in printed.get().strip().split("\n"))


def _cells(measured: Measured) -> tuple[str, str]:
    return duration(measured.seconds), f"{measured.peak / 2**20:,.0f} MiB"


def _ratio_cells(file: Mapping[str, Measured], ratio: Ratio) -> tuple[str, str]:
    """Return the medians of the rounds' ratios: a slow moment of the machine affects both sides of a round."""
    rounds = [*zip(file[ratio.over].rounds, file[ratio.under].rounds, strict=True)]
    times = median(over.seconds / under.seconds for over, under in rounds)
    return f"{significant(times)}×", f"{significant(median(over.peak / under.peak for over, under in rounds))}×"


def duration(seconds: float) -> str:
    """Return three digits and a unit."""
    return f"{significant(seconds)} s" if seconds >= 1 else f"{significant(seconds * 1000)} ms"


def significant(value: float) -> str:
    """Return a number with three digits, more where it is large."""
    return f"{value:.{2 if value < 9.995 else 1 if value < 99.95 else 0}f}"
