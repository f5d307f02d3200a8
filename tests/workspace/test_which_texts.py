"""Which texts a program may have been built from: all that git has, in whatever branch, and those that it lacks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from alloclens.cache.texts import SourceCopy, Texts
from alloclens.cli import main as cli
from alloclens.profile.build import UNKNOWN_BUILD, Build
from alloclens.series.series import Copies, Provenance
from alloclens.source.line_mapping import MappedLines, map_recorded_lines
from alloclens.source.places import Place
from alloclens.source.profiled_text import RecordedLines
from alloclens.source.recorded import Origin
from alloclens.source.roots import Roots
from alloclens.wording.drift import compared_text
from alloclens.workspace import git_history, git_texts
from alloclens.workspace.git_versions import LONGEST_RUN_SECONDS, NOT_IN_GIT
from alloclens.workspace.source_versions import SourceVersions
from click.testing import CliRunner

from tests.support.profiles import drop, heap
from tests.support.repository import Repository

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from alloclens.source.profiled_text import SourceVersion

pytestmark = pytest.mark.programs

DAY = 86_400
BEGIN = 1_700_000_000
HEAD = "package main\n\nfunc keep() {\n\ta = grow(a)\n\tb = grow(b)\n\tc = grow(c)\n}\n"
OTHER = HEAD.replace("\tb = ", "\tlog()\n\tb = ")
"""Line 4 is the same in both, line 5 is not."""
YEAR = LONGEST_RUN_SECONDS / DAY


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    yield
    for cached in (git_history._history, git_history._log, git_history._oldest, git_texts._texts):
        cached.cache_clear()


@pytest.fixture
def made(tmp_path: Path) -> Repository:
    repository = Repository(tmp_path / "w")
    repository.check_in({"main.go": HEAD}, BEGIN)
    return repository


def of(
    folder: Path,
    day: float = 9,
    recorded: str = "/ci/main.go",
    build: Build = UNKNOWN_BUILD,
    texts: Texts | None = None,
    file: str = "main.go",
) -> SourceVersion:
    """Return the text of a program that was built from this folder, or elsewhere, and has memory on lines 4 and 5."""
    path, seconds = str(folder / file), BEGIN + day * DAY
    place = Place(path, "as recorded" if recorded == path else "root of the build", Origin.OWN)
    then = Provenance(seconds, build, "", seconds, (Copies("heap.pb.gz", "/p/heap.pb.gz", (1, 2, 3)),))
    return SourceVersions(Roots((str(folder),)), texts).of(place, recorded, then, marks(path))


def marks(path: str) -> RecordedLines:
    return RecordedLines(np.array([4, 5]), np.array([0, 0]), ["main.keep"], np.array([3]), path)


def doubtful(found: SourceVersion) -> list[bool]:
    """Return whether lines 4 and 5 are marked."""
    return found.disagrees(np.array([4, 5])).tolist()


def elsewhere(made: Repository, how: str, text: str = OTHER, day: float = 1) -> None:
    """Have another text in git that HEAD's history lacks."""
    made.run("checkout", "-q", "--detach")
    (made.folder / "main.go").write_text(text)
    if how == "stash":
        made.run("stash", "-q", seconds=BEGIN + day * DAY)
    else:
        built = made.check_in({}, BEGIN + day * DAY)
        places = {"branch": "refs/heads/old", "remote branch": "refs/remotes/origin/main", "tag": "refs/tags/v1.0.0"}
        if how in places:
            made.run("update-ref", places[how], built)
    made.run("checkout", "-q", "main")
    if how == "worktree":
        made.run("worktree", "add", "-q", "--detach", str(made.folder.with_name("wt")), built)
    if how == "merged":
        made.run("merge", "-q", "--no-ff", "-s", "ours", built, seconds=BEGIN + 5 * DAY)
    if how not in {"reflog", "stash"}:
        made.run("reflog", "expire", "--expire=all", "--all")


@pytest.mark.parametrize("how", ["branch", "remote branch", "tag", "stash", "reflog", "worktree", "merged"])
def test_a_text_that_the_history_of_head_lacks_may_have_been_built_although_one_of_it_fits(
    made: Repository, how: str
) -> None:
    elsewhere(made, how)
    found = of(made.folder)
    assert (found.text, len(found.others)) == (HEAD, 1)
    assert doubtful(found) == [False, True]
    assert doubtful(of(made.folder, day=0.5)) == [False, False]  # it was committed later


def test_the_same_text_in_another_branch_says_nothing(made: Repository) -> None:
    elsewhere(made, "branch", HEAD)
    found = of(made.folder)
    assert (found.others, found.doubtful) == ((), None)


