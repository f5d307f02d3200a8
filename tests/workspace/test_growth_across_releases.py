"""Growth between the profiles of two builds: no line has grown because it moved, and what grew is seen."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

import pytest
from alloclens.session.once import world

from tests.support.deployed import MB, Number, checkout, committed, numbers, profile, tag
from tests.support.histories import NAMES, projects
from tests.support.profiles import drop

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from alloclens.session.world import World

    from tests.support.histories import Project

pytestmark = pytest.mark.programs

LATER = (-1, -4)
"""Releases that the later builds are of, from the last one back."""
BETWEEN = 2
"""Releases from an earlier build to the later one."""
PER_FILE = 24
"""So many lines of a file hold memory."""
EVERY = 10
"""One of so many lines holds twice as much in the later build."""
HELD = 40
"""Megabytes of every other line, in both builds."""


class Line(NamedTuple):
    """A line that both builds have."""

    then: Number
    now: Number
    moved: bool
    """Whether the profiles say that it is elsewhere in its function, or in its file where they do not say where that begins."""


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("texts", ["told", "by time", "unknown"])
def test_growth(tmp_path: Path, name: str, texts: str) -> None:
    """The profiles say which versions the programs are of, or git is asked what was checked in then, or there is no git."""
    project, counted = projects()[name], Counter[str]()
    for release in LATER:
        later = range(len(project.versions))[release]
        counted += compared(project, later, tmp_path / str(later), texts)
    assert counted["false"] <= counted["moved"] / 100, counted
    assert counted["found"] >= 0.95 * counted["grown"], counted
    assert counted["grown"] > 10, counted


def compared(project: Project, release: int, folder: Path, texts: str) -> Counter[str]:
    """Compare the profiles of two builds, and count lines.

    Where nothing says which the texts are, growth has to be found only in functions of which no line moved.
    """
    folder.mkdir()
    earlier = release - BETWEEN
    here = checkout(project, folder / "checkout", range(earlier, release + 1), with_git=texts != "unknown")
    lines = list(in_both(project, earlier, release))
    grown = {one.now for number, one in enumerate(lines) if number % EVERY == 0}
    builds = {
        "aa": [one.then._replace(megabytes=HELD) for one in lines],
        "bb": [one.now._replace(megabytes=HELD * (1 + (one.now in grown))) for one in lines],
    }
    for number, (build, found) in zip((earlier, release), builds.items(), strict=True):
        version = tag(project, number) if texts == "told" else ""
        data = profile(found, project.language, committed(number) + 3600, build_id=build, version=version)
        drop(folder / f"profiles/{build}.pb.gz", data)
    known = world([str(here)], [str(folder / "profiles")], {"base": "aa.pb.gz", "head": "bb.pb.gz"})
    unsaid = set() if texts == "told" else {(one.now.path, one.now.function.declared) for one in lines if one.moved}
    counted = Counter[str]()
    for one in lines:
        growth = shown(known, here, one.now)
        asked = one.now in grown and (one.now.path, one.now.function.declared) not in unsaid
        counted["moved"] += one.moved
        counted["grown"] += asked
        counted["found"] += asked and growth == HELD * MB
        counted["false"] += growth > 0 and growth != HELD * MB * (one.now in grown)
    return counted


def in_both(project: Project, earlier: int, later: int) -> Iterator[Line]:
    """Return the lines that all of git's algorithms carry from one release to another, within a function of one name."""
    now = project.release(later)
    declared = Counter(one.name for text in now.values() for one in set(text.functions))
    for then in numbers({path: text for path, text in project.release(earlier).items() if path in now}, PER_FILE):
        if project.language == "go" and declared[then.function.name] > 1:
            continue  # in files of which build constraints choose one
        lines = project.lines_after(then.path, then.line, earlier, later)
        function = dict(now[then.path].called).get(min(lines))
        if len(lines) == 1 and function and function.name == then.function.name:
            line = Number(then.path, min(lines), function)
            yield Line(then, line, then.recorded(project.language) != line.recorded(project.language))


def shown(known: World, here: Path, one: Number) -> float:
    """Return the growth that is shown beside a line; 0 where none is certain."""
    file = known.file(str(here / one.path))
    if file is None:
        return 0
    rows = file.rows[file.comparison.lines.line[file.rows] == one.line].tolist()
    amounts = [file.comparison.stats(row).flat for row in rows]
    return sum(one.growth for one in amounts if one.growth is not None and one.significant)
