"""The flame graph: a call tree in one sample type, from the root or the leaves, limited to what is visible.

A node is a function (name and file, as in pprof) reached by one path from the root.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from alloclens.profile.sample_types import columns
from alloclens.stats.amount import Amount
from alloclens.stats.growth import SampledValues, changes, needed, values_of_samples
from alloclens.stats.sampling import BLOCK, sampling_rate
from alloclens.tables.flame_walk import WalkedTree, stack_walk, subtree_root, walk_order, whole_root
from alloclens.tables.sites import by_line
from alloclens.transform.prune import from_innermost, up_to_outermost
from alloclens.transform.subset import samples, samples_through

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alloclens.arrays import Floats, Ints, Mask
    from alloclens.profile.model import Profile, ValueType
    from alloclens.profile.sample_types import Columns
    from alloclens.stats.growth import Changes
    from alloclens.tables.flame_walk import WalkOrder


MAX_NODES = 2_000
"""Nodes of one answer: more than fit on a screen. Serializing them takes the event loop 6 ms."""
MIN_NODE_SHARE = 1 / 2_000
"""Share of what is shown: less is narrower than a pixel."""
MAX_ANSWERS = 16
"""Number of answers cached for zooming out."""


FlameSite = tuple[str, str]
"""Identifies a function in a path: (name, file) of `FlameFunctions`."""


class FlameQuery(NamedTuple):
    """Selects a part of the tree."""

    path: tuple[FlameSite, ...] = ()
    """Path from the root to the node whose subtree is shown; () is the root."""
    inverted: bool = False
    """Whether to start from the leaves, so that a function's children are its callers."""
    search: str = ""
    """Only samples through a function whose name contains this, ignoring case."""
    max_nodes: int = MAX_NODES
    min_share: float = MIN_NODE_SHARE


class FlameFunctions(NamedTuple):
    """One row for each function."""

    of_frame: Ints
    """Each frame's function."""
    name: Sequence[str]
    """Its name, else the binary's file, else "?"."""
    file: Sequence[str]
    """As recorded, cleaned; "" if unknown."""

    def frames(self, site: FlameSite) -> Mask:
        """Return which frames belong to a function."""
        of_site = [function == site for function in zip(self.name, self.file, strict=True)]
        return np.array(of_site, np.bool_)[self.of_frame]


@dataclass(frozen=True, eq=False)
class FlameTree:
    """One row for each node, heaviest first. Row 0 is the root, and parents precede their children."""

    parent: Ints
    site: Ints
    """Row of `functions`; ALL for the root of everything."""
    line: Ints
    """Line in that function of the heaviest sample; 0 if unknown."""
    value: Ints
    """Value at the head, in the sample type's unit."""
    growth: Ints
    """Head - base; equal to `value` if nothing is compared. Unlike its error, it is known of a file that is itself a difference."""
    significant: Mask
    """Nodes that grew or shrank significantly, corrected for the number of nodes."""
    low: Floats
    high: Floats
    """The 99 % interval of the growth; nan if its error is unknown."""
    more: Mask
    """Nodes with children that were left out."""
    truncated: bool
    """Whether nodes were left out because of the limit, not their weight."""
    compared: bool
    """Whether there is a base; if not, the growth is the value."""
    functions: FlameFunctions

    def __len__(self) -> int:
        return len(self.parent)

    def amounts(self) -> list[Amount]:
        """Return each node's value, with its growth if there is a base."""
        growth = self.growth.tolist() if self.compared else [None] * len(self)
        columns = self.value.tolist(), growth, self.low.tolist(), self.high.tolist(), self.significant.tolist()
        return [Amount(*row) for row in zip(*columns, strict=True)]


