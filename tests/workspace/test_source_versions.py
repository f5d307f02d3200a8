"""Which text is believed: what decides, what is one of several, and what is believed only where it fits."""

from __future__ import annotations

import math
import os
import shutil
import subprocess
from typing import TYPE_CHECKING

import numpy as np
import pytest
from alloclens.cache.texts import SourceCopy, Texts
from alloclens.cli import main as cli
from alloclens.profile.build import UNKNOWN_BUILD, Build
from alloclens.profile.formats import read
from alloclens.series.series import Copies, Provenance
from alloclens.session import once
from alloclens.source.line_mapping import map_recorded_lines
from alloclens.source.places import Place
from alloclens.source.profiled_text import AS_IT_IS, UNCHANGING, UNKNOWN_RELEASE, UNKNOWN_VERSION, RecordedLines
from alloclens.source.recorded import Origin
from alloclens.source.roots import Module, Roots
from alloclens.symbols.build_info import build
from alloclens.wording.drift import compared_text
from alloclens.workspace.source_copies import BUILT, unchanged
from alloclens.workspace.source_versions import SourceVersions
from click.testing import CliRunner

from scripts import tools
from tests.support.profiles import drop, goroutines, heap
from tests.support.repository import Repository

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from alloclens.source.profiled_text import SourceVersion

MB = 1 << 20
DAY = 86_400
BEGIN = 1_700_000_000
ONE = "package main\n\nfunc keep() {\n\ta = grow(a)\n\tb = grow(b)\n}\n"
TWO = ONE.replace("\tb", "\tlog()\n\tb")
THREE = TWO.replace("log", "trace")
FOUR = TWO.replace("log()", "log(a)")
MOVED = ONE.replace("func", "// keep\nfunc")
"""These declare keep elsewhere than the first three."""


def keeps(line: int, start: int = 3, function: str = "main.keep") -> RecordedLines:
    return RecordedLines(np.array([line]), np.array([0]), [function], np.array([start]), "shop.go")


def taken(day: float, label: str = "", build: Build = UNKNOWN_BUILD) -> Provenance:
    seconds = BEGIN + day * DAY
    return Provenance(seconds, build, label, seconds, (Copies("heap.pb.gz", "/p/heap.pb.gz", (1, 2, 3)),))


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """Five days of main.go: ONE, TWO, THREE, MOVED and TWO again."""
    made = Repository(tmp_path / "w")
    for day, text in enumerate((ONE, TWO, THREE, MOVED, TWO)):
        made.check_in({"main.go": text}, BEGIN + day * DAY)
        made.run("tag", f"v1.{day}.0")
    return made


@pytest.fixture
def texts(tmp_path: Path) -> Iterator[Texts]:
    made = Texts(tmp_path / "texts.sqlite3")
    yield made
    made.close()


def own(repository: Repository, rule: str = "root of the build") -> Place:
    return Place(str(repository.folder / "main.go"), rule, Origin.OWN)


def of(
    repository: Repository,
    then: Provenance,
    marks: RecordedLines,
    texts: Texts | None = None,
    recorded: str = "/srv/main.go",
) -> SourceVersion:
    versions = SourceVersions(Roots((str(repository.folder),)), texts)
    return versions.of(
        own(repository, "as recorded" if recorded.startswith("/w") else "root of the build"), recorded, then, marks
    )


def day_of(repository: Repository, number: int) -> str:
    return f"as in git's commit {repository.run('rev-parse', f'v1.{number}.0')[:12]}"


@pytest.mark.programs
def test_of_several_that_fit_the_newest_is_taken_and_what_they_disagree_on_is_doubtful(repository: Repository) -> None:
    found = of(repository, taken(4.5), keeps(4))
    assert (found.text, found.source) == (TWO, day_of(repository, 4))
    assert found.others == (day_of(repository, 2), day_of(repository, 0))
    assert found.disagrees(np.array([3, 4, 5, 6])).tolist() == [False, False, True, True]


@pytest.mark.programs
def test_what_was_checked_in_later_is_none_of_them(repository: Repository) -> None:
    assert of(repository, taken(0.5), keeps(5)).others == ()
    assert of(repository, taken(0.5), keeps(5)).text == ONE
    assert of(repository, taken(1.5), keeps(5)).others == (day_of(repository, 0),)
    assert of(repository, taken(-0.5), keeps(5)).source == AS_IT_IS
    assert of(repository, taken(-0.5), keeps(5, start=4)) is UNKNOWN_VERSION, "the function began elsewhere"


@pytest.mark.programs
def test_what_does_not_fit_is_none_of_them(repository: Repository) -> None:
    found = of(repository, taken(3.5), keeps(5, start=4))
    assert (found.text, found.others) == (MOVED, ())


@pytest.mark.programs
@pytest.mark.parametrize(
    ("name", "lines"),
    [
        ("a.go", [(7, False), (8, False)]),  # Go ends a line at \n alone, an editor also at \r
        ("a.py", [(6, False), (7, False)]),
    ],
)
def test_a_carriage_return_within_a_line(tmp_path: Path, name: str, lines: list[tuple[int, bool]]) -> None:
    texts = {
        "a.go": "package main // a\rb\r\n\nfunc keep() {\n\tlog()\n\tlog()\n\ta = grow(a)\n\tb = grow(b)\n}\n",
        "a.py": "# a\rb = 1\r\n\ndef keep():\n    log()\n    a.grow(1)\n    b.grow(2)\n",
    }
    repository = Repository(tmp_path)
    (tmp_path / name).write_text(texts[name], newline="")
    repository.check_in({}, BEGIN)
    start = 3 if name == "a.go" else 4
    marks = RecordedLines(np.array([6, 7]), np.array([0, 0]), ["keep"], np.array([start]), str(tmp_path / name))
    place = Place(str(tmp_path / name), "root of the build", Origin.OWN)
    found = SourceVersions(Roots((str(tmp_path),)), None).of(place, f"/srv/{name}", taken(1), marks)
    line, unsure = map_recorded_lines(marks, found, texts[name])
    assert list(zip(line.tolist(), unsure.tolist(), strict=True)) == lines


