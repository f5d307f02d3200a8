"""Walks all stacks of a profile at once, one frame a step, and makes a tree of the ways that are heavy enough.

Samples that go the same way for the next few frames are walked as one row. Those whose stack enters a node that is too light
are left at the node before it, so the work is that of what is shown.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from alloclens.profile.model import Profile

    Ints = NDArray[np.int64]
    Floats = NDArray[np.float64]
    Mask = NDArray[np.bool_]

TOGETHER = 8
"""So many frames on samples that go the same way are walked as one: most stacks share their root side."""
DEEPEST = 200
"""Levels of one answer: JSON is read and written recursively."""
DENSE = 4
"""A table may have so many entries for each sample before sorting is cheaper."""
BASE = np.uint64(0x9E3779B97F4A7C15)  # the golden ratio as a fraction of 2^64: an odd number whose powers mix well
ALL = -1
"""The site of the root of everything."""


class Way(NamedTuple):
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
    digest: NDArray[np.uint64]
    """Of the same, never 0."""
    sites: int
    """How many functions there are."""


class Front(NamedTuple):
    """Where the walk is: a row for each sample that is under way, or for several that go the same way."""

    row: Ints
    """The sample, or which of those that stand for several."""
    at: Ints
    """Place in `location`."""
    end: Ints
    """The place behind the stack, in the direction of the walk."""
    frame: Ints
    """The next one."""
    node: Ints
    """Row of the tree that the stack has led to."""
    head: Floats
    base: Floats

    def of(self, rows: Ints | Mask) -> Front:
        row, at, end, frame = self.row[rows], self.at[rows], self.end[rows], self.frame[rows]
        return Front(row, at, end, frame, self.node[rows], self.head[rows], self.base[rows])


class Nodes(NamedTuple):
    """Rows of a tree that is being made, parents before children."""

    parent: Ints
    site: Ints
    frame: Ints
    """By which most of it comes."""
    head: Floats
    base: Floats

    @property
    def weight(self) -> Floats:
        """What a node is shown for: what it holds, or held. Of no child more than of its parent."""
        return np.maximum(self.head, self.base)

    def of(self, rows: Ints | Mask) -> Nodes:
        return Nodes(self.parent[rows], self.site[rows], self.frame[rows], self.head[rows], self.base[rows])


@dataclass
class _Making:
    """A tree that is being made. Belongs to one walk."""

    levels: list[Nodes]
    light: list[Ints]
    """Parents of nodes that were left out."""
    least: float
    """Lighter nodes are."""
    count: int = 1

    @property
    def last(self) -> int:
        """The row of the first node of the last level."""
        return self.count - len(self.levels[-1].parent)

    @property
    def frames(self) -> int:
        """How many are to be walked next: one at first, for most of what is light is light from there on."""
        return min(TOGETHER, DEEPEST + 1 - len(self.levels)) if len(self.levels) > 1 else 1

    def add(self, level: Nodes) -> Ints:
        """Keep the heavy ones of these nodes; return the row of each, ALL where it is too light."""
        heavy = level.weight >= self.least
        row = np.where(heavy, self.count - 1 + np.cumsum(heavy), ALL)
        self.light.append(level.parent[~heavy & (level.weight > 0)])
        self.levels.append(level.of(heavy))
        self.count += int(heavy.sum())
        return row


class Grown(NamedTuple):
    """A tree, where each of its samples was left, and which nodes have children that are not in it."""

    nodes: Nodes
    sample: Ints
    node: Ints
    """Of each sample the last that it reached."""
    more: Mask


def everything(head: Floats, base: Floats) -> Nodes:
    """Return the node above all roots, for samples that add so much to head and base."""
    nowhere = np.full(1, ALL)
    return Nodes(nowhere, nowhere, nowhere, head.sum(keepdims=True), base.sum(keepdims=True))


def top(front: Front, way: Way) -> Nodes:
    """Return the node that is the root of a subtree: all of the front stands there."""
    frame = front.frame[[np.argmax(front.head + front.base)]]
    return Nodes(np.full(1, ALL), way.site[frame], frame, front.head.sum(keepdims=True), front.base.sum(keepdims=True))


def way_of(profile: Profile, site: Ints, sites: int, *, inverted: bool) -> Way:
    """Return the way from the root, or from the leaf; `site` is of each frame, and there are so many."""
    bounds = profile.locations.frame_at
    first, last = bounds[:-1], bounds[1:] - 1
    step, entry, leave = (1, first, last) if inverted else (-1, last, first)
    leaves = np.zeros(len(site), np.bool_)
    leaves[leave] = True
    return Way(step, profile.location, profile.location_at, entry, leaves, site, _mixed(site), sites)


def _mixed(site: Ints) -> NDArray[np.uint64]:
    mixed = (site + 1).astype(np.uint64) * BASE
    return (mixed ^ (mixed >> np.uint64(32))) * BASE | np.uint64(1)


def begun(way: Way, samples: Ints, head: Floats, base: Floats) -> Front:
    """Stand at the first frame of these samples' stacks; those without one are not under way."""
    begin, end = way.location_at[samples], way.location_at[samples + 1]
    at, behind = (begin, end) if way.step > 0 else (end - 1, begin - 1)
    frame = way.entry[way.location.take(at, mode="clip")] if len(way.location) else at
    return Front(samples, at, behind, frame, np.zeros(len(at), np.int64), head, base).of(np.flatnonzero(begin < end))


