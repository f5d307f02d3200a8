"""Sources that keep whole files, one for each snapshot, in a directory for each process: buckets and directories."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, NamedTuple

from alloclens.profile.formats import MAX_PROFILE_BYTES
from alloclens.profile.taken_at import taken_at
from alloclens.sources.errors import CaptureError
from alloclens.sources.fetch import SAMPLE_LESS
from alloclens.sources.remote import (
    MAX_SKEW_SECONDS,
    Overview,
    RemoteListing,
    RemoteSnapshot,
    SourceType,
    in_order,
    in_words,
    moment,
    processes_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from alloclens.sources.remote import FetchSpan, Process, Remote, RemoteProcess

OTHERS = re.compile(
    r"(?<![a-z])(?:allocs|block|cpu|goroutine(?:leak)?|mutex|threadcreate|trace)(?![a-z])", re.IGNORECASE
)
"""The names of Go's profiles of something other than the heap, as a word in the name of a file."""


CLOCKS = "are the clocks and time zones right?"


class StoredFile(NamedTuple):
    """A file that a source keeps."""

    path: str
    """Below the address, with slashes."""
    written: int
    """Nanoseconds since 1970."""
    size: int

    @property
    def is_heap(self) -> bool:
        """Whether its name does not say that it is something else."""
        return not OTHERS.search(self._name)

    @property
    def taken(self) -> float:
        """When it was taken, in seconds since 1970: the time in its name, else when it was written."""
        return taken_at(0, self._name, self.written, time.time()).seconds

    @property
    def process(self) -> Process:
        """Its directories as labels: the first is the service."""
        names = self.path.split("/")[:-1]
        return tuple((str(i) if i else "service_name", name) for i, name in enumerate(names))

    @property
    def snapshot(self) -> RemoteSnapshot:
        """The same as a snapshot; its size stands for what is in use."""
        return RemoteSnapshot(round(self.taken * 1000), self.process, self.path, self.size)

    @property
    def _name(self) -> str:
        return self.path.rpartition("/")[2]


def of_files(
    files: Callable[[Remote, str], list[StoredFile]],
    noun: str,
    parts: Callable[[Remote, RemoteListing, RemoteSnapshot], list[bytes]],
) -> SourceType:
    """Return a type of source.

    `files` returns the files below a path, "" for all, and raises CaptureError; `noun` is what a file of it is called.
    """

    def overview(remote: Remote) -> Overview:
        found = files(remote, "")
        recent = _heaps(found, 3600)
        ahead = _ahead(recent)
        text = f"{_counted(len(found), noun)}, {len(recent) - ahead} of them heaps of the last hour"
        return Overview(f"{text}, and {ahead} with a time that is still to come ({CLOCKS})" if ahead else text)

    def processes(remote: Remote, seconds: float) -> list[RemoteProcess]:
        found = files(remote, "")
        if not found:
            raise CaptureError(f"{remote.address} has no {noun}s: is the path in `url` right?")
        if not (recent := _heaps(found, seconds)):
            newest = max((one.taken for one in found if one.is_heap), default=0.0)
            when = f"; the newest is of {moment(round(newest * 1000))}" if newest else ""
            has = f"{remote.address} has {_counted(len(found), noun)}, but no heap of the last {in_words(seconds)}"
            raise CaptureError(f"{has}{when}: is --since long enough?")
        return processes_of(one.snapshot for one in recent)

    def snapshots(remote: Remote, wanted: FetchSpan, process: Process) -> RemoteListing:
        below = files(remote, "/".join(value for _, value in process))
        heaps = [one for one in _heaps(below, wanted.seconds) if one.process == process]
        fitting = [one.snapshot for one in heaps if one.size <= MAX_PROFILE_BYTES]
        large = len(heaps) - len(fitting)
        where = f"{remote.address}: of {len(heaps)} heaps of {'/'.join(value for _, value in process) or 'it'},"
        notes = {
            f"{where} {large} larger than {MAX_PROFILE_BYTES >> 20} MiB are left out: {SAMPLE_LESS}": large,
            f"{where} {_ahead(heaps)} have a time that is still to come: {CLOCKS}": _ahead(heaps),
        }
        return RemoteListing(in_order(fitting), {}, tuple(note for note, number in notes.items() if number))

    return SourceType(overview, processes, snapshots, parts)


def _heaps(files: list[StoredFile], seconds: float) -> list[StoredFile]:
    """Return the heaps of these last seconds."""
    begin = time.time() - seconds
    return [one for one in files if one.is_heap and one.taken >= begin]


def _ahead(heaps: list[StoredFile]) -> int:
    """Return how many heaps were taken later than now."""
    return sum(one.taken > time.time() + MAX_SKEW_SECONDS for one in heaps)


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'s' * (count != 1)}"
