"""What can be chosen: snapshots for base and head, and sample types. The choice itself is a setting."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from alloclens.lsp.server import Server
from alloclens.wording.status import moment
from alloclens.wording.units import amount

if TYPE_CHECKING:
    from alloclens.analysis.comparison import Comparison
    from alloclens.analysis.series import Snapshot

SNAPSHOTS = "alloclens.server.snapshots"
SAMPLE_TYPES = "alloclens.server.sampleTypes"


def register(server: Server) -> None:
    """Offer the commands."""
    server.command(SNAPSHOTS)(snapshots)
    server.command(SAMPLE_TYPES)(sample_types)


def snapshots(ls: Server) -> list[dict[str, Any]]:
    """Return the shown series, newest first: [{name, directory, label, detail, base, head}]."""
    shown = ls.world.shown
    return [_snapshot(s, shown) for s in reversed(shown.series.snapshots)] if shown else []


def sample_types(ls: Server) -> list[dict[str, Any]]:
    """Return every sample type there is: [{name, unit, selected}]."""
    shown = ls.world.shown
    types = dict.fromkeys(t for series in ls.world.series for t in series.snapshots[-1].sample_types)
    return [{"name": t.type, "unit": t.unit, "selected": bool(shown and t == shown.sample_type)} for t in types]


def _snapshot(snapshot: Snapshot, shown: Comparison) -> dict[str, Any]:
    total = amount(snapshot.total[shown.column], shown.sample_type.unit)
    return {
        "name": snapshot.name,
        "directory": snapshot.directory,
        "label": snapshot.name,
        "detail": f"{moment(snapshot)} · {total} {shown.sample_type.type}",
        "base": snapshot is shown.base,
        "head": snapshot is shown.head,
    }
