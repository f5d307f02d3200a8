"""`python -m scripts.bench.requests` on small files. Nothing here asserts a time."""

from __future__ import annotations

import sys

import pytest

from scripts.bench import requests


@pytest.mark.programs
@pytest.mark.skipif(sys.platform != "linux", reason="one process renames a file that another watches")
def test_every_row_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(requests, "CALLS", 2)
    monkeypatch.setattr(requests, "PAUSE_SECONDS", 0.1)
    rows = requests.measured(samples=200, snapshots=2, later=2)
    asked = ("hints", "hover", "code actions", "callers", "page of call stacks")
    assert [*rows] == [
        "from the rename to the refresh",
        "the hints after it",
        *(f"{name}, while snapshots arrive" for name in asked),
        "the event loop was kept for",
    ]
    assert all("ms" in text or " s" in text for text in rows.values())