@dataclass(frozen=True, eq=False)
class FlameGraph:
    """Builds trees from a profile (a head, or head - base) in one sample type."""

    profile: Profile
    wanted: ValueType
    one_process: bool = True
    """Whether head and base share objects."""
    has_base: bool = False
    """Whether there is a base, even if none of its samples are in focus."""
    answers: dict[FlameQuery, FlameTree | None] = field(default_factory=dict)

    def tree(self, asked: FlameQuery) -> FlameTree | None:
        """Return a tree; None if the path does not exist. Thread-safe: another thread may clear the answers."""
        try:
            return self.answers[asked]
        except KeyError:
            tree = _tree(self, asked)
        if len(self.answers) >= MAX_ANSWERS:
            self.answers.clear()
        self.answers[asked] = tree
        return tree

    def sandwich(self, site: FlameSite) -> tuple[FlameTree, FlameTree] | None:
        """Return the callers of a function, from it outwards, and its callees, from it inwards; None if the profile does not have it.

        If it calls itself, its callers are those of the innermost call, and its callees those of the outermost.
        """
        hit = self.functions.frames(site)
        profile = samples(self.profile, samples_through(self.profile, hit))
        if not len(profile):
            return None
        outwards = replace(self, profile=from_innermost(profile, hit), answers={})
        inwards = replace(self, profile=up_to_outermost(profile, hit), answers={})
        callers, callees = outwards.tree(FlameQuery(inverted=True)), inwards.tree(FlameQuery())
        return (callers, callees) if callers and callees else None

    @cached_property
    def functions(self) -> FlameFunctions:
        """The functions of the nodes."""
        sites = by_line(self.profile)
        parts = np.stack([sites.function, sites.file, sites.binary])
        distinct, of_site = np.unique(parts, axis=1, return_inverse=True)
        texts = sites.texts
        functions = [(texts[name] or texts[binary] or "?", texts[file]) for name, file, binary in distinct.T.tolist()]
        rows = {site: row for row, site in enumerate(dict.fromkeys(functions))}
        row = np.array([rows[site] for site in functions], np.int64)[of_site.reshape(-1)]
        return FlameFunctions(row[sites.of_frame], [name for name, _ in rows], [file for _, file in rows])

    @cached_property
    def from_root(self) -> WalkOrder:
        return walk_order(self.profile, self.functions.of_frame, inverted=False)

    @cached_property
    def from_leaf(self) -> WalkOrder:
        return walk_order(self.profile, self.functions.of_frame, inverted=True)

    @cached_property
    def values(self) -> Ints:
        """The samples' values in the sample type."""
        return self.profile.values[:, self.profile.sample_types.index(self.wanted)]

    @cached_property
    def head(self) -> Floats:
        """What each sample adds to the head. Integers up to 2^53 stay exact."""
        return np.where(self.profile.is_base, 0, np.maximum(self.values, 0)).astype(np.float64)

    @cached_property
    def base(self) -> Floats:
        """What each sample adds to the base: all negative values, also in files that are themselves a difference."""
        return np.where(self.profile.is_base, -self.values, np.maximum(-self.values, 0)).astype(np.float64)

    @cached_property
    def compares(self) -> bool:
        """Whether there is a base."""
        return self.has_base or bool(self.profile.is_base.any())

    @cached_property
    def samples(self) -> Ints:
        """The samples that matter. The error of growth also needs the allocations of stacks that hold nothing now."""
        return np.arange(len(self.profile)) if self.compares else np.flatnonzero(self.values)

    @cached_property
    def kinds(self) -> Columns:
        return columns(self.profile.sample_types, self.wanted)


def _tree(of: FlameGraph, asked: FlameQuery) -> FlameTree | None:
    order = of.from_leaf if asked.inverted else of.from_root
    samples = _through(of, asked.search) if asked.search else of.samples
    head, base = of.head[samples], of.base[samples]
    root = whole_root(head, base)
    with stack_walk(order, samples, head, base) as stacks:
        for step, site in enumerate(asked.path):
            if step:
                stacks.advance()
            stacks.through(of.functions.frames(site))
            if not len(stacks.rows):
                return None
        if asked.path:
            samples, root = stacks.rows["sample"].astype(np.int64), subtree_root(stacks.rows, order)
            stacks.advance()
        walked = stacks.grow(root, samples, asked.min_share)
    return _finished(of, _heaviest(walked, asked.max_nodes), truncated=len(walked.nodes.parent) > asked.max_nodes)


