"""What is compared: one row of the table for each."""

from __future__ import annotations

import sys
import sysconfig
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

from scripts import tools
from scripts.bench import prepare

TOP = ("-symbolize=none", "-top", "-lines", "-nodefraction=0", "-nodecount=0")


@dataclass(frozen=True)
class Candidate:
    """One way to get something out of a file."""

    key: str
    name: str
    how: Literal["call", "ask", "run"]
    """As child.py has it."""
    what: tuple[str, ...]

    def command(self, file: Path, calls: int) -> list[str]:
        return [sys.executable, "-m", "scripts.bench.child", self.how, str(calls), str(file), *self.what]


@dataclass(frozen=True)
class Ratio:
    """How many times as much the first takes as the second."""

    name: str
    over: str
    under: str


RATIOS = (
    Ratio("`go tool pprof` ÷ `alloclens top`", "tool", "command"),
    Ratio("`go tool pprof` ÷ our load + per-line table", "tool", "table"),
    Ratio("google/pprof in process ÷ our load + per-line table", "go-table", "table"),
    Ratio("our load + per-line table ÷ gunzip, zlib", "table", "gunzip"),
    Ratio("our load + per-line table ÷ gunzip, isal", "table", "igzip"),
    Ratio("our load + all an editor shows ÷ load + per-line table", "editor", "table"),
)


def candidates() -> list[Candidate]:
    """Return all of them; Go programs are built here, and isal is left out where it is not installed."""
    return [*_gunzip(), *_ours(), *_in_process(), *_whole()]


def _gunzip() -> list[Candidate]:
    decompressors = [Candidate("gunzip", "gunzip, zlib", "call", ("gzip:decompress",))]
    if find_spec("isal"):
        decompressors.append(Candidate("igzip", "gunzip, isal", "call", ("isal.igzip:decompress",)))
    return decompressors


def _ours() -> list[Candidate]:
    alloclens = str(Path(sysconfig.get_path("scripts")) / "alloclens")
    return [
        Candidate("load", "alloclens: load", "call", ("scripts.bench.ours:load",)),
        Candidate("table", "alloclens: load + per-line table", "call", ("scripts.bench.ours:table",)),
        Candidate("editor", "alloclens: load + all an editor shows", "call", ("scripts.bench.ours:editor",)),
        Candidate("command", "`alloclens top --json`, whole process", "run", (alloclens, "top", "--json")),
    ]


def _in_process() -> list[Candidate]:
    gopprof = str(prepare.gopprof())
    return [
        Candidate("go-load", "google/pprof in process: parse", "ask", (gopprof, "parse")),
        Candidate("go-table", "google/pprof in process: parse + per-line table", "ask", (gopprof, "table")),
    ]


def _whole() -> list[Candidate]:
    return [Candidate("tool", "`go tool pprof -top -lines`, whole process", "run", (tools.go(), "tool", "pprof", *TOP))]
