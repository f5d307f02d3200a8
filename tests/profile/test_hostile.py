"""Files made to harm: each is read, or refused with the reason, and neither takes long."""

from __future__ import annotations

import gzip
import re
import struct
import subprocess
import sys
import zlib
from typing import TYPE_CHECKING

import numpy as np
import pytest
from alloclens.profile.errors import Malformed, ProfileError, Unrecognized
from alloclens.profile.formats import (
    addresses,
    contention_text,
    count_text,
    go_symbols,
    goroutine_dump,
    heap_text,
    java_symbols,
    java_text,
    jemalloc_text,
    looks,
    memory_map,
    read,
    symbol_section,
    text,
    thread_text,
)
from alloclens.profile.formats import profile_pb2 as pb
from alloclens.profile.formats.compression import MAX_LAYERS, MAX_PARTS, zstd
from alloclens.tables.lines import lines
from alloclens.tables.top import top
from alloclens.transform.difference import overflow

from tests.bench.generate import nested, number, varint
from tests.fuzz.check import check
from tests.fuzz.seeds import MAPS, TEXTS
from tests.support.judge import own
from tests.support.profiles import heap

if TYPE_CHECKING:
    from collections.abc import Callable

    from alloclens.profile.model import Profile

pytestmark = pytest.mark.timeout(30)
"""Seconds: a guard against what would never end. How long each takes is the fuzz's business."""
MANY = 100_000
MIB = 1 << 20
EMPTY = nested(6, b"")
TYPE = nested(1, b"")
SAMPLE, LOCATION, FUNCTION = 2, 4, 5
FULL = b"\xff" * 9 + b"\x01"  # 2^64 - 1
GO_HEAP = b"heap profile: 1: 64 [3: 192] @ heap/1048576\n"
SAMPLE_LINE = b"1: 64 [3: 192] @ 0x1000\n"
JAVA = b"--- heapz 1 ---\nformat = java\nresolution = bytes\n"
DIGITS = b"7" * MIB


def good(data: bytes) -> Profile:
    profile = read(data)
    check(profile)
    return profile


def proto(*parts: bytes) -> bytes:
    """Return a profile with one sample type and one text, and these fields."""
    return b"".join((TYPE, EMPTY, *parts))


def sample(*ids: int, value: int = 1, rest: bytes = b"") -> bytes:
    return nested(SAMPLE, nested(1, b"".join(map(varint, ids))) + nested(2, varint(value)) + rest)


def location(id_: int, rest: bytes = b"") -> bytes:
    return nested(LOCATION, number(1, id_) + rest)


# --- bombs


def gzip_bomb() -> bytes:
    return gzip.compress(bytes(32 * MIB), 1) * 10


def zstd_bomb() -> bytes:
    return zstd.compress(bytes(32 * MIB), 1) * 10


@pytest.mark.parametrize("bomb", [gzip_bomb, zstd_bomb])
def test_a_bomb_is_not_unpacked_further_than_allowed(bomb: Callable[[], bytes]) -> None:
    with pytest.raises(Malformed, match="unpacks to more than 10000000 bytes"):
        read(bomb(), limit=10_000_000)


def test_a_packed_bomb_within_a_packed_file_is_not_unpacked_further_either() -> None:
    with pytest.raises(Malformed, match="unpacks to more than 10000000 bytes"):
        read(gzip.compress(gzip_bomb()), limit=10_000_000)


SKIPPED = b"\x5a\x2a\x4d\x18\x03\0\0\0abc"
"""A zstd frame with something for another program."""


EMPTY_PARTS = {"gzip": gzip.compress(b""), "zstd": zstd.compress(b""), "skipped": SKIPPED}


@pytest.mark.slow
@pytest.mark.parametrize(
    "part",
    [*EMPTY_PARTS.values(), gzip.compress(b"") + b"\0", gzip.compress(b"x")],
    ids=[*EMPTY_PARTS, "padded", "of one byte"],
)
def test_millions_of_packed_parts(part: bytes) -> None:
    """None may cost a copy of those after it, or the pytest timeout ends the test."""
    with pytest.raises(Malformed, match=f"more than {MAX_PARTS} compressed parts"):
        read(part * 2_000_000)


