"""The same code of two builds is one site in all runs."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from alloclens.check.sites import table
from alloclens.series.contents import TextChanges
from alloclens.session import once
from alloclens.session.world import FilePair
from alloclens.tables.alignment import align

from tests.support.checked import HOLD, SOURCE, program
from tests.support.profiles import drop, heap

if TYPE_CHECKING:
    from pathlib import Path

    from alloclens.series.comparison import Comparison

RUNS = 3
BYTES = 3
"""The column of inuse_space."""


def edited(run: Comparison) -> Comparison:
    """Return a pair as of two builds, in whose texts the line of `hold` differs."""
    contents, [file] = run.contents, run.contents.head.files
    to = np.arange(len(SOURCE.split("\n")))
    to[HOLD] = 0
    maps = {(file, file): to}
    return replace(
        run,
        contents=contents._replace(changes=TextChanges(maps, {})),
        alignment=align(contents.base, contents.head, maps),
    )


def test_a_line_is_one_site_even_if_only_some_pairs_of_runs_seem_to_be_of_two_builds(tmp_path: Path) -> None:
    app = program(tmp_path / "app")
    runs = []
    for i in range(RUNS):
        base, head = (
            drop(app.folder / side / f"{i}.pb.gz", heap(f"main.hold@{app.folder}/main.go:{HOLD} = {held}x1024"))
            for side, held in (("base", 20), ("head", 30))
        )
        world = once.two_files([str(app.folder)], FilePair(str(base), str(head)), {})
        runs.append(world.named.comparison)
    for pairs in (runs, [*map(edited, runs)], [*runs[:-1], edited(runs[-1])]):
        made = table(pairs, RUNS, RUNS, "owned-line", BYTES)
        for side, held in ((made.base, 20 * 1024), (made.head, 30 * 1024)):
            assert [run.value[:, BYTES].tolist() for run in side] == [[held]] * RUNS
