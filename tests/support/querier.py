"""A server that answers Pyroscope's questions for snapshots with one stack, and fails as a test likes."""

from __future__ import annotations

import json
import re
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from google.protobuf.empty_pb2 import Empty
from google.protobuf.unknown_fields import UnknownFieldSet

from tests.support.profiles import Builder

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.server import ProfileServer

TYPES = ("inuse_objects", "inuse_space")
ALLOCATED = ("alloc_space",)


@dataclass
class Pyroscope:
    """Snapshots, all of which have one stack; more processes, or more that is wrong, as a test likes."""

    server: ProfileServer
    snapshots: list[tuple[int, int]]
    """When each was taken, in milliseconds, and the bytes in it."""
    pods: tuple[str, ...] = ("a",)
    stack: str = "main.keep@/w/main.go:9"
    times: int = 1
    """How many snapshots a profile is the sum of."""
    left: float = float("inf")
    """How many profiles it still answers with; then it has this fault."""
    fault: tuple[str, int] = ("status", 503)
    pause: float = 0.0
    """Seconds before it answers with a profile."""
    lost: bytes = b"?"
    """The type that it has lost."""
    broken: dict[bytes, int] = field(default_factory=dict)
    """The status of the answer to a request for a profile that has these bytes; 0 if it gets no answer."""
    instead: bytes | None = None
    """What it answers with where a profile is due."""
    is_old: bool = False
    """Whether it has no ids of single snapshots."""
    allocated: Callable[[int], int] | None = None
    """What was allocated in so many milliseconds; None if it has no such type."""
    asked: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.server.answers = self.answer

    @property
    def types(self) -> tuple[str, ...]:
        return TYPES + (ALLOCATED if self.allocated else ())

    def answer(self, path: str, body: bytes) -> bytes:
        method = path.rpartition("/")[2]
        self.asked.append(method)
        if method.startswith("SelectMerge"):
            return self.profile(body)
        query = json.loads(body)
        answers: dict[str, dict] = {
            "LabelValues": {"names": ["shop"]},
            "ProfileTypes": {
                "profileTypes": [{"ID": f"memory:{t}:x:space:bytes", "sampleType": t} for t in self.types]
            },
        }
        if method == "SelectSeries":
            times, step = (int(query["start"]), int(query["end"])), 1000 * query["step"]
            answers[method] = self.series(*times, query.get("labelSelector", ""))
            for series in answers[method]["series"]:
                is_average = query["aggregation"].endswith("AVERAGE")
                series["points"] = _in_intervals(series["points"], times[0], step, is_average=is_average)
                if self.is_old:
                    series["points"] = [{**point, "exemplars": []} for point in series["points"]]
        return json.dumps(answers[method]).encode()

    def series(self, start: int, end: int, selector: str = "") -> dict:
        """Return the series of the pods that are selected; each uses more than the one before it, the longer it runs."""
        within = [(at, value) for at, value in self.snapshots if start <= at <= end]
        (pod,) = set(re.findall('pod="([^"]*)"', selector)) or (None,)
        series = []
        for number, name in enumerate(self.pods):
            points = [
                {
                    "timestamp": str(at),
                    "value": value + number * i,
                    "exemplars": [{"timestamp": str(at), "profileId": str(at), "value": str(value)}],
                }
                for i, (at, value) in enumerate(within)
            ]
            if points and pod in (None, name):
                series.append({"labels": [{"name": "pod", "value": name}], "points": points})
        return {"series": series}

    def profile(self, body: bytes) -> bytes:
        if self.pause:
            time.sleep(self.pause)
        statuses = [status for part, status in self.broken.items() if part in body]
        if 0 in statuses:
            raise ConnectionAbortedError
        self.server.status = statuses[0] if statuses else self.server.status if not self.broken else 200
        if statuses:
            return b"not this one"
        if self.instead is not None:
            return self.instead
        if self.lost in body:
            return b""
        self.left -= 1
        if self.left < 0:
            setattr(self.server, *self.fault)
            return b"it is ending"
        if self.allocated and b"alloc_space" in body:
            made = Builder(("alloc_space", "x"))
            made.sample(self.stack, [self.allocated(_span(body))])
            return made.message.SerializeToString()
        if self.is_old:
            begin, end = _times(body)
            (at,) = (at for at, _ in self.snapshots if begin <= at <= end)
        else:
            (at,) = re.findall(rb"\x3a.(\d+)", body)  # field 7, the ids
        made = Builder(("inuse_space" if b"inuse_space" in body else "inuse_objects", "x"))
        made.sample(self.stack, [dict(self.snapshots)[int(at)] * self.times])
        return made.message.SerializeToString()


def _in_intervals(points: list[dict], start: int, step: int, *, is_average: bool) -> list[dict]:
    """Return one point for each interval, in milliseconds, that has some: the first begins at `start`."""
    grouped: dict[int, list[dict]] = {}
    for point in points:
        grouped.setdefault(start - (start - int(point["timestamp"])) // step * step, []).append(point)
    values = {end: sum(point["value"] for point in some) for end, some in grouped.items()}
    return [
        {**some[0], "timestamp": str(end), "value": values[end] / (len(some) if is_average else 1)}
        for end, some in grouped.items()
    ]


def _span(body: bytes) -> int:
    """Return the milliseconds of a message, its begin and its end both included."""
    begin, end = _times(body)
    return end - begin + 1


def _times(body: bytes) -> tuple[int, int]:
    """Return the fields 3 and 4 of a message, its begin and its end."""
    unknown = UnknownFieldSet(Empty.FromString(body))
    times = {unknown[i].field_number: unknown[i].data for i in range(len(unknown))}
    return int(times[3]), int(times[4])
