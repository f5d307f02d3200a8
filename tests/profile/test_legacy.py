"""Generated files of the formats older than profile.proto, against what pprof itself makes of them."""

from __future__ import annotations

import gzip
import re
import struct
import subprocess
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pytest
from alloclens.profile.errors import Malformed, ProfileError
from alloclens.profile.formats import java_text, read
from alloclens.profile.formats import profile_pb2 as pb
from alloclens.profile.model import Frame
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.cli.test_pprof import program
from tests.fuzz.seeds import FOREIGN, TEXTS

if TYPE_CHECKING:
    from pathlib import Path

    from alloclens.profile.model import Profile

pytestmark = pytest.mark.programs

PAGE = 0x1000
TOP = 2**64
quick = settings(
    max_examples=25,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)


class Binary(NamedTuple):
    """Where a location lies; None where it has no name, all of which pprof makes one of."""

    start: int
    limit: int
    offset: int
    file: str
    build_id: str


class Place(NamedTuple):
    """A location: where the program's own tables say that it is, or else where it lies in memory."""

    address: int
    binary: Binary | None
    frame: Frame | None


class Seen(NamedTuple):
    """A profile as both sides are compared."""

    types: tuple[tuple[str, str], ...]
    period: tuple[int, str, str]
    duration: int
    stacks: dict[tuple, tuple[int, ...]]
    """The sum of the values of each stack with its block size, where they are not all 0."""


def pprofs(path: Path) -> Seen:
    """Return what pprof reads."""
    made = message(path)
    assert made, path.read_bytes()
    return of_message(made)


def message(path: Path) -> pb.Profile | None:
    """Return a file as pprof writes it, or None where it cannot read it."""
    out = path.with_suffix(".proto")
    command = [program(), "-symbolize=none", "-proto", f"-output={out}", path]
    if subprocess.run(command, capture_output=True, check=False, timeout=60).returncode:
        return None
    return pb.Profile.FromString(gzip.decompress(out.read_bytes()))


def of_message(made: pb.Profile) -> Seen:
    text = made.string_table
    binaries = {
        m.id: Binary(m.memory_start, m.memory_limit, m.file_offset, text[m.filename], text[m.build_id])
        for m in made.mapping
    }
    functions = {f.id: (text[f.name], text[f.filename]) for f in made.function}
    places = {}
    for one in made.location:
        frame = Frame(*functions[one.line[0].function_id], one.line[0].line) if one.line else None
        places[one.id] = place(one.address, binaries.get(one.mapping_id), frame)
    samples = [
        ((tuple(places[i] for i in s.location_id), next((x.num for x in s.label), 0)), s.value) for s in made.sample
    ]
    types = tuple((text[t.type], text[t.unit]) for t in made.sample_type)
    period = made.period, text[made.period_type.type], text[made.period_type.unit]
    return Seen(types, period, made.duration_nanos, summed(samples))


def place(address: int, binary: Binary | None, frame: Frame | None) -> Place:
    named = binary if binary and (binary.file or binary.build_id) else None
    return Place(0, None, frame) if frame else Place(address, named, None)


def summed(samples: list[tuple[tuple, list[int]]]) -> dict[tuple, tuple[int, ...]]:
    out: dict[tuple, tuple[int, ...]] = {}
    for stack, values in samples:
        out[stack] = tuple(a + b for a, b in zip(out.get(stack, [0] * len(values)), values, strict=True))
    return {stack: values for stack, values in out.items() if any(values)}


def ours(profile: Profile) -> Seen:
    places = [our_place(profile, row) for row in range(len(profile.locations.address))]
    stacks = [
        tuple(places[i] for i in profile.location[profile.location_at[s] : profile.location_at[s + 1]])
        for s in range(len(profile))
    ]
    keys = list(zip(stacks, profile.block_size.tolist(), strict=True))
    kind = profile.period_type
    return Seen(
        tuple(map(tuple, profile.sample_types)),
        (profile.period, kind.type, kind.unit),
        profile.duration_nanos,
        summed(list(zip(keys, profile.values.tolist(), strict=True))),
    )


