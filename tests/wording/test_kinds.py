"""Numbers of several kinds of profiles on one line."""

from __future__ import annotations

import pytest
from alloclens.wording.kinds import joined

GOROUTINES, LEAKED = ("500 goroutines", " ▲450"), ("250 leaked goroutines", " ▲150")
BLOCKED = ("1.2s blocked", "")


@pytest.mark.parametrize(
    ("first", "others", "hint"),
    [
        ("32.0MB ▲28.4MB", [], "32.0MB ▲28.4MB"),
        ("32.0MB ▲28.4MB", [GOROUTINES], "32.0MB ▲28.4MB · 500 goroutines ▲450"),
        ("12.5MB ▲11.0MB", [LEAKED], "12.5MB ▲11.0MB · 250 leaked goroutines ▲150"),  # 43 characters
        ("22.5MB cum ▲11.0MB", [LEAKED], "22.5MB cum ▲11.0MB · 250 leaked goroutines"),
        ("12.5MB ▲11.0MB", [LEAKED, BLOCKED], "12.5MB ▲11.0MB · 250 leaked goroutines …"),
        ("32.0MB", [GOROUTINES, BLOCKED], "32.0MB · 500 goroutines ▲450 · 1.2s blocked"),
        ("32.0MB", [GOROUTINES, BLOCKED, BLOCKED], "32.0MB · 500 goroutines ▲450 …"),
        ("~999MB flat · 999MB cum ▲999MB", [("99 goroutines", " ▲9")], "~999MB flat · 999MB cum ▲999MB …"),
    ],
)
def test_as_many_kinds_as_fit(first: str, others: list[tuple[str, str]], hint: str) -> None:
    assert joined(first, others) == hint
    assert len(hint) <= 43
