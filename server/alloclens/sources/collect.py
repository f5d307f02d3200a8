"""Fetches what a source has and this machine lacks, and writes it to files, which the rest sees as any other.

First the source says which processes it has, and how they grow: that costs little, however many snapshots they have. Only of
those that were chosen, the snapshots are listed and fetched, several processes at the same time. Each process has a directory of
its own, below that of its service. Its newest snapshots are fetched first, unless what a snapshot has allocated is added to the
one before.
"""

from __future__ import annotations

import hashlib
import re
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from functools import partial
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from alloclens.disk import read_file, write_file
from alloclens.profile.comments import VERSIONS, commented
from alloclens.profile.errors import ProfileError
from alloclens.profile.formats import MAX_PROFILE_BYTES, read
from alloclens.profile.joined import (
    ALLOCATED,
    HEAP,
    allocated,
    counted_from_earlier,
    counts_from_itself,
    in_use,
    joined,
)
from alloclens.sources.buckets import BUCKET
from alloclens.sources.capture_files import NAME, file_name, time_of, write_new
from alloclens.sources.directory import DIRECTORY
from alloclens.sources.errors import CaptureError
from alloclens.sources.fetch import SAMPLE_LESS
from alloclens.sources.http import HTTP
from alloclens.sources.kubernetes import KUBERNETES
from alloclens.sources.parca import PARCA
from alloclens.sources.pyroscope import PYROSCOPE
from alloclens.sources.remote import HINTS, MAX_TIME, Span, in_words, moment
from alloclens.sources.retry import MAX_PAUSE_SECONDS, MAX_TRIES, retried
from alloclens.walk import tree

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from alloclens.sources.remote import (
        FetchSpan,
        Overview,
        Process,
        Remote,
        RemoteListing,
        RemoteProcess,
        RemoteSnapshot,
    )

