"""Builds the programs and runs them. Each run is a directory of snapshots, parts of which are judged as series."""

from __future__ import annotations

import re
import shutil
import subprocess
import time
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from scripts import tools
from tests.leaks.programs import GO

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.leaks.programs import Program

ROUNDS = 60
"""Each run has so many, with a snapshot after each."""
LOADS = ("drift", "bursts", "daynight")
"""As in tests/leaks/go/rounds/load.go."""
CUTS = {
    "3": range(20, ROUNDS + 1, 20),
    "12": range(5, ROUNDS + 1, 5),
    "60": range(1, ROUNDS + 1),
    "first 12": range(1, 13),
}
"""The rounds whose snapshots make up a series."""
NUMBER = re.compile(r"\.(\d{4})\.")
"""The round in a snapshot's name."""
PATIENCE = 120.0
"""Seconds until a run is given up."""
OUTPUT = 1000
"""Number of last characters shown of what a failed program wrote."""


class Run(NamedTuple):
    """One run of one program."""

    program: Program
    load: str
    seed: int

    def folder(self, profiles: Path) -> Path:
        return profiles / self.program.name / f"{self.load}-{self.seed}"

    def __str__(self) -> str:
        return f"{self.program.name}, {self.load}, seed {self.seed}"


class Failed(Exception):  # noqa: N818 - it is what happened
    """A program that could not be built or run; the text says which and why."""


def build(programs: Iterable[Program], binaries: Path) -> None:
    """Compile each program to a file of its name. Raises Failed."""
    names = [p.name for p in programs]
    for module in sorted({_module(name) for name in names}):
        packages = [f"./{(GO / name).relative_to(module)}" for name in names if _module(name) == module]
        _call([tools.go(), "build", "-o", f"{binaries}/", *packages], module)


def _module(name: str) -> Path:
    """Return where the go.mod of a program is: beside it, or above."""
    return GO / name if (GO / name / "go.mod").exists() else GO


def produce(run: Run, binaries: Path, profiles: Path) -> Path:
    """Run a program to its end and return the directory of its snapshots. Raises Failed."""
    folder = run.folder(profiles)
    if folder.exists():
        raise Failed(f"there are profiles of {run} in {profiles}")
    folder.mkdir(parents=True)
    program = run.program
    given = ["-start", str(int(time.time())), "-load", run.load, "-seed", str(run.seed)]
    bounds = [0, *program.restarts, ROUNDS]
    for number, (begin, end) in enumerate(pairwise(bounds)):
        part = ["-first", str(begin), "-rounds", str(end - begin)]
        for replica in range(program.replicas):
            process = str(number * program.replicas + replica)
            _call(
                [binaries / program.name, "-dir", folder, *given, *part, "-process", process, "-replica", str(replica)],
                folder,
            )
    return folder


def cut(folder: Path, name: str, into: Path) -> Path:
    """Copy the snapshots of a cut, with their times, and return their directory."""
    out = into / name.replace(" ", "-")
    out.mkdir(parents=True)
    for path in folder.iterdir():
        if int(NUMBER.search(path.name)[1]) in CUTS[name]:
            shutil.copy2(path, out)
    return out


def _call(command: list[str | Path], directory: Path) -> None:
    try:
        subprocess.run(command, cwd=directory, check=True, capture_output=True, text=True, timeout=PATIENCE)
    except subprocess.CalledProcessError as error:
        raise Failed(f"{Path(command[0]).name} {command[-1]}: {error.stderr[-OUTPUT:]}") from error
    except subprocess.TimeoutExpired as error:
        raise Failed(f"{Path(command[0]).name} did not end in {PATIENCE:.0f} s") from error