def our_place(profile: Profile, row: int) -> Place:
    mappings, number = profile.mappings, int(profile.locations.mapping[row])
    binary = None
    if number >= 0:
        place_ = [int(column[number]) % TOP for column in (mappings.start, mappings.limit, mappings.offset)]
        binary = Binary(*place_, *(profile.strings[column[number]] for column in (mappings.file, mappings.build_id)))
    frame = profile.frame(int(profile.locations.frame_at[row]))
    return place(int(profile.locations.address[row]) % TOP, binary, frame if frame.function else None)


def compared(data: bytes, folder: Path) -> tuple[Seen, Seen]:
    return ours(read(data)), pprofs(written(folder, data))


def written(folder: Path, data: bytes) -> Path:
    path = folder / "profile"
    path.write_bytes(data)
    return path


def assert_same(data: bytes, folder: Path) -> None:
    our, theirs = compared(data, folder)
    assert our == theirs, data


def assert_close(data: bytes, folder: Path) -> None:
    """The same but for the last bit of exp(): numpy's and Go's differ there, and so may a value cut to a whole number."""
    our, theirs = compared(data, folder)
    assert our._replace(stacks={}) == theirs._replace(stacks={})
    assert our.stacks.keys() == theirs.stacks.keys()
    for stack, values in our.stacks.items():
        np.testing.assert_allclose(values, theirs.stacks[stack], rtol=2**-44 + doubt(data), atol=1, err_msg=str(data))


def doubt(data: bytes, rate: int = 0) -> float:
    """Return which part of a value the last bit of exp(-x) makes: for a small x, size / rate, 1 - exp(-x) has few digits left."""
    rate = rate or int(re.findall(rb"@ heap\w*/(\d+)", data)[0])
    pairs = re.findall(rb"(\d+)(?:: *| +)-?(\d+)", data)
    sizes = [int(size) / int(count) for count, size in pairs if int(size) and int(count)]
    return 2**-52 * rate / min(sizes, default=rate)


# What lies where.

REGIONS = st.tuples(
    st.sampled_from(
        ["", "/w/main", "/usr/lib/libc.so.6", "/lib/m.so(deleted)", "[vdso]", "/anon_hugepage", "(deleted)"]
    ),
    st.integers(0, 7),  # pages to the one before it, less 4: mostly none
    st.sampled_from([0, 0, 1, 2, 5]),  # pages of offset, or those that follow from the one before it
    st.booleans(),
    st.sampled_from(["r-xp", "r-xp", "--xp", "r--p", "rw-p", ""]),
    st.sampled_from(["", "", "abc123", "0ff"]),
    st.integers(0, 5),
)


class Mapped(NamedTuple):
    lines: list[str]
    edges: list[int]
    """Addresses where something begins or ends."""


@st.composite
def maps(draw: st.DrawFn) -> Mapped:
    """Regions one behind the other, each twice as large as the one before, so that pprof takes no two for one."""
    start = draw(st.sampled_from([0x400000, 0x401000, 0x555500000000, 0x7F0000000000, 0xFFFFFFFFFF600000]))
    lines, edges, offset = [], [0x400000], 0
    for i, (file, gap, pages, follows, mode, build_id, style) in enumerate(draw(st.lists(REGIONS, max_size=6))):
        start += max(gap - 4, 0) * PAGE
        limit = start + (PAGE << i)
        offset = offset if follows else pages * PAGE
        lines.append(map_line(Binary(start, limit, offset, file, build_id), mode, style))
        edges += [start, limit, max(start - offset, 0)]
        start, offset = limit, offset + limit - start
    return Mapped(lines, edges)


def map_line(at: Binary, mode: str, style: int) -> str:
    """Write a region as /proc/self/maps does, in one of several shorter ways, or behind a logger's words."""
    if style <= 1:
        return f"{at.start:0{[8, 16][style]}x}-{at.limit:x} {mode} {at.offset:08x} fd:00 1234      {at.file}".rstrip()
    if style == 2:
        return f"  {at.start:x}-{at.limit:x}: {at.file}"
    short = f"0x{at.start:x}-0x{at.limit:x} {mode} {at.file} (@{at.offset:x}) {at.build_id}"
    return f"I0102 03:04:05.678 9 prog.cc:12] {short}" if style == 4 else short.replace("/w", "$root")


