"""Pyroscope: its public querier API, asked in JSON, and in protobuf for profiles, since the answer then is a profile.proto.

It keeps each sample type on its own, adds up the snapshots in the span of a query, and of `alloc_*` keeps what was allocated
since the snapshot before.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import msgspec

from alloclens.profile.joined import ALLOCATED, IN_USE
from alloclens.sources.remote import (
    RemoteSnapshot,
    SourceType,
    Span,
    check_in_use,
    decoded,
    heap_types,
    listed,
    skew,
    span,
    summary,
)
from alloclens.typed import ready

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alloclens.sources.remote import Answer, Process, Remote, RemoteListing
    from alloclens.sources.request import Response

SERVICE = "querier.v1.QuerierService"
PROCESS = ("service_name", "namespace", "pod", "instance", "hostname")
"""The labels that tell processes apart, that of the service first."""
TYPE_ID, SELECTOR, START, END, IDS = 1, 2, 3, 4, 7
"""Fields of SelectMergeProfileRequest."""
MAX_UINT64 = (1 << 64) - 1


@ready
class _Type(msgspec.Struct):
    ID: str = ""
    sample_type: str = msgspec.field(name="sampleType", default="")


@ready
class _Types(msgspec.Struct):
    types: list[_Type] = msgspec.field(name="profileTypes", default_factory=list)


@ready
class _Names(msgspec.Struct):
    names: list[str] = []


@ready
class _Label(msgspec.Struct):
    name: str = ""
    value: str = ""


@ready
class _Exemplar(msgspec.Struct):
    """One snapshot."""

    timestamp: int = 0
    profile_id: str = msgspec.field(name="profileId", default="")
    value: int = 0
    labels: list[_Label] = []


@ready
class _Interval(msgspec.Struct):
    """The snapshots of one interval, which ends at the timestamp."""

    timestamp: int = 0
    value: float = 0
    exemplars: list[_Exemplar] = []


@ready
class _Series(msgspec.Struct):
    labels: list[_Label] = []
    points: list[_Interval] = []


@ready
class _AllSeries(msgspec.Struct):
    series: list[_Series] = []


def describe(remote: Remote) -> str:
    """Say what the server has had in the last hour. Raises CaptureError."""
    hour = span(3600)
    services = _asked(remote, "LabelValues", _Names, name="service_name", **_times(hour))[0].names
    return summary(len(services), "service", _types(remote, hour)[0])


def snapshots(remote: Remote, seconds: float) -> RemoteListing:
    """Return the snapshots of these last seconds, by the server's clock, oldest first. Raises CaptureError."""
    return listed(remote, seconds, _types, _heaps)


def parts(remote: Remote, listing: RemoteListing, snapshot: RemoteSnapshot, before: int | None) -> list[bytes]:
    """Return what is in use in a snapshot, and what was allocated since the one taken at `before`: a profile.proto each.

    Raises CaptureError, and Malformed if the answer is the sum of several snapshots, or lacks a type.
    """
    interval, types = remote.source.interval * 1000, listing.types
    if snapshot.key:  # its id tells it from others
        around = Span(snapshot.taken - interval, snapshot.taken + interval)
    else:
        around = Span(snapshot.taken - interval + 1, snapshot.taken)
    in_use = {name: _merged(remote, types[name], snapshot, around, snapshot.key) for name in IN_USE if name in types}
    check_in_use(in_use, snapshot)
    if before is None:
        return [*in_use.values()]
    since = Span(before + 1, snapshot.taken)
    return [*in_use.values(), *(_merged(remote, types[name], snapshot, since) for name in ALLOCATED if name in types)]


def _heaps(remote: Remote, type_id: str, within: Span) -> tuple[list[RemoteSnapshot], str]:
    """Return the snapshots, and why intervals are left out that have several, of which only the sum is known.

    If the server knows no single snapshots, the sum of an interval with several is not its average.
    """
    series = _series(remote, type_id, within, average=False)
    if found := [one for process in series for one in _singles(process)]:
        return found, ""
    sums, averages = _values(series), _values(_series(remote, type_id, within, average=True))
    single = {at: value for at, value in sums.items() if value == averages.get(at)}
    several = len(sums) - len(single)
    left_out = (
        f"{several} intervals are left out, since each has several snapshots, which the server adds up: is `interval` that of "
        "the collector, and has each process a label of its own?"
    )
    found = [RemoteSnapshot(taken, labels, "", value) for (labels, taken), value in single.items()]
    return found, left_out if several else ""


def _singles(series: _Series) -> Iterator[RemoteSnapshot]:
    """Yield the snapshots that the server knows by an id."""
    for point in series.points:
        for one in point.exemplars:
            yield RemoteSnapshot(one.timestamp, _process([*series.labels, *one.labels]), one.profile_id, one.value)


def _values(series: list[_Series]) -> dict[tuple[Process, int], float]:
    """Return the value of each interval by process and time, but not of empty ones."""
    return {(_process(of.labels), point.timestamp): point.value for of in series for point in of.points if point.value}


def _process(labels: list[_Label]) -> Process:
    values = {label.name: label.value for label in labels}
    return tuple((name, values[name]) for name in PROCESS if values.get(name))


def _types(remote: Remote, within: Span) -> tuple[dict[str, str], float]:
    """Return the ids of the types of a heap by sample type, and by how many seconds the server's clock is ahead."""
    answer, response = _asked(remote, "ProfileTypes", _Types, **_times(within))
    return heap_types([(kind.sample_type, kind.ID) for kind in answer.types]), skew(response)


def _series(remote: Remote, type_id: str, within: Span, *, average: bool) -> list[_Series]:
    kind = "AVERAGE" if average else "SUM"
    query = {
        "profileTypeID": type_id,
        "labelSelector": remote.selector(),
        "groupBy": PROCESS,
        "step": remote.source.interval,
        "aggregation": f"TIME_SERIES_AGGREGATION_TYPE_{kind}",
        "exemplarType": f"EXEMPLAR_TYPE_{'NONE' if average else 'INDIVIDUAL'}",
        **_times(within),
    }
    return _asked(remote, "SelectSeries", _AllSeries, **query)[0].series


def _merged(remote: Remote, type_id: str, snapshot: RemoteSnapshot, within: Span, profile_id: str = "") -> bytes:
    """Return the sum of a type over a span, or of the one snapshot with an id."""
    fields: list[tuple[int, int | str]] = [(TYPE_ID, type_id), (SELECTOR, remote.selector(snapshot.labels))]
    fields += [(START, within.begin), (END, within.end), *([(IDS, profile_id)] if profile_id else [])]
    data = b"".join(_field(number, value) for number, value in fields)
    return remote.post(f"{SERVICE}/SelectMergeProfile", data, "application/proto").body


def _asked(remote: Remote, method: str, kind: type[Answer], **query: object) -> tuple[Answer, Response]:
    """Return the answer to a question in JSON. Raises CaptureError."""
    response = remote.post(f"{SERVICE}/{method}", json.dumps(query).encode(), "application/json")
    return decoded(remote, response, kind), response


def _times(within: Span) -> dict[str, int]:
    return {"start": within.begin, "end": within.end}


def _field(number: int, value: int | str) -> bytes:
    """Encode a field of protobuf."""
    if isinstance(value, int):
        return _varint(number << 3) + _varint(value & MAX_UINT64)  # a negative number is its two's complement
    data = value.encode()
    return _varint(number << 3 | 2) + _varint(len(data)) + data


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*out, number])


PYROSCOPE = SourceType(describe, snapshots, parts, since_before=True)
