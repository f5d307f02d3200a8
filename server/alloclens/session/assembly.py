"""From what is known to the next World."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alloclens.faults import Problem
from alloclens.series.comparison import BuildPair, Comparison, Pair, compare
from alloclens.series.series import group
from alloclens.session.world import World
from alloclens.workspace.source_versions import Origins

if TYPE_CHECKING:
    from alloclens.cache.texts import Texts
    from alloclens.series.comparison import Contents
    from alloclens.series.series import Series
    from alloclens.series.snapshot import Snapshot
    from alloclens.session.known import Known
    from alloclens.session.setup import Setup
    from alloclens.transform.filters import Filters


def assemble(known: Known, setup: Setup, texts: Texts | None, focus: tuple[Filters, ...] = ()) -> World:
    """Build a world of the snapshots that are settled. Of the files that were looked into, only what is in use stays known."""
    known.settle()
    series, settings = group(known.settled, setup.labels, known.functions), setup.settings
    in_use: dict[Pair, Contents | None] = {}
    comparisons: list[Comparison] = []
    for one in series:
        head = one.head(settings.head)
        base = one.base(settings.base, head)
        pair = Pair(head.path, base.path if base else None, focus, _builds(one, head, base, settings.revision))
        contents = in_use[pair] = known.contents.get(pair) or known.pair(pair)
        if contents and (compared := compare(one, head, base, settings.sample_type, contents, known.sites)):
            _ = compared.lines.by_name  # asked for with every first hint, which is not to wait for it
            comparisons.append(compared)
    known.contents = in_use
    _ = known.sources.by_place  # as above
    return World(
        settings=settings,
        settings_problems=setup.problems,
        outside=setup.where.outside,
        directories=setup.directories,
        series=series,
        comparisons=tuple(comparisons),
        problems=(*_problems(known), *setup.label_problems),
        sources=known.sources,
        origins=Origins(setup.where.roots, texts, settings.revision),
        focus=focus,
    )


def _builds(series: Series, head: Snapshot, base: Snapshot | None, revision: str) -> BuildPair:
    """Return what tells which texts two snapshots are of."""
    one_process = base in series.process(head)
    is_one = base is not None and bool(base.build_id) and (one_process or base.build_id == head.build_id)
    then = series.provenance(base) if base and not is_one else None
    return BuildPair(series.provenance(head), then, revision, one_process)


def _problems(known: Known) -> list[Problem]:
    faults = {path: Problem(path, reason) for path, reason in known.faults.items()}
    return [problem for _, problem in sorted((known.problems | faults).items())]