@pytest.mark.slow
@pytest.mark.parametrize("kind", EMPTY_PARTS)
def test_as_many_packed_parts_as_are_allowed(kind: str) -> None:
    raw = gzip.decompress(heap("main.f@/w/a.go:1 = 2x512"))
    pack = gzip.compress if kind == "gzip" else zstd.compress
    assert read(EMPTY_PARTS[kind] * (MAX_PARTS - 1) + pack(raw)).values.tolist() == [[2, 1024, 2, 1024]]


@pytest.mark.parametrize(
    "packs",
    [(gzip.compress, gzip.compress), (zstd.compress, gzip.compress), (gzip.compress, zstd.compress, gzip.compress)],
)
def test_packed_twice(packs: tuple[Callable[[bytes], bytes], ...]) -> None:
    data = gzip.decompress(heap("main.f@/w/a.go:1 = 2x512"))
    for pack in packs:
        data = pack(data)
    assert read(data).values.tolist() == [[2, 1024, 2, 1024]]


def test_packed_over_and_over() -> None:
    data = heap("main.f@/w/a.go:1 = 2x512")
    for _ in range(MAX_LAYERS):
        data = gzip.compress(data)
    with pytest.raises(Malformed, match=f"compressed more than {MAX_LAYERS} times"):
        read(data)


def test_a_gzip_header_with_everything_in_it() -> None:
    raw = gzip.decompress(heap("main.f@/w/a.go:1 = 2x512"))
    packed = zlib.compressobj(wbits=-15)
    header = (
        b"\x1f\x8b\x08\x1e" + bytes(6) + struct.pack("<H", 9000) + b"x" * 9000 + b"name" * 100 + b"\0" + b"comment\0"
    )
    body = packed.compress(raw) + packed.flush() + struct.pack("<II", zlib.crc32(raw), len(raw))
    whole = header + struct.pack("<H", zlib.crc32(header) & 0xFFFF) + body
    assert gzip.decompress(whole) == raw
    for padding in (b"", b"\0" * 5000):
        assert read(whole + padding).values.tolist() == [[2, 1024, 2, 1024]]
        assert read(whole + padding + gzip.compress(b"") + padding).values.tolist() == [[2, 1024, 2, 1024]]


def test_some_packed_parts_are_one_file() -> None:
    raw = gzip.decompress(heap("main.f@/w/a.go:1 = 2x512"))
    cut = [raw[i : i + 10] for i in range(0, len(raw), 10)]
    assert read(b"".join(map(gzip.compress, cut))).values.tolist() == [[2, 1024, 2, 1024]]
    assert read(b"".join(map(zstd.compress, cut))).values.tolist() == [[2, 1024, 2, 1024]]


@pytest.mark.parametrize("field", [1, 2, 3, 4, 5, 6])
def test_a_table_of_nothing(field: int) -> None:
    data = gzip.compress(proto(nested(field, b"") * 500_000), 1)
    try:
        check(read(data))
    except ProfileError as error:
        assert re.search(r"the number of values|sample types", str(error))  # noqa: PT017 - both are good


def test_more_sample_types_than_anybody_has() -> None:
    with pytest.raises(Malformed, match="more than 1024 sample types"):
        read(proto(TYPE * 1024))
    assert len(good(proto(TYPE * 1023)).sample_types) == 1024


def test_more_numbers_than_fit_into_memory() -> None:
    """A thousand sample types of a hundred thousand lines: each table of them would take 800 MB."""
    lines_of_it = location(1, b"".join(nested(4, number(2, i)) for i in range(MANY)))
    with pytest.raises(Malformed, match="numbers"):
        read(proto(TYPE * 999, lines_of_it, nested(SAMPLE, b"\x0a\x01\x01" + nested(2, b"\x01" * 1000))))


# --- promises and references


@pytest.mark.parametrize("promised", [2**31 - 1, 2**31, 2**32 - 1, 2**32, 2**63, 2**64 - 1])
@pytest.mark.parametrize("field", [SAMPLE, LOCATION, FUNCTION, 6])
def test_more_is_promised_than_there_is(field: int, promised: int) -> None:
    with pytest.raises(ProfileError):
        read(proto(varint(field << 3 | 2) + varint(promised) + b"\x08\x01"))


