"""One function between its callers and its callees: two call trees, for a view of it alone."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from alloclens.tables.flame import FlameQuery
from alloclens.transform.prune import from_innermost, up_to_outermost
from alloclens.transform.subset import samples, samples_through

if TYPE_CHECKING:
    from alloclens.tables.flame import FlameGraph, FlameSite, FlameTree


def sandwich(graph: FlameGraph, site: FlameSite) -> tuple[FlameTree, FlameTree] | None:
    """Return the callers of a function, from it outwards, and its callees, from it inwards; None if the profile does not have it.

    If it calls itself, its callers are those of the innermost call, and its callees those of the outermost.
    """
    functions = graph.functions
    hit = np.array([function == site for function in zip(functions.name, functions.file, strict=True)], np.bool_)[
        functions.of_frame
    ]
    profile = samples(graph.profile, samples_through(graph.profile, hit))
    if not len(profile):
        return None
    trees = []
    for cut, inverted in ((from_innermost, True), (up_to_outermost, False)):
        part = replace(graph, profile=cut(graph.profile, hit), answers={})
        kept = replace(part, profile=samples(part.profile, samples_through(graph.profile, hit)), answers={})
        trees.append(kept.tree(FlameQuery(inverted=inverted)))
    above, below = trees
    return (above, below) if above and below else None
