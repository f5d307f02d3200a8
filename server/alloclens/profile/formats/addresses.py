"""Builds profiles from stacks of addresses, as in all formats older than profile.proto."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from itertools import chain, compress
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from alloclens.arrays import offsets
from alloclens.profile.errors import Malformed
from alloclens.profile.formats.memory_map import NO_MAP, MemoryMap
from alloclens.profile.model import Frame, Frames, Functions, Labels, Locations, Mappings, Profile

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
        raise Malformed("a stack contains something that is not an address: ", str(error)) from error
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
    at = offsets(np.array([len(f) for f in frames], np.int64))
    functions, rows = _functions(list(chain.from_iterable(frames)), strings)
    return Profile(
        sample_types=sample_types,
        locations=Locations(mapping, address.view(np.int64), at),
        frames=rows,
        functions=functions,
        mappings=mappings,
        labels=_labels(labels, strings),
        replaced=memory_map.replaced,
        strings=tuple(strings.rows),
        **_samples(stacks.values, stacks.depth, location.reshape(-1)),
        **others,  # type: ignore[arg-type]  # each has its field's type
    )


def assemble_numbered(
    sample_types: tuple[ValueType, ...],
    values: Ints,
    depth: Ints,
    number: Ints,
    frames: Sequence[Frame],
    **others: object,
) -> Profile:
    """Build a profile of stacks that have no addresses.

    `number` holds the stacks, concatenated, leaf first: of each frame its index in `frames`, of which those in no stack are left
    out. Raises Malformed if there is no such frame.
    """
    if number.min(initial=0) < 0 or number.max(initial=-1) >= len(frames):
        raise Malformed("a stack has a frame that is not in the list of frames")
    used = np.zeros(len(frames), np.bool_)
    used[number] = True
    strings = _Strings()
    functions, rows = _functions(list(compress(frames, used.tolist())), strings)
    none = np.zeros(0, np.int64)
    return Profile(
        sample_types=sample_types,
        locations=Locations(np.full_like(rows.line, -1), np.zeros_like(rows.line), np.arange(len(rows.line) + 1)),
        frames=rows,
        functions=functions,
        mappings=Mappings(none, none, none, none, none),
        labels=_labels((), strings),
        strings=tuple(strings.rows),
        **_samples(values, depth, (np.cumsum(used) - 1)[number]),
        **others,  # type: ignore[arg-type]  # each has its field's type
    )


def _samples(values: Ints, depth: Ints, location: Ints) -> dict[str, Any]:
    """Return the fields of Profile that are the same in all profiles built here."""
    return {
        "default_sample_type": "",
        "values": values,
        "location_at": offsets(depth),
        "location": location.astype(np.int32),
        "is_base": np.zeros(len(values), np.bool_),
    }


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
