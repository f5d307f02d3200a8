"""What can be chosen: snapshots for base and head, and sample types. The choice itself is a setting."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from alloclens.lsp.quick import Quick
from alloclens.lsp.server import Server
from alloclens.printable import printable
from alloclens.wording.amounts import amount
from alloclens.wording.status import moment

if TYPE_CHECKING:
    from alloclens.series.comparison import Comparison
    from alloclens.series.series import Series
    from alloclens.series.snapshot import Snapshot
    from alloclens.session.world import World

SNAPSHOTS = "alloclens.server.snapshots"
SAMPLE_TYPES = "alloclens.server.sampleTypes"
MOST = 1000
"""Snapshots of one series that are listed: writing more takes the event loop more than a few milliseconds."""


def register(server: Server) -> None:
    """Offer the commands."""
    server.command(SNAPSHOTS)(snapshots)
    server.command(SAMPLE_TYPES)(sample_types)


async def snapshots(ls: Server) -> Quick:
    """Return the shown series as `listed`: [{name, directory, label: the user's or "", detail, base, head}]."""
    return Quick(await asyncio.to_thread(_snapshots, ls.world))


def sample_types(ls: Server) -> list[dict[str, Any]]:
    """Return every sample type there is: [{name, unit, selected}]."""
    shown = ls.world.shown
    types = dict.fromkeys(t for series in ls.world.series for t in series.snapshots[-1].sample_types)
    return [{"name": t.type, "unit": t.unit, "selected": bool(shown and t == shown.sample_type)} for t in types]


def listed(one: Series, compared: Comparison | None) -> list[Snapshot]:
    """Return the newest snapshots of a series, newest first, and after them base and head if they are older."""
    newest = one.snapshots[::-1]
    ends = (compared.base, compared.head) if compared else ()
    return [*newest[:MOST], *(snapshot for snapshot in newest[MOST:] if snapshot in ends)]


def _snapshots(world: World) -> list[dict[str, Any]]:
    shown = world.shown
    return [_snapshot(snapshot, shown) for snapshot in listed(shown.series, shown)] if shown else []


def _snapshot(snapshot: Snapshot, shown: Comparison) -> dict[str, Any]:
    total = amount(snapshot.total[shown.column], shown.sample_type.unit)
    return {
        "name": snapshot.name,
        "directory": snapshot.directory,
        "label": shown.series.labels.get(snapshot.path, ""),
        "detail": printable(f"{moment(snapshot)} · {total} {shown.sample_type.type}"),
        "base": snapshot is shown.base,
        "head": snapshot is shown.head,
    }
