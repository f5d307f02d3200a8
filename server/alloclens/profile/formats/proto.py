"""profile.proto, raw or gzip: what Go serves and every pprof producer writes."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

import numpy as np
from google.protobuf.message import DecodeError

from alloclens.profile.errors import Malformed, Unrecognized
from alloclens.profile.formats import profile_pb2
from alloclens.profile.formats.wire import Messages, fields
from alloclens.profile.model import Frames, Functions, Labels, Locations, Mappings, Profile, ValueType
from alloclens.profile.ragged import offsets, owners

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]

GZIP_MAGIC = b"\x1f\x8b"
# Field numbers of the messages in profile.proto.
LOCATION_ID, VALUE, LABEL = 1, 2, 3
ID, MAPPING_ID, ADDRESS, LINE = 1, 2, 3, 4
FUNCTION_ID, LINE_NUMBER = 1, 2
NAME, SYSTEM_NAME, FILE_NAME, START_LINE = 2, 3, 4, 5
MEMORY_START, MEMORY_LIMIT, FILE_OFFSET, MAPPING_FILE, BUILD_ID = 2, 3, 4, 5, 6
KEY, STR, NUM, UNIT = 1, 2, 3, 4


def parse(data: bytes, limit: int) -> Profile:
    """Read a profile of at most `limit` unpacked bytes. Raises Unrecognized or Malformed."""
    if data.startswith(GZIP_MAGIC):
        data = _gunzip(data, limit)
    try:
        split = profile_pb2.Split.FromString(data)
    except DecodeError as error:
        raise Unrecognized(str(error)) from error
    if not split.sample_type or not split.string_table:
        raise Unrecognized("no sample type and no string table")
    return _Reader(split).profile()


def _gunzip(data: bytes, limit: int) -> bytes:
    unpacker, out, left = zlib.decompressobj(wbits=31), [], limit
    try:
        while data:
            part = unpacker.decompress(data, left + 1)
            out.append(part)
            left -= len(part)
            if left < 0:
                raise Malformed(f"unpacks to more than {limit} bytes")
            if not unpacker.eof:
                raise Malformed("the gzip data is cut off: the file was copied or written only in part")
            data, unpacker = unpacker.unused_data.lstrip(b"\0"), zlib.decompressobj(wbits=31)
    except zlib.error as error:
        raise Malformed(f"the gzip data is damaged ({error})") from error
    return b"".join(out)


class _Reader:
    """The tables of one Split, each checked where it points into another."""

    def __init__(self, split: profile_pb2.Split) -> None:
        self.split = split
        self.strings = tuple(s.decode("utf-8", "replace") for s in split.string_table)

    def profile(self) -> Profile:
        split = self.split
        mapping_id, mappings = self._mappings()
        function_id, functions = self._functions()
        location_id, locations, frames = self._locations(mapping_id, function_id)
        samples = fields(Messages.of(split.sample))
        depth, ids = samples.numbers(LOCATION_ID)
        location = _rows(location_id, ids)
        if (location < 0).any():
            raise Malformed("a sample names a location that is not in the file")
        labels = self._labels(*samples.nested(LABEL))
        return Profile(
            sample_types=tuple(self._value_type(t) for t in split.sample_type),
            default_sample_type=self._string(split.default_sample_type),
            values=self._values(*samples.numbers(VALUE)),
            location_at=offsets(depth),
            location=location.astype(np.int32),
            locations=locations,
            frames=frames,
            functions=functions,
            mappings=mappings,
            strings=self.strings,
            labels=labels,
            is_base=self._is_base(labels, len(depth)),
            time_nanos=split.time_nanos,
            duration_nanos=split.duration_nanos,
            period=split.period,
            period_type=self._value_type(split.period_type) if split.HasField("period_type") else None,
            drop_frames=self._string(split.drop_frames),
            keep_frames=self._string(split.keep_frames),
            comments=tuple(self._string(i) for i in split.comment),
        )

    def _values(self, counts: Ints, values: Ints) -> Ints:
        types = len(self.split.sample_type)
        if (counts != types).any():
            raise Malformed(f"a sample has another number of values than the file has sample types ({types})")
        return values.reshape(-1, types)

    def _labels(self, counts: Ints, labels: Messages) -> Labels:
        found = fields(labels)
        key, text, unit = (self._texts(found.scalar(n)).astype(np.int32) for n in (KEY, STR, UNIT))
        return Labels(owners(counts).astype(np.int32), key, text, found.scalar(NUM), unit)

    def _is_base(self, labels: Labels, samples: int) -> NDArray[np.bool_]:
        out = np.zeros(samples, np.bool_)
        out[labels.sample[labels.key == self._index("pprof::base")]] = True
        return out

    def _mappings(self) -> tuple[Ints, Mappings]:
        found = fields(Messages.of(self.split.mapping))
        file, build_id = (self._texts(found.scalar(n)) for n in (MAPPING_FILE, BUILD_ID))
        place = (found.scalar(n) for n in (MEMORY_START, MEMORY_LIMIT, FILE_OFFSET))
        return found.scalar(ID), Mappings(file, build_id, *place)

    def _functions(self) -> tuple[Ints, Functions]:
        found = fields(Messages.of(self.split.function))
        name, system_name, file = (self._texts(found.scalar(n)) for n in (NAME, SYSTEM_NAME, FILE_NAME))
        return found.scalar(ID), Functions(name, system_name, file, found.scalar(START_LINE))

    def _locations(self, mapping_id: Ints, function_id: Ints) -> tuple[Ints, Locations, Frames]:
        found = fields(Messages.of(self.split.location))
        width, lines = found.nested(LINE)
        line = fields(lines)
        frames = Frames(_rows(function_id, line.scalar(FUNCTION_ID)), line.scalar(LINE_NUMBER))
        mapping = _rows(mapping_id, found.scalar(MAPPING_ID))
        width, frames = _at_least_one(width, frames)
        return found.scalar(ID), Locations(mapping, found.scalar(ADDRESS), offsets(width)), frames

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

    def _index(self, text: str) -> int:
        return self.strings.index(text) if text in self.strings else -1


def _at_least_one(width: Ints, frames: Frames) -> tuple[Ints, Frames]:
    """Give a location without lines one frame that knows nothing, as pprof does."""
    at = offsets(width)[:-1][width == 0]
    return np.maximum(width, 1), Frames(np.insert(frames.function, at, -1), np.insert(frames.line, at, 0))


def _rows(ids: Ints, wanted: Ints) -> Ints:
    """Return the row of each wanted id, -1 where no row has it. Ids may have gaps and any order."""
    if not len(ids):
        return np.full(len(wanted), -1)
    order = np.argsort(ids, kind="stable")
    place = np.minimum(np.searchsorted(ids, wanted, sorter=order), len(ids) - 1)
    row = order[place]
    return np.where((ids[row] == wanted) & (wanted != 0), row, -1)
