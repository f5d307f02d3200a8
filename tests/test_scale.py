"""The simulation of docs/scale.md, with fewer processes: what is fetched does not grow with their snapshots."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from scripts import scale
from tests.support.fleet import LEAK
from tests.support.server import profile_server

if TYPE_CHECKING:
    from pathlib import Path

PODS, LEAKING, SNAPSHOTS = 40, 2, 2000


@pytest.mark.programs
@pytest.mark.slow
def test_few_snapshots_of_many_are_fetched(tmp_path: Path) -> None:
    made = scale.fleet(tmp_path / "w", PODS, SNAPSHOTS, LEAKING)
    with profile_server() as server:
        server.answers = made.answer
        seconds = SNAPSHOTS * scale.EVERY_SECONDS
        result = asyncio.run(scale.measured(server, made, tmp_path, seconds, 120, most=LEAKING))
    assert result.line == LEAK
    assert set(result.first[:LEAKING]) == {"api-0", "api-1"}
    assert 0 < result.files <= LEAKING * 61
    assert made.asked["SelectMergeProfile"] <= 4 * result.files
    assert made.asked["SelectSeries"] == 3 + LEAKING  # in three lengths of intervals
    assert made.longest_span <= 2 * SNAPSHOTS // 60
