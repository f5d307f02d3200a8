"""A server that answers as Parca's JSON API does, from files JOB/INSTANCE/*.pb.gz: one type at a time, without period and labels."""

from __future__ import annotations

import base64
import contextlib
import gzip
import json
import re
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from alloclens.profile.formats import profile_pb2 as pb

from tests.support.server import ProfileServer, profile_server

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

Kept = tuple[dict[str, str], str, pb.Profile]
"""Labels, time and profile."""


@contextlib.contextmanager
def serving(profiles: Path, labels: dict[str, str] | None = None) -> Iterator[ProfileServer]:
    """Serve the profiles as they are now, with these labels besides those of job and instance."""
    kept = [
        ({**own, **(labels or {})}, at, profile) for own, at, profile in map(_kept, sorted(profiles.rglob("*.pb.gz")))
    ]
    with profile_server() as server:
        server.answers = lambda path, _: json.dumps(answer(kept, path)).encode()
        yield server


def answer(kept: list[Kept], path: str) -> dict[str, Any]:
    method = urlsplit(path).path.removeprefix("/api/profiles/")
    query = {name: values[0] for name, values in parse_qs(urlsplit(path).query).items()}
    if method == "types":
        names = {text for _, _, profile in kept for text in types(profile)}
        kinds = [
            {"name": "memory", "sampleType": n, "sampleUnit": u, "periodType": "space", "periodUnit": "bytes"}
            for n, u in names
        ]
        return {"types": [{**kind, "delta": True, "name": "other"} for kind in kinds] + kinds}
    if method == "labels/job/values":
        return {"labelValues": sorted({labels["job"] for labels, _, _ in kept})}
    if method == "query_range":
        return {"series": series(kept, query)}
    assert query["mode"] == "MODE_SINGLE_UNSPECIFIED"
    assert query["report_type"] == "REPORT_TYPE_PPROF"
    ((profile, column),) = [
        (profile, column)
        for _, at, profile, column in matching(kept, query["single.query"])
        if at == query["single.time"]
    ]
    return {"pprof": base64.b64encode(gzip.compress(single(profile, column))).decode()}


def series(kept: list[Kept], query: dict[str, str]) -> list[dict[str, Any]]:
    of: dict[str, dict[str, Any]] = {}
    for labels, at, profile, column in matching(kept, query["query"]):
        if query["start"] <= at <= query["end"]:
            named = [{"name": name, "value": value} for name, value in {"__name__": "memory", **labels}.items()]
            one = of.setdefault(str(labels), {"labelset": {"labels": named}, "samples": []})
            one["samples"].append(
                {"timestamp": at, "value": str(sum(sample.value[column] for sample in profile.sample))}
            )
    return [*of.values()]


def matching(kept: list[Kept], query: str) -> Iterator[tuple[dict[str, str], str, pb.Profile, int]]:
    """Yield what is meant by memory:inuse_space:bytes:space:bytes{job="api"}, with the column of the type."""
    name, kind, unit, period, of, selector = re.fullmatch(r"(\w+):(\w+):(\w+):(\w+):(\w+)\{(.*)\}", query).groups()
    assert (name, period, of) == ("memory", "space", "bytes")
    for labels, at, profile in kept:
        if all(labels.get(key) == value for key, value in re.findall(r'(\w+)="([^"]*)"', selector)):
            yield labels, at, profile, types(profile).index((kind, unit))


def types(profile: pb.Profile) -> list[tuple[str, str]]:
    return [(profile.string_table[kind.type], profile.string_table[kind.unit]) for kind in profile.sample_type]


def single(profile: pb.Profile, column: int) -> bytes:
    """Return one type of a profile."""
    made = pb.Profile()
    made.CopyFrom(profile)
    made.period, kind = 0, profile.sample_type[column]
    del made.sample_type[:]
    made.sample_type.append(kind)
    for sample in made.sample:
        value = sample.value[column]
        sample.ClearField("value")
        sample.ClearField("label")
        sample.value.append(value)
    return made.SerializeToString()


def _kept(path: Path) -> Kept:
    profile = pb.Profile.FromString(gzip.decompress(path.read_bytes()))
    seconds, nanos = divmod(profile.time_nanos, 10**9)
    at = f"{datetime.fromtimestamp(seconds, timezone.utc):%Y-%m-%dT%H:%M:%S}.{nanos:09}Z"
    return {"job": path.parent.parent.name, "instance": path.parent.name}, at, profile
