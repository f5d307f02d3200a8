"""A program that was built some releases ago, whose profile comes now: its numbers stand on the lines that it was built of."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pytest
from alloclens.session.once import world

from tests.support.deployed import BUILT, checkout, committed, numbers, profile
from tests.support.histories import NAMES, projects
from tests.support.profiles import drop

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.deployed import Number
    from tests.support.histories import Project

pytestmark = pytest.mark.programs

BEHIND = (1, 3, 7)
"""Releases between the build and what is checked out."""
RELEASES = 10
"""That the checkout has."""


class Outcome(NamedTuple):
    """What became of the numbers of a profile."""

    asked: int
    placed: int
    """On some line, marked or not."""
    sure: int
    """On some line, unmarked."""
    wrong: list[str]
    """Unmarked, on a line that the recorded one is not."""


@pytest.mark.parametrize("built", [BUILT, ""], ids=["in a container", "here"])
@pytest.mark.parametrize("name", NAMES)
def test_a_build_that_lags_behind(tmp_path: Path, name: str, built: str) -> None:
    """Hardly a number is wrong unmarked. Go's profiles say where functions are declared, so most numbers need no mark."""
    project = projects()[name]
    releases = range(len(project.versions))[-RELEASES:]
    last, here = releases[-1], checkout(project, tmp_path / "checkout", releases)
    outcomes = [outcome(project, here, last - behind, last, built or str(here)) for behind in BEHIND]
    wrong = [one for found in outcomes for one in found.wrong]
    asked = sum(found.asked for found in outcomes)
    assert len(wrong) <= asked / 1000, wrong
    assert sum(found.placed for found in outcomes) > 0.85 * asked
    if project.language == "go":
        assert sum(found.sure for found in outcomes) > 0.8 * asked


def outcome(project: Project, here: Path, build: int, last: int, built: str) -> Outcome:
    """Take a profile now of what was built of one release, while another one is checked out."""
    asked = list(numbers(project.release(build)))
    profiles = here.parent / f"built-of-{build}"
    drop(profiles / "heap.pb.gz", profile(asked, project.language, committed(last) + 3600, built=built))
    known = world([str(here)], [str(profiles)], {})
    placed, sure, wrong = 0, 0, []
    for path, text in project.release(last).items():
        file = known.file(str(here / path))
        if file is None:
            continue
        found, lines = file.on(text.text), file.comparison.lines
        named = np.array([name == f"{built}/{path}" for name in lines.files])
        of_this = named[lines.file[file.rows]]  # and not of a file that was renamed to this one
        recorded = lines.line[file.rows][of_this].tolist()
        now = dict(zip(recorded, np.where(found.unsure, 0, found.line)[of_this].tolist(), strict=True))
        placed += int(np.count_nonzero(found.line))
        sure += int(np.count_nonzero(list(now.values())))
        wrong += [
            f"{path}:{one.line} is on {now[one.line]}: {text.lines[now[one.line]].strip()} ({file.version.source})"
            for one in asked
            if one.path == path and now.get(one.line) and not is_right(project, one, now[one.line], build, last)
        ]
    return Outcome(len(asked), placed, sure, wrong)


def is_right(project: Project, one: Number, line: int, build: int, last: int) -> bool:
    """Whether git puts a recorded line there.

    Or, of a line that was changed or gone between, whether it has the same code but for a comment behind it, in its own
    function, or in another one if that is gone.
    """
    after = project.lines_after(one.path, one.line, build, last)
    then, now = project.release(build)[one.path], project.release(last)[one.path]
    own = one.function.declared
    kept = now.owners[line] == own or own not in now.owners
    return line in after or (after == {0} and kept and code(then.lines[one.line]) == code(now.lines[line]))


def code(line: str) -> str:
    return re.split(r"\s+(?:#|//)\s", line, maxsplit=1)[0].strip()
