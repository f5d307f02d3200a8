"""Fetches what a source has and this machine lacks, and writes it to files, which the rest sees as any other.

Each process has a directory of its own, below that of its service. Its snapshots are fetched one after the other, since what
each has allocated is added to the one before; those of several processes are fetched at the same time.
"""

from __future__ import annotations

import hashlib
import re
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from alloclens.disk import read_file
from alloclens.profile.errors import ProfileError
from alloclens.profile.formats import MAX_PROFILE_BYTES, read
from alloclens.profile.joined import HEAP, joined
from alloclens.sources.buckets import BUCKET
from alloclens.sources.capture_files import NAME, file_name, time_of, write_new
from alloclens.sources.parca import PARCA
from alloclens.sources.pyroscope import PYROSCOPE
from alloclens.sources.remote import MAX_TIME
from alloclens.sources.retry import retried
from alloclens.walk import tree

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from alloclens.sources.remote import Remote, RemoteListing, RemoteSnapshot

SOURCES = {
    "gcs": BUCKET,
    "parca": PARCA,
    "pyroscope": PYROSCOPE,
    "s3": BUCKET,
}
"""How each type of source is asked."""
SERVICE = ("service_name", "job")
"""The labels that name the service: the first that a process has."""
THREADS = 4
MAX_KEPT_BYTES = 1 << 30
MAX_NAME_CHARACTERS = 100


class FetchSpan(NamedTuple):
    """What to fetch."""

    seconds: float
    """Until now."""
    every: float
    """Seconds in which at most one snapshot of a process is fetched."""


def describe(remote: Remote) -> str:
    """Say what a source has. Raises CaptureError."""
    return SOURCES[remote.source.type].describe(remote)


def collect(
    remote: Remote, wanted: FetchSpan, into: Path, written: Callable[[Path], None], tell: Callable[[str], None]
) -> None:
    """Fetch what is wanted and newer than the files there; `written` is called with each new file, also from other threads.

    Raises CaptureError if the server fails, and OSError if a file cannot be written. What was written before stays.
    """
    source = SOURCES[remote.source.type]
    listing = retried(lambda: source.snapshots(remote, wanted.seconds), tell)
    for note in listing.notes:
        tell(note)
    stop = threading.Event()

    def fetch(process: list[RemoteSnapshot]) -> None:
        directory = into / directory_of(process[0])
        newest = max(_heaps(directory), default=None)
        for snapshot in process:
            path = directory / file_name("heap", _time(snapshot.taken))
            if stop.is_set() or (newest and path <= newest):
                continue
            data = _fetched(remote, listing, snapshot, newest, tell)
            if data and write_new(path, data):
                written(path)
                newest = path

    with ThreadPoolExecutor(THREADS) as threads:
        try:
            list(threads.map(fetch, _processes(listing.snapshots, wanted.every)))
        finally:
            stop.set()  # after an error, or Ctrl-C


def directory_of(snapshot: RemoteSnapshot) -> str:
    """Return the relative directory of a process: SERVICE/PROCESS."""
    labels = dict(snapshot.labels)
    service = next((labels.pop(name) for name in SERVICE if name in labels), "unnamed")
    process = "+".join(map(_name, labels.values()))  # no name has a +
    if len(process) > MAX_NAME_CHARACTERS:
        process = _name("\0".join(labels.values()))
    return f"{_name(service)}/{process or 'all'}"


def trim(root: Path, tell: Callable[[str], None], most: int = MAX_KEPT_BYTES) -> None:
    """Remove the oldest snapshots below a directory until the rest has at most `most` bytes. Raises OSError."""
    left_out: set[str] = set()
    found = [
        (match[2], Path(directory, name))
        for directory, _, names in tree(str(root), (), left_out)
        for name in names
        if (match := NAME.fullmatch(name))
    ]
    for note in left_out:
        tell(note)
    for _, path in sorted(found, reverse=True):
        with suppress(FileNotFoundError):  # another fetch has just removed it
            most -= path.stat().st_size
            if most < 0:
                path.unlink()


def _fetched(
    remote: Remote, listing: RemoteListing, snapshot: RemoteSnapshot, newest: Path | None, tell: Callable[[str], None]
) -> bytes | None:
    """Return a snapshot that comes after the newest file of its process; None if the server has something else.

    Raises CaptureError, and OSError if that file cannot be read.
    """
    source, types = SOURCES[remote.source.type], [name for name in HEAP if name in listing.types]
    before, since = b"", None
    if newest and source.since_before and (taken := time_of(newest.name, "heap")):
        before, since = read_file(newest, MAX_PROFILE_BYTES), round(taken.timestamp() * 1000)
    try:
        parts = retried(lambda: source.parts(remote, listing, snapshot, since), tell)
        return _whole(*parts) if not types else joined(parts, types, before, snapshot.taken * 1_000_000)
    except ProfileError as error:
        when = f"{_time(snapshot.taken):%Y-%m-%d %H:%M:%S} UTC"
        tell(f"{remote.address}: the snapshot of {directory_of(snapshot)} at {when} is left out: {error}")
        return None


def _whole(data: bytes) -> bytes:
    """Return a profile as it is. Raises ProfileError unless it is one."""
    read(data)
    return data


def _processes(snapshots: Iterable[RemoteSnapshot], every: float) -> list[list[RemoteSnapshot]]:
    """Return the snapshots by process, oldest first, and of each the first in every `every` seconds."""
    of: dict[str, dict[int, RemoteSnapshot]] = {}
    for snapshot in snapshots:
        if not 0 < snapshot.taken < MAX_TIME:
            continue
        of.setdefault(directory_of(snapshot), {}).setdefault(int(snapshot.taken / 1000 / every), snapshot)
    return [list(slots.values()) for slots in of.values()]


def _heaps(directory: Path) -> list[Path]:
    with suppress(FileNotFoundError):
        return [path for path in directory.iterdir() if time_of(path.name, "heap")]
    return []


def _time(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds // 1000, timezone.utc) + timedelta(milliseconds=milliseconds % 1000)


def _name(text: str) -> str:
    """Return a text as a name that any file system takes, and that no other text has."""
    plain = re.sub(r"[^A-Za-z0-9._-]", "_", text).strip(".")[:MAX_NAME_CHARACTERS]
    return plain if plain == text else f"{plain}-{hashlib.sha256(text.encode()).hexdigest()[:8]}"
