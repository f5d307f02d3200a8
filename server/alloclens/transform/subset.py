"""Selects samples, sample types, locations of stacks, or frames of locations of a profile."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from alloclens.arrays import offsets, owners, some

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

    from alloclens.arrays import Ints, Mask
    from alloclens.profile.model import Locations, Profile, ValueType

    Table = TypeVar("Table", bound=DataclassInstance)


def samples_through(profile: Profile, hit: Mask) -> Mask:
    """Return which samples have a matching frame. Shape of `hit`: (frames,)."""
    location = some(hit, profile.locations.frame_at)
    return some(location[profile.location], profile.location_at)


def samples(profile: Profile, keep: Mask) -> Profile:
    """Keep some samples. Shape of `keep`: (samples,)."""
    number = np.cumsum(keep, dtype=np.int32) - np.int32(1)
    labels = _rows(profile.labels, keep[profile.labels.sample])
    depth = np.diff(profile.location_at)
    return replace(
        profile,
        values=profile.values[keep],
        is_base=profile.is_base[keep],
        labels=replace(labels, sample=number[labels.sample]),
        location_at=offsets(depth[keep]),
        location=profile.location[np.repeat(keep, depth)],
    )


def of_types(profile: Profile, types: tuple[ValueType, ...]) -> Profile:
    """Keep some of the sample types, in this order."""
    columns = [profile.sample_types.index(sample_type) for sample_type in types]
    return replace(profile, sample_types=types, values=profile.values[:, columns])


def stacks(profile: Profile, keep: Mask) -> Profile:
    """Keep some locations of the stacks. `keep` has the shape of `location`.

    Samples stay even if their stacks become empty.
    """
    depth = np.bincount(owners(np.diff(profile.location_at))[keep], minlength=len(profile))
    return replace(profile, location_at=offsets(depth), location=profile.location[keep])


def frames(profile: Profile, keep: Mask) -> Profile:
    """Keep some frames. Shape of `keep`: (frames,).

    Locations without frames are removed, also from the stacks.
    """
    if keep.all():
        return profile
    at = profile.locations.frame_at
    width = np.bincount(owners(np.diff(at))[keep], minlength=len(at) - 1)
    left = width > 0
    made = stacks(profile, left[profile.location])
    number = np.cumsum(left, dtype=np.int32) - np.int32(1)
    return replace(
        made,
        location=number[made.location],
        locations=_locations(profile.locations, left, width),
        frames=_rows(profile.frames, keep),
    )


def deep(profile: Profile) -> Profile:
    """Drop the samples with empty stacks."""
    return samples(profile, np.diff(profile.location_at) > 0)


def _locations(locations: Locations, left: Mask, width: Ints) -> Locations:
    columns = {f.name: getattr(locations, f.name)[left] for f in fields(locations) if f.name != "frame_at"}
    return replace(locations, **columns, frame_at=offsets(width[left]))


def _rows(table: Table, keep: Mask) -> Table:
    return replace(table, **{f.name: getattr(table, f.name)[keep] for f in fields(table)})
