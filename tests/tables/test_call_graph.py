"""The call graph has the nodes and the edges that `go tool pprof -dot` draws."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from alloclens.profile.formats import read
from alloclens.tables.call_graph import GraphLimits, call_graph
from alloclens.transform.prune import pruned

from scripts import tools
from tests.support.profiles import heap
from tests.tables.test_alignment import pprof

if TYPE_CHECKING:
    from alloclens.tables.call_graph import CallGraph

PROFILES = Path(os.environ.get("ALLOCLENS_PROFILES", "/nowhere"))
REAL = (
    "go/heap-2020-parca-4661-samples.pb.gz",
    "go/heap-2022-windows.pprof",
    "go/allocs-2025-benthos.prof",
    "go/pair-ddtrace/heap-after.pprof",
    "go/block-raw.pprof",
    "go/heap-2026-huge-lines.prof",
    "go/goroutine-labels.pb.gz",
    "node/heap.pb.gz",
)
LIMITS = (GraphLimits(), GraphLimits(0.05, 0.01, 0), GraphLimits(0.01, 0.05, 20), GraphLimits(0, 0, 60))
NODE = re.compile(r'^N\d+ \[label=.* tooltip="(.*) \((-?[\d.]+)\S*\)" color', re.MULTILINE | re.DOTALL)
EDGE = re.compile(r'^N\d+ -> N\d+ \[.* tooltip="(.*?) (->|\.\.\.) (.*?) \((-?[\d.]+)\S*\)" labeltooltip', re.MULTILINE)

Node = tuple[str, int]
Edge = tuple[str, str, bool, int]


def by_pprof(path: Path, limits: GraphLimits, sample_type: str, unit: str) -> tuple[list[Node], list[Edge]]:
    """Return what pprof draws, without the boxes of labels, which it counts as nodes."""
    fractions = f"-nodefraction={limits.node_fraction}", f"-edgefraction={limits.edge_fraction}"
    options = "-dot", *fractions, f"-nodecount={limits.node_count}", "-tagshow=^no such tag$", "-symbolize=none"
    command = [pprof(), *options, f"-sample_index={sample_type}", f"-unit={unit}", path]
    said = subprocess.run(command, capture_output=True, text=True, check=True, env=tools.environment()).stdout
    lines = [line for line in said.splitlines() if re.match(r"N\d", line)]
    nodes = [(found[1], int(found[2])) for line in lines if (found := NODE.match(line))]
    edges = [(f[1], f[3], f[2] == "...", int(f[4])) for line in lines if (f := EDGE.match(line))]
    assert len(nodes) + len(edges) == len(lines)
    return sorted(nodes), sorted(edges)


def drawn(graph: CallGraph) -> tuple[list[Node], list[Edge]]:
    where, texts = graph.sites, graph.sites.texts
    names = [texts[where.function[i]] or f"[{os.path.basename(texts[where.binary[i]])}]" for i in graph.node.tolist()]
    names = [name.replace('"', '\\"') for name in names]
    columns = (graph.source, graph.target, graph.residual, graph.weight)
    edges = [(names[a], names[b], c, w) for a, b, c, w in zip(*(part.tolist() for part in columns), strict=True)]
    return sorted(zip(names, graph.cum.tolist(), strict=True)), sorted(edges)


@pytest.mark.programs
@pytest.mark.parametrize("name", REAL)
@pytest.mark.skipif(not PROFILES.is_dir(), reason="ALLOCLENS_PROFILES names no folder of real profiles")
def test_real_profiles_as_pprof_draws_them(name: str) -> None:
    path = PROFILES / name
    profile = pruned(read(path.read_bytes()))
    column = len(profile.sample_types) - 1
    kind = profile.sample_types[column]
    unit = {"bytes": "B", "nanoseconds": "ns"}.get(kind.unit, kind.unit)
    for limits in LIMITS:
        wanted = by_pprof(path, limits, kind.type, unit)
        assert wanted[0]
        assert drawn(call_graph(profile, column, limits)) == wanted


def test_what_is_left_out_by_hand() -> None:
    """Of 100: a calls b (60), which calls c (40) and d (1); a also calls c past x, which holds nothing of its own."""
    profile = read(
        heap(
            "c@/w/a.go:3 < b@/w/a.go:2 < a@/w/a.go:1 = 1x40",
            "b@/w/a.go:2 < a@/w/a.go:1 = 1x19",
            "d@/w/a.go:4 < b@/w/a.go:2 < a@/w/a.go:1 = 1x1",
            "c@/w/a.go:3 < x@/w/a.go:5 < a@/w/a.go:1 = 1x2",
            "a@/w/a.go:1 < a@/w/a.go:1 = 1x38",
        )
    )
    graph = call_graph(profile, 3, GraphLimits(0.03, 0.01, 0))
    assert drawn(graph) == ([("a", 100), ("b", 60), ("c", 42)], [("a", "b", False, 60), ("b", "c", False, 40)])
    by_name = dict(
        zip((graph.sites.texts[graph.sites.function[i]] for i in graph.node), graph.flat.tolist(), strict=True)
    )
    assert (by_name, graph.functions) == ({"a": 38, "b": 19, "c": 42}, 5)
    nodes, edges = drawn(call_graph(profile, 3, GraphLimits(0, 0, 0)))
    assert [name for name, _ in nodes] == ["a", "b", "c", "d", "x"]
    assert ("a", "x", False, 2) in edges
    assert ("a", "c", True, 42 - 40) not in edges


def test_without_samples_there_is_nothing() -> None:
    graph = call_graph(read(heap()), 3)
    assert (graph.node.tolist(), graph.source.tolist(), graph.functions) == ([], [], 0)
    assert np.array_equal(graph.flat, graph.cum)
