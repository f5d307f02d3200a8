"""Rust with jemalloc: its own dumps, and those of jemalloc_pprof."""

from __future__ import annotations

import shutil
import sys
from typing import TYPE_CHECKING

import pytest

from tests.exporters.shops import INSTALLED, KEEPS, LEAKS, SNAPSHOTS, a_minute_apart, seen
from tests.support import tools

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [
    pytest.mark.programs,
    pytest.mark.slow,
    pytest.mark.timeout(600),
    pytest.mark.skipif(sys.platform != "linux", reason="jemalloc's profiler reads /proc/self/maps"),
    pytest.mark.skipif(not INSTALLED.exists(), reason="`make languages` compiles the crates"),
]
pytest.importorskip("symbolic", reason="the extra alloclens[binaries] is not installed")


@pytest.mark.parametrize("form", ["heap_v2", "pprof"])
async def test_two_leaks_and_an_honest_neighbour(tmp_path: Path, form: str) -> None:
    crate = tools.PROGRAMS / "jemalloc"
    source, _, _ = (tools.put(crate / name, tmp_path / name) for name in ("src/store.rs", "src/main.rs", "Cargo.toml"))
    compiled = INSTALLED / "cargo"  # the crates are compiled once
    build = ("build", "--release", "--quiet", "--target-dir", compiled)
    tools.run(tools.tool("cargo"), *build, cwd=tmp_path, seconds=tools.CARGO_SECONDS)
    program = tmp_path / "target" / "release" / "shop"
    program.parent.mkdir(parents=True)
    shutil.copy2(compiled / "release" / "shop", program)
    for name in ("heap_v2", "pprof"):
        (tmp_path / name).mkdir()
    tools.run(program, cwd=tmp_path)
    (tmp_path / form).rename(tmp_path / "profiles")
    assert len(a_minute_apart(tmp_path / "profiles")) == SNAPSHOTS
    shop = (await seen(tmp_path, [source]))["store.rs"]
    assert shop.findings == dict.fromkeys(LEAKS, "growing")
    for leak in LEAKS:
        assert "▲" in shop.hints[leak]
        assert "~" not in shop.hints[leak]
    assert "▲" not in shop.hints[KEEPS]
