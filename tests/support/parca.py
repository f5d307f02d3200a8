"""A server that answers as Parca's JSON API does, from files JOB/INSTANCE/*.pb.gz: one type at a time, without period and labels.

Where its program is given, Parca itself is started and given these files.
"""

from __future__ import annotations

import base64
import contextlib
import gzip
import json
import re
import socket
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit
from urllib.request import Request, urlopen

from alloclens.profile.formats import profile_pb2 as pb

from scripts.workbench import process
from tests.support.processes import until
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


@contextlib.contextmanager
def real(program: str, profiles: Path, folder: Path) -> Iterator[str]:
    """Run Parca with what it keeps in a folder, give it the profiles, and yield its URL."""
    config = folder / "parca.yaml"
    bucket = f"{{type: FILESYSTEM, config: {{directory: {json.dumps(str(folder / 'parca'))}}}}}"
    config.write_text(f"object_storage: {{bucket: {bucket}}}\nscrape_configs: []\n")
    with socket.create_server(("127.0.0.1", 0)) as free:
        at = f"127.0.0.1:{free.getsockname()[1]}"
    with process([program, f"--config-path={config}", f"--http-address={at}"], cwd=folder) as child:
        assert until(lambda: child.poll() is not None or is_open(at))
        for path in sorted(profiles.rglob("*.pb.gz")):
            names = {"__name__": "memory", "job": path.parent.parent.name, "instance": path.parent.name}
            labels = {"labels": [{"name": name, "value": value} for name, value in names.items()]}
            samples = [{"rawProfile": base64.b64encode(path.read_bytes()).decode()}]
            body = json.dumps({"series": [{"labels": labels, "samples": samples}]}).encode()
            headers = {"Content-Type": "application/json"}
            urlopen(Request(f"http://{at}/api/profiles/writeraw", body, headers), timeout=60).close()
        yield f"http://{at}"


def is_open(at: str) -> bool:
    host, _, port = at.partition(":")
    try:
        socket.create_connection((host, int(port))).close()
    except OSError:
        return False
    return True


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
