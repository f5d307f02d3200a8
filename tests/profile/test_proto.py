"""profile.proto in every legal encoding, and what is none."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

import numpy as np
import pytest
from alloclens.profile.errors import Malformed, ProfileError, Unrecognized
from alloclens.profile.formats import profile_pb2 as pb
from alloclens.profile.formats import read
from alloclens.profile.formats.wire import Wire
from alloclens.profile.kernel import arena
from alloclens.profile.model import Frame, ValueType
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fuzz.wire import varint
from tests.support.profiles import Builder, delta, heap, unpacked

if TYPE_CHECKING:
    from alloclens.arrays import Indices

STACK = "main.f:1@/w/a.go:2 + main.g@/w/a.go:9 < main.main@/w/b.go:3"


def test_a_heap_profile() -> None:
    profile = read(heap(f"{STACK} = 2x512/5", seconds=1.5, rate=1000, build_id="abc"))
    assert profile.sample_types[3] == ValueType("inuse_space", "bytes")
    assert profile.values.tolist() == [[5, 2560, 2, 1024]]
    assert profile.block_size.tolist() == [512]
    assert (profile.time_nanos, profile.period) == (1_500_000_000, 1000)
    assert profile.text(profile.mappings.build_id) == ["abc"]
    frames = [profile.frame(row) for row in profile.stack_frames.tolist()]
    assert frames == [Frame("main.f", "/w/a.go", 2), Frame("main.g", "/w/a.go", 9), Frame("main.main", "/w/b.go", 3)]
    assert profile.functions.start_line.tolist() == [1, 0, 0]


def test_what_proves_a_difference() -> None:
    grown, shrunk = f"{STACK} = 2x512/5", f"{STACK} = -2x512/0"
    assert not read(heap(grown)).is_difference
    assert not read(heap(grown, duration=30)).is_difference  # as continuous profilers write what is in use
    assert read(heap(grown, shrunk)).is_difference
    assert read(delta(heap(grown), seconds=30)).is_difference
    assert not read(delta(heap(grown), seconds=0)).is_difference  # Go before 1.9 packed no heap's values
    made = Builder(("samples", "count"), ("cpu", "nanoseconds"), ("inuse_space", "bytes"))
    made.sample(STACK, [1, 2, 3], pprof__base="true")
    assert read(made.bytes()).is_difference


def test_raw_and_in_two_gzip_members_is_the_same() -> None:
    raw = gzip.decompress(heap(f"{STACK} = 2x512"))
    half = len(raw) // 2
    for data in (raw, gzip.compress(raw[:half]) + gzip.compress(raw[half:])):
        assert read(data).values.tolist() == [[2, 1024, 2, 1024]]


ids = st.integers(1, 2**64 - 1)
numbers = st.integers(-(2**63), 2**63 - 1)
values = st.integers(-(2**59), 2**59)


@st.composite
def messages(draw: st.DrawFn) -> pb.Profile:
    """Any profile whose references are good: ids with gaps and in any order, locations without lines, big numbers."""
    made = pb.Profile(string_table=["", "cpu", "bytes", "f", "/a.go", "é"])
    types = draw(st.integers(1, 3))
    for _ in range(types):
        made.sample_type.add(type=1, unit=2)
    functions = draw(st.lists(ids, unique=True, max_size=4))
    for id_ in functions:
        made.function.add(id=id_, name=draw(st.integers(0, 5)), filename=draw(st.integers(0, 5)))
    locations = draw(st.lists(ids, unique=True, max_size=5))
    for id_ in locations:
        location = made.location.add(id=id_, address=draw(ids))
        for function in draw(st.lists(st.sampled_from([*functions, 0]), max_size=3)):
            location.line.add(function_id=function, line=draw(numbers))
    for _ in range(draw(st.integers(0, 6))):
        sample = made.sample.add(value=draw(st.lists(values, min_size=types, max_size=types)))
        sample.location_id.extend(draw(st.lists(st.sampled_from(locations), max_size=6)) if locations else [])
        if draw(st.booleans()):
            sample.label.add(key=2, num=draw(numbers))
    return made


@pytest.mark.slow
@settings(max_examples=80)
@given(messages(), st.booleans())
def test_equal_to_protobufs_own_reading(made: pb.Profile, packed: bool) -> None:
    data = made.SerializeToString() if packed else unpacked(made)
    profile = read(data)
    oracle = pb.Profile.FromString(data)
    assert profile.values.tolist() == [list(s.value) for s in oracle.sample]
    lines = {location.id: list(location.line) for location in oracle.location}
    names = {f.id: f for f in oracle.function}
    strings = oracle.string_table
    for i, sample in enumerate(oracle.sample):
        rows = profile.stack_frames[profile.frame_at[i] : profile.frame_at[i + 1]]
        seen = [tuple(profile.frame(row))[:3] for row in rows.tolist()]
        wanted = []
        for location in sample.location_id:
            for line in lines[location] or [pb.Line()]:
                f = names.get(line.function_id)
                wanted.append((strings[f.name], strings[f.filename], line.line) if f else ("", "", 0))
        assert seen == wanted
        assert profile.block_size[i] == next((x.num for x in sample.label), 0)


@given(st.lists(st.lists(numbers)))
def test_numbers_of_every_size(rows: list[list[int]]) -> None:
    bodies = [b"".join(b"\x10" + varint(v) for v in row) for row in rows]
    with arena() as memory:
        wire = Wire(memory, b"".join(b"\x0a" + varint(len(body)) + body for body in bodies))
        counts, messages = wire.nested(wire.whole, 1)
        many, found = wire.numbers(messages, 2)
    assert counts.tolist() == [len(rows)]
    assert many.tolist() == [len(row) for row in rows]
    assert found.tolist() == [v for row in rows for v in row]


MANY = (1 << 21) + 64
"""Ids of one to four bytes."""
ID = st.one_of(*(st.integers(1, 1 << bits) for bits in (6, 7, 8, 14, 15, 21)), st.integers(1 << 21, MANY))


def stacks_of(rows: list[list[int]], row: Indices) -> tuple[list[int], list[int]]:
    """Read packed ids, and return how many each message has, and their rows."""
    with arena() as memory:
        bodies = (b"".join(map(varint, ids)) for ids in rows)
        fields = (b"\x0a" + varint(len(body)) + body for body in bodies)
        wire = Wire(memory, b"".join(b"\x12" + varint(len(field)) + field for field in fields))
        counts, found = wire.rows(wire.nested(wire.whole, 2)[1], 1, row)
    return counts.tolist(), found.tolist()


@settings(max_examples=50)
@given(st.lists(st.lists(ID, max_size=30)), st.booleans())
def test_ids_of_every_size(rows: list[list[int]], in_order: bool) -> None:
    row = np.arange(-1, MANY, dtype=np.int32)
    if not in_order:
        row[1:] = row[:0:-1]
    counts, found = stacks_of(rows, row)
    assert counts == [len(ids) for ids in rows]
    assert found == [id_ - 1 if in_order else MANY - id_ for ids in rows for id_ in ids]


@pytest.mark.parametrize("in_order", [False, True])
@pytest.mark.parametrize("unknown", [0, 301, 1 << 14, 1 << 28, (1 << 32) - 1, 1 << 32, (1 << 32) + 1, (1 << 64) - 1])
def test_an_id_of_nothing_at_any_place(unknown: int, in_order: bool) -> None:
    row = np.arange(-1, 300, dtype=np.int32)
    if not in_order:
        row[1:] = row[:0:-1]
    for place in range(40):
        ids = [*range(100, 100 + place), unknown, *range(100, 109)]
        with pytest.raises(Malformed, match="a location that is not in the file"):
            stacks_of([[1, 2], ids, [300]], row)


def test_messages_with_nothing_in_them() -> None:
    with arena() as memory:
        wire = Wire(memory, b"\x0a\x00" + b"\x0a\x02\x08\x05" + b"\x0a\x00")
        messages = wire.nested(wire.whole, 1)[1]
        assert wire.scalars(messages, 1).tolist() == [[0, 5, 0]]
        assert wire.numbers(messages, 2)[0].tolist() == [0, 0, 0]


def broken() -> dict[str, pb.Profile]:
    """Profiles with one fault each."""
    made = {}
    for name in ("location", "values", "string", "function name"):
        builder = Builder(("cpu", "count"))
        builder.sample("main.f@/a.go:1", [1])
        made[name] = builder.message
    made["location"].sample[0].location_id.append(99)
    made["values"].sample[0].value.append(2)
    made["string"].sample_type[0].type = 99
    made["function name"].function[0].name = -1
    return made


@pytest.mark.parametrize("name", ["location", "values", "string", "function name"])
def test_a_reference_to_nothing_is_an_error(name: str) -> None:
    with pytest.raises(Malformed):
        read(broken()[name].SerializeToString())


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "empty"),
        (b"version https://git-lfs.github.com/spec/v1\n", "Git LFS"),
        (b"<html><title>502</title>", "HTML"),
        (b"hello, this is no profile\nat all", "it starts with “hello, this is no profil”"),
        (b"hello\r\nyou", "it starts with “hello”"),
        (b"\xffhello", "it starts with the bytes ff 68 65 6c 6c 6f"),
        (b"[2024-01-02] hello", "it starts with “\\[2024-01-02\\] hello”"),
        (b"FLR\0\0\x02\0\x01", "Java Flight Recorder; `jfrconv"),
        (b"JAVA PROFILE 1.0.2\0", "Eclipse Memory Analyzer"),
        (b"\x80\x04\x95\x1e\0\0\0\0\0\0\0\x8c\x0btracemalloc\x94", "tracemalloc, a pickle.* docs/formats.md"),
        (b"desc: --time-unit=B\ncmd: ./a.out\ntime_unit: B\n", "massif; see `ms_print .* `valgrind --tool=dhat`"),
        (b"v 10300 2\nx /usr/bin/app\n", "heaptrack_print"),
        (b"# callgrind format\nversion: 1\n", "callgrind_annotate"),
        (b"version: 1\ncreator: callgrind-3.22.0\n", "callgrind_annotate"),
        (b"PERFILE2h\0\0\0", "perf_to_profile"),
        (b"go 1.23 trace\0\0\0", "go tool trace"),
        (b"Nettrace\x14\0\0\0", "dotnet-trace"),
        (b"\x7fELF\x02\x01\x01\0", "setting `binaries`"),
        (b"MZ\x90\0\x03\0", "setting `binaries`"),
        (b'{"snapshot":{"meta":{}}}', "heap snapshot of V8.* `node --heap-prof`"),
        (b'{"nodes":[{"id":1}]}', "CPU profile of V8; .* `node --heap-prof`"),
        (b'{"exporter":"x","$schema":"https://www.speedscope.app/file-format-schema.json"}', "for speedscope"),
        (b'{"log":"goroutine 1 [running]:\\n","stream":"stderr"}\n', "docker logs"),
        (b'{"a":1}', "JSON that does not start as a profile of DHAT, a heap profile of V8 or OTLP does"),
        ('{"dhatFileVersion":2}'.encode("utf-16-le"), "UTF-16"),
        ("heap profile: 1".encode("utf-16-be"), "UTF-16"),
        (b"PK\x03\x04", "an archive"),
        (b"a.pb".ljust(257, b"\0") + b"ustar\0", "an archive"),
        (b'<?xml version="1.0"?><svg', "a picture or table that pprof wrote"),
        (b"File: app\nType: inuse_space\n", "a picture or table that pprof wrote"),
    ],
)
def test_what_is_no_profile_says_what_it_looks_like(data: bytes, words: str) -> None:
    with pytest.raises(Unrecognized, match=words):
        read(data)


def test_cut_off_at_any_byte_is_an_error_or_a_smaller_profile() -> None:
    whole = heap(f"{STACK} = 2x512", f"{STACK} < main.x@/w/c.go:1 = 3x64")
    for end in range(len(whole)):
        with pytest.raises(ProfileError):
            read(whole[:end])
    raw = gzip.decompress(whole)
    for end in range(len(raw)):
        try:
            read(raw[:end])
        except ProfileError:
            continue


@settings(max_examples=120)
@given(st.data())
def test_any_byte_changed_is_an_error_or_a_profile(data: st.DataObject) -> None:
    raw = bytearray(gzip.decompress(heap(f"{STACK} = 2x512", f"{STACK} < main.x@/w/c.go:1 = 3x64")))
    for _ in range(data.draw(st.integers(1, 4))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    try:
        profile = read(bytes(raw))
    except ProfileError:
        return
    assert np.diff(profile.frame_at).min(initial=0) >= 0


def test_a_bomb_is_not_unpacked() -> None:
    with pytest.raises(Malformed, match="more than 1000 bytes"):
        read(gzip.compress(bytes(1 << 20)), limit=1000)
