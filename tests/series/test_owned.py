"""What is kept of the owned lines of a snapshot."""

from __future__ import annotations

from alloclens.profile.formats import read
from alloclens.series.owned import Figures, owned
from alloclens.tables.lines import lines

from tests.support.judge import own
from tests.support.profiles import RATE, heap


def test_what_was_allocated_is_kept_to_the_byte() -> None:
    """Half a petabyte: in float32 the nearest numbers are 32 MB apart."""
    many = 1_000_000_007
    found = [
        Figures(*owned(lines(read(heap(f"main.f@/a.go:1 = 1x{RATE}/{n}")), own(lambda _: True))).figures())
        for n in (many, many + 1)
    ]
    assert found[1].allocated[0] - found[0].allocated[0] == RATE
    assert found[0].value[0] == RATE
