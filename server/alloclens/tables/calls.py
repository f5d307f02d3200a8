"""Callers and callees of a function or a line, counted like `pprof -peek`.

A sample counts once for each distinct edge of its stack, even if the edge recurs. Calls from a node to itself do not
count. Inlined calls do.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from alloclens.arrays import distinct, some, spread
from alloclens.profile.sample_types import columns
from alloclens.stats.growth import Amounts, SampledValues, changes, needed, values_of_samples
from alloclens.stats.sampling import sampling_rate
from alloclens.tables.attribution import Attribution
from alloclens.tables.sites import RecordedLine, WeightedLine, by_function, by_line
from alloclens.transform.subset import samples, samples_through

if TYPE_CHECKING:
    from alloclens.arrays import Ints, Mask
    from alloclens.profile.model import Profile, ValueType
    from alloclens.profile.sample_types import Columns
    from alloclens.stats.amount import Amount
    from alloclens.tables.sites import Sites


MAX_EDGES = 200
"""Edges of one answer in each direction."""
MAX_EDGE_LINES = 50
"""Lines of one edge."""


class NamedFunction(NamedTuple):
    """A function as pprof tells it from others."""

    name: str
    binary: str = ""
    """The mapping's file, for code without a function name."""


@dataclass(frozen=True)
class Edge:
    """The calls between what was asked for and one function, in one direction."""

    function: str
    binary: str
    """As in `NamedFunction`."""
    amount: Amount
    lines: tuple[WeightedLine, ...]
    """The caller's calling lines; the heaviest MAX_EDGE_LINES, heaviest first."""
    at: WeightedLine
    """The heaviest line of `function` in these calls."""


@dataclass(frozen=True)
class Edges:
    """The non-zero edges of a line or function in one direction."""

    heaviest: tuple[Edge, ...]
    """Heaviest first."""
    others: int
    """Number of further edges."""
    rest: Amount
    """Weight of the further edges, each sample once."""


@dataclass(frozen=True)
class Calls:
    """The numbers and edges of a line, in whatever function, or of a function."""

    flat: Amount
    cum: Amount
    callers: Edges
    callees: Edges


def calls(
    profile: Profile,
    around: RecordedLine | NamedFunction,
    sample_type: ValueType,
    *,
    one_process: bool = True,
    compared: bool = False,
    most: int = MAX_EDGES,
) -> Calls:
    """Return the callers and callees of a line or a function, at most `most` each. The profile is a head, or head - base.

    `one_process`: head and base share objects. `compared`: there is a base, even if the profile has none of its
    samples. Significance is corrected for all functions of the profile.
    """
    functions, lines = by_function(profile), by_line(profile)
    hit = _frames(functions, lines, around)
    through = samples(profile, samples_through(profile, hit))
    counted = _Counted(through, functions, lines, sample_type, compared or bool(profile.is_base.any()), one_process)
    sample, callee, caller = _calls_around(through, hit)
    into, out = hit[callee] & ~hit[caller], ~hit[callee] & hit[caller]
    leaf = through.locations.frame_at[through.location[through.location_at[:-1]]]
    return Calls(
        flat=counted.whole(np.flatnonzero(hit[leaf])),
        cum=counted.whole(np.arange(len(through))),
        callers=counted.edges(sample[into], caller[into], caller[into], most),
        callees=counted.edges(sample[out], callee[out], caller[out], most),
    )


def _calls_around(profile: Profile, hit: Mask) -> tuple[Ints, Ints, Ints]:
    """Return the calls in and beside the locations that have such a frame: the sample, the callee's frame and the caller's.

    No other location is looked at: of a deep stack, few are beside a line.
    """
    location, at, frame_at = profile.location, profile.location_at, profile.locations.frame_at
    place = np.flatnonzero(some(hit, frame_at)[location])
    sample = np.searchsorted(at, place, "right") - 1
    inner, outer = place > at[sample], place + 1 < at[sample + 1]
    here, before, after = location[place], location[place[inner] - 1], location[place[outer] + 1]
    inlined = frame_at[here + 1] - frame_at[here] - 1
    within = spread(frame_at[here], inlined)
    return (
        np.concatenate([sample[inner], np.repeat(sample, inlined), sample[outer]]),
        np.concatenate([frame_at[before + 1] - 1, within, frame_at[here[outer] + 1] - 1]),
        np.concatenate([frame_at[here[inner]], within + 1, frame_at[after]]),
    )


def _frames(functions: Sites, lines: Sites, around: RecordedLine | NamedFunction) -> Mask:
    """Return which frames are on the line, or of the function."""
    if isinstance(around, RecordedLine):
        return np.asarray(lines.on(around)[lines.of_frame])
    name, binary = (functions.texts.index(text) if text in functions.texts else -1 for text in around)
    return np.asarray(((functions.function == name) & (functions.binary == binary))[functions.of_frame])


