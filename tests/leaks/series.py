"""Builds the programs and runs them: each run is a folder of snapshots."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from scripts import tools
from tests.leaks.programs import GO, Program

if TYPE_CHECKING:
    from collections.abc import Iterable

PATIENCE = 120.0
"""Seconds until a run is given up."""
OUTPUT = 1000
"""Of what a program that failed has said, so many last characters are shown."""


class Series(NamedTuple):
    """One run of one program."""

    program: Program
    snapshots: int
    seed: int

    def folder(self, profiles: Path) -> Path:
        return profiles / self.program.name / f"{self.snapshots}-snapshots" / f"seed-{self.seed}"

    def __str__(self) -> str:
        return f"{self.program.name}, {self.snapshots} snapshots, seed {self.seed}"


class Failed(Exception):  # noqa: N818 - it is what happened
    """A program that could not be built or run; the text says which and why."""


def build(programs: Iterable[Program], binaries: Path) -> None:
    """Compile each program to a file of its name. Raises Failed."""
    names = [p.name for p in programs]
    for module in sorted({_module(name) for name in names}):
        packages = [f"./{(GO / name).relative_to(module)}" for name in names if _module(name) == module]
        _run([tools.go(), "build", "-o", f"{binaries}/", *packages], module)


def _module(name: str) -> Path:
    """Return where the go.mod of a program is: beside it, or above."""
    return GO / name if (GO / name / "go.mod").exists() else GO


def run(series: Series, binaries: Path, profiles: Path) -> Path:
    """Run a program to its end and return the folder of its snapshots. Raises Failed."""
    folder = series.folder(profiles)
    if folder.exists():
        raise Failed(f"there are profiles of {series} in {profiles}")
    folder.mkdir(parents=True)
    flags = {"-dir": folder, "-snapshots": series.snapshots, "-seed": series.seed}
    _run([binaries / series.program.name, *(str(part) for flag in flags.items() for part in flag)], folder)
    return folder


def _run(command: list[str | Path], directory: Path) -> None:
    try:
        subprocess.run(command, cwd=directory, check=True, capture_output=True, text=True, timeout=PATIENCE)
    except subprocess.CalledProcessError as error:
        raise Failed(f"{Path(command[0]).name} {command[-1]}: {error.stderr[-OUTPUT:]}") from error
    except subprocess.TimeoutExpired as error:
        raise Failed(f"{Path(command[0]).name} did not end in {PATIENCE:.0f} s") from error
