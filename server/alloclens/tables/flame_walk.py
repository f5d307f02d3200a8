"""Walks all stacks of a profile at once, one frame a step, and makes a tree of the ways that are heavy enough.

Samples whose stack enters a node that is too light are left at the node before it, so the work is that of what is shown.
The loops are the kernel's (server/kernel/walk.ts).
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
    from alloclens.profile.kernel import Arena
    from alloclens.profile.model import Profile

    Rows = NDArray[np.void]

MAX_LEVELS = 200
"""Levels of one answer: JSON is read and written recursively."""
ALL = -1
"""The site of the root of everything."""
ROW = np.dtype([
    *((name, "u4") for name in ("sample", "node", "at", "end", "frame", "next")),
    *((name, "f8") for name in ("head", "base")),
])  # fmt: skip
"""A sample under way, as the kernel has it."""
NODE = np.dtype([
    *((name, "u4") for name in ("parent", "site", "frame", "depth")),
    *((name, "f8") for name in ("head", "base", "heaviest")),
    *((name, "u4") for name in ("waiting", "more")),
])  # fmt: skip
SLOT_BYTES = 16
"""Bytes of an entry of the kernel's hash tables."""
WRAP = 1 << 32
"""Below 0 the kernel's numbers go on from here."""


class WalkOrder(NamedTuple):
    """How stacks are walked: from the root, or from the leaf."""

    step: int
    """In `location` and among the frames of one: 1 or -1."""
    location: NDArray[np.int32]
    """All stacks, as in the profile."""
    location_at: Ints
    """Where each sample's begins there."""
    entry: Ints
    """The frame by which each location is entered."""
    leaves: Mask
    """Which frames are the last ones of their location."""
    site: Ints
    """The function of each frame."""


class TreeNodes(NamedTuple):
    """Rows of a tree, parents before children."""

    parent: Ints
    """ALL for the root."""
    site: Ints
    frame: Ints
    """By which the heaviest sample comes."""
    head: Floats
    base: Floats

    @property
    def weight(self) -> Floats:
        """What a node is shown for: what it holds, or held. Of no child more than of its parent."""
        return np.maximum(self.head, self.base)

    def of(self, rows: Ints | Mask) -> TreeNodes:
        return TreeNodes(self.parent[rows], self.site[rows], self.frame[rows], self.head[rows], self.base[rows])


class WalkedTree(NamedTuple):
    """A tree, where each of its samples was left, and which nodes have children that are not in it."""

    nodes: TreeNodes
    sample: Ints
    node: Ints
    """Of each sample the last that it reached."""
    more: Mask


def walk_order(profile: Profile, site: Ints, *, inverted: bool) -> WalkOrder:
    """Return the way from the root, or from the leaf; `site` is of each frame."""
    bounds = profile.locations.frame_at
    first, last = bounds[:-1], bounds[1:] - 1
    step, entry, leave = (1, first, last) if inverted else (-1, last, first)
    leaves = np.zeros(len(site), np.bool_)
    leaves[leave] = True
    return WalkOrder(step, profile.location, profile.location_at, entry, leaves, site)


class StackWalk:
    """Samples under way, in the kernel's memory."""

    def __init__(self, memory: Arena, order: WalkOrder, samples: Ints, head: Floats, base: Floats) -> None:
        """Stand at the first frames of these samples' stacks, which add so much to head and base."""
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
        rows["frame"] = order.entry[first] if len(order.entry) else 0  # of those without a stack any: they do not go on

    @property
    def rows(self) -> Rows:
        """What is under way. Valid until the next step."""
        return self._memory.view(self._rows, self._count, ROW)

    def through(self, wanted: Mask) -> None:
        """Keep the samples whose next frame is wanted."""
        mask = self._memory.put(wanted, np.uint8)
        self._count = self._memory.call("through", self._rows, self._count, mask)

    def advance(self) -> None:
        """Go one frame on, without those whose stacks end."""
        self._count = self._memory.call("advance", self._rows, self._count, self._order)

    def grow(self, root: TreeNodes, samples: Ints, least: float) -> WalkedTree:
        """Add what is heavy enough below a root, which all of these samples are in."""
        count = self._count
        enough = max(least * float(root.weight[0]), 1.0)
        # Of one level no more nodes can weigh that much: no sample is in two of them. What is heavy was light at first.
        positive = sum(float(np.maximum(self.rows[side], 0).sum()) for side in ("head", "base"))
        heavy = min(count, int(positive / enough) + 1) * MAX_LEVELS
        tree, light = self._table(heavy), self._table(heavy + count)
        made = self._memory.call("grow", self._rows, count, self._order, enough, MAX_LEVELS, tree, light)
        nodes = self._memory.view(int(self._memory.view(tree, 1, np.uint32)[0]), made, NODE)
        reached = np.zeros(int(samples.max(initial=0)) + 1, np.int64)
        reached[self.rows["sample"]] = self.rows["node"]
        return WalkedTree(_nodes(root, nodes), samples, reached[samples], nodes["more"] > 0)

    def _table(self, most: int) -> int:
        """Make a table for so many nodes below a root; return where it is."""
        nodes, slots = (
            self._memory.room(NODE.itemsize * (most + 1)),
            self._memory.room(SLOT_BYTES * max(4 * (most + 1), 16)),
        )
        self._memory.view(nodes, 1, NODE)[:] = 0
        return self._memory.put(np.array([nodes, 1, slots, 0]), np.uint32)


@contextmanager
def stack_walk(order: WalkOrder, samples: Ints, head: Floats, base: Floats) -> Iterator[StackWalk]:
    """Lend a walk through the stacks of these samples, which add so much to head and base."""
    with arena() as memory:
        yield StackWalk(memory, order, samples, head, base)


def whole_root(head: Floats, base: Floats) -> TreeNodes:
    """Return the node above all roots, for samples that add so much to head and base."""
    nowhere = np.full(1, ALL)
    return TreeNodes(nowhere, nowhere, nowhere, head.sum(keepdims=True), base.sum(keepdims=True))


def subtree_root(rows: Rows, order: WalkOrder) -> TreeNodes:
    """Return the node that is the root of a subtree: all of these rows stand there."""
    frame = rows["frame"][[np.argmax(rows["head"] + rows["base"])]].astype(np.int64)
    sums = (rows[side].sum(keepdims=True) for side in ("head", "base"))
    return TreeNodes(np.full(1, ALL), order.site[frame], frame, *sums)


def _nodes(root: TreeNodes, found: Rows) -> TreeNodes:
    """Return the kernel's nodes, the first as the root is."""
    parent, site, frame = (found[name].astype(np.int64) for name in ("parent", "site", "frame"))
    nodes = TreeNodes(parent, site, frame, found["head"].copy(), found["base"].copy())
    for column, of_root in zip(nodes, root, strict=True):
        column[0] = of_root[0]
    return nodes