HOTFIX = ONE.replace("package main\n", "package main\n\n// A\n// hotfix.\n")


@pytest.mark.programs
@pytest.mark.parametrize("how", ["branch", "tag", "merged", "amended", "stashed"])
def test_a_commit_that_is_not_in_the_history_of_head(tmp_path: Path, how: str) -> None:
    """A release branch, a tag, a branch that was merged, a commit that was amended and a stash are tried after HEAD's history."""
    made = Repository(tmp_path / "w")
    made.check_in({"main.go": ONE}, BEGIN)
    made.run("checkout", "-q", "-b", "release")
    (made.folder / "main.go").write_text(HOTFIX)
    if how == "stashed":
        made.run("stash", "-q", seconds=BEGIN + DAY)
    else:
        built = made.check_in({}, BEGIN + DAY)
    if how == "amended":
        made.run("reset", "-q", "--hard", "main", seconds=BEGIN + 2 * DAY)
        made.check_in({"main.go": TWO}, BEGIN + 2 * DAY)
    else:
        made.run("checkout", "-q", "main")
        made.check_in({"main.go": TWO}, BEGIN + 2 * DAY)
    if how == "tag":
        made.run("tag", "-a", "-m", "a release", "v1.0.1", "release")
        made.run("branch", "-q", "-D", "release")
    elif how == "merged":
        made.run("merge", "-q", "-s", "ours", "release", seconds=BEGIN + 3 * DAY)
    if how not in {"amended", "stashed"}:  # only its own references have it, as in another clone
        made.run("reflog", "expire", "--expire=all", "--all")
    found = of(made, taken(4), keeps(7, 6))
    assert (found.text, found.others) == (HOTFIX, ())
    if how != "stashed":
        assert found.source == f"as in git's commit {built[:12]}"
    assert of(made, taken(0.5), keeps(7, 6)) is UNKNOWN_VERSION  # it was committed later
    assert of(made, taken(4), keeps(5)).text in {ONE, TWO}  # what is in the history is preferred


@pytest.mark.programs
def test_texts_of_several_branches_that_fit(tmp_path: Path) -> None:
    made = Repository(tmp_path / "w")
    made.check_in({"main.go": ONE}, BEGIN)
    for day, text in enumerate((HOTFIX, HOTFIX.replace("grow(b)", "grow(c)")), 1):
        made.run("checkout", "-q", "-b", f"release/{day}", "main")
        made.check_in({"main.go": text}, BEGIN + day * DAY)
    made.run("checkout", "-q", "main")
    found = of(made, taken(4), keeps(7, 6))
    assert len(found.others) == 1
    assert found.disagrees(np.array([7, 8])).tolist() == [False, True]


RUST = """impl A {
    pub fn grow(&mut self) {
        self.0.push(vec![0]);
    }
}
impl B {
    pub fn grow(&mut self) {
        self.0.push(vec![0]);
    }
}
"""


@pytest.mark.programs
@pytest.mark.parametrize(
    ("a", "b"), [("app::A::grow", "app::B::grow"), ("<app::A as app::Grow>::grow", "app::B::grow")]
)
def test_a_text_with_the_lines_in_their_functions_is_preferred(tmp_path: Path, a: str, b: str) -> None:
    """A line outside its function may be one that was inlined, but not if it is in its function in another text."""
    repository, now = Repository(tmp_path / "w"), RUST.replace("A", "C").replace("B", "A").replace("C", "B")
    repository.check_in({"lib.rs": RUST}, BEGIN)
    repository.check_in({"lib.rs": now}, BEGIN + DAY)
    path, versions = str(repository.folder / "lib.rs"), SourceVersions(Roots((str(repository.folder),)), None)
    place, start = Place(path, "root of the build", Origin.OWN), np.zeros(2, np.int64)
    both = RecordedLines(np.array([3, 8]), np.array([0, 1]), [a, b], start, path)
    found = versions.of(place, "/b/lib.rs", taken(2), both)
    assert (found.text, found.others) == (RUST, ())
    assert map_recorded_lines(both, found, now).line.tolist() == [8, 3]
    inlined = RecordedLines(np.array([3, 8]), np.array([0, 0]), [a], start[:1], path)
    later = taken(2)._replace(copies=(Copies("later.pb.gz", "/p/later.pb.gz", (1, 2, 3)),))
    assert versions.of(place, "/b/lib.rs", later, inlined).others


def guessed(repository: Repository, marks: RecordedLines) -> SourceVersion:
    place = own(repository)._replace(rule="container or CI root", guessed=True)
    return SourceVersions(Roots((str(repository.folder),)), None).of(place, "/app/main.go", taken(4.5), marks)


@pytest.mark.programs
def test_all_lines_of_a_file_that_is_a_guess_are_doubtful(repository: Repository) -> None:
    found = guessed(repository, keeps(4))
    assert (found.text, found.guessed) == (TWO, True)
    assert found.disagrees(np.arange(9)).all()
    assert guessed(repository, keeps(4, start=40)) is UNKNOWN_VERSION


@pytest.mark.programs
def test_a_file_that_another_service_copied_is_a_guess_although_all_its_functions_start_there(
    repository: Repository,
) -> None:
    text = "package main\n" + "".join(f"\nfunc {name}() {{\n\tpanic(1)\n}}\n" for name in ("keep", "drop", "load"))
    repository.check_in({"main.go": text}, BEGIN + 4.2 * DAY)
    names, starts = ["main.keep", "main.drop", "main.load"], np.array([3, 7, 11])
    found = guessed(repository, RecordedLines(starts + 1, np.arange(3), names, starts, "main.go"))
    assert (found.text, found.guessed) == (text, True)
    assert found.disagrees(starts + 1).all()


@pytest.mark.programs
@pytest.mark.parametrize("label", ["v1.1.0", "v1.1.0 in production", "deployed=COMMIT", "COMMIT"])
def test_a_label_that_names_a_commit_or_a_version(repository: Repository, label: str) -> None:
    commit = repository.run("rev-parse", "v1.0.0")
    found = of(repository, taken(4.5, label.replace("COMMIT", commit[:10])), keeps(5))
    assert (found.text, found.others) == (TWO if label.startswith("v1.1.0") else ONE, ())


