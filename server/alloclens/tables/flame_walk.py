"""Walks all stacks of a profile in parallel, one frame per step, and builds a tree of the heavy paths.

A sample stops before the first node that is too light, so the work is proportional to what is shown. The loops are the
kernel's (server/kernel/walk.ts).
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from alloclens.profile.kernel import arena

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from alloclens.arrays import Floats, Ints, Mask
    from alloclens.profile.arena import Arena
    from alloclens.profile.model import Profile

    Rows = NDArray[np.void]

MAX_LEVELS = 200
"""Depth of a tree: JSON is read and written recursively."""
ALL = -1
"""The site of the root."""
ROW = np.dtype([
    *((name, "u4") for name in ("sample", "node", "at", "end", "frame", "next")),
    *((name, "f8") for name in ("head", "base")),
])  # fmt: skip
"""A sample during the walk, in the kernel's layout."""
NODE = np.dtype([
    *((name, "u4") for name in ("parent", "site", "frame", "depth")),
    *((name, "f8") for name in ("head", "base", "heaviest")),
    *((name, "u4") for name in ("waiting", "more")),
])  # fmt: skip
SLOT_BYTES = 16
"""Size of an entry in the kernel's hash tables."""
WRAP = 1 << 32
"""The kernel's u32 numbers wrap around here."""


class WalkOrder(NamedTuple):
    """The order of a walk: from the root or from the leaf."""

    step: int
    """Direction in `location` and within a location: 1 or -1."""
    location: NDArray[np.int32]
    """All stacks, as in the profile."""
    location_at: Ints
    """Offsets of each sample's stack in `location`."""
    entry: Ints
    """The first frame of each location in this order."""
    leaves: Mask
    """Which frames are the last of their location."""
    site: Ints
    """The function of each frame."""


class TreeNodes(NamedTuple):
    """Rows of a tree, parents before children."""

    parent: Ints
    """ALL for the root."""
    site: Ints
    frame: Ints
    """The heaviest sample's frame."""
    head: Floats
    base: Floats

    @property
    def weight(self) -> Floats:
        """The larger of head and base, by which nodes are selected. A child never weighs more than its parent."""
        return np.maximum(self.head, self.base)

    def of(self, rows: Ints | Mask) -> TreeNodes:
        return TreeNodes(self.parent[rows], self.site[rows], self.frame[rows], self.head[rows], self.base[rows])


class WalkedTree(NamedTuple):
    """A tree, the node at which each sample stopped, and which nodes have children that were left out."""

    nodes: TreeNodes
    sample: Ints
    node: Ints
    """The last node that each sample reached."""
    more: Mask


def walk_order(profile: Profile, site: Ints, *, inverted: bool) -> WalkOrder:
    """Return the order from the root or from the leaf; `site` has an entry for each frame."""
    bounds = profile.locations.frame_at
    first, last = bounds[:-1], bounds[1:] - 1
    step, entry, leave = (1, first, last) if inverted else (-1, last, first)
    leaves = np.zeros(len(site), np.bool_)
    leaves[leave] = True
    return WalkOrder(step, profile.location, profile.location_at, entry, leaves, site)


