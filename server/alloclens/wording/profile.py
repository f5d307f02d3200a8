"""One profile as a summary, a table and a call graph: numbers with their words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np

from alloclens.languages.names import package
from alloclens.tables.call_graph import GraphLimits, call_graph
from alloclens.tables.table import By, ValueTable, table
from alloclens.transform.subset import samples, samples_through
from alloclens.typed import Message
from alloclens.wording.amounts import amount, share
from alloclens.wording.flame import Drawn, drawn
from alloclens.wording.kinds import GOROUTINE
from alloclens.wording.labelled_growth import LabelledGrowth, labelled_growth

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alloclens.arrays import Floats, Ints, Mask
    from alloclens.profile.model import Profile
    from alloclens.series.comparison import Comparison
    from alloclens.transform.filters import Filters


class TableRow(Message, frozen=True):
    """A line, a function or a package of a profile."""

    name: str
    """Of the function or the package."""
    file: str
    """As recorded; of its heaviest line, if the row is of several."""
    line: int
    """1-based; 0 if unknown."""
    own: bool
    flat: int
    """At the head, in the unit of the sample type."""
    flat_label: str
    flat_share: str
    cum: int
    cum_label: str
    cum_share: str
    owned: int
    owned_label: str
    growth: LabelledGrowth | None
    """Of cum; null without a base."""
    verdict: str
    """Of the function, such as leak; empty if it has none that is reported."""


TableSort = Literal["name", "flat", "cum", "owned", "growth"]


class ProfileTable(Drawn, frozen=True):
    """The rows of a profile that match, in the order that was asked for."""

    sort: TableSort
    """What the rows are in the order of."""
    rows: list[TableRow]
    matching: int
    """The number of rows that match, of which the answer has the first."""


class GraphNode(Message, frozen=True):
    """A function in a call graph."""

    name: str
    file: str
    line: int
    """1-based, of its heaviest line; 0 if unknown."""
    own: bool
    flat: int
    flat_label: str
    cum: int
    cum_label: str
    growth: LabelledGrowth | None
    """Of cum; null without a base."""
    verdict: str


class GraphEdge(Message, frozen=True):
    """A call, or, if it is residual, calls through functions that are left out."""

    source: int
    """The number of its node, from 0."""
    target: int
    weight: int
    label: str
    residual: bool


class Graph(Drawn, frozen=True):
    """A call graph, as pprof draws it."""

    through: str
    """The function that all samples pass through; empty if all are drawn."""
    functions: int
    """The number of functions, with those that are left out."""
    nodes: list[GraphNode]
    """The most telling first."""
    edges: list[GraphEdge]


class RowQuery(NamedTuple):
    """Selects and sorts the rows of a table."""

    by: By = "function"
    sort: TableSort | None = None
    """By absolute value, largest first; by name from A to Z. None: by what the profile is looked at for."""
    containing: str = ""
    """A part of the name or the file, ignoring case."""
    most: int = 500


def profile_table(of: Comparison, wanted: RowQuery, focus: Sequence[Filters], series: str) -> ProfileTable:
    """Return the table of a comparison."""
    by, asked, containing, most = wanted
    sort = asked or _usual(of)
    made = _table(of, of.profile, by)
    growth_or_cum = made.cum.growth if made.cum.grown else made.cum.value
    values: dict[str, Ints | Floats] = {"flat": made.flat, "cum": made.cum.value, "owned": made.owned}
    key = values.get(sort, growth_or_cum)
    files = [made.sites.texts[i] for i in made.sites.file.tolist()]
    part = containing.casefold()
    hit = [part in name.casefold() or part in file.casefold() for name, file in zip(made.name, files, strict=True)]
    is_there = (made.flat != 0) | (made.cum.value != 0) | (made.cum.growth != 0)
    rows = np.flatnonzero(is_there & np.array(hit, np.bool_))
    if sort == "name":
        rows = rows[np.argsort(np.array([made.name[i].casefold() for i in rows.tolist()], object), kind="stable")]
    else:
        rows = rows[np.lexsort((-np.abs(made.cum.value[rows]), -np.abs(key[rows])))]
    listed = [_row(of, made, row, by) for row in rows[:most].tolist()]
    return drawn(ProfileTable, of, focus, series, sort=sort, rows=listed, matching=len(rows))


def _usual(of: Comparison) -> TableSort:
    """Return the order of a table in which what matters is first: goroutines wait in the runtime, so flat says nothing of them."""
    if of.base is not None or of.head.is_difference:
        return "growth"
    return "owned" if of.sample_type.type in GOROUTINE else "flat"


def graph(of: Comparison, limits: GraphLimits, through: str, focus: Sequence[Filters], series: str) -> Graph:
    """Return the call graph of a comparison: sizes and calls of the head, and the growth of each function."""
    profile, unit = of.profile, of.sample_type.unit
    if through:
        profile = samples(profile, samples_through(profile, _frames_of(profile, through)))
    made = _table(of, profile, "function")
    head = samples(profile, ~profile.is_base)
    calls = call_graph(head, head.sample_types.index(of.sample_type), limits)
    where, row = calls.sites, {name: i for i, name in enumerate(made.name)}
    names = [where.texts[where.function[i]] or where.texts[where.binary[i]] for i in calls.node.tolist()]
    nodes = [
        _node(of, made, row[name], flat, cum)
        for name, flat, cum in zip(names, calls.flat.tolist(), calls.cum.tolist(), strict=True)
    ]
    edges = [
        GraphEdge(source, target, weight, amount(weight, unit), residual)
        for source, target, weight, residual in zip(
            *(part.tolist() for part in (calls.source, calls.target, calls.weight, calls.residual)), strict=True
        )
    ]
    return drawn(Graph, of, focus, series, through=through, functions=calls.functions, nodes=nodes, edges=edges)


def _frames_of(profile: Profile, function: str) -> Mask:
    """Return which frames are of a function of this name."""
    names = [i for i, text in enumerate(profile.strings) if text == function]
    rows = np.flatnonzero(np.isin(profile.functions.name, names))
    return np.isin(profile.frames.function, rows)


def _table(of: Comparison, profile: Profile, by: By) -> ValueTable:
    own = {file for file, is_own in zip(of.lines.files, of.lines.own.tolist(), strict=True) if is_own}
    compared = of.base is not None
    return table(profile, of.sample_type, by, own, package, one_process=of.one_process, compared=compared)


def _row(of: Comparison, made: ValueTable, row: int, by: By) -> TableRow:
    unit, total = of.sample_type.unit, of.total
    where = made.sites
    name, file, line = made.name[row], where.texts[where.file[row]], int(where.line[row])
    flat, cum, owned = (int(column[row]) for column in (made.flat, made.cum.value, made.owned))
    verdict = of.codes.get((name, file, line if by == "line" else 0), "") if by != "package" else ""
    grown = of.with_verdict(made.cum.of(row), of.sample_type, lambda: bool(verdict))
    return TableRow(
        name=name or "?",
        file=file,
        line=line,
        own=of.is_own(file),
        flat=flat,
        flat_label=amount(flat, unit),
        flat_share=share(flat, total),
        cum=cum,
        cum_label=amount(cum, unit),
        cum_share=share(cum, total),
        owned=owned,
        owned_label=amount(owned, unit),
        growth=labelled_growth(grown, unit),
        verdict=verdict,
    )


def _node(of: Comparison, made: ValueTable, row: int, flat: int, cum: int) -> GraphNode:
    unit, where = of.sample_type.unit, made.sites
    name, file = made.name[row], where.texts[where.file[row]]
    verdict = of.codes.get((name, file, 0), "")
    grown = of.with_verdict(made.cum.of(row), of.sample_type, lambda: bool(verdict))
    return GraphNode(
        name=name or "?",
        file=file,
        line=int(where.line[row]),
        own=of.is_own(file),
        flat=flat,
        flat_label=f"{amount(flat, unit)} ({share(flat, of.total)})",
        cum=cum,
        cum_label=f"{amount(cum, unit)} ({share(cum, of.total)})",
        growth=labelled_growth(grown, unit),
        verdict=verdict,
    )