@pytest.mark.programs
@pytest.mark.parametrize("label", ["v1.3.0", "v9.0.0", "main", "after 1.1.0 load"])
def test_a_label_that_names_none_that_fits(repository: Repository, label: str) -> None:
    assert len(of(repository, taken(4.5, label), keeps(5)).others) == 2


@pytest.mark.programs
def test_what_the_binary_says_decides_unless_something_was_not_checked_in(repository: Repository) -> None:
    commit = repository.run("rev-parse", "v1.0.0")
    assert of(repository, taken(4.5, build=Build(revision=commit)), keeps(5)).text == ONE
    modified = of(repository, taken(4.5, build=Build(revision=commit, is_modified=True)), keeps(5))
    assert (modified.text, len(modified.others)) == (TWO, 2)
    later = repository.run("rev-parse", "v1.2.0")
    modified = of(repository, taken(4.5, build=Build(revision=later, is_modified=True)), keeps(5))
    assert (modified.text, modified.others) == (TWO, (day_of(repository, 2),))  # and of nothing that is older


@pytest.mark.programs
@pytest.mark.parametrize(
    "build",
    [Build(revision="", is_modified=True), Build(written_at=BEGIN, is_here=True)],
    ids=["a modified build", "written after the build"],
)
def test_a_text_that_may_never_have_been_checked_in_is_doubtful(repository: Repository, build: Build) -> None:
    """Even where only one text fits: keep on line 4 is in MOVED alone."""
    found = of(repository, taken(4.5, build=build), keeps(6, 4), recorded="/w/main.go")
    assert (found.text, found.others) == (MOVED, ())
    assert found.disagrees(np.array([6])).all()
    sure = of(repository, taken(4.5), keeps(6, 4), recorded="/w/main.go")
    assert not sure.disagrees(np.array([6])).any()


@pytest.mark.programs
@pytest.mark.parametrize(
    ("recorded", "age", "doubtful"),
    [
        ("/w/main.go", -1, True),
        ("example.com/app/main.go", -1, True),  # -trimpath
        ("/ci/main.go", -1, False),  # what was built elsewhere
        ("/w/main.go", 1, False),
    ],
)
def test_what_was_written_after_its_binary_may_be_another_text(
    repository: Repository, recorded: str, age: int, doubtful: bool
) -> None:
    """As an edit is that was put back while `go run` still runs: the binary lies outside the workspace."""
    written = (repository.folder / "main.go").stat().st_ctime
    then = taken((written - BEGIN) / DAY + 1, build=Build(written_at=written + age))
    found = of(repository, then, keeps(6, 4), recorded=recorded)
    assert (found.text, found.others) == (MOVED, ())
    assert found.disagrees(np.array([6])).all() == doubtful


@pytest.mark.programs
def test_a_copy_from_before_the_binary_is_the_text_whatever_was_written_since(
    repository: Repository, texts: Texts
) -> None:
    written = (repository.folder / "main.go").stat().st_ctime
    then = taken((written - BEGIN) / DAY + 1, build=Build(written_at=written - 1))
    texts.keep("/p/heap.pb.gz", (1, 2, 3), {own(repository).path: SourceCopy(MOVED, written - 2)})
    found = of(repository, then, keeps(6, 4), texts, recorded="/w/main.go")
    assert (found.text, found.source) == (MOVED, "as it was when heap.pb.gz came")
    assert not found.disagrees(np.array([6])).any()


@pytest.mark.programs
def test_our_copy_is_one_of_several_unless_the_binary_shows_that_it_is_the_text(
    repository: Repository, texts: Texts
) -> None:
    """It may have been taken after an edit: while the old program runs, its binary not here or built anew."""
    then, path = taken(4.5), own(repository).path
    texts.keep("/p/heap.pb.gz", (1, 2, 3), {path: SourceCopy(THREE, BEGIN)})
    found = of(repository, then, keeps(5), texts, recorded="/w/main.go")
    assert (found.text, found.source) == (THREE, "as it was when heap.pb.gz came")
    assert found.others == (day_of(repository, 4), day_of(repository, 0))
    elsewhere = of(repository, then, keeps(5), texts)
    assert (elsewhere.text, len(elsewhere.others)) == (TWO, 2)
    built = Build(written_at=then.seconds - 1, is_here=True)
    found = of(repository, then._replace(build=built), keeps(5), texts, recorded="/w/main.go")
    assert (found.text, found.others) == (THREE, ())
    rebuilt = Build(written_at=then.seconds + 1, is_here=True)
    assert len(of(repository, then._replace(build=rebuilt), keeps(5), texts, recorded="/w/main.go").others) == 2


@pytest.mark.programs
def test_a_copy_is_compared_with_the_commit_in_the_binary_before_that_of_another_branch(
    repository: Repository, texts: Texts
) -> None:
    """The branch that was built is not the one that is checked out now."""
    texts.keep("/p/heap.pb.gz", (1, 2, 3), {own(repository).path: SourceCopy(ONE, BEGIN)})
    built = Build(written_at=BEGIN + 4.4 * DAY, is_here=True)
    lines = np.array([4, 5])
    unstamped = of(repository, taken(4.5, build=built), keeps(5), texts, recorded="/w/main.go")
    assert (unstamped.text, unstamped.disagrees(lines).tolist()) == (ONE, [False, True])
    proven = of(repository, taken(4.5, build=built._replace(is_proven=True)), keeps(5), texts, recorded="/w/main.go")
    assert (proven.text, proven.disagrees(lines).tolist()) == (ONE, [False, False])
    stamped = built._replace(revision=repository.run("rev-parse", "v1.0.0"))
    found = of(repository, taken(4.5, build=stamped), keeps(5), texts, recorded="/w/main.go")
    assert (found.text, found.disagrees(lines).tolist()) == (ONE, [False, False])


