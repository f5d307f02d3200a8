"""Which snapshots belong together, in which order, and which two are compared."""

from __future__ import annotations

import gzip
import math
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from alloclens.profile.formats import profile_pb2 as pb
from alloclens.profile.formats import read
from alloclens.profile.taken_at import TakenAt
from alloclens.series.owned import NOTHING
from alloclens.series.series import MAX_COPIES
from alloclens.series.snapshot import Snapshot
from alloclens.tables.allocations import sketch, stack_allocations
from alloclens.tables.code import code_digests, contains_code, memory_map

from tests.support.grouped import group
from tests.support.profiles import delta, goroutines, heap, profile

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from alloclens.profile.model import Profile

HERE = "main.f@/o/a.go:1"


def snapshot(path: str, seconds: float, data: bytes | None = None, **given: str) -> Snapshot:
    profile = read(data or heap(f"{HERE} = 1x8/{int(seconds) + 1}"))
    return Snapshot(
        path=path,
        taken_at=TakenAt(seconds, "profile"),
        is_difference=profile.is_difference,
        default_sample_type="",
        sample_types=profile.sample_types,
        total=tuple(profile.values.sum(axis=0).tolist()),
        owned=NOTHING,
        **given,
    )


def names(found: Iterable[Snapshot]) -> list[str]:
    return [s.name for s in found]


def test_one_series_for_each_directory_and_kind_in_time_order() -> None:
    made = group(
        [snapshot("/p/b", 1), snapshot("/p/a", 2), snapshot("/q/c", 5), snapshot("/p/g", 3, goroutines(f"{HERE} = 1"))]
    )
    assert [names(s.snapshots) for s in made] == [["c"], ["g"], ["b", "a"]]


@pytest.mark.parametrize("pattern", ["shop.20661.{0}.m{0}.heap", "shop.{0:04}.heap", "heap-{0}.pb.gz", "{0}"])
def test_of_one_time_the_numbers_in_the_names_tell_the_order(pattern: str) -> None:
    wanted = [pattern.format(number) for number in range(12)]
    (series,) = group([snapshot(f"/p/{name}", 1) for name in sorted(wanted)])
    assert names(series.snapshots) == wanted
    (by_time,) = group([snapshot(f"/p/{name}", 100 - at) for at, name in enumerate(wanted)])
    assert names(by_time.snapshots) == wanted[::-1]


@pytest.mark.parametrize(
    ("pattern", "gap", "source", "by_number"),
    [
        ("shop.387.{0}.m{0}.heap", 0.1, "file's date", True),
        ("heap-{0}.pb.gz", 1.0, "file's date", True),
        ("heap-{0}.pb.gz", 1.1, "file's date", False),
        ("heap-{0}.pb.gz", 0.1, "profile", False),
        ("{0}.{1}.heap", 0.1, "file's date", False),  # written in this order, and not in that of the names
    ],
)
def test_files_that_were_copied_together_are_in_the_order_of_their_numbers(
    pattern: str, gap: float, source: str, *, by_number: bool
) -> None:
    """`cp` takes the files in the order of their names as texts: 0, 1, 10, 11, 2 …"""
    written = [pattern.format(number, 20 - number) for number in range(12)]
    copied = sorted(written) if "{1}" not in pattern else written[::-1]
    made = [replace(snapshot(f"/p/{name}", at), taken_at=TakenAt(at * gap, source)) for at, name in enumerate(copied)]
    (series,) = group([replace(one, total=(1,) * len(one.total)) for one in made])
    assert names(series.snapshots) == (written if by_number else copied)
    assert [one.taken_at.seconds for one in series.snapshots] == [at * gap for at in range(12)]


def test_a_process_was_started_after_the_last_snapshot_of_the_one_before() -> None:
    """Not where processes run at the same time: another one may have begun long before its first snapshot."""
    totals = (1, 2, 1, 2)
    made = [snapshot(f"/p/{i}", i, heap(f"{HERE} = 1x8/{total}")) for i, total in enumerate(totals)]
    (series,) = group(made)
    assert [len(one) for one in series.processes] == [2, 2]
    assert [series.provenance(one).follows for one in made] == [-math.inf, -math.inf, 1, 1]
    assert replace(series, replica=1).provenance(made[-1]).follows == -math.inf
    falling = [snapshot(f"/p/{i}", i, heap(f"{HERE} = 1x8/{9 - i}")) for i in range(3)]
    (mixed,) = group(falling)
    assert mixed.is_mixed
    assert mixed.provenance(falling[-1]).follows == -math.inf


