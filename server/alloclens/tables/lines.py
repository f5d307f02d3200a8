"""The values of a profile by source line."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from alloclens.arrays import some
from alloclens.paths import name_of
from alloclens.profile.kernel import LoadedValues, arena
from alloclens.stats.sampling import SampleErrors, errors, sampling_rate
from alloclens.tables import attribution
from alloclens.tables.attribution import Attribution
from alloclens.tables.holders import MAX_CALLERS, Holders, holders
from alloclens.tables.sites import RecordedLine, by_source_line

if TYPE_CHECKING:
    from alloclens.arrays import Floats, Ints, Mask
    from alloclens.profile.arena import Arena
    from alloclens.profile.kernel import LoadedStacks
    from alloclens.profile.model import Profile, ValueType
    from alloclens.tables.sites import Sites


class Measures(NamedTuple):
    """The three measures of each line, as floats: integers up to 2^53 stay exact."""

    flat: Floats
    """Sum of the samples whose leaf is the line."""
    cum: Floats
    """Sum of the samples with the line anywhere in their stack, each once."""
    owned: Floats
    """Sum of the samples whose deepest frame in own code is the line."""


class Ownership(NamedTuple):
    """The ownership of each file of a profile."""

    own: Sequence[bool]
    """Whether it is own code."""
    lost: Sequence[bool]
    """Whether it was not found and may be own code."""


OwnershipOf = Callable[[Mapping[str, Sequence[str]]], Ownership]
"""From recorded files, each with its functions' names, to their ownership."""


@dataclass(frozen=True, eq=False)
class Lines:
    """One row for each source line of a profile, sorted by file and line."""

    sample_types: tuple[ValueType, ...]
    files: tuple[str, ...]
    """Recorded names, cleaned."""
    own: Mask
    """Which files are own code."""
    lost: Mask
    """Which files were not found and may be own code."""
    charged: Ints
    """Sum of |value| of the samples charged to each file, shape (files + 1, sample types).

    A sample is charged to the deepest own or lost file of its stack, else to its leaf's file, which is "" if the profile names
    only its function; and to the last row if its leaf is an address without a name, or if it has no stack.
    """
    functions: LineFunctions
    file: Ints
    """Row number in `files`."""
    line: Ints
    """1-based; 0 if unknown."""
    value: Measures
    """In the units of the sample types; each of shape (lines, sample types)."""
    variance: Measures
    """Sampling variance of `value`, in the same shape; nan if unknown."""
    sampled: Measures
    """Number of sampled objects in `value`, in the same shape; nan if unknown."""
    cut: Measures
    extremes: Measures
    """Sums of the samples' `SampleErrors`, in the same shape."""
    total: Ints
    """Sum of all samples, including those without a line; shape (sample types,)."""
    rate: float
    """Mean bytes between two samples of a heap profile; 0 if it is not sampled."""
    unplaced: Ints
    """Sum of |value| of the samples whose stacks name no file; shape (sample types,)."""
    holders: Holders
    """What is owned, by callers, and what no own code owns."""
    by_function: bool = False
    """Whether each line is that of a function and stands for all of it, because the writer records no other."""

    def __len__(self) -> int:
        return len(self.line)

    @cached_property
    def by_name(self) -> dict[str, dict[str, int]]:
        """Index of each file, by the last element of its path."""
        out: dict[str, dict[str, int]] = {}
        for number, file in enumerate(self.files):
            out.setdefault(name_of(file), {})[file] = number
        return out

    def number(self, file: str) -> int | None:
        """Return the index of a recorded file; None if the profile does not name it."""
        return self.by_name.get(name_of(file), {}).get(file)

    def rows_in(self, file: int) -> Ints:
        """Return the rows of one of the files."""
        return np.arange(*np.searchsorted(self.file, [file, file + 1]))

    def at(self, row: int) -> RecordedLine:
        """Return the line of a row."""
        return RecordedLine(self.files[self.file[row]], int(self.line[row]))

    def function(self, row: int) -> str:
        """Return the function that a row's line is in; "" if unknown."""
        number = int(self.functions.of_line[row])
        return self.functions.name[number] if number >= 0 else ""

    def row_of(self, recorded: str, line: int) -> int | None:
        """Return the row of a recorded line; None if the profile does not name it."""
        number = self.number(recorded)
        if number is None:
            return None
        rows = self.rows_in(number)
        at = int(np.searchsorted(self.line[rows], line))
        return int(rows[at]) if at < len(rows) and self.line[rows[at]] == line else None


