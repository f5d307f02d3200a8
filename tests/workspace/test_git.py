"""What git had of a file at some time, and that nothing in a repository is run for it."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from typing import TYPE_CHECKING, Any

import pytest
from alloclens.processes import conversation, output
from alloclens.workspace import git, git_history, git_texts
from alloclens.workspace.git import commit, renames, repository_of
from alloclens.workspace.git_texts import text_at, texts

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from alloclens.workspace.git_history import FileVersion

pytestmark = pytest.mark.programs

ONE, TWO = 1_700_000_000, 1_700_100_000
"""When the two commits were made."""


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    git_texts.text_at.cache_clear()
    git_history._history.cache_clear()
    git_history._log.cache_clear()
    git_texts._texts.cache_clear()
    git._silent.clear()
    yield
    git_texts.text_at.cache_clear()
    git_history._history.cache_clear()
    git_history._log.cache_clear()
    git_texts._texts.cache_clear()


def run(repository: Path, *arguments: str, seconds: int = ONE) -> str:
    when = f"{seconds} +0000"
    said = subprocess.run(
        ["git", "-C", repository, "-c", "user.name=t", "-c", "user.email=t@example.com", *arguments],
        env=os.environ | {"GIT_COMMITTER_DATE": when, "GIT_AUTHOR_DATE": when, "GIT_CONFIG_GLOBAL": os.devnull},
        check=True,
        capture_output=True,
        text=True,
    )
    return said.stdout.strip()


def check_in(repository: Path, seconds: int) -> str:
    run(repository, "add", "-A")
    run(repository, "commit", "-q", "-m", "some", seconds=seconds)
    return run(repository, "rev-parse", "HEAD")


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    made = tmp_path / "repository"
    made.mkdir()
    run(made, "init", "-q", "-b", "main")
    return made


@pytest.fixture
def main(repository: Path) -> Path:
    """A file of two commits, and changed since."""
    path = repository / "cmd" / "shop" / "main.go"
    path.parent.mkdir(parents=True)
    path.write_text("package one\n")
    check_in(repository, ONE)
    run(repository, "tag", "v1.0.0")
    path.write_text("package two\n")
    check_in(repository, TWO)
    path.write_text("package three\n")
    return path


def at(path: Path, revision: str) -> str | None:
    found = commit(str(path), revision)
    return found and text_at(str(path), found)


def versions(path: str) -> tuple[FileVersion, ...]:
    head = commit(path, "HEAD")
    return git_history.versions(path, head) if head else ()


def when(path: Path, seconds: float) -> str | None:
    """Return what the newest commit of a time had."""
    found = [one.blob for one in versions(str(path)) if one.seconds <= seconds]
    return texts(str(path), tuple(found[:1])).get(found[0]) if found else None


def test_the_newest_commit_of_a_time(main: Path) -> None:
    assert when(main, TWO + 0.5) == when(main, TWO) == "package two\n"
    assert when(main, TWO - 1) == when(main, ONE) == "package one\n"
    assert when(main, ONE - 1) is None


def test_a_branch_that_was_merged_was_not_there_before(main: Path, repository: Path) -> None:
    run(repository, "checkout", "-q", "-b", "work", "v1.0.0", "-f")
    main.write_text("package work\n")
    check_in(repository, ONE + 10)
    run(repository, "checkout", "-q", "main")
    run(repository, "merge", "-q", "-s", "ours", "work", seconds=TWO + 10)
    assert when(main, TWO - 1) == "package one\n"


def test_revisions(main: Path, repository: Path) -> None:
    run(repository, "branch", "release/1", "v1.0.0")
    run(repository, "tag", "-a", "-m", "signed off", "noted", "v1.0.0")
    one = run(repository, "rev-parse", "v1.0.0")
    pseudo = (f"v0.0.0-20231114221320-{one[:12]}", f"v1.2.4-0.20231114221320-{one[:12]}+incompatible")
    for name in (
        "v1.0.0",
        "noted",
        "release/1",
        "HEAD~1",
        one,
        one[:9],
        f"v2.0.0-rc.1.0.20231114221320-{one[:12]}",
        *pseudo,
    ):
        assert at(main, name) == "package one\n", name
    assert at(main, "HEAD") == at(main, "main") == "package two\n"


@pytest.mark.parametrize(
    "revision", ["", "none", "-h", "--all", "--output=harm", "v1.0.0 main", "v1.0.0\nmain", "a\0b", "HEAD:cmd"]
)
def test_what_is_no_revision(main: Path, revision: str) -> None:
    assert at(main, revision) is None
    assert not list(main.parent.glob("*harm*"))


def test_a_file_that_had_another_name(main: Path, repository: Path) -> None:
    run(repository, "checkout", "-q", "--", ".")
    shop = main.parents[1] / "shop.go"
    main.rename(shop)
    moved = check_in(repository, TWO + 10)
    assert [(one.commit, one.seconds, one.path) for one in versions(str(shop))][:2] == [
        (moved, TWO + 10, "cmd/shop.go"),
        (run(repository, "rev-parse", f"{moved}^"), TWO, "cmd/shop/main.go"),
    ]
    assert when(shop, TWO) == when(main, TWO) == "package two\n"  # and what is deleted now was there


def test_a_copy_of_another_file_has_no_history_before(main: Path, repository: Path) -> None:
    main.with_name("copy.go").write_bytes(main.read_bytes())
    copied = check_in(repository, TWO + 10)
    assert [(one.commit, one.path) for one in versions(str(main.with_name("copy.go")))] == [
        (copied, "cmd/shop/copy.go")
    ]


def test_a_copy_under_the_name_that_its_original_had_before(main: Path, repository: Path) -> None:
    """Git names the original as its source, and then the original's rename."""
    run(repository, "checkout", "-q", "--", ".")
    renamed = main.rename(main.with_name("renamed.go"))
    gone = check_in(repository, TWO + 10)
    main.write_bytes(renamed.read_bytes())
    copied = check_in(repository, TWO + 20)
    before = run(repository, "rev-parse", f"{gone}^")
    assert [(one.commit, one.is_of_another) for one in versions(str(main))][:2] == [(copied, False), (before, True)]