@st.composite
def stacks(draw: st.DrawFn, edges: list[int], **size: int) -> list[list[int]]:
    near = st.sampled_from(edges).flatmap(lambda edge: st.integers(-2, 2).map(lambda by: (edge + by) % TOP))
    address = st.integers(1, 40) | near | st.integers(0, TOP - 1)
    return draw(st.lists(st.lists(address, min_size=1, max_size=6), max_size=8, **size))


NOISE = ["", "# a comment", "   ", "#", "\t# 1: 1 [1: 1] @ 0x1"]
SENTINELS = ["--- Memory map: ---", "MAPPED_LIBRARIES:", "  MAPPED_LIBRARIES:  "]


@st.composite
def text(draw: st.DrawFn, header: list[str], samples: list[str], mapped: Mapped, sentinels: list[str]) -> bytes:
    """Put a file together, with comments and blank lines among the samples."""
    lines = [*header]
    for sample in samples:
        lines += [*draw(st.lists(st.sampled_from(NOISE), max_size=1)), sample]
    if mapped.lines:
        root = draw(
            st.sampled_from([["root=/w"], ["  root = /w ", "root=/other"], ["ro=x", "root=/w"], ["build=$root"]])
        )
        lines += ["", draw(st.sampled_from(sentinels)), *root, *mapped.lines, "", "neither nor"]
    return draw(st.sampled_from(["\n", "\r\n"])).join([*lines, ""]).encode()


def hexed(stack: list[int], form: str = "#x") -> str:
    return "".join(f" {address:{form}}" for address in stack)


@pytest.mark.parametrize("name", [*TEXTS, *FOREIGN])
def test_which_formats_pprof_reads(name: str, tmp_path: Path) -> None:
    data = (TEXTS | FOREIGN)[name].encode()
    assert read(data).is_pprof == (message(written(tmp_path, data)) is not None)


HEADERS = ["heap", "heap_v2", "heapz_v2", "heapprofile", "growthz", "growth", "fragmentationz", "fragmentation"]
blocks = (
    st.tuples(st.integers(1, 2**20), st.integers(1, 2**32)) | st.just((0, 0)) | st.tuples(st.integers(1, 9), st.just(0))
)
signed = blocks.flatmap(lambda b: st.sampled_from([b, b, (-b[0], -b[1]), (-b[0], b[1])]))


@st.composite
def heaps(draw: st.DrawFn) -> bytes:
    mapped, kind = draw(maps()), draw(st.sampled_from(HEADERS))
    rate = (
        draw(st.sampled_from(["", "/", "/1", "/2", "/3", "/524288", "/1048576"]))
        if "_v2" in kind or kind == "heap"
        else ""
    )
    same = [] if kind == "heapprofile" else ["the same"]  # see test_the_first_dump_of_gperftools
    counted = draw(st.sampled_from(["nothing", *same, "all", "objects"]))
    lines, pad = [], draw(st.sampled_from(["", " ", "     "]))
    for stack in draw(stacks(mapped.edges)):
        (count, size), (all_count, all_size) = draw(signed), draw(blocks)
        if counted in ("nothing", "the same"):
            all_count, all_size = (0, 0) if counted == "nothing" else (abs(count), abs(size))
        lines.append(
            f"{pad}{count}:{pad}{size} [{pad}{all_count}:{pad}{all_size}] @{hexed(stack, draw(st.sampled_from(['#x', '#010x'])))}"
        )
    totals = {"nothing": "[0: 0]", "the same": "[7: 700]", "all": "[9: 900]", "objects": "[8: 0]"}[counted]
    return draw(text([f"heap profile:{pad}7:{pad}700 {totals} @ {kind}{rate}"], lines, mapped, SENTINELS))


@quick
@given(heaps())
@example(b"heap profile:7:700 [9: 900] @ heap/1048576\n0:0 [0:0] @ 0x1\n0:0 [140:1] @ 0x1\n")
@example(b"heap profile:7:700 [0: 0] @ heap/1048576\n0:0 [0:0] @ 0x1\n-4577:-31 [0:0] @ 0x1\n")
def test_heaps(tmp_path: Path, data: bytes) -> None:
    rate = re.search(
        rb"@ heap(?:z?_v2/([2-9]|\d\d)|/([4-9]|\d\d))", data
    )  # more than 1, of which Go writes twice as much
    (assert_close if rate else assert_same)(data, tmp_path)