def test_a_commit_that_was_rebased_after_the_snapshot(made: Repository) -> None:
    made.check_in({"main.go": OTHER}, BEGIN + DAY)
    made.check_in({"main.go": HEAD}, BEGIN + 3 * DAY)
    made.run("reset", "-q", "--soft", "HEAD^")
    (made.folder / "main.go").write_text(OTHER)
    made.run("commit", "-q", "-a", "--amend", "--no-edit", seconds=BEGIN + 5 * DAY)
    made.run("reflog", "expire", "--expire=all", "--all")
    assert doubtful(of(made.folder, day=2)) == [False, True]
    assert doubtful(of(made.folder, day=0.5)) == [False, False]


@pytest.fixture
def shallow(made: Repository, tmp_path: Path) -> Path:
    made.check_in({"main.go": OTHER}, BEGIN + DAY)
    made.check_in({"main.go": HEAD}, BEGIN + 2 * DAY)
    made.run("clone", "-q", "--depth=1", made.folder.as_uri(), str(tmp_path / "clone"))
    return tmp_path / "clone"


def test_a_shallow_clone_lacks_texts(shallow: Path, made: Repository) -> None:
    found = of(shallow)
    assert doubtful(found) == [True, True]
    assert "this is a shallow clone" in compared_text(found)
    assert of(shallow, recorded=str(shallow / "main.go")).missing == ""  # what was built here was here
    assert of(shallow, day=YEAR + 3).missing == ""
    assert of(shallow, day=0.5).missing  # no text fits
    assert "this is a shallow clone" in compared_text(of(shallow, day=0.5))
    made.run("-C", str(shallow), "fetch", "-q", "--unshallow")
    assert doubtful(of(shallow)) == [False, True]


def test_a_file_that_is_younger_than_the_clone_is_not_cut(shallow: Path, made: Repository) -> None:
    (shallow / "new.go").write_text(HEAD)
    made.run("-C", str(shallow), "add", "new.go")
    made.run("-C", str(shallow), "commit", "-q", "-m", "new", seconds=BEGIN + 3 * DAY)
    assert of(shallow, file="new.go").missing == ""


def test_a_partial_clone_lacks_texts(made: Repository, tmp_path: Path) -> None:
    made.check_in({"main.go": OTHER}, BEGIN + DAY)
    made.check_in({"main.go": HEAD.replace("grow(c)", "grow(d)")}, BEGIN + 2 * DAY)
    made.run("config", "uploadpack.allowFilter", "true")
    made.run("clone", "-q", "--filter=blob:none", made.folder.as_uri(), str(tmp_path / "clone"))
    found = of(tmp_path / "clone")
    assert doubtful(found) == [True, True]
    assert "not all texts of the file that git lists are here" in compared_text(found)
    made.run("-C", str(tmp_path / "clone"), "log", "-p")  # git itself fetches what it lacks
    git_texts._texts.cache_clear()
    assert doubtful(of(tmp_path / "clone")) == [False, True]


@pytest.mark.parametrize("limit", ["MAX_VERSIONS", "MAX_VERSIONS_ANYWHERE", "MAX_COMMITS"])
def test_older_texts_than_are_read(made: Repository, monkeypatch: pytest.MonkeyPatch, limit: str) -> None:
    made.check_in({"main.go": OTHER}, BEGIN + DAY)
    for day in (2, 3, 4):
        made.check_in({"main.go": f"{HEAD}// {day}\n"}, BEGIN + day * DAY)
    monkeypatch.setattr(git_history, limit, 2)
    found = of(made.folder)
    assert found.missing
    assert doubtful(found) == [True, True]
    assert of(made.folder, day=YEAR + 5).missing == ""


def test_older_texts_of_branches_than_are_read(made: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    made.run("checkout", "-q", "-b", "work")
    for day in (1, 2, 3):
        made.check_in({"main.go": f"{HEAD}// {day}\n"}, BEGIN + day * DAY)
    made.run("checkout", "-q", "main")
    made.run("reflog", "expire", "--expire=all", "--all")
    assert of(made.folder).missing == ""
    git_history._log.cache_clear()
    monkeypatch.setattr(git_history, "MAX_COMMITS", 3)
    assert of(made.folder).missing == "only the last 3 commits of all branches are searched"


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        ("PATH", "/nonexistent", "git is not on PATH"),
        (
            "GIT_TEST_ASSUME_DIFFERENT_OWNER",
            "1",
            "git refuses to read this repository: fatal: detected dubious ownership",
        ),
    ],
)
@pytest.mark.parametrize("here", [True, False], ids=["built here", "built elsewhere"])
def test_git_says_nothing(
    made: Repository,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    name: str,
    value: str,
    why: str,
    here: bool,
) -> None:
    monkeypatch.setenv(name, value)
    path = str(made.folder / "main.go")
    texts = Texts(tmp_path / "texts.sqlite3")
    texts.keep("/p/heap.pb.gz", (1, 2, 3), {path: SourceCopy(HEAD, BEGIN)})
    found = of(made.folder, recorded=path if here else "/ci/main.go", texts=texts)
    texts.close()
    assert (found.text, doubtful(found)) == (HEAD, [True, True])
    assert why in compared_text(found)
    assert why in compared_text(of(made.folder))


