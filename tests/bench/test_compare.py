"""`make bench-compare` on small files. Nothing here asserts a time."""

from __future__ import annotations

import io
import sys

import pytest
from rich.console import Console

from scripts.bench import compare

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="processes are measured with /proc")

ROWS = """--version | top | top --json | leaks | 3 profiles | 300 samples are read | 2 files, 200 | 2 files, 300 | without a cache
from the cache | one snapshot more | hover | flame graph | gin"""


@pytest.mark.programs
@pytest.mark.timeout(300)
def test_a_checkout_beside_itself_has_every_row() -> None:
    this, sizes = compare.here(), compare.Sizes(200, 300, snapshots=3, later=1, files=2)
    (one,) = rounds = compare.compare(this, this, sizes, 1)
    for here, there in one.values():
        assert all(cost.cpu > 0 and cost.wall > 0 and min(cost.peak) > 1 << 20 for cost in (here, there))
    out = io.StringIO()
    Console(file=out, width=300).print(compare.table(rounds, "1234567", "89abcde"))
    assert [row for row in ROWS.replace("\n", " | ").split(" | ") if row not in out.getvalue()] == []


def test_a_row_that_one_checkout_lacks_has_no_ratio() -> None:
    cost = compare.Cost(0.5, 1.0, (3 << 20, 1 << 20))
    out = io.StringIO()
    Console(file=out, width=300).print(compare.table([{"hover": (cost, None)}], "1234567", "89abcde"))
    *_, row = out.getvalue().strip().split("\n")
    cells = [cell.strip() for cell in row.strip().strip("|").split("|")]
    assert cells == ["hover", "–", "500 ms", "–", "–", "1.00 s", "–", "3 + 1 MiB"]
