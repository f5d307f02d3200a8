"""The call graph of `go tool pprof -dot`: functions and calls, without those that pprof leaves out.

The rules, the order and the names are those of pprof's internal/graph and internal/report.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from alloclens.arrays import distinct, owners, sums
from alloclens.tables.sites import by_function

if TYPE_CHECKING:
    from alloclens.arrays import Floats, Ints, Mask
    from alloclens.profile.model import Profile
    from alloclens.tables.sites import Sites


class GraphLimits(NamedTuple):
    """What is left out, with pprof's defaults."""

    node_fraction: float = 0.005
    """Functions whose |cum| is less than this share of the total."""
    edge_fraction: float = 0.001
    """Calls whose |weight| is less than this share of the total."""
    node_count: int = 80
    """Functions beyond this number; 0 for no limit."""


@dataclass(frozen=True, eq=False)
class CallGraph:
    """Nodes are in pprof's order, the most telling first."""

    sites: Sites
    node: Ints
    """The function of each node: a row of `sites`."""
    flat: Ints
    cum: Ints
    source: Ints
    """The caller of each edge: a row of `node`."""
    target: Ints
    weight: Ints
    residual: Mask
    """Edges that stand for calls through functions that were left out."""
    functions: int
    """The number of functions before any was left out."""


def call_graph(profile: Profile, column: int, limits: GraphLimits = GraphLimits()) -> CallGraph:  # noqa: B008 - a frozen value
    """Return the call graph of a profile in one sample type."""
    sites = by_function(profile)
    calls = _Calls.of(profile, sites, profile.values[:, column])
    whole = calls.graph(np.ones(len(sites), np.bool_))
    total = int(whole.flat[whole.nodes].sum())
    least_node, least_edge = (abs(int(total * fraction)) for fraction in limits[:2])
    graph = calls.graph(whole.nodes & (np.abs(whole.cum) >= least_node)) if least_node else whole
    order = graph.by_entropy()
    if 0 < limits.node_count < len(order):
        kept = np.zeros(len(sites), np.bool_)
        kept[order[: limits.node_count]] = True
        graph = calls.graph(kept)
        order = graph.by_entropy()
    graph = graph.without(np.abs(graph.weight) < least_edge)
    graph = graph.without(graph.redundant(order))
    number = np.full(len(sites), -1)
    number[order] = np.arange(len(order))
    source, target = number[graph.source], number[graph.target]
    edges = np.flatnonzero((source >= 0) & (target >= 0))
    return CallGraph(
        sites,
        order,
        graph.flat[order],
        graph.cum[order],
        source[edges],
        target[edges],
        graph.weight[edges],
        graph.residual[edges],
        int(whole.nodes.sum()),
    )


