"""`python -m tests.gate`: what `alloclens check` and `alloclens mcp` promise, measured on a real Go program.

Prints a figure for each promise. Ends with 1 if one is not kept.
"""

from __future__ import annotations

import argparse
import asyncio
import gzip
import json
import re
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote

from alloclens.check.outputs import OUTPUTS

from scripts.tools import ROOT
from tests.gate.viewer import shown
from tests.support import built
from tests.support.asking import which_line_leaks
from tests.support.checked import Program
from tests.support.profiles import RATE
from tests.support.sarif import many, validator

if TYPE_CHECKING:
    from collections.abc import Iterator

RUNS = 3
"""Of each build; each samples eight times as often as by default."""


class Figure(NamedTuple):
    """A promise, and what was measured."""

    promise: str
    measured: str
    kept: bool


def main() -> int:
    """Measure and print. Returns 1 if a promise is not kept."""
    parser = argparse.ArgumentParser(prog="python -m tests.gate", description=__doc__.partition("\n")[0])
    parser.add_argument("--repetitions", type=int, default=200, help="How often the unchanged program is compared.")
    given = parser.parse_args()
    kept = True
    with tempfile.TemporaryDirectory() as folder:
        for figure in _figures(Path(folder), given.repetitions):
            sys.stdout.write(f"{'ok  ' if figure.kept else 'FAIL'} {figure.promise}: {figure.measured}\n")
            sys.stdout.flush()
            kept &= figure.kept
    return int(not kept)


def _figures(folder: Path, repetitions: int) -> Iterator[Figure]:
    shop = folder / "shop"
    program = Program(shop)
    for build in (built.base, built.harmless, built.leaking):
        made = build(shop)
        for number in range(RUNS):
            made.run(folder / build.__name__ / f"{number}.pb.gz", "-rate", str(RATE // 8))
    exact = made.run(folder / "exact.pb.gz", "-rate", "1").read_bytes()
    base, harmless, leaking = (str(folder / build.__name__) for build in (built.base, built.harmless, built.leaking))
    for by in ("owned-line", "function", "package"):
        found = program.where("--base", base, "--head", harmless, "--by", by)
        yield Figure(
            f"a function that moved and one that was renamed pass, by {by}", f"{len(found)} violations", not found
        )
    yield from _of_leak(program, base, leaking)
    failed = built.failures(shop, exact, folder, repetitions)
    yield Figure(
        "an unchanged program fails in at most 1 %",
        f"{failed} of {repetitions} comparisons, without any limit but the error",
        failed <= repetitions / 100,
    )
    yield from _of_sarif(program.check("--base", base, "--head", leaking, "--format", "sarif").stdout, folder)
    asked = asyncio.run(which_line_leaks(ROOT / "vscode-client/sample"))
    yield Figure(
        "an agent learns which line leaks and why in at most 3 calls and 10 kB",
        f"{asked.leak['at']} ({asked.leak['code']}) in {len(asked.answers)} calls and {asked.bytes} bytes",
        len(asked.answers) <= 3 and asked.bytes <= 10_000 and asked.leak["code"] == "leak",
    )


def _of_leak(program: Program, base: str, leaking: str) -> Iterator[Figure]:
    line = built.line_of_the_leak(program.folder)
    found = program.where("--base", base, "--head", leaking)
    yield Figure(
        f"the line that leaks, main.go:{line}, and no other fails", f"{found}", found == [("growth", "main.go", line)]
    )
    named = [
        name
        for name in OUTPUTS
        if re.search(
            rf"main\.go(?::|\D{{1,60}}){line}\b",
            unquote(program.check("--base", base, "--head", leaking, "--format", name).stdout),
        )
    ]
    yield Figure("it is in every output", ", ".join(named), len(named) == len(OUTPUTS))


def _of_sarif(log: str, folder: Path) -> Iterator[Figure]:
    schema = validator()
    errors = [*schema.iter_errors(json.loads(log))]
    yield Figure("SARIF is valid by the schema of OASIS", f"{len(errors)} errors", not errors)
    found = many(20_000)
    text = OUTPUTS["sarif"](found)
    [run] = json.loads(text)["runs"]
    size, markdown = len(gzip.compress(text.encode(), 1)), len(OUTPUTS["markdown"](found))
    shown_results, annotations = len(run["results"]), OUTPUTS["github"](found).count("::error")
    yield Figure(
        "20,000 findings are within GitHub's limits",
        f"{shown_results} results in {size / (1 << 20):.1f} MB packed, {annotations} annotations, {markdown} characters of Markdown",
        shown_results <= 5000 and size < 10 << 20 and annotations == 10 and markdown <= 65_536,
    )
    row, told = shown(log, folder), json.loads(log)["runs"][0]["results"][0]["message"]["text"]
    yield Figure("Microsoft's SARIF viewer shows it", row, "main.go" in row and told in row)


if __name__ == "__main__":
    sys.exit(main())
