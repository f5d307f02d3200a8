"""A long series is judged from the cache, and then one snapshot more."""

from __future__ import annotations

import asyncio
import os
import tempfile
import time
from itertools import islice
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from alloclens.disk import stamp
from alloclens.profile.sample_types import judged
from alloclens.series.findings import RAISED, judge
from alloclens.series.history import history
from alloclens.session.assemble import assemble
from alloclens.session.known import Known
from alloclens.session.listing import scan
from alloclens.session.reading import snapshots, texts
from alloclens.session.setup import setup
from rich import box
from rich.table import Table

from scripts import tools
from scripts.bench.section import Section
from scripts.bench.table import duration
from scripts.bench.usage import memory
from tests.bench import series
from tests.support.editor import Editor, vscode
from tests.support.profiles import drop

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alloclens.series.comparison import Comparison

SNAPSHOTS, QUICK_SNAPSHOTS = 5_000, 200
SAMPLES = 2_000
SHORT = 60
"""Snapshots; of a series of this length, judging alone is measured, too."""
ROUNDS = 9
PATIENCE_SECONDS = 3600


class Started(NamedTuple):
    """A server on the series. Times in seconds, memory in bytes."""

    ready: float
    """From the start until the world with everything in it is shown."""
    server: int
    """The most memory that was resident."""


class Judged(NamedTuple):
    """One process that does what the server and its worker do, one step after the other. Seconds."""

    one_more: float
    """Reading one snapshot more, keeping it, and judging all lines anew: the median of some."""
    judging: float
    """Of which this is the judging."""
    short: float
    """Judging a series of SHORT snapshots, when nothing of it is remembered."""
    lines: int


def measure(*, quick: bool) -> Section:
    """Make the series, read it once, then measure."""
    count = QUICK_SNAPSHOTS if quick else SNAPSHOTS
    with tempfile.TemporaryDirectory() as made:
        os.environ["XDG_CACHE_HOME"] = f"{made}/cache"
        folder = Path(made, "shop")
        tools.say(f"making {count:,} profiles of {SAMPLES:,} samples …")
        more = _make(folder, count)
        tools.say("reading them for the first time …")
        first = asyncio.run(_started(folder))
        again = [asyncio.run(_started(folder)) for _ in range(3)]
        judged = _judged(folder, more)
    figures = {"first": first._asdict(), "again": [start._asdict() for start in again], "judged": judged._asdict()}
    return Section(_table(count, first, again, judged), figures)


def _make(folder: Path, count: int) -> Iterator[bytes]:
    series.workspace(folder, SAMPLES)
    (folder / "profiles").mkdir()
    profiles = series.profiles(SAMPLES)
    for number, data in enumerate(islice(profiles, count)):
        drop(folder / f"profiles/heap.{number:06}.pb.gz", data)
    return profiles


async def _started(folder: Path) -> Started:
    editor = Editor(vscode())
    editor.options = ("--log-level", "warning")  # nobody reads standard error, which thousands of lines fill
    try:
        began = time.perf_counter()
        await editor.open_folder(folder)
        await editor.until(lambda: editor.status and editor.status.state == "ok", PATIENCE_SECONDS)
        return Started(time.perf_counter() - began, memory(editor.process.pid)[0])
    finally:
        await editor.close()


def _judged(folder: Path, more: Iterator[bytes]) -> Judged:
    here = setup((str(folder),), {})
    known = Known(here.reader, snapshots())
    known.remember(scan(here.directories).files)
    world = assemble(known, here, texts())
    whole, judging = [], []
    for number, data in enumerate(islice(more, ROUNDS)):
        path = str(drop(folder / f"profiles/later.{number:06}.pb.gz", data))
        began = time.perf_counter()
        written = stamp(path)
        assert written, f"{path} is gone"
        known.read(path, written)
        between = time.perf_counter()
        world = assemble(known, here, texts())
        judging.append(time.perf_counter() - between)
        whole.append(time.perf_counter() - began)
    (comparison,) = world.comparisons
    assert comparison.judgement, "nothing was judged"
    return Judged(median(whole), median(judging), _short(comparison, known), comparison.judgement.history.lines)


def _short(comparison: Comparison, known: Known) -> float:
    """Return how long the judging of the last few snapshots takes."""
    last, kind = comparison.series.snapshots[-SHORT:], judged(comparison.head.sample_types)
    assert kind, "nothing of the head is judged"
    taken = []
    for _ in range(ROUNDS):
        known.numbers.figures([], np.zeros(0, np.int64))  # forgets all snapshots
        began = time.perf_counter()
        judge(history(last, comparison.lines, known.numbers), comparison.lines, kind).findings(RAISED)
        taken.append(time.perf_counter() - began)
    return median(taken)


def _table(count: int, first: Started, again: list[Started], judged: Judged) -> Table:
    table = Table(f"{count:,} snapshots, {judged.lines:,} owned lines", "", box=box.MARKDOWN)
    table.add_row("from the start until everything is judged, without a cache", duration(first.ready))
    table.add_row(
        "from the start until everything is judged, from the cache", duration(median(start.ready for start in again))
    )
    table.add_row("one snapshot more: read, kept, all lines judged", duration(judged.one_more))
    table.add_row("of which judging", duration(judged.judging))
    table.add_row(f"judging {SHORT} snapshots", duration(judged.short))
    table.add_row("peak memory, server, first time", f"{first.server >> 20} MiB")
    table.add_row("peak memory, server, from the cache", f"{max(start.server for start in again) >> 20} MiB")
    return table
