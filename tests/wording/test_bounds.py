"""Values and growth in words, with their bounds."""

from __future__ import annotations

from math import nan
from typing import TYPE_CHECKING

import pytest
from alloclens.session.line_mapper import MappedFinding
from alloclens.session.once import world
from alloclens.stats.amount import Amount
from alloclens.wording.amounts import amount, growth
from alloclens.wording.hover import WHATEVER_BASE, LinePlaces, markdown

from tests.support.profiles import RATE, drop, heap, profile

if TYPE_CHECKING:
    from pathlib import Path

    from alloclens.series.comparison import Comparison

MB = 1 << 20


@pytest.mark.parametrize(
    ("grown", "plain", "with_interval"),
    [
        (Amount(MB, 0, -2.7 * MB, 2.7 * MB), "no change seen", "no change seen: -2.7MB to +2.7MB"),
        (Amount(MB, 0, 0, 0), "unchanged", "unchanged"),  # nothing is sampled
        (Amount(MB, 0, nan, nan), "no change seen", "no change seen"),
        (Amount(9 * MB, 2 * MB, -MB, 5 * MB), "+2.0MB, may be noise", "+2.0MB (-1.0MB to +5.0MB), may be noise"),
        (
            Amount(9 * MB, 3 * MB, MB, 5 * MB),
            "+3.0MB, may be noise",
            "+3.0MB (+1.0MB to +5.0MB), may be noise among so many lines",
        ),
        (Amount(9 * MB, -MB, -MB, -MB), "-1.0MB, may be chance", "-1.0MB, may be chance"),  # an exact number
        (Amount(9 * MB, 8 * MB, 5 * MB, 12 * MB, significant=True), "▲8.0MB", "▲8.0MB (+5.0MB to +12.0MB)"),
    ],
)
def test_growth(grown: Amount, plain: str, with_interval: str) -> None:
    assert (growth(grown, "bytes"), growth(grown, "bytes", interval=True)) == (plain, with_interval)


def compared(folder: Path, stack: str, rate: int = RATE) -> tuple[Comparison, int]:
    """Return a comparison of one snapshot with one line, and its row."""
    (folder / "main.go").write_text("package main\n" * 20)
    drop(folder / "p/0.pb.gz", heap(f"main.f@{folder}/main.go:2 = {stack}", rate=rate))
    (comparison,) = world([str(folder)], [str(folder / "p")], {}).comparisons
    return comparison, comparison.lines.row_of(f"{folder}/main.go", 2)


def title(comparison: Comparison, row: int) -> str:
    return markdown(comparison, row, [], lambda _: None).split("\n")[0]


@pytest.mark.parametrize(
    ("base", "is_said"), [("first", False), ("0.pb.gz", False), ("previous", True), ("2.pb.gz", True)]
)
def test_a_verdict_beside_growth_since_another_base(tmp_path: Path, base: str, is_said: bool) -> None:
    """Growth of 1 MB since the previous snapshot stands beside a verdict about 7 MB since the first."""
    (tmp_path / "main.go").write_text("package main\n" * 20)
    for i in range(8):
        stack = f"main.f@{tmp_path}/main.go:2 = {(i + 1) * 16}x65536"
        drop(tmp_path / f"p/{i}.pb.gz", heap(stack, seconds=1_700_000_000 + 60 * i))
    (comparison,) = world([str(tmp_path)], [str(tmp_path / "p")], {"base": base}).comparisons
    places = LinePlaces(lambda _: MappedFinding(None, "", None), lambda _: ("", ""), lambda _: "")
    said = markdown(comparison, comparison.lines.row_of(f"{tmp_path}/main.go", 2), [], places)
    assert "over 7.0min, 8 snapshots" in said
    assert (WHATEVER_BASE in said) == is_said


@pytest.mark.parametrize(
    ("sampled", "low", "high"),
    [(1, 0.005, 7.430), (3, 0.338, 10.978), (10, 3.717, 21.398), (30, 17.766, 47.195)],
)
def test_a_value_has_the_limits_of_a_count(tmp_path: Path, sampled: int, low: float, high: float) -> None:
    """Garwood's limits of a Poisson mean at 99 %: each sampled object of 8 B stands for 512 kB."""
    comparison, row = compared(tmp_path, f"{sampled * 65536}x8")
    found = [bound / RATE for bound in comparison.bounds(row, "owned")]
    assert max(0, 0.95 * low - 0.03) <= found[0] <= low * 1.01
    assert high * 0.99 <= found[1] <= high * 1.03
    said = f"(99 %: {amount(found[0] * RATE, 'bytes')} to {amount(found[1] * RATE, 'bytes')}, {sampled} sampled object"
    assert said in title(comparison, row)


def test_a_value_that_is_not_sampled_is_exact(tmp_path: Path) -> None:
    assert title(*compared(tmp_path, "7x100", rate=1)).startswith("**700B owned** · 100% of 700B")


def test_an_interval_whose_ends_read_alike_is_left_out(tmp_path: Path) -> None:
    comparison, row = compared(tmp_path, f"1000x{MB}", rate=RATE // 8)
    low, high = comparison.bounds(row, "flat")
    assert 999 * MB < low < high < 1001 * MB
    assert title(comparison, row).startswith("**1000MB owned** (1000 sampled objects) · ")


def test_a_hover_leaves_out_the_sample_types_that_the_line_does_not_have(tmp_path: Path) -> None:
    (tmp_path / "main.go").write_text("package main\n" * 20)
    types = "alloc-space/bytes heap-space/bytes gpu-space/bytes"
    drop(
        tmp_path / "p/0.pprof",
        profile(types, f"main.f@{tmp_path}/main.go:2 = 7 0 0", f"main.g@{tmp_path}/main.go:3 = 7 9 1"),
    )
    (comparison,) = world([str(tmp_path)], [str(tmp_path / "p")], {}).comparisons
    rows = [comparison.lines.row_of(f"{tmp_path}/main.go", line) for line in (2, 3)]
    said = [markdown(comparison, row, [], lambda _: None) for row in rows]
    assert [[kind in text for kind in ("- alloc", "- **heap", "- gpu")] for text in said] == [
        [True, True, False],
        [True] * 3,
    ]
