"""A file that was written after the profile: what git alone does not prove is marked, and what the times allow is not."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import numpy as np
import pytest
from alloclens.profile.build import UNKNOWN_BUILD
from alloclens.series.series import Copies, Provenance
from alloclens.source.line_mapping import map_recorded_lines
from alloclens.source.places import Place
from alloclens.source.profiled_text import RecordedLines
from alloclens.source.recorded import Origin
from alloclens.source.roots import Roots
from alloclens.wording.drift import compared_text
from alloclens.workspace.source_versions import SourceVersions

from tests.support.repository import Repository

if TYPE_CHECKING:
    from pathlib import Path

    from alloclens.source.profiled_text import SourceVersion

pytestmark = pytest.mark.programs

BEGIN = 1_700_000_000
PROFILED = BEGIN + 1000
COMMITTED = """\
def above():
    a()

def keep():
    one()
    hold()
    two()

def below():
    b()
"""
EDITED = COMMITTED.replace("    one()\n", "    # once\n    one()\n")
"""What was built, in which line 7 holds; in the commit that is two()."""
ABOVE = "# first\n" + COMMITTED
BELOW = COMMITTED + "\n# end\n"


def of(folder: Path, line: int, start: int = 0, recorded: str = "") -> tuple[SourceVersion, list[tuple[int, bool]]]:
    """Return the text and where a line is now, with its mark, of a program that was profiled at `PROFILED`."""
    path, function = str(folder / "shop.py"), "keep" if line > 2 else "above"
    recorded = recorded or path
    marks = RecordedLines(np.array([line]), np.array([0]), [function], np.array([start]), path)
    then = Provenance(PROFILED, UNKNOWN_BUILD, "", PROFILED, (Copies("heap.pb.gz", "/p/heap.pb.gz", (1, 2, 3)),))
    place = Place(path, "as recorded" if recorded == path else "root of the build", Origin.OWN)
    found = SourceVersions(Roots((str(folder),)), None).of(place, recorded, then, marks)
    mapped = map_recorded_lines(marks, found, (folder / "shop.py").read_text())
    return found, list(zip(mapped.line.tolist(), mapped.unsure.tolist(), strict=True))


@pytest.fixture
def made(tmp_path: Path) -> Repository:
    repository = Repository(tmp_path)
    repository.check_in({"shop.py": COMMITTED}, BEGIN)
    return repository


@pytest.mark.parametrize(
    ("now", "line", "start", "there"),
    [
        (EDITED + "\n# end\n", 7, 0, [(8, True)]),  # two(): what ran was perhaps hold(), on the line before
        (EDITED, 2, 0, [(2, False)]),  # above the edit
        (COMMITTED, 6, 0, [(6, False)]),  # only written again, as by `git checkout`
        (BELOW, 6, 0, [(6, False)]),
        (ABOVE, 6, 0, [(7, True)]),  # a recorded line alone does not tell
        (ABOVE, 6, 4, [(7, False)]),  # where its function began does: the edit was made later
        (EDITED, 6, 4, [(7, True)]),  # but not whether its function was edited
        (EDITED.replace("    # once\n    one()\n", "    one()\n    # once\n"), 5, 4, [(5, False)]),  # below the line
        (ABOVE.replace("one()", "1()"), 6, 4, [(7, True)]),
    ],
)
def test_what_the_file_is_now_was_perhaps_so_before(
    made: Repository, now: str, line: int, start: int, there: list[tuple[int, bool]]
) -> None:
    (made.folder / "shop.py").write_text(now)  # the clock of this machine is long after the profile
    assert of(made.folder, line, start)[1] == there


def test_a_text_that_differs_is_said_to_be_one_of_two(made: Repository) -> None:
    (made.folder / "shop.py").write_text(EDITED)
    said = compared_text(of(made.folder, 7)[0])
    assert "known" not in said
    assert "as in git's commit" in said
    assert "as the file is now" in said


@pytest.mark.parametrize(("next_one", "there"), [(BELOW, [(7, False)]), (EDITED, [(8, True)])])
def test_the_next_commit_bounds_what_was_edited(made: Repository, next_one: str, there: list[tuple[int, bool]]) -> None:
    """What was edited after it, here a line above all others, was not there when the program began."""
    made.check_in({"shop.py": next_one}, PROFILED + 100)
    (made.folder / "shop.py").write_text("# first\n" + next_one)
    assert of(made.folder, 6)[1] == there


def test_a_program_of_another_machine_was_built_from_a_commit(made: Repository) -> None:
    (made.folder / "shop.py").write_text(ABOVE)
    assert of(made.folder, 6, recorded="/srv/shop.py")[1] == [(7, False)]
    assert of(made.folder, 6, recorded="com/acme/shop.py")[1] == [(7, True)]  # a class has no machine


@pytest.mark.skipif(os.name == "nt", reason="Windows has no change time")
@pytest.mark.parametrize(
    ("now", "written", "line", "there"),
    [
        (COMMITTED, -10, 6, [(6, False)]),
        (EDITED, -10, 7, [(7, True)]),  # the line that ran, though it may be of another tree
        (EDITED, -10, 2, [(2, False)]),
        (EDITED, +10, 7, [(8, True)]),
    ],
)
def test_a_copy_of_a_tree_that_keeps_its_times(
    made: Repository, now: str, written: int, line: int, there: list[tuple[int, bool]]
) -> None:
    """As by `cp -a`: the change time alone is younger than the profile."""
    (made.folder / "shop.py").write_text(now)
    os.utime(made.folder / "shop.py", (PROFILED + written, PROFILED + written))
    assert of(made.folder, line)[1] == there


@pytest.mark.skipif(os.name == "nt", reason="Windows has no change time")
def test_a_copy_of_a_tree_without_a_repository(tmp_path: Path) -> None:
    (tmp_path / "shop.py").write_text(EDITED)
    os.utime(tmp_path / "shop.py", (PROFILED - 10, PROFILED - 10))
    assert of(tmp_path, 7)[1] == [(7, True)]