def test_git_is_asked_once_for_the_files_of_a_directory(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = [f"f{number}.go" for number in range(5)]
    for name in names:
        (repository / name).write_text(f"package {name[:2]}\n")
    (repository / "README.md").write_text("No source.\n")
    check_in(repository, ONE)
    (repository / "f3.go").write_text("package changed\n")
    last = check_in(repository, TWO)
    monkeypatch.setattr(git_history, "MAX_FILES", 4)
    asked = list[tuple[str, ...]]()
    run_git = git.run

    def counted(path: str, *arguments: str, **options: Any) -> bytes | None:
        asked.append(arguments)
        return run_git(path, *arguments, **options)

    monkeypatch.setattr(git, "run", counted)
    references = git.references(str(repository / "f0.go"))
    assert references
    for name in names:
        path = str(repository / name)
        count = 2 if name == "f3.go" else 1
        assert len(git_history.versions(path, last)) == count
        assert len(git_history.history_anywhere(path, references).versions) == count
    logs = [arguments[arguments.index("--") + 1 :] for arguments in asked if "--raw" in arguments]
    assert sorted(logs) == sorted([tuple(names[:4]), tuple(names[4:])] * 2)


def test_no_more_versions_than_so_many(main: Path, repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The oldest is what was there before the oldest change that was looked at."""
    for number in range(6):
        main.write_text(f"package p{number}\n")
        check_in(repository, TWO + number)
    monkeypatch.setattr(git_history, "MAX_VERSIONS", 2)
    found = [one.blob for one in versions(str(main))]
    assert [texts(str(main), tuple(found))[blob] for blob in found] == ["package p5\n", "package p4\n", "package p3\n"]
    for _ in range(3):
        run(repository, "commit", "-q", "--allow-empty", "-m", "another file", seconds=TWO + 10)
    git_history._history.cache_clear()
    git_history._log.cache_clear()
    git_texts._texts.cache_clear()
    monkeypatch.setattr(git_history, "MAX_COMMITS", 2)
    (only,) = versions(str(main))
    assert texts(str(main), (only.blob,)) == {only.blob: "package p5\n"}


def test_what_git_did_not_answer_is_asked_again(main: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path, head = str(main), commit(str(main), "HEAD")
    blob = git_history.versions(path, head)[0].blob
    git_history._history.cache_clear()
    git_history._log.cache_clear()
    with monkeypatch.context() as patch:
        patch.setenv("PATH", str(tmp_path))
        assert (git_history.versions(path, head), texts(path, (blob,))) == ((), {})
    assert git_history.versions(path, head)
    assert texts(path, (blob,)) == {blob: "package two\n"}


def test_what_cannot_be_read_of_some_blobs(main: Path) -> None:
    blob = versions(str(main))[0].blob
    assert texts(str(main), ("0" * 40, blob, "f" * 40)) == {blob: "package two\n"}
    assert texts(str(main), ()) == {}


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The processes that were started to read texts."""
    children = list[Any]()

    def kept(*arguments: Any, **options: Any) -> Any:
        children.append(conversation(*arguments, **options))
        return children[-1]

    monkeypatch.setattr(git, "conversation", kept)
    return children


def blobs(repository: Path, contents: Sequence[str]) -> tuple[str, ...]:
    """Add these texts to a repository."""
    for number, text in enumerate(contents):
        (repository / f"{number}.txt").write_text(text)
    return tuple(run(repository, "hash-object", "-w", *(f"{i}.txt" for i in range(len(contents)))).split())


def test_one_process_reads_the_texts_of_all_files(repository: Path, started: list[Any]) -> None:
    """More than it is asked for together, and those of several files."""
    contents = [f"package p{number}\n" for number in range(git_texts.AT_ONCE + 5)]
    names = blobs(repository, contents)
    assert texts(str(repository / "a.go"), names) == dict(zip(names, contents, strict=True))
    assert texts(str(repository / "cmd/b.go"), names[1:3]) == dict(zip(names[1:3], contents[1:3], strict=True))
    assert len(started) == 1
    assert started[0].poll() is None


@pytest.mark.timeout(60)
def test_the_process_that_reads_texts_ends_when_nobody_asks(
    repository: Path, started: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(git_texts, "IDLE_SECONDS", 0.05)
    one, two = blobs(repository, ["one\n", "two\n"])
    assert texts(str(repository / "a.go"), (one,)) == {one: "one\n"}
    while started[0].returncode is None:  # nor is it left as a zombie
        time.sleep(0.01)
    assert started[0].stdout.closed
    assert texts(str(repository / "a.go"), (two,)) == {two: "two\n"}
    assert len(started) == 2


def test_texts_that_are_too_large_together(
    repository: Path, started: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those that fit are read, and what git had begun to write is not taken for the answer to the next question."""
    monkeypatch.setattr(git_texts, "MAX_SOURCE_BYTES", 10)
    one, long, two, three = blobs(repository, ["12345\n", "1234567\n", "123\n", "6789\n"])
    assert texts(str(repository / "a.go"), (one, long, two, three)) == {one: "12345\n", two: "123\n"}
    assert texts(str(repository / "a.go"), (long,)) == {long: "1234567\n"}
    assert [child.poll() is None for child in started] == [False, True]


@pytest.mark.timeout(60)
def test_a_git_that_does_not_finish_a_text(
    repository: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, started: list[Any]
) -> None:
    """It is ended, and the repository is left alone for a while."""
    (tmp_path / "git").write_text("#!/bin/sh\nread blob\necho $blob blob 100\necho 'package'\nexec /bin/sleep 60\n")
    (tmp_path / "git").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(git, "GIT_TIMEOUT_SECONDS", 0.1)
    for _ in range(2):
        assert texts(str(repository / "a.go"), ("0" * 40,)) == {}
    assert [child.returncode is None for child in started] == [False]


@pytest.mark.parametrize(
    "name", ["a b.go", "a:b.go", ":(top)main.go", "-a.go", "é.go", "a*.go", "[a].go", "a\nb.go", '"a".go']
)
def test_names(repository: Path, name: str) -> None:
    path = repository / "some where" / name
    path.parent.mkdir()
    path.write_text(f"package {name}\n")
    check_in(repository, ONE)
    assert when(path, ONE) == f"package {name}\n"


def test_bytes_that_are_no_text_and_line_ends(repository: Path) -> None:
    path = repository / "main.go"
    path.write_bytes(b"\xef\xbb\xbfpackage main\r\n// \xff\r\n")
    check_in(repository, ONE)
    assert when(path, ONE) == "package main\r\n// \ufffd\r\n"


def test_what_is_too_large(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = repository / "main.go"
    path.write_text("package main\n")
    check_in(repository, ONE)
    monkeypatch.setattr(git_texts, "MAX_SOURCE_BYTES", 12)
    assert when(path, ONE) is None


def test_what_is_no_file(main: Path, repository: Path) -> None:
    assert when(main.parent, TWO) is None  # a directory
    assert when(repository / "cmd" / "none.go", TWO) is None
    assert when(repository / "gone" / "main.go", TWO) is None


def test_no_repository(tmp_path: Path) -> None:
    path = tmp_path / "main.go"
    path.write_text("package main\n")
    assert when(path, TWO) is None
    assert at(path, "HEAD") is None


def test_a_repository_without_a_commit(repository: Path) -> None:
    (repository / "main.go").write_text("package main\n")
    assert when(repository / "main.go", TWO) is None


def test_a_worktree_has_its_own_head(main: Path, repository: Path, tmp_path: Path) -> None:
    run(repository, "worktree", "add", "-q", tmp_path / "old", "v1.0.0")
    path = tmp_path / "old" / main.relative_to(repository)
    assert when(path, TWO) == "package one\n"
    assert at(path, "main") == "package two\n"


def test_no_git(main: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert versions(str(main)) == ()
    assert commit(str(main), "HEAD") is None


def test_a_git_that_does_not_answer(main: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "git").write_text("#!/bin/sh\nexec /bin/sleep 60\n")
    (tmp_path / "git").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(git, "GIT_TIMEOUT_SECONDS", 0.1)
    assert versions(str(main)) == ()


def test_the_repository_of_the_file_and_no_other(main: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """An editor started by a hook of some other repository has its place in the environment."""
    other = tmp_path / "other"
    other.mkdir()
    run(other, "init", "-q")
    for name, value in (("GIT_DIR", other / ".git"), ("GIT_WORK_TREE", other), ("GIT_OBJECT_DIRECTORY", other)):
        monkeypatch.setenv(name, str(value))
    assert when(main, TWO) == "package two\n"


def test_nothing_of_the_repository_is_run(main: Path, repository: Path, tmp_path: Path) -> None:
    """A folder that somebody sent may hold a repository, and its configuration names programs."""
    ran = tmp_path / "ran"
    program = repository / "program"
    program.write_text(f"#!/bin/sh\necho $0 $@ >> {ran}\ncat\n")
    program.chmod(0o755)
    (repository / ".gitattributes").write_text("*.go filter=harm diff=harm text eol=crlf\n")
    (repository / "old.go").write_text("package old\n" * 20)
    check_in(repository, TWO + 10)
    run(repository, "mv", "old.go", "new.go")
    settings = ("core.fsmonitor", "core.pager", "core.editor", "core.sshCommand", "core.gitProxy", "core.askPass")
    programs = ("diff.harm.textconv", "diff.external", "filter.harm.smudge", "filter.harm.clean", "gpg.program")
    for name in (
        *settings,
        *programs,
        "credential.helper",
        "alias.rev-list",
        "alias.cat-file",
        "core.alternateRefsCommand",
        "diff.harm.command",
        "filter.harm.process",
        "pager.rev-parse",
        "pager.rev-list",
        "pager.cat-file",
        "pager.log",
        "pager.diff-index",
        "uploadpack.packObjectsHook",
        "remote.origin.uploadpack",
    ):
        run(repository, "config", name, str(program))
    run(repository, "config", "log.showSignature", "true")
    run(repository, "config", "mailmap.file", str(program))
    run(repository, "config", "diff.orderFile", str(program))
    for hook in ("post-checkout", "reference-transaction", "post-index-change", "pre-auto-gc", "fsmonitor-watchman"):
        path = repository / ".git" / "hooks" / hook
        path.parent.mkdir(exist_ok=True)
        path.write_text(program.read_text())
        path.chmod(0o755)
    assert when(main, TWO + 10) == "package three\n"
    assert at(main, "v1.0.0") == "package one\n"
    assert renames(str(repository)) == {"old.go": "new.go"}
    bare, linked = tmp_path / "bare", tmp_path / "linked"  # what a folder may hold in place of .git
    shutil.copytree(repository / ".git", bare)
    linked.mkdir()
    (linked / ".git").write_text(f"gitdir: {bare}\n")
    assert commit(str(bare / "main.go"), "HEAD") is None  # git is asked only where there is a .git
    assert commit(str(linked / "main.go"), "HEAD")
    when(linked / "main.go", TWO + 10)
    assert not ran.exists(), ran.read_text()


@pytest.mark.parametrize("guard", list(git.LOCAL))
def test_what_is_not_here_is_not_fetched(
    main: Path, repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, guard: str
) -> None:
    """A partial clone fetches what it lacks, by whatever command its configuration has for it."""
    monkeypatch.setattr(git, "LOCAL", {guard: git.LOCAL[guard]})
    ran = tmp_path / "ran"
    blob = run(repository, "rev-parse", "HEAD:./cmd/shop/main.go")
    (repository / ".git" / "objects" / blob[:2] / blob[2:]).unlink()
    for name, value in (
        ("core.repositoryFormatVersion", "1"),
        ("extensions.partialClone", "origin"),
        ("remote.origin.url", f"ext::touch {ran}"),
        ("remote.origin.promisor", "true"),
        ("protocol.ext.allow", "always"),
        ("protocol.allow", "always"),
    ):
        run(repository, "config", name, value)
    assert when(main, TWO) is None
    assert not ran.exists()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="Windows has no FIFOs")
@pytest.mark.timeout(30)
def test_a_repository_that_does_not_answer_is_asked_once(main: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def counted(*arguments: str, **given: object) -> bytes | None:
        asked.append(arguments)
        return output(*arguments, **given)

    monkeypatch.setattr(git, "output", counted)
    monkeypatch.setattr(git, "GIT_TIMEOUT_SECONDS", 0.3)
    repository = main.parents[2]
    branch = repository / ".git" / (repository / ".git" / "HEAD").read_text().removeprefix("ref: ").strip()
    head = branch.read_bytes()
    branch.unlink()
    os.mkfifo(branch)
    for path in (main, main.with_name("other.go"), repository / "x.go"):
        assert commit(str(path), "HEAD") is None
    assert len(asked) == 1
    branch.unlink()
    branch.write_bytes(head)
    git._silent.clear()
    monkeypatch.setattr(git, "GIT_TIMEOUT_SECONDS", 5)
    assert commit(str(main), "HEAD")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="Windows has no FIFOs")
@pytest.mark.parametrize("name", ["HEAD", "config", "packed-refs", "commondir"])
def test_git_is_not_asked_where_it_would_wait(main: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(git, "output", lambda *_, **__: pytest.fail("git was asked"))
    path = main.parents[2] / ".git" / name
    path.unlink(missing_ok=True)
    os.mkfifo(path)
    assert commit(str(main), "HEAD") is None


def test_without_a_repository_git_is_not_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(git, "output", lambda *_, **__: pytest.fail("git was asked"))
    assert commit(str(tmp_path / "x.go"), "HEAD") is None


def test_where_renamed_files_went(repository: Path) -> None:
    """Committed, in a directory that was renamed, twice, and only in the index; a file that was deleted went nowhere."""
    texts = {f"{name}.go": f"package {name}\n" * 20 for name in ("plain", "deep/twice", "staged", "deleted", "quite é")}
    for name, text in texts.items():
        (repository / name).parent.mkdir(exist_ok=True)
        (repository / name).write_text(text)
    check_in(repository, ONE)
    run(repository, "mv", "plain.go", "renamed.go")
    run(repository, "mv", "deep", "deeper")
    run(repository, "mv", "quite é.go", "é quite.go")
    run(repository, "rm", "-q", "deleted.go")
    check_in(repository, ONE)
    run(repository, "mv", "deeper/twice.go", "deeper/three.go")
    (repository / "deeper/three.go").write_text(texts["deep/twice.go"] + "// changed, too\n")
    check_in(repository, TWO)
    run(repository, "mv", "staged.go", "index.go")
    assert renames(str(repository)) == {
        "plain.go": "renamed.go",
        "deep/twice.go": "deeper/three.go",
        "deeper/twice.go": "deeper/three.go",
        "quite é.go": "é quite.go",
        "staged.go": "index.go",
    }
    assert repository_of(f"{repository}/deep/twice.go") == str(repository)


def test_files_that_git_had(repository: Path) -> None:
    """Deleted and renamed ones, ones of another branch, and what is only here not there any more; none that it never had."""
    for name in ("plain.go", "deep/quite é.go", "here.go"):
        (repository / name).parent.mkdir(exist_ok=True)
        (repository / name).write_text("package some\n" * 20)
    check_in(repository, ONE)
    run(repository, "checkout", "-q", "-b", "branch")
    (repository / "other.go").write_text("package other\n")
    check_in(repository, ONE)
    run(repository, "checkout", "-q", "main")
    run(repository, "rm", "-q", "-r", "deep")
    run(repository, "mv", "plain.go", "renamed.go")
    check_in(repository, TWO)
    (repository / "here.go").unlink()
    (repository / "new.go").write_text("package new\n")
    had = {"plain.go", "renamed.go", "deep/quite é.go", "here.go", "other.go"}
    assert had <= git.paths(str(repository))
    assert "new.go" not in git.paths(str(repository))
    assert git.paths(str(repository / "nowhere")) == frozenset()


def test_renames_of_a_merged_branch(repository: Path) -> None:
    (repository / "old.go").write_text("package old\n" * 20)
    check_in(repository, ONE)
    run(repository, "checkout", "-q", "-b", "branch")
    run(repository, "mv", "old.go", "new.go")
    check_in(repository, ONE)
    run(repository, "checkout", "-q", "main")
    (repository / "other.go").write_text("package other\n")
    check_in(repository, TWO)
    run(repository, "merge", "-q", "--no-ff", "-m", "merged", "branch", seconds=TWO)
    assert renames(str(repository)) == {"old.go": "new.go"}


def test_renames_where_there_is_nothing(tmp_path: Path, repository: Path) -> None:
    assert renames(str(tmp_path)) == renames(str(repository)) == {}
    assert repository_of(f"{tmp_path}/x.go") == ""


def test_renames_where_all_commits_would_take_too_long(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fewer are asked for, and the repository is not taken for one that does not answer."""
    (repository / "a.go").write_text("package a\n" * 20)
    check_in(repository, ONE)
    for old, new in (("a.go", "b.go"), ("b.go", "c.go")):
        run(repository, "mv", old, new)
        check_in(repository, TWO)

    def slow(*arguments: str, seconds: float, **given: object) -> bytes | None:
        assert seconds == 0
        return output(*arguments, seconds=0 if arguments[-1] == "HEAD" and "log" in arguments else 30, **given)

    assert renames(str(repository)) == {"a.go": "c.go", "b.go": "c.go"}
    monkeypatch.setattr(git, "COMMITS_FOR_RENAMES", (3, 1))
    monkeypatch.setattr(git, "output", slow)
    monkeypatch.setattr(git, "GIT_TIMEOUT_SECONDS", 0)  # whatever has no answer took too long
    assert renames(str(repository)) == {"b.go": "c.go"}
    assert not git._silent
