"""The few lines of docs/formats.md that write a snapshot of tracemalloc as pprof, run as they stand there."""

from __future__ import annotations

import re
import sys
import tracemalloc
from pathlib import Path

from alloclens.profile.formats import read
from alloclens.tables.top import top

DOCS = Path(__file__).resolve().parents[2] / "docs" / "formats.md"


def test_a_snapshot_as_pprof(tmp_path: Path) -> None:
    code = next(
        block
        for block in re.findall(r"```python\n(.*?)```", DOCS.read_text("utf-8"), re.DOTALL)
        if "tracemalloc" in block
    )
    module: dict = {}
    exec(code, module)
    tracemalloc.start(25)
    try:
        kept = [bytearray(10_000) for _ in range(100)]
        line = sys._getframe().f_lineno - 1
        snapshot = tracemalloc.take_snapshot()
    finally:
        tracemalloc.stop()
    module["write"](str(tmp_path / "heap.pb.gz"), snapshot)
    profile = read((tmp_path / "heap.pb.gz").read_bytes())
    rows = {(row.file, row.line): row.flat for row in top(profile, 1, "line", "flat").rows() if row.flat}
    assert rows == {(s.traceback[0].filename, s.traceback[0].lineno): s.size for s in snapshot.statistics("lineno")}
    assert rows[__file__, line] > sum(map(len, kept))
    cum = {(row.file, row.line): row.cum for row in top(profile, 1, "line", "flat").rows()}
    assert cum[__file__, line] == rows[__file__, line]
    assert profile.period == 1
