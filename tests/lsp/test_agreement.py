"""Every view says the same of a line's growth: hint, hover, hot lines, stacks, findings and diagnostics, in random worlds."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pytest
from alloclens.lsp import diagnostics, protocol
from alloclens.lsp.client import Client
from alloclens.lsp.document_lines import all_here
from alloclens.lsp.documents import Documents
from alloclens.lsp.features.findings import findings
from alloclens.lsp.features.hot_lines import hot_lines
from alloclens.lsp.features.stacks import stacks
from alloclens.session.once import world
from alloclens.wording.amounts import main
from alloclens.wording.hover import title
from alloclens.wording.kinds import KindRow, side_by_side

from tests.support.profiles import BEGIN, drop, goroutines, heap

if TYPE_CHECKING:
    from pathlib import Path

    from alloclens.session.world import World

LINES = 12
MARKS = "▲▼"
SIZES = (64 << 10, 1 << 20)


class Said(NamedTuple):
    """How many lines of a world were compared."""

    marked: int
    plain: int


def random_world(folder: Path, seed: int, *, of_goroutines: bool) -> World:
    """Return a world whose lines hold what wanders, leaks, comes and goes, or stays; each is called through two others."""
    random = np.random.default_rng(seed)
    (folder / "go.mod").write_text("module example.com/app\n")
    main_go = folder / "main.go"
    main_go.write_text("package main\n" + "".join(f"func f{n}() {{ hold() }}\n" for n in range(2, LINES + 5)))
    many = int(random.integers(2, 14))
    level, leaks = random.integers(0, 60, LINES), random.integers(-3, 6, LINES) * (random.random(LINES) < 0.5)
    sizes = random.choice(SIZES, LINES)
    for number in range(many):
        held = np.maximum(random.poisson(level) + leaks * number, 0)
        stacks = [
            f"main.f{n}@{main_go}:{n} < main.f{n % 3 + LINES + 2}@{main_go}:{n % 3 + LINES + 2} = "
            + (f"{count}" if of_goroutines else f"{count}x{size}/{count + 100 * number}")
            for n, (count, size) in enumerate(zip(held.tolist(), sizes.tolist(), strict=True), 2)
        ]
        name = folder / f"p/{'goroutine' if of_goroutines else 'heap'}.{number:02}.pb.gz"
        drop(name, (goroutines if of_goroutines else heap)(*stacks, seconds=BEGIN + 60.0 * number))
    return world([str(folder)], [str(folder / "p")], {"base": "first"})


def marks(text: str) -> set[str]:
    return {mark for mark in MARKS if mark in text}


async def compared(seen: World, uri: str) -> Said:
    """Compare what is said of each line; return of how many growth is marked, and of how many it is not."""
    documents, shown = Documents(), seen.shown
    ls = SimpleNamespace(world=seen, documents=documents, reported=())
    hot = {
        at.location.range.start.line + 1: at
        for at in await hot_lines(ls, protocol.GetHotLines(protocol.HotLinesQuery()))
    }
    listed = {at.line: at for at in (await findings(ls, protocol.GetFindings())).findings}
    reported = {at.range.start.line + 1: at.message for at in diagnostics.of(seen, documents, Client()).get(uri, ())}
    rows = {line: here for line in range(2, LINES + 5) if (here := all_here(seen, documents, uri, line))}
    for line, (at,) in rows.items():
        if not (stats := shown.stats(at.row)).cum.value:
            continue  # a line that holds nothing any more has no hint
        hint, hover = side_by_side([KindRow(shown, at.row)]), title(shown, at.row)
        measure = main(stats)[0]
        assert marks(hint) == marks(hover), (line, hint, hover)
        assert marks(hover) == ({MARKS[measure.growth < 0]} if measure.significant else set()), (line, hover)
        if line in hot:
            assert hot[line].label == hint
            grown = hot[line].growth
            assert bool(grown and grown.significant) == measure.significant
            assert marks(grown.label if grown else "") == marks(hover)
        else:
            assert not marks(hint), (line, hint, "what grew is a hot line")
        if (finding := shown.finding(at.row)) and not finding.path and line in listed:
            assert marks(listed[line].detail) == marks(hover), (line, listed[line].detail, hover)
            assert marks(hover) <= marks(listed[line].tooltip)
        if line in reported:
            assert marks(reported[line]) == marks(hover), (line, reported[line], hover)
        heaviest = (await stacks(ls, protocol.GetStacks(uri, line - 1))).stacks
        assert not any(marks(stack.label) for stack in heaviest), (
            "of a stack, it is not known whether it grew certainly"
        )
    marked = sum(bool(marks(side_by_side([KindRow(shown, at.row)]))) for (at,) in rows.values())
    return Said(marked, len(rows) - marked)


@pytest.mark.parametrize("of_goroutines", [False, True])
async def test_all_say_the_same(tmp_path: Path, of_goroutines: bool) -> None:
    every = []
    for seed in range(12):
        (folder := tmp_path / str(seed)).mkdir()
        seen = random_world(folder, seed, of_goroutines=of_goroutines)
        every.append(await compared(seen, (folder / "main.go").as_uri()))
    assert min(sum(said.marked for said in every), sum(said.plain for said in every)) > 10
