"""alloclens top --json against go tool pprof, to the byte, on real profiles."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections import Counter
from pathlib import Path

import pytest
from alloclens.cli import main
from alloclens.profile.formats import read
from click.testing import CliRunner

from scripts import tools

PROFILES = os.environ.get("ALLOCLENS_PROFILES")
needs_profiles = pytest.mark.skipif(not PROFILES, reason="ALLOCLENS_PROFILES names no folder of real profiles")
SINGLE = [
    "allocs-2025-benthos.prof",
    "heap-2017-no-symbols.out",
    "heap-2020-parca-4661-samples.pb.gz",
    "heap-2020-vendor.out",
    "heap-2022-17655-samples-raw.pprof",
    "heap-2022-trimpath-delta.prof",
    "heap-2022-windows.pprof",
    "heap-2026-huge-lines.prof",
    "heap-diff-base-label.pb.gz",
    "pair-benthos/heap-after.pprof",
    "pair-benthos/heap-before.pprof",
    "pair-ddtrace/heap-after.pprof",
    "pair-ddtrace/heap-before.pprof",
    "series-parca/heap-1644509272.pb.gz",
    "series-parca/heap-1644509290.pb.gz",
    "series-parca/heap-1644509299.pb.gz",
]
PAIRS = [
    ("pair-benthos/heap-after.pprof", "pair-benthos/heap-before.pprof"),
    ("pair-ddtrace/heap-after.pprof", "pair-ddtrace/heap-before.pprof"),
    ("series-parca/heap-1644509299.pb.gz", "series-parca/heap-1644509272.pb.gz"),
]
ROW = re.compile(
    r"\s*(?P<flat>-?\d+)B?\s+\S+%\s+\S+%\s+(?P<cum>-?\d+)B?\s+\S+%  (?P<name>.*?)"
    r"( \((partial-)?inline\))?$"
)
TOTAL = re.compile(r"of (-?\d+)B? total")

Rows = Counter[tuple[int, int, str]]


def pprof(head: Path, base: Path | None, sample_type: str, by: str, *more: str) -> tuple[int, Rows]:
    """Return the total and the rows of go tool pprof: flat, cum and name, in any order."""
    options = [*pprof_options(base, sample_type, by), *more]
    done = subprocess.run(
        [tools.go(), "tool", "pprof", *options, head], capture_output=True, text=True, check=True, timeout=300
    )
    return printed_rows(done.stdout)


def pprof_options(base: Path | None, sample_type: str, by: str) -> list[str]:
    options = ["-symbolize=none", "-top", f"-{by}s", "-nodefraction=0", "-nodecount=0", "-unit=B"]
    return [*options, f"-sample_index={sample_type}", *([f"-diff_base={base}"] if base else [])]


def printed_rows(said: str) -> tuple[int, Rows]:
    rows = [found for line in said.split("\n") if (found := ROW.match(line))]
    return int(TOTAL.search(said)[1]), Counter((int(r["flat"]), int(r["cum"]), r["name"]) for r in rows)


def ours(head: Path, base: Path | None, sample_type: str, by: str, *more: str) -> tuple[int, Rows]:
    arguments = [head, "--json", "--by", by, "--sample-type", sample_type, *(["--base", base] if base else []), *more]
    result = CliRunner().invoke(main, ["top", *map(str, arguments)])
    assert result.exit_code == 0, result.output
    said = json.loads(result.stdout)
    return said["total"], Counter((row["flat"], row["cum"], printed(row)) for row in said["rows"])


def printed(row: dict[str, object]) -> str:
    """Return a row's name as pprof prints it."""
    place = f"{row['file']}:{row['line']}" if row["line"] else row["file"]
    known = " ".join(str(part) for part in (row["function"], place) if part)
    return known or (f"[{Path(str(row['binary'])).name}]" if row["binary"] else "<unknown>")


def assert_equal(head: Path, base: Path | None) -> None:
    compared = 0
    for kind in read(head.read_bytes()).sample_types:
        for by in ("line", "function"):
            theirs, our = pprof(head, base, kind.type, by), ours(head, base, kind.type, by)
            assert our == theirs, (kind, by)
            compared += len(theirs[1])
    assert compared > 0


@needs_profiles
@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", SINGLE)
def test_every_go_heap_profile(name: str) -> None:
    assert_equal(Path(PROFILES, "go", name), None)


@needs_profiles
@pytest.mark.timeout(300)
@pytest.mark.parametrize(("head", "base"), PAIRS, ids=lambda n: n)
def test_with_a_base(head: str, base: str) -> None:
    assert_equal(Path(PROFILES, "go", head), Path(PROFILES, "go", base))


@needs_profiles
def test_no_heap_profile_is_forgotten() -> None:
    folder = Path(PROFILES, "go")
    there = {str(p.relative_to(folder)) for p in folder.rglob("*") if re.search(r"(heap|allocs)", p.name)}
    assert {n for n in there if not n.endswith(".txt")} == set(SINGLE)


@pytest.mark.timeout(300)
def test_fresh_profiles_of_the_leaky_example(leaky_profiles: list[Path]) -> None:
    first, *_, last = leaky_profiles
    assert_equal(last, None)
    assert_equal(last, first)
