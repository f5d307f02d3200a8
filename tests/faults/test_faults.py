"""A minute of what `make faults` does for longer."""

from __future__ import annotations

import sys
from random import Random
from typing import TYPE_CHECKING

import pytest

from tests.faults import captures, directories
from tests.faults.kills import at_once, kill
from tests.faults.scene import Scene

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.programs, pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc")]
KILLS = 6
SEED = 20_260_101


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    made = Scene(tmp_path)
    made.prepare()
    return made


def test_nothing_is_lost_and_no_process_is_left_after_kills(scene: Scene) -> None:
    for number in range(0, KILLS, 2):
        at_once(scene, kill, [Random(f"{SEED} {number + i}") for i in (0, 1)])
    scene.check()


def test_odd_entries_that_come_and_go_hide_no_snapshot(scene: Scene) -> None:
    directories.check(scene, Random(SEED))
    scene.check()


def test_captures_are_whole_after_kills(tmp_path: Path) -> None:
    for number in range(3):
        captures.kill(tmp_path / "captures", Random(f"{SEED} {number}"))
