"""What `alloclens leaks` says of a folder of snapshots."""

from __future__ import annotations

import json
from pathlib import Path
from typing import NamedTuple

from alloclens.cli.leaks import command
from click.testing import CliRunner

from tests.leaks.programs import GO, Program, Spot

RAISED = ("leak", "growing")


class Said(NamedTuple):
    """A verdict on a line."""

    verdict: str
    spot: Spot
    sample_type: str


class Verdict(NamedTuple):
    """What was said of one series."""

    rank: int | None
    """Of the first line that does leak, among those that are said to leak or grow, from 1; none if there is none."""
    alarms: tuple[Said, ...]
    """Said to leak, though they do not."""
    growing: tuple[Said, ...]
    """Said to grow, though they do not leak: information, no alarm."""


def verdict(program: Program, folder: Path) -> Verdict:
    """Judge a series. Raises AssertionError if the command fails."""
    return judged(program, said(folder))


def said(folder: Path) -> list[Said]:
    """Return what the command says, worst first."""
    result = CliRunner().invoke(command, [str(folder), "--json", "--all", "--workspace", str(GO)])
    if result.exit_code or result.exception:
        raise AssertionError(f"alloclens leaks {folder}: {result.output}") from result.exception
    return [_said(finding) for finding in json.loads(result.stdout)["findings"]]


def _said(finding: dict) -> Said:
    file = finding["file"] or finding["recorded"]
    return Said(finding["verdict"], Spot(Path(file).resolve(), finding["line"]), finding["sample_type"])


def judged(program: Program, findings: list[Said]) -> Verdict:
    """Compare with the truth what was said of a program, worst first."""
    raised = [one for one in findings if one.verdict in RAISED]
    ranks = [rank for rank, one in enumerate(raised, 1) if one.spot in program.spots]
    wrong = [one for one in raised if one.spot not in program.spots + program.also]
    return Verdict(
        ranks[0] if ranks else None,
        tuple(one for one in wrong if one.verdict == "leak"),
        tuple(one for one in wrong if one.verdict != "leak"),
    )
