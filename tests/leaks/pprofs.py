"""Where `go tool pprof` lists the line that leaks, in the difference between the first and the last snapshot."""

from __future__ import annotations

import re
import subprocess
from typing import TYPE_CHECKING, NamedTuple

from scripts import tools

if TYPE_CHECKING:
    from pathlib import Path

    from tests.leaks.programs import Program

EVERYTHING = ("-top", "-lines", "-nodecount=0", "-nodefraction=0", "-unit=B")
COLUMNS = "flat  flat%   sum%        cum   cum%"
PLACE = re.compile(r"([^/\s]+/[^/\s]+:\d+)(?: \(inline\))?$")
"""The last two parts of a path and the line, as `str(Spot)` has them."""


class Ranks(NamedTuple):
    """From 1; none if the line is not listed."""

    cum: int | None
    flat: int | None


def ranks(program: Program, folder: Path) -> Ranks:
    """Ask pprof twice: sorted by cum, and by flat."""
    heaps = sorted(folder.glob("heap.*.pb.gz"))
    compared = (f"-diff_base={heaps[0]}", str(heaps[-1]))
    return Ranks(rank(program, _top("-cum", *compared)), rank(program, _top(*compared)))


def rank(program: Program, top: str) -> int | None:
    """Return the best rank of the lines that leak in pprof's text."""
    wanted = {str(spot) for spot in program.spots}
    rows = top.partition(COLUMNS)[2].strip().split("\n")
    return next((number for number, row in enumerate(rows, 1) if _place(row) in wanted), None)


def _place(row: str) -> str | None:
    found = PLACE.search(row)
    return found[1] if found else None


def _top(*arguments: str) -> str:
    command = [tools.go(), "tool", "pprof", *EVERYTHING, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout
