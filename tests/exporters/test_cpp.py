"""C++, with profiles as gperftools writes them."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from tests.exporters.shops import KEEPS, LEAKS, SNAPSHOTS, a_minute_apart, seen
from tests.support import native, tools

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [
    pytest.mark.programs,
    pytest.mark.skipif(sys.platform != "linux", reason="the program reads /proc/self/maps"),
    pytest.mark.skipif(not native.compiler(), reason="no C++ compiler here"),
]
pytest.importorskip("symbolic", reason="the extra alloclens[binaries] is not installed")


async def test_two_leaks_and_an_honest_neighbour(tmp_path: Path) -> None:
    source, profiler = (
        tools.put(tools.PROGRAMS / "cpp" / name, tmp_path / name) for name in ("shop.cc", "heap_profiler.cc")
    )
    tools.run(*native.compiler(), "-g", "-O1", source, profiler, "-o", "shop", cwd=tmp_path)
    (tmp_path / "profiles").mkdir()
    tools.run("./shop", cwd=tmp_path)
    assert len(a_minute_apart(tmp_path / "profiles")) == SNAPSHOTS
    shop = (await seen(tmp_path, [source]))["shop.cc"]
    assert shop.findings == dict.fromkeys(LEAKS, "growing")
    for leak in LEAKS:
        assert "▲" in shop.hints[leak]
        assert "~" not in shop.hints[leak]
    assert "▲" not in shop.hints[KEEPS]