@pytest.mark.programs
@pytest.mark.parametrize(
    ("build", "follows", "doubtful"),
    [
        (Build(BEGIN + 4.4 * DAY), -math.inf, True),
        (Build(BEGIN + 4.4 * DAY), BEGIN + 4.3 * DAY, True),  # it may have begun before the build
        (Build(BEGIN + 4.4 * DAY), BEGIN + 4.45 * DAY, False),
        (Build(BEGIN + 4.2 * DAY), BEGIN + 4.45 * DAY, True),  # edited after the build
        (Build(BEGIN + 4.4 * DAY, is_gone=True), BEGIN + 4.45 * DAY, True),
        (Build(BEGIN + 4.4 * DAY, has_other_lines=True), BEGIN + 4.45 * DAY, True),
        (UNKNOWN_BUILD, BEGIN + 4.45 * DAY, True),
    ],
)
def test_what_was_started_after_its_build_is_of_the_text_before_that(
    repository: Repository, texts: Texts, build: Build, follows: float, doubtful: bool
) -> None:
    """The binary lies outside the workspace and is not read; the edited text fits, and so do committed ones."""
    texts.keep("/p/heap.pb.gz", (1, 2, 3), {own(repository).path: SourceCopy(FOUR, BEGIN + 4.3 * DAY)})
    then = taken(4.5, build=build)._replace(follows=follows)
    found = of(repository, then, keeps(5), texts, recorded="/w/main.go")
    assert bool(found.disagrees(np.array([5])).any()) == doubtful
    assert doubtful or found.text == FOUR


SCRIPT = "import os\n\ndef keep():\n    a.append(1)\n    b.append(2)\n"
SCRIPT_EDITED = SCRIPT.replace("    b", "    log()\n    b")


def of_script(
    repository: Repository, texts: Texts, build: Build = UNKNOWN_BUILD, name: str = "keep.py"
) -> SourceVersion:
    path = str(repository.folder / name)
    texts.keep("/p/heap.pb.gz", (1, 2, 3), {path: SourceCopy(SCRIPT_EDITED, BEGIN + DAY)})
    marks = RecordedLines(np.array([4, 6]), np.array([0, 0]), ["keep"], np.array([0]), name)
    return SourceVersions(Roots((str(repository.folder),)), texts).of(
        Place(path, "as recorded", Origin.OWN), path, taken(9, build=build), marks
    )


@pytest.mark.programs
def test_of_a_copy_for_which_nothing_vouches_what_was_edited_since_the_commit_is_doubtful(
    repository: Repository, texts: Texts
) -> None:
    """Though only the copy fits: the program may have begun before the last edit."""
    repository.check_in({"keep.py": SCRIPT}, BEGIN + 5 * DAY)
    found = of_script(repository, texts)
    assert (found.text, found.others) == (SCRIPT_EDITED, ())
    assert found.disagrees(np.array([4, 5, 6])).tolist() == [False, True, True]


@pytest.mark.programs
def test_a_copy_that_was_checked_in_is_believed(repository: Repository, texts: Texts) -> None:
    repository.check_in({"keep.py": SCRIPT_EDITED}, BEGIN + 5 * DAY)
    for made in (UNKNOWN_BUILD, Build(is_gone=True)):
        assert not of_script(repository, texts, made).disagrees(np.array([4, 6])).any()


@pytest.mark.programs
@pytest.mark.parametrize(
    ("name", "build", "doubtful"),
    [
        ("keep.py", UNKNOWN_BUILD, False),
        ("keep.py", Build(is_gone=True), False),  # its interpreter
        ("keep.rs", UNKNOWN_BUILD, False),  # the profile names none
        ("keep.rs", Build(is_gone=True), True),
        ("keep.rs", Build(written_at=BEGIN + 8 * DAY), False),  # it is there, where it may not be read
        ("keep.rs", Build(written_at=BEGIN + 10 * DAY), True),  # it was built anew
    ],
)
def test_a_copy_where_nothing_was_checked_in(
    repository: Repository, texts: Texts, name: str, build: Build, doubtful: bool
) -> None:
    assert of_script(repository, texts, build, name).disagrees(np.array([4, 6])).all() == doubtful


@pytest.mark.programs
def test_a_copy_of_what_was_written_after_the_process_began_is_none(repository: Repository, texts: Texts) -> None:
    """It came with a later snapshot; the first one has none of that file."""
    path = str(repository.folder / "keep.py")
    texts.keep("/p/b", (1, 2, 3), {path: SourceCopy(SCRIPT_EDITED, BEGIN + 2 * DAY)})
    copies = (Copies("a", "/p/a", (1, 2, 3)), Copies("b", "/p/b", (1, 2, 3)))
    marks = RecordedLines(np.array([4]), np.array([0]), ["keep"], np.array([0]), "keep.py")
    for begun, source in ((1, ""), (3, "as it was when b came")):
        then = taken(9)._replace(begun=BEGIN + begun * DAY, copies=copies)
        found = SourceVersions(Roots(), texts).of(Place(path, "as recorded", Origin.OWN), path, then, marks)
        assert found.source == source