@dataclass(frozen=True, eq=False)
class UnattributedLines:
    """The source lines of a profile, before their ownership is known."""

    profile: Profile
    sites: Sites
    files: tuple[str, ...]
    """Recorded names, clean."""
    file: Ints
    """Index in `files` of each site."""
    functions: LineFunctions

    @property
    def by_file(self) -> dict[str, tuple[str, ...]]:
        """The names of each file's functions."""
        return self.functions.by_file(self.files)


def unattributed(profile: Profile) -> UnattributedLines:
    """Return the source lines of a profile."""
    sites = by_source_line(profile)
    numbers, file = np.unique(sites.file, return_inverse=True)
    files = tuple(sites.texts[i] for i in numbers.tolist())
    return UnattributedLines(profile, sites, files, file, line_functions(profile, sites, file))


def lines(profile: Profile, judge: OwnershipOf) -> Lines:
    """Return the values of every line. `judge` is called once, for all files."""
    without_owners = unattributed(profile)
    return attributed(without_owners, judge(without_owners.by_file))


def attributed(of: UnattributedLines, whose: Ownership) -> Lines:
    """Return the values of every line, given the ownership of the files."""
    profile, sites, file = of.profile, of.sites, of.file
    own, lost = (np.array(mask, np.bool_) for mask in whose)
    may_own = ~attribution.allocators(profile, sites)
    flat, count = attribution.flat(profile, sites), len(sites)
    with arena() as memory:
        stacks, values = attribution.stacks(memory, profile, sites), _SampleSums(memory, profile)
        owners = stacks.owned(own[file] & may_own, 1 + MAX_CALLERS)
        deepest = stacks.owned((own | lost)[file] & may_own, 1) if lost.any() else owners
        sums = values.by(flat.site, count), values.cum(stacks), values.by(owners[:, 0], count)
        held = holders(profile, owners, values.by)
    value = Measures(*(whole.astype(np.float64) for whole, _ in sums))
    variance, sampled, cut, extremes = (Measures(*parts) for parts in zip(*(error for _, error in sums), strict=True))
    return Lines(
        sample_types=profile.sample_types,
        files=of.files,
        own=own,
        lost=lost,
        charged=_charged(profile, flat, Attribution(deepest[:, 0], count), file, len(of.files)),
        functions=of.functions,
        file=file,
        line=sites.line,
        value=value,
        variance=variance,
        sampled=sampled,
        cut=cut,
        extremes=extremes,
        total=profile.values.sum(axis=0),
        rate=sampling_rate(profile),
        unplaced=unplaced(profile),
        holders=held,
        by_function=profile.by_function,
    )


class _SampleSums:
    """Sums the values and errors of samples."""

    def __init__(self, memory: Arena, profile: Profile) -> None:
        every = [column for error in errors(profile) for column in error.T]
        # Equal columns have equal sums. As bits, nan is equal to itself; those that differ do so within a few samples.
        raw = [memoryview(column.view(np.int64)) for column in every]
        first = [raw.index(column) for column in raw]
        distinct = sorted(set(first))
        self._place = [distinct.index(i) for i in first]
        self._values = LoadedValues(memory, len(profile), list(profile.values.T), [every[i] for i in distinct])

    def by(self, group: Ints, groups: int) -> tuple[Ints, SampleErrors]:
        """Sum the samples of each group, without those in group -1; each with shape (groups, sample types)."""
        return self._named(*self._values.by(group, groups))

    def cum(self, stacks: LoadedStacks) -> tuple[Ints, SampleErrors]:
        """Add each sample to every site of its stack, once; each with shape (sites, sample types)."""
        return self._named(*stacks.cum(self._values))

    def _named(self, whole: Ints, fractions: Floats) -> tuple[Ints, SampleErrors]:
        return whole, SampleErrors(*np.split(fractions[:, self._place], len(SampleErrors._fields), axis=1))


