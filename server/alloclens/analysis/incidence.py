"""Which samples count for which site: flat, cum and owned are three answers to that."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from alloclens.profile.ragged import offsets, owners

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from alloclens.analysis.sites import Sites
    from alloclens.profile.model import Profile

    Ints = NDArray[np.int64]

Number = TypeVar("Number", np.int64, np.float64)


@dataclass(frozen=True, eq=False)
class Incidence:
    """Site i counts the samples sample[at[i]:at[i + 1]], each once."""

    sample: Ints
    at: Ints
    """Shape (sites + 1,)."""

    def sum(self, values: NDArray[Number]) -> NDArray[Number]:
        """Sum the values of each site's samples: (samples, k) in, (sites, k) out. Integers stay exact."""
        out = np.zeros((len(self.at) - 1, values.shape[1]), values.dtype)
        filled = self.at[1:] > self.at[:-1]
        if filled.any():
            for k in range(values.shape[1]):
                out[filled, k] = np.add.reduceat(values[self.sample, k], self.at[:-1][filled])
        return out

    def samples(self, site: int) -> Ints:
        """Return the samples that count for one site."""
        return self.sample[self.at[site] : self.at[site + 1]]


def cum(profile: Profile, sites: Sites) -> Incidence:
    """Count a sample for every site of its stack, once however often the site recurs."""
    site = sites.of_frame[profile.stack_frames]
    return _incidence(owners(np.diff(profile.frame_at)), site, len(profile), len(sites))


def flat(profile: Profile, sites: Sites) -> Incidence:
    """Count a sample for the site of its leaf."""
    sample = np.flatnonzero(np.diff(profile.frame_at))
    site = sites.of_frame[profile.stack_frames[profile.frame_at[sample]]]
    return _incidence(sample, site, len(profile), len(sites))


def owned(profile: Profile, sites: Sites, own: NDArray[np.bool_]) -> Incidence:
    """Count a sample for the deepest of its sites that is the user's own. Shape of `own`: (sites,)."""
    site = sites.of_frame[profile.stack_frames]
    hit = np.flatnonzero(own[site])
    sample, first = np.unique(owners(np.diff(profile.frame_at))[hit], return_index=True)
    return _incidence(sample, site[hit[first]], len(profile), len(sites))


def _incidence(sample: Ints, site: Ints, samples: int, sites: int) -> Incidence:
    """Group distinct (sample, site) pairs by site."""
    pair = np.unique(site * max(samples, 1) + sample)
    site, sample = np.divmod(pair, max(samples, 1))
    return Incidence(sample, offsets(np.bincount(site, minlength=sites)))