@dataclass(frozen=True, eq=False)
class _Graph:
    """One row for each site in `flat` and `cum`; the edges are between sites."""

    sites: Sites
    nodes: Mask
    """The sites with a value."""
    flat: Ints
    cum: Ints
    source: Ints
    target: Ints
    weight: Ints
    residual: Mask

    def without(self, some: Mask) -> _Graph:
        """Return it without some of its edges."""
        kept = ~some
        edges = self.source[kept], self.target[kept], self.weight[kept], self.residual[kept]
        return _Graph(self.sites, self.nodes, self.flat, self.cum, *edges)

    def by_entropy(self) -> Ints:
        """Return the nodes in pprof's EntropyOrder: functions that only pass a call on come late."""
        score = np.trunc(self._score() * self.cum) + self.flat
        nodes = np.flatnonzero(self.nodes)
        names = [self._name(row) for row in nodes.tolist()]
        order = sorted(range(len(nodes)), key=lambda i: (-abs(score[nodes[i]]), names[i], -abs(self.flat[nodes[i]])))
        return nodes[order]

    def _score(self) -> Floats:
        own = np.maximum(self.flat, 0)
        into = self._entropy(self.target, np.zeros_like(own), np.zeros_like(own))
        out = self._entropy(self.source, self.flat, own)
        return into + out

    def _entropy(self, end: Ints, added: Ints, own: Ints) -> Floats:
        """Return the entropy of each site's edges at one of their ends; 1 for a site without any."""
        size, weight = len(self.sites), self.weight.astype(np.float64)
        total = np.bincount(end, np.maximum(weight, 0), size) + added
        share = np.abs(weight) / np.where(total == 0, 1, total)[end]
        with np.errstate(divide="ignore", invalid="ignore"):
            bits = np.where(share > 0, -share * np.log2(share), 0.0)
            part = own / np.where(total == 0, 1, total)
            own_bits = np.where(own > 0, -part * np.log2(part), 0.0)
        entropy = np.where(total == 0, 0.0, np.bincount(end, bits, size) + own_bits)
        return np.where(np.bincount(end, minlength=size) == 0, 1.0, entropy)

    def redundant(self, order: Ints) -> Mask:
        """Return which residual edges pprof removes: their ends are connected by another way, and none is heavier.

        A loop over the edges of a drawn graph, of which there are few.
        """
        gone = np.zeros(len(self.source), np.bool_)
        source, weight = self.source.tolist(), np.abs(self.weight).tolist()
        callers: dict[int, dict[int, int]] = {}
        for edge, (caller, called) in enumerate(zip(source, self.target.tolist(), strict=True)):
            callers.setdefault(called, {})[caller] = edge
        for called in reversed(order.tolist()):
            edges = callers.get(called, {})
            for edge in sorted(edges.values(), key=lambda e: (-weight[e], self._name(source[e])), reverse=True):
                if not self.residual[edge]:
                    break
                if _is_reached(callers, source[edge], called):
                    gone[edge] = True
                    del edges[source[edge]]
        return gone

    def _name(self, row: int) -> str:
        where = self.sites
        return where.texts[int(where.function[row])] or where.texts[int(where.binary[row])]


def _is_reached(callers: dict[int, dict[int, int]], caller: int, called: int) -> bool:
    """Return whether one function calls another otherwise than directly."""
    seen, waiting = {called}, deque([called])
    while waiting:
        at = waiting.popleft()
        for before in callers.get(at, {}):
            if (at == called and before == caller) or before in seen:
                continue
            if before == caller:
                return True
            seen.add(before)
            waiting.append(before)
    return False


@dataclass(frozen=True, eq=False)
class _Calls:
    """The stacks of all samples that are not 0, root first."""

    sites: Sites
    value: Ints
    """Of each sample."""
    sample: Ints
    """The sample of each frame."""
    site: Ints
    """The site of each frame."""

    @classmethod
    def of(cls, profile: Profile, sites: Sites, values: Ints) -> _Calls:
        sample = owners(np.diff(profile.frame_at))
        counts = np.flatnonzero(values[sample])[::-1]  # leaf first in a profile
        return cls(sites, values, sample[counts], sites.of_frame[profile.stack_frames[counts]])

    def graph(self, kept: Mask) -> _Graph:
        """Return the graph of some of the sites."""
        size, places = len(self.sites), np.flatnonzero(kept[self.site])
        sample, site = self.sample[places], self.site[places]
        once = distinct(sample * size + site)
        cum = sums(once % size, self.value[once // size], size)
        innermost = np.ones(len(self.sample), np.bool_)
        innermost[:-1] = self.sample[1:] != self.sample[:-1]
        leaf = innermost[places]
        flat = sums(site[leaf], self.value[sample[leaf]], size)
        call = np.flatnonzero((sample[1:] == sample[:-1]) & (site[1:] != site[:-1]))
        pair, edge = np.unique(site[call] * size + site[call + 1], return_inverse=True)
        _, first = np.unique(sample[call] * max(len(pair), 1) + edge, return_index=True)  # each call once for a sample
        weight = sums(edge[first], self.value[sample[call[first]]], len(pair))
        residual = np.zeros(len(pair), np.bool_)
        passes = places[call[first] + 1] - places[call[first]] > 1
        residual[edge[first][passes]] = True
        nodes = kept & ((cum != 0) | (flat != 0))
        return _Graph(self.sites, nodes, flat, cum, pair // size, pair % size, weight, residual)
