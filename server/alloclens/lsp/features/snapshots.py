"""Every series with its snapshots, what the user calls them, and what can be chosen; the choice itself is a setting."""

from __future__ import annotations

import asyncio
import os
from itertools import pairwise
from typing import TYPE_CHECKING

from alloclens.disk import reason
from alloclens.lsp import protocol
from alloclens.printable import printable
from alloclens.profile.sample_types import column
from alloclens.settings import labels
from alloclens.wording import views
from alloclens.wording.amounts import amount
from alloclens.wording.status import moment

if TYPE_CHECKING:
    from alloclens.lsp.server import Server
    from alloclens.series.comparison import Comparison
    from alloclens.series.series import Series
    from alloclens.series.snapshot import Snapshot
    from alloclens.session.world import World

MAX_SNAPSHOTS = 1000
"""Snapshots of one series that are listed."""


def register(server: Server) -> None:
    """Offer the commands."""
    server.offer(protocol.GetSeries, series)
    server.offer(protocol.GetSnapshots, snapshots)
    server.offer(protocol.GetSampleTypes, sample_types)
    server.offer(protocol.SetLabel, label)


async def series(ls: Server, command: protocol.GetSeries) -> protocol.AllSeries:
    """Return every series, and what could not be read."""
    del command
    return await asyncio.to_thread(_all, ls.world)


async def snapshots(ls: Server, command: protocol.GetSnapshots) -> list[protocol.SnapshotChoice]:
    """Return the snapshots of the shown series."""
    del command
    return await asyncio.to_thread(_choices, ls.world)


def sample_types(ls: Server, command: protocol.GetSampleTypes) -> list[protocol.SampleTypeChoice]:
    """Return every sample type there is."""
    del command
    shown = ls.world.shown
    types = dict.fromkeys(t for one in ls.world.series for t in one.snapshots[-1].sample_types)
    return [protocol.SampleTypeChoice(t.type, t.unit, selected=bool(shown and t == shown.sample_type)) for t in types]


async def label(ls: Server, command: protocol.SetLabel) -> str | None:
    """Label a snapshot; return why that failed."""
    failed = await asyncio.to_thread(_label, ls.world, command.path, command.label)
    if ls.loader:
        ls.loader.wake()
    return failed


def _listed(one: Series, compared: Comparison | None) -> list[Snapshot]:
    """Return the newest snapshots of a series, newest first, and after them base and head if they are older."""
    newest = one.snapshots[::-1]
    ends = (compared.base, compared.head) if compared else ()
    return [*newest[:MAX_SNAPSHOTS], *(snapshot for snapshot in newest[MAX_SNAPSHOTS:] if snapshot in ends)]


def _choices(world: World) -> list[protocol.SnapshotChoice]:
    shown = world.shown
    return [_choice(snapshot, shown) for snapshot in _listed(shown.series, shown)] if shown else []


def _choice(snapshot: Snapshot, shown: Comparison) -> protocol.SnapshotChoice:
    total = amount(snapshot.total[shown.column], shown.sample_type.unit)
    return protocol.SnapshotChoice(
        name=snapshot.name,
        directory=snapshot.directory,
        label=shown.series.labels.get(snapshot.path, ""),
        detail=printable(f"{moment(snapshot)} · {total} {shown.sample_type.type}"),
        base=snapshot is shown.base,
        head=snapshot is shown.head,
    )


def _all(world: World) -> protocol.AllSeries:
    shown = world.shown.series if world.shown else None
    compared = {id(one.series): one for one in world.comparisons}
    return protocol.AllSeries(
        series=[_series(one, compared.get(id(one)), shown=one is shown) for one in world.series],
        problems=[protocol.UnreadableFile(p.name, p.path, p.reason) for p in world.problems],
    )


def _series(one: Series, comparison: Comparison | None, *, shown: bool) -> protocol.ListedSeries:
    number = comparison.column if comparison else _column(one)
    listed = _listed(one, comparison)
    before = {later: sooner for process in one.processes for sooner, later in pairwise(process)}
    return protocol.ListedSeries(
        directory=one.directory,
        program=one.program,
        sample_types=[kind.type for kind in one.snapshots[-1].sample_types],
        shown=shown,
        snapshots=[_snapshot(snapshot, before.get(snapshot), number, one, comparison) for snapshot in listed],
        more=len(one.snapshots) - len(listed),
        process=len(one.processes[-1]),
    )


def _column(one: Series) -> int:
    """Return the column that is shown of a series without the wanted sample type."""
    latest = one.snapshots[-1]
    return column(latest.sample_types, latest.default_sample_type) or 0


def _snapshot(
    snapshot: Snapshot, before: Snapshot | None, number: int, of: Series, comparison: Comparison | None
) -> protocol.SeriesSnapshot:
    kind = of.snapshots[-1].sample_types[number]
    return protocol.SeriesSnapshot(
        name=snapshot.name,
        path=snapshot.path,
        label=of.labels.get(snapshot.path, ""),
        time=moment(snapshot),
        detail=views.total(snapshot.total[number], before.total[number] if before else None, kind),
        size=_size(snapshot.path),
        base=bool(comparison and snapshot is comparison.base),
        head=bool(comparison and snapshot is comparison.head),
        begins=before is None,
    )


def _size(path: str) -> str:
    """Return how large a file is; "" if it has gone."""
    try:
        return amount(os.stat(path).st_size, "bytes")
    except OSError:
        return ""


def _label(world: World, path: str, text: str) -> str | None:
    if not any(snapshot.path == path for one in world.series for snapshot in one.snapshots):
        return printable(f"{path} is none of the snapshots that are read")
    try:
        labels.write(path, text, world.sources.roots.folders)
    except (OSError, ValueError) as error:
        return printable(f"{labels.NAME} could not be changed: {reason(error)}")
    return None
