"""Messages over two file descriptors, in LSP's base protocol: a header with Content-Length, then that many bytes of JSON."""

from __future__ import annotations

import asyncio
import os
import re
from queue import SimpleQueue
from threading import Thread
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

LARGEST = 256 << 20
"""Bytes of one message. VS Code sends documents of up to 50 MB, and JSON may write a character in six bytes."""
LONGEST_HEADER = 64 << 10
"""Bytes that are kept while the end of a header is awaited."""
READ = 64 << 10
"""Bytes that a pipe holds."""
FLUSH_SECONDS = 1.0
"""How long an editor may take to read the last messages."""

# Searched, not matched: what a message of a wrong length left over stands in front of the next header.
LENGTH = re.compile(rb"Content-Length[ \t]*:[ \t]*(\d{1,15})[ \t]*\r?\n", re.IGNORECASE)
END = re.compile(rb"\r?\n\r?\n")


class Unreadable(NamedTuple):
    """Stands for a message that was passed over."""

    reason: str


class Framing:
    """Finds the messages in a stream of bytes, however the stream is cut into pieces."""

    def __init__(self) -> None:
        self._data = bytearray()
        self._length: int | None = None
        """Of the body that is awaited; None while a header is."""
        self._skip = 0
        """Bytes to come of a message that is too large."""

    def feed(self, data: bytes) -> Iterator[bytearray | Unreadable]:
        """Take the next bytes, and yield the body of every message that they complete."""
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
                del self._data[:-LONGEST_HEADER]
                return None
            length = LENGTH.search(self._data, 0, end.end())
            self._length = int(length[1]) if length else None
            del self._data[: end.end()]
            if self._length is None:
                return Unreadable("its header has no Content-Length")
            if self._length > LARGEST:
                self._skip, self._length = self._length, None
                return Unreadable(f"it is larger than {LARGEST >> 20} MiB")
        if len(self._data) < self._length:
            return None
        if len(self._data) == self._length:  # nearly always; a large text is not copied
            body, self._data = self._data, bytearray()
        else:
            body = self._data[: self._length]
            del self._data[: self._length]
        self._length = None
        return body


class Writer:
    """Writes from a thread of its own, so that an editor that does not read never stops the event loop."""

    def __init__(self, descriptor: int, on_broken: Callable[[], object]) -> None:
        """`on_broken` is called from that thread when nothing can be written any more."""
        self._descriptor = descriptor
        self._on_broken = on_broken
        self._waiting: SimpleQueue[bytes | None] = SimpleQueue()
        self._thread = Thread(target=self._run, name="wire writer", daemon=True)
        self._thread.start()

    def write(self, data: bytes) -> None:
        """Write this after all that was written before."""
        self._waiting.put(data)

    def close(self) -> None:
        """Wait until all is written, but no longer than FLUSH_SECONDS."""
        self._waiting.put(None)
        self._thread.join(FLUSH_SECONDS)

    def _run(self) -> None:
        while data := self._waiting.get():
            rest = memoryview(data)
            try:
                while rest:
                    rest = rest[os.write(self._descriptor, rest) :]
            except OSError:
                self._on_broken()
                return


def read(descriptor: int, take: Callable[[bytearray | Unreadable], object], on_end: Callable[[], object]) -> None:
    """Read messages in a thread of its own, and hand each to the event loop; call `on_end` in that thread at the end."""
    loop = asyncio.get_running_loop()

    def run() -> None:
        frames = Framing()
        try:
            while data := os.read(descriptor, READ):
                for message in frames.feed(data):
                    loop.call_soon_threadsafe(take, message)
        finally:  # whatever ended it
            on_end()

    # The descriptor, not sys.stdin: the interpreter crashes at its end if a daemon holds the lock of that.
    Thread(target=run, name="wire reader", daemon=True).start()
