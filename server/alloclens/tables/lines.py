"""The numbers of one profile on its source lines: what an editor needs of a snapshot, and all it keeps of most."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from alloclens.arrays import some
from alloclens.stats.sampling import errors, sampling_rate
from alloclens.tables import attribution
from alloclens.tables.sites import by_source_line

if TYPE_CHECKING:
    from alloclens.arrays import Floats, Ints, Mask
    from alloclens.profile.model import Profile, ValueType
    from alloclens.tables.sites import Sites


class Measures(NamedTuple):
    """The three measures of each line, as floats: whole numbers up to 2^53 bytes stay exact."""

    flat: Floats
    """Samples whose leaf is the line."""
    cum: Floats
    """Samples that have the line anywhere in their stack, each once."""
    owned: Floats
    """Samples whose deepest frame in the user's own code is the line."""


class Ownership(NamedTuple):
    """Whose the files of a profile are; an entry for each."""

    own: Sequence[bool]
    """The user's own code."""
    lost: Sequence[bool]
    """Not found, and perhaps the user's own."""


OwnershipOf = Callable[[Mapping[str, Sequence[str]]], Ownership]
"""From the recorded files, each with the names of its functions."""


@dataclass(frozen=True, eq=False)
class Lines:
    """One row for each source line a profile names, by file and then by line."""

    sample_types: tuple[ValueType, ...]
    files: tuple[str, ...]
    """Recorded names, clean."""
    own: Mask
    """Which of the files are the user's own code."""
    lost: Mask
    """Which of the files were not found, and may be the user's own."""
    charged: Ints
    """The sum of |value| of the samples that each file is charged with, shape (files + 1, sample types).

    A sample is charged to the deepest file of its stack that is own or lost, else to its leaf's, else to the last row.
    """
    functions: LineFunctions
    file: Ints
    """Row number in `files`."""
    line: Ints
    """1-based; 0 where unknown."""
    value: Measures
    """In the units of the sample types; each of shape (lines, sample types)."""
    variance: Measures
    """Of `value`, by sampling, in the same shape; nan where it is not known."""
    sampled: Measures
    """How many sampled objects `value` is made of, in the same shape; nan where it is not known."""
    total: Ints
    """The sum of all samples, also of those without a line; shape (sample types,)."""
    rate: float
    """Bytes between two samples of a heap; 0 where all is counted."""
    unplaced: Ints
    """The sum of |value| of the samples whose stacks name no file at all; shape (sample types,)."""

    def __len__(self) -> int:
        return len(self.line)

    @cached_property
    def by_name(self) -> dict[str, dict[str, int]]:
        """The row numbers of the files, by the last element of their paths."""
        out: dict[str, dict[str, int]] = {}
        for number, file in enumerate(self.files):
            out.setdefault(file[max(file.rfind("/"), file.rfind("\\")) + 1 :], {})[file] = number
        return out

    def number(self, file: str) -> int | None:
        """Return the row number of a recorded file; None where the profile does not name it."""
        return self.by_name.get(file[max(file.rfind("/"), file.rfind("\\")) + 1 :], {}).get(file)

    def rows_in(self, file: int) -> Ints:
        """Return the rows of one of the files."""
        return np.arange(*np.searchsorted(self.file, [file, file + 1]))

    def row_of(self, recorded: str, line: int) -> int | None:
        """Return the row of a recorded line; None where the profile does not name it."""
        number = self.number(recorded)
        if number is None:
            return None
        rows = self.rows_in(number)
        at = int(np.searchsorted(self.line[rows], line))
        return int(rows[at]) if at < len(rows) and self.line[rows[at]] == line else None


@dataclass(frozen=True, eq=False)
class UnattributedLines:
    """The source lines that a profile names, before it is known whose they are."""

    profile: Profile
    sites: Sites
    files: tuple[str, ...]
    """Recorded names, clean."""
    file: Ints
    """Of each site, row number in `files`."""
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
    """Return the numbers of every line. `judge` is asked once, about all files."""
    found = unattributed(profile)
    return attributed(found, judge(found.by_file))