def test_base_and_head_by_word_and_by_name() -> None:
    (series,) = group([snapshot(f"/p/{n}", i) for i, n in enumerate("abcd")])
    latest = series.head("latest")
    assert latest.name == "d"
    assert series.head("previous").name == "c"
    assert series.head("first").name == "a"
    assert series.head("b").name == "b"
    assert series.head("gone").name == "d"
    bases = {word: series.base(word, latest) for word in ("first", "previous", "b", "gone", "latest")}
    assert {w: b and b.name for w, b in bases.items()} == {
        "first": "a", "previous": "c", "b": "b", "gone": "a", "latest": None,
    }  # fmt: skip
    said = {word: meant.name for word, meant in series.bases_by_word(latest).items()}
    assert said == {"first": "a", "previous": "c"}
    assert {w: m.name for w, m in series.bases_by_word(series.head("b")).items()}["latest"] == "d"
    assert {word: meant.name for word, meant in series.heads_by_word().items()} == {
        "latest": "d", "previous": "c", "first": "a",
    }  # fmt: skip


def test_first_and_previous_are_of_the_process_that_runs() -> None:
    old = [snapshot("/p/a", 1, heap(f"{HERE} = 1x8/90")), snapshot("/p/b", 2, heap(f"{HERE} = 1x8/99"))]
    new = [snapshot("/p/c", 3, heap(f"{HERE} = 1x8/5")), snapshot("/p/d", 4, heap(f"{HERE} = 1x8/6"))]
    (series,) = group(old + new)
    assert series.base("first", series.head("latest")).name == "c"
    assert series.base("first", series.head("b")).name == "a"
    assert series.base("previous", series.head("c")) is None
    assert series.base("a", series.head("latest")).name == "a"


def test_another_build_is_another_process() -> None:
    (series,) = group([snapshot("/p/a", 1), snapshot("/p/b", 2, build_id="y")])
    assert series.base("first", series.head("latest")) is None


def placed(data: bytes, address: Callable[[int], int]) -> bytes:
    """Return a heap profile with each location at the address of its number."""
    message = pb.Profile.FromString(gzip.decompress(data))
    for location in message.location:
        location.address = address(location.id)
    return message.SerializeToString()


def seen(path: str, seconds: float, build_id: str, data: bytes) -> Snapshot:
    profile = read(data)
    made = snapshot(path, seconds, data, build_id=build_id)
    return replace(made, code=code_digests(profile), allocations=sketch(stack_allocations(profile)))


FIRST = ("main.f@/o/a.go:1 = 1x8/90", "main.g@/o/a.go:5 = 1x8/2")
MORE = ("main.f@/o/a.go:1 = 1x8/95", "main.g@/o/a.go:5 = 1x8/2", "main.h@/o/a.go:9 = 1x8/7")


@pytest.mark.parametrize(
    ("later", "address", "processes"),
    [
        (MORE, lambda number: 0x401000 + number, 1),
        (MORE, lambda number: 0x401000 + number + 16 * (number == 2), 2),  # other code
        (MORE, lambda number: 0x55401000 + number, 2),  # loaded elsewhere
        (MORE, lambda _: 0, 2),  # nobody knows
        (("main.f@/o/a.go:2 = 1x8/95", *MORE[1:]), lambda number: 0x401000 + number, 2),  # other lines
        (MORE[:1], lambda number: 0x401000 + number, 2),  # nothing allocated where the first one did
        (("main.f@/o/a.go:1 = 1x8/99", "main.h@/o/a.go:9 = 1x8/9"), lambda number: 0x401000 + number, 2),
    ],
)
def test_a_process_whose_binary_was_built_anew_while_it_runs(
    later: tuple[str, ...], address: Callable[[int], int], processes: int
) -> None:
    """Its build id changes; its code stays where it is, and no line has allocated less."""
    one = seen("/p/a", 1, "x", placed(heap(*FIRST), lambda number: 0x401000 + number))
    two = seen("/p/b", 2, "y", placed(heap(*later), address))
    (series,) = group([one, two])
    assert len(series.processes) == processes
    assert series.base("first", series.head("latest")) is (one if processes == 1 else None)


