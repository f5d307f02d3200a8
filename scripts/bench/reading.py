"""How long it takes to read a profile, beside gunzip and pprof: generated profiles of several sizes and shapes."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from scripts import tools
from scripts.bench import prepare
from scripts.bench.candidates import candidates
from scripts.bench.rounds import CALLS, measure_all, once
from scripts.bench.section import Section
from scripts.bench.table import table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scripts.bench.candidates import Candidate

ROUNDS = {"typical": 9, "big": 3, "huge": 1, "deep": 5, "shallow": 5, "freed": 5, "generic": 5}
"""Processes of each row, by the shape of the file."""
QUICK = {"typical": 3, "shallow": 1}


def measure(*, quick: bool) -> Section:
    """Measure all rows on each file."""
    rounds = QUICK if quick else ROUNDS
    files = {word: prepare.profile(word) for word in rounds}
    shapes = {word: prepare.shape(file) for word, file in files.items()}
    compared = candidates()
    _compile_tools(compared)
    results = {}
    for word, file in files.items():
        tools.say(f"{word} …")
        results[word] = measure_all(compared, file, rounds[word])
    figures = {
        word: {key: [asdict(once) for once in measured.rounds] for key, measured in file.items()}
        for word, file in results.items()
    }
    return Section(table(results, compared), {"shapes": shapes, "rounds": figures}, _below(shapes, rounds))


def _compile_tools(compared: Sequence[Candidate]) -> None:
    """Start whole programs once: Go builds `go tool pprof` on its first use, Python compiles its modules."""
    file = prepare.profile("typical")
    for candidate in compared:
        if candidate.how == "run":
            once(candidate, file)


def _below(shapes: dict[str, str], rounds: dict[str, int]) -> str:
    files = "\n".join(f"{word}: {shape}, {rounds[word]} rounds" for word, shape in shapes.items())
    return (
        f"\nEach figure is the median of some processes, in rounds that run every row once; a ratio is the median of the\n"
        f"rounds' ratios. A row without “whole process” measures calls after a first one in the same process (the median of\n"
        f"up to {CALLS}), with the bytes of the file in memory. Peak is the resident memory of a process that did only this.\n{files}"
    )
