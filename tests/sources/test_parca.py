"""A series that lies in Parca gives the findings that it gives as files."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.support import parca
from tests.support.kept import LEAK, SNAPSHOTS, findings, run, settings, workspace

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return workspace(tmp_path, monkeypatch)


@pytest.mark.slow
def test_the_findings_are_those_of_the_files(folder: Path, tmp_path: Path) -> None:
    with parca.serving(tmp_path / "kept") as server:
        settings(folder, server.url, kind="parca")
        assert run("sources").stdout == f"prod: parca at {server.url}: 1 job, heaps\n"
        fetched = run("fetch", "--every", "1s", "--into", tmp_path / "into")
        assert (fetched.exit_code, fetched.stderr) == (0, "")
        assert len(fetched.stdout.splitlines()) == 2 * SNAPSHOTS
        assert run("fetch", "--every", "1s", "--into", tmp_path / "into").stderr == "prod: nothing new\n"
    for pod, leaks in (("api-a", True), ("api-b", False)):
        expected = findings(tmp_path / "kept/api" / pod)
        assert findings(tmp_path / "into/api" / pod) == expected
        assert any(f["line"] == LEAK and f["verdict"] == "leak" for f in expected) == leaks


@pytest.mark.slow
def test_one_process_is_selected(folder: Path, tmp_path: Path) -> None:
    with parca.serving(tmp_path / "kept") as server:
        settings(folder, server.url, kind="parca", select='instance="api-b"')
        run("fetch", "--every", "10m", "--into", tmp_path / "into")
    assert [path.name for path in (tmp_path / "into/api").iterdir()] == ["api-b"]


@pytest.mark.slow
@pytest.mark.parametrize("pprof", ["no base64", "", "H4sI"], ids=["text", "empty", "cut"])
def test_what_is_no_profile_is_left_out(folder: Path, tmp_path: Path, pprof: str) -> None:
    with parca.serving(tmp_path / "kept") as server:
        good = server.answers
        server.answers = lambda path, body: (
            json.dumps({"pprof": pprof}).encode() if "single" in path else good(path, body)
        )
        settings(folder, server.url, kind="parca", select='instance="api-b"')
        fetched = run("fetch", "--every", "10m", "--into", tmp_path / "into")
    assert (fetched.exit_code, fetched.stdout) == (0, "")
    assert "is left out: " in fetched.stderr
