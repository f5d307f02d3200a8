"""Who calls a function or a line, and what it calls: the edges of pprof's graph, as `pprof -peek` counts them.

A sample counts once for each distinct edge of its stack, however often that recurs; a call from a site to itself is none.
Inlined calls are calls.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from alloclens.analysis.growth import Side, changes, columns
from alloclens.analysis.incidence import One
from alloclens.analysis.parts import samples, some
from alloclens.analysis.sampling import errors, sampling_rate
from alloclens.analysis.sites import by_function, by_line
from alloclens.analysis.top import top
from alloclens.profile.ragged import owners

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from alloclens.analysis.line_stats import Change
    from alloclens.analysis.sites import Sites
    from alloclens.analysis.top import Top
    from alloclens.profile.model import Profile, ValueType

    Ints = NDArray[np.int64]
    Mask = NDArray[np.bool_]


class Site(NamedTuple):
    """What is asked about: a line of a file, whatever function is there; or a function, wherever its lines are."""

    function: str
    file: str = ""
    line: int = 0
    """1-based; 0 where a function is meant."""
    binary: str = ""
    """The mapping's file, for code without a function's name."""


class Amount(NamedTuple):
    """What passes, in the unit of the asked sample type."""

    value: int
    """At the head."""
    growth: Change | None
    """None where nothing is compared."""


class Line(NamedTuple):
    """A recorded line, and what passes over an edge there."""

    file: str
    line: int
    """1-based; 0 where unknown."""
    value: int
    """At the head."""


@dataclass(frozen=True)
class Edge:
    """The calls between the asked site and one function, whichever of them calls."""

    function: str
    binary: str
    """As in `Site`."""
    amount: Amount
    lines: tuple[Line, ...]
    """Of the caller: where it calls from, heaviest first."""
    at: Line
    """The heaviest line of `function` in these calls."""


@dataclass(frozen=True)
class Calls:
    """What is known of a site. Edges are sorted by what passes, heaviest first."""

    flat: Amount
    cum: Amount
    callers: tuple[Edge, ...]
    callees: tuple[Edge, ...]


def calls(profile: Profile, asked: Site, wanted: ValueType, *, one_process: bool = True) -> Calls:
    """Return who calls a site and what it calls. The profile is a head, or head - base.

    `one_process` says whether those two share objects. A growth is certain allowing for all functions of the profile.
    """
    hit = _frames(profile, asked)
    through = samples(profile, some(some(hit, profile.locations.frame_at)[profile.location], profile.location_at))
    counted = _Counted(through, wanted, bool(profile.is_base.any()), one_process)
    frame, sample = through.stack_frames, owners(np.diff(through.frame_at))
    inside, same = hit[frame], sample[1:] == sample[:-1]
    into = np.flatnonzero(same & inside[:-1] & ~inside[1:])
    out = np.flatnonzero(same & ~inside[:-1] & inside[1:])
    leaf = np.flatnonzero(inside & (np.diff(sample, prepend=-1) > 0))
    return Calls(
        flat=counted.whole(sample[leaf]),
        cum=counted.whole(np.arange(len(through))),
        callers=counted.edges(sample[into], frame[into + 1], frame[into + 1]),
        callees=counted.edges(sample[out], frame[out], frame[out + 1]),
    )


def _frames(profile: Profile, asked: Site) -> Mask:
    """Return which frames of the profile are of the site."""
    sites = by_line(profile) if asked.line else by_function(profile)
    if asked.line:
        hit = (sites.file == _number(sites, asked.file)) & (sites.line == asked.line)
    else:
        hit = (sites.function == _number(sites, asked.function)) & (sites.binary == _number(sites, asked.binary))
    found: Mask = hit[sites.of_frame]
    return found


def _number(sites: Sites, text: str) -> int:
    return sites.texts.index(text) if text in sites.texts else -1


@dataclass(frozen=True, eq=False)
class _Counted:
    """Sums of the values of samples."""

    profile: Profile
    wanted: ValueType
    compared: bool
    """Whether there is a base, be it without any of these samples."""
    one_process: bool

    def whole(self, sample: Ints) -> Amount:
        """Sum these samples."""
        return self._amounts(sample, np.zeros(len(sample), np.int64), 1)[0]

    def edges(self, sample: Ints, other: Ints, caller: Ints) -> tuple[Edge, ...]:
        """Gather calls by the function of `other`; it and `caller` are frames. All of shape (calls,)."""
        where = self._functions
        site, edge = np.unique(where.of_frame[other], return_inverse=True)
        amounts = self._amounts(*_once(sample, edge), len(site))
        lines, at = (self._lines(sample, edge, frame, len(site)) for frame in (caller, other))
        made = [
            Edge(where.texts[where.function[i]], where.texts[where.binary[i]], amount, tuple(of), there[0])
            for i, amount, of, there in zip(site.tolist(), amounts, lines, at, strict=True)
        ]
        return tuple(sorted(filter(_passes, made), key=_weight))

    def _lines(self, sample: Ints, edge: Ints, frame: Ints, edges: int) -> list[list[Line]]:
        """Return for each edge the lines of these frames, heaviest first."""
        where, rows = self._by_line, len(self._by_line)
        spot, group = np.unique(edge * rows + where.of_frame[frame], return_inverse=True)
        sample, group = _once(sample, group)
        value = self._at_head(sample, group, len(spot))
        either = One(group, len(spot)).sum(np.abs(self.profile.values[:, [self._column]])[sample])[:, 0]
        order = np.lexsort((-either, -np.abs(value)))
        out: list[list[Line]] = [[] for _ in range(edges)]
        found = (spot[order] // rows, spot[order] % rows, value[order])
        for to, row, passes in zip(*(column.tolist() for column in found), strict=True):
            out[to].append(Line(where.texts[where.file[row]], int(where.line[row]), passes))
        return out

    def _amounts(self, sample: Ints, group: Ints, groups: int) -> list[Amount]:
        """Sum the samples of each group. Shape of `sample` and `group`: the same; a sample is once in a group."""
        value = self._at_head(sample, group, groups).tolist()
        if not self.compared:
            return [Amount(v, None) for v in value]
        is_base = self.profile.is_base[sample]
        head, base = (
            self._side(sample[~is_base], group[~is_base], groups),
            self._side(sample[is_base], group[is_base], groups),
        )
        of = columns(self.profile.sample_types, self.wanted)
        grown = changes(head, base, of, of, sampling_rate(self.profile), one_process=self.one_process)
        grown = replace(grown, looked_at=len(self._functions))
        return [Amount(v, grown.of(i)) for i, v in enumerate(value)]

    def _at_head(self, sample: Ints, group: Ints, groups: int) -> Ints:
        head = ~self.profile.is_base[sample]
        found: Ints = One(group[head], groups).sum(self.profile.values[:, [self._column]][sample[head]])[:, 0]
        return found

    def _side(self, sample: Ints, group: Ints, groups: int) -> Side:
        return Side(*(One(group, groups).sum(one[sample]) for one in self._of_samples))

    @cached_property
    def _of_samples(self) -> Side:
        """What each sample has, of the base too, whose values are negative in a difference."""
        profile = self.profile
        values = np.where(profile.is_base[:, None], -profile.values, profile.values).astype(np.float64)
        return Side(values, *errors(profile))

    @cached_property
    def _column(self) -> int:
        return self.profile.sample_types.index(self.wanted)

    @cached_property
    def _functions(self) -> Sites:
        return by_function(self.profile)

    @cached_property
    def _by_line(self) -> Sites:
        return by_line(self.profile)


def _once(sample: Ints, group: Ints) -> tuple[Ints, Ints]:
    """Return each sample once for each of its groups."""
    samples = int(sample.max(initial=0)) + 1
    found = np.unique(group * samples + sample)
    return found % samples, found // samples


def _passes(edge: Edge) -> bool:
    return bool(edge.amount.value or (edge.amount.growth and edge.amount.growth.value))


def _weight(edge: Edge) -> tuple[float, float]:
    return -abs(edge.amount.value), -abs(edge.amount.growth.value if edge.amount.growth else 0)


class Hot(NamedTuple):
    """A function by what passes through it."""

    function: str
    at: Line
    """Its heaviest line."""
    cum: int
    """At the head, in the unit of the asked sample type."""


def hot(profile: Profile, wanted: ValueType, containing: str, most: int) -> list[Hot]:
    """Return the heaviest functions at the head whose name contains a text, in whatever case. Without nameless ones."""
    head, number = samples(profile, ~profile.is_base), profile.sample_types.index(wanted)
    functions, lines = top(head, number, "function", "cum"), top(head, number, "line", "cum")
    named, first = np.unique(lines.sites.function[lines.order], return_index=True)
    row = dict(zip(named.tolist(), lines.order[first].tolist(), strict=True))
    text, searched = functions.sites.texts, containing.casefold()
    numbers = ((functions.sites.function[i], i) for i in functions.order.tolist())
    found = ((n, i) for n, i in numbers if text[n] and searched in text[n].casefold() and functions.cum[i])
    return [Hot(text[n], _line(lines, row[n]), int(functions.cum[i])) for n, i in islice(found, most)]


def _line(lines: Top, row: int) -> Line:
    where = lines.sites
    return Line(where.texts[where.file[row]], int(where.line[row]), int(lines.cum[row]))
