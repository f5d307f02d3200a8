"""A server with Pyroscope's querier API for many processes of one service, whose profiles it makes when they are asked for.

Each process keeps blocks at one line if it leaks, and at another replaces all of a cache from snapshot to snapshot. Go samples each
block with a known probability, so the number of sampled blocks in a time is Poisson distributed: these numbers are all that is kept.
"""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from dataclasses import dataclass, field
from functools import lru_cache
from threading import Lock
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from alloclens.profile.formats import profile_pb2 as pb

from tests.support.profiles import RATE, Builder

if TYPE_CHECKING:
    from alloclens.arrays import Ints

TYPES = ("alloc_objects", "alloc_space", "inuse_objects", "inuse_space")
LEAK, CACHE = 9, 12
"""The lines in main.go."""
LEAKED_BLOCKS, CACHED_BLOCKS = 4, 3000
"""Allocated from one snapshot to the next."""
LEAKED_BYTES, CACHED_BYTES = 64 << 10, 32 << 10
"""Of one block."""
OTHERS = 300
"""Stacks that only hold what they allocated at the start."""


class Site(NamedTuple):
    """What was sampled at one line, by the number of the snapshot."""

    stack: str
    size: int
    live: Ints
    allocated: Ints
    """In all, since the process started."""

    @property
    def probability(self) -> float:
        """That a block is sampled."""
        return -math.expm1(-self.size / RATE)


@dataclass(eq=False)
class Fleet:
    """The processes, and what was asked of them."""

    main_go: str
    begun: int
    """When the first snapshot was taken, in milliseconds since 1970."""
    every: int
    """Milliseconds between two snapshots."""
    snapshots: int
    pods: int
    leaking: int
    """The pods with these numbers, from 0, leak."""
    asked: Counter[str] = field(default_factory=Counter)
    """Requests by method."""
    sent: Counter[str] = field(default_factory=Counter)
    """Bytes of the answers."""
    longest_span: int = 0
    """The most snapshots that a profile was merged of."""
    _lock: Lock = field(default_factory=Lock)

    def answer(self, path: str, body: bytes) -> bytes:
        """Return the answer to a request."""
        method = path.rpartition("/")[2]
        made = self._profile(body) if method == "SelectMergeProfile" else self._json(method, json.loads(body))
        with self._lock:
            self.asked[method] += 1
            self.sent[method] += len(made)
        return made

    @lru_cache(2000)  # noqa: B019 - a fleet lives as long as its server
    def sites(self, pod: int) -> tuple[Site, ...]:
        """Return what a pod allocates."""
        rng, number = np.random.default_rng(pod), self.snapshots
        kept = rng.poisson(self._sampled(LEAKED_BLOCKS if pod < self.leaking else 0, LEAKED_BYTES), number).cumsum()
        cached = rng.poisson(self._sampled(CACHED_BLOCKS, CACHED_BYTES), number)
        return (
            Site(f"main.keep:8@{self.main_go}:{LEAK}", LEAKED_BYTES, kept, kept),
            Site(f"main.fill:11@{self.main_go}:{CACHE}", CACHED_BYTES, cached, cached.cumsum()),
        )

    def in_use(self, pod: int) -> Ints:
        """Return the bytes in use of a pod, by the number of the snapshot."""
        leaked, cached = (
            (site.live / site.probability).round().astype(np.int64) * site.size for site in self.sites(pod)
        )
        return leaked + cached + OTHERS * RATE

    def _sampled(self, blocks: int, size: int) -> float:
        return blocks * -math.expm1(-size / RATE)

    def _json(self, method: str, query: dict) -> bytes:
        answers = {
            "LabelValues": lambda: {"names": ["shop/api"]},
            "ProfileTypes": lambda: {
                "profileTypes": [{"ID": f"memory:{t}:x:space:bytes", "sampleType": t} for t in TYPES]
            },
            "SelectSeries": lambda: self._series(query),
        }
        return json.dumps(answers[method]()).encode()

    def _series(self, query: dict) -> dict:
        step = query["step"] * 1000
        singles = query["exemplarType"].endswith("INDIVIDUAL")
        first, last = self._numbers(int(query["start"]), int(query["end"]))
        at = self.begun + np.arange(first, last + 1) * self.every
        ends = -(-at // step) * step
        slots, starts = np.unique(ends, return_index=True)
        series = []
        for pod in self._selected(query["labelSelector"]):
            used = self.in_use(pod)[first : last + 1]
            sums = np.add.reduceat(used, starts) / (
                np.diff([*starts, len(used)]) if "AVERAGE" in query["aggregation"] else 1
            )
            points = [{"timestamp": str(end), "value": float(value)} for end, value in zip(slots, sums, strict=True)]
            if singles:
                for point, i in zip(points, starts, strict=True):
                    one = {"timestamp": str(at[i]), "profileId": f"{first + i}", "value": str(used[i])}
                    point["exemplars"] = [one]
            labels = {"service_name": "shop/api", "pod": f"api-{pod}"} if query["groupBy"] else {}
            series.append({"labels": [{"name": n, "value": v} for n, v in labels.items()], "points": points})
        return {"series": series}

    def _profile(self, body: bytes) -> bytes:
        fields = _fields(body)
        (kind,) = (t for t in TYPES if f":{t}:" in fields[1].decode())
        (pod,) = self._selected(fields[2].decode())
        first, last = self._numbers(fields[3], fields[4])
        if 7 in fields:
            first = last = int(fields[7])
        self.longest_span = max(self.longest_span, last - first + 1)
        made = pb.Profile.FromString(self._template(kind))
        for sample, site in zip(made.sample, self.sites(pod), strict=False):
            before = site.allocated[first - 1] if first else 0
            sampled = site.allocated[last] - before if kind.startswith("alloc") else site.live[first : last + 1].sum()
            objects = round(sampled / site.probability)
            sample.value[0] = objects * site.size if "space" in kind else objects
        return made.SerializeToString()

    @lru_cache(4)  # noqa: B019 - as above
    def _template(self, kind: str) -> bytes:
        """Return a profile of all stacks, in which those of the sites are first."""
        is_space = "space" in kind
        made = Builder((kind, "bytes" if is_space else "count"))
        for site in self.sites(0):
            made.sample(site.stack, [0])
        if kind.startswith("inuse"):
            for i in range(OTHERS):
                stack = f"main.other{i}@{self.main_go}:{100 + i} < main.main@{self.main_go}:5"
                made.sample(stack, [RATE if is_space else 1])
        return made.message.SerializeToString()

    def _numbers(self, start: int, end: int) -> tuple[int, int]:
        """Return the numbers of the first and the last snapshot in a span."""
        first = max(-(-(start - self.begun) // self.every), 0)
        return first, min((end - self.begun) // self.every, self.snapshots - 1)

    def _selected(self, selector: str) -> range:
        match = re.search(r'pod="api-(\d+)"', selector)
        return range(int(match[1]), int(match[1]) + 1) if match else range(self.pods)


def _fields(body: bytes) -> dict[int, int | bytes]:
    """Return the fields of a message of protobuf that has only numbers and texts."""
    out: dict[int, int | bytes] = {}
    at = 0

    def varint() -> int:
        nonlocal at
        value = shift = 0
        while True:
            byte = body[at]
            value |= (byte & 0x7F) << shift
            at, shift = at + 1, shift + 7
            if byte < 0x80:
                return value

    while at < len(body):
        key = varint()
        value = varint()
        if key & 7 == 2:
            out[key >> 3] = body[at : at + value]
            at += value
        else:
            out[key >> 3] = value
    return out
