"""Pokes when something happens in a directory. What happened is for a scan to say."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING

from watchdog.events import FileSystemEvent, FileSystemEventHandler
from watchdog.observers import Observer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from watchdog.observers.api import ObservedWatch

log = logging.getLogger(__name__)

Identity = tuple[int, int]
"""Device and inode: a directory deleted and made again is another one, and the watch on the old one is deaf."""


class Watcher:
    """Watches directories that may come and go."""

    def __init__(self, poke: Callable[[], None]) -> None:
        self._handler = _Poker(poke)
        self._observer = Observer()
        self._observer.daemon = True
        self._watches: dict[str, tuple[Identity, ObservedWatch]] = {}
        self._observer.start()

    def follow(self, directories: Iterable[str]) -> None:
        """Watch those of these directories that are there now, and no others. Call again whenever they may have changed."""
        there = {d: identity for d in directories if (identity := _identity(d))}
        for directory, (identity, watch) in list(self._watches.items()):
            if there.get(directory) != identity:
                self._leave(directory, watch)
        for directory, identity in there.items():
            if directory not in self._watches:
                self._watch(directory, identity)

    def stop(self) -> None:
        """End the observer's threads."""
        self._observer.stop()

    def _watch(self, directory: str, identity: Identity) -> None:
        try:
            self._watches[directory] = identity, self._observer.schedule(self._handler, directory)
        except OSError as error:  # gone again, or no watches left: the poll sees what happens there
            log.warning("cannot watch %s (%s); it is looked at every few seconds instead", directory, error)

    def _leave(self, directory: str, watch: ObservedWatch) -> None:
        del self._watches[directory]
        try:
            self._observer.unschedule(watch)
        except (KeyError, OSError):  # the emitter ended by itself with its directory
            log.debug("the watch on %s had ended", directory)


class _Poker(FileSystemEventHandler):
    def __init__(self, poke: Callable[[], None]) -> None:
        self._poke = poke

    def on_any_event(self, event: FileSystemEvent) -> None:
        if event.event_type not in ("opened", "closed_no_write"):  # our own reading, and everybody else's
            self._poke()


def _identity(directory: str) -> Identity | None:
    try:
        stat = Path(directory).stat()
    except OSError:
        return None
    return stat.st_dev, stat.st_ino
