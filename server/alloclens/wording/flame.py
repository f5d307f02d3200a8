"""Flame graph and timeline as the pictures take them: numbers with their words, as plain JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from alloclens.paths import name_of
from alloclens.printable import printable
from alloclens.series.timeline import points, process_lines
from alloclens.tables.flame_walk import ALL
from alloclens.wording.amounts import amount, change, share
from alloclens.wording.focus import words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alloclens.profile.model import ValueType
    from alloclens.series.comparison import Comparison
    from alloclens.tables.flame import FlameTree
    from alloclens.transform.filters import Filters

EVERYTHING = "all"


def flame(comparison: Comparison, tree: FlameTree, focus: Sequence[Filters] = ()) -> dict[str, Any]:
    """Return {sampleType, unit, total, totalLabel, base, focus, truncated, root}.

    A node is {name, value, label, growth, growthLabel, certain, file, line, own, more, children}; shares are of all that
    the head holds, in focus or not, as pprof's are.
    """
    kind = comparison.sample_type
    nodes = _nodes(comparison, tree)
    for node, parent in zip(nodes[1:], tree.parent[1:].tolist(), strict=True):
        nodes[parent]["children"].append(node)
    return {
        "sampleType": kind.type,
        "unit": kind.unit,
        "total": comparison.total,
        "totalLabel": printable(f"{amount(comparison.total, kind.unit)} {kind.type}"),
        "base": tree.compared,
        "focus": words(focus),
        "truncated": tree.truncated,
        "root": nodes[0],
    }


class _Row(NamedTuple):
    """A node of a tree, as its columns have it."""

    site: int
    line: int
    value: int
    growth: int
    significant: bool
    known: bool
    more: bool


def _nodes(comparison: Comparison, tree: FlameTree) -> list[dict[str, Any]]:
    columns = (getattr(tree, name).tolist() for name in _Row._fields)
    lines = comparison.lines
    own = frozenset(file for file, is_own in zip(lines.files, lines.own.tolist(), strict=True) if is_own)
    return [_node(_Row(*row), comparison, tree, own) for row in zip(*columns, strict=True)]


def _node(row: _Row, comparison: Comparison, tree: FlameTree, own: frozenset[str]) -> dict[str, Any]:
    unit = comparison.sample_type.unit
    there = row.site != ALL
    file = tree.functions.file[row.site] if there else ""
    return {
        "name": tree.functions.name[row.site] if there else EVERYTHING,
        "value": row.value,
        "label": f"{amount(row.value, unit)} · {share(row.value, comparison.total)}",
        "growth": row.growth if tree.compared else None,
        "growthLabel": _growth(row, unit) if tree.compared else "",
        "certain": row.significant,
        "file": file,
        "line": row.line,
        "own": file in own,
        "more": row.more,
        "children": [],
    }


def _growth(row: _Row, unit: str) -> str:
    if not row.growth:
        return "unchanged"
    unsure = ", may be noise" if row.known else ", error unknown"
    return change(row.growth, unit) + ("" if row.significant else unsure)


def timeline(
    comparison: Comparison,
    at: dict[str, Any] | None = None,
    line: dict[str, Any] | None = None,
    focus: Sequence[Filters] = (),
) -> dict[str, Any]:
    """Return {sampleType, unit, focus, points, memstats: [{name, values}], at, line}.

    `at` is the recorded line that is asked about; `line` is what it owned, where that is known in the shown unit. `focus`
    is in words: the points are of all samples.
    """
    kind = comparison.sample_type
    shown = [point._asdict() for point in points(comparison)]
    memstats = [one._asdict() for one in process_lines(comparison)]
    about = {"sampleType": kind.type, "unit": kind.unit, "focus": words(focus)}
    return about | {"points": shown, "memstats": memstats, "at": at, "line": line}


def line_label(file: str, line: int, kind: ValueType) -> str:
    """Name a line of the timeline: main.go:42 owned, inuse_space."""
    return printable(f"{name_of(file)}:{line} owned, {kind.type}")
