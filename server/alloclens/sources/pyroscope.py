"""Pyroscope: its public querier API, asked in JSON, and in protobuf for profiles, since the answer then is a profile.proto.

It keeps each sample type on its own, adds up the snapshots in the span of a query, and of `alloc_*` keeps what was allocated
since the snapshot before.
"""

from __future__ import annotations

import json
import math
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from alloclens.profile.joined import ALLOCATED, IN_USE, inside
from alloclens.profile.sample_types import HEAP_DEFAULT
from alloclens.sources.errors import CaptureError
from alloclens.sources.remote import (
    RemoteProcess,
    RemoteSnapshot,
    SourceType,
    Span,
    check_in_use,
    clock_note,
    decoded,
    heap_types,
    heaps_of,
    listed,
    moment,
    named_services,
    skew,
    span,
    summary,
)
from alloclens.typed import ready

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from alloclens.sources.remote import Answer, FetchSpan, HeapTypes, Overview, Process, Remote, RemoteListing
    from alloclens.sources.request import Response

SERVICE = "querier.v1.QuerierService"
PROCESS = ("service_name", "namespace", "pod", "instance", "hostname", "version", "service_git_ref")
"""The labels that tell processes apart, that of the service first."""
TYPE_ID, SELECTOR, START, END, IDS = 1, 2, 3, 4, 7
"""Fields of SelectMergeProfileRequest. The first four are also those of SelectMergeStacktracesRequest."""
FORMAT, STACKTRACES_IDS, AS_PPROF = 6, 8, 4
"""More fields of SelectMergeStacktracesRequest, and the value of the first that has it return a profile.proto."""
PPROF, PROFILE = 5, 1
"""The field of its answer with a message, and the field of that with the profile."""
NO_SUCH_METHOD = (404, 501)
OVERVIEW_INTERVALS = 30
"""Into which a span is divided to see which processes it has, and how they grow."""
DAY = 24 * 3600 * 1000
"""Milliseconds."""
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


def overview(remote: Remote) -> Overview:
    """Return what the server has had in the last hour. Raises CaptureError."""
    services = _asked(remote, "LabelValues", _Names, name="service_name", **_times(span(3600)))[0].names
    heaps = heaps_of(remote, 3600, _types)
    newest = _newest(remote, heaps.named, heaps.within)
    return summary(named_services(services, "service_name", "service"), heaps, newest, clock_note(remote, heaps))


def beyond(remote: Remote, seconds: float) -> str:
    """Say what is wrong with the server's clock, and when the newest heap was that is not of these last seconds, by that clock.

    Neither is said if it is about right, and no heap is of a day around them: longer queries are often refused. Raises CaptureError.
    """
    heaps = heaps_of(remote, seconds, _types)
    newest = ""
    with suppress(CaptureError):  # of a longer time
        newest = _around(remote, heaps.within)
    return "; ".join(filter(None, (clock_note(remote, heaps), newest)))


def _around(remote: Remote, within: Span) -> str:
    """Say when the newest heap of a day after or before a span was; "" if there is none. Raises CaptureError."""
    later, earlier = Span(within.end + 1, within.end + DAY), Span(max(within.begin - DAY, 0), within.begin)
    if newest := _newest(remote, _types(remote, later)[0], later):
        return f"the newest is of {moment(newest)}, ahead of its clock: are the clocks of the processes right?"
    newest = _newest(remote, _types(remote, earlier)[0], earlier)
    return f"the newest is of {moment(newest)}: is --since long enough?" if newest else ""


def processes(remote: Remote, seconds: float) -> list[RemoteProcess]:
    """Return the processes of these last seconds, by the server's clock. Raises CaptureError.

    The server averages what each of them had in use in a few intervals: the answer does not grow with their snapshots. The last two
    are asked for again in shorter ones, until these are those of the collector: a process may be younger than the first.
    """
    heaps = heaps_of(remote, seconds, _types)
    if HEAP_DEFAULT not in heaps.named:
        return []
    found: dict[Process, RemoteProcess] = {}
    step, within, interval = 0, heaps.within, remote.source.interval
    while step != interval:
        step = max(math.ceil((within.end - within.begin) / 1000 / OVERVIEW_INTERVALS), interval)
        for series in _series(remote, _SeriesQuery(heaps.named[HEAP_DEFAULT], within, step, average=True)):
            if points := [point for point in series.points if point.value]:
                process, first, last = _process(series.labels), points[0], points[-1]
                known = found.get(process)
                before = known.before if known and known.is_course else first.value
                is_course = first is not last or bool(known and known.is_course)
                found[process] = RemoteProcess(
                    process, min(last.timestamp, within.end), before, last.value, step, is_course=is_course
                )
        within = Span(max(within.end - 2000 * step, within.begin), within.end)
    return [*found.values()]


def snapshots(remote: Remote, wanted: FetchSpan, process: Process) -> RemoteListing:
    """Return the snapshots of a process, by the server's clock, oldest first. Raises CaptureError."""
    heaps = heaps_of(remote, wanted.seconds, _types)
    if HEAP_DEFAULT not in heaps.named:
        return listed(remote, heaps, ())
    return listed(remote, heaps, *_heaps(remote, heaps, wanted.every, process))


def parts(remote: Remote, listing: RemoteListing, snapshot: RemoteSnapshot) -> list[bytes]:
    """Return what is in use in a snapshot, a profile.proto of each type.

    Raises CaptureError, and Malformed if the answer is the sum of several snapshots, or lacks a type.
    """
    interval, types = remote.source.interval * 1000, listing.types
    if snapshot.key:  # its id tells it from others
        around = Span(snapshot.taken - interval, snapshot.taken + interval)
    else:
        around = Span(snapshot.taken - interval + 1, snapshot.taken)
    names = [name for name in IN_USE if name in types]
    in_use = {name: _merged(remote, types[name], snapshot.labels, around, snapshot.key) for name in names}
    check_in_use(in_use, snapshot)
    return [*in_use.values()]