def _heaviest(of: Amounts) -> Ints:
    """Return the rows that are not zero, heaviest first."""
    value, grown = np.abs(of.value), np.abs(of.growth)
    order = np.lexsort((-grown, -value))
    return order[(value[order] > 0) | (grown[order] > 0)]


@dataclass(frozen=True, eq=False)
class _Counted:
    """Sums values over groups of samples."""

    profile: Profile
    functions: Sites
    lines: Sites
    wanted: ValueType
    compared: bool
    """Whether there is a base, even without any of these samples."""
    one_process: bool

    def whole(self, sample: Ints) -> Amount:
        """Sum these samples."""
        return self._sums(sample, np.zeros(len(sample), np.int64), 1).of(0)

    def edges(self, sample: Ints, other: Ints, caller: Ints, most: int) -> Edges:
        """Group calls by the function of the frames `other`; `caller` are the calling frames. All of shape (calls,)."""
        site, edge = np.unique(self.functions.of_frame[other], return_inverse=True)
        sums = self._sums(*_once(sample, edge), len(site))
        order = _heaviest(sums)
        rank = np.full(len(site), len(order))
        rank[order] = np.arange(len(order))
        row = rank[edge]
        rest = distinct(sample[(row >= most) & (row < len(order))])
        kept, shown = row < min(most, len(order)), order[:most]
        called = (self._lines(sample[kept], row[kept], frame[kept], len(shown)) for frame in (caller, other))
        edges = zip(shown.tolist(), site[shown].tolist(), *called, strict=True)
        made = tuple(self._edge(at, sums.of(i), lines, there[0]) for i, at, lines, there in edges)
        return Edges(made, len(order) - len(made), self.whole(rest))

    def _edge(self, site: int, amount: Amount, lines: list[WeightedLine], at: WeightedLine) -> Edge:
        where = self.functions
        return Edge(where.texts[where.function[site]], where.texts[where.binary[site]], amount, tuple(lines), at)

    def _lines(self, sample: Ints, edge: Ints, frame: Ints, edges: int) -> list[list[WeightedLine]]:
        """Return the heaviest lines of these frames for each edge, heaviest first."""
        where, rows = self.lines, len(self.lines)
        spot, group = np.unique(edge * rows + where.of_frame[frame], return_inverse=True)
        sample, group = _once(sample, group)
        value = self._at_head(sample, group, len(spot))
        either = Attribution(group, len(spot)).sum(np.abs(self.profile.values[:, [self._column]])[sample])[:, 0]
        order = np.lexsort((-either, -np.abs(value), spot // rows))
        of = spot[order] // rows
        order = order[np.arange(len(of)) - np.searchsorted(of, of) < MAX_EDGE_LINES]
        out: list[list[WeightedLine]] = [[] for _ in range(edges)]
        shown = (spot[order] // rows, spot[order] % rows, value[order])
        for to, row, passes in zip(*(column.tolist() for column in shown), strict=True):
            out[to].append(WeightedLine(*where.at(row), passes))
        return out

    def _sums(self, sample: Ints, group: Ints, groups: int) -> Amounts:
        """Sum the samples of each group. `sample` and `group` are pairs; no pair occurs twice."""
        value = self._at_head(sample, group, groups)
        if not self.compared:
            return Amounts(value, None)
        is_base = self.profile.is_base[sample]
        head, base = (
            self._side(sample[~is_base], group[~is_base], groups),
            self._side(sample[is_base], group[is_base], groups),
        )
        grown = changes(head, base, self._kinds, self._kinds, sampling_rate(self.profile), one_process=self.one_process)
        return Amounts(value, replace(grown, looked_at=len(self.functions)))

    def _at_head(self, sample: Ints, group: Ints, groups: int) -> Ints:
        head = ~self.profile.is_base[sample]
        value: Ints = Attribution(group[head], groups).sum(self.profile.values[:, [self._column]][sample[head]])[:, 0]
        return value

    def _side(self, sample: Ints, group: Ints, groups: int) -> SampledValues:
        sums = SampledValues(*np.zeros((len(SampledValues._fields), groups, len(self.profile.sample_types))))
        for field, i in needed(self._kinds):
            sums[field][:, i] = np.bincount(group, self._of_samples[field][sample, i], groups)
        return sums

    @cached_property
    def _kinds(self) -> Columns:
        return columns(self.profile.sample_types, self.wanted)

    @cached_property
    def _of_samples(self) -> SampledValues:
        return values_of_samples(self.profile)

    @cached_property
    def _column(self) -> int:
        return self.profile.sample_types.index(self.wanted)


def _once(sample: Ints, group: Ints) -> tuple[Ints, Ints]:
    """Remove duplicate (sample, group) pairs."""
    samples = int(sample.max(initial=0)) + 1
    pairs = distinct(group * samples + sample)
    return pairs % samples, pairs // samples
