"""Where `go tool pprof` lists the line that leaks, in the difference between the first and the last snapshot of a process."""

from __future__ import annotations

import re
import subprocess
from typing import TYPE_CHECKING, NamedTuple

from scripts import tools
from tests.leaks.series import CUTS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tests.leaks.programs import Program

EVERYTHING = ("-top", "-lines", "-nodecount=0", "-nodefraction=0", "-unit=B")
ROW = re.compile(
    r"^ *(?P<flat>-?\d+)B? +\S+ +\S+ +(?P<cum>-?\d+)B? +\S+  (?P<function>\S+) \S*?(?P<place>[^/\s]+/[^/\s]+:\d+)(?: \(inline\))?$",
    re.MULTILINE,
)
"""The last two parts of a path and the line are as `str(Spot)` has them."""


class Ranks(NamedTuple):
    """From 1; None if the line is not listed."""

    cum: int | None = None
    flat: int | None = None


def ranks(program: Program, folder: Path, cut: str) -> Ranks:
    """Ask pprof about the first replica since the last restart."""
    if not program.leak:
        return Ranks()
    rounds = [number for number in CUTS[cut] if number > max((0, *_restarts(program, cut)))]
    compared = (f"-diff_base={_heap(folder, rounds[0])}", _heap(folder, rounds[-1]))
    command = [tools.go(), "tool", "pprof", *EVERYTHING, *compared]
    return ranked(program, subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def _restarts(program: Program, cut: str) -> list[int]:
    return [after for after in program.restarts if after < CUTS[cut][-1]]


def _heap(folder: Path, number: int) -> str:
    return str(folder / f"heap.{number:04d}.pb.gz")


def ranked(program: Program, top: str) -> Ranks:
    """Return the ranks in pprof's text of what leaks: a line, a helper, or a function if no line is on its stack."""
    wanted = {str(spot) for spot in program.spots + program.helpers}
    rows = list(ROW.finditer(top))
    right = [row for row in rows if row["place"] in wanted or row["function"] in program.foreign]
    return Ranks(_rank(rows, right, "cum"), _rank(rows, right, "flat"))


def _rank(rows: Sequence[re.Match], right: Sequence[re.Match], column: str) -> int | None:
    """Return the rank of the best of them by the absolute value in a column, which is pprof's order; None if that is 0."""
    best = max((abs(int(row[column])) for row in right), default=0)
    return None if not best else 1 + sum(abs(int(row[column])) > best for row in rows)