def test_a_text_that_is_put_back_with_its_old_date_is_not_taken_for_untouched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Windows does not say when a file was changed."""
    path = tmp_path / "main.py"
    path.write_text(PYTHON)
    os.utime(path, (BEGIN, BEGIN))
    assert unchanged(str(path), BEGIN + DAY) is None
    assert unchanged(str(path), path.stat().st_ctime) == SourceCopy(PYTHON, path.stat().st_ctime)
    monkeypatch.setattr(os, "name", "nt")
    assert unchanged(str(path), BEGIN + DAY) == SourceCopy(PYTHON, BEGIN)


@pytest.mark.programs
def test_the_copy_of_another_snapshot_of_that_name_is_none(repository: Repository, texts: Texts) -> None:
    shutil.rmtree(repository.folder / ".git")
    then, path = taken(4.5), own(repository).path
    texts.keep("/p/heap.pb.gz", (9, 9, 9), {path: SourceCopy(THREE, BEGIN)})
    assert of(repository, then, keeps(5), texts).source == AS_IT_IS
    texts.keep("/p/heap.pb.gz", (1, 2, 3), {path: SourceCopy(TWO, BEGIN)})
    assert of(repository, then, keeps(5), texts).text == TWO


@pytest.mark.programs
def test_a_file_that_had_another_name(repository: Repository) -> None:
    """What is recorded under its old name was built before it was renamed."""
    repository.run("mv", "main.go", "shop.go")
    repository.check_in({}, BEGIN + 5 * DAY)
    repository.check_in({"shop.go": ONE.replace("grow", "more")}, BEGIN + 5.5 * DAY)
    place = Place(str(repository.folder / "shop.go"), "renamed", Origin.OWN)
    versions = SourceVersions(Roots((str(repository.folder),)), None)
    found = versions.of(place, "/srv/main.go", taken(6), keeps(5))
    assert (found.text, len(found.others)) == (TWO, 2)
    versions = SourceVersions(Roots((str(repository.folder),)), None)
    found = versions.of(place, "/srv/shop.go", taken(6), keeps(5))
    assert (found.text, len(found.others)) == (ONE.replace("grow", "more"), 1)  # as it was renamed


# A dependency's file, which nobody edits, but which is another one in another version


CACHE, GO_ROOT = "/home/me/go/pkg/mod", "/usr/local/go"
NODE = "/w/node_modules"


@pytest.mark.parametrize(
    ("recorded", "path", "same"),
    [
        ("/go/pkg/mod/example.com/dep@v1.2.3/dep.go", "example.com/dep@v1.2.3/dep.go", True),
        ("example.com/dep@v1.2.3/dep.go", "example.com/dep@v1.2.3/dep.go", True),
        ("github.com/Azure/dep@v1.2.3/a/dep.go", "github.com/!azure/dep@v1.2.3/a/dep.go", True),
        ("/go/pkg/mod/example.com/dep@v1.2.4/dep.go", "example.com/dep@v1.2.3/dep.go", False),
        ("/srv/app/vendor/example.com/dep/dep.go", "example.com/dep@v1.2.3/dep.go", False),
        ("/home/ci/.cargo/registry/src/x-1/serde-1.0.130/lib.rs", "src/y-2/serde-1.0.130/lib.rs", True),
        ("/home/ci/.cargo/registry/src/x-1/serde-1.0.130/lib.rs", "src/y-2/serde-1.0.131/lib.rs", False),
        ("/app/node_modules/.pnpm/a@4.18.2/node_modules/a/i.js", ".pnpm/a@4.18.2/node_modules/a/i.js", True),
        ("/b/node_modules/.pnpm/@s+a@4.18.2/node_modules/@s/a/i.js", ".pnpm/@s+a@4.18.2/node_modules/@s/a/i.js", True),
        ("/b/node_modules/.pnpm/a@4.18.2/node_modules/b/i.js", ".pnpm/a@4.18.2/node_modules/b/i.js", False),
        ("/srv/shop-1.2.3/node_modules/a/i.js", "shop-1.2.3/node_modules/a/i.js", False),
        ("/opt/python-3.11.4/lib/site-packages/a.py", "python-3.11.4/lib/site-packages/a.py", False),
        ("/opt/lib/site-packages/a-1.2.3-py3.11.egg/a.py", "site-packages/a-1.2.3-py3.11.egg/a.py", True),
        ("/app/node_modules/a/i.js", "a/i.js", False),
        ("/rustc/9fc6b43126469e3858e2fe86cafb4f0fd5068869/library/alloc/src/vec.rs", "alloc/src/vec.rs", False),
    ],
)
def test_a_dependency_is_the_same_only_in_the_same_version(recorded: str, path: str, same: bool) -> None:
    place = Place(f"{CACHE}/{path}", "module cache", Origin.DEPENDENCY)
    found = SourceVersions(Roots(module_cache=CACHE), None).of(place, recorded, taken(1), keeps(5))
    assert found is (UNCHANGING if same else UNKNOWN_RELEASE)


@pytest.mark.parametrize(
    ("recorded", "here", "ran", "same"),
    [
        ("/usr/local/go/src/net/http/server.go", "go1.22.1", "", False),
        ("/usr/local/go/src/net/http/server.go", "go1.22.1", "go1.22.1", True),
        ("/usr/local/go/src/net/http/server.go", "go1.22.1", "go1.22.2", False),
        ("net/http/server.go", "go1.22.1", "", False),
        ("/opt/hostedtoolcache/go/1.22.1/x64/src/net/http/server.go", "go1.22.1", "", True),
        ("/opt/hostedtoolcache/go/1.22.1/x64/src/net/http/server.go", "go1.22", "", False),
        ("/opt/hostedtoolcache/go/1.22.10/x64/src/net/http/server.go", "go1.22.1", "", False),
        ("/go/pkg/mod/golang.org/toolchain@v0.0.1-go1.22.1.linux-amd64/src/net/http/server.go", "go1.22.1", "", True),
        ("/go/pkg/mod/golang.org/toolchain@v0.0.1-go1.22rc1.linux-amd64/src/net/http/server.go", "go1.22", "", False),
        ("/usr/local/go/src/net/http/server.go", "", "", False),
    ],
)
def test_go_itself_is_the_same_only_in_the_same_version(recorded: str, here: str, ran: str, same: bool) -> None:
    place = Place(f"{GO_ROOT}/src/net/http/server.go", "Go's own source", Origin.STANDARD)
    roots = Roots(go_root=GO_ROOT, go_version=here)
    found = SourceVersions(roots, None).of(place, recorded, taken(1, build=Build(go_version=ran)), keeps(5))
    assert found is (UNCHANGING if same else UNKNOWN_RELEASE)


@pytest.mark.parametrize(
    ("rule", "age", "marks", "same"),
    [
        ("as recorded", 1, keeps(5), True),
        ("as recorded", 1, keeps(5, start=0), True),
        ("as recorded", 1, keeps(6, start=4), False),  # it declares keep elsewhere
        ("as recorded", -1, keeps(5), False),  # it was written since
        ("required module", 1, keeps(5), False),  # another machine may have another version, which fits, too
    ],
)
def test_a_library_at_its_recorded_path_that_is_older_than_the_process(
    tmp_path: Path, rule: str, age: int, marks: RecordedLines, same: bool
) -> None:
    path = tmp_path / "mod/example.com/dep/dep.go"
    path.parent.mkdir(parents=True)
    path.write_text(ONE)
    then = taken((path.stat().st_ctime - BEGIN + age) / DAY)
    place, roots = Place(str(path), rule, Origin.DEPENDENCY), Roots(module_cache=str(tmp_path / "mod"))
    found = SourceVersions(roots, None).of(place, "/srv/example.com/dep/dep.go", then, marks)
    assert found is (UNCHANGING if same else UNKNOWN_RELEASE)


# A version in a recorded path, of a file that is edited here


LIB = "example.com/!lib"
IN_CACHE, TRIMMED = f"/go/pkg/mod/{LIB}@v1.0.0/main.go", "example.com/Lib@v1.0.0/main.go"
VENDORED = "vendor/example.com/Lib/main.go"


@pytest.fixture
def modules(tmp_path: Path) -> Repository:
    """A repository without a commit."""
    return Repository(tmp_path / "modules")


def released(modules: Repository, path: str, recorded: str, rule: str = "vendor") -> SourceVersion:
    folder = str(modules.folder)
    place = Place(f"{folder}/{path}", rule, Origin.DEPENDENCY if "vendor/" in path else Origin.OWN)
    roots = Roots((folder,), (Module("example.com/Lib", f"{folder}/lib", main=False),), (f"{folder}/vendor",))
    return SourceVersions(roots, None).of(place, recorded, taken(9), keeps(4))


@pytest.mark.programs
@pytest.mark.parametrize("recorded", [IN_CACHE, TRIMMED])
@pytest.mark.parametrize(
    ("listed", "same"),
    [
        ("# example.com/Lib v1.0.0\n## explicit", True),
        ("# example.com/Lib v1.1.0", False),
        ("# example.com/Lib v1.0.0 => ./lib", False),
        ("# example.com/Lib v1.0.0 => example.com/fork v1.0.0", False),
        ("# example.com/other => example.com/Lib v1.0.0", True),
        ("# example.com/Lib/v2 v1.0.0", False),
        ("", False),
    ],
)
def test_a_vendored_text_is_of_the_version_that_is_listed(
    modules: Repository, recorded: str, listed: str, same: bool
) -> None:
    modules.check_in({VENDORED: TWO, "vendor/modules.txt": f"{listed}\n"}, BEGIN)
    found = released(modules, VENDORED, recorded)
    assert (found.text, found.release) == (TWO, "" if same else "v1.0.0")
    assert found.disagrees(np.array([4])).all() == (not same)


@pytest.mark.programs
def test_an_earlier_commit_vendored_the_recorded_version(modules: Repository) -> None:
    one = TWO.replace("package main", "package main // v1.0.0")
    modules.check_in({VENDORED: one, "vendor/modules.txt": "# example.com/Lib v1.0.0\n"}, BEGIN)
    modules.check_in({VENDORED: TWO, "vendor/modules.txt": "# example.com/Lib v1.1.0\n"}, BEGIN + DAY)
    found = released(modules, VENDORED, IN_CACHE)
    assert (found.text, found.doubtful, found.release) == (one, None, "")


@pytest.mark.programs
@pytest.mark.parametrize("recorded", [IN_CACHE, TRIMMED])
def test_a_replaced_module_is_of_no_version_without_a_tag(modules: Repository, recorded: str) -> None:
    one = TWO.replace("package main", "package main // v1.0.0")
    modules.check_in({"lib/main.go": one}, BEGIN)
    modules.run("tag", "v1.0.0")  # of the module around it
    modules.check_in({"lib/main.go": TWO}, BEGIN + DAY)
    found = released(modules, "lib/main.go", recorded, "module of the workspace")
    assert (found.text, found.release) == (TWO, "v1.0.0")
    assert found.disagrees(np.array([4])).all()
    assert "version v1.0.0 was profiled" in compared_text(found)
    modules.run("tag", "lib/v1.0.0", "HEAD~1")
    found = released(modules, "lib/main.go", recorded, "module of the workspace")
    assert (found.text, found.release, found.doubtful) == (one, "", None)


@pytest.mark.programs
@pytest.mark.parametrize("placeholder", ["v0.0.0", "v0.0.0-00010101000000-000000000000"])
def test_a_version_that_is_no_release_says_nothing(modules: Repository, placeholder: str) -> None:
    modules.check_in({"lib/main.go": TWO}, BEGIN)
    found = released(modules, "lib/main.go", TRIMMED.replace("v1.0.0", placeholder), "module of the workspace")
    assert (found.text, found.release, found.doubtful) == (TWO, "", None)


# The program that ran


PROGRAM = """package main

