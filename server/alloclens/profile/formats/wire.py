"""Parses encoded protobuf messages into columns, a whole table at once, in the kernel.

Source: the public "Encoding" page of Protocol Buffers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from alloclens.profile.errors import Malformed

if TYPE_CHECKING:
    from alloclens.arrays import Indices, Ints, Numbers
    from alloclens.profile.arena import Arena

MARGIN_BYTES = 32
"""Padding after the data: a varint that starts at the last byte may be read further before the truncation is
noticed."""
SPAN_BYTES = 8
"""Two u32, the start and end of a message."""
MAX_MESSAGES = 1 << 22
"""Number of samples, locations, lines or labels."""
MAX_TABLE_BYTES = 64 << 20
"""Size of a file without its samples."""
BLOCK = 8192
"""Messages whose repeated fields are read at once."""
MIN_FIELD_BYTES = 2
"""Size of the smallest field."""
WRONG = {
    -1: "a field runs past the end of its message: the file is damaged or cut off",
    -2: "a number is longer than ten bytes: the file is damaged or cut off",
    -3: "a field has a type that protobuf does not know: the file is damaged",
    -4: "a sample names a location that is not in the file",
    -5: "it has more of one kind than any profile: {most} at most",
}


TOO_MANY = -5


class TooManyError(Malformed):
    """The file has more of something than the limit, whatever it is."""


@dataclass(frozen=True)
class Messages:
    """Encoded messages of one kind, in the order of the file."""

    spans: int
    """Address of their spans in the kernel's memory."""
    count: int
    size: int
    """Total size in bytes."""


class Wire:
    """One encoded message in the kernel's memory, and the messages within it."""

    def __init__(self, memory: Arena, data: bytes) -> None:
        self._memory = memory
        begin = memory.room(len(data) + MARGIN_BYTES)
        memory.view(begin, len(data), np.uint8)[:] = np.frombuffer(data, np.uint8)
        memory.view(begin + len(data), MARGIN_BYTES, np.uint8)[:] = 0
        self._bounds = begin, begin + len(data)
        self.whole = Messages(memory.put(np.array(self._bounds), np.uint32), 1, len(data))

    def nested(self, messages: Messages, number: int, most: int = MAX_MESSAGES) -> tuple[Ints, Messages]:
        """Return a repeated message field: the count in each message, and all of them. Raises Malformed."""
        counts = self._memory.room(4 * messages.count)
        spans = self._memory.room(SPAN_BYTES * min(messages.size // MIN_FIELD_BYTES + 1, most))
        count = self._call("nested", messages.spans, messages.count, number, most, counts, spans, most=most)
        self._memory.keep(spans, SPAN_BYTES * count)
        return self._counts(counts, messages), Messages(spans, count, self._size(spans, count))

    def scalars(self, messages: Messages, width: int) -> Ints:
        """Return the scalar fields 1 to `width`: (width, messages). The last value wins; missing ones are 0."""
        out = self._memory.room(8 * messages.count * width)
        self._call("scalars", messages.spans, messages.count, width, out)
        return self._memory.taken(out, messages.count * width, np.int64).reshape(width, -1)

    def numbers(self, messages: Messages, number: int) -> tuple[Ints, Ints]:
        """Return a repeated number field, packed or not: the count in each message, and all of them."""
        return self._repeated("numbers", messages, number, np.int64)

    def rows(self, messages: Messages, number: int, row: Indices) -> tuple[Ints, Indices]:
        """Return a repeated id field, each id mapped to row[id]. Raises Malformed if that is -1, which row[0] is."""
        rows = row[1:]
        # Nearly all writers number from 1 on, in the order of the file: there is nothing to look up.
        table = 0 if np.array_equal(rows, np.arange(len(rows))) else self._memory.put(rows, np.int32)
        return self._repeated("rows", messages, number, np.int32, table, len(rows))

    def _repeated(self, name: str, messages: Messages, number: int, kind: Any, *arguments: int) -> tuple[Ints, Numbers]:
        """Return a repeated field, read by this function of the kernel, block by block: a block stays in the processor's cache."""
        counts, out, end = np.empty(messages.count, np.int64), np.empty(messages.size, kind), 0
        for begin in range(0, messages.count, BLOCK):
            spans, count = messages.spans + SPAN_BYTES * begin, min(BLOCK, messages.count - begin)
            at_counts = self._memory.room(4 * count)
            at = self._memory.room(self._size(spans, count) * out.itemsize + MARGIN_BYTES)
            found = self._call(name, spans, count, number, *arguments, at_counts, at)
            counts[begin : begin + count] = self._memory.view(at_counts, count, np.uint32)
            out[end : end + found] = self._memory.view(at, found, kind)
            end += found
            self._memory.keep(at, found * out.itemsize)
            self._memory.keep(at_counts, 0)
        out.resize(end, refcheck=False)  # so far it had room for a number of each byte, most of it never touched
        return counts, out

    def _size(self, spans: int, count: int) -> int:
        """Return the total size of messages in bytes."""
        begins, ends = self._memory.view(spans, 2 * count, np.uint32).reshape(-1, 2).T
        return int(ends.sum(dtype=np.int64) - begins.sum(dtype=np.int64))

    def without(self, *numbers: int) -> bytes:
        """Return the message without its nested messages of these numbers."""
        begin, end = self._bounds
        out = self._memory.room(min(end - begin, MAX_TABLE_BYTES))
        size = self._call(
            "rest", begin, end, sum(1 << number for number in numbers), MAX_TABLE_BYTES, out, most=MAX_TABLE_BYTES
        )
        return self._memory.taken(out, size, np.uint8).tobytes()

    def _call(self, name: str, *arguments: int, most: int = 0) -> int:
        result: int = self._memory.call(name, *arguments)
        if result < 0:
            raise (TooManyError if result == TOO_MANY else Malformed)(WRONG[result].format(most=most))
        return result

    def _counts(self, counts: int, messages: Messages) -> Ints:
        return self._memory.view(counts, messages.count, np.uint32).astype(np.int64)
