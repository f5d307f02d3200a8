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
from typing import TYPE_CHECKING, NamedTuple

from alloclens.disk import read_file, write_file
from alloclens.profile.errors import ProfileError
from alloclens.profile.formats import MAX_PROFILE_BYTES
from alloclens.profile.joined import HEAP, joined
from alloclens.sources.capture_files import NAME, SUFFIX, file_name
from alloclens.sources.parca import PARCA
from alloclens.sources.pyroscope import PYROSCOPE
from alloclens.sources.retry import retried

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from alloclens.sources.remote import Remote, RemoteListing, RemoteSnapshot

SOURCES = {
    "parca": PARCA,
    "pyroscope": PYROSCOPE,
}
"""How each type of source is asked."""
SERVICE = ("service_name", "job")
"""The labels that name the service: the first that a process has."""
THREADS = 4
MAX_KEPT_BYTES = 1 << 30
MAX_NAME_CHARACTERS = 60
MAX_TIME = 4_000_000_000_000
"""Milliseconds since 1970: in the year 2096."""


class FetchSpan(NamedTuple):
    """What to fetch."""

    seconds: float
    """Until now."""
    every: float
    """At most one snapshot of a process in so many seconds."""


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
        for snapshot in process:
            if not stop.is_set():
                _fetch(remote, listing, snapshot, directory, written, tell)

    with ThreadPoolExecutor(THREADS) as threads:
        try:
            list(threads.map(fetch, _processes(listing.snapshots, wanted.every)))
        finally:
            stop.set()  # after an error, or Ctrl-C


def directory_of(snapshot: RemoteSnapshot) -> str:
    """Return the relative directory of a process: SERVICE/PROCESS."""
    labels = dict(snapshot.labels)
    service = next((labels.pop(name) for name in SERVICE if name in labels), "")
    return f"{_part(service or 'unnamed')}/{_part('_'.join(labels.values()) or 'all')}"


def trim(root: Path, most: int = MAX_KEPT_BYTES) -> None:
    """Remove the oldest snapshots below a directory until the rest has at most so many bytes. Raises OSError."""
    found = [(match[2], path) for path in root.rglob("*") if (match := NAME.fullmatch(path.name))]
    for _, path in sorted(found, reverse=True):
        most -= path.stat().st_size
        if most < 0:
            path.unlink(missing_ok=True)


def _fetch(
    remote: Remote,
    listing: RemoteListing,
    snapshot: RemoteSnapshot,
    directory: Path,
    written: Callable[[Path], None],
    tell: Callable[[str], None],
) -> None:
    """Fetch a snapshot if it is newer than the files of its process. Raises CaptureError and OSError."""
    source = SOURCES[remote.source.type]
    path = directory / file_name("heap", _time(snapshot.taken))
    newest = max(_names(directory), default="")
    if newest >= path.name:
        return
    before, since = b"", None
    if newest and source.since_before:
        before, since = read_file(directory / newest, MAX_PROFILE_BYTES), _milliseconds(newest)
    try:
        parts = retried(lambda: source.parts(remote, listing, snapshot, since), tell)
        data = joined(parts, [name for name in HEAP if name in listing.types], before, snapshot.taken * 1_000_000)
    except ProfileError as error:
        tell(
            f"{remote.address}: the snapshot of {path.parent.name} at {_time(snapshot.taken):%H:%M:%S} is left out: {error}"
        )
        return
    directory.mkdir(parents=True, exist_ok=True)
    with suppress(FileExistsError):  # another process has fetched it
        write_file(path, data, new=True)
        written(path)


def _processes(snapshots: Iterable[RemoteSnapshot], every: float) -> list[list[RemoteSnapshot]]:
    """Return the snapshots by process, oldest first, and of each the first in so many seconds."""
    of: dict[str, dict[int, RemoteSnapshot]] = {}
    for snapshot in snapshots:
        if not 0 < snapshot.taken < MAX_TIME:
            continue
        of.setdefault(directory_of(snapshot), {}).setdefault(int(snapshot.taken / 1000 / every), snapshot)
    return [list(slots.values()) for slots in of.values()]


def _names(directory: Path) -> list[str]:
    with suppress(FileNotFoundError):
        return [path.name for path in directory.iterdir() if NAME.fullmatch(path.name)]
    return []


def _time(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds // 1000, timezone.utc) + timedelta(milliseconds=milliseconds % 1000)


def _milliseconds(name: str) -> int:
    """Return when the snapshot in a file was taken, in milliseconds since 1970."""
    time = name.removesuffix(SUFFIX).rpartition("-")[2]
    return round(datetime.strptime(f"{time}+0000", "%Y%m%dT%H%M%S.%fZ%z").timestamp() * 1000)


def _part(name: str) -> str:
    """Return a name as one that any file system takes, and that no other name has."""
    plain = re.sub(r"[^A-Za-z0-9._-]", "_", name).strip(".")[:MAX_NAME_CHARACTERS]
    return plain if plain == name else f"{plain}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"
