"""C++ with gperftools and jemalloc, and with profiles as gperftools writes them."""

from __future__ import annotations

import sys
from ctypes.util import find_library
from typing import TYPE_CHECKING

import pytest

from tests.exporters.shops import INSTALLED, SNAPSHOTS, a_minute_apart, assert_found, seen
from tests.support import native, tools

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [
    pytest.mark.programs,
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="the program reads /proc/self/maps"),
    pytest.mark.skipif(not native.compiler(), reason="no C++ compiler here"),
]
pytest.importorskip("symbolic", reason="the extra alloclens[binaries] is not installed")


SETTINGS = {
    "tcmalloc": {
        "HEAPPROFILE": "shop",
        "HEAP_PROFILE_ALLOCATION_INTERVAL": "0",
        "HEAP_PROFILE_INUSE_INTERVAL": "0",
    },
    "jemalloc": {"MALLOC_CONF": "prof:true,lg_prof_sample:14,prof_final:true,prof_prefix:jeprof"},
}


@pytest.mark.parametrize("library", ["", "tcmalloc", "jemalloc"], ids=["as gperftools", "gperftools", "jemalloc"])
async def test_two_leaks_and_an_honest_neighbour(tmp_path: Path, library: str) -> None:
    source, profiler = (
        tools.put(tools.PROGRAMS / "cpp" / name, tmp_path / name) for name in ("shop.cc", "heap_profiler.cc")
    )
    preloaded = find_library(library) if library and INSTALLED.exists() else None
    if library and not preloaded:
        pytest.skip(f"{library} is not installed, or not for `make languages`")
    compiled = [source] if library else [source, profiler]
    tools.run(*native.compiler(), "-g", "-O1", *compiled, "-o", "shop", cwd=tmp_path)
    (tmp_path / "profiles").mkdir()
    settings = [f"{name}={value}" for name, value in SETTINGS.get(library, {}).items()]
    run = [*settings, *([f"LD_PRELOAD={preloaded}"] if library else [])]
    tools.run("sh", "-c", f"{' '.join(run)} exec ./shop", cwd=tmp_path)
    folder = tmp_path if library else tmp_path / "profiles"  # the first two write into the working directory
    assert len(a_minute_apart(folder, "*.heap")) == SNAPSHOTS + bool(library)  # and the one at the exit
    shop = (await seen(tmp_path, [source]))["shop.cc"]
    assert_found(shop)
