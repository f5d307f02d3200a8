"""python -m scripts.bench: measures gunzip, alloclens and pprof on generated profiles and prints one table."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from scripts import tools
from scripts.bench import prepare
from scripts.bench.candidates import candidates
from scripts.bench.machine import machine
from scripts.bench.rounds import CALLS, measure, once
from scripts.bench.table import table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.table import Table

    from scripts.bench.candidates import Candidate
    from scripts.bench.rounds import Measured
    from scripts.bench.table import Found

SAMPLES = {"typical": 2_000, "big": 200_000, "huge": 1_000_000}
WIDE = 1000
"""Columns: a row is never folded."""


def main() -> None:
    """Prepare, measure, print."""
    given = _arguments()
    files = {word: prepare.profile(SAMPLES[word]) for word in given.only}
    shapes = {word: prepare.shape(file) for word, file in files.items()}
    compared = candidates()
    _compile_tools(compared)
    results = {word: _measured(word, file, compared, given.rounds) for word, file in files.items()}
    print(_text(table(results, compared)), _below(shapes, given.rounds), sep="\n")
    if given.json:
        given.json.write_text(json.dumps(_as_json(results, shapes), indent=1) + "\n")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m scripts.bench", description=__doc__)
    parser.add_argument(
        "--only", type=_words, default=list(SAMPLES), help=f"of {','.join(SAMPLES)}; such as typical,big"
    )
    parser.add_argument("--rounds", type=int, default=5, help="processes of each candidate and file")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every round's numbers there, too")
    return parser.parse_args()


def _words(text: str) -> list[str]:
    words = text.split(",")
    if not set(words) <= set(SAMPLES):
        raise argparse.ArgumentTypeError(f"one or more of {', '.join(SAMPLES)}")
    return words


def _compile_tools(compared: Sequence[Candidate]) -> None:
    """Start whole programs once: Go builds `go tool pprof` on its first use, Python compiles its modules."""
    file = prepare.profile(SAMPLES["typical"])
    for candidate in compared:
        if candidate.how == "run":
            once(candidate, file)


def _measured(word: str, file: Path, compared: Sequence[Candidate], rounds: int) -> dict[str, Measured]:
    return measure(compared, file, rounds, lambda text: tools.say(f"{word}, {text}"))


def _text(made: Table) -> str:
    """Return the table without the empty lines around it."""
    console = Console(width=WIDE, color_system=None)
    with console.capture() as printed:
        console.print(made)
    return "\n".join(line.rstrip() for line in printed.get().strip().split("\n"))


def _below(shapes: dict[str, str], rounds: int) -> str:
    files = "; ".join(f"{word}: {shape}" for word, shape in shapes.items())
    where = "; ".join(f"{name} {value}" for name, value in machine().items())
    return (
        f"\nEach figure is the median of {rounds} processes, in rounds that run every row once. A row without “whole process”\n"
        f"measures calls after a first one in the same process (the median of up to {CALLS}), with the bytes of the file in\n"
        f"memory. Peak is the resident memory of a process that did only this.\n{files}\n{where}"
    )


def _as_json(results: Found, shapes: dict[str, str]) -> dict[str, object]:
    files = {
        word: {key: [asdict(once) for once in measured.rounds] for key, measured in file.items()}
        for word, file in results.items()
    }
    return {"machine": machine(), "shapes": shapes, "rounds": files}


if __name__ == "__main__":
    main()
