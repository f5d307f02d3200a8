"""What is kept of the owned lines of a snapshot."""

from __future__ import annotations

import numpy as np
from alloclens.profile.formats import read
from alloclens.series.owned import (
    Figures,
    LineNumbers,
    holder_keys,
    holders_that_own,
    keys_in,
    keys_of_parts,
    owned,
    parts,
)
from alloclens.tables.alignment import align
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


def test_a_part_that_one_snapshot_lacks_is_0_there_however_its_line_forks() -> None:
    """In the first snapshot the line has one caller, so its part by caller and the line are the same; later, it has two."""
    helper = f"main.get@/a.go:1 < main.wrap@/a.go:2 < main.%s@/a.go:%d = 1x{RATE}"
    one, two = (
        owned(lines(read(heap(*(helper % of for of in some))), own(lambda _: True)))
        for some in ([("a", 8)], [("a", 8), ("b", 9), ("b", 9)])
    )
    whole = parts(two.key)
    site = (numbers := LineNumbers()).numbers(whole.key)
    values = numbers.figures([one, two], site)[:, 0]
    by_depth = {
        depth: sorted(zip(*(each[whole.depth == depth].tolist() for each in values), strict=True)) for depth in range(4)
    }
    each = [(0, 2 * RATE), (RATE, RATE)]  # called by nothing else: of one further caller, which is none
    assert by_depth == {0: [(RATE, 3 * RATE)], 1: [(RATE, 3 * RATE)], 2: each, 3: each}
    assert numbers.figures([two, one], site)[:, 0].tolist() == values[::-1].tolist()
    assert np.array_equal(numbers.figures([one], site)[0, 0], values[0])


def test_the_keys_that_parts_had_before_their_lines_moved() -> None:
    """Those of an earlier build in which the same functions were declared elsewhere; none for what was not there."""
    own_and_called = ("main.{1}:{2}@/b.go:{2} = 1x1", "main.get:{0}@/a.go:{0} < main.{1}:{2}@/b.go:{2} = 1x1")
    then, now = (
        lines(read(heap(*(stack.format(*of) for of in some for stack in own_and_called))), own(lambda _: True))
        for some in ([(1, "a", 8), (1, "b", 9)], [(2, "a", 9), (2, "b", 12), (2, "c", 8)])
    )
    held = holders_that_own(now)
    of_now = parts(holder_keys(now, held), with_called=True)
    moved = holder_keys(now, held, keys_in(then, now, align(then, now)))
    before = keys_of_parts(of_now, moved).tolist()
    known = set(parts(owned(then).key, with_called=True).key.tolist())
    assert set(before) >= known
    assert len(before) == len(set(before))
    assert sum(key not in known for key in before) == 5  # c, c < none, c with get, get < c, get < c < none