def _through(of: FlameGraph, text: str) -> Ints:
    """Return the samples through a function whose name contains this text."""
    profile, searched = of.profile, text.casefold()
    hit = np.array([searched in name.casefold() for name in of.functions.name], np.bool_)[of.functions.of_frame]
    return of.samples[samples_through(profile, hit)[of.samples]]


def _heaviest(walked: WalkedTree, most: int) -> WalkedTree:
    """Keep the heaviest nodes, heaviest first. Samples of removed nodes move to the nearest kept ancestor."""
    nodes = walked.nodes
    order = np.argsort(-nodes.weight, kind="stable")  # parents still precede their children
    parent, stays = np.maximum(nodes.parent, 0), np.zeros(len(order), np.bool_)
    stays[order[:most]] = True
    number = np.zeros(len(order), np.int64)
    number[order[:most]] = np.arange(min(most, len(order)))
    at = np.arange(len(order))
    while not stays[at].all():
        at = np.where(stays[at], at, parent[at])
    more = walked.more.copy()
    more[parent[~stays]] = True
    left = nodes.of(order[:most])
    left.parent[1:] = number[left.parent[1:]]
    return WalkedTree(left, walked.sample, number[at[walked.node]], more[order[:most]])


def _whole(values: Floats) -> Ints:
    """Convert to integers, clipped to 64 bits."""
    return np.clip(values, -(2.0**63), np.nextafter(2.0**63, 0)).astype(np.int64)


def _finished(of: FlameGraph, walked: WalkedTree, *, truncated: bool) -> FlameTree:
    nodes, change = walked.nodes, _changes(of, walked)
    growth = _whole(nodes.head - nodes.base)
    unknown = np.full(len(growth), np.nan)
    return FlameTree(
        parent=nodes.parent,
        site=nodes.site,
        line=np.append(of.profile.frames.line, 0)[nodes.frame],  # the last entry is for frame ALL
        value=_whole(nodes.head),
        growth=growth,
        significant=change.significant if change else np.zeros(len(growth), np.bool_),
        low=change.interval.low if change else unknown,
        high=change.interval.high if change else unknown,
        more=walked.more,
        truncated=truncated,
        compared=bool(of.base.any()) or of.compares,
        functions=of.functions,
    )


def _changes(of: FlameGraph, walked: WalkedTree) -> Changes | None:
    """Return the growth of the nodes; None without a base."""
    if not of.compares:
        return None
    head, base = _sides(of, walked)
    made = changes(head, base, of.kinds, of.kinds, sampling_rate(of.profile), one_process=of.one_process)
    return replace(made, looked_at=len(walked.nodes.parent))


def _sides(of: FlameGraph, walked: WalkedTree) -> tuple[SampledValues, SampledValues]:
    """Sum the values and errors of head and base for each subtree. Columns that are not needed stay 0."""
    parent, types = walked.nodes.parent, len(of.profile.sample_types)
    place = walked.node * 2 + of.profile.is_base[walked.sample]
    sums = np.zeros((len(SampledValues._fields), types, 2 * len(parent)))
    for begin in range(0, len(place), BLOCK):
        rows = slice(begin, begin + BLOCK)
        sampled = values_of_samples(of.profile, walked.sample[rows])
        for part, i in needed(of.kinds):
            np.add.at(sums[part, i], place[rows], sampled[part][:, i])
    sums = sums.reshape(-1, len(parent), 2).transpose(1, 2, 0).copy()
    for row in range(len(parent) - 1, 0, -1):  # parents precede their children
        sums[parent[row]] += sums[row]
    parts = sums.reshape(len(parent), 2, len(SampledValues._fields), types)
    return SampledValues(*parts[:, 0].swapaxes(0, 1)), SampledValues(*parts[:, 1].swapaxes(0, 1))
