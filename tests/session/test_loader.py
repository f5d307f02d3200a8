"""Which wish counts while profiles are looked for and read, and what a file costs that cannot be read."""

from __future__ import annotations

import asyncio
import os
import pickle
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest
from alloclens.disk import Stamp
from alloclens.faults import Problem
from alloclens.session import listing, loader, once, reading
from alloclens.session.known import Known
from alloclens.session.listing import scan
from alloclens.session.loader import Loader, Wanted
from alloclens.session.setup import setup
from alloclens.session.world import World
from alloclens.source.places import Place
from alloclens.source.recorded import Origin
from alloclens.transform.filters import Filters
from alloclens.worker import Lost, NotStarted, Worker

from tests.support import worker as support
from tests.support.profiles import drop, heap

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
FILES = 3
MAPPED = {"pathMappings": [{"from": "/srv/build", "to": "."}]}


class Here(support.Here):
    """Keeps what it has read, too."""

    def __init__(self) -> None:
        self.read: list[str] = []

    def run(self, work: Callable[..., Any], *args: Any, **_: Any) -> Any:
        if work.__name__ == "read":
            self.read.append(args[0])
        return super().run(work, *args)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "go.mod").write_text("module example.com/app\n")
    for i in range(FILES):
        drop(tmp_path / f"profiles/{i}.pb.gz", heap(f"main.keep@{tmp_path}/main.go:11 = {i + 1}x1048576"))
    return tmp_path


@pytest.mark.parametrize(
    ("given", "focus"), [({}, (Filters(focus="main"),)), (MAPPED, ())], ids=["focus", "path mappings"]
)
async def test_a_wish_while_files_are_looked_for_counts_before_any_is_read(
    folder: Path, monkeypatch: pytest.MonkeyPatch, given: dict[str, Any], focus: tuple[Filters, ...]
) -> None:
    worker, worlds, shown = Here(), [], asyncio.Event()
    newer, loop = Wanted((str(folder),), given, focus), asyncio.get_running_loop()

    async def on_world(world: World) -> None:
        worlds.append(world)
        if not world.pending:
            shown.set()

    def scan_while_another_is_wanted(*given: Any) -> Any:
        loop.call_soon_threadsafe(following.want, newer)
        return scan(*given)

    following = Loader(on_world, worker)
    monkeypatch.setattr(listing, "scan", scan_while_another_is_wanted)
    following.want(Wanted((str(folder),), {}))
    task = asyncio.ensure_future(following.run())
    await asyncio.wait_for(shown.wait(), 30)
    task.cancel()
    following.stop()
    assert {world.focus for world in worlds} == {focus}
    assert {len(world.settings.path_mappings) for world in worlds} == {len(given)}
    assert len(worker.read) == FILES


async def everything(shown: asyncio.Queue[World]) -> World:
    """Wait for a world in which every file has been read."""
    while True:
        world = await asyncio.wait_for(shown.get(), 60)
        if not world.pending:
            return world


class Losing(Here):
    """One that is lost of one of the files."""

    def run(self, work: Callable[..., Any], *args: Any, **more: Any) -> Any:
        read = super().run(work, *args, **more)
        if work.__name__ == "read" and args[0].endswith("1.pb.gz"):
            raise Lost("reading it took longer than 61 s and was stopped")
        return read


async def test_a_file_that_the_worker_is_lost_of_costs_itself_alone(folder: Path) -> None:
    old = time.time() - 1000
    for path in (folder / "profiles").iterdir():
        os.utime(path, (old, old))  # not being written any more
    worker, shown = Losing(), asyncio.Queue[World]()
    following = Loader(shown.put, worker)
    following.want(Wanted((str(folder),), {}))
    task = asyncio.ensure_future(following.run())
    world = await everything(shown)
    lost = str(folder / "profiles/1.pb.gz")
    assert world.problems == (Problem(lost, "reading it took longer than 61 s and was stopped"),)
    assert [snapshot.name for snapshot in world.series[0].snapshots] == ["0.pb.gz", "2.pb.gz"]
    following.want(Wanted((str(folder),), {}, (Filters(focus="main"),)))
    assert (await asyncio.wait_for(shown.get(), 30)).problems == world.problems
    assert worker.read.count(lost) == 1  # and is not tried again
    task.cancel()
    following.stop()


class Late(Here):
    """One whose process does not start the first time that it is to read one of the files."""

    def run(self, work: Callable[..., Any], *args: Any, **more: Any) -> Any:
        late = work.__name__ == "read" and args[0].endswith("1.pb.gz") and args[0] not in self.read
        read = super().run(work, *args, **more)
        if late:
            raise NotStarted("the process that reads files does not start")
        return read