def test_a_sample_of_a_large_program_is_enough() -> None:
    many = [f"main.f{i}@/o/a.go:{i} = 1x8" for i in range(1, 1000)]
    first, rest, all_of_them = (
        code_digests(read(placed(heap(*of), lambda n: n))) for of in (many[:400], many[400:], many)
    )
    assert (contains_code(all_of_them, first), contains_code(all_of_them, rest), contains_code(first, all_of_them)) == (
        True,
        False,
        False,
    )


def test_programs_are_apart_but_one_takes_those_without_a_name() -> None:
    shop, till = snapshot("/p/a", 1, program="shop"), snapshot("/p/b", 2, program="till")
    nameless = snapshot("/p/c", 3)
    assert [(s.program, names(s.snapshots)) for s in group([shop, till])] == [("till", ["b"]), ("shop", ["a"])]
    assert [(s.program, names(s.snapshots)) for s in group([shop, nameless])] == [("shop", ["a", "c"])]
    assert [s.program for s in group([shop, till, nameless])] == ["", "till", "shop"]


def test_a_base_by_its_label_or_by_words_of_its_name() -> None:
    files = ["heap.1.pb.gz", "heap.after_load.2.pb.gz", "heap.3.pb.gz", "heap.4.pb.gz"]
    made = [snapshot(f"/p/{name}", i) for i, name in enumerate(files)]
    (series,) = group(made, {"/p/heap.1.pb.gz": "Idle"})
    head = series.head("latest")
    bases = {word: series.base(word, head).name for word in ("idle", "IDLE", "after load", "after-load", "load", "loa")}
    assert bases == {
        "idle": files[0], "IDLE": files[0], "after load": files[1], "after-load": files[1], "load": files[1],
        "loa": files[0],
    }  # fmt: skip


def test_the_same_time_yesterday() -> None:
    day, hour = 86400, 3600
    times = {"a": 0, "b": 2 * hour, "c": day - 7 * hour, "d": day + 2.2 * hour}
    (series,) = group([snapshot(f"/p/{name}", at) for name, at in times.items()])
    assert series.base("yesterday", series.named("d")).name == "b"
    assert series.base("yesterday", series.named("c")).name == "a"  # nothing near: as `first`


def test_a_file_that_is_a_difference_has_no_base_and_its_own_series() -> None:
    made = group([snapshot("/p/a", 1), snapshot("/p/d", 2, delta(heap(f"{HERE} = 1x8"), seconds=30))])
    assert [names(s.snapshots) for s in made] == [["d"], ["a"]]
    assert made[0].base("first", made[0].snapshots[0]) is None


def test_the_copies_that_tell_the_text_are_those_of_its_process_up_to_a_snapshot() -> None:
    restarted = snapshot("/p/old", 0, heap(f"{HERE} = 1x8/99"))
    made = [snapshot(f"/p/{i}", 10 + i, heap(f"{HERE} = 1x8/{i + 1}")) for i in range(MAX_COPIES + 2)]
    (series,) = group([restarted, *made], {"/p/2": "Idle"})
    found = series.provenance(made[2])
    assert [copy.path for copy in found.copies] == ["/p/0", "/p/1", "/p/2"]
    assert (found.seconds, found.begun, found.label) == (12, 10, "Idle")
    full = series.provenance(made[MAX_COPIES - 1])
    assert [copy.path for copy in full.copies] == [one.path for one in made[:MAX_COPIES]]
    more = series.provenance(made[MAX_COPIES])  # the first half and the last half, without the one in the middle
    half = MAX_COPIES // 2
    assert [copy.path for copy in more.copies] == [one.path for one in (*made[:half], *made[half + 1 : MAX_COPIES + 1])]


@pytest.mark.parametrize(("allocated", "processes"), [(101, 1), (100, 1), (99, 2)])
def test_totals_since_the_start_that_fell_are_a_restart(allocated: int, processes: int) -> None:
    values = (f"{HERE} = 9x8/100", f"{HERE} = 7x8/{allocated}")  # what is in use may fall
    (series,) = group([snapshot(f"/p/{i}", i, heap(value)) for i, value in enumerate(values)])
    assert len(series.processes) == processes