import (
	"os"
	"runtime"
	"runtime/pprof"
)

var kept [][]byte

func main() {
	runtime.MemProfileRate = 1
	kept = append(kept, make([]byte, 1<<20))
	file, _ := os.Create(os.Args[1])
	pprof.WriteHeapProfile(file)
	runtime.KeepAlive(kept)
}
"""
EDITED = PROGRAM.replace("\tkept = append", "\tkept = nil\n\tkept = append")
"""It fits, too: main is declared on the same line."""


def go(folder: Path, *arguments: str) -> str:
    told = {"GOTOOLCHAIN": "local", "GOFLAGS": "", "GOWORK": "off", "PWD": str(folder)}
    command = [tools.go(), *arguments]
    return subprocess.run(
        command, cwd=folder, check=True, env=tools.environment() | told, capture_output=True, text=True
    ).stdout


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Repository, str]:
    """A service built of its first commit and run, and a second commit since; with the first one."""
    made = Repository(tmp_path_factory.mktemp("built") / "w")
    files = {"go.mod": "module example.com/app\n\ngo 1.24\n", "main.go": PROGRAM, ".gitignore": "/app\n/profiles\n"}
    commit = made.check_in(files, BEGIN)
    go(made.folder, "build", "-buildvcs=true", "-trimpath", "-o", "app", ".")
    (made.folder / "profiles").mkdir()
    subprocess.run([made.folder / "app", made.folder / "profiles/heap.pb.gz"], check=True, timeout=60)
    made.check_in({"main.go": EDITED}, BEGIN + DAY)
    return made, commit


def explained(folder: Path, monkeypatch: pytest.MonkeyPatch, file: str = "main.go") -> str:
    monkeypatch.chdir(folder)
    result = CliRunner().invoke(cli, ["explain", file])
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.mark.programs
@pytest.mark.timeout(300)
def test_what_go_stamps_into_a_binary(built: tuple[Repository, str]) -> None:
    """As `go version -m` reads it, which is Go's own debug/buildinfo."""
    repository, commit = built
    profile = read((repository.folder / "profiles/heap.pb.gz").read_bytes())
    found = build(profile, Roots((str(repository.folder),)), ())
    said = go(repository.folder, "version", "-m", "app")
    assert f"vcs.revision={found.revision}\n" in said
    assert found.revision == commit
    assert ("vcs.modified=true" in said) is found.is_modified is False
    assert said.split()[1] == found.go_version
    assert found.is_here
    assert found.written_at == (repository.folder / "app").stat().st_mtime