def _charged(profile: Profile, flat: Attribution, owned_or_lost: Attribution, file: Ints, files: int) -> Ints:
    """Charge each sample to one file, that of its own or lost site or else of its leaf, or to none: shape (files + 1, sample types)."""
    leaf = np.where(_is_named(profile), flat.site, -1)
    site = np.where(owned_or_lost.site >= 0, owned_or_lost.site, leaf)
    of_sample = np.append(file, files)[site]  # the last entry is for site -1
    charged: Ints = Attribution(of_sample, files + 1).sum(np.abs(profile.values))
    return charged


def _is_named(profile: Profile) -> Mask:
    """Return which samples have a leaf with a function or a file."""
    texts = np.array([bool(text) for text in profile.strings], np.bool_)
    of_function = np.append(
        texts[profile.functions.name] | texts[profile.functions.file], False
    )  # the last is for row -1
    stacked = np.flatnonzero(np.diff(profile.location_at))
    leaf = profile.locations.frame_at[profile.location[profile.location_at[stacked]]]
    out = np.zeros(len(profile), np.bool_)
    out[stacked] = of_function[profile.frames.function[leaf]]
    return out


UNKNOWN_START = np.iinfo(np.int64).max
"""Sorts an unknown start after every known one."""


@dataclass(frozen=True, eq=False)
class LineFunctions:
    """One row for each function, sorted by file."""

    name: tuple[str, ...]
    start_line: Ints
    """Line of its declaration, 1-based; 0 if unknown."""
    file: Ints
    of_line: Ints
    """Function of each line; -1 for none."""

    def rows_of(self, file: int) -> range:
        """Return the rows of one file's functions."""
        return range(*np.searchsorted(self.file, [file, file + 1]).tolist())

    def by_file(self, files: Sequence[str]) -> dict[str, tuple[str, ...]]:
        """Return the names of each file's functions."""
        at = np.searchsorted(self.file, np.arange(len(files) + 1)).tolist()
        return {file: self.name[begin:end] for file, begin, end in zip(files, at[:-1], at[1:], strict=True)}


def line_functions(profile: Profile, sites: Sites, file: Ints) -> LineFunctions:
    """Return the functions of source lines. `file` is the index of each site's file.

    If several functions are on one line, the one declared first, the outermost, is taken.
    """
    row = profile.frames.function
    known = np.flatnonzero(row >= 0)
    row, site = row[known], sites.of_frame[known]
    start = profile.functions.start_line[row]
    order = np.lexsort((row, np.where(start > 0, start, UNKNOWN_START), site))
    first = order[np.diff(site[order], prepend=-1) > 0]
    count = max(len(profile.functions.name), 1)
    pairs, of_site = np.unique(file[site[first]] * count + row[first], return_inverse=True)
    owner, function = np.divmod(pairs, count)
    of_line = np.full(len(sites), -1)
    of_line[site[first]] = of_site
    names = tuple(profile.text(profile.functions.name[function]))
    return LineFunctions(names, np.maximum(profile.functions.start_line[function], 0), owner, of_line)


def unplaced(profile: Profile) -> Ints:
    """Return the part of `total` whose stacks name no file: shape (sample types,).

    A sum of |value|, in a difference over the base's samples.
    """
    values = np.abs(profile.values)
    if profile.is_base.any():
        values = np.where(profile.is_base[:, None], values, 0)
    result: Ints = values[_lacks_a_file(profile)].sum(axis=0)
    return result


def _lacks_a_file(profile: Profile) -> Mask:
    """Return which samples have no frame with a file."""
    texts = np.array([bool(text) for text in profile.strings], np.bool_)
    of_function = np.append(texts[profile.functions.file], False)  # the last entry is for row -1, no function
    of_location = some(of_function[profile.frames.function], profile.locations.frame_at)
    if of_location.all():  # as usual
        return np.asarray(np.diff(profile.location_at) == 0)
    return ~some(of_location[profile.location], profile.location_at)