def test_the_first_dump_of_gperftools() -> None:
    """pprof takes what was allocated for unknown until something is freed. Then the first dump would be of another series."""
    data = b"heap profile: 3: 300 [3: 300] @ heapprofile\n3: 300 [3: 300] @ 0x1\n"
    profile = read(data)
    assert [kind.type for kind in profile.sample_types] == [
        "alloc_objects",
        "alloc_space",
        "inuse_objects",
        "inuse_space",
    ]
    assert profile.values.tolist() == [[3, 300, 3, 300]]
    assert [kind.type for kind in read(data.replace(b"[3: 300]", b"[0: 0]")).sample_types] == ["objects", "space"]
    assert [kind.type for kind in read(data.replace(b"heapprofile", b"growthz")).sample_types] == ["objects", "space"]


MAPS = {
    "huge pages": ["400000-600000 r-xp 00000000 00:00 0 /anon_hugepage", "600000-700000 r-xp 00200000 fd:00 1 /w/main"],
    "huge pages apart": ["400000-5ff000 r-xp 00000000 00:00 0 /anon_hugepage", "600000-700000 r-xp 0 fd:00 1 /w/main"],
    "the program behind its libraries": [
        "1000-2000: /m.so(deleted)",
        "3000-4000: [vdso]",
        "402000-403000: /w/main (@2000)",
    ],
    "overlapping beginnings": [
        "500000-600000: /w/main (@c0000)",
        "450000-460000: /w/other",
        "470000-480000: /x (@18000)",
    ],
    "longer beginnings than addresses": ["3000-4000: /w/main (@5000)", "9000-a000: /w/b (@9000)"],
    "the wrong way round": ["4000-3000: /w/main (@5000)", "3000-8000: /w/main (@4000)", "2000-3000: /w/b"],
    "cut off": ["102ee4000-102eea000 r-xp 0 00:00 0 /w/main", "02ee4000-102ee4000 r-xp 0 00:00 0 /w/main"],
    "parts of one": [
        "1000-2000: /w/main (@1000)",
        "2000-3000:  (@2000)",
        "3000-4000: /w/main (@9000)",
        "4000-5000: /w/b",
    ],
    "other builds": ["1000-2000: /w/main (@0) abc", "2000-3000: /w/main (@0) abd", "3000-4000: /w/main"],
    "an attribute twice": ["dir=/a", "dir=/b", "1000-2000: $dir/main"],
    "an attribute in an attribute": ["in=/c", "out=$in/$last", "last=/d", "1000-2000: $out/main"],
    "one name the beginning of another": ["di=/a", "dir=/b", "1000-2000: $dir/main"],
    "names that are numbers": ["face=/a", "1000-2000: $face/main"],
    "beyond 64 bits": ["10000000000000000-20000000000000000: /w/main", "1000-2000: /w/b"],
    "not executable": ["1000-2000 r--p 0 fd:00 1 /w/main", "2000-3000 r-xp 1000 fd:00 1 /w/b"],
}
HEX = re.compile(r"(?<![$/\w])[0-9a-f]{4,16}(?![\w/])")


@pytest.mark.parametrize("name", MAPS)
def test_memory_maps(tmp_path: Path, name: str) -> None:
    """With addresses around all the numbers, from below and from above: pprof goes by their order in the file."""
    edges = {int(number, 16) for line in MAPS[name] for number in HEX.findall(line)}
    near = sorted({(edge + by) % TOP for edge in edges for by in (-0x8000, -1, 1, 2, 0x10000)})
    for addresses in (near, near[::-1], near[1::2] + near[::2]):
        stacks_ = "".join(f"1: 8 [1: 8] @ {address:#x}\n" for address in addresses)
        text_ = (
            f"heap profile: 1: 8 [0: 0] @ heapprofile\n# MAPPED_LIBRARIES:\n{stacks_}MAPPED_LIBRARIES:\n"
            + "\n".join(MAPS[name])
            + "\n"
        )
        assert_same(text_.encode(), tmp_path)


ended = st.sampled_from([[], [], ["---"], ["--- end", "1 1 @ 0x7777"]])


