"""Finds the columns of sample types, and the columns that belong together, by name."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alloclens.profile.model import ValueType

HEAP_DEFAULT = "inuse_space"
LEAKED = "goroutineleak"
"""Goroutines that Go's garbage collector found to be blocked for ever (Go 1.26, /debug/pprof/goroutineleak)."""
GOROUTINES = ("goroutine", LEAKED)
ALLOCATES = re.compile(
    r"inuse[_-].+|alloc(s|ated|ations?)?|alloc[_-].+|.*heap.*|live.*|retained.*|spaces?|objects?", re.IGNORECASE
)
"""The names of sample types that are about memory."""


class Columns(NamedTuple):
    """The value columns that belong to a sample type."""

    value: int
    """The column itself."""
    allocated: int | None
    """The same unit, allocated since the process started."""
    objects: int | None
    space: int | None
    """The columns of objects and of bytes. For other types both are the column itself."""


def columns(types: Sequence[ValueType], wanted: ValueType) -> Columns:
    """Return the columns that belong to one of these sample types."""
    name = wanted.type
    since_start = column_of(types, name.replace("inuse_", "alloc_"))
    is_alloc = since_start is not None and types[since_start].type.startswith("alloc_")
    objects, space = (
        column_of(types, other) for other in (name.replace("space", "objects"), name.replace("objects", "space"))
    )
    return Columns(types.index(wanted), since_start if is_alloc else None, objects, space)


def column_of(types: Sequence[ValueType], name: str) -> int | None:
    """Return the column of the sample type with this name; None if there is none."""
    return next((i for i, one in enumerate(types) if one.type == name), None)


def column(types: Sequence[ValueType], default: str, wanted: str = "") -> int | None:
    """Return the column of `wanted`; for "", of the file's default, inuse_space or the last type.

    Returns None if the file has no such type. Source: pprof's SampleIndexByName.
    """
    names = [t.type for t in types]
    if wanted:
        return names.index(wanted) if wanted in names else None
    for name in (default, HEAP_DEFAULT):
        if name in names:
            return names.index(name)
    return len(names) - 1


def allocates(name: str) -> bool:
    """Return whether a sample type is about memory: what was allocated, or what is in use."""
    return ALLOCATES.fullmatch(name) is not None
