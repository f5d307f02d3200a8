"""From files to snapshots: what the worker process does, and what the command line does without one."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from alloclens.analysis.difference import Incomparable, difference
from alloclens.analysis.lines import lines
from alloclens.analysis.series import Snapshot, taken_at
from alloclens.profile.errors import ProfileError
from alloclens.profile.formats import read
from alloclens.source.places import SourceMap
from alloclens.store.world import Problem

if TYPE_CHECKING:
    from alloclens.analysis.comparison import Pair
    from alloclens.profile.model import Profile
    from alloclens.source.roots import Roots

LARGEST_FILE = 1 << 30
"""Bytes on disk. Heap profiles of the largest services are some tens of megabytes."""


def read_file(path: str) -> Profile:
    """Read one profile. Raises ProfileError or OSError."""
    if os.path.getsize(path) > LARGEST_FILE:  # noqa: PTH202 - paths are texts here
        raise ProfileError(f"larger than {LARGEST_FILE >> 20} MiB")
    return read(Path(path).read_bytes())


def read_snapshot(path: str, mtime_ns: int, roots: Roots) -> Snapshot | Problem:
    """Read one snapshot; never raises for what a file may hold."""
    try:
        profile = read_file(path)
    except (ProfileError, OSError, MemoryError) as error:
        return Problem(path, _reason(error))
    build_id = profile.text(profile.mappings.build_id[:1])
    return Snapshot(
        path=path,
        taken_at=taken_at(profile.time_nanos, Path(path).name, mtime_ns),
        is_difference=profile.is_difference,
        default_sample_type=profile.default_sample_type,
        build_id=build_id[0] if build_id else "",
        lines=lines(profile, SourceMap(roots, os.path.isfile).is_own),
    )


def read_pair(pair: Pair) -> Profile | None:
    """Read the head, or head - base; None where a file has gone meanwhile: the next listing knows."""
    try:
        head = read_file(pair.head)
        return difference(head, read_file(pair.base)) if pair.base else head
    except (ProfileError, OSError, MemoryError, Incomparable):
        return None


def _reason(error: Exception) -> str:
    if isinstance(error, OSError):
        return error.strerror or str(error)
    return str(error) or type(error).__name__
