"""Sites, by which values are summed: functions, lines of functions, or lines of files."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple
from weakref import WeakKeyDictionary

import numpy as np

from alloclens.paths import clean_path

if TYPE_CHECKING:
    from collections.abc import Collection

    from alloclens.arrays import Ints, Mask
    from alloclens.profile.model import Profile


class RecordedLine(NamedTuple):
    """A place in source as the profile has it. `Place` and `MappedLine` say where it is here, and now."""

    file: str
    """Cleaned."""
    line: int
    """1-based; 0 if unknown."""


class WeightedLine(NamedTuple):
    """A recorded line and what passes it: of the calls of an edge, or of a function's samples."""

    file: str
    line: int
    """1-based; 0 if unknown."""
    value: int
    """At the head."""


@dataclass(frozen=True, eq=False)
class Sites:
    """One row for each site, sorted; text columns are row numbers in `texts`."""

    of_frame: Ints
    """The site of each frame of the profile."""
    texts: tuple[str, ...]
    function: Ints
    file: Ints
    line: Ints
    binary: Ints
    """The mapping's file, for frames without a function name."""
    start: Ints
    """Line at which a function without a name starts, because pprof tells such functions apart by it; 0 for all others."""

    def __len__(self) -> int:
        return len(self.line)

    def at(self, row: int) -> RecordedLine:
        """Return the line of a site."""
        return RecordedLine(self.texts[self.file[row]], int(self.line[row]))

    def on(self, line: RecordedLine) -> Mask:
        """Return which sites are on a line."""
        file = self.texts.index(line.file) if line.file in self.texts else -1
        return np.asarray((self.file == file) & (self.line == line.line))


def by_line(profile: Profile) -> Sites:
    """Group frames by function, file and line, like `pprof -lines`."""
    columns = _columns(profile)
    return _sites(columns, columns.function, columns.file, columns.line, nameless=True)


def by_function(profile: Profile) -> Sites:
    """Group frames by function, as pprof does by default."""
    columns = _columns(profile)
    return _sites(columns, columns.function, _none(columns), _none(columns), nameless=True)


def by_source_line(profile: Profile) -> Sites:
    """Group frames by file and line, in whatever function."""
    columns = _columns(profile)
    return _sites(columns, _none(columns), columns.file, np.maximum(columns.line, 0))


def by_function_start(profile: Profile) -> Sites:
    """Group frames by function and file; `line` is the function's declaration."""
    columns = _columns(profile)
    row = profile.frames.function
    start = np.where(row >= 0, _take(profile.functions.start_line, np.maximum(row, 0)), 0)
    return _sites(columns, columns.function, columns.file, start)


@dataclass(frozen=True, eq=False)
class _Columns:
    """Columns of each frame; equal texts have equal numbers."""

    texts: tuple[str, ...]
    function: Ints
    file: Ints
    line: Ints
    binary: Ints
    start: Ints


_kept: WeakKeyDictionary[Profile, _Columns] = WeakKeyDictionary()
"""Of profiles that are in use: they are grouped for each request of an editor."""


def _columns(profile: Profile) -> _Columns:
    if (known := _kept.get(profile)) is None:
        known = _kept[profile] = _columns_of(profile)
    return known


def _columns_of(profile: Profile) -> _Columns:
    texts, number, clean = _texts(profile)
    known = profile.frames.function >= 0
    row = np.where(known, profile.frames.function, 0)
    function = np.where(known, _take(number[profile.functions.name], row), 0)
    file = np.where(known, _take(clean, row), 0)
    line = np.where(known, profile.frames.line, 0)
    start = np.where(known & (function == 0), _take(profile.functions.start_line, row), 0)
    return _Columns(texts, function, file, line, _binary(profile, number, function == 0), start)


def _texts(profile: Profile) -> tuple[tuple[str, ...], Ints, Ints]:
    """Return the distinct texts ("" first), each string's number, and the number of each function's cleaned file."""
    numbers: dict[str, int] = {"": 0}
    number = np.array([numbers.setdefault(s, len(numbers)) for s in profile.strings], np.int64)
    files, row = np.unique(profile.functions.file, return_inverse=True)
    cleaned = [clean_path(profile.strings[i]) for i in files.tolist()]
    clean = np.array([numbers.setdefault(s, len(numbers)) for s in cleaned], np.int64)
    return tuple(numbers), number, clean[row] if len(row) else row


def on_lines(sites: Sites, lines: Collection[RecordedLine]) -> Mask:
    """Return which sites are on any of these lines."""
    number = {text: i for i, text in enumerate(sites.texts)} if lines else {}
    keys = [(number[file] << 32) | line for file, line in lines if file in number]
    return np.isin((sites.file << 32) | sites.line, np.array(keys, np.int64))


def _binary(profile: Profile, number: Ints, nameless: Mask) -> Ints:
    mapping = np.repeat(profile.locations.mapping, np.diff(profile.locations.frame_at))
    file = _take(number[profile.mappings.file], np.maximum(mapping, 0))
    return np.where(nameless & (mapping >= 0), file, 0)


def _take(column: Ints, rows: Ints) -> Ints:
    return column[rows] if len(column) else np.zeros(len(rows), np.int64)


def _none(columns: _Columns) -> Ints:
    return np.zeros_like(columns.line)


def _sites(columns: _Columns, function: Ints, file: Ints, line: Ints, *, nameless: bool = False) -> Sites:
    """Group frames by these columns and, with `nameless`, nameless functions by binary and start."""
    binary, start = (columns.binary, columns.start) if nameless else (_none(columns), _none(columns))
    parts = (file, line, function, binary, start)
    _, first, of_frame = np.unique(_packed(parts), return_index=True, return_inverse=True)
    file, line, function, binary, start = (part[first] for part in parts)
    return Sites(of_frame, columns.texts, function, file, line, binary, start)


def _packed(columns: tuple[Ints, ...]) -> Ints:
    """Pack each row into one number in the order of the rows: sorting numbers is faster than sorting rows."""
    ranks = [column - column.min(initial=0) for column in columns]
    widths = [int(rank.max(initial=0)).bit_length() for rank in ranks]
    if sum(widths) > 63 or min(int(rank.min(initial=0)) for rank in ranks) < 0:  # for example lines of 2^40
        ranks = [np.unique(column, return_inverse=True)[1] for column in columns]
        widths = [int(rank.max(initial=0)).bit_length() for rank in ranks]
    out = np.zeros(len(ranks[0]), np.int64)
    for rank, width in zip(ranks, widths, strict=True):
        out = out << width | rank
    return out
