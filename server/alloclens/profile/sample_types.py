"""Finds the columns of sample types, and the columns that belong together, by name."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from alloclens.profile.model import ValueType

HEAP_DEFAULT = "inuse_space"
LEAKED = "goroutineleak"
"""Goroutines that Go's garbage collector found to be blocked for ever (Go 1.26, /debug/pprof/goroutineleak)."""
PEAK = "peak_space"
"""A sample type of memray and DHAT, which write as the program ends."""
OF_JFRCONV = "allocations"
"""What jfrconv calls all that it writes."""
GOROUTINES = ("goroutine", LEAKED)
COME_AND_GO = GOROUTINES[:1]
SIZES, COUNTS = ("space", "size", "bytes"), ("objects", "count")
"""Parts of names that tell the bytes of something from its number."""
ALLOCATES = re.compile(
    r"inuse[_-].+|alloc(s|ated|ations?)?|alloc[_-].+|.*heap.*|live.*|retained.*|spaces?|objects?", re.IGNORECASE
)
"""The names of sample types that are about memory."""
HELD = re.compile(
    r"inuse[_-].+|(?!.*alloc).*heap.*(space|size|live|objects|count).*|(?!.*alloc)live.*|retained[_-](size|objects|count)"
    r"|spaces?|objects?",
    re.IGNORECASE,
)
"""The names of those that are about memory in use, in bytes or as a number of objects."""


class Columns(NamedTuple):
    """The value columns that belong to a sample type."""

    value: int
    """The column itself."""
    allocated: int | None
    """The same unit, allocated since the process started."""
    objects: int | None
    space: int | None
    """The columns of objects and of bytes. For other types both are the column itself."""
    comes_and_goes: bool = False
    """Whether it is an exact number of what comes and goes by chance: goroutines, but not leaked ones."""


def columns(types: Sequence[ValueType], sample_type: ValueType) -> Columns:
    """Return the columns that belong to one of these sample types."""
    name = sample_type.type
    since_start = column_of(types, name.replace("inuse_", "alloc_"))
    is_alloc = since_start is not None and types[since_start].type.startswith("alloc_")
    objects, space = _counterpart(types, name, SIZES, COUNTS), _counterpart(types, name, COUNTS, SIZES)
    return Columns(types.index(sample_type), since_start if is_alloc else None, objects, space, name in COME_AND_GO)


def _counterpart(types: Sequence[ValueType], name: str, ours: Sequence[str], theirs: Sequence[str]) -> int | None:
    """Return the column of a type's counts or bytes; the type's own if it is that already, None if there is none."""
    word = next((word for word in ours if word in name), None)
    if word is None:
        return column_of(types, name)
    numbers = (column_of(types, name.replace(word, other)) for other in theirs)
    return next((number for number in numbers if number is not None), None)


def column_of(types: Sequence[ValueType], name: str) -> int | None:
    """Return the column of the sample type with this name; None if there is none."""
    return next((i for i, sample_type in enumerate(types) if sample_type.type == name), None)


def shared(head: Sequence[ValueType], base: Sequence[ValueType]) -> tuple[ValueType, ...]:
    """Return the sample types that two profiles have in common, in the order of the head."""
    return tuple(sample_type for sample_type in head if sample_type in base)


def column(types: Sequence[ValueType], default: str, chosen: str = "") -> int | None:
    """Return the column of `chosen`; for "", of the one that pprof shows: the file's default, inuse_space or the last.

    Returns None if the file has no such type. Source: pprof's SampleIndexByName.
    """
    names = [t.type for t in types]
    if chosen:
        return names.index(chosen) if chosen in names else None
    for name in (default, HEAP_DEFAULT):
        if name in names:
            return names.index(name)
    return len(names) - 1


def leading_column(types: Sequence[ValueType], default: str, is_empty: Callable[[ValueType], bool]) -> int:
    """Return the column that is shown first: of what allocates, if there is any, and never an empty one before others.

    pprof takes the last type of a file without a default, which may be anything: profilers write locks, time and
    allocations into one file. The file's own default counts if it allocates. Then come inuse_space, other bytes in use,
    bytes allocated, counts, and pprof's choice.
    """
    pprofs = column(types, default)

    def rank(number: int) -> tuple[bool, bool, bool, bool, bool, bool]:
        name = types[number].type
        return (
            is_empty(types[number]),
            not allocates(name),
            name != default,
            name != HEAP_DEFAULT,
            not is_held(name),
            not _is_size(types[number]),
        )

    return min(range(len(types)), key=lambda number: (rank(number), number != pprofs))


def allocates(name: str) -> bool:
    """Return whether a sample type is about memory: what was allocated, or what is in use."""
    return ALLOCATES.fullmatch(name) is not None


def is_held(name: str) -> bool:
    """Return whether a sample type counts what is in use now: memory, or goroutines. Its growth can be a leak.

    Totals since the start of the process, such as alloc_space, always grow.
    """
    return name in GOROUTINES or HELD.fullmatch(name) is not None


def _is_size(kind: ValueType) -> bool:
    return kind.unit == "bytes" or any(word in kind.type for word in SIZES)


def judged(types: Sequence[ValueType]) -> ValueType | None:
    """Return the sample type that verdicts judge: memory in use, in bytes if they are known, else goroutines."""
    held = [sample_type for sample_type in types if is_held(sample_type.type)]
    rank = {HEAP_DEFAULT: -1, **{name: 2 + at for at, name in enumerate(GOROUTINES)}}
    return min(held, key=lambda sample_type: rank.get(sample_type.type, not _is_size(sample_type)), default=None)
