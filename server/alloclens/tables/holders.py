"""Who holds memory, more finely than by line: each owned line by its caller, and what no own code owns.

Every sample belongs to one holder. Where its stack has own code, that is the owned line together with the next other own
line outwards, its caller: a helper of one's own is one line for all its callers, of which perhaps one leaks. Where its
stack has none, it is the outermost function, which a library has started as a goroutine or a thread.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from alloclens.arrays import first, last, offsets, some, spread
from alloclens.tables.attribution import Attribution

if TYPE_CHECKING:
    from alloclens.arrays import Floats, Ints, Mask
    from alloclens.profile.model import Profile
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
RUNTIME = "runtime."
"""What only Go's runtime holds is no library's; see `wording.verdict.goroutine_note`."""


@dataclass(frozen=True, eq=False)
class Holders:
    """One row for each owned line and caller, and for each outermost function of the stacks without own code."""

    row: Ints
    """The owned line's row in `Lines`; -1 for none."""
    caller: Ints
    """The row of the own line that calls it; -1 for none."""
    function: tuple[str, ...]
    """The outermost function where no line owns; else ""."""
    value: Floats
    """In the units of the sample types, shape (holders, sample types)."""
    variance: Floats
    sampled: Floats

    def __len__(self) -> int:
        return len(self.row)


def holders(profile: Profile, sites: Sites, own: Mask, error: Floats) -> Holders:
    """Return who holds the samples. `own` is of the shape (sites,); `error` is variance and sampled side by side."""
    site, caller = _owned_and_caller(profile, sites, own)
    outermost = np.where(site < 0, _outermost(profile), -1)
    named = (site >= 0) | (outermost >= 0)
    keys, holder = np.unique(np.stack([site, caller, outermost])[:, named], axis=1, return_inverse=True)
    of_sample = np.full(len(profile), -1)
    of_sample[named] = holder.ravel()
    charged = Attribution(of_sample, keys.shape[1])
    both = charged.sum(error)
    types = both.shape[1] // 2
    functions = tuple(_name(profile, i) for i in keys[2].tolist())
    return Holders(
        keys[0], keys[1], functions, charged.sum(profile.values).astype(np.float64), both[:, :types], both[:, types:]
    )


def _name(profile: Profile, function: int) -> str:
    return profile.strings[int(profile.functions.name[function])] if function >= 0 else ""


def _owned_and_caller(profile: Profile, sites: Sites, own: Mask) -> tuple[Ints, Ints]:
    """Return each sample's deepest own site, and the next other one outwards; -1 for none."""
    is_own = own[sites.of_frame]
    before = offsets(is_own.astype(np.int64))  # the number of own frames before each frame
    begin = before[profile.locations.frame_at]
    count = np.diff(begin)[profile.location]
    stacked = sites.of_frame[is_own][spread(begin[:-1][profile.location], count)]  # the own sites of all samples
    at = offsets(count)[profile.location_at]
    padded = np.append(stacked, -1)
    deepest = np.where(np.diff(at) > 0, padded[at[:-1]], -1)
    other = first(stacked != np.repeat(deepest, np.diff(at)), at)
    return deepest, np.where(other < at[1:], padded[other], -1)


def _outermost(profile: Profile) -> Ints:
    """Return each sample's outermost function that tells something; -1 for none."""
    told = np.array([bool(name) and name not in STARTERS and not name.startswith(RUNTIME) for name in profile.strings])
    function = profile.frames.function
    tells = np.append(told[profile.functions.name], False)[function]  # the last entry is for row -1, no function
    frame = last(tells, profile.locations.frame_at)
    has = frame >= profile.locations.frame_at[:-1]
    place = last(has[profile.location], profile.location_at)
    found = place >= profile.location_at[:-1]
    out = np.full(len(profile), -1)
    out[found] = function[frame[profile.location[place[found]]]]
    return out


def related_sites(profile: Profile, sites: Sites, own: Mask, function: str, called: Mask) -> Ints:
    """Return the own sites that call functions of some names, or that run below an outermost function; sorted.

    `own` is of the shape (sites,), `called` of the profile's strings.
    """
    site, _ = _owned_and_caller(profile, sites, own)
    inside = np.append(called[profile.functions.name], False)[profile.frames.function]
    has_it, has_own = (some(mask, profile.locations.frame_at) for mask in (inside, own[sites.of_frame]))
    at = profile.location_at
    deeper = first(has_it[profile.location], at) <= np.minimum(first(has_own[profile.location], at), at[1:] - 1)
    outermost = _outermost(profile)
    below = np.array([_name(profile, i) == function for i in range(len(profile.functions.name))] + [False])[outermost]
    result: Ints = np.unique(site[(site >= 0) & (deeper | below)])
    return result
