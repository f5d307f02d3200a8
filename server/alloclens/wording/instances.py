"""On which instances of its service a line leaks, in words."""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING

from alloclens.printable import printable
from alloclens.series.findings import RAISED

if TYPE_CHECKING:
    from alloclens.series.comparison import Comparison
    from alloclens.series.findings import Finding
    from alloclens.series.instances import Spread
    from alloclens.series.series import Series
    from alloclens.session.world import World

MAX_NAMES = 3


def on(world: World, finding: Finding, comparison: Comparison) -> str:
    """Say on which instances a finding stands; "" if nothing is proven, or its service has one instance."""
    of = world.instances.spread(finding, comparison) if finding.verdict in RAISED else None
    return spread(of) if of else ""


def sentence(world: World, finding: Finding, comparison: Comparison) -> str:
    """Say the same in a sentence that follows another."""
    where = on(world, finding, comparison)
    return f" {where[:1].upper()}{where[1:]}." if where else ""


def spread(of: Spread) -> str:
    """Say on which instances a finding stands: leak on 14 of 16 instances since version 1.8.2, too early to tell on 1."""
    names, verdict = [instance(one.series) for one in of.found], " or ".join(of.verdicts)
    if len(names) == of.instances:
        where = f"{verdict} on all {of.instances} instances"
    elif len(names) == 1 and not (of.unproven or of.early):
        where = f"{verdict} only on {names[0]}, of {of.instances} instances"
    else:
        where = f"{verdict} on {len(names)} of {of.instances} instances"
        where += f" ({', '.join(names)})" if len(names) <= MAX_NAMES else ""
    since = f" since version {of.since}" if of.since else ""
    parts = [("not proven", of.unproven), ("too early to tell", of.early)]
    return printable(", ".join([f"{where}{since}", *(f"{words} on {count}" for words, count in parts if count)]))


def instance(series: Series) -> str:
    """Return the name of an instance within its service."""
    return f"process {series.replica}" if series.replica else PurePath(series.directory).name