JEMALLOC, GPERFTOOLS = "shop.387.{0}.m{0}.heap", "shop.{0:04}.heap"


@pytest.mark.parametrize(
    ("pattern", "last", "value", "is_exit"),
    [
        (JEMALLOC, "shop.387.3.f.heap", "9x8/103", True),  # told by its name, whatever it holds
        (JEMALLOC, "shop.387.3.m3.heap", "0x8/103", False),
        (GPERFTOOLS, "shop.0003.heap", "0x8/102", True),
        (GPERFTOOLS, "shop.0003.heap", "4x8/102", True),
        (GPERFTOOLS, "shop.0003.heap", "5x8/102", False),  # half is still there
        (GPERFTOOLS, "shop.0003.heap", "0x8/109", True),  # a running program never holds nothing
        (GPERFTOOLS, "shop.0003.heap", "1x8/102", True),  # 9 were freed and nothing allocated
        (GPERFTOOLS, "shop.0003.heap", "1x8/104", False),  # 11 were freed and 2 allocated
        ("heap-{0}.pb.gz", "heap-3.pb.gz", "0x8/102", False),  # a garbage collection
    ],
)
def test_a_dump_at_the_exit_is_no_observation(pattern: str, last: str, value: str, is_exit: bool) -> None:
    held = [(pattern.format(i), f"{8 + i}x8/{100 + i}") for i in range(3)]
    made = [snapshot(f"/p/{name}", i, heap(f"{HERE} = {v}")) for i, (name, v) in enumerate([*held, (last, value)])]
    (series,) = group(made)
    observed = [name for name, _ in held] + [last] * (not is_exit)
    assert series.head("latest").name == observed[-1]
    assert (
        names(series.observations(series.head("latest"))) == names(series.observations(series.head(last))) == observed
    )
    more = snapshot("/p/" + pattern.format(4), 4, heap(f"{HERE} = 12x8/110"))
    (series,) = group([*made, more])  # one of gperftools was not written at the exit then
    assert (last in names(series.observations(more))) == (not is_exit or pattern == GPERFTOOLS)


@pytest.mark.parametrize(
    ("first", "second", "processes"),
    [
        (JEMALLOC, JEMALLOC.replace("387", "390"), 2),
        (JEMALLOC, JEMALLOC, 1),
        ("shop.387.heap", "shop.390.heap", 1),  # numbers that may be those of dumps
        (JEMALLOC, "heap-{0}.pb.gz", 1),
        ("shop.387.{0}.pprof", "shop.390.{0}.pprof", 2),  # ddtrace's
        ("heap-pid387-{0}.pb.gz", "heap-pid3871-{0}.pb.gz", 2),
        ("heap-pid387-{0}.pb.gz", "heap-pid387-{0}.pb.gz", 1),
        ("heap.20260101.{0}.pprof", "heap.20260102.{0}.pprof", 1),
        ("rapid387-{0}.pb.gz", "rapid390-{0}.pb.gz", 1),
        ("Heap-pid387-t1-{0}.heapprofile", "Heap-pid387-t2-{0}.heapprofile", 2),
        ("Heap-pid387-t1-{0}.heapprofile", "Heap-pid387-t1-{0}.heapprofile", 1),
        ("heap-pid387-tests-{0}.pb.gz", "heap-pid387-t2x-{0}.pb.gz", 1),
        ("Heap.20261129.16401{0}.387.0.001.heapprofile", "Heap.20261129.16411{0}.390.0.001.heapprofile", 2),
        ("Heap.20261129.16401{0}.387.1.001.heapprofile", "Heap.20261129.16411{0}.387.2.001.heapprofile", 2),
    ],
)
def test_a_name_with_the_process_id_tells_a_restart(first: str, second: str, processes: int) -> None:
    same = heap(f"{HERE} = 1x8")
    paths = [f"/p/{pattern.format(number)}" for pattern, number in ((first, 1), (first, 2), (second, 3))]
    (series,) = group([snapshot(path, at, same) for at, path in enumerate(dict.fromkeys(paths))])
    assert len(series.processes) == processes


