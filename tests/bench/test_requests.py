"""`python -m scripts.bench requests` on small files. Nothing here asserts a time."""

from __future__ import annotations

import json
import pkgutil
import sys
from typing import TYPE_CHECKING

import pytest

from scripts.bench import __main__ as bench
from scripts.bench import requests

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.programs
@pytest.mark.skipif(sys.platform != "linux", reason="one process renames a file that another watches")
def test_every_row_is_measured_and_written(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(requests, "QUICK", ((200, 2, 2),))
    monkeypatch.setattr(requests, "CALLS", 2)
    monkeypatch.setattr(requests, "PAUSE_SECONDS", 0.1)
    file = tmp_path / "figures.json"
    monkeypatch.setattr(sys, "argv", ["bench", "--quick", "--json", str(file), "requests"])
    bench.main()
    rows = json.loads(file.read_text())["parts"]["requests"]["figures"]["200 samples, 2 snapshots"]
    asked = ("hints", "hover", "code actions", "callers", "page of call stacks")
    assert [*rows] == [
        "from the rename to the refresh",
        "the hints after it",
        *(f"{name}, while snapshots arrive" for name in asked),
        "the event loop was kept for",
    ]
    assert all(0 < row["p50"] <= row["p99"] for row in rows.values() if "p50" in row)
    table = capsys.readouterr().out
    assert all(row in table for row in rows)


def test_each_part_exists() -> None:
    assert all(callable(pkgutil.resolve_name(f"scripts.bench.{name}:measure")) for name in bench.SECTIONS)


def test_an_unknown_part_is_refused(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "argv", ["bench", "reeding"])
    with pytest.raises(SystemExit):
        bench.main()
    assert "reading" in capsys.readouterr().err
