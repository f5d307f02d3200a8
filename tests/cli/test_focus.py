"""What an editor shows in focus, against go tool pprof -focus and -ignore: the numbers of lines and functions."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from pathlib import Path

import pytest
from alloclens.profile.formats import read
from alloclens.series.contents import Pair
from alloclens.tables.top import top
from alloclens.transform.difference import total
from alloclens.transform.filters import Filters
from alloclens.transform.patterns import exact

from tests.cli.test_pprof import PROFILES, needs_profiles, pprof, printed
from tests.support.profiles import drop, heap
from tests.support.reading import contents

REAL = [
    ("go/pair-benthos/heap-after.pprof", ""),
    ("go/pair-ddtrace/heap-after.pprof", "go/pair-ddtrace/heap-before.pprof"),
    ("go/goroutine-labels.pb.gz", ""),
]


def heaviest(head: Path, kind: str) -> list[str]:
    """Return some functions with many samples through them, but not all."""
    profile = read(head.read_bytes())
    column = [t.type for t in profile.sample_types].index(kind)
    rows = top(profile, column, "function", "cum").rows(60)
    whole = total(profile, column)
    return [row.function for row in rows if 0.02 * whole < row.cum < 0.9 * whole and row.function][:3]


def compare(head: Path, base: Path | None, focus: tuple[Filters, ...], *options: str) -> int:
    """Compare what is in focus in every sample type with pprof's; return how many rows were equal.

    Two files by function: to lines of another build alloclens gives those of the head.
    """
    equal, by = 0, "function" if base else "line"
    found = contents(Pair(str(head), str(base) if base else None, focus))
    for column, kind in enumerate(found.profile.sample_types):
        _, theirs = pprof(head, base, kind.type, by, *options)
        rows = top(found.profile, column, by, "flat").rows()
        assert Counter((r.flat, r.cum, printed(asdict(r))) for r in rows) == theirs
        equal += len(rows)
    return equal


@needs_profiles
@pytest.mark.timeout(600)
@pytest.mark.parametrize(("head", "base"), REAL)
def test_as_pprof_focuses_and_ignores(head: str, base: str) -> None:
    after, before = Path(PROFILES, head), Path(PROFILES, base) if base else None
    kind = read(after.read_bytes()).sample_types[-1].type
    equal = 0
    for pattern in map(exact, heaviest(after, kind)):
        equal += compare(after, before, (Filters(focus=pattern),), f"-focus={pattern}")
        equal += compare(after, before, (Filters(ignore=pattern),), f"-ignore={pattern}")
    assert equal > 100


def test_steps_narrow_one_after_the_other(tmp_path: Path) -> None:
    """By hand: of 5 through f, 3 through g, 2 through both, only the latter are left."""
    path = drop(tmp_path / "a.pb.gz", heap("x@/w/x.go:1 < f@/w/f.go:1 = 5x8", "x@/w/x.go:1 < g@/w/g.go:1 = 3x8",
                                           "x@/w/x.go:1 < g@/w/g.go:1 < f@/w/f.go:2 = 2x8"))  # fmt: skip
    steps = Filters(focus=exact("f")), Filters(focus=exact("g"))
    left = [contents(Pair(str(path), None, steps[:n])).profile.values[:, -1].sum() for n in range(3)]
    assert left == [80, 56, 16]
    found = contents(Pair(str(path), None, steps))
    assert found.head.value.flat[:, -1].sum() == 16
    assert found.whole.value.flat[:, -1].sum() == 80
