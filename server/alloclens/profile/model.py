"""What a profile is: the tables of pprof's profile.proto, as columns.

A *stack* is the frames of one sample, leaf first. A location with several lines is several frames (inlined calls,
innermost first). Everything that points elsewhere does so by row number, -1 where it points nowhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from alloclens.arrays import offsets, owners, spread

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from alloclens.arrays import Ints, Mask

    Indices = NDArray[np.int32]


class ValueType(NamedTuple):
    """What a value means, such as ("inuse_space", "bytes")."""

    type: str
    unit: str


class Frame(NamedTuple):
    """One place of one stack, as the profile recorded it."""

    function: str
    file: str
    line: int
    """1-based; 0 where unknown."""


@dataclass(frozen=True, eq=False)
class Functions:
    """One row for each function; the columns are row numbers in `Profile.strings`."""

    name: Ints
    system_name: Ints
    file: Ints
    start_line: Ints
    """The line of the function's declaration; 0 where unknown."""


@dataclass(frozen=True, eq=False)
class Mappings:
    """One row for each binary; the text columns are row numbers in `Profile.strings`."""

    file: Ints
    build_id: Ints
    start: Ints
    """Where it lay in memory; addresses of 2^63 and more are negative here and in every such column."""
    limit: Ints
    """The first address behind it."""
    offset: Ints
    """Where in the file `start` lies."""


@dataclass(frozen=True, eq=False)
class Locations:
    """One row for each location; location i has the frames frame_at[i]:frame_at[i + 1]."""

    mapping: Ints
    address: Ints
    """In memory; 0 where unknown."""
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
    """0 where the label is a number."""
    number: Ints
    unit: Indices


@dataclass(frozen=True)
class MemStats:
    """What the Go runtime says of the whole process beside the profile, in bytes."""

    heap_in_use: int
    heap_idle: int
    stack_in_use: int
    sys: int
    """Obtained from the operating system."""
    gc_count: int


@dataclass(frozen=True, eq=False)
class Profile:
    """A profile, as read from one file or as the difference of two."""

    sample_types: tuple[ValueType, ...]
    default_sample_type: str
    """The type the file asks to be shown first; "" where it does not say."""
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
    """Samples that carry the label pprof::base: they belong to the base of a difference."""
    time_nanos: int = 0
    duration_nanos: int = 0
    period: int = 0
    period_type: ValueType | None = None
    drop_frames: str = ""
    keep_frames: str = ""
    comments: tuple[str, ...] = ()
    mem_stats: MemStats | None = None
    is_delta: bool = False
    """Written by net/http/pprof for ?seconds=N: what came and went in N seconds."""

    def __len__(self) -> int:
        return len(self.values)

    @property
    def build_id(self) -> str:
        """Of the program: its binary is the first mapping. "" where it is not known."""
        return next(iter(self.text(self.mappings.build_id[:1])), "")

    @property
    def is_difference(self) -> bool:
        """Whether the values are provably a difference already, which must not be subtracted from another.

        A duration proves nothing: continuous profilers give one to what was in use at its end.
        """
        in_use = (i for i, t in enumerate(self.sample_types) if t.type.startswith("inuse_"))
        return self.is_delta or bool(self.is_base.any()) or any(self.values[:, i].min(initial=0) < 0 for i in in_use)

    @cached_property
    def block_size(self) -> Ints:
        """Return the mean bytes of the objects of each sample, from its label `bytes`; 0 where unknown."""
        out = np.zeros(len(self), np.int64)
        keys = [i for i, text in enumerate(self.strings) if text == "bytes"]
        hit = np.isin(self.labels.key, keys) & (self.labels.text == 0)
        out[self.labels.sample[hit]] = self.labels.number[hit]
        return out

    @cached_property
    def frame_at(self) -> Ints:
        """Return where the frames of each sample begin in `stack_frames`: shape (samples + 1,)."""
        return self._stacks[0]

    @cached_property
    def stack_frames(self) -> Ints:
        """Return the frames of all samples, one stack behind the other, leaf first."""
        return self._stacks[1]

    @cached_property
    def _stacks(self) -> tuple[Ints, Ints]:
        width = np.diff(self.locations.frame_at)[self.location]
        depth = np.bincount(owners(np.diff(self.location_at)), weights=width, minlength=len(self)).astype(np.int64)
        return offsets(depth), spread(self.locations.frame_at[self.location], width)

    def text(self, column: Ints) -> list[str]:
        """Return the strings a column of row numbers means; "" for -1."""
        return [self.strings[i] if i >= 0 else "" for i in column.tolist()]

    def frame(self, row: int) -> Frame:
        """Return one frame in words."""
        function = int(self.frames.function[row])
        if function < 0:
            return Frame("", "", 0)
        name, file = self.functions.name[function], self.functions.file[function]
        return Frame(self.strings[name], self.strings[file], int(self.frames.line[row]))