def allocated(remote: Remote, listing: RemoteListing, process: Process, within: Span) -> list[bytes]:
    """Return what a process allocated in a span, a profile.proto of each type. Raises CaptureError, and Malformed."""
    names = [name for name in ALLOCATED if name in listing.types]
    return [_merged(remote, listing.types[name], process, within) for name in names]


def _heaps(remote: Remote, heaps: HeapTypes, every: float, process: Process) -> tuple[list[RemoteSnapshot], str]:
    """Return the snapshots of a process, and why intervals are left out that have several, of which only the sum is known.

    A server that knows single snapshots returns one of each interval. Of another, each interval in which they are collected is
    asked for: the sum of one with several is not its average.
    """
    interval = remote.source.interval
    asked = _SeriesQuery(heaps.named[HEAP_DEFAULT], heaps.within, max(int(every), interval), process, singles=True)
    if found := [one for series in _series(remote, asked) for one in _singles(series)]:
        return found, ""
    asked = asked._replace(within=_whole_intervals(heaps.within, interval), step=interval, singles=False)
    sums, averages = (_values(_series(remote, asked._replace(average=average))) for average in (False, True))
    single = {at: value for at, value in sums.items() if value == averages.get(at)}
    several = len(sums) - len(single)
    left_out = (
        f"{several} intervals are left out, since each has several snapshots, which the server adds up: is `interval` that of "
        "the collector, and has each process a label of its own?"
    )
    found = [RemoteSnapshot(taken, labels, "", value) for (labels, taken), value in single.items()]
    return found, left_out if several else ""


def _whole_intervals(within: Span, interval: int) -> Span:
    """Return a span that begins and ends with an interval, in seconds: servers count them from its begin, and each is to be the same whenever one asks."""
    begin, end = (at // 1000 // interval * interval * 1000 for at in within)
    return Span(begin, end)


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


def _newest(remote: Remote, types: Mapping[str, str], within: Span) -> int:
    """Return when the newest heap in a span was taken, to the second; 0 if there is none. Raises CaptureError."""
    if HEAP_DEFAULT not in types:
        return 0
    newest = _last(remote, _SeriesQuery(types[HEAP_DEFAULT], within, 60, by=()))
    if not newest:
        return 0
    around = Span((newest // 1000 - 60) * 1000, (newest // 1000 + 1) * 1000)
    if last := _last(remote, _SeriesQuery(types[HEAP_DEFAULT], around, 1, by=())):
        return last - 1000  # the begin of its second
    return min(newest, within.end)


def _last(remote: Remote, query: _SeriesQuery) -> int:
    """Return the end of the last interval that has a heap; 0 if there is none. Raises CaptureError."""
    points = (point for of in _series(remote, query) for point in of.points)
    return max((point.timestamp for point in points if point.value), default=0)


def _types(remote: Remote, within: Span) -> tuple[dict[str, str], float]:
    """Return the ids of the types of a heap by sample type, and by how many seconds the server's clock is ahead."""
    answer, response = _asked(remote, "ProfileTypes", _Types, **_times(within))
    return heap_types([(kind.sample_type, kind.ID) for kind in answer.types]), skew(response)


class _SeriesQuery(NamedTuple):
    """A question for the bytes in use over time."""

    type_id: str
    within: Span
    step: int
    """Seconds."""
    process: Process = ()
    """Only this one; all if it is empty."""
    by: tuple[str, ...] = PROCESS
    """The labels whose values have a series each."""
    average: bool = False
    """Whether the snapshots of an interval are averaged, not added up."""
    singles: bool = False
    """Whether the server also returns a snapshot of each interval, if it knows single ones."""


def _series(remote: Remote, asked: _SeriesQuery) -> list[_Series]:
    query = {
        "profileTypeID": asked.type_id,
        "labelSelector": remote.selector(asked.process),
        "groupBy": asked.by,
        "step": asked.step,
        "aggregation": f"TIME_SERIES_AGGREGATION_TYPE_{'AVERAGE' if asked.average else 'SUM'}",
        "exemplarType": f"EXEMPLAR_TYPE_{'INDIVIDUAL' if asked.singles else 'NONE'}",
        **_times(asked.within),
    }
    return _asked(remote, "SelectSeries", _AllSeries, **query)[0].series


def _merged(remote: Remote, type_id: str, process: Process, within: Span, profile_id: str = "") -> bytes:
    """Return the sum of a type over a span, or of the one snapshot with an id. Raises CaptureError, and Malformed.

    The method for that is deprecated, so a server may have only the one that returns profiles in several formats.
    """
    asked: list[tuple[int, int | str]] = [(TYPE_ID, type_id), (SELECTOR, remote.selector(process))]
    asked += [(START, within.begin), (END, within.end)]
    try:
        return _in_protobuf(remote, "SelectMergeProfile", [*asked, *([(IDS, profile_id)] if profile_id else [])])
    except CaptureError as error:
        if error.status not in NO_SUCH_METHOD:
            raise
    asked += [(FORMAT, AS_PPROF), *([(STACKTRACES_IDS, profile_id)] if profile_id else [])]
    return inside(_in_protobuf(remote, "SelectMergeStacktraces", asked), PPROF, PROFILE)


def _in_protobuf(remote: Remote, method: str, fields: Iterable[tuple[int, int | str]]) -> bytes:
    data = b"".join(_field(number, value) for number, value in fields)
    return remote.post(f"{SERVICE}/{method}", data, "application/proto").body


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


PYROSCOPE = SourceType(overview, processes, snapshots, parts, beyond, allocated)