@pytest.mark.programs
@pytest.mark.timeout(300)
def test_the_stamp_of_the_binary_says_which_commit_ran(
    built: tuple[Repository, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    repository, commit = built
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    assert f"the text that was profiled is known: as in git's commit {commit[:12]}\n" in explained(
        repository.folder, monkeypatch
    )


@pytest.mark.programs
@pytest.mark.timeout(300)
def test_a_binary_that_was_built_anew_is_not_the_one_that_ran(built: tuple[Repository, str], tmp_path: Path) -> None:
    repository, _ = built
    profile = read((repository.folder / "profiles/heap.pb.gz").read_bytes())
    again, roots = tmp_path / "again", Roots((str(tmp_path),))
    shutil.copytree(repository.folder, again)
    go(again, "build", "-buildvcs=true", "-trimpath", "-o", "app", ".")  # of the second commit
    for binaries in ((), (str(again / "app"),), (str(again),)):
        found = build(profile, roots, binaries)
        assert (found.is_here, found.revision) == (False, "")
    elsewhere = build(profile, roots, (str(repository.folder),))  # as the setting says
    assert (elsewhere.is_here, elsewhere.revision) == (True, built[1])


@pytest.mark.programs
def test_a_binary_outside_the_workspace_is_not_read(built: tuple[Repository, str], tmp_path: Path) -> None:
    profile = read((built[0].folder / "profiles/heap.pb.gz").read_bytes())
    assert build(profile, Roots((str(tmp_path),)), ()).revision == ""


@pytest.mark.programs
@pytest.mark.parametrize(
    "harm",
    [
        lambda _: b"",
        lambda data: data[:100],
        lambda data: data[: data.index(b"\xff Go buildinf:") + 40],
        lambda data: data[4:],
    ],
)
def test_a_damaged_binary(built: tuple[Repository, str], tmp_path: Path, harm) -> None:
    profile = read((built[0].folder / "profiles/heap.pb.gz").read_bytes())
    (tmp_path / "app").write_bytes(harm((built[0].folder / "app").read_bytes()))
    assert build(profile, Roots(), (str(tmp_path),)).revision in {"", built[1]}


@pytest.mark.parametrize(
    ("comment", "said"),
    [
        ("vcs.revision=0123456789abcdef0123456789abcdef01234567", "0123456789abcdef0123456789abcdef01234567"),
        ("v1.2.3", "v1.2.3"),
        ("built from v1.2.3, not v1.2.4", ""),
        ("nothing", ""),
    ],
)
def test_a_profile_that_names_its_version(comment: str, said: str) -> None:
    assert build(read(heap("main.f@/w/main.go:3 = 1x8", comment=comment)), Roots(), ()).revision == said


@pytest.mark.parametrize(
    ("path", "gone"),
    [("", False), ("[kernel.kallsyms]", False), ("server", False), ("/srv/gone/server", True), ("HERE/other", True)],
)
def test_a_binary_that_is_named_and_not_there(tmp_path: Path, path: str, gone: bool) -> None:
    (tmp_path / "other").write_bytes(b"of another build")
    profile = read(heap("main.f@/w/main.go:3 = 1x8", binary=path.replace("HERE", str(tmp_path)), build_id="abcd"))
    assert build(profile, Roots((str(tmp_path),)), ()).is_gone is gone


PYTHON = "def serve():\n    kept.append(bytes(1 << 20))\n"


def test_the_age_of_an_interpreter_says_nothing_of_its_scripts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a copy the line would be lost: it is another one now."""
    script, python = tmp_path / "main.py", tmp_path / "bin/python3"
    script.write_text(PYTHON)
    python.parent.mkdir()
    python.write_bytes(b"an interpreter")
    os.utime(python, (BEGIN, BEGIN))
    drop(tmp_path / "profiles/a.pb.gz", heap(f"serve@{script}:2 = 20x{MB}", binary=str(python)))
    assert "the text that was profiled is known: as it was when a.pb.gz came" in explained(
        tmp_path, monkeypatch, "main.py"
    )
    script.write_text("import os\n\n" + PYTHON)
    assert "20.0MB cum on line 4, recorded as line 2\n" in explained(tmp_path, monkeypatch, "main.py")


def test_a_binary_that_is_older_than_its_source_was_built_of_another_text(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "go.mod").write_text("module example.com/app\n")
    (tmp_path / "main.go").write_text(ONE)
    (tmp_path / "app").write_bytes(b"a program")
    os.utime(tmp_path / "app", (BEGIN, BEGIN))
    stack = f"main.keep:3@{tmp_path}/main.go:5 = 20x{MB}"
    drop(tmp_path / "profiles/a.pb.gz", heap(stack, binary=str(tmp_path / "app")))
    assert f"one text fits the profile ({AS_IT_IS}), but the program may have been" in explained(tmp_path, monkeypatch)


def test_a_profile_that_another_one_took_the_place_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "go.mod").write_text("module example.com/app\n")
    (tmp_path / "main.go").write_text(ONE)
    stack = f"main.keep:3@{tmp_path}/main.go:5 = 20x{MB}"
    drop(tmp_path / "profiles/heap.pb.gz", heap(stack))
    assert "20.0MB cum on line 5\n" in explained(tmp_path, monkeypatch)
    (tmp_path / "main.go").write_text(TWO)  # main is built and run again
    drop(tmp_path / "profiles/heap.pb.gz", heap(stack.replace(":5 =", ":6 =")))
    assert "20.0MB cum on line 6\n" in explained(tmp_path, monkeypatch)


@pytest.mark.programs
def test_explain_says_which_texts_fit(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = repository.folder
    (folder / "go.mod").write_text("module example.com/app\n")
    stacks = (f"main.keep:3@/srv/main.go:4 = 20x{MB}", f"main.keep:3@/srv/main.go:6 = 10x{MB}")
    (folder / "alloclens.toml").write_text('[[pathMappings]]\nfrom = "/srv"\nto = "${workspaceFolder}"\n')
    drop(folder / "profiles/a.pb.gz", heap(*stacks, seconds=BEGIN + 4.5 * DAY))
    _, said, first, second = explained(folder, monkeypatch).splitlines()[1:]
    days = "; ".join(day_of(repository, number) for number in (4, 2, 0))
    assert said.strip().startswith(
        f"3 texts fit the profile ({days}); the first is used, and ~ marks the lines on which they disagree"
    )
    assert first.strip() == "20.0MB cum on line 4"
    assert second.strip() == "10.0MB cum on line 6 ~ perhaps: the texts disagree on it"


WAITS = "package main\n\nfunc wait() {\n\t<-never\n}\n\nfunc serve() {\n\tgo wait()\n}\n"


def test_the_go_statement_is_looked_for_in_the_text_that_the_process_was_built_of(tmp_path: Path) -> None:
    """Not in the copy that came with a later snapshot, when the file had been edited."""
    main = tmp_path / "main.go"
    (tmp_path / "go.mod").write_text("module example.com/app\n")
    main.write_text(WAITS)
    drop(tmp_path / "profiles/a.pb.gz", goroutines(f"main.wait@{main}:4 = 12"))

    assert origins(tmp_path) == [(str(main), 8)]
    main.write_text(WAITS.replace("\tgo", "\tlog()\n\tgo"))
    drop(tmp_path / "profiles/b.pb.gz", goroutines(f"main.wait@{main}:4 = 15"))
    assert origins(tmp_path) == [(str(main), 8)]


@pytest.mark.programs
def test_the_go_statement_in_a_clone_is_looked_for_in_the_text_that_git_had(tmp_path: Path) -> None:
    """The files are younger than the profile, so none of them is what ran."""
    made = Repository(tmp_path / "w")
    serve = WAITS[WAITS.index("func serve") :]
    start = f"package main\n\n{serve}"
    made.check_in({"go.mod": "module example.com/app\n", "main.go": WAITS.replace(serve, ""), "start.go": start}, BEGIN)
    made.check_in({"start.go": start.replace("\tgo", "\tlog()\n\tgo")}, BEGIN + 2 * DAY)
    subprocess.run(["git", "clone", "-q", "w", "clone"], cwd=tmp_path, check=True)
    for day, line in ((1, 4), (3, 5)):
        stack = f"main.wait@{tmp_path}/clone/main.go:4 = 12"
        drop(tmp_path / "clone/profiles/a.pb.gz", goroutines(stack, seconds=BEGIN + day * DAY))
        assert origins(tmp_path / "clone") == [(str(tmp_path / "clone/start.go"), line)]


def origins(folder: Path) -> list[tuple[str, int]]:
    shown = once.world([str(folder)], None, {}).shown
    assert shown
    return [(one.path, one.line) for one in shown.contents.goroutine_origins.values()]


OF_V8 = "import {\n  log,\n} from './log';\n\nexport const quote = memoize((n) => {\n  log(n);\n  return n;\n});\n"


@pytest.mark.programs
def test_lines_of_functions_are_of_the_text_in_which_functions_begin_there(tmp_path: Path) -> None:
    """V8 records where a function begins: on line 7, two lines down, that of now does. In the committed text that is in its body."""
    repository = Repository(tmp_path / "w")
    repository.check_in({"quote.ts": OF_V8}, BEGIN)
    place = Place(str(repository.folder / "quote.ts"), "as recorded", Origin.OWN)

    def found(line: int, now: str) -> SourceVersion:
        (repository.folder / "quote.ts").write_text(now)
        lines = RecordedLines(np.array([line]), np.array([0]), ["quote"], np.array([0]), place.path, by_function=True)
        return SourceVersions(Roots((str(repository.folder),)), None).of(place, place.path, taken(1), lines)

    now = OF_V8.replace("export", "// asked\n// for\nexport")
    assert (found(7, now).source, found(7, now).text) == (AS_IT_IS, now)
    assert found(5, now).text == OF_V8
    assert not found(5, now).is_in_doubt
    assert found(6, now).text == OF_V8
    assert found(6, now).is_in_doubt, "a compiler moved it, or it is of another text"


@pytest.mark.programs
def test_the_text_of_a_source_map_is_the_one_that_was_built(repository: Repository, texts: Texts) -> None:
    repository.check_in({"keep.py": SCRIPT}, BEGIN + 5 * DAY)
    path = str(repository.folder / "keep.py")
    texts.keep("/p/heap.pb.gz", (1, 2, 3), {path: SourceCopy(SCRIPT_EDITED, BUILT)})
    found = of_script(repository, texts)  # what is stored stays
    assert (found.text, found.source) == (SCRIPT_EDITED, "as its source map has it")
    assert not found.disagrees(np.array([4, 5, 6])).any(), "and no commit makes it doubtful"
