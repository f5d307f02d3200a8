"""Adds the sampling rate that a heap profile of Go or JAX lacks."""

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


JAX = ("allocations", "space")
"""The sample types of jax.profiler.save_device_memory_profile, which counts every buffer."""
JAX_LABELS = frozenset(("device", "kind"))
"""The labels of its samples."""


def with_sampling_rate(profile: Profile) -> tuple[Profile, tuple[str, ...]]:
    """Return a heap profile with its rate if it records none, others as they are.

    The rate is Go's default, with a note about it, or 1 for JAX.
    """
    if profile.period == 0 and tuple(kind.type for kind in profile.sample_types) == JAX and _is_jax(profile):
        return replace(profile, period=1), ()
    is_heap = any(column_of(profile.sample_types, name) is not None for name in ("inuse_space", "alloc_space"))
    if profile.period > 0 or not is_heap or not _is_go(profile):
        return profile, ()
    return replace(profile, period=GO_DEFAULT_BYTES), (NOTE,)


def _is_jax(profile: Profile) -> bool:
    return {profile.strings[key] for key in set(profile.labels.key.tolist())} >= JAX_LABELS


def _is_go(profile: Profile) -> bool:
    return any(file.endswith(".go") for file in profile.text(profile.functions.file))