@st.composite
def threads(draw: st.DrawFn) -> bytes:
    """Threads with their stacks in one line or several, and those that refer to the previous one."""
    mapped, lines = draw(maps()), []
    for number, stack in enumerate(draw(stacks(mapped.edges))):
        cut = draw(st.integers(0, len(stack)))
        same = ["  [same as previous thread]"] if draw(st.sampled_from([False] * 3 + [True])) else []
        lines += [f"--- Thread 7f{number:x} (name: a b{number}/1{number}) stack: ---", hexed(stack[:cut]), *same]
        lines += [f"      creator:{hexed(stack[cut:])}"]
    before = draw(st.sampled_from([[], ["--- threadz 1 ---", "", "of a service"]])) if lines else ["--- threadz 1 ---"]
    end = draw(st.sampled_from(["--- Memory map: ---", "---- no stack trace for 3 threads"]))
    map_ = ["--- Memory map: ---"] if end.startswith("----") else []
    return "\n".join([*before, *lines, end, *map_, *mapped.lines, ""]).encode()


@quick
@given(threads())
def test_threads(tmp_path: Path, data: bytes) -> None:
    try:
        ours_ = ours(read(data))
    except ProfileError:
        theirs = message(written(tmp_path, data))
        assert theirs is None or not theirs.sample
    else:
        assert ours_ == pprofs(written(tmp_path, data))


def test_the_names_beside_the_addresses_of_threads() -> None:
    """pprof drops them."""
    profile = read(TEXTS["threadz"].encode())
    stacks_ = [
        [profile.frame(row).function for row in profile.stack_frames[a:b]] for a, b in pairwise(profile.frame_at)
    ]
    assert stacks_ == [["helper(arg *)", "main"], ["", "main", ""]]
    assert profile.values.tolist() == [[2], [1]]


@pytest.mark.parametrize("name", ["gperftools heap", "tcmalloc", "growth", "contentionz", "jemalloc"])
@pytest.mark.parametrize("marker", [b"", b"--- heap\n"])
def test_names_before_a_profile(name: str, marker: bytes) -> None:
    """The numbers are those of the profile without the names, which pprof does not read; jeprof shows the names like this."""
    symbols = (
        b"--- symbol\nbinary=/opt/app\n0x0000000000401000 main--f<int>::operator--\n0x0000000000401fff g(int)\n---\n"
    )
    bare, profile = read(TEXTS[name].encode()), read(symbols + marker + TEXTS[name].encode())
    assert ours(profile)._replace(stacks={}) == ours(bare)._replace(stacks={})
    assert profile.values.tolist() == bare.values.tolist()
    assert profile.locations.address.tolist() == bare.locations.address.tolist()
    names = {
        hex(address): [profile.frame(row).function for row in range(a, b)]
        for address, (a, b) in zip(
            profile.locations.address.tolist(), pairwise(profile.locations.frame_at), strict=True
        )
    }
    assert names["0x400fff"] == [
        "f<int>::operator--",
        "main",
    ]  # innermost first; the leaf is not a return address there
    assert names.get("0x401fff", ["g(int)"]) == ["g(int)"]
    with pytest.raises(Malformed, match="no profile follows the symbols"):
        read(symbols.removesuffix(b"---\n"))


@st.composite
def counts(draw: st.DrawFn) -> bytes:
    mapped = draw(maps())
    lines = [f"{draw(st.integers(0, 2**50))} @{hexed(stack)}" for stack in draw(stacks(mapped.edges))]
    name = draw(st.sampled_from(["goroutine", "threadcreate", "my.own/profile"]))
    noise = draw(st.lists(st.sampled_from(NOISE), max_size=3))
    return draw(text([*noise, f"{name} profile: total {len(lines)}"], [*lines, *draw(ended)], mapped, SENTINELS[:1]))


@quick
@given(counts())
def test_counts(tmp_path: Path, data: bytes) -> None:
    assert_same(data, tmp_path)


PERIODS = [
    "sampling period = 1",
    "sampling period=100",
    "sampling period = 0",
    "sampling period = -3",
    "sampling period = 0x10",
]
CYCLES = ["cycles/second = 2399999999", "cycles/second=1000000000", "cycles/second = 0", "cycles/second = 3201000024"]


