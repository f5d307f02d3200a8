"""Joins the sample types of a heap, which profile servers return one at a time, into one profile."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING, TypeVar

from google.protobuf.empty_pb2 import Empty
from google.protobuf.message import DecodeError
from google.protobuf.unknown_fields import UnknownFieldSet

from alloclens.profile.errors import Malformed
from alloclens.profile.formats import MAX_PROFILE_BYTES, looks_like
from alloclens.profile.formats.compression import unpacked
from alloclens.profile.formats.profile_pb2 import Function, Label, Location, Mapping, Profile, ValueType

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

ALLOCATED, IN_USE = ("alloc_objects", "alloc_space"), ("inuse_objects", "inuse_space")
LENGTH_DELIMITED = 2
"""The wire type of messages."""
HEAP = (*ALLOCATED, *IN_USE)
UNITS = ("count", "bytes", "count", "bytes")
Row = TypeVar("Row", Mapping, Function, Location)
Text = TypeVar("Text", Mapping, Function, Label, ValueType)
StackKey = tuple[tuple[int, ...], tuple[bytes, ...]]
"""Locations, leaf first, and labels."""


def joined(parts: Iterable[bytes], types: Sequence[str], before: bytes, time_nanos: int) -> bytes:
    """Return a heap as Go writes it, gzipped, from parts that have one sample type each. Raises Malformed.

    `types` are those of HEAP that the result has. Samples are matched by the lines of their stack and labels; a stack that a part does not have
    is 0 there. Parts of ALLOCATED hold what was allocated since the snapshot `before`: a result of this function, or
    nothing for the first. The result has what was allocated since the first. What is in use and was not before has been
    allocated, even if the server missed it. The duration of the parts is dropped: it is the span of a query.
    """
    tables = _Tables()
    try:
        for part in map(_message, parts):
            tables.add(part, 0)
        tables.add(_message(unpacked(before, MAX_PROFILE_BYTES)), len(HEAP))
        message = tables.heap(types, _allocated)
    except LookupError as error:
        raise Malformed(f"it refers to an entry that it does not have: {error}") from error
    except ValueError as error:
        raise Malformed("the sum of its values has more than 64 bits") from error
    message.time_nanos = time_nanos
    return gzip.compress(message.SerializeToString(), mtime=0)


def total(part: bytes) -> int:
    """Return the sum of the first values of all samples. Raises Malformed."""
    try:
        return sum(sample.value[0] for sample in _message(part).sample)
    except IndexError as error:
        raise Malformed(str(error)) from error


def allocated(heap: bytes) -> int:
    """Return the bytes that were allocated, as a result of `joined` says; 0 if it does not. Raises Malformed."""
    try:
        message = _message(unpacked(heap, MAX_PROFILE_BYTES))
        names = [message.string_table[kind.type] for kind in message.sample_type]
        column = names.index("alloc_space") if "alloc_space" in names else None
        return 0 if column is None else sum(sample.value[column] for sample in message.sample)
    except IndexError as error:
        raise Malformed(str(error)) from error


def counts_from_itself(heap: bytes) -> bool:
    """Return whether a result of `joined` is a first one: what it has allocated is what it has in use. Raises Malformed."""
    message = _message(unpacked(heap, MAX_PROFILE_BYTES))
    try:
        names = [message.string_table[kind.type] for kind in message.sample_type]
        pairs = [(names.index(a), names.index(b)) for a, b in zip(ALLOCATED, IN_USE, strict=True) if {a, b} <= {*names}]
        return bool(pairs) and all(sample.value[a] == sample.value[b] for sample in message.sample for a, b in pairs)
    except IndexError as error:
        raise Malformed(str(error)) from error


def counted_from_earlier(heap: bytes, first: bytes) -> bytes:
    """Return a result of `joined` that counts what was allocated from an earlier snapshot than it did. Raises Malformed.

    `first` is the one from which it counted until now, joined again with those before it.
    """
    tables, message = _Tables(), _message(unpacked(heap, MAX_PROFILE_BYTES))
    try:
        names, time_nanos = [message.string_table[kind.type] for kind in message.sample_type], message.time_nanos
        tables.add(message, 0)
        tables.add(_message(unpacked(first, MAX_PROFILE_BYTES)), len(HEAP))
        made = tables.heap([name for name in HEAP if name in names], _with_earlier)
    except LookupError as error:
        raise Malformed(f"it refers to an entry that it does not have: {error}") from error
    except ValueError as error:
        raise Malformed("the sum of its values has more than 64 bits") from error
    made.time_nanos = time_nanos
    return gzip.compress(made.SerializeToString(), mtime=0)


def in_use(heap: bytes) -> bytes:
    """Return what a result of `joined` has in use, as one part. Raises Malformed."""
    message = _message(unpacked(heap, MAX_PROFILE_BYTES))
    try:
        for column in reversed(range(len(message.sample_type))):
            if message.string_table[message.sample_type[column].type] not in IN_USE:
                del message.sample_type[column]
                for sample in message.sample:
                    del sample.value[column]
    except IndexError as error:
        raise Malformed(str(error)) from error
    return message.SerializeToString()


def inside(data: bytes, *fields: int) -> bytes:
    """Return the message in a field of a message in a field of protobuf data, and so on; b"" if one is missing. Raises Malformed."""
    for number in fields:
        try:
            unknown = UnknownFieldSet(Empty.FromString(data))
        except DecodeError as error:
            raise Malformed(str(error)) from error
        found = (unknown[i] for i in range(len(unknown)))
        data = next((one.data for one in found if (one.field_number, one.wire_type) == (number, LENGTH_DELIMITED)), b"")
    return data


def _message(data: bytes) -> Profile:
    """Return a profile.proto. Raises Malformed, which says what the bytes are instead."""
    try:
        return Profile.FromString(data)
    except DecodeError as error:
        raise Malformed(f"not a profile: {looks_like(data)}") from error


class _Tables:
    """The tables of the joined profile, in which each entry occurs once, and the values of each stack."""

    def __init__(self) -> None:
        self._message = Profile(string_table=[""])
        self._texts = {"": 0}
        self._ids: dict[tuple[str, bytes], int] = {}
        self._values: dict[StackKey, list[int]] = {}
        """For each type of HEAP now, then for each before."""

    def add(self, part: Profile, first: int) -> None:
        """Add the values of a part to the columns of their types, from the first on. Raises LookupError."""
        names = [part.string_table[kind.type] for kind in part.sample_type]
        columns = [(i, first + HEAP.index(name)) for i, name in enumerate(names) if name in HEAP]
        texts = [self._text(text) for text in part.string_table]
        mappings, functions, locations = {0: 0}, {0: 0}, dict[int, int]()
        for mapping in part.mapping:
            self._add("mapping", _with(mapping, texts, "filename", "build_id"), mappings)
        for function in part.function:
            self._add("function", _with(function, texts, "name", "system_name", "filename"), functions)
        for location in part.location:
            location.mapping_id = mappings[location.mapping_id]
            for line in location.line:
                line.function_id = functions[line.function_id]
            self._add_location(location, locations)
        for sample in part.sample:
            labels = [_with(label, texts, "key", "str", "num_unit").SerializeToString() for label in sample.label]
            stack = tuple(locations[i] for i in sample.location_id), tuple(sorted(labels))
            values = self._values.setdefault(stack, [0] * (2 * len(HEAP)))
            for index, column in columns:
                values[column] += sample.value[index]
        if part.period and not self._message.period:
            self._message.period = part.period
            self._message.period_type.CopyFrom(_with(part.period_type, texts, "type", "unit"))

    def heap(self, types: Sequence[str], count: Callable[[int, int, int, int], int]) -> Profile:
        """Return the profile with these types. Raises ValueError if a sum has more than 64 bits.

        `count` returns what a stack has allocated, from that and what is in use, now and before.
        """
        for name in types:
            unit = UNITS[HEAP.index(name)]
            self._message.sample_type.add(type=self._text(name), unit=self._text(unit))
        for (locations, labels), values in self._values.items():
            now = [*map(count, values, values[2:], values[4:6], values[6:]), *values[2:4]]
            sample = self._message.sample.add(location_id=locations, value=[now[HEAP.index(name)] for name in types])
            for label in labels:
                sample.label.add().MergeFromString(label)
        return self._message

    def _text(self, text: str) -> int:
        if text not in self._texts:
            self._texts[text] = len(self._texts)
            self._message.string_table.append(text)
        return self._texts[text]

    def _add(self, table: str, row: Row, ids: dict[int, int]) -> None:
        """Add a row to a table of the joined profile unless it has an equal one, and note the id of that."""
        before, row.id = row.id, 0
        ids[before] = self._id(table, row, row.SerializeToString(deterministic=True))

    def _add_location(self, row: Location, ids: dict[int, int]) -> None:
        """Add a location likewise. Those with the same lines are equal: where a server adds up snapshots, it may drop the rest."""
        before, row.id = row.id, 0
        told_by = Location(line=row.line) if row.line else row
        ids[before] = id_ = self._id("location", row, told_by.SerializeToString(deterministic=True))
        kept = self._message.location[id_ - 1]
        if not kept.mapping_id:
            kept.mapping_id, kept.address = row.mapping_id, row.address

    def _id(self, table: str, row: Row, key: bytes) -> int:
        """Return the id of the row of a table that has a key; if none has, this row is added."""
        rows = getattr(self._message, table)
        if (table, key) not in self._ids:
            self._ids[table, key] = row.id = len(rows) + 1
            rows.append(row)
        return self._ids[table, key]


def _allocated(since: int, in_use: int, before: int, in_use_before: int) -> int:
    """Return what one stack has allocated since the first snapshot."""
    return before + max(since, in_use - in_use_before, 0)


def _with_earlier(of: int, in_use: int, first: int, in_use_first: int) -> int:
    """Return the same of one that counted from a first snapshot, which had allocated as much as it had in use."""
    del in_use
    return of + first - in_use_first


def _with(row: Text, texts: Sequence[int], *fields: str) -> Text:
    """Let these fields of a row refer to the texts of the joined profile."""
    for field in fields:
        setattr(row, field, texts[getattr(row, field)])
    return row
