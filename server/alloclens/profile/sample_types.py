"""Which columns of values are meant, and which belong together: by name, never by place."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alloclens.profile.model import ValueType

HEAP_DEFAULT = "inuse_space"


class Columns(NamedTuple):
    """The columns of a profile's values that belong to a sample type."""

    value: int
    """Its own."""
    allocated: int | None
    """What was allocated of the same since the process started."""
    objects: int | None
    space: int | None
    """How many objects there are, and how many bytes. Of a type that is neither, both are its own."""


def columns(types: Sequence[ValueType], wanted: ValueType) -> Columns:
    """Return the columns that belong to a sample type, which is one of these."""
    name = wanted.type
    since_start = column_of(types, name.replace("inuse_", "alloc_"))
    is_alloc = since_start is not None and types[since_start].type.startswith("alloc_")
    objects, space = (
        column_of(types, other) for other in (name.replace("space", "objects"), name.replace("objects", "space"))
    )
    return Columns(types.index(wanted), since_start if is_alloc else None, objects, space)


def column_of(types: Sequence[ValueType], name: str) -> int | None:
    """Return the column of a sample type, given by its name; None if there is none."""
    return next((i for i, one in enumerate(types) if one.type == name), None)


def column(types: Sequence[ValueType], default: str, wanted: str = "") -> int | None:
    """Return the column of `wanted`; of the file's default, inuse_space or the last type when "" is wanted.

    None where the file has no such type. Source: pprof's SampleIndexByName.
    """
    names = [t.type for t in types]
    if wanted:
        return names.index(wanted) if wanted in names else None
    for name in (default, HEAP_DEFAULT):
        if name in names:
            return names.index(name)
    return len(names) - 1
