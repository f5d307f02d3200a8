"""Measures in rounds: in each, every candidate once, so that a machine that becomes slower does so for all."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

from scripts import tools

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from scripts.bench.candidates import Candidate

CALLS = 5
"""In one process, after the first; their median is the process's number."""


@dataclass(frozen=True)
class Once:
    """What one process said."""

    first: float
    """Seconds of its first call."""
    seconds: float
    """Of a later call; of a whole process, its one run."""
    peak: int
    """Bytes resident, the interpreter's own among them."""
    calls: int


@dataclass(frozen=True)
class Measured:
    """The medians of one candidate on one file."""

    rounds: tuple[Once, ...]

    @property
    def first(self) -> float:
        return median(r.first for r in self.rounds)

    @property
    def seconds(self) -> float:
        return median(r.seconds for r in self.rounds)

    @property
    def peak(self) -> float:
        return median(r.peak for r in self.rounds)


def measure_all(candidates: Sequence[Candidate], file: Path, rounds: int) -> dict[str, Measured]:
    """Return what was measured, by the candidates' keys."""
    measured: dict[str, list[Once]] = {c.key: [] for c in candidates}
    for number in range(rounds):
        tools.say(f"round {number + 1} of {rounds} …")
        for candidate in turned(candidates, number):
            measured[candidate.key].append(once(candidate, file))
    return {key: Measured(tuple(all_rounds)) for key, all_rounds in measured.items()}


def turned(candidates: Sequence[Candidate], number: int) -> Iterator[Candidate]:
    """Begin each round with another one, so that none always runs after the same neighbour, which leaves the processor warm."""
    first = number % len(candidates)
    yield from candidates[first:]
    yield from candidates[:first]


def once(candidate: Candidate, file: Path) -> Once:
    """Start one process and return what it says."""
    command = candidate.command(file, CALLS)
    done = subprocess.run(command, cwd=tools.ROOT, check=True, stdout=subprocess.PIPE, env=tools.environment())
    result = json.loads(done.stdout)
    return Once(result["first"], result["seconds"], result["peak"], result["calls"])
