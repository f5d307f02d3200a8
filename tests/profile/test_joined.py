"""The sample types of a heap, joined by stack; the numbers are those that each part was made of."""

from __future__ import annotations

import pytest
from alloclens.profile.errors import Malformed
from alloclens.profile.formats import profile_pb2 as pb
from alloclens.profile.formats import read
from alloclens.profile.joined import HEAP, IN_USE, allocated, joined, total
from alloclens.tables.top import top

from tests.support.profiles import Builder

KEEP, SERVE = "main.keep:8@/w/main.go:11 < main.main:1@/w/main.go:3", "main.serve@/w/main.go:7"


def part(kind: str, values: dict[str, int], period: int = 0, **labels: int | str) -> bytes:
    made = Builder((kind, "count" if kind.endswith("objects") else "bytes"))
    for stack, value in values.items():
        made.sample(stack, [value], **labels)
    made.message.period, made.message.duration_nanos = period, 3600 * 10**9
    return made.message.SerializeToString()


def values(data: bytes) -> dict[str, dict[str, int]]:
    """Return the flat values of each type by function, but not zeros."""
    profile = read(data)
    names = [kind.type for kind in profile.sample_types]
    return {
        name: {row.function: row.flat for row in top(profile, i, "function", "flat").rows() if row.flat}
        for i, name in enumerate(names)
    }


def test_types_are_joined_by_stack() -> None:
    parts = part("inuse_objects", {KEEP: 3}), part("inuse_space", {SERVE: 64, KEEP: 96}, period=4096)
    data = joined(parts, IN_USE, b"", 5)
    assert values(data) == {"inuse_objects": {"main.keep": 3}, "inuse_space": {"main.serve": 64, "main.keep": 96}}
    profile = read(data)
    assert (profile.time_nanos, profile.duration_nanos, profile.period, len(profile)) == (5, 0, 4096, 2)
    assert sorted(profile.text(profile.functions.name)) == ["main.keep", "main.main", "main.serve"]


def test_samples_with_other_labels_stay_apart() -> None:
    parts = [part("inuse_space", {KEEP: value}, tenant=name) for name, value in (("a", 1), ("b", 2), ("a", 4))]
    profile = read(joined(parts, IN_USE, b"", 5))
    assert sorted(profile.values.tolist()) == [[0, 2], [0, 5]]


def test_what_was_allocated_is_counted_from_the_first() -> None:
    """By hand: 96 in use at first; then 200 allocated, of which 150 stay; then nothing, though 10 more are in use."""
    before, data = b"", b""
    for in_use, since in ((96, 1000), (246, 200), (256, 0)):
        parts = [part("inuse_space", {KEEP: in_use})]
        parts += [part("alloc_space", {KEEP: since})] if before else []
        data = joined(parts, HEAP, before, 5)
        before = data
    assert values(data)["alloc_space"] == {"main.keep": 96 + 200 + 10}
    assert values(data)["inuse_space"] == {"main.keep": 256}


def without(data: bytes, *fields: str) -> bytes:
    """Return a part whose locations lack these fields, as a server may answer that has added up snapshots."""
    message = pb.Profile.FromString(data)
    for location in message.location:
        for field in fields:
            location.ClearField(field)
    return message.SerializeToString()


@pytest.mark.parametrize("lost", [("mapping_id",), ("address",), ("mapping_id", "address")])
@pytest.mark.parametrize("first", [False, True], ids=["of what was allocated", "of what is in use"])
def test_nothing_counts_twice_if_a_part_lacks_mappings(lost: tuple[str, ...], first: bool) -> None:
    """By hand: 96 in use at first, then 200 allocated, of which 150 stay."""

    def made(kind: str, value: int) -> bytes:
        message = pb.Profile.FromString(part(kind, {KEEP: value}))
        message.mapping.add(id=1, memory_start=4096)
        for location in message.location:
            location.mapping_id, location.address = 1, 4096 + location.id
        return message.SerializeToString()

    in_use, since = made("inuse_space", 246), made("alloc_space", 200)
    parts = [without(in_use, *lost), since] if first else [in_use, without(since, *lost)]
    data = joined(parts, HEAP, joined([made("inuse_space", 96)], HEAP, b"", 5), 6)
    assert values(data)["alloc_space"] == {"main.keep": 96 + 200}
    profile = read(data)
    assert len(profile) == 1
    assert allocated(data) == 96 + 200


def test_what_is_no_longer_in_use_was_allocated_all_the_same() -> None:
    before = joined([part("inuse_space", {KEEP: 96})], HEAP, b"", 5)
    assert values(joined([part("alloc_space", {SERVE: 7})], HEAP, before, 6))["alloc_space"] == {
        "main.keep": 96,
        "main.serve": 7,
    }


def test_the_sum_of_a_part() -> None:
    assert total(part("inuse_space", {KEEP: 3, SERVE: 4})) == 7


@pytest.mark.parametrize("change", ["location", "function", "mapping", "text", "value", "sum"])
def test_a_damaged_part_is_refused(change: str) -> None:
    message = pb.Profile.FromString(part("inuse_space", {KEEP: 3, SERVE: 4}))
    sample = message.sample[0]
    if change == "location":
        sample.location_id.append(99)
    elif change == "function":
        message.location[0].line[0].function_id = 99
    elif change == "mapping":
        message.location[0].mapping_id = 99
    elif change == "text":
        message.function[0].name = 99
    elif change == "value":
        del sample.value[:]
    else:
        sample.value[0] = 2**63 - 1
        message.sample.add(location_id=sample.location_id, value=[1])
    words = "has more than 64 bits" if change == "sum" else "refers to an entry that it does not have"
    with pytest.raises(Malformed, match=words):
        joined([message.SerializeToString()], IN_USE, b"", 5)


def test_bytes_that_are_no_profile_are_refused() -> None:
    with pytest.raises(Malformed):
        joined([b"<html>"], IN_USE, b"", 5)
    with pytest.raises(Malformed):
        total(b"<html>")
