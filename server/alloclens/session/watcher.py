"""Wakes the loader when something happens in a directory. Only a scan tells what has happened."""

from __future__ import annotations

import logging
import os
import stat
import sys
import threading
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from watchdog.events import FileSystemEvent, FileSystemEventHandler
from watchdog.observers import Observer

from alloclens.disk import identity_of, reason

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from watchdog.observers.api import BaseObserver, ObservedWatch

    from alloclens.disk import Identity

log = logging.getLogger(__name__)

MAX_WATCHED = 64
"""Each directory takes a thread; changes in the others are noticed by polling."""
ALL_MOVES = {"generate_full_events": True} if getattr(Observer, "__name__", "") == "InotifyObserver" else {}
"""Options that report a file moved here from an unwatched directory as moved, not as created."""


MAX_TOUCHED = 1_000


class Events(NamedTuple):
    """What the events of watched directories say about files. Only Linux reports enough: elsewhere, nothing is said."""

    complete: frozenset[str] = frozenset()
    """Files that their writer has closed, or has renamed to this name."""
    touched: frozenset[str] | None = None
    """All files to which anything happened; None if only a scan can tell."""


class Watcher:
    """Watches directories that may come and go. If one cannot be watched, the loader's polling notices its changes."""

    def __init__(self, wake: Callable[[], None]) -> None:
        self._handler = _Waker(wake)
        self._observer: BaseObserver | None = None
        self._watches: dict[str, tuple[Identity, ObservedWatch]] = {}
        """Maps a directory to its watch, which does not see the directory that replaces a deleted one."""
        self._failures: dict[str, str] = {}
        """Maps a directory that is not watched to the reason that was logged last."""

    def follow(self, directories: Iterable[str]) -> None:
        """Watch the first of these directories that exist now, and no others. Call it again whenever they may have changed.

        Reads the disk: call it from a thread, one call at a time.
        """
        existing = ((d, identity) for d in directories if (identity := _identity(d)))
        there = dict(islice(existing, MAX_WATCHED))
        ended = {e.watch for e in self._observer.emitters if not e.is_alive()} if self._observer else set()
        for directory, (identity, watch) in list(self._watches.items()):
            if there.get(directory) != identity or watch in ended:  # a new directory may reuse the inode
                self._leave(directory, watch)
        for directory, identity in there.items():
            if directory not in self._watches:
                self._watch(directory, identity)

    def events(self) -> Events:
        """Return what has happened since the last call."""
        return self._handler.events()

    def stop(self) -> None:
        """Stop the observer's threads."""
        if self._observer:
            self._observer.stop()

    def _watch(self, directory: str, identity: Identity) -> None:
        try:
            self._watches[directory] = identity, self._started().schedule(self._handler, directory)
            self._failures.pop(directory, None)
        except (OSError, RuntimeError) as error:  # deleted again, or no watches, instances or threads are left
            if self._failures.get(directory) != reason(error):
                log.warning("cannot watch %s (%s); it is scanned every 2 s instead", directory, reason(error))
            self._failures[directory] = reason(error)

    def _started(self) -> BaseObserver:
        """Return the observer, started. Raises OSError if the user's inotify instances are used up."""
        if self._observer is None:
            observer = Observer(**ALL_MOVES)
            observer.start()
            self._observer = observer
        return self._observer

    def _leave(self, directory: str, watch: ObservedWatch) -> None:
        del self._watches[directory]
        try:
            if self._observer:
                self._observer.unschedule(watch)
        except (KeyError, OSError):  # the emitter has ended with its directory
            log.debug("the watch on %s had ended", directory)


class _Waker(FileSystemEventHandler):
    def __init__(self, wake: Callable[[], None]) -> None:
        self._wake = wake
        self._complete: set[str] = set()
        self._touched: set[str] | None = set()
        self._lock = threading.Lock()

    def on_any_event(self, event: FileSystemEvent) -> None:
        if event.event_type in ("opened", "closed_no_write"):  # of every reader, including us
            return
        if sys.platform == "linux":
            self._note(event)
        self._wake()

    def events(self) -> Events:
        """Return what has happened since the last call."""
        with self._lock:
            touched = frozenset(self._touched) if sys.platform == "linux" and self._touched is not None else None
            happened = Events(frozenset(self._complete), touched)
            self._complete, self._touched = set(), set()
        return happened

    def _note(self, event: FileSystemEvent) -> None:
        path, target = os.fsdecode(event.src_path), os.fsdecode(event.dest_path)
        with self._lock:
            self._complete.discard(path)
            if event.event_type == "closed":
                self._complete.add(path)
            elif target:
                self._complete.add(target)
            self._touch(event, {path, target} - {""})

    def _touch(self, event: FileSystemEvent, paths: set[str]) -> None:
        if event.is_directory and event.event_type == "modified":  # because of a file in it, which has its own event
            return
        if event.is_directory or self._touched is None or len(self._touched) > MAX_TOUCHED:
            self._touched = None
        else:
            self._touched |= paths


def _identity(directory: str) -> Identity | None:
    """Return the identity of a directory; None if it does not exist or cannot be read.

    watchdog does not notice that inotify fails for a directory that cannot be read.
    """
    try:
        status = os.stat(directory)
    except (OSError, ValueError):
        return None
    if not stat.S_ISDIR(status.st_mode) or not os.access(directory, os.R_OK):
        return None
    return identity_of(status)
