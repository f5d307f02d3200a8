"""Who holds memory, more finely than by line: each owned line by its callers, and what no own code owns.

Every sample belongs to one holder. Where its stack has own code, that is the owned line together with the next other own
lines outwards, its callers: a helper of one's own is one line for all its callers, of which perhaps one leaks, and so is
a helper of helpers. Where its stack has none, it is the outermost function, which a library has started as a goroutine or
a thread.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from alloclens.arrays import distinct, distinct_pairs, first, last, some
from alloclens.tables.attribution import owned
from alloclens.transform.subset import samples, samples_through

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from alloclens.arrays import Floats, Ints, Mask
    from alloclens.profile.model import Profile
    from alloclens.stats.sampling import SampleErrors
    from alloclens.tables.sites import Sites


STARTERS = frozenset(
    (
        "runtime.goexit",
        "runtime.main",
        "_start",
        "__libc_start_main",
        "__libc_start_call_main",
        "clone",
        "clone3",
        "start_thread",
        "thread_start",
        "__clone",
        "__clone3",
    )
)
"""Outermost frames that say nothing: what starts a program, a goroutine or a thread."""
OMITTED = re.compile(r"<\d+ frames? omitted>")
"""What ddtrace names the outermost frames of a stack that is too deep for it."""
MAX_STARTERS = 100
"""Outermost locations that are looked at: nothing calls through so many starters and frames of the runtime."""
MAX_CALLERS = 3
"""How many callers of an owned line tell its holders apart: enough for helpers of helpers of helpers."""
MAX_HOLDERS = 20_000
"""Callers that tell more holders apart are left out, the outermost first: real profiles have up to two for each owned line."""
MIN_GROWTH_SHARE = 0.5
"""The share of a line's growth above which one of several callers is named."""
MIN_TIMES_THE_NEXT = 2
"""It is named only if it also holds at least so many times what the next one does: less may be chance."""
RUNTIME = "runtime."
"""What only Go's runtime holds belongs to no library; see `wording.verdict.goroutine_note`."""


@dataclass(frozen=True, eq=False)
class Holders:
    """One row for each owned line and its callers, and for each outermost function of the stacks without own code."""

    row: Ints
    """The owned line's row in `Lines`; -1 for none."""
    callers: Ints
    """Rows of the own lines that call it, nearest first, each once; -1 for none. Shape (holders, at most MAX_CALLERS)."""
    function: tuple[str, ...]
    """The outermost function where no line owns; else ""."""
    value: Floats
    """In the units of the sample types, shape (holders, sample types)."""
    variance: Floats
    sampled: Floats

    def __len__(self) -> int:
        return len(self.row)


def holders(profile: Profile, owners: Ints, sums: Callable[[Ints, int], tuple[Ints, SampleErrors]]) -> Holders:
    """Return who holds the samples, each with its owned site and its callers.

    `sums` adds up the samples of groups, given the group of each sample and their number.
    """
    lineless = owners[:, 0] < 0
    outermost = _outermost(profile, np.flatnonzero(lineless))
    named = np.flatnonzero(~lineless | (outermost >= 0))
    _, _, holder = distinct_pairs(owners[named, 0], outermost[named])
    callers = 0
    for caller in owners[named, 1:].T:
        _, _, finer = distinct_pairs(holder, caller)
        if finer.max(initial=-1) >= MAX_HOLDERS:
            break
        holder, callers = finer, callers + 1
    count = int(holder.max(initial=-1)) + 1
    sample = np.zeros(count, np.int64)
    sample[holder] = named
    of_sample = np.full(len(profile), -1)
    of_sample[named] = holder
    lineless = lineless[sample]  # they come first
    function = profile.text(profile.functions.name[outermost[sample[lineless]]])
    value, error = sums(of_sample, count)
    return Holders(
        owners[sample, 0],
        owners[sample, 1 : 1 + callers],
        (*function, *[""] * (count - len(function))),
        value.astype(np.float64),
        error.variance,
        error.sampled,
    )


class GrowingCallers(NamedTuple):
    """The own lines outwards from an owned one through which most of its growth is held."""

    sites: list[int]
    """Nearest first."""
    share: float
    """Of the growth, held through all of them."""


