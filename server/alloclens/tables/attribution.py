"""Attributes samples to sites: flat, cum and owned."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from alloclens.arrays import first, sums
from alloclens.profile.kernel import LoadedStacks, LoadedValues, arena

if TYPE_CHECKING:
    from alloclens.arrays import Ints, Mask, Numbers
    from alloclens.profile.arena import Arena
    from alloclens.profile.model import Profile
    from alloclens.tables.sites import Sites


ALLOCATOR = re.compile(
    r"__(?:rust|rdl|rg)_(?:alloc|alloc_zeroed|realloc)\b|GlobalAlloc>::(?:alloc|alloc_zeroed|realloc)\b"
    r"|^(?:_rjem_|_?je_)?(?:malloc|mallocx|calloc|realloc|rallocx|aligned_alloc|posix_memalign)$|^operator new(?:\[\])?\("
)
"""Functions of C, C++ and Rust that hand out memory: what they allocate is their caller's."""


@dataclass(frozen=True, eq=False)
class Attribution:
    """Attributes each sample to at most one site."""

    site: Ints
    """The site of each sample; -1 for none."""
    sites: int

    def sum(self, values: Numbers) -> Numbers:
        """Sum values with shape (samples, k) by site; returns (sites, k) of the same type."""
        counted = np.flatnonzero(self.site >= 0)
        out = np.zeros((self.sites, values.shape[1]), values.dtype)
        site = self.site[counted]
        for k in range(values.shape[1]):
            add = np.bincount if values.dtype.kind == "f" else sums
            out[:, k] = add(site, values[counted, k], self.sites)
        return out


def flat(profile: Profile, sites: Sites) -> Attribution:
    """Attribute each sample to the site of its leaf."""
    site = np.full(len(profile), -1)
    stacked = np.flatnonzero(np.diff(profile.location_at))
    leaf = profile.location[profile.location_at[stacked]]
    site[stacked] = sites.of_frame[profile.locations.frame_at[leaf]]
    return Attribution(site, len(sites))


def owned(profile: Profile, sites: Sites, own: Mask) -> Attribution:
    """Attribute each sample to its deepest site in own code. Shape of `own`: (sites,).

    This does not use the kernel, which takes 25 MB: the server asks only for the samples of single lines.
    """
    frame_at = profile.locations.frame_at
    frame = first(own[sites.of_frame], frame_at)
    of_location = np.append(sites.of_frame, -1)[np.where(frame < frame_at[1:], frame, -1)]
    site = np.full(len(profile), -1)
    rows, place = np.arange(len(profile)), profile.location_at[:-1]
    while len(rows):  # outwards
        inside = place < profile.location_at[rows + 1]
        rows, place = rows[inside], place[inside]
        site[rows] = of_location[profile.location[place]]
        left = site[rows] < 0
        rows, place = rows[left], place[left] + 1
    return Attribution(site, len(sites))


def stacks(memory: Arena, profile: Profile, sites: Sites) -> LoadedStacks:
    """Return the stacks of all samples of a profile, for the kernel's `owned` and `cum`."""
    at, location = profile.location_at, profile.location
    return LoadedStacks(memory, at, location, profile.locations.frame_at, sites.of_frame, len(sites))


def allocators(profile: Profile, sites: Sites) -> Mask:
    """Return which sites are of memory allocators, shape (sites,). They own nothing, even if the user has written them.

    rustc gives its allocator functions the place of the `#[global_allocator]`.
    """
    names = profile.text(profile.functions.name)
    allocates = [("alloc" in name or "operator new" in name) and bool(ALLOCATOR.search(name)) for name in names]
    if not any(allocates):
        return np.zeros(len(sites), np.bool_)
    other = ~np.array([*allocates, False])[profile.frames.function]  # the last entry is for row -1, no function
    return np.asarray(np.bincount(sites.of_frame[other], minlength=len(sites)) == 0)


def cum(profile: Profile, sites: Sites, values: Numbers) -> Numbers:
    """Add each sample's values to every site of its stack, once even if the site recurs.

    Values: (samples, k); returns (sites, k) of the same type.
    """
    columns, is_whole = list(values.T), values.dtype.kind != "f"
    with arena() as memory:
        given = LoadedValues(memory, len(profile), columns if is_whole else [], [] if is_whole else columns)
        whole, fractions = stacks(memory, profile, sites).cum(given)
    return whole if is_whole else fractions
