"""Adds the sampling rate that a Go heap profile lacks."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from alloclens.profile.sample_types import column_of

if TYPE_CHECKING:
    from alloclens.profile.model import Profile

GO_DEFAULT_BYTES = 512 << 10
"""runtime.MemProfileRate unless the program sets it."""
NOTE = (
    "it does not record how often the heap was sampled: Go's default of one object in 512kB is assumed. If the program "
    "sets runtime.MemProfileRate, the stated errors are wrong"
)


def with_sampling_rate(profile: Profile) -> tuple[Profile, tuple[str, ...]]:
    """Return a Go heap profile with Go's default rate if it records none, and a note about it; others as they are."""
    is_heap = any(column_of(profile.sample_types, name) is not None for name in ("inuse_space", "alloc_space"))
    if profile.period > 0 or not is_heap or not _is_go(profile):
        return profile, ()
    return replace(profile, period=GO_DEFAULT_BYTES), (NOTE,)


def _is_go(profile: Profile) -> bool:
    return any(file.endswith(".go") for file in profile.text(profile.functions.file))