def test_a_file_that_git_does_not_have(made: Repository, tmp_path: Path) -> None:
    """As one that is generated, and ignored: another machine may have generated another text."""
    path = str(made.folder / "x.pb.go")
    texts = Texts(tmp_path / "texts.sqlite3")
    texts.keep("/p/heap.pb.gz", (1, 2, 3), {path: SourceCopy(HEAD, BEGIN)})
    found = of(made.folder, file="x.pb.go", texts=texts)
    assert (found.missing, doubtful(found)) == (NOT_IN_GIT, [True, True])
    assert of(made.folder, file="x.pb.go", recorded=path, texts=texts).missing == ""
    texts.close()


def mapped(found: SourceVersion, folder: Path) -> MappedLines:
    return map_recorded_lines(marks(str(folder / "main.go")), found, (folder / "main.go").read_text())


def test_the_file_of_another_worktree(made: Repository) -> None:
    """Its own text is the one that was built there; its lines are carried to the file here."""
    other = made.folder.with_name("other")
    made.run("worktree", "add", "-q", "-b", "feature", str(other))
    (other / "main.go").write_text(OTHER)
    recorded = str(other / "main.go")
    then = (other / "main.go").stat().st_ctime + 1
    found = of(made.folder, day=(then - BEGIN) / DAY, recorded=recorded)
    assert found.text == OTHER
    line, unsure = mapped(found, made.folder)
    assert (line.tolist(), unsure.tolist()) == ([4, 0], [False, False])  # it has no line `log()`
    (other / "main.go").unlink()
    assert of(made.folder, day=(then - BEGIN) / DAY, recorded=recorded).text == HEAD


@pytest.mark.parametrize("how", ["branch", "stash"])
def test_what_was_checked_out_before_a_binary_went(made: Repository, tmp_path: Path, how: str) -> None:
    """After `go run` of a branch or an edit that is stashed since: the copy is of a text that was checked out later."""
    path = str(made.folder / "main.go")
    texts = Texts(tmp_path / "texts.sqlite3")
    texts.keep("/p/heap.pb.gz", (1, 2, 3), {path: SourceCopy(HEAD, BEGIN + 2 * DAY)})
    gone = Build(is_gone=True)
    assert doubtful(of(made.folder, recorded=path, build=gone, texts=texts)) == [False, False]
    elsewhere(made, how)
    assert doubtful(of(made.folder, recorded=path, build=gone, texts=texts)) == [False, True]
    texts.close()


def test_a_file_whose_directory_was_renamed(made: Repository) -> None:
    (made.folder / "new").mkdir()
    made.check_in({"old/a.go": HEAD}, BEGIN + DAY)
    made.run("rm", "-q", "old/a.go")
    made.check_in({"new/a.go": HEAD}, BEGIN + 2 * DAY)
    path = str(made.folder / "new/a.go")
    place = Place(path, "renamed", Origin.OWN, before=str(made.folder / "old/a.go"))
    then = Provenance(BEGIN + 3 * DAY, UNKNOWN_BUILD, "", BEGIN + 3 * DAY, (Copies("a", "/p/a", ()),))
    found = SourceVersions(Roots((str(made.folder),)), None).of(place, "/ci/old/a.go", then, marks(path))
    assert (found.text, found.missing) == (HEAD, "")


def test_explain_says_that_the_clone_is_shallow(shallow: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (shallow / "go.mod").write_text("module example.com/app\n\ngo 1.24\n")
    drop(shallow / "profiles/1.pb.gz", heap("main.keep:3@example.com/app/main.go:5 = 1x1000", seconds=BEGIN + 9 * DAY))
    monkeypatch.chdir(shallow)
    said = CliRunner().invoke(cli, ["explain", "main.go"]).output
    assert "another one may have been profiled: this is a shallow clone" in said