@pytest.mark.parametrize(
    ("second", "processes"),
    [
        ({"/w/shop": 0x5560, "/lib/libc.so": 0x7F00}, 1),
        ({"/w/shop": 0x5660, "/lib/libc.so": 0x7E00}, 2),
        ({"/w/shop": 0x5560, "/lib/libc.so": 0x7F00, "/w/plugin.so": 0x7A00}, 1),  # loaded meanwhile
        ({"/w/shop": 0x5660, "/lib/libc.so": 0x7E00, "/w/plugin.so": 0x7A00}, 2),
        ({"/w/shop": 0x5560, "/lib/libc.so": 0x7E00}, 1),  # one of two
        ({"/w/shop": 0x400, "/lib/libm.so": 0x7800}, 2),
        ({"/w/other": 0x400}, 1),
        ({"": 0x6000}, 1),  # code made at run time
        ({}, 1),
    ],
)
def test_binaries_that_have_moved_in_memory_tell_a_restart(second: dict[str, int], processes: int) -> None:
    """The system loads them elsewhere each time a program is started."""
    first = {"/w/shop": 0x5560, "/lib/libc.so": 0x7F00, "": 0x6100}
    maps = [memory_map(mapped(at)) for at in (first, second)]
    made = snapshot("/p/heap-1.pb.gz", 1), snapshot("/p/heap-2.pb.gz", 2)
    (series,) = group([replace(one, memory=memory) for one, memory in zip(made, maps, strict=True)])
    assert len(series.processes) == processes


def mapped(at: dict[str, int]) -> Profile:
    """Return a profile in which each binary has two parts, the second of them first."""
    message = pb.Profile.FromString(gzip.decompress(heap(f"{HERE} = 1x8")))
    for name, begin in at.items():
        message.string_table.append(name)
        for page in (1, 0):
            start, number = (begin + page) << 12, len(message.mapping) + 1
            added = message.mapping.add(
                id=number, memory_start=start, memory_limit=start + 4096, file_offset=page << 12
            )
            added.filename = len(message.string_table) - 1
    return read(message.SerializeToString())


def test_processes_of_one_profile_each_are_told_apart_by_their_ids() -> None:
    """As node --heap-prof writes them."""
    made = [snapshot(f"/p/Heap.20261129.16401{at}.{387 + at}.0.001.heapprofile", at) for at in range(4)]
    (series,) = group(made)
    assert (len(series.processes), series.is_mixed) == (4, False)


def test_processes_that_take_turns_are_told_apart_by_their_ids() -> None:
    made = [snapshot(f"/p/shop.{387 + at % 2}.{at}.pprof", at, heap(f"{HERE} = {at + 1}x8")) for at in range(8)]
    parts = group(made)
    assert sorted(names(one.snapshots) for one in parts) == [names(made[0::2]), names(made[1::2])]
    assert sorted(one.replica for one in parts) == [1, 2]
    after = [snapshot(f"/p/shop.{387 + at // 4}.{at}.pprof", at, heap(f"{HERE} = {at + 1}x8")) for at in range(8)]
    (series,) = group(after)
    assert [names(process) for process in series.processes] == [names(after[:4]), names(after[4:])]


def test_a_dump_at_the_exit_that_is_alone_is_shown() -> None:
    (series,) = group([snapshot("/p/shop.387.0.f.heap", 1)])
    assert series.head("latest").name == "shop.387.0.f.heap"
    assert names(series.observations(series.head("latest"))) == ["shop.387.0.f.heap"]


@pytest.mark.parametrize(
    ("allocated", "in_use", "is_exit"),
    [
        ((600, 1200, 1810, 2400, 2500), 39, True),  # written after 600 each, and at the exit
        ((600, 1200, 1810, 2400, 2950), 39, True),
        ((600, 1200, 1810, 2400, 2965), 39, False),  # an interval as the others
        ((600, 1200, 1810, 2400, 3000), 39, False),  # a cache was freed
        ((600, 1200, 1810, 2400, 2500), 40, False),  # nothing was freed
        ((600, 1200, 1810, 2450, 2550), 39, False),  # neither after as many bytes as others nor sooner
        ((600, 1200, 1810, 2010, 2620, 2720), 39, True),  # one came because more was in use than ever
        ((1200, 1810, 2400, 2500), 39, False),  # two intervals show no rule
    ],
)
def test_a_dump_of_gperftools_that_comes_too_early_is_of_the_exit(
    allocated: tuple[int, ...], in_use: int, *, is_exit: bool
) -> None:
    held = [*range(41 - len(allocated) + 1, 41), in_use]
    made = [
        snapshot(f"/p/shop.{i:04}.heap", i, heap(f"{HERE} = {held[i]}x8/{total}")) for i, total in enumerate(allocated)
    ]
    (series,) = group(made)
    assert series.at_exit == ({made[-1]} if is_exit else set())


