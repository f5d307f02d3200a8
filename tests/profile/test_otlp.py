"""OTLP profiles, made with OpenTelemetry's own messages."""

from __future__ import annotations

import json
from codecs import BOM_UTF8
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from alloclens.profile.errors import Malformed
from alloclens.profile.formats import is_json_profile, otlp, otlp_pb2, read
from alloclens.profile.model import Frame
from alloclens.stats.sampling import errors
from google.protobuf import json_format
from opentelemetry.proto.profiles.v1development import profiles_pb2 as pb

if TYPE_CHECKING:
    from collections.abc import Callable

STRINGS = [
    "",
    "cpu",
    "nanoseconds",
    "alloc_space",
    "bytes",
    "inuse_space",
    "space",
    "main.keep",
    "main.go",
    "main.main",
]
ROW = {text: row for row, text in enumerate(STRINGS)}


def data() -> pb.ProfilesData:
    """Two stacks, keep (inlined into main) < main and main, of a service that was profiled twice."""
    made = pb.ProfilesData()
    tables = made.dictionary
    tables.string_table.extend(STRINGS)
    for name in ("", "main.keep", "main.main"):
        tables.function_table.add(name_strindex=ROW[name], filename_strindex=ROW["main.go"] if name else 0)
    tables.location_table.add()
    inlined = tables.location_table.add(address=0x10)
    inlined.lines.add(function_index=1, line=11)
    inlined.lines.add(function_index=2, line=6)
    tables.location_table.add(address=0x20).lines.add(function_index=2, line=7)
    tables.stack_table.add()
    tables.stack_table.add(location_indices=[1, 2])
    tables.stack_table.add(location_indices=[2])
    scope = made.resource_profiles.add().scope_profiles.add()
    for seconds, kind, unit, samples in (
        (60, "cpu", "nanoseconds", [(1, [5])]),
        (60, "inuse_space", "bytes", [(1, [1])]),
        (120, "inuse_space", "bytes", [(2, [4096]), (1, [512, 512])]),
        (120, "alloc_space", "bytes", [(1, [9000])]),
    ):
        profile = scope.profiles.add(time_unix_nano=seconds * 10**9, period=524288)
        profile.sample_type.type_strindex, profile.sample_type.unit_strindex = ROW[kind], ROW[unit]
        profile.period_type.type_strindex, profile.period_type.unit_strindex = ROW["space"], ROW["bytes"]
        for stack, values in samples:
            profile.samples.add(stack_index=stack, values=values, timestamps_unix_nano=[0] * (len(values) - 1))
    return made


def as_json(message: pb.ProfilesData) -> bytes:
    return json_format.MessageToJson(message, indent=None).encode()


@pytest.mark.parametrize("encoded", [as_json, pb.ProfilesData.SerializeToString])
def test_types_are_joined_by_stack(encoded: Callable[[pb.ProfilesData], bytes]) -> None:
    profile = read(encoded(data()))
    assert profile.sample_types == (("inuse_space", "bytes"), ("alloc_space", "bytes"))
    stacks = [
        [profile.frame(row) for row in profile.stack_frames[begin:end].tolist()]
        for begin, end in pairwise(profile.frame_at.tolist())
    ]
    keep = [Frame("main.keep", "main.go", 11), Frame("main.main", "main.go", 6), Frame("main.main", "main.go", 7)]
    assert (stacks, profile.values.tolist()) == ([keep, keep[2:]], [[1024, 9000], [4096, 0]])
    assert (profile.time_nanos, profile.period, profile.period_type) == (120 * 10**9, 524288, ("space", "bytes"))
    assert errors(profile).variance[:, 0].tolist() == [1024 * 524288, 4096 * 524288]


def test_a_sample_without_values_counts_its_times() -> None:
    made = data()
    made.resource_profiles[0].scope_profiles[0].profiles[2].samples.add(stack_index=2, timestamps_unix_nano=[1, 2, 3])
    assert read(made.SerializeToString()).values[:, 0].tolist() == [1024, 4096 + 3]


