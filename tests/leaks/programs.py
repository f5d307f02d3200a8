"""The programs in tests/leaks/go, and the truth that their sources state."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

GO = Path(__file__).resolve().parent / "go"
"""The workspace of all programs."""
MARK = re.compile(r"// alloclens: (leak|also|helper|foreign|beside|restart|replicas) (.+)$")


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
    """The lines that leak: each of them is a correct answer."""
    also: tuple[Spot, ...] = ()
    """Lines that leak a little along with them: neither an answer nor a false alarm."""
    helpers: tuple[Spot, ...] = ()
    """Lines that allocate what leaks for many callers, one of which is a line that leaks: a correct answer too."""
    foreign: tuple[str, ...] = ()
    """Functions of libraries that hold what leaks, with no line of the program on their stacks."""
    beside: tuple[str, ...] = ()
    """Functions of libraries that hold something along with it: neither an answer nor a false alarm."""
    restarts: tuple[int, ...] = ()
    """A new process starts after each of these rounds."""
    replicas: int = 1
    """Number of processes that run side by side."""

    @property
    def truth(self) -> str:
        return f"{self.leak}: {self.spots[0]}" if self.leak else "sound"


def programs() -> dict[str, Program]:
    """Return all programs by name, those that leak first."""
    folders = [path.parent for path in sorted(GO.glob("*/main.go"))]
    found = [_program(folder) for folder in folders]
    return {p.name: p for p in sorted(found, key=lambda p: not p.leak)}


def _program(folder: Path) -> Program:
    marks = [
        (mark[1], mark[2], Spot(source, number))
        for source in sorted(folder.rglob("*.go"))
        for number, text in enumerate(source.read_text("utf-8").split("\n"), 1)
        if (mark := MARK.search(text))
    ]

    def spots(wanted: str) -> tuple[Spot, ...]:
        return tuple(spot for word, _, spot in marks if word == wanted)

    def said(wanted: str) -> tuple[str, ...]:
        return tuple(text for word, text, _ in marks if word == wanted)

    return Program(
        folder.name,
        next(iter(said("leak")), ""),
        spots("leak"),
        spots("also"),
        spots("helper"),
        said("foreign"),
        said("beside"),
        tuple(map(int, said("restart"))),
        *map(int, said("replicas")),
    )