@pytest.mark.parametrize("promised", [2**31, 2**32 + 1, 2**64 - 1])
def test_more_numbers_are_promised_than_a_sample_has(promised: int) -> None:
    with pytest.raises(Malformed, match="runs past the end"):
        read(proto(location(1), nested(SAMPLE, b"\x0a" + varint(promised) + b"\x01")))


@pytest.mark.parametrize("index", [1, 2**31, 2**32, 2**63 - 1, 2**63, 2**64 - 1])
@pytest.mark.parametrize(
    "column",
    [
        lambda i: nested(1, number(1, i)),
        lambda i: nested(1, number(2, i)),
        lambda i: nested(3, number(5, i)),
        lambda i: nested(3, number(6, i)),
        lambda i: nested(FUNCTION, number(2, i)),
        lambda i: nested(FUNCTION, number(3, i)),
        lambda i: nested(FUNCTION, number(4, i)),
        lambda i: sample(rest=nested(3, number(1, i))),
        lambda i: sample(rest=nested(3, number(2, i))),
        lambda i: sample(rest=nested(3, number(4, i))),
        lambda i: number(7, i),
        lambda i: number(8, i),
        lambda i: nested(11, number(1, i)),
        lambda i: number(13, i),
        lambda i: number(14, i),
    ],
)
def test_a_name_beyond_the_string_table(column: Callable[[int], pb.Profile], index: int) -> None:
    with pytest.raises(Malformed, match=r"outside the string table|the number of values"):
        read(proto(column(index)))


@pytest.mark.parametrize("id_", [0, 2, 999, 2**31, 2**32, 2**63, 2**64 - 1])
@pytest.mark.parametrize("known", [1, 2**40, 2**64 - 2])
def test_a_location_that_is_not_there(id_: int, known: int) -> None:
    with pytest.raises(Malformed, match="a sample names a location"):
        read(proto(location(known), sample(known, id_)))


def test_locations_with_the_id_0_are_nobodys() -> None:
    with pytest.raises(Malformed, match="a sample names a location"):
        read(proto(nested(LOCATION, b""), sample(0)))


def test_of_equal_ids_the_first_counts() -> None:
    for id_ in (1, 2**63):
        first = location(id_, number(3, 0x10))
        profile = good(proto(first, location(id_, number(3, 0x20)), location(5), sample(id_)))
        assert profile.locations.address[profile.location].tolist() == [0x10]


def test_a_line_of_a_function_that_is_not_there_has_no_name() -> None:
    profile = good(proto(location(1, nested(4, number(1, 99) + number(2, 7)) + number(2, 88)), sample(1)))
    assert profile.frames.function.tolist() == [-1]
    assert profile.locations.mapping.tolist() == [-1]