SOURCES = {
    "azure": BUCKET,
    "directory": DIRECTORY,
    "gcs": BUCKET,
    "http": HTTP,
    "kubernetes": KUBERNETES,
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
REFUSALS = (401, 403, 429)
"""The statuses of a server that are not about what it is asked for."""
MAX_REASONS = 3
"""How many reasons why snapshots are left out are told: each answer may be wrong in its own way."""
MAX_IN_A_ROW = 3
"""How many snapshots of a process may fail one after the other, as if the server had failed, until no more of it are asked for."""
HINTS_OF_SNAPSHOTS = {413: SAMPLE_LESS, **{status: HINTS[status] for status in REFUSALS}}
"""What to do if the server answers so about a single snapshot."""


@dataclass(frozen=True)
class Watch:
    """Who follows a fetch. All are called from several threads."""

    written: Callable[[Path], None]
    """Called with each new file."""
    tell: Callable[[str], None]
    """Called with what the user should know."""
    progress: Callable[[int, int], None] = lambda _done, _total: None
    """Called with how many processes are done, and how many there are."""


def overview(remote: Remote) -> Overview:
    """Return what a source has. Raises CaptureError."""
    try:
        return SOURCES[remote.source.type].overview(remote)
    except ProfileError as error:
        raise CaptureError(f"{remote.address} answered, but not with a profile: {error}") from error


def processes(remote: Remote, seconds: float, tell: Callable[[str], None]) -> list[RemoteProcess]:
    """Return the processes of these last seconds, those first that grow most. Raises CaptureError, also if there are none."""
    source = SOURCES[remote.source.type]
    found = retried(lambda: source.processes(remote, seconds), tell)
    if not found:
        none = (
            f"{remote.address} has no heap with {remote.source.select or 'any label'} in the last {in_words(seconds)}"
        )
        beyond = ""
        with suppress(CaptureError):  # it refuses a longer time
            beyond = source.beyond(remote, seconds)
        if beyond:
            raise CaptureError(f"{none}; {beyond}")
        raise CaptureError(f"{none}: are `select` and `tenant` right, and is --since long enough?")
    return sorted(found, key=lambda one: (one.before - one.now, -one.newest, one.labels))


def collect(remote: Remote, wanted: FetchSpan, into: Path, watch: Watch) -> None:
    """Fetch what is wanted and not there yet.

    A snapshot that cannot be had is left out. Raises CaptureError if the server fails, or does so for all of some processes, or if
    most of what is new is left out, and OSError if a file cannot be written. What was written before stays.
    """
    by_directory: dict[str, list[Process]] = {}
    for labels in wanted.processes or _growing(remote, wanted, watch.tell):
        by_directory.setdefault(directory_of(labels), []).append(labels)
    fetch = _Fetch(remote, wanted, into, watch, len(by_directory))
    with ThreadPoolExecutor(THREADS) as threads:
        try:
            list(threads.map(fetch.processes, by_directory.items()))
        finally:
            fetch.stop.set()  # after an error, or Ctrl-C
    if fetch.bytes_left < 0:
        watch.tell(
            f"more than {MAX_KEPT_BYTES >> 30} GiB are not fetched at once: ask for less with --every and --since"
        )
    fetch.tell_left_out()
    if fetch.failed:
        others = (
            f" ({len(fetch.failed)} of {len(by_directory)} processes did not answer)" if len(by_directory) > 1 else ""
        )
        raise fetch.failed[0].said(f"{fetch.failed[0]}{others}")
    fetch.check_left_out()


def _growing(remote: Remote, wanted: FetchSpan, tell: Callable[[str], None]) -> list[Process]:
    """Return the processes that grow most; of those that are asked themselves, nothing is known yet."""
    found = [process.labels for process in processes(remote, wanted.seconds, tell)]
    if len(found) > wanted.most:
        which = "that come first by name" if SOURCES[remote.source.type].live else "whose bytes in use grow most"
        tell(f"{remote.address} has {len(found)} processes: those {wanted.most} are fetched {which}")
    return found[: wanted.most]


class _Fetch:
    """One run of `collect`. Its threads share it."""

    def __init__(self, remote: Remote, wanted: FetchSpan, into: Path, watch: Watch, total: int) -> None:
        self.stop = threading.Event()
        self.bytes_left = MAX_KEPT_BYTES
        self.failed: list[CaptureError] = []
        """What single processes failed with, while others may still be fetched."""
        self._remote, self._wanted, self._into, self._watch = remote, wanted, into, watch
        self._of_snapshots = replace(remote, hints=HINTS_OF_SNAPSHOTS)
        self._source = SOURCES[remote.source.type]
        self._in_a_row: Counter[Process] = Counter()
        """How many snapshots of a process failed one after the other, so that the server itself may have failed."""
        self._lock = threading.Lock()
        self._told: set[str] = set()
        self._left_out: Counter[str] = Counter()
        """How many snapshots are left out for each reason."""
        self._written = 0
        self._done, self._total = 0, total
        watch.progress(0, total)

    def processes(self, of: tuple[str, list[Process]]) -> None:
        """Fetch the processes that have this directory: one, unless they differ only in the names of their labels."""
        name, processes = of
        for labels in processes:
            if self.stop.is_set():
                break
            listing = None
            try:
                listing = retried(partial(self._source.snapshots, self._remote, self._wanted, labels), self._watch.tell)
                self._process(listing, labels, self._into / name)
            except CaptureError as error:
                if not self._source.live and (listing is None or _refuses(error)):
                    raise
                self.failed.append(error)
        with self._lock:
            self._done += 1
            self._watch.progress(self._done, self._total)

    def _process(self, listing: RemoteListing, labels: Process, directory: Path) -> None:
        for note in listing.notes:
            self._tell_once(note)
        own = [one for one in listing.snapshots if one.labels == labels and 0 < one.taken < MAX_TIME]
        there = {_milliseconds(path): path for path in _heaps(directory)}
        missing, kept = self._missing(own, there), frozenset(there)
        adds_up = self._source.allocated is not None and any(name in listing.types for name in ALLOCATED)
        older = [one for one in missing if adds_up and there and one.taken < min(there)]
        for snapshot in missing[len(older) :]:
            if self.stop.is_set():
                return
            self._snapshot(listing, snapshot, there, directory)
        if adds_up:
            self._check_seams(directory_of(labels), kept, there)
        if older:
            self._older(listing, older, there, directory)

    def _older(
        self, listing: RemoteListing, older: list[RemoteSnapshot], there: dict[int, Path], directory: Path
    ) -> None:
        """Fetch snapshots from before all that are there, and let these count what was allocated from then on, too.

        Nothing is written until all of them are fetched: until then, what was allocated would seem to fall where they meet.
        """
        first = min(there)
        try:
            if not counts_from_itself(read_file(there[first], MAX_PROFILE_BYTES)):
                self._watch.tell(
                    f"{directory.parent.name}/{directory.name}: what is older than {moment(first)} is not fetched, since the files "
                    "from then on count what was allocated from one that is gone; delete them to fetch more"
                )
                return
            with TemporaryDirectory() as name:
                fetched: dict[int, Path] = {}
                for snapshot in older:
                    if self.stop.is_set():
                        return
                    self._put(listing, snapshot, fetched, Path(name))
                if fetched and self._join(listing, older[0].labels, fetched, there):
                    for taken, path in fetched.items():
                        there[taken] = directory / path.name
                        if write_new(there[taken], read_file(path, MAX_PROFILE_BYTES)):
                            self._tell_written(there[taken])
        except ProfileError as error:
            self._watch.tell(f"{directory}: what is older than {moment(first)} is not fetched: {error}")

    def _join(
        self, listing: RemoteListing, process: Process, fetched: Mapping[int, Path], there: Mapping[int, Path]
    ) -> bool:
        """Let what is there count what was allocated from the first of what was fetched; return False if another fetch did so meanwhile.

        The first of them is written first: if this is cut off, it no longer counts from itself, so that nothing is counted twice the next time.
        """
        assert self._source.allocated
        first, last = min(there), max(fetched)
        within, asked = Span(last + 1, first), self._source.allocated
        since = retried(lambda: asked(self._of_snapshots, listing, process, within), self._watch.tell)
        heaps = {taken: read_file(path, MAX_PROFILE_BYTES) for taken, path in sorted(there.items())}
        if not counts_from_itself(heaps[first]):
            return False
        types = [name for name in HEAP if name in listing.types]
        before = read_file(fetched[last], MAX_PROFILE_BYTES)
        start = joined([in_use(heaps[first]), *since], types, before, first * 1_000_000)
        for taken, heap in {taken: counted_from_earlier(heap, start) for taken, heap in heaps.items()}.items():
            write_file(there[taken], _versioned(heap, process))
        return True

    def _check_seams(self, name: str, kept: frozenset[int], there: Mapping[int, Path]) -> None:
        """Say where a file that was kept has less allocated than one before it that was fetched now, from shorter sums."""
        for before, after in pairwise(sorted(there)):
            if before in kept or after not in kept:
                continue
            with suppress(ProfileError):  # of a kept file that is no longer a profile; whatever reads it says so
                if _allocated(there[after]) < _allocated(there[before]):
                    self._watch.tell(
                        f"{name}: the server counts less allocated by {moment(after)} than by {moment(before)}, when asked for a "
                        "longer time at once; delete the snapshots of this process and fetch them with one --every"
                    )
                    return

    def _missing(self, own: list[RemoteSnapshot], there: Mapping[int, Path]) -> list[RemoteSnapshot]:
        """Return the first snapshot in each interval that has none yet; of now, it is always missing."""
        if self._source.live:
            return own
        slots = dict.fromkeys((self._slot(taken) for taken in there), None)
        found: dict[int, RemoteSnapshot | None] = {**slots}
        for snapshot in own:
            found.setdefault(self._slot(snapshot.taken), snapshot)
        missing = [one for one in found.values() if one]
        return missing if self._source.allocated else missing[::-1]

    def _slot(self, taken: int) -> int:
        return int(taken / 1000 / self._wanted.every)

    def _snapshot(
        self, listing: RemoteListing, snapshot: RemoteSnapshot, there: dict[int, Path], directory: Path
    ) -> None:
        """Fetch one snapshot and write it, unless the server has something else."""
        if path := self._put(listing, snapshot, there, directory):
            self._tell_written(path)

    def _put(
        self, listing: RemoteListing, snapshot: RemoteSnapshot, there: dict[int, Path], directory: Path
    ) -> Path | None:
        """Do the same without telling; return the path if it is new."""
        before = max((taken for taken in there if taken < snapshot.taken), default=None)
        data = self._fetched(listing, snapshot, before, there)
        path = directory / file_name("heap", _time(snapshot.taken))
        if not data or not write_new(path, data):
            return None
        there[snapshot.taken] = path
        with self._lock:
            self.bytes_left -= len(data)
            if self.bytes_left < 0:
                self.stop.set()
        return path

    def _tell_written(self, path: Path) -> None:
        with self._lock:
            self._written += 1
        self._watch.written(path)

    def _fetched(
        self, listing: RemoteListing, snapshot: RemoteSnapshot, before: int | None, there: Mapping[int, Path]
    ) -> bytes | None:
        """Return a snapshot; None if it is left out. Raises CaptureError, and OSError if the one before cannot be read."""
        types, asked, earlier = [name for name in HEAP if name in listing.types], self._source.allocated, b""
        remote, labels, tell = self._of_snapshots, snapshot.labels, self._watch.tell
        tries = 1 if self._in_a_row[labels] else MAX_TRIES
        try:
            parts = retried(lambda: self._source.parts(remote, listing, snapshot), tell, tries)
            if asked and before is not None:
                since = Span(before + 1, snapshot.taken)
                parts += retried(lambda: asked(remote, listing, labels, since), tell, tries)
                earlier = read_file(there[before], MAX_PROFILE_BYTES)
            whole = joined(parts, types, earlier, snapshot.taken * 1_000_000) if types else _whole(*parts)
            versioned = _versioned(whole, labels)
        except ProfileError as error:
            self._leave_out(snapshot, str(error))
        except CaptureError as error:
            self._in_a_row[labels] += error.passing
            if self._source.live or _refuses(error) or self._in_a_row[labels] == MAX_IN_A_ROW:
                raise
            self._leave_out(snapshot, str(error))
        else:
            self._in_a_row[labels] = 0
            return versioned
        return None

    def _leave_out(self, snapshot: RemoteSnapshot, why: str) -> None:
        """Say why a snapshot is left out, for the first reasons; of others, `tell_left_out` says how many."""
        with self._lock:
            is_first = why not in self._left_out and len(self._left_out) < MAX_REASONS
            self._left_out[why] += 1
        if is_first:
            name, when = directory_of(snapshot.labels), moment(snapshot.taken)
            self._watch.tell(f"{self._remote.address}: the snapshot of {name} at {when} is left out: {why}")

    def tell_left_out(self) -> None:
        """Say how many more snapshots are left out."""
        said, others = [*self._left_out.items()][:MAX_REASONS], [*self._left_out.values()][MAX_REASONS:]
        for number, why in (*((number - 1, f": {why}") for why, number in said), (sum(others), " for other reasons")):
            if number:
                more = "1 more snapshot is" if number == 1 else f"{number} more snapshots are"
                self._watch.tell(f"{self._remote.address}: {more} left out{why}")

    def check_left_out(self) -> None:
        """Raise CaptureError if more snapshots are left out than are new."""
        left_out = self._left_out.total()
        if left_out > self._written:
            of = left_out + self._written
            none = "none of" if not self._written else f"only {self._written} of"
            usable = (
                "the only new snapshot is not"
                if of == 1
                else f"{none} {of} new snapshots {'are' if self._written > 1 else 'is'}"
            )
            why = self._left_out.most_common(1)[0][0]
            reasons = why if len(self._left_out) == 1 else f"for {len(self._left_out)} reasons, such as {why}"
            raise CaptureError(f"{self._remote.address}: {usable} usable: {reasons}")

    def _tell_once(self, note: str) -> None:
        """Say what is the same for several processes."""
        with self._lock:
            is_new = note not in self._told
            self._told.add(note)
        if is_new:
            self._watch.tell(note)


def _refuses(error: CaptureError) -> bool:
    """Return whether a server will not answer for any other snapshot either."""
    return error.status in REFUSALS or error.wait > MAX_PAUSE_SECONDS


def directory_of(process: Process) -> str:
    """Return the relative directory of a process: SERVICE/PROCESS."""
    labels = dict(process)
    service = next((labels.pop(name) for name in SERVICE if name in labels), "unnamed")
    name = "+".join(map(_name, labels.values()))  # no name has a +
    if len(name) > MAX_NAME_CHARACTERS:
        name = _name("\0".join(labels.values()))
    return f"{_name(service)}/{name or 'all'}"


def count(directory: Path) -> int:
    """Return how many snapshots were fetched into the directory of a source."""
    return sum(bool(NAME.fullmatch(name)) for _, _, names in tree(str(directory), (), set()) for name in names)


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


def _versioned(heap: bytes, process: Process) -> bytes:
    """Return a profile with a comment for each label of its process that names the version."""
    return commented(heap, *(f"{name}={value}" for name, value in process if name in VERSIONS))


def _whole(data: bytes) -> bytes:
    """Return a profile as it is. Raises ProfileError unless it is one."""
    read(data)
    return data


def _allocated(path: Path) -> int:
    """Return the bytes that were allocated by the time of a snapshot. Raises ProfileError and OSError."""
    return allocated(read_file(path, MAX_PROFILE_BYTES))


def _heaps(directory: Path) -> list[Path]:
    with suppress(FileNotFoundError):
        return [path for path in directory.iterdir() if time_of(path.name, "heap")]
    return []


def _milliseconds(path: Path) -> int:
    """Return when the heap in a file of this name was taken."""
    taken = time_of(path.name, "heap")
    assert taken
    return round(taken.timestamp() * 1000)


def _time(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds // 1000, timezone.utc) + timedelta(milliseconds=milliseconds % 1000)


def _name(text: str) -> str:
    """Return a text as a name that any file system takes, and that no other text has."""
    plain = re.sub(r"[^A-Za-z0-9._-]", "_", text).strip(".")[:MAX_NAME_CHARACTERS]
    return plain if plain == text else f"{plain}-{hashlib.sha256(text.encode()).hexdigest()[:8]}"