@st.composite
def attributes(draw: st.DrawFn, *choices: list[str]) -> list[str]:
    """Draw one of each of the choices or none, in any order."""
    some = [line for choice in choices for line in draw(st.lists(st.sampled_from(choice), max_size=1))]
    return draw(st.permutations(some))


@st.composite
def contentions(draw: st.DrawFn) -> bytes:
    mapped = draw(maps())
    header = draw(st.sampled_from(["--- contentionz 1 ---", "--- contention:", "--- mutex:"]))
    given_ = draw(attributes(CYCLES, PERIODS, ["ms since reset = 1500"], ["discarded samples = 3"]))
    rows = [(draw(st.integers(0, 2**52)), draw(st.integers(0, 2**30)), stack) for stack in draw(stacks(mapped.edges))]
    lines = [f"{draw(st.sampled_from(['', '   ']))}{delay} {count} @{hexed(stack)}" for delay, count, stack in rows]
    return draw(text([header, *given_], [*lines, *draw(ended)], mapped, SENTINELS[:1]))


@quick
@given(contentions())
def test_contentions(tmp_path: Path, data: bytes) -> None:
    assert_same(data, tmp_path)


JAVA = [
    "com.example.Main.run (Main.java:12)",
    "com.example.Main.run (Main.java:-1)",
    "com.example.Main.run (Other.java:7)",
    "com.example.Main.<init>  (Main.java:9)",
    "libjvm_function (/usr/lib/jvm/libjvm.so)",
    "[generated stub/JIT]",
    "GC",
    "VM thread 0x3",
]


@st.composite
def javas(draw: st.DrawFn) -> bytes:
    kind = draw(st.sampled_from(["heapz", "contentionz"]))
    more = draw(attributes(PERIODS[1:3] + PERIODS[4:], ["ms since reset = 12"])) if kind == "contentionz" else []
    given_ = draw(st.permutations(["format = java", "resolution = bytes", *more]))
    samples = [
        f"   {draw(st.integers(2**20, 2**32))}  {draw(st.integers(1, 2**20))} @{hexed(stack, '#010x')}"  # no empty objects
        for stack in draw(st.lists(st.lists(st.integers(1, 12), min_size=1, max_size=5), max_size=8))
    ]
    named = draw(st.lists(st.tuples(st.integers(1, 14), st.sampled_from(JAVA)), max_size=12, unique_by=lambda n: n[0]))
    locations = [f" {number:#010x} {name}" for number, name in named]
    return "\n".join([f"--- {kind} 1 ---", *given_, *samples, *locations, ""]).encode()


@quick
@given(javas())
@example(b"--- heapz 1 ---\nformat = java\nresolution = bytes\n   1619518  249044 @ 0x00000001\n")
def test_javas(tmp_path: Path, data: bytes) -> None:
    """pprof forgets the addresses of Java, and says no period of a heap."""
    our, theirs = compared(data, tmp_path)
    assert (our.types, our.duration) == (theirs.types, theirs.duration)
    if b"sampling period" in data and our.period[0]:
        assert our.period == theirs.period
    known, wanted = named(our.stacks), named(theirs.stacks)
    assert known.keys() == wanted.keys(), data
    for stack, values in known.items():
        tolerance = 2**-44 + (doubt(data, java_text.RATE_BYTES) if b"heapz" in data else 0)
        np.testing.assert_allclose(values, wanted[stack], rtol=tolerance, atol=1, err_msg=str(data))


def named(given_: dict[tuple, tuple[int, ...]]) -> dict[tuple, tuple[int, ...]]:
    rows = [((tuple(place.frame for place in stack), size), values) for (stack, size), values in given_.items()]
    return summed(rows)


