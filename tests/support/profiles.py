"""Profiles for tests, one string for each stack.

heap("main.make@/w/main.go:12 < main.main@/w/main.go:5 = 2x512") is one stack, leaf first, that holds 2 objects of 512
bytes. A name may carry where its function is declared: main.make:10@/w/main.go:12. "= 2x512/5" says that 5 such objects
were allocated in all.
"""

from __future__ import annotations

import gzip
import itertools
import re
import time
from typing import TYPE_CHECKING

from alloclens.profile.formats import profile_pb2 as pb

from tests.fuzz.wire import varint

if TYPE_CHECKING:
    from pathlib import Path

RATE = 512 * 1024
FRAME = re.compile(r"(?P<function>[^@]+?)(:(?P<start>\d+))?@(?P<file>.*):(?P<line>\d+)$", re.DOTALL)
VALUES = re.compile(r"(?P<objects>-?\d+)x(?P<size>\d+)(/(?P<allocated>\d+))?$")
BEGIN = int(time.time()) + 3600
"""Seconds since 1970: later than any file that a test writes, for what a snapshot sees is older than it, and soon enough
to be believed."""
LEAKED, CONTENTION = "goroutineleak/count", "contentions/count delay/nanoseconds"
CPU = "samples/count cpu/nanoseconds"
"""The sample types of Go's profiles other than the heap. Those of block and mutex profiles are the same."""
clock = itertools.count(BEGIN)


class Builder:
    """A Profile message whose tables fill themselves."""

    def __init__(self, *types: tuple[str, str]) -> None:
        self.message = pb.Profile(string_table=[""])
        self._functions: dict[tuple, int] = {}
        self._locations: dict[tuple, int] = {}
        for kind, unit in types:
            self.message.sample_type.add(type=self.text(kind), unit=self.text(unit))

    def text(self, text: str) -> int:
        table = self.message.string_table
        if text not in table:
            table.append(text)
        return list(table).index(text)

    def sample(self, stack: str, values: list[int], **labels: int | str) -> None:
        """Add a sample. Frames joined by " + " are one location: inlined calls, innermost first."""
        sample = self.message.sample.add(value=values)
        sample.location_id.extend(self._location(frame.split(" + ")) for frame in stack.split(" < ") if frame)
        for key, value in labels.items():
            number = {"str": self.text(value)} if isinstance(value, str) else {"num": value}
            sample.label.add(key=self.text(key.replace("__", "::")), **number)

    def _location(self, frames: list[str]) -> int:
        key = tuple(frames)
        if key not in self._locations:
            location = self.message.location.add(id=len(self._locations) + 1)
            for frame in frames:
                found = FRAME.match(frame)
                function = self._function(found["function"], found["file"], int(found["start"] or 0))
                location.line.add(function_id=function, line=int(found["line"]))
            self._locations[key] = location.id
        return self._locations[key]

    def _function(self, name: str, file: str, start: int) -> int:
        key = name, file, start
        if key not in self._functions:
            number = len(self._functions) + 1
            self.message.function.add(
                id=number, name=self.text(name), system_name=self.text(name), filename=self.text(file), start_line=start
            )
            self._functions[key] = number
        return self._functions[key]

    def bytes(self) -> bytes:
        return gzip.compress(self.message.SerializeToString(), mtime=0)


def heap(
    *stacks: str,
    seconds: float | None = None,
    rate: int = RATE,
    build_id: str = "",
    binary: str = "",
    comment: str = "",
    duration: float = 0,
) -> bytes:
    """Return a Go heap profile; a second later than the previous one unless a time is given."""
    made = Builder(
        ("alloc_objects", "count"), ("alloc_space", "bytes"), ("inuse_objects", "count"), ("inuse_space", "bytes")
    )
    for line in stacks:
        stack, values = line.split(" = ")
        found = VALUES.match(values)
        size, objects = int(found["size"]), int(found["objects"])
        allocated = int(found["allocated"] or objects)
        made.sample(stack, [allocated, allocated * size, objects, objects * size], bytes=size)
    made.message.time_nanos = int((seconds if seconds is not None else next(clock)) * 1e9)
    made.message.duration_nanos = int(duration * 1e9)
    made.message.period = rate
    if build_id or binary:
        made.message.mapping.add(id=1, build_id=made.text(build_id), filename=made.text(binary))
    if comment:
        made.message.comment.append(made.text(comment))
    return made.bytes()


def delta(heap: bytes, seconds: float) -> bytes:
    """Return a heap as net/http/pprof writes what it was asked for with ?seconds=N: its values are not packed."""
    message = pb.Profile.FromString(gzip.decompress(heap))
    message.duration_nanos = int(seconds * 1e9)
    return gzip.compress(unpacked(message), mtime=0)


def unpacked(message: pb.Profile) -> bytes:
    """Encode a profile with every repeated number on its own, fields of a sample in another order, an unknown field."""
    rest = pb.Profile()
    rest.CopyFrom(message)
    del rest.sample[:]
    out = rest.SerializeToString()
    for sample in message.sample:
        body = b"".join(b"\x10" + varint(v) for v in sample.value)
        body += b"".join(b"\x1a" + varint(len(d)) + d for d in (x.SerializeToString() for x in sample.label))
        body += b"".join(b"\x08" + varint(v) for v in sample.location_id)
        body += b"\x7a\x02hi" + b"\x7d\x01\x02\x03\x04" + b"\x79" + bytes(8)
        out += b"\x12" + varint(len(body)) + body
    return out


def profile(types: str, *stacks: str, seconds: float | None = None) -> bytes:
    """Return a profile of any sample types, such as CPU: "main.work@/w/main.go:9 = 3 30000000"."""
    made = Builder(*(tuple(one.split("/")) for one in types.split()))
    for line in stacks:
        stack, values = line.split(" = ")
        made.sample(stack, [*map(int, values.split())])
    made.message.time_nanos = int((seconds if seconds is not None else next(clock)) * 1e9)
    return made.bytes()


def goroutines(*stacks: str, seconds: float | None = None) -> bytes:
    """Return a goroutine profile: "main.wait@/w/main.go:9 = 12"."""
    return profile("goroutine/count", *stacks, seconds=seconds)


def heap_text(line: str, objects: int, size: int, heap_in_use: int) -> bytes:
    """Return what /debug/pprof/heap?debug=1 says of one line: "main.keep@/w/main.go:9"; the heap idles 2 MB, stacks take 1 MB."""
    function, place = line.split("@")
    head = f"{objects}: {objects * size} [{2 * objects}: {2 * objects * size}] @"
    stats = {
        "HeapIdle": 2 << 20,
        "HeapInuse": heap_in_use,
        "Stack": "1048576 / 1048576",
        "Sys": heap_in_use + (3 << 20),
    }
    said = "".join(f"# {name} = {value}\n" for name, value in (*stats.items(), ("NumGC", 7)))
    return f"heap profile: {head} heap/{2 * RATE}\n{head} 0x11\n#\t0x10\t{function}+0x1\t{place}\n\n\n# runtime.MemStats\n{said}".encode()


def drop(path: Path, data: bytes) -> Path:
    """Put a file where it is watched for, as capturing programs do: written aside, then renamed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}.tmp")
    aside.write_bytes(data)
    return aside.replace(path)
