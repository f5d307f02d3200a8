"""Whether what stacks have allocated shows two processes: worked out by hand, and on simulated processes."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pytest
from alloclens.profile.formats import read
from alloclens.tables.allocations import (
    MAX_COUNT,
    MAX_STACKS,
    StackAllocations,
    of_two_processes,
    profiling,
    rows,
    sketch,
    sketches_differ,
    stack_allocations,
)

from tests.support.profiles import RATE, Builder, goroutines, heap

if TYPE_CHECKING:
    from collections.abc import Sequence

F, G, H = "main.f@/o/a.go:1", "main.g@/o/a.go:5", "main.f@/o/a.go:2"
MB = 1 << 20


@pytest.mark.parametrize(
    ("earlier", "later", "wanted"),
    [
        ((f"{F} = 3x8388608/9",), (f"{F} = 3x8388608/9",), False),
        ((f"{F} = 3x8388608/9",), (f"{F} = 0x8388608/9",), False),  # all freed
        ((f"{F} = 3x8388608/9",), (f"{F} = 5x8388608/11", f"{G} = 1x8"), False),  # and a new stack
        ((f"{F} = 3x8388608/9",), (f"{F} = 3x8388608/8", f"{G} = 1x8388608/99"), True),  # one fell, all in all rose
        ((f"{F} = 3x8388608/9", f"{G} = 0x8/1"), (f"{F} = 3x8388608/99",), True),  # a stack is gone
        ((f"{F} = 3x8388608/9",), (f"{H} = 3x8388608/9",), True),  # another line
        ((f"{F} = 3x8388608/9",), (f"{F} = 7x8388608/10",), True),  # 4 more kept of 1 allocated
        ((f"{F} = 3x8388608/9",), (f"{F} = 6x8388608/10",), False),  # perhaps rounded
        ((f"{F} < {G} = 1x8/9",), (f"{F} = 1x8/9", f"{G} = 1x8/9"), True),  # other stacks on the same lines
    ],
)
def test_by_hand(earlier: Sequence[str], later: Sequence[str], *, wanted: bool) -> None:
    before, after = (stack_allocations(read(heap(*stacks))) for stacks in (earlier, later))
    assert of_two_processes(before, after) is wanted
    assert sketches_differ(sketch(before), sketch(after)) is wanted


def test_the_order_of_samples_does_not_matter() -> None:
    one, other = (
        sketch(stack_allocations(read(heap(*s)))) for s in ((f"{F} = 1x8", f"{G} = 2x9"), (f"{G} = 2x9", f"{F} = 1x8"))
    )
    assert one == other


def test_what_has_no_totals_shows_nothing() -> None:
    before, after = (stack_allocations(read(goroutines(f"{F} = {n}"))) for n in (9, 1))
    assert (rows(sketch(before)), of_two_processes(before, after)) == (0, False)


def test_bytes_alone_show_it_too() -> None:
    def of(allocated: int) -> StackAllocations:
        made = Builder(("alloc_space", "bytes"), ("inuse_space", "bytes"))
        made.sample(F, [allocated, MB])
        return stack_allocations(read(made.bytes()))

    assert [of_two_processes(of(9 * MB), of(later)) for later in (5 * MB, 10 * MB)] == [True, False]


def test_what_writes_profiles_is_told_from_the_programs_work() -> None:
    def of(writer: str) -> int:
        made = Builder(("alloc_space", "bytes"), ("inuse_space", "bytes"))
        made.sample(F, [100, 10])
        made.sample(f"compress/flate.NewWriter@/go/deflate.go:1 < {writer}@/go/pprof.go:1 < {F}", [40, 3])
        return profiling(read(made.bytes()))

    assert of("runtime/pprof.(*Profile).WriteTo") == of("net/http/pprof.handler.ServeHTTP") == 37
    assert of("runtime/pprofs.Write") == profiling(read(goroutines(f"{F} = 9"))) == 0


def test_frames_without_a_name_do_not_tell_stacks_apart() -> None:
    text = "heap profile: 1: 8 [1: 8] @ heap/1048576\n1: 8 [1: 8] @ 0x11 {}\n#\t0x10\tmain.f+0x1\t/o/a.go:1\n"
    one, other = (stack_allocations(read(text.format(address).encode())) for address in ("0x99", "0x88"))
    assert one.stack.tolist() == other.stack.tolist()
    assert one.stack.tolist() == stack_allocations(read(text.format("").encode())).stack.tolist()


def test_stacks_of_addresses_alone() -> None:
    text = "heap profile: {0}: {1} [9: {1}] @ heap/1048576\n{0}: {1} [{0}: {1}] @ {2}\n"
    one, same, elsewhere = (
        stack_allocations(read(text.format(n, n * MB, at).encode()))
        for n, at in ((3, "0x11 0x12"), (4, "0x11 0x12"), (4, "0x11 0x13"))
    )
    assert (of_two_processes(one, same), of_two_processes(one, elsewhere)) == (False, True)


@dataclass
class Process:
    """Sampled objects of each stack: how many were allocated and are in use."""

    rng: np.random.Generator
    work: np.ndarray
    """Sampled objects that each stack allocates in a minute; those of the first part only once, at the start."""
    size: np.ndarray
    allocated: np.ndarray = field(init=False)
    in_use: np.ndarray = field(init=False)

    def __post_init__(self) -> None:
        self.once = np.arange(len(self.work)) < len(self.work) // 4
        self.allocated = np.where(self.once, self.rng.poisson(self.work), 0)
        self.in_use = self.allocated.copy()

    def run(self, minutes: float) -> None:
        """Allocate, and free most."""
        new = np.where(self.once, 0, self.rng.poisson(self.work * minutes))
        self.allocated += new
        self.in_use = self.rng.binomial(self.in_use + new, np.where(self.once, 1, 0.3))

    def proto(self) -> bytes:
        """Write it as Go does: both numbers whole, both cut off."""
        made = Builder(
            ("alloc_objects", "count"), ("alloc_space", "bytes"), ("inuse_objects", "count"), ("inuse_space", "bytes")
        )
        for i, (size, *counts) in enumerate(zip(self.size.tolist(), self.allocated, self.in_use, strict=True)):
            if counts[0]:
                p = -math.expm1(-size / RATE)
                values = [int(n / p * each) for n in counts for each in (1, size)]
                made.sample(f"main.f{i}@/o/a.go:{i + 1} < main.main@/o/a.go:9999", values, bytes=size)
        made.message.period = RATE
        return made.message.SerializeToString()

    def text(self) -> bytes:
        """Write the same with ?debug=1."""
        stacks = zip(self.size.tolist(), self.allocated.tolist(), self.in_use.tolist(), strict=True)
        said = "".join(
            f"{live}: {live * size} [{n}: {n * size}] @ {16 * i + 1:#x} 0xfff1\n"
            f"#\t{16 * i:#x}\tmain.f{i}+0x1\t/o/a.go:{i + 1}\n#\t0xfff0\tmain.main+0x1\t/o/a.go:9999\n\n"
            for i, (size, n, live) in enumerate(stacks)
            if n
        )
        return f"heap profile: 1: 1 [2: 2] @ heap/{2 * RATE}\n{said}".encode()


def process(seed: int, stacks: int, load: float = 1.0) -> Process:
    truth = np.random.default_rng(99)  # the same program each time
    size = truth.choice([16, 4096, 65_536, 700_000, 1_200_000, 8_000_000], stacks)
    return Process(np.random.default_rng(seed), load * truth.exponential(1, stacks), size)


@pytest.mark.parametrize("stacks", [40, 600])
@pytest.mark.parametrize("form", ["proto", "text"])
def test_a_process_is_always_taken_for_one(stacks: int, form: str) -> None:
    for seed in range(3):
        one = process(seed, stacks)
        found = []
        for minutes in (0.01, 0.2, 1, 5, 30):
            one.run(minutes)
            found.append(stack_allocations(read(getattr(one, form)())))
        pairs = [(a, b) for i, a in enumerate(found) for b in found[i:]]
        assert not any(of_two_processes(a, b) or sketches_differ(sketch(a), sketch(b)) for a, b in pairs)
        assert rows(sketch(found[-1])) == min(len(found[-1].stack), MAX_STACKS)


def test_both_forms_of_a_process_are_one() -> None:
    one = process(1, 60)
    text = stack_allocations(read(one.text()))
    one.run(2)
    assert not of_two_processes(text, stack_allocations(read(one.proto())))


@pytest.mark.parametrize("stacks", [40, 1500])
def test_an_unseen_restart_is_seen(stacks: int) -> None:
    """The later process has allocated more in all, by a little or ten times as much."""
    passed = []
    for seed in range(20):
        first, second = process(seed, stacks), process(1000 + seed, stacks)
        first.run(10)
        second.run((11, 15, 30, 100)[seed % 4])
        assert second.allocated.sum() > first.allocated.sum()
        before, after = (stack_allocations(read(one.text())) for one in (first, second))
        passed += [seed] if not sketches_differ(sketch(before), sketch(after)) else []
    assert not passed


def test_names_are_told_apart_by_all_their_letters() -> None:
    before, after = (
        stack_allocations(read(heap(re.sub("main.f", name, f"{F} = 9x8")))) for name in ("main.a", "main.b")
    )
    assert of_two_processes(before, after)


@pytest.mark.parametrize(("allocated", "wanted"), [(MAX_COUNT - 1, True), (MAX_COUNT, False)])
def test_a_count_that_is_full_proves_nothing(allocated: int, wanted: bool) -> None:
    """More than was allocated since then is retained: of another process, unless the count went no further."""
    stack = np.array([7], np.uint64)
    before = StackAllocations(stack, np.array([allocated - 5]), np.array([0]))
    after = StackAllocations(stack, np.array([allocated]), np.array([1000]))
    assert of_two_processes(before, after) is wanted