@pytest.mark.parametrize(
    ("times", "new", "in_use", "is_exit"),
    [
        ((0, 0.9, 2, 3, 4, 4.9), 9, 39, True),  # a second apart, but for the start and the exit
        ((0, 0.1, 1.1, 2.1, 3.1, 3.2), 80, 39, True),
        ((0, 0.9, 2, 3, 4, 4.96), 9, 39, False),
        ((0, 0.9, 2, 3, 4, 5.1), 9, 39, False),
        ((0, 50, 110, 170.4, 230.4, 289), 9, 39, True),  # a minute apart
        ((0, 50, 110, 170.4, 230.4, 289.5), 9, 39, False),  # less than a second sooner
        ((0, 0.9, 2, 3, 4, 4.9), 81, 39, False),  # after more than ever: it was due
        ((0, 0.9, 2, 3, 4, 4.9), 9, 45, False),  # nothing was freed
        ((0, 0.9, 2, 3, 3.9), 9, 39, False),  # two intervals show no rule
        ((0, 0.4, 0.8, 1.2, 1.6, 1.7), 9, 39, False),  # copied
    ],
)
def test_a_dump_of_gperftools_that_comes_too_soon_is_of_the_exit(
    times: tuple[float, ...], new: int, in_use: int, *, is_exit: bool
) -> None:
    held, work = [*range(41, 40 + len(times)), in_use], [100, 110, 150, 230, 250][: len(times) - 1]
    totals = zip(held, [*work, work[-1] + new], strict=True)
    made = [
        snapshot(f"/p/shop.{i:04}.heap", times[i], heap(f"{HERE} = {bytes_}x8/{total}"))
        for i, (bytes_, total) in enumerate(totals)
    ]
    (series,) = group(made)
    assert series.at_exit == ({made[-1]} if is_exit else set())


def test_snapshots_without_the_names_that_others_have_are_not_compared() -> None:
    shop, library = "/app/shop", "/app/cart.so"
    binaries = [((), (shop,)), ((), (shop,)), ((shop,), ()), ((shop,), (library,)), ((), (shop,)), ((shop,), ())]
    made = [
        replace(snapshot(f"/p/{i}", i), named=named, unnamed=unnamed) for i, (named, unnamed) in enumerate(binaries)
    ]
    (series,) = group(made)
    head = series.head("latest")
    assert names(series.observations(head)) == ["2", "3", "5"]  # no snapshot has names for the library
    assert {word: one.name for word, one in series.bases_by_word(head).items()} == {"first": "2", "previous": "3"}
    assert series.base("first", head) is made[2]
    assert series.base("1", head) is made[1]
    (alone,) = group([*made[:2], snapshot("/p/2", 2)])  # nothing was found for any of them
    assert len(alone.observations(alone.head("latest"))) == 3


def test_a_repeated_total_counts_if_what_it_repeats_has_no_names() -> None:
    shop, same = "/app/shop", heap(f"{HERE} = 1x8/9")
    first, second = (snapshot(f"/p/{i}", i, same) for i in range(2))
    (series,) = group([replace(first, unnamed=(shop,)), replace(second, named=(shop,))])
    assert names(series.observations(series.head("latest"))) == ["1"]


@pytest.mark.parametrize(("hours", "base"), [(2.9, "b"), (3.0, "b"), (3.1, "a"), (-3.0, "b"), (-3.1, "a")])
def test_the_same_time_yesterday_is_within_three_hours(hours: float, base: str) -> None:
    head = 10 * 86400.0
    times = {"/p/a": 0.0, "/p/b": head - 86400 + hours * 3600, "/p/d": head}
    (series,) = group([snapshot(path, at, heap(f"{HERE} = 1x8/{i + 1}")) for i, (path, at) in enumerate(times.items())])
    found = series.base("yesterday", series.head("d"))
    assert found.name == base


