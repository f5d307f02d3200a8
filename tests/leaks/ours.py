"""What `alloclens leaks` says of a directory of snapshots, compared with the truth."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from alloclens.cli.leaks import command
from click.testing import CliRunner

from tests.leaks.programs import GO, Spot

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.leaks.programs import Program


class Said(NamedTuple):
    """A finding or a candidate."""

    verdict: str
    rule: str
    sample_type: str
    spot: Spot | None
    """Where it is placed; None if nowhere in the workspace."""
    foreign: str = ""
    """The function, if no line of the program owns what grows."""
    callers: tuple[Spot, ...] = ()
    """Worst first."""

    def __str__(self) -> str:
        called = f" called from {self.callers[0]}" if self.callers else ""
        return f"{self.verdict} ({self.rule}) {self.sample_type} {self.foreign} {self.spot}{called}".replace("  ", " ")

    def answers(self, program: Program) -> bool:
        """Whether it names a line that leaks, a helper through which it leaks, or the function that holds what leaks.

        A function may be placed on a line that leaks, or on none.
        """
        if self.foreign:
            return self.foreign in program.foreign and self.spot in (None, *program.spots)
        return self.spot in program.spots + program.helpers

    def names_the_line(self, program: Program) -> bool:
        """Whether it names a line that leaks: as the line itself, or as the first of its callers."""
        named = (self.spot, *self.callers[:1])
        return self.answers(program) and any(spot in program.spots for spot in named)

    def accuses(self, program: Program) -> bool:
        """Whether it names a line or a function that does not leak."""
        is_wrong = self.spot not in program.spots + program.helpers + program.also
        if self.foreign:
            return self.foreign not in program.foreign + program.beside or (self.spot is not None and is_wrong)
        return is_wrong


class Answer(NamedTuple):
    """What was said of one series."""

    rank: int | None
    """Of the first correct answer among the findings, from 1; None if there is none. What leaks along with it is skipped."""
    candidate: int | None
    """The same among the candidates, where a helper counts only with the right caller."""
    silent: bool
    """Neither a finding nor a candidate."""
    caller: bool
    """The first finding names a line that leaks, not only a helper or a function of a library."""
    verdict: str
    """Of the first correct answer; "" if there is none."""
    rule: str
    """The rule behind it."""
    alarms: tuple[Said, ...]
    """Reported as leaks, though they do not leak."""
    growing: tuple[Said, ...]
    """Reported as growing, though they do not leak: information, not an alarm."""

    @property
    def first_candidate(self) -> bool:
        """Whether no finding is correct, but the first candidate is."""
        return self.rank is None and self.candidate == 1


def answer(program: Program, folder: Path) -> Answer:
    """Judge a series. Raises AssertionError if the command fails."""
    result = CliRunner().invoke(command, [str(folder), "--json", "--workspace", str(GO)])
    if result.exit_code or result.exception:
        raise AssertionError(f"alloclens leaks {folder}: {result.output}") from result.exception
    found = json.loads(result.stdout)
    return judged(program, *([_said(one) for one in found[key]] for key in ("findings", "candidates")))


def judged(program: Program, findings: Sequence[Said], candidates: Sequence[Said]) -> Answer:
    """Compare the findings on a program, worst first, with the truth."""
    counted, maybe = ([s for s in some if s.answers(program) or s.accuses(program)] for some in (findings, candidates))
    rank = _rank([said.answers(program) for said in counted])
    candidate = _rank([said.answers(program) and (said.foreign or said.names_the_line(program)) for said in maybe])
    wrong = [said for said in findings if said.accuses(program)]
    right = counted[rank - 1] if rank else maybe[candidate - 1] if candidate else None
    return Answer(
        rank=rank,
        candidate=candidate,
        silent=not findings and not candidates,
        caller=any(said.names_the_line(program) for said in counted[:1]),
        verdict=right.verdict if right else "",
        rule=right.rule if right else "",
        alarms=tuple(said for said in wrong if said.verdict == "leak"),
        growing=tuple(said for said in wrong if said.verdict != "leak"),
    )


def _rank(right: Sequence[object]) -> int | None:
    return next((number for number, one in enumerate(right, 1) if one), None)


def _said(row: dict) -> Said:
    return Said(
        row["verdict"],
        row["rule"],
        row["sample_type"],
        _spot(row),
        row["function"] if row["foreign"] else "",
        tuple(spot for caller in row["callers"] if (spot := _spot(caller))),
    )


def _spot(row: dict) -> Spot | None:
    file = row["file"] or row["recorded"]
    return Spot(Path(file).resolve(), row["line"]) if file else None
