"""What an editor's views list: findings, and every series with its snapshots; and what the user calls these."""

from __future__ import annotations

import asyncio
import os
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from alloclens.disk import reason
from alloclens.lsp.features.choices import listed
from alloclens.lsp.quick import Quick, location
from alloclens.lsp.server import Server
from alloclens.lsp.spots import Spots
from alloclens.paths import name_of
from alloclens.printable import printable
from alloclens.profile.sample_types import column
from alloclens.series.findings import RAISED, badness
from alloclens.series.verdicts import VERDICTS
from alloclens.settings import labels
from alloclens.source.places import Nowhere
from alloclens.wording import views
from alloclens.wording.amounts import amount
from alloclens.wording.stack_page import gone
from alloclens.wording.status import moment
from alloclens.wording.verdict import message

if TYPE_CHECKING:
    from alloclens.lsp.documents import Documents
    from alloclens.lsp.spots import Spot
    from alloclens.series.comparison import Comparison
    from alloclens.series.findings import Finding
    from alloclens.series.series import Series
    from alloclens.series.snapshot import Snapshot
    from alloclens.session.world import World

FINDINGS = "alloclens.server.findings"
SERIES = "alloclens.server.series"
LABEL = "alloclens.server.label"
MOST = 200


def register(server: Server) -> None:
    """Offer the commands."""
    server.command(FINDINGS)(findings)
    server.command(SERIES)(series)
    server.command(LABEL)(label)


async def findings(ls: Server) -> Quick:
    """Return the lines that leak or grow, and those of other verdicts that are marked, worst first.

    [{verdict, code, severity, label, detail, tooltip, location, function, file, line}]; `file` and `line` are as recorded.
    """
    return Quick(await asyncio.to_thread(_findings, ls.world, ls.documents))


async def series(ls: Server) -> Quick:
    """Return {series: [{directory, program, sampleTypes, shown, snapshots, more, process}], problems: [{name, path, reason}]}.

    A snapshot: {name, path, label, time, detail, size, base, head, begins}. `snapshots` are as choices.py has them `listed`, `more`
    says how many are not, and `process` how many the latest process has.
    """
    return Quick(await asyncio.to_thread(_all, ls.world))


async def label(ls: Server, path: str, label: str) -> str | None:
    """Call a snapshot so, or nothing if that is ""; return in words why not."""
    failed = await asyncio.to_thread(_label, ls.world, path, label)
    if ls.loader:
        ls.loader.poke()
    return failed


def _findings(world: World, documents: Documents) -> list[dict[str, Any]]:
    spots = Spots(world, documents)
    wanted = [verdict for verdict in VERDICTS if verdict in RAISED or world.settings.severity(verdict) != "off"]
    found = [(finding, of) for of in world.comparisons for finding in of.findings(wanted)]
    found.sort(key=lambda pair: badness(pair[0]))
    return [_finding(finding, of, world, spots) for finding, of in found[:MOST]]


def _finding(finding: Finding, comparison: Comparison, world: World, spots: Spots) -> dict[str, Any]:
    origin = comparison.goroutine_origin(finding)
    start = spots.start(comparison, finding)
    spot = start or spots.of(comparison, finding.file, finding.line)
    path, line = (origin.path, start.line) if origin and start else (finding.file, spot.line if spot else finding.line)
    waits = f"{name_of(finding.file)}:{finding.line}" if start else ""
    unsure = bool(spot and spot.unsure)
    guessed = unsure and world.guesses(comparison, finding.file)
    said = message(finding, world.settings.memory_bytes, comparison.in_use, waits=waits, unsure=unsure, guessed=guessed)
    named = views.place(path, line, finding.function)
    return {
        "verdict": finding.verdict,
        "code": finding.code,
        "severity": world.settings.severity(finding.verdict),
        "label": named,
        "detail": views.detail(finding),
        "tooltip": views.tooltip(finding, named, said, _not_here(world, finding.file, finding.line, spot)),
        "location": location(spot),
        "function": finding.function,
        "file": finding.file,
        "line": finding.line,
    }


def _not_here(world: World, recorded: str, line: int, spot: Spot | None) -> str:
    if spot:
        return ""
    found = world.sources.find(recorded)
    return found.reason if isinstance(found, Nowhere) else gone(line)


def _all(world: World) -> dict[str, Any]:
    shown = world.shown.series if world.shown else None
    compared = {id(one.series): one for one in world.comparisons}
    return {
        "series": [_series(one, compared.get(id(one)), shown=one is shown) for one in world.series],
        "problems": [{"name": p.name, "path": p.path, "reason": p.reason} for p in world.problems],
    }


def _series(one: Series, comparison: Comparison | None, *, shown: bool) -> dict[str, Any]:
    number = comparison.column if comparison else _column(one)
    snapshots = listed(one, comparison)
    before = {later: sooner for process in one.processes for sooner, later in pairwise(process)}
    return {
        "directory": one.directory,
        "program": one.program,
        "sampleTypes": [kind.type for kind in one.snapshots[-1].sample_types],
        "shown": shown,
        "snapshots": [_snapshot(s, before.get(s), number, one) | _ends(s, comparison) for s in snapshots],
        "more": len(one.snapshots) - len(snapshots),
        "process": len(one.processes[-1]),
    }


def _column(one: Series) -> int:
    """Return the column of a series that has not the wanted sample type."""
    latest = one.snapshots[-1]
    return column(latest.sample_types, latest.default_sample_type) or 0


def _snapshot(snapshot: Snapshot, before: Snapshot | None, number: int, of: Series) -> dict[str, Any]:
    kind = of.snapshots[-1].sample_types[number]
    return {
        "name": snapshot.name,
        "path": snapshot.path,
        "label": of.labels.get(snapshot.path, ""),
        "time": moment(snapshot),
        "detail": views.total(snapshot.total[number], before.total[number] if before else None, kind),
        "size": _size(snapshot.path),
        "begins": before is None,
    }


def _ends(snapshot: Snapshot, comparison: Comparison | None) -> dict[str, bool]:
    """Return which ends of the comparison a snapshot is."""
    return {
        "base": bool(comparison and snapshot is comparison.base),
        "head": bool(comparison and snapshot is comparison.head),
    }


def _size(path: str) -> str:
    """Return how large a file is; "" if it has gone."""
    try:
        return amount(os.stat(path).st_size, "bytes")  # noqa: PTH116 - paths are texts here
    except OSError:
        return ""


def _label(world: World, path: str, label: str) -> str | None:
    if not any(snapshot.path == path for one in world.series for snapshot in one.snapshots):
        return printable(f"{path} is none of the snapshots that are read")
    try:
        labels.write(path, label, world.sources.roots.folders)
    except (OSError, ValueError) as error:
        return printable(f"{labels.NAME} could not be changed: {reason(error)}")
    return None