def test_equal_totals_are_one_observation() -> None:
    same = heap(f"{HERE} = 2x8")
    (series,) = group([snapshot("/p/a", 1, same), snapshot("/p/b", 2, same), snapshot("/p/c", 3)])
    assert names(series.observations(series.head("latest"))) == ["a", "c"]


@pytest.mark.parametrize(
    ("durations", "in_use", "is_exit"),
    [
        ((5.279, 4.725, 5.001, 3.134), 39, True),  # as ddtrace writes them, every 5 seconds and at the exit
        ((60, 60, 60, 56.9), 39, True),
        ((60, 60, 60, 57.1), 39, False),  # as long as the others
        ((60, 5, 60, 57), 39, False),  # another was as short
        ((60, 60, 60, 3), 40, False),  # nothing was freed
        ((60, 60, 3), 39, False),  # two intervals show no rule
        ((0, 0, 0, 0), 39, False),  # no times
    ],
)
def test_a_profile_that_covers_less_than_all_others_is_of_the_exit(
    durations: tuple[float, ...], in_use: int, *, is_exit: bool
) -> None:
    held = [*range(41 - len(durations) + 1, 41), in_use]
    made = []
    for at, (duration, megabytes) in enumerate(zip(durations, held, strict=False)):
        one = profile("alloc-space/bytes heap-space/bytes", f"{HERE} = 7 {megabytes}")
        made.append(replace(snapshot(f"/p/shop.387.{at}.pprof", at, one), duration=duration))
    (series,) = group(made)
    assert series.at_exit == ({made[-1]} if is_exit else set())
    assert series.head("latest") is made[-1 - is_exit]
    (series,) = group([replace(one, is_difference=True) for one in made])  # each covers as long as its user chose
    assert not series.at_exit


@pytest.mark.parametrize(
    ("types", "duration", "in_use", "of_exit"),
    [
        ("alloc-space/bytes heap-space/bytes", 3, (20, 40, 60, 29), 1),  # over half was freed
        ("alloc-space/bytes heap-space/bytes", 3, (20, 40, 60, 30), 0),
        ("alloc-space/bytes heap-space/bytes", 3, (60, 29), 1),
        ("alloc-space/bytes heap-space/bytes", 3, (20, 60, 29, 40), 0),  # it goes on
        ("alloc-space/bytes heap-space/bytes", 3, (20, 60, 29, 40, 19), 1),  # and ends
        ("alloc-space/bytes heap-space/bytes", 3, (20, 40, 60, 29, 29), 2),  # it ended as a profile was due
        ("alloc-space/bytes heap-space/bytes", 3, (20, 40, 60, 29, 14), 2),  # it took longer than an interval
        ("alloc-space/bytes heap-space/bytes", 3, (20, 40, 60, 55, 27), 1),
        ("alloc-space/bytes heap-space/bytes", 0, (20, 40, 60, 29), 0),  # not written by ddtrace
        ("objects/count space/bytes", 3, (20, 40, 60, 29), 0),
    ],
)
def test_profiles_of_ddtrace_with_less_than_half_are_of_the_exit(
    types: str, duration: float, in_use: tuple[int, ...], of_exit: int
) -> None:
    made = [
        replace(snapshot(f"/p/shop.387.{at}.pprof", at, profile(types, f"{HERE} = 7 {held}")), duration=duration)
        for at, held in enumerate(in_use)
    ]
    (series,) = group(made)
    assert series.at_exit == set(made[len(made) - of_exit :])
    assert series.head("latest") is made[-1 - of_exit]


def test_the_last_snapshot_before_a_process_is_of_when_the_other_still_ran() -> None:
    made = [
        replace(
            snapshot(
                f"/p/shop.{of}.{at}.pprof", at, profile("alloc-space/bytes heap-space/bytes", f"{HERE} = 7 {held}")
            ),
            duration=3,
        )
        for at, (of, held) in enumerate([(387, 20), (387, 60), (387, 2), (387, 2), (390, 9)])
    ]
    (series,) = group(made)
    assert series.last_before(made[-1]) is made[3]
    assert series.last_running_before(made[-1]) is made[1]
    assert series.last_running_before(made[0]) is None