def test_other_profiles_are_named() -> None:
    made = data()
    del made.resource_profiles[0].scope_profiles[0].profiles[1:]
    for encoded in (as_json(made), made.SerializeToString()):
        with pytest.raises(Malformed, match="without a profile of allocations; the types of its samples: cpu"):
            read(encoded)


@pytest.mark.parametrize("table", ["location_table", "function_table", "string_table", "stack_table"])
def test_a_reference_to_nothing_is_an_error(table: str) -> None:
    made = data()
    getattr(made.dictionary, table).pop()
    for encoded in (as_json(made), made.SerializeToString()):
        with pytest.raises(Malformed, match="leads to no row"):
            read(encoded)


def test_the_frames_of_all_stacks_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(otlp, "MAX_EXPANDED_FRAMES", 3)
    with pytest.raises(Malformed, match="more than 3 "):
        read(data().SerializeToString())


def with_field_names(message: pb.ProfilesData) -> bytes:
    return json_format.MessageToJson(message, indent=None, preserving_proto_field_name=True).encode()


def with_both_names(message: pb.ProfilesData) -> bytes:
    return (
        as_json(message).replace(b"resourceProfiles", b"resource_profiles").replace(b"nameStrindex", b"name_strindex")
    )


def with_schema(message: pb.ProfilesData) -> bytes:
    return b'{"schemaUrl": "https://opentelemetry.io/schemas/1.37.0", ' + as_json(message)[1:]


def with_mark(message: pb.ProfilesData) -> bytes:
    return BOM_UTF8 + as_json(message)


def reordered(message: pb.ProfilesData) -> bytes:
    return json.dumps(dict(reversed(json.loads(as_json(message)).items()))).encode()


@pytest.mark.parametrize("encoded", [with_field_names, with_both_names, with_schema, with_mark, reordered])
def test_json_of_other_writers(encoded: Callable[[pb.ProfilesData], bytes]) -> None:
    assert is_json_profile(encoded(data())[:256])
    profile, wanted = read(encoded(data())), read(as_json(data()))
    assert (profile.sample_types, profile.strings) == (wanted.sample_types, wanted.strings)
    assert profile.values.tolist() == wanted.values.tolist() == [[1024, 9000], [4096, 0]]


def lines(*of: bytes) -> bytes:
    return b"\n".join(of) + b"\n"


def test_of_several_messages_the_last_with_allocations_counts() -> None:
    """As the file exporter of the OpenTelemetry Collector appends them."""
    later, cpu = data(), data()
    later.resource_profiles[0].scope_profiles[0].profiles[2].samples[0].values[:] = [77]
    del cpu.resource_profiles[0].scope_profiles[0].profiles[1:]
    logs = b'{"resourceLogs":[]}'
    written = lines(as_json(data()), as_json(later), as_json(cpu), logs)
    assert read(written).values.tolist() == [[1024, 9000], [77, 0]]
    assert read(lines(json_format.MessageToJson(data()).encode(), as_json(later))).values[:, 0].tolist() == [1024, 77]
    with pytest.raises(Malformed, match="types of its samples: cpu"):
        read(lines(as_json(cpu), as_json(cpu), logs))
    with pytest.raises(Malformed, match="truncated"):
        read(written + as_json(later)[:-9])


def test_messages_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(otlp, "MAX_MESSAGES", 3)
    assert len(read(lines(*[as_json(data())] * 3)))
    with pytest.raises(Malformed, match="more than 3 messages"):
        read(lines(*[as_json(data())] * 4))


def test_the_messages_are_opentelemetrys() -> None:
    """Every field of otlp.proto has the name, number, type and label of the field there."""
    ours = otlp_pb2.DESCRIPTOR.message_types_by_name
    theirs = pb.DESCRIPTOR.message_types_by_name
    for name, message in ours.items():
        there = theirs["ProfilesDictionary" if name == "Dictionary" else name].fields_by_name
        for field in message.fields:
            other = there[field.name]
            assert (field.number, field.type, field.is_repeated) == (other.number, other.type, other.is_repeated)
