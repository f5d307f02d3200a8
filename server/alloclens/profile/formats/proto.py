"""profile.proto, the format that Go serves and all pprof producers write."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from google.protobuf.message import DecodeError

from alloclens.arrays import offsets
from alloclens.profile.errors import Malformed, Unrecognized
from alloclens.profile.formats import profile_pb2
from alloclens.profile.formats.text import utf8
from alloclens.profile.formats.wire import Messages, TooManyError, Wire
from alloclens.profile.kernel import arena
from alloclens.profile.model import Frames, Functions, Labels, Locations, Mappings, Profile, ValueType

if TYPE_CHECKING:
    from collections.abc import Iterable

    from alloclens.arrays import Indices, Ints, Mask

# Field numbers of the messages in profile.proto.
SAMPLE_TYPE, SAMPLE, MAPPING, LOCATION, FUNCTION, STRING = 1, 2, 3, 4, 5, 6
LOCATION_ID, VALUE, LABEL = 1, 2, 3
LINE = 4
# Number of scalar fields of a message, from field 1 on.
MAPPING_WIDTH, LOCATION_WIDTH, LINE_WIDTH, FUNCTION_WIDTH, LABEL_WIDTH = 6, 3, 2, 5, 4
NAMELESS = "unnamed"
"""Name of a sample type without one."""
MAX_UNPACKED_VALUES = 2
"""Go's writers do not pack up to this many values of a sample."""
MAX_SAMPLE_TYPES = 1 << 10
"""Each sample type is a line of every hover."""
MAX_STRINGS = 1 << 20
"""Each string is a Python object; the largest profiles have some hundred thousand."""


def parse(data: bytes) -> Profile:
    """Parse a profile. Raises Unrecognized or Malformed."""
    with arena() as memory:
        try:
            samples = Wire(memory, data)
            # Samples are most of a file: without them, the tables are small.
            tables = Wire(memory, samples.without(SAMPLE))
            header = _header(tables)
        except TooManyError:
            raise
        except (DecodeError, Malformed) as error:
            raise Unrecognized(str(error)) from error
        if not header.sample_type or not header.string_table:
            raise Unrecognized("no sample type and no string table")
        if header.string_table[0]:
            raise Malformed("the first text of the string table is not empty")
        return _TableReader(samples, tables, header).profile()


def _header(tables: Wire) -> profile_pb2.Header:
    if tables.nested(tables.whole, SAMPLE_TYPE)[1].count > MAX_SAMPLE_TYPES:
        raise TooManyError(f"more than {MAX_SAMPLE_TYPES} sample types")
    tables.nested(tables.whole, STRING, MAX_STRINGS)
    return profile_pb2.Header.FromString(tables.without(MAPPING, LOCATION, FUNCTION))


