"""Flame graph and timeline as the pictures take them: numbers with their words, as plain JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from alloclens.paths import name_of
from alloclens.printable import printable
from alloclens.series.timeline import points, process_lines
from alloclens.tables.flame_walk import ALL
from alloclens.typed import Message
from alloclens.wording.amounts import amount, change, share
from alloclens.wording.focus import words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alloclens.profile.model import ValueType
    from alloclens.series.comparison import Comparison
    from alloclens.tables.flame import FlameTree
    from alloclens.transform.filters import Filters

EVERYTHING = "all"


class FlameNode(Message, frozen=True):
    """A function by one way from the root."""

    name: str
    value: int
    """At the head, in the unit of the sample type."""
    label: str
    """The value and its share of all that the head holds, in focus or not, as pprof's are."""
    growth: int | None
    """Since the base; null without one."""
    growth_label: str
    significant: bool
    """Whether the growth is more than sampling can make."""
    file: str
    line: int
    """1-based; 0 if unknown."""
    own: bool
    more: bool
    """Whether children are left out."""
    children: list[FlameNode]


class Flame(Message, frozen=True):
    """A flame graph."""

    sample_type: str
    unit: str
    total: int
    total_label: str
    base: bool
    """Whether there is a base."""
    focus: str
    """Which samples are shown, in words; empty if all are."""
    truncated: bool
    root: FlameNode


class TimelinePoint(Message, frozen=True):
    """A snapshot."""

    name: str
    path: str
    time: float
    """Seconds since 1970."""
    value: int
    begins: bool
    """Whether a process starts here."""
    base: bool
    head: bool


class MemStat(Message, frozen=True):
    """A statistic of the Go runtime."""

    name: str
    values: list[int | None]
    """One for each point."""


class RecordedLine(Message, frozen=True):
    """A line as the profile records it."""

    file: str
    line: int
    """1-based."""


class OwnedOverTime(Message, frozen=True):
    """What a line owned."""

    label: str
    values: list[float | None]
    """One for each point."""


class Timeline(Message, frozen=True):
    """A series over time."""

    sample_type: str
    unit: str
    focus: str
    """The focus in words, though the points are of all samples; empty if there is none."""
    points: list[TimelinePoint]
    """Oldest first."""
    memstats: list[MemStat]
    at: RecordedLine | None
    """The line that was asked for."""
    line: OwnedOverTime | None
    """What it owned, if that is known in the shown unit."""


def flame(comparison: Comparison, tree: FlameTree, focus: Sequence[Filters] = ()) -> Flame:
    """Return a tree as a flame graph with its words."""
    kind = comparison.sample_type
    nodes = _nodes(comparison, tree)
    for node, parent in zip(nodes[1:], tree.parent[1:].tolist(), strict=True):
        nodes[parent].children.append(node)
    return Flame(
        sample_type=kind.type,
        unit=kind.unit,
        total=comparison.total,
        total_label=printable(f"{amount(comparison.total, kind.unit)} {kind.type}"),
        base=tree.compared,
        focus=words(focus),
        truncated=tree.truncated,
        root=nodes[0],
    )


class _Row(NamedTuple):
    """A node of a tree, as its columns have it."""

    site: int
    line: int
    value: int
    growth: int
    significant: bool
    known: bool
    more: bool


def _nodes(comparison: Comparison, tree: FlameTree) -> list[FlameNode]:
    columns = (getattr(tree, name).tolist() for name in _Row._fields)
    lines = comparison.lines
    own = frozenset(file for file, is_own in zip(lines.files, lines.own.tolist(), strict=True) if is_own)
    return [_node(_Row(*row), comparison, tree, own) for row in zip(*columns, strict=True)]


def _node(row: _Row, comparison: Comparison, tree: FlameTree, own: frozenset[str]) -> FlameNode:
    unit = comparison.sample_type.unit
    there = row.site != ALL
    file = tree.functions.file[row.site] if there else ""
    return FlameNode(
        name=tree.functions.name[row.site] if there else EVERYTHING,
        value=row.value,
        label=f"{amount(row.value, unit)} · {share(row.value, comparison.total)}",
        growth=row.growth if tree.compared else None,
        growth_label=_growth(row, unit) if tree.compared else "",
        significant=row.significant,
        file=file,
        line=row.line,
        own=file in own,
        more=row.more,
        children=[],
    )


def _growth(row: _Row, unit: str) -> str:
    if not row.growth:
        return "unchanged"
    unsure = ", may be noise" if row.known else ", error unknown"
    return change(row.growth, unit) + ("" if row.significant else unsure)


def timeline(
    comparison: Comparison,
    at: RecordedLine | None = None,
    line: OwnedOverTime | None = None,
    focus: Sequence[Filters] = (),
) -> Timeline:
    """Return the series of a comparison over time, and what one line owned."""
    kind = comparison.sample_type
    shown = [TimelinePoint(*point) for point in points(comparison)]
    memstats = [MemStat(*one) for one in process_lines(comparison)]
    return Timeline(kind.type, kind.unit, words(focus), shown, memstats, at, line)


def line_label(file: str, line: int, kind: ValueType) -> str:
    """Name a line of the timeline: main.go:42 owned, inuse_space."""
    return printable(f"{name_of(file)}:{line} owned, {kind.type}")
