"""The table and the totals below it, in Markdown so that a page can quote them as they are."""

from __future__ import annotations

from math import isnan
from typing import TYPE_CHECKING

from rich import box
from rich.table import Table

from tests.leaks.score import ALARMS, FIRST, LONG, middle

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.leaks.score import Outcome, Totals

COLUMNS = ("first", "cum", "flat", "false", "growing")
NONE = "–"


def table(outcomes: Sequence[Outcome]) -> Table:
    """Return a row for each program and some columns for each number of snapshots."""
    counts = sorted({o.series.snapshots for o in outcomes})
    out = Table(box=box.MARKDOWN)
    out.add_column("program", no_wrap=True)
    out.add_column("truth", no_wrap=True)
    for count in counts:
        for name in COLUMNS:
            out.add_column(f"{count}: {name}", justify="right", no_wrap=True)
    for program in dict.fromkeys(o.series.program for o in outcomes):
        of_program = [o for o in outcomes if o.series.program == program]
        cells = [cell for count in counts for cell in _cells([o for o in of_program if o.series.snapshots == count])]
        out.add_row(program.name, program.truth, *cells)
    return out


def _cells(outcomes: Sequence[Outcome]) -> tuple[str, ...]:
    if not outcomes:
        return (NONE,) * len(COLUMNS)
    false = (sum(len(o.ours.alarms) for o in outcomes), sum(len(o.ours.growing) for o in outcomes))
    leaks = bool(outcomes[0].series.program.leak)
    ranks = (
        first([o.ours.rank for o in outcomes]),
        rank(middle([o.pprof.cum for o in outcomes])),
        rank(middle([o.pprof.flat for o in outcomes])),
    )
    return (*(ranks if leaks else ("", "", "")), *map(str, false))


def first(ranks: Sequence[int | None]) -> str:
    """Return in how many series the line was first, and where it was at worst if not in all."""
    firsts = sum(rank == 1 for rank in ranks)
    counted = f"{firsts}/{len(ranks)}"
    return counted if firsts == len(ranks) else f"{counted}, worst {worst(ranks)}"


def worst(ranks: Sequence[int | None]) -> str:
    return NONE if None in ranks else str(max(rank for rank in ranks if rank is not None))


def rank(value: float | None) -> str:
    return NONE if value is None else f"{value:g}"


def below(found: Totals) -> str:
    """Say the totals."""
    by_pprof = f"pprof by cum {percent(found.cum_first)}, by flat {percent(found.flat_first)}"
    beside = f"honest lines beside a leak {percent(found.honest_alarms)}"
    lines = (
        f"Series of {LONG} snapshots and more; of programs that leak: {found.leaking}, sound: {found.sound}.",
        f"A line that leaks is first: alloclens {percent(found.first)} (target {percent(FIRST)}), {by_pprof}.",
        f"False alarms for each series (target {percent(ALARMS)}): sound {percent(found.sound_alarms)}, {beside}.",
        f"Honest lines said to grow, for each series: {percent(found.growing)}.",
        f"The targets are {'met' if found.met else 'MISSED'}.",
    )
    return "\n".join(lines)


def percent(share: float) -> str:
    return NONE if isnan(share) else f"{share:.1%}"
