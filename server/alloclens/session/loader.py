"""Keeps a World up to date with the directories: wake, scan, settle, read, replace."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import time
import traceback
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple, ParamSpec, TypeVar

from alloclens.cache.snapshots import Snapshots
from alloclens.cache.texts import Texts
from alloclens.disk import Stamp, is_absent
from alloclens.faults import Problem
from alloclens.session.assemble import assemble
from alloclens.session.known import Known
from alloclens.session.listing import Listing, Look, Scan, Where, gone, look, settled
from alloclens.session.named_files import opened
from alloclens.session.reading import forget
from alloclens.session.setup import Setup
from alloclens.session.watcher import Watcher
from alloclens.session.world import FilePair, World
from alloclens.worker import Lost, NotStarted, seconds_for

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence

    from alloclens.series.snapshot import Snapshot
    from alloclens.session.settling import Run
    from alloclens.transform.filters import Filters
    from alloclens.worker import Worker

P = ParamSpec("P")
Result = TypeVar("Result")
log = logging.getLogger(__name__)

SETTLE_SECONDS = 0.15
"""Time between the two scans that must agree on a file. GRACE_SECONDS catches a writer that pauses longer."""
AT_REST_SECONDS = 60.0
"""A file that was not modified for this long is not being written."""
POLL_SECONDS = 2.0
"""Network file systems send no events, and neither does a directory that was created again."""
GRACE_SECONDS = 2.0
"""A younger file that cannot be read may still be being written: it is read again before an error is shown."""
START_AGAIN_SECONDS = 30.0
"""Until a file is read again that no process began to read."""
DIRECTORIES = "the profile directories"
"""The place of a problem that no file has."""
SLOW_UPDATE_SECONDS = 1.0
"""A longer update is logged."""
SHOW_SECONDS = 0.5
"""Time until an intermediate world is shown while many files are read. Each one adds as much to the time until the next:
judging a long series takes as long as reading several files."""

SMALL_BYTES = 2 << 20
"""A second worker reads no larger files, so that large ones do not take twice the memory."""
BYTES_AS_LONG_AS_A_FILE = 40 << 10
"""Reading a file takes 4.5 ms and 0.11 s per MiB: as long as reading so many bytes more."""
MANY_BYTES = 72 << 20
"""Reading so much takes 8 s of processor time, 20 times that of starting a second worker (0.4 s)."""


class Wanted(NamedTuple):
    """What the loader should follow."""

    folders: tuple[str, ...]
    given: Mapping[str, Any]
    """The editor's settings, which override those of the settings file."""
    focus: tuple[Filters, ...] = ()
    compared: FilePair | None = None
    """Two files, wherever they are, that are compared instead of showing the series in the directories."""


class Seen(NamedTuple):
    """What the directories hold now, compared with what was known."""

    scan: Scan
    """Without the files that are still being written."""
    gone: Sequence[str] = ()
    """The known files that no longer exist, or whose directories are no longer followed."""
    written: frozenset[str] = frozenset()
    """The files that are still being written."""


