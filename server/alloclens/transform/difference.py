"""Computes head minus base as one profile, like `pprof -diff_base`, so that other code treats it as any profile."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from alloclens.profile.model import Frames, Functions, Labels, Locations, Mappings, Profile
from alloclens.profile.sample_types import shared
from alloclens.transform.subset import of_types

if TYPE_CHECKING:
    from alloclens.arrays import Ints


OVERFLOW = 2**63


class IncomparableError(ValueError):
    """The two profiles cannot be subtracted."""


def difference(head: Profile, base: Profile, *, of_differences: bool = False) -> Profile:
    """Return the samples of both, with those of the base negated and marked. Raises IncomparableError.

    Sample types that only one has are omitted. A profile that already is a difference needs `of_differences`.
    """
    types = shared(head.sample_types, base.sample_types)
    if not types:
        raise IncomparableError(f"no sample type in common: {_names(head)} and {_names(base)}")
    if not of_differences and (head.is_difference or base.is_difference):
        what = "cannot be subtracted from what is a difference" if head.is_difference else "is a difference"
        raise IncomparableError(
            f"{what} already: it has negative values in use, or was fetched with ?seconds=N, or made with -diff_base "
            "(alloclens top --not-a-difference subtracts it anyway, as pprof does)"
        )
    # A string may occur twice; Sites gives equal strings one number.
    number = np.arange(len(base.strings)) + len(head.strings)
    return replace(
        head,
        sample_types=types,
        values=np.concatenate([of_types(head, types).values, -of_types(base, types).values]),
        location_at=np.concatenate([head.location_at, base.location_at[1:] + head.location_at[-1]]),
        location=np.concatenate([head.location, base.location + np.int32(len(head.locations.mapping))]),
        locations=_locations(head, base),
        frames=_frames(head, base),
        functions=_functions(head, base, number),
        mappings=_mappings(head, base, number),
        strings=head.strings + base.strings,
        labels=_labels(head, base, number),
        is_base=np.concatenate([head.is_base, np.ones(len(base), np.bool_)]),
    )


def overflow(profile: Profile) -> tuple[str, ...]:
    """Return a note about the sample types whose sums overflow 64 bits, if any."""
    largest = max(-int(profile.values.min(initial=0)), int(profile.values.max(initial=0)))
    if largest * len(profile) < OVERFLOW:
        return ()
    sums = np.abs(profile.values.astype(np.float64)).sum(axis=0)
    names = ", ".join(t.type for t, size in zip(profile.sample_types, sums.tolist(), strict=True) if size >= OVERFLOW)
    message = f"the values of {names} add up to more than 64 bits hold: their sums wrap around, as pprof's do"
    return (message,) if names else ()


def total(profile: Profile, column: int) -> int:
    """Return 100 %: the sum of |value|, in a difference over the base's samples."""
    values = np.abs(profile.values[:, column])
    of_base = int(values[profile.is_base].sum())
    return of_base if of_base > 0 else int(values.sum())


def _names(profile: Profile) -> str:
    return ", ".join(t.type for t in profile.sample_types)


def _locations(head: Profile, base: Profile) -> Locations:
    mapping = base.locations.mapping
    frames = head.locations.frame_at[-1]
    return Locations(
        np.concatenate([head.locations.mapping, np.where(mapping < 0, -1, mapping + len(head.mappings.file))]),
        np.concatenate([head.locations.address, base.locations.address]),
        np.concatenate([head.locations.frame_at, base.locations.frame_at[1:] + frames]),
    )


def _frames(head: Profile, base: Profile) -> Frames:
    function = base.frames.function
    return Frames(
        np.concatenate([head.frames.function, np.where(function < 0, -1, function + len(head.functions.name))]),
        np.concatenate([head.frames.line, base.frames.line]),
    )


def _functions(head: Profile, base: Profile, number: Ints) -> Functions:
    a, b = head.functions, base.functions
    return Functions(
        np.concatenate([a.name, number[b.name]]),
        np.concatenate([a.system_name, number[b.system_name]]),
        np.concatenate([a.file, number[b.file]]),
        np.concatenate([a.start_line, b.start_line]),
    )


def _mappings(head: Profile, base: Profile, number: Ints) -> Mappings:
    a, b = head.mappings, base.mappings
    return Mappings(
        np.concatenate([a.file, number[b.file]]),
        np.concatenate([a.build_id, number[b.build_id]]),
        np.concatenate([a.start, b.start]),
        np.concatenate([a.limit, b.limit]),
        np.concatenate([a.offset, b.offset]),
    )


def _labels(head: Profile, base: Profile, number: Ints) -> Labels:
    a, b = head.labels, base.labels
    text = np.where(b.text == 0, 0, number[b.text])
    return Labels(
        np.concatenate([a.sample, b.sample + np.int32(len(head))]),
        np.concatenate([a.key, number[b.key].astype(np.int32)]),
        np.concatenate([a.text, text.astype(np.int32)]),
        np.concatenate([a.number, b.number]),
        np.concatenate([a.unit, number[b.unit].astype(np.int32)]),
    )
