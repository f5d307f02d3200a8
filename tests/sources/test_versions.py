"""The version that a server names of a process chooses the text of its build in git."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest
from alloclens.profile.comments import commented
from alloclens.profile.formats import read
from alloclens.source.roots import Roots
from alloclens.symbols.build_info import build

from tests.support import parca
from tests.support.kept import MAIN, run, settings, workspace
from tests.support.profiles import heap
from tests.support.repository import Repository

if TYPE_CHECKING:
    from pathlib import Path

BLOCK = "\tkept = append(kept, make([]byte, 64<<10))\n}\n"
KEEPS = "\tkept = append(kept, make([]byte, 64<<10)) }\n"
FIRST, SECOND = MAIN.replace(BLOCK, f"{KEEPS}\n"), MAIN.replace(BLOCK, f"\tcache = cache[:0]\n{KEEPS}")
"""The line that leaks is the 9th in one and the 10th in the other; every function begins where it did."""
COMMIT = "5f2b9c81d0e34a7796b1c2d3e4f5a6b7c8d9e0f1"


@pytest.mark.slow
@pytest.mark.programs
@pytest.mark.parametrize(
    ("label", "line"),
    [("version=1.0.0", 10), ("service_git_ref={second}", 9)],
)
def test_it_tells_which_line_leaks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, label: str, line: int) -> None:
    """Line 9 has code in both texts, and both were committed before the snapshots."""
    folder = workspace(tmp_path, monkeypatch)
    shutil.rmtree(tmp_path / "kept/api/api-b")
    repository = Repository(folder)
    commits = {}
    for name, text, tag in (("first", FIRST, "v1.0.0"), ("second", SECOND, "v1.1.0")):
        commits[name] = repository.check_in({"main.go": text}, 1_700_000_000 + len(commits))
        repository.run("tag", tag)
    name, value = label.format(**commits).split("=")
    with parca.serving(tmp_path / "kept", {name: value}) as server:
        settings(folder, server.url, kind="parca")
        fetched = run("fetch", "--every", "1s", "--into", tmp_path / "into")
    assert (fetched.exit_code, fetched.stderr) == (0, "")
    assert all(f"/api-a+{value}/" in path for path in fetched.stdout.splitlines())
    said = json.loads(run("leaks", tmp_path / "into", "--json").stdout)["findings"]
    placed = [(finding["line"], finding["placement"]) for finding in said if finding["verdict"] == "leak"]
    assert placed == [(line, "sure")]


@pytest.mark.parametrize(
    ("comments", "revision", "version"),
    [
        ((), "", ""),
        (("version=1.8.2",), "1.8.2", "1.8.2"),
        ((f"service_git_ref={COMMIT}",), COMMIT, COMMIT[:12]),
        (("version=1.8.2", f"service_git_ref={COMMIT}"), COMMIT, "1.8.2"),
        (("version=1.8.2", "version=1.8.3"), "", ""),
        (("version=1.8.2", f"commit={COMMIT}", "commit=abcdef0"), "", "1.8.2"),
        (("version=latest", "branch=main"), "", ""),
    ],
)
def test_a_commit_is_surer_than_a_version(comments: tuple[str, ...], revision: str, version: str) -> None:
    profile = read(commented(heap("main.keep@/w/main.go:9 = 2x1048576"), *comments))
    assert profile.comments == comments
    known = build(profile, Roots(), ())
    assert (known.revision, known.version) == (revision, version)


@pytest.mark.parametrize("data", [b"", b"heap profile: 1: 2 [3: 4] @ heap/1", b"\x0a\x02\x08\x01", heap()[:40]])
def test_what_is_no_pprof_stays_as_it_is(data: bytes) -> None:
    assert commented(data, "version=1.8.2") is data
