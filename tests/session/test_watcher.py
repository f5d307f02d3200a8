"""The events that say that a file is complete, so that it need not be looked at twice."""

from __future__ import annotations

import sys
import threading
from typing import TYPE_CHECKING

import pytest
from alloclens.session.watcher import Watcher

from tests.support.processes import until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only inotify tells that a writer has closed a file")


class Watched:
    """A directory whose events are collected."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.woken = folder, threading.Event()
        self.watcher = Watcher(self.woken.set)
        self.watcher.follow([str(folder)])
        self.seen: set[str] = set()

    def has(self, name: str) -> bool:
        self.seen |= {path.rpartition("/")[2] for path in self.watcher.events().complete}
        return name in self.seen


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Watched]:
    made = Watched(tmp_path)
    yield made
    made.watcher.stop()


def test_a_file_that_is_renamed_into_place_is_complete(watched: Watched) -> None:
    (watched.folder / ".a.tmp").write_bytes(b"profile")
    (watched.folder / ".a.tmp").rename(watched.folder / "a.pb.gz")
    assert until(lambda: watched.has("a.pb.gz"))


def test_a_file_that_is_moved_here_from_a_directory_that_is_not_watched_is_complete(watched: Watched) -> None:
    aside = watched.folder.parent / f"{watched.folder.name}.aside"
    aside.write_bytes(b"profile")
    aside.rename(watched.folder / "a.pb.gz")
    assert until(lambda: watched.has("a.pb.gz"))
    (watched.folder / "a.pb.gz").rename(aside)
    (watched.folder / "b.pb.gz").write_bytes(b"profile")
    assert until(lambda: watched.has("b.pb.gz"))
    assert watched.watcher.events().complete == frozenset()


def test_a_file_is_complete_once_its_writer_has_closed_it(watched: Watched) -> None:
    with (watched.folder / "b.pb.gz").open("wb", buffering=0) as file:
        file.write(b"half of a ")
        (watched.folder / ".c.tmp").write_bytes(b"")
        (watched.folder / ".c.tmp").rename(watched.folder / "c")
        assert until(lambda: watched.has("c"))  # so the earlier events have come, too
        assert not watched.has("b.pb.gz")
        file.write(b"profile")
    assert until(lambda: watched.has("b.pb.gz"))


def test_what_is_written_again_is_not_complete(watched: Watched) -> None:
    path = watched.folder / "d.pb.gz"
    path.write_bytes(b"profile")
    with path.open("ab", buffering=0) as file:
        file.write(b" and more")
        (watched.folder / "e").write_bytes(b"")
        collected: set[str] = set()

        def has_e() -> bool:
            collected.clear()
            collected.update(path.rpartition("/")[2] for path in watched.watcher._handler._complete)
            return "e" in collected

        assert until(has_e)
        assert "d.pb.gz" not in collected
