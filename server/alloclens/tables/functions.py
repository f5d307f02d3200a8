"""Values of whole functions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from alloclens.profile.sample_types import columns
from alloclens.stats.amount import Amount
from alloclens.stats.growth import SampledValues, changes, values_of_samples
from alloclens.stats.sampling import sampling_rate
from alloclens.tables import attribution
from alloclens.tables.sites import by_function_start

if TYPE_CHECKING:
    from collections.abc import Collection

    from alloclens.arrays import Mask
    from alloclens.profile.model import Profile, ValueType
    from alloclens.tables.sites import Sites


@dataclass(frozen=True)
class FunctionStats:
    """A function of a file, in the unit of the sample type."""

    name: str
    start_line: int
    """Line of the declaration, 1-based."""
    flat: int
    """At the head."""
    cum: Amount


def functions(
    profile: Profile,
    sample_type: ValueType,
    files: Collection[str],
    *,
    one_process: bool = True,
    compared: bool = False,
) -> list[FunctionStats]:
    """Return the functions of these recorded files with a known declaration, heaviest first.

    The profile is a head, or head - base. `one_process`: head and base share objects. `compared`: there is a base, even
    if the profile has none of its samples.
    """
    sites = by_function_start(profile)
    column = profile.sample_types.index(sample_type)
    is_head = ~profile.is_base[:, None]
    head = _side(profile, sites, is_head)
    flat = attribution.flat(profile, sites).sum(np.where(is_head, profile.values[:, [column]], 0))[:, 0]
    grown = None
    if compared or profile.is_base.any():
        of = columns(profile.sample_types, sample_type)
        base, rate = _side(profile, sites, ~is_head), sampling_rate(profile)
        grown = changes(head, base, of, of, rate, one_process=one_process)
    value = head.value[:, column]
    cum = value + (np.abs(grown.value) if grown else 0)
    ours = [i for i, file in enumerate(sites.texts) if file in files]
    rows = np.flatnonzero(np.isin(sites.file, ours) & (sites.line > 0) & (cum != 0))
    rows = rows[np.argsort(-np.abs(value[rows]), kind="stable")]
    return [
        FunctionStats(
            name=sites.texts[sites.function[i]],
            start_line=int(sites.line[i]),
            flat=int(flat[i]),
            cum=grown.amount(i, float(value[i])) if grown else Amount(float(value[i])),
        )
        for i in rows.tolist()
    ]


def _side(profile: Profile, sites: Sites, of: Mask) -> SampledValues:
    """Sum the cum values of some samples by function."""
    return SampledValues(
        *(attribution.cum(profile, sites, np.where(of, values, 0)) for values in values_of_samples(profile))
    )
