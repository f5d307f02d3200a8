"""Profiles of real Go builds of the leaky example: whatever paths the build recorded, the lines are found."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
from alloclens.store.once import world
from alloclens.store.settings import Settings

from scripts import leaky

if TYPE_CHECKING:
    from pathlib import Path

    from alloclens.store.world import World


@pytest.mark.timeout(300)
@pytest.mark.parametrize("flags", [(), ("-trimpath",)], ids=["plain", "trimpath"])
def test_the_lines_of_a_build_are_placed(tmp_path: Path, flags: tuple[str, ...]) -> None:
    example = leaky.copy(tmp_path / "leaky")
    profiles = example / "profiles"
    with leaky.under_load(example, every="1s", flags=flags):
        end = time.monotonic() + 90
        while (missing := unseen(known := look(example, profiles), example)) and time.monotonic() < end:
            time.sleep(0.5)
    assert not missing
    lines = known.shown.head.lines
    assert bool([f for f in lines.files if f.startswith("example.com/leaky/")]) == bool(flags)
    vendored = known.file(str(example / "vendor/example.com/telemetry/telemetry.go"))
    assert len(vendored.rows)
    assert not lines.own[lines.file[vendored.rows]].any()


def look(example: Path, profiles: Path) -> World:
    return world([str(example)], [str(profiles)], Settings(sample_type="alloc_space"))


def unseen(known: World, example: Path) -> set[str]:
    """Return the marked lines that own nothing yet: a small one waits some seconds for its first sample.

    The pool is left out: it allocates one buffer, which one time in seven is not sampled (1 - exp(-1 MiB / 512 KiB)).
    """
    marked = leaky.marked_lines(example)
    del marked["honest pool"]
    return {name for name, (path, line, _) in marked.items() if not owned(known, path, line)}


def owned(known: World, path: Path, line: int) -> float:
    file = known.file(str(path))
    if file is None:
        return 0
    lines, column = file.comparison.head.lines, file.comparison.column
    return sum(lines.value.owned[row, column] for row in file.rows.tolist() if lines.line[row] == line)