async def test_a_file_is_read_again_if_no_process_began_to_read_it(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Though it has not changed: on a busy machine a process may start too late."""
    monkeypatch.setattr(loader, "START_AGAIN_SECONDS", 0.01)
    old = time.time() - 1000
    for path in (folder / "profiles").iterdir():
        os.utime(path, (old, old))  # not being written any more
    worker, shown = Late(), asyncio.Queue[World]()
    following = Loader(shown.put, worker)
    following.want(Wanted((str(folder),), {}))
    task = asyncio.ensure_future(following.run())
    late = str(folder / "profiles/1.pb.gz")
    assert (await everything(shown)).problems == (Problem(late, "the process that reads files does not start"),)
    world = await everything(shown)
    assert world.problems == ()
    assert late in [snapshot.path for snapshot in world.series[0].snapshots]
    task.cancel()
    following.stop()


class Counting(Worker):
    """Keeps how many files it has read. Its twin is another one."""

    def __init__(self) -> None:
        super().__init__()
        self.count = 0
        self.other: Counting | None = None

    def twin(self) -> Counting:
        self.other = Counting()
        return self.other

    def run(self, work: Callable[..., Any], *args: Any, **more: Any) -> Any:
        self.count += work.__name__ == "read"
        return super().run(work, *args, **more)


@pytest.mark.programs
async def test_two_workers_read_what_one_reads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each snapshot has functions that no other has, and some show where files of others lie."""
    (tmp_path / "go.mod").write_text("module example.com/app\n")
    for name in ("main.go", "db/open.go"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(f"package {name[:2]}\n" + "\n" * 20)
    for number in range(12):
        stacks = [f"main.f{number}@/srv/build/main.go:{number + 1} = {number + 1}x1048576"]
        if number % 5 == 3:
            stacks.append(f"example.com/app/db.Open{number}@/srv/build/db/open.go:{number} = 1x1048576")
        path = drop(tmp_path / f"profiles/{number:02}.pb.gz", heap(*stacks))
        os.utime(path, (10**9 + number,) * 2)
    monkeypatch.setattr(loader, "MANY_BYTES", 4 * loader.BYTES_AS_LONG_AS_A_FILE)
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    worker, shown = Counting(), asyncio.Queue[World]()
    following = Loader(shown.put, worker)
    following.want(Wanted((str(tmp_path),), {}))
    task = asyncio.ensure_future(following.run())
    world = await everything(shown)
    task.cancel()
    following.stop()
    worker.stop()
    assert worker.other
    assert min(worker.count, worker.other.count) > 1
    alone = once.world([str(tmp_path)], None, {})
    of_two, of_one = (
        [(s.path, s.taken_at, s.total, s.evidence, s.attribution) for s in found.series[0].snapshots]
        for found in (world, alone)
    )
    assert len(of_one) == 12
    assert of_two == of_one


@pytest.mark.parametrize(
    ("files", "size", "seconds", "is_much"),
    [
        (200, 84_540, 2.7, False),
        (500, 84_540, 6.8, False),
        (700, 84_540, 9.5, True),
        (1_200, 14_329, 7.3, False),
        (1_500, 14_329, 9.2, True),
        (80, 698_808, 7.0, False),
        (110, 698_808, 9.6, True),
        (1_000, loader.SMALL_BYTES + 1, 235.0, False),  # which only the first reads
    ],
)
def test_a_second_worker_is_started_where_reading_takes_twenty_times_as_long(
    files: int, size: int, seconds: float, is_much: bool
) -> None:
    """As measured: processor time to read so many files of so many bytes, and 0.4 s to start a worker."""
    assert (seconds >= 20 * 0.4 and size <= loader.SMALL_BYTES) == is_much
    unread = {str(i): Stamp(0, size, i) for i in range(files)}
    assert loader._is_much(unread) == is_much


def test_what_is_settled_about_a_series_is_sent_to_the_worker_once() -> None:
    """The next message has the same bytes, of which the worker makes the same object."""
    settled = reading.Settled(1, 2, {"a.go": Place("/w/a.go", "as recorded", Origin.OWN)}, {"b.go": "a.go"})
    first, second = (pickle.loads(pickle.dumps((number, settled))) for number in (1, 2))
    assert (first[0], second[0]) == (1, 2)
    assert first[1] is second[1]
    assert vars(first[1]) == {name: getattr(settled, name) for name in ("evidence", "attribution", "places", "names")}


def test_no_file_is_forgotten_while_another_thread_settles_where_files_lie(folder: Path) -> None:
    """A second file has evidence of its own; of the first, something is wrong by then."""
    first, second = (str(folder / f"profiles/{i}.pb.gz") for i in range(2))
    drop(folder / "profiles/1.pb.gz", heap(f"main.other@{folder}/other.go:1 = 1x1048576"))
    blaming, were_waiting = [], []

    def run(work: Callable[..., Any], *args: Any, **_: Any) -> Any:
        if work.__name__ == "places" and first in known.snapshots:
            blaming.append(threading.Thread(target=known.blame, args=(Problem(first, "it is damaged"),)))
            blaming[0].start()
            blaming[0].join(0.1)
            were_waiting.append(blaming[0].is_alive() and first in known.snapshots)
        return work(*args)

    known = Known(setup((str(folder),), {}).reader, run=run)
    stamps = scan((str(folder / "profiles"),)).files
    known.read(first, stamps[first])
    assert not isinstance(known.read(second, stamps[second]), Problem)
    blaming[0].join()
    assert were_waiting == [True]
    assert (list(known.snapshots), list(known.problems)) == ([second], [first])
