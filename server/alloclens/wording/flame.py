"""The flame graph and the timeline as JSON for the pictures: numbers with their words."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeVar

from alloclens.paths import name_of
from alloclens.printable import printable
from alloclens.series.timeline import MemStat, TimelinePoint, mem_stats, points
from alloclens.tables.flame_walk import ALL
from alloclens.typed import Message
from alloclens.wording.amounts import amount, share
from alloclens.wording.focus import words
from alloclens.wording.kinds import counted_as, type_name
from alloclens.wording.labelled_growth import LabelledGrowth, labelled_growth
from alloclens.wording.names import short_name
from alloclens.wording.status import is_backwards

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from alloclens.series.comparison import Comparison
    from alloclens.series.timeline import OwnedLine
    from alloclens.stats.amount import Amount
    from alloclens.tables.flame import FlameTree
    from alloclens.transform.filters import Filters

EVERYTHING = "all"
Picture = TypeVar("Picture", bound="Drawn")


class Drawn(Message, frozen=True):
    """What a picture or a table shows."""

    series: str
    """The name of the shown series; empty if there are no others."""
    ends: str
    """The names of base and head: 1.pb.gz → 9.pb.gz; of the head alone without a base."""
    sample_type: str
    unit: str
    total: int
    """Of the head, in focus or not."""
    total_label: str
    base: bool
    """Whether there is a base."""
    focus: str
    """Which samples are shown, in words; empty if all are."""
    short_focus: str
    """The same with the short names of functions."""


class FlameNode(Message, frozen=True):
    """A function on one path from the root."""

    name: str
    value: int
    """At the head, in the unit of the sample type."""
    label: str
    """The value and its share of the head's total, in focus or not, as in pprof."""
    growth: LabelledGrowth | None
    """Null without a base."""
    file: str
    line: int
    """1-based; 0 if unknown."""
    own: bool
    verdict: str
    """Of the function, such as leak; empty if it has none that is reported."""
    more: bool
    """Whether children are left out."""
    children: list[FlameNode]


class Flame(Drawn, frozen=True):
    """A flame graph."""

    truncated: bool
    root: FlameNode


class TimelineLine(Message, frozen=True):
    """A line as the profile records it."""

    file: str
    line: int
    """1-based."""


class OwnedOverTime(Message, frozen=True):
    """What a line owned over time."""

    label: str
    values: list[float | None]
    """One for each point."""


class Timeline(Message, frozen=True):
    """A series over time."""

    series: str
    """Its name; empty if there are no others."""
    sample_type: str
    unit: str
    focus: str
    """The focus in words, though the points are of all samples; empty if there is none."""
    points: list[TimelinePoint]
    """Oldest first."""
    memstats: list[MemStat]
    at: TimelineLine | None
    """The line that was asked for."""
    line: OwnedOverTime | None
    """What that line owned, if it is known in the shown unit."""
    without_line: str
    """Why nothing is known of the line that was asked for; empty if something is, or none was."""


def flame(comparison: Comparison, tree: FlameTree, focus: Sequence[Filters] = (), series: str = "") -> Flame:
    """Return a tree as a flame graph with words."""
    nodes = _nodes(comparison, tree)
    for node, parent in zip(nodes[1:], tree.parent[1:].tolist(), strict=True):
        nodes[parent].children.append(node)
    return drawn(Flame, comparison, focus, series, truncated=tree.truncated, root=nodes[0])


def drawn(
    kind: Callable[..., Picture], of: Comparison, focus: Sequence[Filters], series: str, **rest: object
) -> Picture:
    """Return a picture of a comparison that says what it is drawn of."""
    names = [snapshot.name for snapshot in (of.base, of.head) if snapshot]
    return kind(
        series=printable(series),
        ends=printable(f"{' → '.join(names)}{' (base is newer)' if is_backwards(of) else ''}"),
        sample_type=type_name(of),
        unit=of.sample_type.unit,
        total=of.total,
        total_label=printable(f"{amount(of.total, of.sample_type.unit)} {counted_as(of.total, of)}"),
        base=of.flame_graph.compares,
        focus=words(focus),
        short_focus=words(focus, short_name),
        **rest,
    )


class _Row(NamedTuple):
    """A node of a tree, beside its parent."""

    site: int
    line: int
    amount: Amount
    more: bool


def _nodes(comparison: Comparison, tree: FlameTree) -> list[FlameNode]:
    rows = zip(tree.site.tolist(), tree.line.tolist(), tree.amounts(), tree.more.tolist(), strict=True)
    lines = comparison.lines
    own = frozenset(file for file, is_own in zip(lines.files, lines.own.tolist(), strict=True) if is_own)
    return [_node(_Row(*row), comparison, tree, own) for row in rows]


def _node(row: _Row, comparison: Comparison, tree: FlameTree, own: frozenset[str]) -> FlameNode:
    unit = comparison.sample_type.unit
    is_function = row.site != ALL
    file = tree.functions.file[row.site] if is_function else ""
    verdict = comparison.codes.get((tree.functions.name[row.site], file, 0), "") if is_function else ""
    grown = comparison.with_verdict(row.amount, comparison.sample_type, lambda: bool(verdict))
    value = int(grown.value)
    return FlameNode(
        name=tree.functions.name[row.site] if is_function else EVERYTHING,
        value=value,
        label=f"{amount(value, unit)} · {share(value, comparison.total)}",
        growth=labelled_growth(grown, unit),
        file=file,
        line=row.line,
        own=file in own,
        verdict=verdict,
        more=row.more,
        children=[],
    )


def timeline(
    comparison: Comparison,
    at: TimelineLine | None = None,
    line: OwnedOverTime | None = None,
    focus: Sequence[Filters] = (),
    series: str = "",
    asked: str = "",
) -> Timeline:
    """Return the series of a comparison over time, and what one line owned. `asked` names a line that was asked for."""
    kind = comparison.sample_type
    return Timeline(
        printable(series),
        type_name(comparison),
        kind.unit,
        words(focus),
        points(comparison),
        mem_stats(comparison),
        at,
        line,
        _without_line(comparison, at, asked) if asked and line is None else "",
    )


def _without_line(comparison: Comparison, at: TimelineLine | None, asked: str) -> str:
    if at is None:
        return printable(f"{asked}, where the cursor is, has no {type_name(comparison)} in the head.")
    return printable(
        f"What {asked} owned is not kept in {type_name(comparison)}; choose the sample type that is judged."
    )


def line_label(file: str, line: int, of: OwnedLine) -> str:
    """Return the label of a line in the timeline: main.go:42 owned, inuse_space."""
    builds = " (this build only)" if of.has_other_builds else ""
    return printable(f"{name_of(file)}:{line} owned, {of.sample_type.type}{builds}")
