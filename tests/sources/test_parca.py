"""A series that lies in Parca gives the findings that it gives as files."""

from __future__ import annotations

import json
import os
import re
from typing import TYPE_CHECKING

import pytest
from alloclens.settings.settings import Source
from alloclens.sources.parca import processes
from alloclens.sources.remote import remote

from tests.support import parca
from tests.support.kept import LEAK, MOMENT, SNAPSHOTS, findings, run, settings, workspace
from tests.support.server import profile_server

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return workspace(tmp_path, monkeypatch)


@pytest.mark.slow
def test_the_findings_are_those_of_the_files(folder: Path, tmp_path: Path) -> None:
    with parca.serving(tmp_path / "kept") as server:
        settings(folder, server.url, kind="parca")
        said = run("sources").stdout
        assert re.fullmatch(rf"prod: parca at {server.url}: 1 job, newest heap {MOMENT}\n", said)
        fetched = run("fetch", "--every", "1s", "--into", tmp_path / "into")
        assert (fetched.exit_code, fetched.stderr) == (0, "")
        assert len(fetched.stdout.splitlines()) == 2 * SNAPSHOTS
        assert run("fetch", "--every", "1s", "--into", tmp_path / "into").stderr == "prod: nothing new\n"
    for pod, leaks in (("api-a", True), ("api-b", False)):
        expected = findings(tmp_path / "kept/api" / pod)
        assert findings(tmp_path / "into/api" / pod) == expected
        assert any(f["line"] == LEAK and f["verdict"] == "leak" for f in expected) == leaks


@pytest.mark.slow
@pytest.mark.programs
@pytest.mark.skipif("PARCA" not in os.environ, reason="PARCA names no program of Parca")
def test_the_same_from_parca_itself(folder: Path, tmp_path: Path) -> None:
    with parca.real(os.environ["PARCA"], tmp_path / "kept", tmp_path) as url:
        settings(folder, url, kind="parca")
        fetched = run("fetch", "--every", "1s", "--into", tmp_path / "into")
        assert (fetched.exit_code, fetched.stderr) == (0, "")
        assert len(fetched.stdout.splitlines()) == 2 * SNAPSHOTS
    for pod in ("api-a", "api-b"):
        assert findings(tmp_path / "into/api" / pod) == findings(tmp_path / "kept/api" / pod)


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
    assert (fetched.exit_code, fetched.stdout) == (1, "")
    assert "is left out: " in fetched.stderr


@pytest.mark.parametrize(
    ("time", "taken"),
    [
        ("2026-02-28T00:00:00.5Z", 1772236800500),  # date -d 2026-02-28T00:00:00Z +%s
        ("2026-02-30T00:00:00Z", 0),
        ("2026-02-28T25:00:00Z", 0),
        ("0000-01-01T00:00:00Z", 0),
        ("yesterday", 0),
    ],
)
def test_a_time_that_is_none_is_0(time: str, taken: int) -> None:
    kinds = {"types": [{"name": "memory", "sampleType": "inuse_space"}]}
    series = {"series": [{"samples": [{"timestamp": time, "value": "1"}]}]}
    with profile_server() as server:
        server.answers = lambda path, _: json.dumps(series if "query_range" in path else kinds).encode()
        found = processes(remote(Source(name="prod", type="parca", url=server.url), "/w"), 3600)
    assert [one.newest for one in found] == [taken]
