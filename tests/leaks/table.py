"""The tables, in Markdown so that a page can quote them as they are."""

from __future__ import annotations

from math import isnan
from typing import TYPE_CHECKING

from rich import box
from rich.console import Console
from rich.table import Table

from tests.leaks.score import middle, targets, totals

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from tests.leaks.score import Outcome

NONE = "–"
WIDE = 1000
"""Columns: a row is never folded."""
LEAKING = ("first", "as a leak", "first candidate", "silent", "caller named", "cum first", "flat first", "false leak")
SUMMARY = ("snapshots", "load", "with a leak", *LEAKING, "without a leak", "false leak", "growing")
PROGRAMS = (
    "program",
    "truth",
    "first",
    "first candidate",
    "silent",
    "caller named",
    "cum",
    "flat",
    "false leak",
    "growing",
)


def report(outcomes: Sequence[Outcome]) -> str:
    """Return all tables: each program by number of snapshots, the shares by load, and the targets."""
    cuts = dict.fromkeys(o.cut for o in outcomes)
    parts = [(f"Programs, {_title(cut)}", programs([o for o in outcomes if o.cut == cut])) for cut in cuts]
    parts += [("All programs", summary(outcomes)), ("Targets", aims(outcomes))]
    return "\n\n".join(f"{title}:\n\n{table}" for title, table in parts)


def _title(cut: str) -> str:
    return f"the {cut} snapshots" if cut.startswith("first") else f"{cut} snapshots"


def programs(outcomes: Sequence[Outcome]) -> str:
    """Return a row for each program."""
    by_program = {
        p: [o for o in outcomes if o.run.program == p] for p in dict.fromkeys(o.run.program for o in outcomes)
    }
    return _markdown(PROGRAMS, ([p.name, p.truth, *_cells(of)] for p, of in by_program.items()), left=2)


def _cells(outcomes: Sequence[Outcome]) -> list[str]:
    program = outcomes[0].run.program

    def count(of: Callable[[Outcome], bool]) -> str:
        return str(sum(map(of, outcomes)))

    accused = [count(lambda o: bool(o.ours.alarms)), count(lambda o: bool(o.ours.growing))]
    if not program.leak:
        return ["", "", "", "", "", "", *accused]
    return [
        first([o.ours.rank for o in outcomes]),
        count(lambda o: o.ours.first_candidate),
        count(lambda o: o.ours.silent),
        count(lambda o: o.ours.caller) if program.helpers else "",
        rank(middle([o.pprof.cum for o in outcomes])),
        rank(middle([o.pprof.flat for o in outcomes])),
        *accused,
    ]


def summary(outcomes: Sequence[Outcome]) -> str:
    """Return a row of shares for each number of snapshots and load."""
    rows = []
    for cut in dict.fromkeys(o.cut for o in outcomes):
        loads = dict.fromkeys(o.run.load for o in outcomes)
        for name, chosen in (*((load, (load,)) for load in loads), ("all", tuple(loads))):
            t = totals([o for o in outcomes if o.cut == cut and o.run.load in chosen])
            ours = [t.first, t.leak, t.candidate, t.silent, t.caller, t.cum_first, t.flat_first, t.accused]
            rows.append(
                [cut, name, str(t.leaking), *map(percent, ours), str(t.sound), percent(t.alarms), percent(t.growing)]
            )
    return _markdown(SUMMARY, rows, left=2)


def aims(outcomes: Sequence[Outcome]) -> str:
    rows = []
    for target in targets(outcomes):
        wanted = f"at {'most' if target.at_most else 'least'} {percent(target.wanted)}"
        rows.append([target.name, percent(target.reached), wanted, "met" if target.met else "MISSED"])
    return _markdown(("series", "reached", "target", ""), rows, left=1)


def _markdown(columns: Sequence[str], rows: Iterable[Sequence[str]], left: int) -> str:
    table = Table(box=box.MARKDOWN)
    for number, name in enumerate(columns):
        table.add_column(name, no_wrap=True, justify="left" if number < left else "right")
    for row in rows:
        table.add_row(*row)
    console = Console(width=WIDE, color_system=None)
    with console.capture() as printed:
        console.print(table)
    return "\n".join(line.rstrip() for line in printed.get().strip().split("\n"))


def first(ranks: Sequence[int | None]) -> str:
    """Return in how many series the line was first, and its worst rank if not in all."""
    firsts = sum(rank == 1 for rank in ranks)
    counted = f"{firsts}/{len(ranks)}"
    return counted if firsts == len(ranks) else f"{counted}, worst {worst(ranks)}"


def worst(ranks: Sequence[int | None]) -> str:
    return NONE if None in ranks else str(max(rank for rank in ranks if rank is not None))


def rank(value: float | None) -> str:
    return NONE if value is None else f"{value:g}"


def percent(share: float) -> str:
    return NONE if isnan(share) else f"{share:.1%}"
