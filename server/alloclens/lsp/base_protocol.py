"""LSP's base protocol over two file descriptors: a header with Content-Length, then that many bytes of JSON."""

from __future__ import annotations

import asyncio
import os
import re
from queue import SimpleQueue
from threading import Thread
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MAX_MESSAGE_BYTES = 256 << 20
"""VS Code sends documents of up to 50 MB, and JSON may encode a character in six bytes."""
MAX_HEADER_BYTES = 64 << 10
"""Kept while waiting for the end of a header."""
READ_BYTES = 64 << 10
"""The capacity of a pipe."""
FLUSH_SECONDS = 1.0
"""How long to wait for the editor to read the last messages."""

# Searched for, not matched: the rest of a message with a wrong length may precede the header.
LENGTH = re.compile(rb"Content-Length[ \t]*:[ \t]*(\d{1,15})[ \t]*\r?\n", re.IGNORECASE)
END = re.compile(rb"\r?\n\r?\n")


class Unreadable(NamedTuple):
    """A message that was skipped."""

    reason: str


class Framing:
    """Splits a stream of bytes into messages."""

    def __init__(self) -> None:
        self._data = bytearray()
        self._length: int | None = None
        """Length of the body to come; None while waiting for a header."""
        self._skip = 0
        """Number of bytes to come of a message that is too large."""

    def feed(self, data: bytes) -> Iterator[bytearray | Unreadable]:
        """Add bytes, and yield the body of every message that they complete."""
        self._data += data
        while (message := self._next()) is not None:
            yield message

    def _next(self) -> bytearray | Unreadable | None:
        skipped = min(self._skip, len(self._data))
        del self._data[:skipped]
        self._skip -= skipped
        if self._length is None:
            end = END.search(self._data)
            if end is None:
                del self._data[:-MAX_HEADER_BYTES]
                return None
            length = LENGTH.search(self._data, 0, end.end())
            self._length = int(length[1]) if length else None
            del self._data[: end.end()]
            if self._length is None:
                return Unreadable("its header has no Content-Length")
            if self._length > MAX_MESSAGE_BYTES:
                self._skip, self._length = self._length, None
                return Unreadable(f"it is larger than {MAX_MESSAGE_BYTES >> 20} MiB")
        if len(self._data) < self._length:
            return None
        if len(self._data) == self._length:  # nearly always; avoids copying a large text
            body, self._data = self._data, bytearray()
        else:
            body = self._data[: self._length]
            del self._data[: self._length]
        self._length = None
        return body


class Writer:
    """Writes in a separate thread, so that an editor that does not read never blocks the event loop."""

    def __init__(self, descriptor: int, on_broken: Callable[[], object]) -> None:
        """`on_broken` is called in that thread when writing fails."""
        self._descriptor = descriptor
        self._on_broken = on_broken
        self._queue: SimpleQueue[bytes | None] = SimpleQueue()
        self._thread = Thread(target=self._run, name="wire writer", daemon=True)
        self._thread.start()

    def write(self, data: bytes) -> None:
        """Queue data to be written."""
        self._queue.put(data)

    def close(self) -> None:
        """Wait until everything is written, but no longer than FLUSH_SECONDS."""
        self._queue.put(None)
        self._thread.join(FLUSH_SECONDS)

    def _run(self) -> None:
        while data := self._queue.get():
            rest = memoryview(data)
            try:
                while rest:
                    rest = rest[os.write(self._descriptor, rest) :]
            except OSError:
                self._on_broken()
                return


def read(descriptor: int, take: Callable[[bytearray | Unreadable], object], on_end: Callable[[], object]) -> None:
    """Read messages in a separate thread and pass each to the event loop; at the end, call `on_end` in that thread."""
    loop = asyncio.get_running_loop()

    def run() -> None:
        frames = Framing()
        try:
            while data := os.read(descriptor, READ_BYTES):
                for message in frames.feed(data):
                    loop.call_soon_threadsafe(take, message)
        finally:
            on_end()

    # The descriptor, not sys.stdin: the interpreter crashes at exit if a daemon thread holds the lock of sys.stdin.
    Thread(target=run, name="wire reader", daemon=True).start()