def _stepped(way: Way, at: Ints, frame: Ints) -> tuple[Ints, Ints]:
    """Go one frame on. Behind the end of a stack the answer is some frame, and `at` stays there."""
    leaves = way.leaves[frame]
    at = at + leaves * way.step
    entered = way.entry[way.location.take(at, mode="clip")]
    return at, np.where(leaves, entered, frame + way.step)


def onward(way: Way, front: Front) -> Front:
    """Go one frame on, without those whose stacks end."""
    at, frame = _stepped(way, front.at, front.frame)
    return front._replace(at=at, frame=frame).of(np.flatnonzero(at != front.end))


def grow(way: Way, root: Nodes, samples: Ints, front: Front, least: float) -> Grown:
    """Add level by level what is heavy enough. Samples that go the same way for some frames are walked as one."""
    making = _Making([root], [], max(least * float(root.weight[0]), 1))
    reached = np.zeros(int(samples.max(initial=0)) + 1, np.int64)
    while len(front.row) and (frames := making.frames):
        few, which, ahead = _alike(way, front, frames)
        node, stays = _levels(way, few, making, frames)
        reached[front.row] = node[which]
        on = stays[which] & ((ahead.end - ahead.at) * way.step > 0)
        front = ahead._replace(node=node[which]).of(np.flatnonzero(on))
    nodes = Nodes(*map(np.concatenate, zip(*making.levels, strict=True)))
    more = np.zeros(making.count, np.bool_)
    more[np.concatenate([*making.light, front.node])] = True  # what is under way still is too deep
    return Grown(nodes, samples, reached[samples], more)


def _alike(way: Way, front: Front, frames: int) -> tuple[Front, Ints, Front]:
    """Return one row for those that go the same way from the same node, for each row which, and all so many frames on."""
    digest, at, frame = front.node.astype(np.uint64), front.at, front.frame
    for _ in range(frames):
        going = (front.end - at) * way.step > 0
        digest = digest * BASE + way.digest[frame] * going
        at, frame = _stepped(way, at, frame)
    first, which = _same(digest)
    head, base = _sums(front, which, len(first))
    few = front.of(first)._replace(row=np.arange(len(first)), head=head, base=base)
    return few, which, front._replace(at=at, frame=frame)


def _same(digest: NDArray[np.uint64]) -> tuple[Ints, Ints]:
    """Return a row of each digest, and for each row which. Any row will do: np.unique finds the first, in thrice the time."""
    order = np.argsort(digest)
    ranked = digest[order]
    new = np.append(True, ranked[1:] != ranked[:-1])
    which = np.empty(len(digest), np.int64)
    which[order] = np.cumsum(new) - 1
    return order[new], which


def _levels(way: Way, front: Front, making: _Making, frames: int) -> tuple[Ints, Mask]:
    """Walk so many frames on; return for each row the last node it reached, and whether it was heavy to the end."""
    node, stays = front.node.copy(), np.zeros(len(front.row), np.bool_)
    for walked in range(frames):
        front = onward(way, front) if walked else front
        if not len(front.row):
            break
        level, into = _level(way, front, making.last)
        into = making.add(level)[into]
        front = front._replace(node=into).of(np.flatnonzero(into != ALL))
        node[front.row] = front.node
    stays[front.row] = True
    return node, stays


def _level(way: Way, front: Front, last: int) -> tuple[Nodes, Ints]:
    """Return the nodes that the front enters, and for each of its rows which. Their parents are numbered from `last` on."""
    keys, into = _distinct((front.node - last) * way.sites + way.site[front.frame])
    parent, site = np.divmod(keys, way.sites)
    frame = front.frame[_heaviest_of(into, front.head + front.base, len(keys))]
    return Nodes(parent + last, site, frame, *_sums(front, into, len(keys))), into


def _sums(front: Front, group: Ints, groups: int) -> tuple[Floats, Floats]:
    """Sum what each group of rows adds to head and base."""
    head, base = (np.bincount(group, each, groups) for each in (front.head, front.base))
    return head.astype(np.float64), base.astype(np.float64)


def _distinct(keys: Ints) -> tuple[Ints, Ints]:
    """Return the distinct keys, sorted, and for each its row among them. Quicker than np.unique where keys are small."""
    most = int(keys.max(initial=0)) + 1
    if most > DENSE * len(keys):
        return np.unique(keys, return_inverse=True)
    there = np.zeros(most, np.bool_)
    there[keys] = True
    return np.flatnonzero(there), (np.cumsum(there) - 1)[keys]


def _heaviest_of(group: Ints, weight: Floats, groups: int) -> Ints:
    """Return for each group the row of one of its heaviest members."""
    most = np.zeros(groups)
    np.maximum.at(most, group, weight)
    rows = np.flatnonzero(weight == most[group])
    out = np.zeros(groups, np.int64)
    out[group[rows]] = rows
    return out
