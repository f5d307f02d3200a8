"""What `alloclens leaks` says of a line that leaks on some instances of a service."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.support.kept import LEAK, run, run_pod, workspace

if TYPE_CHECKING:
    from pathlib import Path


pytestmark = pytest.mark.slow


def test_a_leak_that_came_with_a_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = workspace(tmp_path, monkeypatch)
    kept = tmp_path / "deployed"
    for pod, leaked, version in (("a", 200, "1.8.2"), ("b", 150, "1.8.2"), ("c", 0, "1.8.1")):
        run_pod(folder, kept / "api" / pod, leaked, version=version)
    run_pod(folder, kept / "api" / "new", 0, version="1.8.2", snapshots=10)
    run_pod(folder, kept / "api" / "gone", 0, version="1.8.0", ended=7200)
    words = "leak on 2 of 4 instances (a, b) since version 1.8.2, too early to tell on 1"
    listed = run("leaks", kept).stdout
    assert listed.count("  Leak: ") == 1
    assert f"\n  {words}\n" in listed
    assert run("leaks", kept, "--all").stdout.count(words) == 2
    found = [
        finding for finding in json.loads(run("leaks", kept, "--json").stdout)["findings"] if finding["line"] == LEAK
    ]
    assert [finding["series"] for finding in found] == ["api/a", "api/b"]
    assert [finding["instances"] for finding in found] == [
        {
            "running": 4,
            "found": ["api/a", "api/b"],
            "unproven": 0,
            "early": 1,
            "since": "1.8.2",
            "message": words,
        }
    ] * 2


def test_a_leak_on_one_instance(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    workspace(tmp_path, monkeypatch)
    assert "\n  leak only on api-a, of 2 instances\n" in run("leaks", tmp_path / "kept").stdout
    of_one = json.loads(run("leaks", tmp_path / "kept/api/api-a", "--json").stdout)["findings"]
    assert [finding["instances"] for finding in of_one if finding["line"] == LEAK] == [None]
