"""Parca: its query API, in JSON. It returns each sample type on its own, as it was scraped, but without period and labels."""

from __future__ import annotations

import base64
import binascii
import re
from datetime import datetime, timezone
from typing import TYPE_CHECKING

import msgspec

from alloclens.profile.errors import Malformed
from alloclens.profile.formats import MAX_PROFILE_BYTES
from alloclens.profile.formats.compression import unpacked
from alloclens.profile.joined import IN_USE
from alloclens.profile.sample_types import HEAP_DEFAULT
from alloclens.sources.remote import (
    RemoteSnapshot,
    SourceType,
    Span,
    check_in_use,
    clock_note,
    decoded,
    heap_types,
    heaps_of,
    listed,
    named_services,
    processes_of,
    skew,
    span,
    summary,
)
from alloclens.typed import ready

if TYPE_CHECKING:
    from alloclens.sources.remote import (
        Answer,
        FetchSpan,
        HeapTypes,
        Overview,
        Process,
        Remote,
        RemoteListing,
        RemoteProcess,
    )
    from alloclens.sources.request import Response

TIME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?Z")
NEW_SECONDS = 300
"""How long ago the newest heap is looked for to test a connection."""
NAME = "__name__"
"""The label that has the name of the profile."""


@ready
class _Kind(msgspec.Struct, rename="camel"):
    """A sample type."""

    name: str = ""
    sample_type: str = ""
    sample_unit: str = ""
    period_type: str = ""
    period_unit: str = ""
    delta: bool = False
    """Whether it is of the time since the profile before."""

    @property
    def query(self) -> str:
        return f"{self.name}:{self.sample_type}:{self.sample_unit}:{self.period_type}:{self.period_unit}"


@ready
class _Kinds(msgspec.Struct):
    types: list[_Kind] = []


@ready
class _LabelValues(msgspec.Struct):
    values: list[str] = msgspec.field(name="labelValues", default_factory=list)


@ready
class _NamedValue(msgspec.Struct):
    name: str = ""
    value: str = ""


@ready
class _LabelSet(msgspec.Struct):
    labels: list[_NamedValue] = []


@ready
class _Taken(msgspec.Struct):
    timestamp: str = ""
    value: int = 0


@ready
class _OfProcess(msgspec.Struct):
    labelset: _LabelSet = msgspec.field(default_factory=_LabelSet)
    samples: list[_Taken] = []


@ready
class _OfAll(msgspec.Struct):
    series: list[_OfProcess] = []


@ready
class _Pprof(msgspec.Struct):
    pprof: str = ""


def overview(remote: Remote) -> Overview:
    """Return what the server has had in the last hour, and its newest heap of the last minutes. Raises CaptureError."""
    jobs = _asked(remote, "labels/job/values", _LabelValues, **_times(span(3600)))[0].values
    heaps = heaps_of(remote, 3600, _types)
    recent = heaps._replace(within=Span(heaps.within.end - NEW_SECONDS * 1000, heaps.within.end))
    newest = max((one.taken for one in _heaps(remote, recent)), default=0)
    return summary(named_services(jobs, "job", "job"), heaps, newest, clock_note(remote, heaps))


def beyond(remote: Remote, seconds: float) -> str:
    """Say what is wrong with the server's clock. Raises CaptureError."""
    return clock_note(remote, heaps_of(remote, seconds, _types))


def processes(remote: Remote, seconds: float) -> list[RemoteProcess]:
    """Return the processes of these last seconds, by the server's clock. Raises CaptureError.

    The API has no smaller answer than the times of all their snapshots, so it is too large if there are millions.
    """
    return processes_of(_heaps(remote, heaps_of(remote, seconds, _types)))


def snapshots(remote: Remote, wanted: FetchSpan, process: Process) -> RemoteListing:
    """Return the snapshots of a process, by the server's clock, oldest first. Raises CaptureError."""
    heaps = heaps_of(remote, wanted.seconds, _types)
    return listed(remote, heaps, _heaps(remote, heaps, process))


def parts(remote: Remote, listing: RemoteListing, snapshot: RemoteSnapshot) -> list[bytes]:
    """Return a profile.proto of each type of a snapshot; what is allocated is since the start of the process. Raises CaptureError, and Malformed if the answer is no profile."""
    out = {name: _single(remote, kind, snapshot) for name, kind in listing.types.items()}
    check_in_use({name: out[name] for name in IN_USE if name in out}, snapshot)
    return [*out.values()]


def _single(remote: Remote, kind: str, snapshot: RemoteSnapshot) -> bytes:
    query = {"single.query": kind + remote.selector(snapshot.labels), "single.time": snapshot.key}
    fixed = {"mode": "MODE_SINGLE_UNSPECIFIED", "report_type": "REPORT_TYPE_PPROF"}
    try:
        data = base64.b64decode(_asked(remote, "query", _Pprof, **fixed, **query)[0].pprof, validate=True)
    except binascii.Error as error:
        raise Malformed(str(error)) from error
    return unpacked(data, MAX_PROFILE_BYTES)


def _heaps(remote: Remote, heaps: HeapTypes, process: Process = ()) -> list[RemoteSnapshot]:
    """Return the snapshots in a span: those of a process, or all."""
    if HEAP_DEFAULT not in heaps.named:
        return []
    query, found = heaps.named[HEAP_DEFAULT] + remote.selector(process), []
    for series in _asked(remote, "query_range", _OfAll, query=query, **_times(heaps.within))[0].series:
        labels = tuple((label.name, label.value) for label in series.labelset.labels if label.name != NAME)
        found += [
            RemoteSnapshot(_milliseconds(one.timestamp), labels, one.timestamp, one.value) for one in series.samples
        ]
    return found


def _types(remote: Remote, within: Span) -> tuple[dict[str, str], float]:
    """Return the queries of the types of a heap by sample type, and by how many seconds the server's clock is ahead."""
    answer, response = _asked(remote, "types", _Kinds, **_times(within))
    return heap_types([(kind.sample_type, kind.query) for kind in answer.types if not kind.delta]), skew(response)


def _asked(remote: Remote, path: str, kind: type[Answer], **query: str) -> tuple[Answer, Response]:
    response = remote.get(f"api/profiles/{path}", query)
    return decoded(remote, response, kind), response


def _times(within: Span) -> dict[str, str]:
    begin, end = (datetime.fromtimestamp(ms / 1000, timezone.utc).isoformat() for ms in within)
    return {"start": begin, "end": end}


def _milliseconds(text: str) -> int:
    """Return a time of RFC 3339 in milliseconds since 1970; 0 if it is none."""
    if not (match := TIME.fullmatch(text)):
        return 0
    try:
        seconds = datetime.fromisoformat(f"{match[1]}+00:00").timestamp()
    except ValueError:  # such as February 30
        return 0
    return round(seconds) * 1000 + int(f"{match[2] or '0':0<3}"[:3])


PARCA = SourceType(overview, processes, snapshots, parts, beyond)
