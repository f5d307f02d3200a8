"""The profile: the tables of pprof's profile.proto, as columns.

A *stack* is the frames of one sample, leaf first. A location with several lines is several frames (inlined calls,
innermost first). All references are row numbers; -1 means none.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from alloclens.arrays import offsets, owners, spread

if TYPE_CHECKING:
    from alloclens.arrays import Indices, Ints, Mask


class ValueType(NamedTuple):
    """The meaning of a value, such as ("inuse_space", "bytes")."""

    type: str
    unit: str


class Frame(NamedTuple):
    """One frame of a stack, as recorded."""

    function: str
    file: str
    line: int
    """1-based; 0 if unknown."""
    binary: str = ""
    """The file of the program or library that a frame without a name is in; "" if unknown, and of others."""


@dataclass(frozen=True, eq=False)
class Functions:
    """One row for each function; the columns are row numbers in `Profile.strings`."""

    name: Ints
    system_name: Ints
    file: Ints
    start_line: Ints
    """Line of the declaration; 0 if unknown."""


@dataclass(frozen=True, eq=False)
class Mappings:
    """One row for each binary; the text columns are row numbers in `Profile.strings`."""

    file: Ints
    build_id: Ints
    start: Ints
    """Start address in memory. In all address columns, addresses from 2^63 on are negative."""
    limit: Ints
    """The first address after it."""
    offset: Ints
    """Offset of `start` in the file."""


@dataclass(frozen=True, eq=False)
class Locations:
    """One row for each location; location i has the frames frame_at[i]:frame_at[i + 1]."""

    mapping: Ints
    address: Ints
    """Address in memory; 0 if unknown."""
    frame_at: Ints
    """Shape (locations + 1,); every location has at least one frame."""


@dataclass(frozen=True, eq=False)
class Frames:
    """One row for each frame of each location, innermost first."""

    function: Ints
    line: Ints


@dataclass(frozen=True, eq=False)
class Labels:
    """One row for each label of each sample, by sample; the text columns are row numbers in `Profile.strings`."""

    sample: Indices
    key: Indices
    text: Indices
    """0 if the label is a number."""
    number: Ints
    unit: Indices


@dataclass(frozen=True)
class MemStats:
    """The Go runtime's statistics of the whole process, in bytes."""

    heap_in_use: int
    heap_idle: int
    stack_in_use: int
    sys: int
    """Obtained from the operating system."""
    next_gc: int = 0
    """The heap at which the next garbage collection starts; 0 if none does."""


@dataclass(frozen=True, eq=False)
class Profile:
    """A profile, read from one file or computed as the difference of two."""

    sample_types: tuple[ValueType, ...]
    default_sample_type: str
    """The type to show first, as the file says; "" if it does not."""
    values: Ints
    """Shape (samples, sample types)."""
    location_at: Ints
    """Shape (samples + 1,): sample i has the locations location[location_at[i]:location_at[i + 1]], leaf first."""
    location: Indices
    locations: Locations
    frames: Frames
    functions: Functions
    mappings: Mappings
    strings: tuple[str, ...]
    labels: Labels
    is_base: Mask
    """Samples with the label pprof::base, which belong to the base of a difference."""
    time_nanos: int = 0
    duration_nanos: int = 0
    period: int = 0
    period_type: ValueType | None = None
    drop_frames: str = ""
    keep_frames: str = ""
    comments: tuple[str, ...] = ()
    mem_stats: MemStats | None = None
    is_delta: bool = False
    """Whether net/http/pprof computed the difference over N seconds (?seconds=N)."""
    replaced: frozenset[str] = frozenset()
    """Recorded names of binaries that were replaced while the program ran, as its memory map says."""
    is_pprof: bool = False
    """Whether `go tool pprof` reads its format, and shows the same numbers."""
    by_function: bool = False
    """Whether the line of a frame is that of its function, because the writer records no other."""
    columns: Ints | None = None
    """The column of each frame, from 0, if it was recorded and tells functions of a line apart. Valid until frames are changed."""

    def __len__(self) -> int:
        return len(self.values)

    @property
    def build_id(self) -> str:
        """The build id of the program, which is the first mapping; "" if unknown."""
        return next(iter(self.text(self.mappings.build_id[:1])), "")

    @property
    def is_difference(self) -> bool:
        """Whether the values certainly are a difference already and must not be subtracted again.

        A duration proves nothing: continuous profilers also record one for what was in use at its end.
        """
        in_use = (i for i, t in enumerate(self.sample_types) if t.type.startswith("inuse_"))
        return self.is_delta or bool(self.is_base.any()) or any(self.values[:, i].min(initial=0) < 0 for i in in_use)

    @cached_property
    def block_size(self) -> Ints:
        """The mean object size of each sample in bytes, from its label `bytes`; 0 if unknown."""
        out = np.zeros(len(self), np.int64)
        keys = [i for i, text in enumerate(self.strings) if text == "bytes"]
        hit = np.isin(self.labels.key, keys) & (self.labels.text == 0)
        out[self.labels.sample[hit]] = self.labels.number[hit]
        return out

    @cached_property
    def frame_at(self) -> Ints:
        """Offsets of each sample's frames in `stack_frames`: shape (samples + 1,)."""
        return self._stacks[0]

    @cached_property
    def stack_frames(self) -> Ints:
        """The frames of all samples, concatenated, leaf first."""
        return self._stacks[1]

    @cached_property
    def _stacks(self) -> tuple[Ints, Ints]:
        width = np.diff(self.locations.frame_at)[self.location]
        depth = np.bincount(owners(np.diff(self.location_at)), weights=width, minlength=len(self)).astype(np.int64)
        return offsets(depth), spread(self.locations.frame_at[self.location], width)

    def text(self, column: Ints) -> list[str]:
        """Look up a column of row numbers in `strings`; "" for -1."""
        return [self.strings[i] if i >= 0 else "" for i in column.tolist()]

    def frame(self, row: int) -> Frame:
        """Return one frame with its names."""
        function = int(self.frames.function[row])
        if function < 0:
            return Frame("", "", 0)
        name, file = self.functions.name[function], self.functions.file[function]
        return Frame(self.strings[name], self.strings[file], int(self.frames.line[row]))
