"""Which column of values is meant: by name, never by place."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alloclens.profile.model import ValueType

HEAP_DEFAULT = "inuse_space"


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