@pytest.mark.parametrize("step", [2**20, 2**40, 2**63 // 1000])
def test_ids_with_gaps(step: int) -> None:
    ids = [1 + step * i for i in range(1000)]
    profile = good(proto(*map(location, ids), sample(*reversed(ids))))
    assert profile.location.tolist() == list(range(999, -1, -1))


# --- much of one thing


def test_a_stack_100_000_deep() -> None:
    ids = [1 + i % 3 for i in range(MANY)]
    packed = sample(*ids)
    apart = nested(SAMPLE, b"".join(b"\x08" + varint(i) for i in ids) + b"\x10\x01")
    for one in (packed, apart):
        profile = good(proto(location(1), location(2), location(3), one))
        assert np.diff(profile.frame_at).tolist() == [MANY]
        assert top(profile, 0, "line", "cum").cum.tolist() == [1]


def test_100_000_labels_of_one_sample() -> None:
    profile = good(proto(sample(rest=nested(3, number(3, 7)) * MANY)))
    assert profile.labels.number.tolist() == [7] * MANY


def test_100_000_lines_of_one_location() -> None:
    profile = good(proto(location(1, b"".join(nested(4, number(2, i)) for i in range(MANY))), sample(1)))
    assert profile.frames.line.tolist() == list(range(MANY))


def test_stacks_that_unfold_to_more_frames_than_fit_into_memory() -> None:
    """A location of 100,000 lines, 100,000 times in a stack: 80 GB."""
    with pytest.raises(Malformed, match="frames"):
        read(proto(location(1, nested(4, b"") * MANY), sample(*[1] * MANY)))


def test_a_million_samples() -> None:
    one = nested(SAMPLE, b"\x10\x01")
    profile = read(gzip.compress(proto(one * 1_000_000), 1))
    assert profile.values.sum() == 1_000_000


# --- numbers


def test_values_beyond_64_bits_in_their_sum() -> None:
    for values in ((2**62, 2**62), (-(2**62), -(2**62), -1), (2**63 - 1, 1), (-(2**63),), (2**62, -(2**62))):
        profile = good(proto(*(sample(value=v % 2**64) for v in values)))
        assert "add up to more than 64 bits" in overflow(profile)[0]
    assert not overflow(good(proto(sample(value=2**63 - 1))))


def test_a_number_of_more_than_ten_bytes() -> None:
    with pytest.raises(ProfileError):
        read(proto(nested(SAMPLE, b"\x10" + b"\x80" * 10 + b"\x01")))
    assert good(proto(nested(SAMPLE, b"\x10" + FULL))).values.tolist() == [[-1]]


@pytest.mark.parametrize("rate", [b"0", b"1", b"2", str(2**63).encode(), str(2**64).encode(), DIGITS])
def test_the_rate_of_a_text_heap(rate: bytes) -> None:
    for kind in (b"heap", b"heap_v2"):
        try:
            profile = good(b"heap profile: 1: 64 [3: 192] @ %s/%s\n" % (kind, rate) + SAMPLE_LINE)
        except Malformed as error:
            assert "64 bits" in str(error)  # noqa: PT017 - both are good
        else:
            assert profile.values[:, 2].min() >= 1


def test_jemalloc_that_samples_everything() -> None:
    data = TEXTS["jemalloc"].replace("heap_v2/524288", "heap_v2/0")
    assert good(data.encode()).values.tolist() == [[9, 300, 7, 112], [0, 0, 1, 1000]]


@pytest.mark.parametrize("name", sorted(TEXTS))
def test_every_number_with_a_million_digits(name: str) -> None:
    whole = TEXTS[name].encode()
    for found in re.finditer(rb"\d+", whole):
        try:
            check(read(whole[: found.start()] + b"7" * 5000 + whole[found.end() :]))
        except ProfileError:
            continue


@pytest.mark.parametrize("name", ["go heap", "go goroutines", "go mutex", "jemalloc", "java heap", "gperftools heap"])
@pytest.mark.parametrize("digits", [b"9" * MIB, b"-" + b"9" * MIB, b"0x" + b"f" * MIB, b"0" * MIB])
def test_a_megabyte_of_digits(name: str, digits: bytes) -> None:
    whole = TEXTS[name].encode()
    for found in list(re.finditer(rb"\d+", whole))[:6]:
        try:
            read(whole[: found.start()] + digits + whole[found.end() :])
        except ProfileError:
            continue


def test_addresses_beyond_64_bits() -> None:
    with pytest.raises(Malformed, match="not an address"):
        read(GO_HEAP + b"1: 64 [3: 192] @ 0x1" + b"0" * 16 + b"\n")
    top_most = good(GO_HEAP + b"1: 64 [3: 192] @ 0x" + b"f" * 16 + b"\n")
    assert top_most.locations.address.tolist() == [-2]


@pytest.mark.parametrize("line", [b"0 0", b"64 0"])
def test_java_without_objects(line: bytes) -> None:
    with pytest.raises(Malformed, match="no objects"):
        read(JAVA + line + b" @ 0x3\n")


def test_the_smallest_number_divided_by_minus_1() -> None:
    with pytest.raises(Malformed, match="64 bits"):
        read(GO_HEAP + b"-1: -%d [0: 0] @ 0x1\n" % 2**63)


@pytest.mark.parametrize("period", [-(2**62), -1, 0, 2**62, 2**63])
def test_periods_of_contention(period: int) -> None:
    for name in ("go mutex", "java contention"):
        data = re.sub(r"sampling period ?= ?\d+", f"sampling period={period}", TEXTS[name])
        try:
            profile = good(data.encode())
        except Malformed as error:
            assert "64 bits" in str(error)  # noqa: PT017 - both are good
        else:
            assert np.abs(profile.values).max() < 2**40


def test_a_duration_before_the_beginning() -> None:
    for name in ("contentionz", "java contention"):
        data = re.sub(r"ms since reset = \d+", f"ms since reset = -{2**63 - 1}", TEXTS[name])
        assert good(data.encode()).duration_nanos == 0


# --- lines


@pytest.mark.parametrize("mark", [b"# ", b"#\t0x1\t"])
def test_comments_of_ten_megabytes(mark: bytes) -> None:
    assert len(good(GO_HEAP + SAMPLE_LINE + mark + b"x" * (10 * MIB) + b"\n")) == 1


def test_a_line_of_ten_megabytes_is_not_repeated_in_the_reason() -> None:
    with pytest.raises(Malformed, match="a line is not a sample") as failed:
        read(GO_HEAP + SAMPLE_LINE + b"x" * (10 * MIB) + b"\n")
    assert len(str(failed.value)) < 200


def test_a_stack_of_a_megabyte() -> None:
    profile = good(GO_HEAP + b"1: 64 [3: 192] @" + b" 0x1000" * (MIB // 7) + b"\n")
    assert len(profile.location) == MIB // 7


MODULES = (
    addresses,
    contention_text,
    count_text,
    go_symbols,
    goroutine_dump,
    heap_text,
    java_symbols,
    java_text,
    jemalloc_text,
    looks,
    memory_map,
    symbol_section,
    text,
    thread_text,
)
PATTERNS = {
    f"{module.__name__.rpartition('.')[2]}.{name}": found
    for module in MODULES
    for name, found in vars(module).items()
    if isinstance(found, re.Pattern)
}
UNITS = (
    " ",
    "\t",
    "\n",
    "0",
    "a",
    "(",
    " (",
    "(a",
    "):",
    ":",
    ":1",
    "[",
    "{",
    "}] {",
    "=",
    "@",
    " 0x1",
    "+0x1",
    '"',
    '\\"',
    ",",
)
STARTS = (
    "",
    "1: 1 [1: 1] @",
    "heap profile: 1:",
    "goroutine 1 [a labels:{",
    "goroutine 1 [",
    "created by x\n\t",
    "#\t0x1\tf",
    "@ 0x1\n  t*: 1",
    "--- Thread 1 (name: ",
    "--- symbol\n0x1 f",
    '"a":"',
)


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(PATTERNS))
def test_no_pattern_tries_every_way(name: str) -> None:
    """A pattern that tried every pair of characters would be at it for minutes."""
    pattern = PATTERNS[name]
    tried = pattern.search if pattern.flags & re.MULTILINE else pattern.match
    for start in STARTS:
        for unit in UNITS:
            run = start + unit * 20_000
            for subject in (run, run + "z", run + ")"):
                tried(subject if isinstance(pattern.pattern, str) else subject.encode())


@pytest.mark.parametrize("unit", [*UNITS, "$a", "f ", "a-", "-"])
@pytest.mark.parametrize(
    "before",
    [
        GO_HEAP,
        GO_HEAP + SAMPLE_LINE + b"#\t0x1\tf+0x1\t",
        GO_HEAP + b"MAPPED_LIBRARIES:\n",
        b"goroutine profile: total 1\n1 @ 0x1\n# labels: {",
        b"goroutine 1 [running labels:{",
        b"goroutine 1 [running]:\nmain.f",
        b"goroutine 1 [running]:\nmain.f\n\t",
        b"panic: f\n\ngoroutine 1 [running]:\n",
        b"--- threadz 1 ---\n--- Thread 1 (name: a/1) stack: ---\n",
        b"--- threadz 1 ---\n--- Thread 1 (name: ",
        b"--- symbol\n0x1 f",
        b"heap_v2/1\n@ 0x1\n",
        JAVA + b"0x3 ",
        b"--- mutex:\ncycles/second=",
    ],
)
def test_long_runs_of_one_thing(before: bytes, unit: str) -> None:
    for end in ("", ")", "}", "\n"):
        try:
            read(before + (unit * (MIB // 16) + end).encode())
        except ProfileError:
            continue


@pytest.mark.parametrize("line", ["f" * 4096, "f " * 2048, "a-" * 2048, "1-2 " + "f:" * 2000, " (" * 2048, ":1" * 2000])
def test_lines_of_a_map_that_a_pattern_could_take_long_over(line: str) -> None:
    lines_of_it = (line[:4096].encode() + b"\n") * 50
    good(GO_HEAP + b"MAPPED_LIBRARIES:\n" + lines_of_it)
    good(JAVA + b"7048 1 @ 0x3\n" + lines_of_it + (b"0x3 " + line[:4000].encode() + b"\n") * 50)


def test_names_that_stand_for_names() -> None:
    """Each is the previous one twice: after thirty lines there would be a gigabyte."""
    doubled = "".join(f"n{i}=$n{i - 1}${i - 1}$n{i - 1}\n" for i in range(1, 40))
    good(GO_HEAP + b"MAPPED_LIBRARIES:\nn0=" + b"x" * 100 + b"\n" + doubled.encode())
    many = "".join(f"name{i}=x\n" for i in range(20_000))
    good(GO_HEAP + b"MAPPED_LIBRARIES:\n" + many.encode())


def test_many_frames_of_one_address() -> None:
    frames = b"".join(b"#\t0x1000\tf+0x0\t/w/a.go:%d\n" % i for i in range(20_000))
    profile = good(GO_HEAP + b"1: 64 [3: 192] @ 0x1001\n" + frames)
    assert len(profile.frames.line) == 20_000


def test_labels_nested_a_hundred_thousand_deep() -> None:
    deep = b'{"a":' + b"[" * MANY + b"]" * MANY + b"}"
    good(b"goroutine profile: total 1\n1 @ 0x2\n# labels: " + deep + b"\n")


def test_half_a_character_in_a_label() -> None:
    profile = good(b'goroutine profile: total 1\n1 @ 0x2\n# labels: {"a":"\\ud800", "b":"\\U00110000"}\n')
    assert profile.text(profile.labels.text) == [r"\ud800", r"\U00110000"]


def test_labels_behind_what_is_no_sample() -> None:
    data = b'goroutine profile: total 1\n1 @ 0x2\n---\n1 @ 0x2\n5: x\n# labels: {"a":"b"}\n'
    assert len(good(data).labels.sample) == 0


# --- how texts are written


@pytest.mark.parametrize("name", sorted(TEXTS))
def test_line_ends_of_windows(name: str) -> None:
    whole = TEXTS[name]
    here, there = good(whole.encode()), good(whole.replace("\n", "\r\n").encode())
    assert there.values.tolist() == here.values.tolist()
    assert there.strings == here.strings
    assert [there.frame(i) for i in there.stack_frames] == [here.frame(i) for i in here.stack_frames]
    assert there.labels.text.tolist() == here.labels.text.tolist()


@pytest.mark.parametrize("name", sorted(TEXTS))
@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_texts_in_wide_characters_are_no_profile(name: str, encoding: str) -> None:
    with pytest.raises(Unrecognized):
        read(TEXTS[name].encode(encoding))


@pytest.mark.parametrize("name", sorted(TEXTS))
def test_a_zero_byte_anywhere(name: str) -> None:
    whole = TEXTS[name].encode()
    for at in range(len(whole)):
        try:
            read(whole[:at] + b"\0" + whole[at + 1 :])
        except ProfileError:
            continue


def test_regions_of_a_map_with_huge_numbers() -> None:
    lines_of_it = b"f" * 17 + b"-" + b"f" * 40 + b" r-xp " + b"9" * 5000 + b" 08:01 " + b"1" * 4000 + b" /opt/app\n"
    profile = good(GO_HEAP + SAMPLE_LINE + MAPS.encode() + lines_of_it + b"ffffffffffffffff-0 r-xp 0 0:0 0 /x\n")
    assert profile.mappings.file.size > 0


def test_thousands_of_regions() -> None:
    regions = b"".join(b"%x-%x r-xp 0 00:00 0 /a%d\n" % (i * 64, i * 64 + 32, i) for i in range(2_000))
    stacks = b"".join(b"1: 64 [3: 192] @ 0x%x\n" % (i * 64 + 2) for i in range(2_000))
    profile = good(GO_HEAP + stacks + b"MAPPED_LIBRARIES:\n" + regions)
    assert profile.locations.mapping.tolist() == list(range(2_000))


def test_more_regions_than_a_process_has() -> None:
    for between in (0, 32):  # neighbours of one file are one region, and yet as many lines
        regions = b"".join(b"%x-%x r-xp 0 00:00 0 /a\n" % (i * 64, i * 64 + 64 - between) for i in range(10_001))
        with pytest.raises(Malformed, match="10000 regions"):
            read(GO_HEAP + SAMPLE_LINE + b"MAPPED_LIBRARIES:\n" + regions)


def test_an_address_before_each_of_thousands_of_regions() -> None:
    regions = b"".join(b"%x-%x r-xp 10 00:00 0 /a%d\n" % (i * 64 + 48, i * 64 + 60, i) for i in range(1, 5_000))
    stacks = b"".join(b"1: 64 [3: 192] @ 0x%x\n" % (i * 64 + 40) for i in range(1, 5_000))
    profile = good(GO_HEAP + stacks + b"MAPPED_LIBRARIES:\n" + regions)
    assert profile.locations.mapping[:3].tolist() == [0, 1, 2]


# --- binary CPU profiles


@pytest.mark.parametrize("depth", [2, 2**31, 2**63, 2**64 - 1])
def test_a_cpu_profile_with_a_stack_beyond_its_end(depth: int) -> None:
    with pytest.raises(Malformed, match="longer than the file"):
        read(struct.pack("<8Q", 0, 3, 0, 10_000, 0, 1, depth, 7))


def test_the_numbers_of_a_line_come_out_of_the_largest_stack() -> None:
    profile = good(proto(location(1), sample(*[1] * MANY, value=5)))
    assert lines(profile, own(lambda _: True)).value.cum.tolist() == [[5.0]]


def test_text_of_40_mib() -> None:
    line = b"1: 64 [3: 192] @ 0x46a2b1\n"
    with pytest.raises(Malformed, match="larger than the 32 MiB"):
        read(b"heap profile: 1: 64 [3: 192] @ heap/1048576\n" + line * (40 * 2**20 // len(line)))


def test_a_first_text_that_is_not_empty_is_refused_as_in_pprof() -> None:
    with pytest.raises(Malformed, match="first text"):
        read(pb.Profile(string_table=["cpu"], sample_type=[pb.ValueType()]).SerializeToString())


def test_one_name_of_a_memory_map_defined_over_and_over() -> None:
    lines = [f"{'n' * 1000}{i % 40}={i}" for i in range(4_000)]
    read(
        f"heap profile: 1: 8 [1: 8] @ heapprofile\n1: 8 [1: 8] @ 0x1\nMAPPED_LIBRARIES:\n{chr(10).join(lines)}".encode()
    )


LIMITED = """
import resource, sys
from alloclens.profile.errors import ProfileError
from alloclens.profile.formats import read
from alloclens.profile.compiled import compiled
data = sys.stdin.buffer.read()
compiled(True), compiled(False)
used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
limit = used + (int(sys.argv[1]) << 20)
resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
try:
    print(len(read(data)))
except ProfileError as error:
    print(error, limit >> 20)
"""


@pytest.mark.programs
@pytest.mark.skipif(sys.platform != "linux", reason="asks /proc")
def test_a_limit_of_virtual_memory() -> None:
    """WebAssembly's memory takes 4 GiB of addresses, or as many as it needs; if these are missing, the message says so."""

    def said(mib: int) -> str:
        command = [sys.executable, "-c", LIMITED, str(mib)]
        ran = subprocess.run(command, input=heap("f@/a.go:1 = 1x8"), capture_output=True, check=True)
        return ran.stdout.decode().strip()

    assert said(1 << 10) == "1"
    message = (
        r"it needs more memory than there is "
        r"\((\d+) MiB of memory cannot be reserved; virtual memory is limited to (\d+) MiB \(ulimit -v\)\) \2"
    )
    assert re.fullmatch(message, said(8))
