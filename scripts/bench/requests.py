"""How long a new snapshot takes to reach the editor, and each request while more arrive.

Everything goes through the server's standard input and output. The event loop is watched for what keeps it (scripts.bench.monitored).
"""

from __future__ import annotations

import os
import tempfile
import threading
import time
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from statistics import quantiles
from typing import TYPE_CHECKING, Any, NamedTuple

from rich import box
from rich.table import Table

from scripts import tools
from scripts.bench.compare import CAPABILITIES, EVERYTHING, REFRESH, STATUS
from scripts.bench.section import Section
from scripts.bench.table import duration
from scripts.bench.typing import MONITORED
from tests.bench import series
from tests.support.profiles import drop
from tests.support.raw import RawClient, raw_client

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SIZES, QUICK = ((2_000, 500, 40), (200_000, 3, 5)), ((2_000, 50, 10),)
"""Samples of a snapshot, snapshots that are there, and snapshots that follow."""
CALLS = 40
"""Requests of each kind."""
PAUSE_SECONDS = 0.5
"""Between two snapshots."""
BLOCKED_SECONDS = 0.01


class Spread(NamedTuple):
    """Seconds."""

    p50: float
    p99: float

    def __str__(self) -> str:
        return f"{duration(self.p50)}, {duration(self.p99)}"


class Kept(NamedTuple):
    """How one piece of work kept the event loop from all others."""

    longest: float
    """Seconds; 0 for less than a millisecond."""
    times: int
    """How often for BLOCKED_SECONDS or more."""

    def __str__(self) -> str:
        return f"{duration(self.longest)}, {self.times} times {duration(BLOCKED_SECONDS)}"


def measure(*, quick: bool) -> Section:
    """Measure each size."""
    sizes = QUICK if quick else SIZES
    tables = [measured(*size) for size in sizes]
    words = [f"{samples:,} samples, {snapshots} snapshots" for samples, snapshots, _ in sizes]
    out = Table("", *words, box=box.MARKDOWN)
    for row in tables[0]:
        out.add_row(row, *(str(table[row]) for table in tables))
    rows = [{row: figure._asdict() for row, figure in table.items()} for table in tables]
    return Section(out, dict(zip(words, rows, strict=True)), "The median, and the 99th percentile.")


def measured(samples: int, snapshots: int, later: int) -> dict[str, Spread | Kept]:
    """Return the row of each request."""
    with tempfile.TemporaryDirectory() as made:
        folder, stalls = Path(made, "w"), Path(made, "stalls")
        tools.say(f"making {snapshots + later} snapshots of {samples:,} samples …")
        series.workspace(folder, samples)
        profiles = series.profiles(samples)
        begin = time.time() - 86_400
        for number, data in enumerate(islice(profiles, snapshots)):
            path = drop(folder / f"profiles/heap.{number:04}.pb.gz", data)
            os.utime(path, (begin + number, begin + number))
        following = [*islice(profiles, later)]
        environment = {
            "ALLOCLENS_STALLS": str(stalls),
            "PYTHONPATH": str(tools.ROOT),
            "XDG_CACHE_HOME": f"{made}/cache",
        }
        with raw_client(folder, MONITORED, **environment) as client:
            client.start(CAPABILITIES)
            client.until(lambda: any(status["state"] == "ok" for status in client.sent(STATUS)[-1:]), "all snapshots")
            requests = _requests(client, folder)
            rows = _arriving(client, folder, following, requests["hints"])
            began = time.monotonic()
            for name, ask in requests.items():
                with _snapshots(folder, following):
                    rows[f"{name}, while snapshots arrive"] = _timed(ask)
            ended = time.monotonic()
        return rows | {"the event loop was kept for": _longest(stalls, began, ended)}


def _arriving(
    client: RawClient, folder: Path, following: list[bytes], ask: Callable[[], object]
) -> dict[str, Spread | Kept]:
    """Return the time from the rename of each snapshot to the refresh, and that of the hints after it."""
    refresh, hints = [], []
    for number, data in enumerate(following):
        aside = folder / "new"
        aside.write_bytes(data)
        refreshed, begun = len(client.sent(REFRESH)), time.perf_counter()
        aside.rename(folder / f"profiles/later.{number:04}.pb.gz")
        client.until(lambda seen=refreshed: len(client.sent(REFRESH)) > seen, "a refresh")  # type: ignore[misc]
        refresh.append(time.perf_counter() - begun)
        begun = time.perf_counter()
        ask()
        hints.append(time.perf_counter() - begun)
        time.sleep(PAUSE_SECONDS)
    return {"from the rename to the refresh": _spread(refresh), "the hints after it": _spread(hints)}


def _requests(client: RawClient, folder: Path) -> dict[str, Callable[[], Any]]:
    """Open a file with hints, and return a way to ask for each thing about its first hint."""
    for path in sorted(folder.rglob("*.go")):
        document = {"uri": path.as_uri()}
        opened = document | {"languageId": "go", "version": 0, "text": path.read_text()}
        client.notify("textDocument/didOpen", {"textDocument": opened})
        if hints := client.result("textDocument/inlayHint", {"textDocument": document, "range": EVERYTHING}):
            break
    at = hints[0]["position"]
    here = {"textDocument": document, "position": at}
    (item, *_) = client.result("textDocument/prepareCallHierarchy", here)
    context = {"range": {"start": at, "end": at}, "context": {"diagnostics": []}}
    return {
        "hints": lambda: client.result("textDocument/inlayHint", {"textDocument": document, "range": EVERYTHING}),
        "hover": lambda: client.result("textDocument/hover", here),
        "code actions": lambda: client.result("textDocument/codeAction", {"textDocument": document} | context),
        "callers": lambda: client.result("callHierarchy/incomingCalls", {"item": item}),
        "page of call stacks": lambda: client.command("alloclens.server.stacks", document["uri"], at["line"]),
    }


@contextmanager
def _snapshots(folder: Path, following: list[bytes]) -> Iterator[None]:
    """Let snapshots arrive, one after the other, until the end."""
    is_ended = threading.Event()

    def arrive() -> None:
        for number, data in enumerate(following):
            if is_ended.wait(PAUSE_SECONDS):
                break
            drop(folder / f"profiles/{time.time_ns()}.{number:04}.pb.gz", data)

    thread = threading.Thread(target=arrive)
    thread.start()
    try:
        yield
    finally:
        is_ended.set()
        thread.join()


def _timed(ask: Callable[[], object]) -> Spread:
    seconds = []
    for _ in range(CALLS):
        begun = time.perf_counter()
        ask()
        seconds.append(time.perf_counter() - begun)
        time.sleep(PAUSE_SECONDS / 10)
    return _spread(seconds)


def _spread(seconds: list[float]) -> Spread:
    hundredths = quantiles(seconds, n=100, method="inclusive")
    return Spread(hundredths[49], hundredths[98])


def _longest(stalls: Path, began: float, ended: float) -> Kept:
    """Return what kept the loop the longest, and how often something kept it for BLOCKED_SECONDS."""
    lines = (line.split(" ", 3) for line in stalls.read_text().splitlines())
    callbacks = [(float(used), what) for at, _, used, what in lines if began < float(at) < ended and what != "late"]
    if not callbacks:
        return Kept(0, 0)
    longest, what = max(callbacks)
    tools.say(f"what kept the event loop the longest: {what}")
    return Kept(longest, sum(used >= BLOCKED_SECONDS for used, _ in callbacks))