def growing_callers(
    profile: Profile, sites: Sites, own: Mask, column: int, path: Sequence[int], *, with_only: bool = False
) -> GrowingCallers:
    """Return the callers through which most of the growth of an owned site is held.

    `path` is the owned site, followed by the callers that are already chosen. The outermost caller that is returned is always
    one of several: if a site has only one caller, its name says nothing new, unless `with_only`: then the nearest counts anyway.
    """
    part, outer = samples(profile, held_samples(profile, sites, own, [[site] for site in path])), own.copy()
    outer[list(path)] = False
    values, alive = part.values[:, column], np.ones(len(part), np.bool_)
    passed, callers, whole = list(path[1:]), GrowingCallers(list(path[1:]), 1.0), float(values[alive].sum())
    while whole > 0:
        caller = owned(part, sites, outer).site  # the deepest that was not passed
        choice, of = np.unique(caller[alive], return_inverse=True)
        held = np.bincount(of, values[alive])
        best, (next_most, most) = int(choice[np.argmax(held)]), np.sort(np.append(held, 0))[-2:].tolist()
        if best < 0 or most <= MIN_GROWTH_SHARE * whole or most < MIN_TIMES_THE_NEXT * next_most:
            break
        passed.append(best)
        alive &= caller == best
        outer[best] = False
        if len(choice) > 1 or (with_only and len(passed) == len(path)):
            callers = GrowingCallers(passed.copy(), most / whole)
    return callers


def held_samples(profile: Profile, sites: Sites, own: Mask, path: Sequence[Sequence[int]]) -> Mask:
    """Return which samples a line owns. `path` has its sites, and outwards those of each caller that is decided."""
    through, outer = samples_through(profile, np.isin(sites.of_frame, path[0])), own.copy()
    part, held = samples(profile, through), through.copy()
    for here in path:
        held[through] &= np.isin(owned(part, sites, outer).site, here)
        outer[list(here)] = False
    return held


def _outermost(profile: Profile, rows: Ints) -> Ints:
    """Return the outermost function that says something about these samples; -1 for none, and for all other samples."""
    names = profile.text(profile.functions.name)
    telling = [_tells(name) for name in names]
    function, at = profile.frames.function, profile.locations.frame_at
    frame = last(np.array([*telling, False])[function], at)  # the last entry is for row -1, no function
    of_location = np.append(np.where(frame >= at[:-1], function[frame], -1), -1)
    out = np.full(len(profile), -1)
    begin, place = profile.location_at[rows], profile.location_at[rows + 1] - 1
    for _ in range(MAX_STARTERS):
        inside = place >= begin
        rows, begin, place = rows[inside], begin[inside], place[inside]
        out[rows] = outermost = of_location[profile.location[place]]
        left = outermost < 0
        rows, begin, place = rows[left], begin[left], place[left] - 1
        if not len(rows):
            break
    return out


def _tells(name: str) -> bool:
    return bool(name) and name not in STARTERS and not name.startswith(RUNTIME) and not OMITTED.fullmatch(name)


class RelatedSites(NamedTuple):
    """The own sites that have to do with a function that no own code calls; each sorted."""

    calling: Ints
    """Those that call functions of some names."""
    below: Ints
    """Those that run below it as the outermost function."""


def related_sites(profile: Profile, sites: Sites, own: Mask, function: str, called: Mask) -> RelatedSites:
    """Return the own sites that call functions of some names, and those that run below an outermost function.

    `own` has shape (sites,); `called` has shape (strings,).
    """
    site = owned(profile, sites, own).site
    inside = np.append(called[profile.functions.name], False)[profile.frames.function]
    has_it, has_own = (some(mask, profile.locations.frame_at) for mask in (inside, own[sites.of_frame]))
    at = profile.location_at
    deeper = first(has_it[profile.location], at) <= np.minimum(first(has_own[profile.location], at), at[1:] - 1)
    return RelatedSites(*(distinct(site[(site >= 0) & which]) for which in (deeper, _below(profile, function))))


def foreign_samples(profile: Profile, sites: Sites, own: Mask, function: str) -> Ints:
    """Return the samples without an owned site that run below an outermost function, ascending."""
    below = _below(profile, function)
    return np.flatnonzero(below)[owned(samples(profile, below), sites, own).site < 0]


def _below(profile: Profile, function: str) -> Mask:
    """Return which samples run below an outermost function."""
    is_it = np.array([*(name == function for name in profile.text(profile.functions.name)), False])
    out: Mask = is_it[_outermost(profile, np.arange(len(profile)))]  # the last entry is for -1
    return out
