"""Rust with jemalloc: its own dumps, and those of jemalloc_pprof."""

from __future__ import annotations

import shutil
import sys
from typing import TYPE_CHECKING

import pytest

from tests.exporters.shops import INSTALLED, SNAPSHOTS, a_minute_apart, assert_found, seen
from tests.support import tools

if TYPE_CHECKING:
    from pathlib import Path

COMPILE_SECONDS = 2700
"""Compiling jemalloc and its crates for the first time took 26 minutes on two cores that had ten times as much to do."""

pytestmark = [
    pytest.mark.programs,
    pytest.mark.slow,
    pytest.mark.timeout(COMPILE_SECONDS + 300),
    pytest.mark.skipif(sys.platform != "linux", reason="jemalloc's profiler reads /proc/self/maps"),
    pytest.mark.skipif(not INSTALLED.exists(), reason="`make languages` compiles the crates"),
]
pytest.importorskip("symbolic", reason="the extra alloclens[binaries] is not installed")


def put(folder: Path, name: str) -> Path:
    """Copy a file of the crate unless it is there: the program is to be newer than its sources."""
    text, path = (tools.PROGRAMS / "jemalloc" / name).read_bytes(), folder / name
    if not path.exists() or path.read_bytes() != text:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text)
    return path


@pytest.mark.parametrize("form", ["heap_v2", "pprof"])
async def test_two_leaks_and_an_honest_neighbour(tmp_path: Path, form: str) -> None:
    folder = INSTALLED / "rust"
    source, _, _ = (put(folder, name) for name in ("src/store.rs", "src/main.rs", "Cargo.toml"))
    build = tools.tool("cargo"), "build", "--release", "--quiet", "--target-dir", tools.CARGO_TARGET
    tools.run(*build, cwd=folder, seconds=COMPILE_SECONDS)
    program = folder / "target" / "release" / "shop"  # as cargo does it without that option
    program.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy2(tools.CARGO_TARGET / "release" / "shop", program)
    for name in ("heap_v2", "pprof"):
        (tmp_path / name).mkdir()
    tools.run(program, cwd=tmp_path)
    shutil.rmtree(folder / "profiles", ignore_errors=True)
    shutil.copytree(tmp_path / form, folder / "profiles")
    assert len(a_minute_apart(folder / "profiles")) == SNAPSHOTS
    shop = (await seen(folder, [source]))["store.rs"]
    assert_found(shop)
