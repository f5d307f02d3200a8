"""Captures of memray, of a real program, against memray's own tables."""

from __future__ import annotations

import json
import re
import sys
from collections import Counter
from html import unescape
from importlib.util import find_spec
from typing import TYPE_CHECKING

import pytest
from alloclens.profile.errors import Malformed
from alloclens.profile.formats import memray, read
from alloclens.tables.top import top

from tests.support import tools

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [
    pytest.mark.programs,
    pytest.mark.slow,
    pytest.mark.skipif(not find_spec("memray"), reason="the extra alloclens[memray] is not installed"),
]
PACKED = re.compile(r"packed_data = (\[.*\]);?$", re.MULTILINE)


def table(capture: Path, *options: str) -> tuple[Counter[str], Counter[str]]:
    """Return the bytes and allocations by function and line, as `memray table` shows them."""
    page = capture.with_suffix(".html")
    tools.run(sys.executable, "-m", "memray", "table", "-f", *options, "-o", page, capture, cwd=capture.parent)
    space, objects = Counter[str](), Counter[str]()
    for row in json.loads(PACKED.search(page.read_text())[1]):
        space[unescape(row["stack_trace"])] += row["size"]
        objects[unescape(row["stack_trace"])] += row["n_allocations"]
    return space, objects


@pytest.mark.parametrize("aggregate", [False, True])
def test_a_real_program(tmp_path: Path, aggregate: bool) -> None:
    made = tools.memray(tmp_path, aggregate=aggregate)
    profile = read(made.path.read_bytes())
    assert [t.type for t in profile.sample_types] == ["peak_objects", "peak_space", "inuse_objects", "inuse_space"]
    for columns, options in (((1, 0), ()), ((3, 2), ("--leaks",))):
        for column, wanted in zip(columns, table(made.path, *options), strict=True):
            got = Counter[str]()
            for row in top(profile, column, "line", "flat").rows():
                got[f"{row.function} at {row.file}:{row.line}"] += row.flat
            assert {name: got[name] for name in wanted} == dict(wanted)
            assert top(profile, column, "line", "flat").total == wanted.total()
    rows = {row.line: row for row in top(profile, 3, "line", "flat").rows() if row.file == made.source.as_posix()}
    assert 1_000_000 < rows[made.line("leaks")].flat < 1_010_000  # 100 of 10,000 bytes
    assert made.line("churns") not in {line for line, row in rows.items() if row.flat}
    assert abs(made.path.stat().st_mtime - profile.time_nanos / 1e9) < 60


def test_a_damaged_capture_is_an_error(tmp_path: Path) -> None:
    data = tools.memray(tmp_path).path.read_bytes()
    for bad in (data[: len(data) // 4], data[:64], memray.MAGIC + b"x" * 100):
        with pytest.raises(Malformed, match="memray cannot read it"):
            read(bad)


def test_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memray, "find_spec", lambda _: None)
    with pytest.raises(Malformed, match=r"pip install memray$"):
        read(memray.MAGIC)
