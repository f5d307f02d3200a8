"""Every part of `make bench` on a small file. Nothing here asserts a time."""

from __future__ import annotations

import io
import json
import subprocess
from typing import TYPE_CHECKING

import pytest
from rich.console import Console

from scripts.bench import ours, prepare
from scripts.bench.candidates import RATIOS, candidates
from scripts.bench.machine import machine
from scripts.bench.rounds import Measured, measure_all
from scripts.bench.table import duration, significant, table
from tests.bench import generate

if TYPE_CHECKING:
    from pathlib import Path

    from scripts.bench.candidates import Candidate

pytestmark = pytest.mark.timeout(600)  # the first time, Go compiles pprof and its standard library


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("bench") / "small.pb.gz"
    file.write_bytes(generate.profile(generate.Shape(300)))
    return file


@pytest.fixture(scope="module")
def compared() -> list[Candidate]:
    return candidates()


@pytest.mark.programs
def test_one_round_fills_every_row(small: Path, compared: list[Candidate]) -> None:
    found = measure_all(compared, small, 1)
    assert all(m.seconds > 0 and m.peak > 1 << 20 for m in found.values())
    text = printed({"small": found}, compared)
    assert all(c.name in text for c in compared)
    assert all(r.name in text for r in RATIOS if {r.over, r.under} <= set(found))


def printed(found: dict[str, dict[str, Measured]], compared: list[Candidate]) -> str:
    out = io.StringIO()
    Console(file=out, width=1000).print(table(found, compared))
    return out.getvalue()


@pytest.mark.programs
def test_go_counts_what_we_count(small: Path) -> None:
    """Two programs that count differently would not be worth comparing."""
    done = subprocess.run([prepare.gopprof(), "table", "1", small], check=True, capture_output=True)
    theirs, rows = json.loads(done.stdout), ours.table(small.read_bytes()).rows()
    assert len(rows) > 100
    assert theirs["rows"] == len(rows)
    assert (theirs["flat"], theirs["cum"]) == (sum(r.flat for r in rows), sum(r.cum for r in rows))


@pytest.mark.programs
def test_the_shape_is_counted(small: Path) -> None:
    assert prepare.shape(small).startswith("300 samples, ")


def test_numbers_have_three_digits() -> None:
    assert [significant(v) for v in (0.5, 9.99, 9.996, 99.9, 99.96, 1234)] == [
        "0.50",
        "9.99",
        "10.0",
        "99.9",
        "100",
        "1234",
    ]
    assert (duration(1.5), duration(0.0123)) == ("1.50 s", "12.3 ms")


def test_the_machine_has_no_name() -> None:
    import platform

    said = machine()
    assert {"CPU", "Python", "numpy", "Go", "google/pprof"} <= set(said)
    assert platform.node() not in said.values()