@st.composite
def cpus(draw: st.DrawFn) -> bytes:
    """CPU samples, mostly with the signal handler's frame, which most or all of them have in second place."""
    word = draw(st.sampled_from(["<I", ">I", "<Q", ">Q"]))
    most = 2**32 if word[1] == "I" else TOP
    mapped = draw(maps())
    handler = draw(st.sampled_from([[], [0x9001], [0x9001, 0x9501]]))
    odd = draw(st.sampled_from([0, 0, 1, 2]))
    samples = draw(stacks(mapped.edges)) * draw(st.sampled_from([1, 1, 12]))
    words = [0, 3, 0, draw(st.sampled_from([1, 10_000, 1_000_000])), 0]
    for i, stack in enumerate(samples):
        twin = [stack[0]] if draw(st.sampled_from([False] * 3 + [True])) else []
        full = [stack[0], *([] if i < odd else handler), *twin, *stack[1:]]
        words += [draw(st.integers(1, 2**20)), len(full), *(address % most for address in full)]
    data = b"".join(struct.pack(word, each) for each in [*words, 0, 1, 0])
    lines = ["root=/w", *mapped.lines] if mapped.lines else []
    return data + "\n".join([*lines, ""]).encode()


@quick
@given(cpus())
def test_cpus(tmp_path: Path, data: bytes) -> None:
    assert_same(data, tmp_path)


@pytest.mark.parametrize("count", [2**62, 2**63 - 1, 2**63, 2**64 - 1])
@pytest.mark.parametrize("period", [1, 10_000, 2**62])
def test_cpu_counts_beyond_64_bits_wrap_around(tmp_path: Path, count: int, period: int) -> None:
    assert_same(struct.pack("<14Q", 0, 3, 0, period, 0, count, 1, 7, count, 1, 9, 0, 1, 0), tmp_path)


def test_javas_cpu_profile(tmp_path: Path) -> None:
    words = [0, 3, 1, 10_000, 0, 5, 3, 0x10, 0x11, 0x11, 2, 1, 0x12, 0, 1, 0]
    table = "\n 0x10 com.example.Main.run (Main.java:12)\n 0x11 com.example.Main.main (Main.java:7)\n"
    for word in "<I", ">Q":
        our, theirs = compared(b"".join(struct.pack(word, each) for each in words) + table.encode(), tmp_path)
        assert named(our.stacks) == named(theirs.stacks)
        assert our._replace(stacks={}) == theirs._replace(stacks={})


RARE = [
    "--- mutex:\ncycles/second=2399999999\nsampling period=97\n"
    + "".join(f"{3**i} {i} @ {i + 1:#x}\n" for i in range(1, 34)),
    *(
        "".join([f"heap profile: 5: 0 [5: 9] @ heap/{rate}\n", "5: 0 [9: 0] @ 0x1\n", "0: 0 [3: 9] @ 0x2\n"])
        for rate in range(6)
    ),
    "heap profile: 1: 8 [0: 0] @ heapprofile\n5: 0 [9: 0] @ 0x1\n",
    "heap profile: 1: 8 [2: 9] @ heap_v2/1\n-5: 7 [9: 5] @ 0x1\n5: -7 [0: 0] @ 0x2\n",
    "heap profile: 1: 8 [0: 0] @ heapprofile\n"
    + "".join(f"1: 8 [1: 8] @ {address:#x}\n" for address in (0x450011, 0x440009, 0x450021, 0x9999999, 0x470000))
    + "MAPPED_LIBRARIES:\n"
    + "\n".join(MAPS["overlapping beginnings"]),
]


@pytest.mark.parametrize("number", range(len(RARE)))
def test_what_is_rarely_drawn(tmp_path: Path, number: int) -> None:
    assert_same(RARE[number].encode(), tmp_path)


@pytest.mark.parametrize(("many", "others"), [(31, 0), (31, 1), (32, 1), (63, 2), (64, 2), (64, 3), (1, 0)])
def test_a_signal_handlers_frame(tmp_path: Path, many: int, others: int) -> None:
    """It is taken off where but one of 32 samples lacks it."""
    words = [0, 3, 0, 10_000, 0]
    for i in range(many):
        words += [1, 3, 0x1000 + i, 0x2000 if i >= others else 0x3000 + i, 0x4000]
    assert_same(struct.pack(f"<{len(words) + 3}Q", *words, 0, 1, 0), tmp_path)