class StackWalk:
    """A walk in progress, in the kernel's memory."""

    def __init__(self, memory: Arena, order: WalkOrder, samples: Ints, head: Floats, base: Floats) -> None:
        """Start at the first frames of these samples, which add `head` and `base`."""
        self._memory = memory
        frames = np.stack([order.site, order.leaves], axis=1)
        columns = [memory.put(column, np.uint32) for column in (order.location, order.entry, frames)]
        self._order = memory.put(np.array([*columns, order.step % WRAP]), np.uint32)
        begin, end = order.location_at[samples], order.location_at[samples + 1]
        self._count = len(samples)
        self._rows = memory.room(ROW.itemsize * self._count)
        memory.keep(self._rows, ROW.itemsize * self._count)
        rows = self.rows
        rows["sample"], rows["node"], rows["head"], rows["base"] = samples, 0, head, base
        rows["at"], rows["end"] = (begin, end) if order.step > 0 else ((end - 1) % WRAP, (begin - 1) % WRAP)
        first = order.location.take(rows["at"], mode="clip") if len(order.location) else 0
        rows["frame"] = (
            order.entry[first] if len(order.entry) else 0
        )  # any frame for samples without a stack: they stop at once

    @property
    def rows(self) -> Rows:
        """The samples still walking. Valid until the next step."""
        return self._memory.view(self._rows, self._count, ROW)

    def through(self, wanted: Mask) -> None:
        """Keep the samples whose current frame is wanted."""
        mask = self._memory.put(wanted, np.uint8)
        self._count = self._memory.call("through", self._rows, self._count, mask)

    def advance(self) -> None:
        """Advance by one frame, dropping samples whose stacks end."""
        self._count = self._memory.call("advance", self._rows, self._count, self._order)

    def grow(self, root: TreeNodes, samples: Ints, least: float) -> WalkedTree:
        """Build the tree of heavy nodes below a root that contains all of these samples."""
        count = self._count
        enough = max(least * float(root.weight[0]), 1.0)
        # Bound on the heavy nodes of a level: no sample is in two of them. A heavy node starts as a light one.
        positive = sum(float(np.maximum(self.rows[side], 0).sum()) for side in ("head", "base"))
        heavy = min(count, int(positive / enough) + 1) * MAX_LEVELS
        tree, light = self._table(heavy), self._table(heavy + count)
        made = self._memory.call("grow", self._rows, count, self._order, enough, MAX_LEVELS, tree, light)
        nodes = self._memory.view(int(self._memory.view(tree, 1, np.uint32)[0]), made, NODE)
        reached = np.zeros(int(samples.max(initial=0)) + 1, np.int64)
        reached[self.rows["sample"]] = self.rows["node"]
        return WalkedTree(_nodes(root, nodes), samples, reached[samples], nodes["more"] > 0)

    def _table(self, most: int) -> int:
        """Allocate a table for `most` nodes below a root and return its address."""
        nodes, slots = (
            self._memory.room(NODE.itemsize * (most + 1)),
            self._memory.room(SLOT_BYTES * max(4 * (most + 1), 16)),
        )
        self._memory.view(nodes, 1, NODE)[:] = 0
        return self._memory.put(np.array([nodes, 1, slots, 0]), np.uint32)


@contextmanager
def stack_walk(order: WalkOrder, samples: Ints, head: Floats, base: Floats) -> Iterator[StackWalk]:
    """Walk the stacks of these samples, which add `head` and `base`."""
    with arena() as memory:
        yield StackWalk(memory, order, samples, head, base)


def whole_root(head: Floats, base: Floats) -> TreeNodes:
    """Return the root of all samples, which add `head` and `base`."""
    nowhere = np.full(1, ALL)
    return TreeNodes(nowhere, nowhere, nowhere, head.sum(keepdims=True), base.sum(keepdims=True))


def subtree_root(rows: Rows, order: WalkOrder) -> TreeNodes:
    """Return the root node of a subtree, which all of these rows have reached."""
    frame = rows["frame"][[np.argmax(rows["head"] + rows["base"])]].astype(np.int64)
    sums = (rows[side].sum(keepdims=True) for side in ("head", "base"))
    return TreeNodes(np.full(1, ALL), order.site[frame], frame, *sums)


def _nodes(root: TreeNodes, rows: Rows) -> TreeNodes:
    """Copy the kernel's nodes, replacing the first with the root."""
    parent, site, frame = (rows[name].astype(np.int64) for name in ("parent", "site", "frame"))
    nodes = TreeNodes(parent, site, frame, rows["head"].copy(), rows["base"].copy())
    for column, of_root in zip(nodes, root, strict=True):
        column[0] = of_root[0]
    return nodes