class _TableReader:
    """Reads the tables of one file and checks their references."""

    def __init__(self, samples: Wire, tables: Wire, header: profile_pb2.Header) -> None:
        self.samples = samples
        self.tables = tables
        self.header = header
        self.strings = tuple(map(utf8, header.string_table))

    def profile(self) -> Profile:
        header = self.header
        mapping_ids, mappings = self._mappings()
        function_ids, functions = self._functions()
        location_ids, locations, frames = self._locations(mapping_ids, function_ids)
        samples = self.samples.nested(self.samples.whole, SAMPLE)[1]
        depth, location = self._stacks(samples, location_ids)
        labels = self._labels(samples)
        return Profile(
            sample_types=_with_names_of_their_own(map(self._value_type, header.sample_type)),
            default_sample_type=self._string(header.default_sample_type),
            values=self._values(samples),
            location_at=offsets(depth),
            location=location,
            locations=locations,
            frames=frames,
            functions=functions,
            mappings=mappings,
            strings=self.strings,
            labels=labels,
            is_base=self._is_base(labels, samples.count),
            time_nanos=header.time_nanos,
            duration_nanos=header.duration_nanos,
            period=header.period,
            period_type=self._value_type(header.period_type) if header.HasField("period_type") else None,
            drop_frames=self._string(header.drop_frames),
            keep_frames=self._string(header.keep_frames),
            comments=tuple(self._string(i) for i in header.comment),
            is_delta=self._is_delta(samples),
        )

    def _table(self, number: int) -> Messages:
        return self.tables.nested(self.tables.whole, number)[1]

    def _mappings(self) -> tuple[Ints, Mappings]:
        ids, start, limit, offset, file, build_id = self.tables.scalars(self._table(MAPPING), MAPPING_WIDTH)
        return ids, Mappings(self._texts(file), self._texts(build_id), start, limit, offset)

    def _functions(self) -> tuple[Ints, Functions]:
        ids, name, system_name, file, start_line = self.tables.scalars(self._table(FUNCTION), FUNCTION_WIDTH)
        name, system_name, file = (self._texts(column) for column in (name, system_name, file))
        return ids, Functions(name, system_name, file, start_line)

    def _locations(self, mapping_ids: Ints, function_ids: Ints) -> tuple[Ints, Locations, Frames]:
        messages = self._table(LOCATION)
        ids, mapping, address = self.tables.scalars(messages, LOCATION_WIDTH)
        width, lines = self.tables.nested(messages, LINE)
        function, line = self.tables.scalars(lines, LINE_WIDTH)
        frames = Frames(_rows(function_ids, function), line)
        width, frames = _at_least_one(width, frames)
        return ids, Locations(_rows(mapping_ids, mapping), address, offsets(width)), frames

    def _stacks(self, samples: Messages, location_ids: Ints) -> tuple[Ints, Indices]:
        if _are_small(location_ids):
            return self.samples.rows(samples, LOCATION_ID, _row_of(location_ids))
        depth, ids = self.samples.numbers(samples, LOCATION_ID)
        location = _rows(location_ids, ids)
        if (location < 0).any():
            raise Malformed("a sample names a location that is not in the file")
        return depth, location.astype(np.int32)

    def _values(self, samples: Messages) -> Ints:
        types = len(self.header.sample_type)
        counts, values = self.samples.numbers(samples, VALUE)
        if (counts != types).any():
            raise Malformed(f"the number of values of a sample is not the number of sample types ({types})")
        return values.reshape(-1, types)

    def _is_delta(self, samples: Messages) -> bool:
        """Return whether net/http/pprof computed a heap difference (?seconds=N).

        It leaves no label, but only it writes both a duration and unpacked values: the runtime writes no duration for a
        heap, and other writers of Go's four sample types pack more than two values. Source: Go's internal/profile,
        encode.go, beside google/pprof's, runtime/pprof's and those of continuous profilers.
        """
        in_use = any(self._string(t.type).startswith("inuse_") for t in self.header.sample_type)
        if not in_use or self.header.duration_nanos <= 0 or len(self.header.sample_type) <= MAX_UNPACKED_VALUES:
            return False
        try:
            self.samples.nested(samples, VALUE, most=0)
        except TooManyError:
            return False
        return True

    def _labels(self, samples: Messages) -> Labels:
        counts, labels = self.samples.nested(samples, LABEL)
        key, text, number, unit = self.samples.scalars(labels, LABEL_WIDTH)
        key, text, unit = (self._texts(column).astype(np.int32) for column in (key, text, unit))
        sample = np.repeat(np.arange(samples.count, dtype=np.int32), counts)
        return Labels(sample, key, text, number.copy(), unit)  # the other three columns are not kept in 64 bits

    def _is_base(self, labels: Labels, samples: int) -> Mask:
        out = np.zeros(samples, np.bool_)
        if "pprof::base" in self.strings:
            out[labels.sample[labels.key == self.strings.index("pprof::base")]] = True
        return out

    def _texts(self, column: Ints) -> Ints:
        if len(column) and not 0 <= column.min() <= column.max() < len(self.strings):
            raise Malformed("a name points outside the string table")
        return column

    def _value_type(self, given: profile_pb2.ValueType) -> ValueType:
        return ValueType(self._string(given.type), self._string(given.unit))

    def _string(self, index: int) -> str:
        if not 0 <= index < len(self.strings):
            raise Malformed("a name points outside the string table")
        return self.strings[index]


def _with_names_of_their_own(given: Iterable[ValueType]) -> tuple[ValueType, ...]:
    """Make the names of sample types unique: columns are found, and chosen by the user, by name.

    pprof drops duplicates.
    """
    names: dict[str, ValueType] = {}
    for kind in given:
        name, number = kind.type or NAMELESS, 1
        while name in names:
            number += 1
            name = f"{kind.type or NAMELESS} ({number})"
        names[name] = kind._replace(type=name)
    return tuple(names.values())


def _at_least_one(width: Ints, frames: Frames) -> tuple[Ints, Frames]:
    """Give each location without lines one unknown frame, as pprof does."""
    at = offsets(width)[:-1][width == 0]
    if not len(at):
        return width, frames
    return np.maximum(width, 1), Frames(np.insert(frames.function, at, -1), np.insert(frames.line, at, 0))


def _are_small(ids: Ints) -> bool:
    """Return whether a table indexed by id is about as small as the ids, as with nearly all writers."""
    return not len(ids) or bool(ids.min() >= 0 and ids.max() < 4 * len(ids) + 1000)


def _row_of(ids: Ints) -> Indices:
    """Return a table from id to row, -1 for none; 0 is not an id, and the first of equal ids wins."""
    out = np.full(int(ids.max(initial=0)) + 1, -1, np.int32)
    out[ids[::-1]] = np.arange(len(ids), dtype=np.int32)[::-1]
    out[0] = -1
    return out


def _rows(ids: Ints, wanted: Ints) -> Ints:
    """Return the row of each wanted id, -1 for none. Ids may have gaps and any order."""
    if _are_small(ids):  # ids out of range clip to the first or last entry, which are -1
        return np.append(_row_of(ids), -1).take(wanted, mode="clip").astype(np.int64)
    order = np.argsort(ids, kind="stable")
    place = np.minimum(np.searchsorted(ids, wanted, sorter=order), len(ids) - 1)
    row = order[place]
    return np.where((ids[row] == wanted) & (wanted != 0), row, -1)