class Loader:
    """Follows the profile directories of some workspace folders. All methods but `wake` belong to the event loop."""

    def __init__(self, on_world: Callable[[World], Awaitable[None]], worker: Worker) -> None:
        self._on_world = on_world
        self._loop = asyncio.get_running_loop()
        self._thread = ThreadPoolExecutor(1, "loader")
        self._woken = asyncio.Event()
        self._watcher = Watcher(self.wake)
        self._worker = worker
        self._watched: frozenset[str] = frozenset()
        """The directories of the last scan."""
        self._look = Look()
        self._listing: Listing = {}
        self._world = World()
        self._failures: list[str] = []
        """The causes of failed updates since the last that succeeded."""
        self._may_forget = False
        """Whether the caches may hold data of snapshots that no longer exist."""
        self._noted: set[str] = set()
        self._wanted: Wanted | None = None
        self._setup = Setup()
        self._shown: tuple[Setup, tuple[Filters, ...], FilePair | None] | None = None
        self._texts: Texts | None = None
        self._kept: Snapshots | None = None
        self._known = self._nothing_known()

    def wake(self) -> None:
        """Request an update; safe from any thread."""
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._woken.set)

    def want(self, wanted: Wanted) -> None:
        """Follow something else from now on."""
        self._wanted = wanted
        self.wake()

    async def incomparable(self, base: str, head: str) -> str:
        """Return why two profiles cannot be compared; "" if they can be."""
        reader = self._setup.reader
        limit = seconds_for(2 * reader.largest)
        try:
            return await self._aside(self._worker.run, reader.incomparable, base, head, seconds=limit)
        except Lost as error:
            return str(error)

    async def opened(self, files: FilePair, sample_type: str) -> World:
        """Return a world of one file, or of two that are compared, beside what is shown; with problems if it cannot be read."""
        return await self._aside(opened, self._setup, self._texts, self._worker.run, files, sample_type)

    def stop(self) -> None:
        """End the watcher."""
        self._watcher.stop()
        for cache in (self._texts, self._kept):
            if cache:
                cache.close()

    async def _aside(self, work: Callable[P, Result], *args: P.args, **options: P.kwargs) -> Result:
        """Run what may block in the loader's thread. Several threads would each keep the memory that judging takes."""
        return await self._loop.run_in_executor(self._thread, partial(work, *args, **options))

    async def run(self) -> None:
        """Follow the directories until cancelled."""
        while True:
            is_woken = await self._next_wake()
            if self._wanted is not None:
                await self._try_update(self._wanted, is_woken=is_woken)

    async def _next_wake(self) -> bool:
        """Wait until something happens, or for POLL_SECONDS; return whether something has happened."""
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self._woken.wait(), POLL_SECONDS)
        is_woken = self._woken.is_set()
        self._woken.clear()
        return is_woken

    async def _try_update(self, wanted: Wanted, *, is_woken: bool) -> None:
        """Update once and log a failure. From the second in a row on, a failure is also shown, until an update succeeds."""
        begun = time.monotonic()
        try:
            await self._update(wanted, is_woken=is_woken)
            self._failures.clear()
            if (seconds := time.monotonic() - begun) > SLOW_UPDATE_SECONDS:
                directories, files = len(self._setup.directories), len(self._listing)
                log.info("an update of %d directories with %d profiles took %.1f s", directories, files, seconds)
        except Exception as error:
            self._shown = None
            cause = f"{type(error).__name__} in {traceback.extract_tb(error.__traceback__)[-1].name}"
            if cause not in self._failures:
                log.exception("an update of the profile directories failed; the next is in %s s", POLL_SECONDS)
            if self._failures:
                await self._tell_failure(cause)
            self._failures = [*dict.fromkeys((*self._failures, cause))]

    async def _tell_failure(self, cause: str) -> None:
        """Show the current world with the failure as a further problem."""
        reason = f"a bug in alloclens ({cause}, see the log); it tries again every {POLL_SECONDS:g} s"
        problem = Problem(DIRECTORIES, reason)
        if problem not in self._world.problems:
            with contextlib.suppress(Exception):  # showing may be what fails, which is logged
                await self._replace(replace(self._world, problems=(*self._world.problems, problem)))

    async def _update(self, wanted: Wanted, *, is_woken: bool = True) -> None:
        """Look at the directories, and show a new world if anything has changed."""
        await self._prepare(wanted)
        to_show = self._setup, wanted.focus, wanted.compared
        at_rest = not (is_woken or self._may_forget) and self._shown == to_show
        if at_rest and await self._aside(self._look.is_enough):
            return
        seen = await self._settle(wanted.compared)
        await self._follow(seen.scan.directories)
        if seen.written:
            self.wake()
        if self._wanted != wanted:  # `want` has woken the loader
            return
        new = await self._aside(_new, self._listing, seen.scan.files)
        to_show = self._setup, wanted.focus, wanted.compared  # following may have found other labels
        same_limits = (seen.scan.faults, seen.scan.closed) == (self._known.faults, self._known.closed)
        if not new and not seen.gone and same_limits and self._shown == to_show:
            await self._forget(seen)
            return
        self._shown = None  # if this update fails, the next must not skip its work
        for path in seen.gone:
            self._known.forget(path)
            del self._listing[path]
        self._known.take(seen.scan)
        self._may_forget |= bool(seen.gone) or not self._listing or not self._listing.keys().isdisjoint(new)
        if await self._load(new, wanted) and not await self._aside(self._known.look_again):
            self._shown = to_show
        else:
            self.wake()

    async def _prepare(self, wanted: Wanted) -> None:
        """Read the settings file and find modules. Everything is read again if what it depends on has changed."""
        if self._texts is None:
            self._texts, self._kept = await self._aside(Texts), await self._aside(Snapshots)
            self._known = self._nothing_known()
        before, self._setup = self._setup, await self._aside(self._setup.renewed, wanted.folders, wanted.given)
        if self._setup.reader != before.reader:
            self._known, self._listing = self._nothing_known(), {}
        for problem in self._setup.problems if self._setup.problems != before.problems else ():
            log.warning("%s", problem)
        left_out = self._setup.where.roots.left_out
        for sentence in left_out if left_out != before.where.roots.left_out else ():
            log.warning("%s", sentence)

    def _nothing_known(self) -> Known:
        return Known(self._setup.reader, self._kept, self._worker.run)

    async def _settle(self, named: FilePair | None) -> Seen:
        """Scan the directories, twice if a file is new or missing or cannot be read: one scan proves no change.

        Once is enough if the events said that all new files are complete.
        """
        complete, touched = self._watcher.events()
        roots, depth = self._setup.where.roots, self._setup.settings.profile_depth
        paths = named.paths if named else ()
        where = Where(self._setup.directories, roots.folders, depth, paths, self._setup.working)
        before = await self._aside(self._looked, where, touched)
        if await self._aside(self._is_plain, before, complete):
            return Seen(before)
        await asyncio.sleep(SETTLE_SECONDS)
        now = await self._aside(self._looked, where, touched)
        at_rest = settled(before, now)
        lost = await self._aside(gone, self._listing, before, now)
        return Seen(at_rest, lost, frozenset(now.files.keys() - at_rest.files.keys()))

    def _looked(self, where: Where, touched: frozenset[str] | None) -> Scan:
        """Scan, or look only at the files to which something happened, and note what tells whether another scan is needed."""
        again = self._look.touched(touched) if touched and self._look.where == where else None
        self._look = again or look(where, (*self._setup.directories, *self._watched, *self._setup.working))
        return self._look.found

    async def _follow(self, directories: tuple[str, ...]) -> None:
        """Watch these directories from now on, and use the labels in them."""
        await self._aside(self._watcher.follow, directories)
        if not self._watched.issuperset(directories):
            self._look = Look()
            self.wake()  # a file may have been written before its directory was watched
        self._watched = frozenset(directories)
        unlisted = await self._aside(_directories, self._listing) - self._watched
        self._setup = await self._aside(self._setup.labelled, (*directories, *sorted(unlisted)))

    def _is_plain(self, listed: Scan, complete: frozenset[str]) -> bool:
        """Return whether a scan finds all known files, and beside them only files that nobody is writing."""
        old = (time.time() - AT_REST_SECONDS) * 1e9
        at_rest = all(
            stamp == self._listing.get(path) or stamp.mtime_ns < old or path in complete
            for path, stamp in listed.files.items()
        )
        return at_rest and listed.faults == self._known.faults and self._listing.keys() <= listed.files.keys()

    async def _load(self, new: Listing, wanted: Wanted) -> bool:
        """Read the new files, starting with the latest and the first, and show what is known from time to time.

        Return whether everything is read, settled and shown. If other folders or settings are wanted meanwhile, the rest is
        left to the next update. So are snapshots to be read again, so that a new file need not wait for them.
        """
        shown_at, seconds = time.monotonic(), SHOW_SECONDS
        unread: Listing = {path: new[path] for path in _most_wanted_first(new)}
        for latest, stamp in list(unread.items())[:1]:
            look_ahead, limit = self._setup.reader.look_ahead, seconds_for(stamp.size)
            await self._aside(self._worker.ahead, look_ahead, latest, seconds=limit)
        for remembered in await self._aside(self._known.remember, new):
            self._listing[remembered] = unread.pop(remembered)
        async with self._second(unread) as second:
            while self._wanted == wanted and (path := await self._next(unread)) is not None:
                first = self._read(path, unread.pop(path) if path in unread else self._listing[path])
                if second and unread and next(reversed(unread.values())).size <= SMALL_BYTES:
                    await asyncio.gather(first, self._read(*unread.popitem(), second))
                else:
                    await first
                if (unread or self._known.unsettled) and time.monotonic() - shown_at > seconds:
                    await self._show(len(unread), wanted)
                    shown_at, seconds = time.monotonic(), seconds + SHOW_SECONDS
                    if not unread:
                        return False
        return await self._show(len(unread), wanted) and not unread and not self._known.unsettled

    async def _next(self, unread: Listing) -> str | None:
        return await self._aside(self._known.next, next(iter(unread), None))

    @contextlib.asynccontextmanager
    async def _second(self, unread: Listing) -> AsyncIterator[Worker | None]:
        """Return a second worker that reads the last of many files while the first reads the first; else None."""
        if os.cpu_count() == 1 or not _is_much(unread):
            yield None
            return
        worker = self._worker.twin()
        try:
            yield worker
        finally:
            worker.stop()

    async def _forget(self, seen: Seen) -> None:
        """Drop snapshots that no longer exist from the caches, after a second update has confirmed it.

        Nothing is dropped for a directory that could not be listed or has no snapshot, like that of an unmounted disk.
        """
        if not self._may_forget:
            return
        self._may_forget = False
        there = await self._aside(_directories, self._listing) - seen.scan.faults.keys()
        but = frozenset((*self._listing, *seen.scan.files, *seen.scan.faults, *seen.written))
        with contextlib.suppress(Lost):  # the next change will try again
            await self._aside(self._worker.run, forget, [d for d in seen.scan.directories if d in there], but)

    async def _read(self, path: str, stamp: Stamp, second: Worker | None = None) -> None:
        """Read a file, in the second worker if it is given."""
        try:
            if second:
                read = await asyncio.to_thread(self._snapshot, path, stamp, second.run)
            else:
                read = await self._aside(self._snapshot, path, stamp)
        except NotStarted as error:
            await self._read_later(Problem(path, str(error)))
            return
        if not isinstance(read, Problem):
            self._note(read)
            self._listing[path] = stamp
        elif await self._aside(is_absent, path):  # deleted since it was listed
            await self._leave(path)
        elif 0 <= time.time() - stamp.mtime_ns / 1e9 < GRACE_SECONDS:
            await self._leave(path)
            self._loop.call_later(GRACE_SECONDS, self.wake)
        else:
            log.warning("%s: %s", path, read.reason)
            self._listing[path] = stamp
            await self._aside(self._known.blame, read)

    async def _read_later(self, problem: Problem) -> None:
        """Show why a file is not read yet, and read it again later, although it has not changed."""
        log.warning("%s: %s", problem.path, problem.reason)
        self._listing.pop(problem.path, None)
        await self._aside(self._known.blame, problem)
        self._loop.call_later(START_AGAIN_SECONDS, self.wake)

    async def _leave(self, path: str) -> None:
        """Leave a file to the next update."""
        if path in self._known.unsettled:
            await self._aside(self._known.forget, path)
            self._listing.pop(path, None)

    def _note(self, snapshot: Snapshot) -> None:
        """Log the notes of a snapshot, each once for all snapshots."""
        for note in snapshot.notes:
            if note not in self._noted:
                self._noted.add(note)
                log.warning("%s: %s", snapshot.path, note)

    def _snapshot(self, path: str, stamp: Stamp, run: Run | None = None) -> Snapshot | Problem:
        try:
            return self._known.read(path, stamp, run)
        except NotStarted:
            raise
        except Lost as error:
            return Problem(path, str(error))
        except Exception as error:  # an error of ours must not hide the other files
            log.exception("reading %s failed", path)
            return Problem.of(path, error)

    async def _show(self, unread: int, wanted: Wanted) -> bool:
        """Show what is known. If a file to be compared was deleted meanwhile, start the next update instead."""
        world = await self._aside(assemble, self._known, self._setup, self._texts, wanted.focus, wanted.compared)
        unreadable = (path for pair, read in self._known.contents.items() if read is None for path in pair[:2] if path)
        if not self._known.faults and await self._aside(any, map(is_absent, unreadable)):
            self.wake()
            return False
        await self._replace(replace(world, pending=unread + len(self._known.unsettled)))
        return True

    async def _replace(self, world: World) -> None:
        self._world = replace(world, generation=self._world.generation + 1)
        await self._on_world(self._world)


def _new(known: Listing, there: Listing) -> Listing:
    return {path: stamp for path, stamp in there.items() if known.get(path) != stamp}


def _is_much(unread: Listing) -> bool:
    """Return whether reading files takes so long that a second worker is worth its start."""
    small = [stamp.size for stamp in unread.values() if stamp.size <= SMALL_BYTES]
    return sum(small) + len(small) * BYTES_AS_LONG_AS_A_FILE >= MANY_BYTES


def _directories(paths: Iterable[str]) -> set[str]:
    return set(map(os.path.dirname, paths))


def _most_wanted_first(new: Listing) -> list[str]:
    """Order by time, but the latest first: head and base are shown."""
    by_time = sorted(new, key=lambda p: new[p].mtime_ns)
    return by_time[-1:] + by_time[:-1]
