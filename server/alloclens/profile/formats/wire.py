"""Protobuf's wire format, for many messages at once.

All messages of a table step from field to field together, so the number of numpy calls grows with the fields of one
message and not with the number of messages. Source: the public "Encoding" page of Protocol Buffers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from alloclens.profile.errors import Malformed
from alloclens.profile.ragged import offsets, spread

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Ints = NDArray[np.int64]
    Bytes = NDArray[np.uint8]

VARINT, FIXED64, LENGTH, FIXED32 = 0, 1, 2, 5
# A varint that starts at the last byte may be read ten bytes further before it is found to be cut off.
PADDING = bytes(16)


@dataclass(frozen=True)
class Messages:
    """Encoded messages of one kind: message i is data[start[i]:end[i]]."""

    data: Bytes
    start: Ints
    end: Ints

    @classmethod
    def of(cls, parts: Sequence[bytes]) -> Messages:
        """Lay the messages one behind the other."""
        at = offsets(np.fromiter(map(len, parts), np.int64, len(parts)))
        return cls(np.frombuffer(b"".join([*parts, PADDING]), np.uint8), at[:-1], at[1:])

    def __len__(self) -> int:
        return len(self.start)


@dataclass(frozen=True)
class Fields:
    """Every field of every message, by message and then by place.

    `begin` and `end` bound the payload of a LENGTH field; `value` is the number of a VARINT field.
    """

    messages: Messages
    message: Ints
    number: Ints
    wire: Ints
    value: Ints
    begin: Ints
    end: Ints

    def scalar(self, number: int) -> Ints:
        """Return one number for each message: the last one given, 0 where there is none."""
        out = np.zeros(len(self.messages), np.int64)
        hit = self._are(number, VARINT)
        out[self.message[hit]] = self.value[hit]
        return out

    def numbers(self, number: int) -> tuple[Ints, Ints]:
        """Return a repeated number: how many each message has, and all of them in order. Packed and not are alike."""
        loose, packed = self._are(number, VARINT), self._are(number, LENGTH)
        counts, values = _packed(self.messages.data, self.begin[packed], self.end[packed])
        message = np.concatenate([self.message[loose], np.repeat(self.message[packed], counts)])
        values = np.concatenate([self.value[loose], values])
        if len(loose) and len(packed):
            place = np.concatenate([loose, np.repeat(packed, counts)])
            values, message = values[(order := np.argsort(place, kind="stable"))], message[order]
        return np.bincount(message, minlength=len(self.messages)), values

    def nested(self, number: int) -> tuple[Ints, Messages]:
        """Return a repeated message: how many each message has, and all of them in order."""
        hit = self._are(number, LENGTH)
        counts = np.bincount(self.message[hit], minlength=len(self.messages))
        return counts, Messages(self.messages.data, self.begin[hit], self.end[hit])

    def _are(self, number: int, wire: int) -> Ints:
        return np.flatnonzero((self.number == number) & (self.wire == wire))


def fields(messages: Messages) -> Fields:
    """Read all fields of all messages. Raises Malformed where a field runs past its message."""
    index, at, end = np.arange(len(messages)), messages.start, messages.end
    steps: list[tuple[Ints, ...]] = []
    while len(live := np.flatnonzero(at < end)):
        index, at, end = index[live], at[live], end[live]
        tag, at = varints(messages.data, at)
        wire = tag & 7
        value, begin, at = _payload(messages.data, at, end, wire)
        steps.append((index, tag >> 3, wire, value, begin, at))
    return Fields(messages, *_by_message(steps))


def varints(data: Bytes, at: Ints) -> tuple[Ints, Ints]:
    """Return the numbers that start at these places (64 bits, two's complement), and the places behind them."""
    byte = data[at]
    value = (byte & 0x7F).astype(np.uint64)
    after = at + 1
    more = np.flatnonzero(byte > 127)
    for shift in range(7, 70, 7):
        if not len(more):
            return value.view(np.int64), after
        byte = data[after[more]]
        value[more] |= (byte & 0x7F).astype(np.uint64) << np.uint64(shift)
        after[more] += 1
        more = more[byte > 127]
    if len(more):
        raise Malformed("a number is longer than ten bytes: the file is damaged or cut off")
    return value.view(np.int64), after


def _payload(data: Bytes, at: Ints, end: Ints, wire: Ints) -> tuple[Ints, Ints, Ints]:
    """Return value, begin and end of the payloads; checks that they lie within their messages."""
    value, begin, size = np.zeros_like(at), at, np.zeros_like(at)
    coded = np.flatnonzero((wire == VARINT) | (wire == LENGTH))
    value[coded], begin_coded = varints(data, at[coded])
    begin = at.copy()
    begin[coded] = begin_coded
    size[wire == LENGTH] = value[wire == LENGTH]
    size[wire == FIXED64] = 8
    size[wire == FIXED32] = 4
    if not np.isin(wire, (VARINT, FIXED64, LENGTH, FIXED32)).all():
        raise Malformed("a field has a type that protobuf does not know: the file is damaged")
    if ((size < 0) | (size > end - begin)).any():
        raise Malformed("a field runs past the end of its message: the file is damaged or cut off")
    return value, begin, begin + size


def _by_message(steps: list[tuple[Ints, ...]]) -> list[Ints]:
    if not steps:
        return [np.zeros(0, np.int64)] * 6
    columns = [np.concatenate(step) for step in zip(*steps, strict=True)]
    if len(steps) == 1:
        return columns
    order = np.argsort(columns[0], kind="stable")
    return [column[order] for column in columns]


def _packed(data: Bytes, begin: Ints, end: Ints) -> tuple[Ints, Ints]:
    """Return how many varints each range holds, and their values."""
    last = data < 128
    ends = np.flatnonzero(last)
    if not last[end[end > begin] - 1].all():
        raise Malformed("a list of numbers ends within a number: the file is damaged or cut off")
    first = np.searchsorted(ends, begin)
    counts = np.searchsorted(ends, end) - first
    # A number starts behind the one before; the first of a range behind the range's length, which is a number, too.
    starts = ends[spread(first, counts) - 1] + 1
    return counts, varints(data, starts)[0]
