"""What is deployed lags behind what is checked in: no number on a wrong line for that, unless it is marked."""

from __future__ import annotations

import copy
import random
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pytest
from alloclens.profile.build import UNKNOWN_BUILD
from alloclens.series.series import Copies, Provenance
from alloclens.source.line_mapping import map_recorded_lines
from alloclens.source.places import Place
from alloclens.source.profiled_text import RecordedLines
from alloclens.source.recorded import Origin
from alloclens.source.roots import Roots
from alloclens.workspace.source_versions import SourceVersions

from tests.support.program import Program
from tests.support.repository import Repository

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tests.support.program import Recorded

pytestmark = pytest.mark.programs

DAY = 86_400
BEGIN = 1_700_000_000
COMMITS = 40
HISTORIES = 3


class History(NamedTuple):
    path: Path
    versions: list[Program]
    """One for each commit, a day after the other."""


def history(folder: Path, seed: int, *, is_go: bool) -> History:
    program, repository = Program(random.Random(seed), is_go=is_go), Repository(folder)
    name, versions = "main.go" if is_go else "main.py", []
    for number in range(COMMITS):
        repository.check_in({name: program.text()}, BEGIN + number * DAY)
        versions.append(copy.deepcopy(program))
        program.edit()
    return History(folder / name, versions)


def marks(path: str, recorded: Sequence[Recorded], *, with_starts: bool) -> RecordedLines:
    names = sorted({one.function for one in recorded})
    start = {one.function: one.start if with_starts else 0 for one in recorded}
    return RecordedLines(
        np.array([one.line for one in recorded], np.int64),
        np.array([names.index(one.function) for one in recorded], np.int64),
        [f"main.{name}" for name in names],
        np.array([start[name] for name in names], np.int64),
        path,
    )


def provenance(seconds: float) -> Provenance:
    return Provenance(seconds, UNKNOWN_BUILD, "", seconds, (Copies("a", f"/p/{seconds}", ()),))


def deployed(one: History, folder: Path, dice: random.Random, behind: int, *, with_starts: bool) -> Counter[str]:
    """Count what became of the lines of a program that was built so many commits before the head."""
    now, where = one.versions[-1].text(), one.versions[-1].where()
    built = COMMITS - 1 - behind
    lines = one.versions[built].recorded()
    recorded = dice.sample(lines, min(len(lines), dice.randint(3, 30)))
    asked = marks(str(one.path), recorded, with_starts=with_starts)
    seconds = BEGIN + dice.randint(built, COMMITS - 1) * DAY + 1
    place = Place(str(one.path), "root of the build", Origin.OWN)
    versions = SourceVersions(Roots((str(folder),)), None)
    version = versions.of(place, f"/srv/{one.path.name}", provenance(seconds), asked)
    line, unsure = map_recorded_lines(asked, version, now)
    found: Counter[str] = Counter()
    for given, at, doubt in zip(recorded, line.tolist(), unsure.tolist(), strict=True):
        true = where.get(given.number, 0)
        found["unmarked" if at and not doubt else "marked" if at else "none"] += 1
        found["wrong"] += bool(at) and not doubt and at != true
        found["right"] += bool(at) and at == true
        found["there"] += true > 0
    return found


@pytest.mark.parametrize("with_starts", [True, False])
@pytest.mark.parametrize("is_go", [True, False], ids=["Go", "Python"])
def test_a_deployment_behind_the_head(tmp_path: Path, is_go: bool, with_starts: bool) -> None:
    found: Counter[str] = Counter()
    for seed in range(HISTORIES):
        dice, one = random.Random(seed), history(tmp_path / str(seed), seed, is_go=is_go)
        for behind in range(1, 31, 2):
            found += deployed(one, tmp_path, dice, behind, with_starts=with_starts)
    assert found["wrong"] <= 0.001 * found["unmarked"]
    if with_starts:
        assert found["unmarked"] > 0.5 * found["there"]
        assert found["right"] > 0.9 * found["there"]
