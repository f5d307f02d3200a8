"""The kinds of profiles, which one program writes side by side."""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING

import numpy as np

from alloclens.arrays import distinct
from alloclens.profile.sample_types import LEAKED, allocates

if TYPE_CHECKING:
    from collections.abc import Iterable

    from alloclens.profile.model import Profile, ValueType


class ProfileKind(IntEnum):
    """What a profile is about. The names are those of Go's net/http/pprof; of several kinds, the first one leads."""

    HEAP = 0
    """Anything with a sample type that allocates, also beside other types."""
    GOROUTINE = 1
    GOROUTINELEAK = 2
    BLOCK = 3
    MUTEX = 4
    CONTENTION = 5
    """Block or mutex; nothing in the profile says which."""
    CPU = 6
    OTHER = 7


def kind_of(types: Iterable[ValueType], contention: str = "") -> ProfileKind:
    """Return the kind of a profile with these sample types. `contention` is what `contention_of` says of it."""
    names = [sample_type.type.lower() for sample_type in types]
    if any(map(allocates, names)):
        return ProfileKind.HEAP
    if "goroutine" in names:
        return ProfileKind.GOROUTINE
    if LEAKED in names:
        return ProfileKind.GOROUTINELEAK
    if "contentions" in names:
        return ProfileKind[contention.upper()] if contention else ProfileKind.CONTENTION
    return ProfileKind.CPU if any("cpu" in name for name in names) else ProfileKind.OTHER


def is_meant(wanted: str, kind: ProfileKind, sample_type: str) -> bool:
    """Return whether the name of a sample type, such as delay, or mutex/delay with its kind, means this one."""
    return wanted in (sample_type, f"{kind.name.lower()}/{sample_type}")


def contention_of(profile: Profile, file_name: str) -> str:
    """Return which of the two a profile of contention is, block or mutex; "" if that is unknown, or for other profiles.

    Their sample types are the same. But a mutex profile is of the unlocking goroutine and a block profile of the waiting
    one, so the leaves tell them apart. If there is none with a name, as before the first contention, the file's name may.
    """
    if not any(sample_type.type == "contentions" for sample_type in profile.sample_types):
        return ""
    leaves = _leaf_functions(profile)
    if leaves:
        return "mutex" if any("unlock" in name or "contendedruntimelock" in name for name in leaves) else "block"
    return next((kind for kind in ("mutex", "block") if kind in file_name.lower()), "")


def _leaf_functions(profile: Profile) -> list[str]:
    begin = profile.frame_at[:-1][np.diff(profile.frame_at) > 0]
    function = distinct(profile.frames.function[profile.stack_frames[begin]])
    return [name.lower() for name in profile.text(profile.functions.name[function[function >= 0]]) if name]
