"""The programs under tests/leaks/go, and what their sources say of themselves."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

GO = Path(__file__).resolve().parent / "go"
"""The workspace of all programs."""
MARK = re.compile(r"// alloclens: (leak|also) (.+)$")


class Spot(NamedTuple):
    """A line of a source."""

    file: Path
    line: int

    def __str__(self) -> str:
        return f"{self.file.parent.name}/{self.file.name}:{self.line}"


class Program(NamedTuple):
    """A Go program and its truth."""

    name: str
    leak: str
    """What leaks, as its lines say; "" if nothing does."""
    spots: tuple[Spot, ...]
    """The lines that leak: each of them is a right answer."""
    also: tuple[Spot, ...] = ()
    """What leaks along with them, little: neither an answer nor a false alarm."""

    @property
    def truth(self) -> str:
        return f"{self.leak}: {self.spots[0]}" if self.leak else "sound"


def programs() -> dict[str, Program]:
    """Return all of them by name: what leaks first."""
    sources = [path for path in sorted(GO.glob("*/main.go")) if path.parent.name != "vendor"]
    found = [_program(path) for path in sources]
    return {p.name: p for p in sorted(found, key=lambda p: not p.leak)}


def _program(source: Path) -> Program:
    marked = [
        (mark[1], mark[2], Spot(source, number))
        for number, text in enumerate(source.read_text("utf-8").split("\n"), 1)
        if (mark := MARK.search(text))
    ]
    spots, also = (tuple(spot for word, _, spot in marked if word == wanted) for wanted in ("leak", "also"))
    return Program(source.parent.name, marked[0][1] if marked else "", spots, also)