HEAP = "heap profile: 1: 64 [1: 64] @ heap/1048576\n"
COUNT = "goroutine profile: total 1\n"
CONTENTION = "--- contention:\ncycles/second=1000000000\n"
JAVA_HEAP = "--- heapz 1 ---\nformat = java\nresolution = bytes\n"
CPU = struct.pack("<5Q", 0, 3, 0, 10_000, 0)
BROKEN = [
    HEAP + "0: 64 [0: 0] @ 0x1\n",
    HEAP + "1: 99999999999999999999 [1: 64] @ 0x1\n",
    HEAP + "1: 64 [1: 64] @ 0x12345678901234567\n",
    HEAP + "1: 64 @ 0x1\n",
    HEAP + "neither nor\n",
    HEAP.replace("heap/", "heapy/"),
    COUNT + "neither nor\n",
    COUNT + "1: 64 [1: 64] @ 0x1\n",
    COUNT.replace("total 1", "total"),
    CONTENTION + "neither nor\n",
    CONTENTION + "sampling period = often\n1 1 @ 0x1\n",
    CONTENTION + "99999999999999999999 1 @ 0x1\n",
    JAVA_HEAP + " 64 0 @ 0x00000003\n",
    JAVA_HEAP.replace("= java", "= python") + " 64 1 @ 0x00000003\n",
    JAVA_HEAP.replace("resolution = bytes\n", "") + " 64 1 @ 0x00000003\n",
    CPU + struct.pack("<3Q", 1, 9, 0x1000),
    CPU[:-8],
]
LENIENT = [
    "# a comment\n" + HEAP,
    HEAP + "-1: -64 [-1: -64] @ 0x1\n",
    COUNT + "1 @\n",
    COUNT + "1 @ 0x1 \n\nMAPPED_LIBRARIES:\n",
    CONTENTION + "colour = blue\n1 1 @ 0x1\n",
]
"""What alloclens alone reads: nothing in it can be taken for something else."""
STRICT = [
    CPU + struct.pack("<3Q", 1, 1, 0x1000),
    CPU + struct.pack("<4Q", 1, 3, 0x1000, 0x2000),
    CONTENTION + "30002 @ 0x1\n",
    HEAP + "1: 9223372036854775807 [1: 64] @ 0x1\n" * 2,
]
"""What pprof alone reads: cut off, guessed at, or wrapped around."""


CASES = [
    (data, by_us, by_pprof)
    for rows, by_us, by_pprof in ((BROKEN, False, False), (LENIENT, True, False), (STRICT, False, True))
    for data in rows
]


@pytest.mark.parametrize(("data", "by_us", "by_pprof"), CASES, ids=range(len(CASES)))
def test_who_reads_what_is_odd(tmp_path: Path, data: str | bytes, by_us: bool, by_pprof: bool) -> None:
    assert (reads(as_bytes(data)), pprof_reads(as_bytes(data), tmp_path)) == (by_us, by_pprof)


def reads(data: bytes) -> bool:
    try:
        read(data)
    except ProfileError:
        return False
    return True


def pprof_reads(data: bytes, folder: Path) -> bool:
    return message(written(folder, data)) is not None


def as_bytes(data: str | bytes) -> bytes:
    return data.encode() if isinstance(data, str) else data


@pytest.mark.parametrize(
    "data",
    [
        HEAP + "1: 64 [1: 64] @ 0x1\n",
        COUNT + "1 @ 0x1\n",
        CONTENTION + "1 1 @ 0x1\n",
        JAVA_HEAP + " 64 1 @ 0x00000003\n",
    ],
    ids=["heap", "count", "contention", "java"],
)
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_what_is_dropped(tmp_path: Path, data: str, names: st.DataObject) -> None:
    """The names that one of the two patterns matches, the other matches as well."""
    if not (tmp_path / "profile").exists():
        assert pprof_reads(data.encode(), tmp_path)
    theirs = pb.Profile.FromString(gzip.decompress((tmp_path / "profile.proto").read_bytes()))
    profile = read(data.encode())
    for our, their in (
        (profile.drop_frames, theirs.string_table[theirs.drop_frames]),
        (profile.keep_frames, theirs.string_table[theirs.keep_frames]),
    ):
        assert bool(our) == bool(their)
        for some, other in ((our, their), (their, our)):
            name = names.draw(
                st.from_regex(re.compile(some, re.ASCII), fullmatch=True, alphabet=st.characters(codec="ascii"))
            )
            assert re.fullmatch(other, name), name
