"""Builds profiles from stacks of addresses, as in all formats older than profile.proto."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from alloclens.arrays import offsets
from alloclens.profile.errors import Malformed
from alloclens.profile.formats.memory_map import NO_MAP, MemoryMap
from alloclens.profile.model import Frame, Frames, Functions, Labels, Locations, Profile

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from alloclens.arrays import Ints
    from alloclens.profile.model import ValueType


UNKNOWN = (Frame("", "", 0),)
HEX = re.compile(r"0x([0-9a-f]+)")


class Label(NamedTuple):
    """A label of one sample: a text or a number."""

    sample: int
    key: str
    value: str | int


@dataclass(frozen=True, eq=False)
class Stacks:
    """One row for each sample."""

    values: Ints
    """Shape (samples, sample types)."""
    depth: Ints
    address: NDArray[np.uint64]
    """Addresses of all samples, concatenated, leaf first."""


@dataclass
class _Strings:
    """A string table that adds strings as needed; "" is row 0."""

    rows: dict[str, int] = field(default_factory=lambda: {"": 0})

    def __call__(self, texts: Iterable[str]) -> Ints:
        return np.array([self.rows.setdefault(text, len(self.rows)) for text in texts], np.int64)


def addresses(texts: Sequence[str], *, callers: bool) -> tuple[Ints, NDArray[np.uint64]]:
    """Parse lists such as " 0x46a2b1 0x46a2f0" into their lengths and all addresses. Raises Malformed.

    With `callers`, addresses are return addresses: 1 is subtracted to get the call.
    """
    lists = [HEX.findall(text) for text in texts]
    try:
        numbers = np.array([int(word, 16) for word in chain.from_iterable(lists)], np.uint64)
    except (ValueError, OverflowError) as error:
        raise Malformed(f"a stack contains something that is not an address: {error}") from error
    return np.array([len(words) for words in lists], np.int64), numbers - np.uint64(callers)


def without_twins(depth: Ints, address: NDArray[np.uint64]) -> tuple[Ints, NDArray[np.uint64]]:
    """Remove the second address of a stack if it repeats the leaf, minus 1."""
    deep = depth > 1
    second = offsets(depth)[:-1][deep] + 1
    is_twin = address[second - 1] == address[second] + np.uint64(1)
    depth = depth.copy()
    depth[deep] -= is_twin
    return depth, np.delete(address, second[is_twin])


def assemble(
    sample_types: tuple[ValueType, ...],
    stacks: Stacks,
    *,
    memory_map: MemoryMap = NO_MAP,
    symbols: Mapping[int, Sequence[Frame]] | None = None,
    labels: Iterable[Label] = (),
    **others: object,
) -> Profile:
    """Build a profile. `symbols`: the frames of an address, innermost first; `others`: further fields of Profile."""
    strings = _Strings()
    address, seen, location = np.unique(stacks.address, return_index=True, return_inverse=True)
    frames = [(symbols or {}).get(a) or UNKNOWN for a in address.tolist()]
    mappings, mapping = memory_map.placed(address, seen, strings)
    functions, rows = _functions(list(chain.from_iterable(frames)), strings)
    return Profile(
        sample_types=sample_types,
        default_sample_type="",
        values=stacks.values,
        location_at=offsets(stacks.depth),
        location=location.reshape(-1).astype(np.int32),
        locations=Locations(mapping, address.view(np.int64), offsets(np.array([len(f) for f in frames], np.int64))),
        frames=rows,
        functions=functions,
        mappings=mappings,
        labels=_labels(labels, strings),
        strings=tuple(strings.rows),
        is_base=np.zeros(len(stacks.values), np.bool_),
        **others,  # type: ignore[arg-type]  # each has its field's type
    )


def named(profile: Profile, names: Mapping[int, Sequence[Frame]]) -> Profile:
    """Return a profile of addresses with these frames, innermost first.

    For callers, writers name either the call or the return address, which is 1 higher.
    """
    strings = _Strings({text: row for row, text in enumerate(profile.strings)})
    address = profile.locations.address.view(np.uint64).tolist()
    frames = [names.get(a) or names.get(a + 1) or UNKNOWN for a in address]
    functions, rows = _functions(list(chain.from_iterable(frames)), strings)
    locations = replace(profile.locations, frame_at=offsets(np.array([len(f) for f in frames], np.int64)))
    return replace(profile, locations=locations, frames=rows, functions=functions, strings=tuple(strings.rows))


def _functions(frames: Sequence[Frame], strings: _Strings) -> tuple[Functions, Frames]:
    """Return the distinct functions, and each frame's function and line."""
    rows: dict[tuple[str, str], int] = {}
    known = [rows.setdefault((f.function, f.file), len(rows)) if f.function or f.file else -1 for f in frames]
    name, file = strings(name for name, _ in rows), strings(file for _, file in rows)
    lines = np.array([f.line for f in frames], np.int64)
    return Functions(name, name, file, np.zeros_like(name)), Frames(np.array(known, np.int64), lines)


def _labels(labels: Iterable[Label], strings: _Strings) -> Labels:
    rows = list(labels)
    text = strings(row.value if isinstance(row.value, str) else "" for row in rows)
    number = np.array([0 if isinstance(row.value, str) else row.value for row in rows], np.int64)
    sample = np.array([row.sample for row in rows], np.int32)
    key = strings(row.key for row in rows).astype(np.int32)
    return Labels(sample, key, text.astype(np.int32), number, np.zeros_like(key))
