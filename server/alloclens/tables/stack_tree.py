"""A tree of the samples through a line: up through its callers, or down to the leaves."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np

from alloclens.arrays import first, last
from alloclens.stats.amount import Amount
from alloclens.tables.attribution import Attribution
from alloclens.tables.sites import by_line, on_lines
from alloclens.transform.subset import samples, samples_through

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from alloclens.arrays import Ints, Mask
    from alloclens.profile.model import Profile
    from alloclens.tables.sites import RecordedLine, Sites


Direction = Literal["callers", "callees"]
MAX_BRANCHES = 200
"""Nodes of one answer."""


class StackNode(NamedTuple):
    """A frame of the tree and the samples that reach it by one path."""

    function: str
    file: str
    line: int
    binary: str
    """The mapping's file, for a frame without a name."""
    amount: Amount
    """Its growth is the plain difference, without an interval; equal to the value without a base; None if its line in
    the base's build is unknown."""
    leaf: bool
    """Whether no sample continues from here."""

    @property
    def id(self) -> str:
        """Its id in a path, the same in every profile."""
        return json.dumps([self.function, self.file, self.line, self.binary])


class Branches(NamedTuple):
    """The nodes below one path."""

    nodes: list[StackNode]
    """The heaviest nodes."""
    many: int
    """Number of all nodes."""
    amount: Amount
    """Sum of all nodes. Its growth is None if any node's is."""


def branches(
    profile: Profile,
    column: int,
    line: RecordedLine,
    direction: Direction,
    path: Sequence[str] = (),
    most: int = MAX_BRANCHES,
    unsaid: Collection[RecordedLine] = (),
) -> Branches:
    """Return the nodes below a path of ids, heaviest first, then those that changed most.

    Below the empty path are the roots: the line itself, once for each function on it. The children of a node sum to at
    most the node, because a stack may end there. A path that does not exist has no children. For nodes on an `unsaid`
    line, and all below them, the growth is unknown, and those that only the base has are omitted.
    """
    sites = by_line(profile)
    on = sites.on(line)
    part = samples(profile, samples_through(profile, on[sites.of_frame]) & (profile.values[:, column] != 0))
    walk = _walk(part, sites, on, direction)
    rows, hidden = np.arange(len(part)), on_lines(sites, unsaid)
    for depth, key in enumerate(path):
        rows = rows[depth < walk.length[rows]]
        rows = rows[walk.site(rows, depth) == (site := _site(sites, key))]
        hidden |= site >= 0 and hidden[site]
    rows = rows[len(path) < walk.length[rows]]
    return _branches(part, column, sites, walk, rows, len(path), most, hidden)


class _Walk(NamedTuple):
    """The path of each sample from the line on."""

    of_frame: Ints
    """The site of each frame of all stacks."""
    start: Ints
    """Position of the line in `of_frame`."""
    step: int
    length: Ints
    """Number of frames of the path, including the line's."""

    def site(self, rows: Ints, depth: int) -> Ints:
        """Return the sites of some samples at this distance from the line."""
        sites: Ints = self.of_frame[self.start[rows] + self.step * depth]
        return sites


def _walk(profile: Profile, sites: Sites, on: Mask, direction: Direction) -> _Walk:
    """Return the paths.

    If the line recurs in a stack, callers are those of its innermost call and callees those of its outermost. So the
    tree includes its other calls and the frames between them, and each sample is in it once.
    """
    of_frame, at = sites.of_frame[profile.stack_frames], profile.frame_at
    if direction == "callers":
        innermost = first(on[of_frame], at)
        return _Walk(of_frame, innermost, 1, at[1:] - innermost)
    outermost = last(on[of_frame], at)
    return _Walk(of_frame, outermost, -1, outermost - at[:-1] + 1)


def _branches(
    profile: Profile, column: int, sites: Sites, walk: _Walk, rows: Ints, depth: int, most: int, hidden: Mask
) -> Branches:
    distinct, group = np.unique(walk.site(rows, depth), return_inverse=True)
    values = profile.values[rows, column]
    goes_on = walk.length[rows] > depth + 1
    columns = np.stack([np.where(profile.is_base[rows], 0, values), values, goes_on], axis=1)
    sums = Attribution(group, len(distinct)).sum(columns)
    kept = ~hidden[distinct] | (sums[:, 0] != 0)
    distinct, sums = distinct[kept], sums[kept]
    order = np.lexsort((-np.abs(sums[:, 1]), -np.abs(sums[:, 0])))[:most]
    heaviest = zip(distinct[order].tolist(), sums[order].tolist(), strict=True)
    nodes = [
        _node(sites, site, now, None if hidden[site] else grown, leaf=not going)
        for site, (now, grown, going) in heaviest
    ]
    value, growth, _ = sums.sum(axis=0).tolist()
    return Branches(nodes, len(distinct), Amount(value, None if hidden[distinct].any() else growth))


def _node(sites: Sites, site: int, value: int, growth: int | None, *, leaf: bool) -> StackNode:
    function, file, binary = (sites.texts[column[site]] for column in (sites.function, sites.file, sites.binary))
    return StackNode(function, file, int(sites.line[site]), binary, Amount(value, growth), leaf)


def _site(sites: Sites, key: str) -> int:
    """Return the site with this id; -1 for none."""
    try:
        function, file, line, binary = json.loads(key)
        texts = [sites.texts.index(text) for text in (function, file, binary)]
        number = int(line)
    except (TypeError, ValueError):
        return -1
    columns = zip((sites.function, sites.file, sites.binary), texts, strict=True)
    hit = np.flatnonzero(np.logical_and.reduce([sites.line == number, *(column == text for column, text in columns)]))
    return int(hit[0]) if len(hit) else -1