def attributed(of: UnattributedLines, whose: Ownership) -> Lines:
    """Return the numbers of every line, with the files being whose they are."""
    profile, sites, file = of.profile, of.sites, of.file
    own, lost = (np.array(one, np.bool_) for one in whose)
    values, both = profile.values, np.concatenate(errors(profile), axis=1)
    flat, owned = attribution.flat(profile, sites), attribution.owned(profile, sites, own[file])
    value = flat.sum(values), attribution.cum(profile, sites, values), owned.sum(values)
    error = flat.sum(both), attribution.cum(profile, sites, both), owned.sum(both)
    types = len(profile.sample_types)
    return Lines(
        sample_types=profile.sample_types,
        files=of.files,
        own=own,
        lost=lost,
        charged=_charged(profile, sites, file, own | lost),
        functions=of.functions,
        file=file,
        line=sites.line,
        value=Measures(*(measure.astype(np.float64) for measure in value)),
        variance=Measures(*(measure[:, :types] for measure in error)),
        sampled=Measures(*(measure[:, types:] for measure in error)),
        total=profile.values.sum(axis=0),
        rate=sampling_rate(profile),
        unplaced=unplaced(profile),
    )


def _charged(profile: Profile, sites: Sites, file: Ints, wanted: Mask) -> Ints:
    """Charge each sample to one file, or to none: shape (files + 1, sample types)."""
    deepest, leaf = attribution.owned(profile, sites, wanted[file]).site, attribution.flat(profile, sites).site
    site = np.where(deepest >= 0, deepest, leaf)
    of_sample = np.append(file, len(wanted))[site]  # the last one is for site -1: no stack
    charged: Ints = attribution.Attribution(of_sample, len(wanted) + 1).sum(np.abs(profile.values))
    return charged


UNKNOWN_START = np.iinfo(np.int64).max
"""As a start: after every known one."""


@dataclass(frozen=True, eq=False)
class LineFunctions:
    """One row for each function, by the row number of its file."""

    name: tuple[str, ...]
    start_line: Ints
    """Of its declaration, 1-based; 0 where unknown."""
    file: Ints
    of_line: Ints
    """For each line its function's row, -1 where it has none."""

    def rows_of(self, file: int) -> range:
        """Return the rows of one file's functions."""
        return range(*np.searchsorted(self.file, [file, file + 1]).tolist())

    def by_file(self, files: Sequence[str]) -> dict[str, tuple[str, ...]]:
        """Return the names of each file's functions."""
        at = np.searchsorted(self.file, np.arange(len(files) + 1)).tolist()
        return {file: self.name[begin:end] for file, begin, end in zip(files, at[:-1], at[1:], strict=True)}


def line_functions(profile: Profile, sites: Sites, file: Ints) -> LineFunctions:
    """Return the functions of source lines. `file` is the row number of each site's file.

    Of several functions on one line the outermost is taken, which is declared first.
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
    """Return the part of `total` whose stacks name no file at all: shape (sample types,), in their units.

    As in `total` the sum of |value|, and in a difference of the base's samples.
    """
    values = np.abs(profile.values)
    if profile.is_base.any():
        values = np.where(profile.is_base[:, None], values, 0)
    result: Ints = values[_lacks_a_file(profile)].sum(axis=0)
    return result


def _lacks_a_file(profile: Profile) -> Mask:
    """Return for each sample whether none of its frames has a file."""
    texts = np.array([bool(text) for text in profile.strings], np.bool_)
    of_function = np.append(texts[profile.functions.file], False)  # the last one is for row -1: no function
    of_location = some(of_function[profile.frames.function], profile.locations.frame_at)
    return ~some(of_location[profile.location], profile.location_at)
