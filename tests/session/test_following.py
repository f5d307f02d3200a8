"""Profile directories that are closed, replaced, deleted, made again or rotated while they are followed."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from alloclens.disk import stamp
from alloclens.lsp.status_bar import status
from alloclens.session import listing, loader, reading
from alloclens.session import watcher as watching
from alloclens.session.assemble import assemble
from alloclens.session.listing import scan
from alloclens.session.loader import Loader, Wanted
from alloclens.session.watcher import Events, Watcher

from tests.support import worker as support
from tests.support.profiles import drop, heap
from tests.support.unprivileged import open_directory, unprivileged

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator
    from pathlib import Path

    from alloclens.disk import Stamp
    from alloclens.session.world import World

FILES = 3
PATIENCE = 30.0


class Here(support.Here):
    """Keeps what it was asked for, too."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.before: Callable[[str], None] = lambda _: None
        """Called with the name of what it is asked for."""

    def run(self, work: Callable[..., Any], *args: Any, **_: Any) -> Any:
        self.asked.append(work.__name__)
        self.before(work.__name__)
        return super().run(work, *args)


class Following:
    """A loader and the worlds it has made."""

    def __init__(self, folder: Path, on_world: Callable[[World], None]) -> None:
        self.worker = Here()
        self.worlds: list[World] = []
        self._new = asyncio.Event()
        self._on_world = on_world
        self.loader = Loader(self._take, self.worker)
        self.loader.want(Wanted((str(folder),), {}))

    async def _take(self, world: World) -> None:
        self.worlds.append(world)
        self._new.set()
        self._on_world(world)

    @property
    def names(self) -> list[str]:
        return [s.name for one in self.worlds[-1].series for s in one.snapshots] if self.worlds else []

    @property
    def problems(self) -> list[tuple[str, str]]:
        return [(p.name, p.reason) for p in self.worlds[-1].problems]

    async def until(self, condition: Callable[[], bool]) -> None:
        async def wait() -> None:
            while not condition():
                self._new.clear()
                try:
                    await asyncio.wait_for(self._new.wait(), 0.05)
                except asyncio.TimeoutError:
                    continue

        await asyncio.wait_for(wait(), PATIENCE)

    async def updates(self, count: int = 2) -> None:
        """Run this many updates."""
        for _ in range(count):
            await self.loader._update(self.loader._wanted)


@asynccontextmanager
async def following(
    folder: Path, on_world: Callable[[World], None] = lambda _: None, *, run: bool = True
) -> AsyncIterator[Following]:
    made = Following(folder, on_world)
    task = asyncio.ensure_future(made.loader.run()) if run else None
    try:
        yield made
    finally:
        if task:
            task.cancel()
        made.loader.stop()


@pytest.fixture(autouse=True)
def _fast(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    monkeypatch.setattr(loader, "POLL_SECONDS", 0.05)
    monkeypatch.setattr(loader, "SETTLE_SECONDS", 0.01)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
    for cache in (reading.texts, reading.snapshots):
        cache.cache_clear()
    yield
    for cache in (reading.texts, reading.snapshots):
        cache().close()
        cache.cache_clear()


def put(folder: Path, *names: str, old: bool = True, first: int = 1) -> list[str]:
    """Write snapshots that nobody is writing any more: the first of so many megabytes, and each of one more."""
    for i, name in enumerate(names, first):
        path = drop(folder / "profiles" / name, heap(f"main.keep@{folder}/main.go:3 = {i}x1048576"))
        if old:
            os.utime(path, (1_700_000_000 + i, 1_700_000_000 + i))
        STAMPS[str(path)] = stamp(str(path))
    return list(names)


NAMES = ("1.pb.gz", "2.pb.gz", "3.pb.gz")
STAMPS: dict[str, Stamp] = {}
"""Of what was written."""


def workspace(folder: Path) -> Path:
    """Fill a folder with a module that is older than its snapshots."""
    (folder / "go.mod").write_text("module example.com/app\n")
    (folder / "main.go").write_text("package main\n\nfunc keep() { kept = append(kept, 1) }\n")
    os.utime(folder / "main.go", (1_600_000_000, 1_600_000_000))
    put(folder, *NAMES)
    return folder


def kept(folder: Path) -> list[str]:
    """Return the snapshots whose texts are kept, and can be read."""
    names = sorted(os.listdir(folder / "profiles")) if (folder / "profiles").is_dir() else NAMES
    paths = {name: str(folder / "profiles" / name) for name in names}
    main = str(folder / "main.go")
    return [name for name, path in paths.items() if reading.texts().of(path, STAMPS.get(path, ()), main)]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has other permissions")
async def test_permissions_taken_and_given_back() -> None:
    with open_directory() as root:
        folder = workspace(root)
        async with following(folder) as seen:
            await seen.until(lambda: seen.names == [*NAMES])
            os.chmod(folder / "profiles", 0)
            with unprivileged():
                await seen.until(lambda: seen.problems == [("profiles", "Permission denied")])
            assert seen.names == [*NAMES]
            assert status(seen.worlds[-1]).state == "problem"
            assert "Permission denied" in status(seen.worlds[-1]).tooltip
            os.chmod(folder / "profiles", 0o700)
            await seen.until(lambda: seen.problems == [])
            assert seen.names == [*NAMES]
            put(folder, "4.pb.gz")
            await seen.until(lambda: len(seen.names) == 4)
            assert seen.worker.asked.count("read") == 4


@pytest.mark.skipif(sys.platform == "win32", reason="Windows makes links for administrators only")
async def test_a_loop_in_the_place_of_the_directory(tmp_path: Path) -> None:
    folder = workspace(tmp_path)
    async with following(folder) as seen:
        await seen.until(lambda: seen.names == [*NAMES])
        (folder / "profiles").rename(folder / "aside")
        (folder / "profiles").symlink_to("profiles")
        await seen.until(lambda: seen.problems == [("profiles", "Too many levels of symbolic links")])
        assert seen.names == [*NAMES]
        (folder / "profiles").unlink()
        (folder / "aside").rename(folder / "profiles")
        await seen.until(lambda: seen.problems == [])
        assert (seen.names, seen.worker.asked.count("read")) == ([*NAMES], FILES)


@pytest.mark.parametrize("instead", ["nothing", "a file"])
async def test_a_directory_that_goes_and_comes_back(tmp_path: Path, instead: str) -> None:
    """Its snapshots are gone at once; what was kept of them is there when it comes back."""
    folder = workspace(tmp_path)
    async with following(folder) as seen:
        await seen.until(lambda: seen.names == [*NAMES])
        (folder / "profiles").rename(folder / "aside")
        if instead == "a file":
            (folder / "profiles").write_bytes(b"")
        await seen.until(lambda: seen.names == [])
        assert seen.problems == []
        if instead == "a file":
            (folder / "profiles").unlink()
        (folder / "aside").rename(folder / "profiles")
        await seen.until(lambda: seen.names == [*NAMES])
        assert seen.worker.asked.count("read") == FILES
        assert kept(folder) == [*NAMES]


async def test_a_directory_made_again_is_followed(tmp_path: Path) -> None:
    folder = workspace(tmp_path)
    async with following(folder) as seen:
        for round_ in range(3):
            await seen.until(lambda: len(seen.names) == FILES)
            for name in os.listdir(folder / "profiles"):
                (folder / "profiles" / name).unlink()
            (folder / "profiles").rmdir()
            await seen.until(lambda: seen.names == [])
            put(folder, *(f"{round_}-{name}" for name in NAMES))


async def test_directories_that_come_go_and_come_back_below(tmp_path: Path) -> None:
    """Each is a series with its own labels; those of others stay whatever becomes of it."""
    folder = workspace(tmp_path)
    async with following(folder) as seen:
        await seen.until(lambda: seen.names == [*NAMES])
        put(folder, "api/4.pb.gz", "api/eu/5.pb.gz", first=4)
        await seen.until(lambda: {*seen.names} == {*NAMES, "4.pb.gz", "5.pb.gz"})
        assert len(seen.worlds[-1].series) == 3
        (folder / "profiles/api/labels.toml").write_text('"4.pb.gz" = "after load"\n')
        await seen.until(lambda: "after load" in seen.worlds[-1].series[0].labels.values())
        (folder / "profiles/api").rename(folder / "aside")
        await seen.until(lambda: seen.names == [*NAMES])
        (folder / "aside").rename(folder / "profiles/web")
        await seen.until(lambda: {*seen.names} == {*NAMES, "4.pb.gz", "5.pb.gz"})
        directories = {one.directory for one in seen.worlds[-1].series}
        assert directories == {str(folder / name) for name in ("profiles", "profiles/web", "profiles/web/eu")}
        assert seen.problems == []


async def test_a_directory_made_below_is_watched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loader, "POLL_SECONDS", 1000)
    folder = workspace(tmp_path)
    async with following(folder) as seen:
        await seen.until(lambda: seen.names == [*NAMES])
        (folder / "profiles/api/eu").mkdir(parents=True)
        await seen.until(lambda: len(seen.loader._watched) == 5)  # with .pprof and pprof
        put(folder, "api/eu/4.pb.gz", first=4)
        await seen.until(lambda: "4.pb.gz" in seen.names)


async def test_directories_beyond_those_that_are_watched_are_polled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watching, "MAX_WATCHED", 1)
    folder = workspace(tmp_path)
    async with following(folder) as seen:
        put(folder, "api/4.pb.gz", first=4)
        await seen.until(lambda: "4.pb.gz" in seen.names)
        assert [*seen.loader._watcher._watches] == [str(folder / "profiles")]
        put(folder, "api/5.pb.gz", first=5)
        await seen.until(lambda: "5.pb.gz" in seen.names)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has other permissions")
async def test_what_is_below_a_directory_that_is_closed_stays() -> None:
    with open_directory() as root:
        folder = workspace(root)
        put(folder, "api/4.pb.gz", first=4)
        async with following(folder) as seen:
            await seen.until(lambda: "4.pb.gz" in seen.names)
            os.chmod(folder / "profiles/api", 0)
            with unprivileged():
                await seen.until(lambda: seen.problems == [("api", "Permission denied")])
                assert {*seen.names} == {*NAMES, "4.pb.gz"}
            os.chmod(folder / "profiles/api", 0o700)
            await seen.until(lambda: seen.problems == [])
            assert seen.worker.asked.count("read") == FILES + 1


async def test_a_file_being_rewritten_stays_until_it_is_read_again(tmp_path: Path) -> None:
    folder = workspace(tmp_path)
    async with following(folder) as seen:
        await seen.until(lambda: seen.names == [*NAMES])
        already = len(seen.worlds)
        for i in range(10):
            put(folder, "1.pb.gz", old=False)
            await asyncio.sleep(0.01 * (i % 3))
        await seen.until(lambda: seen.worker.asked.count("read") > FILES)
        for world in seen.worlds[already:]:
            assert sum(len(one.snapshots) for one in world.series) == FILES


@pytest.mark.slow
async def test_rotation_loses_nothing(tmp_path: Path) -> None:
    """One snapshot comes and the oldest goes, 60 times: those that stay are there in every world that is shown."""
    folder, names = workspace(tmp_path), [f"{i:03}.pb.gz" for i in range(100)]
    put(folder, *names[:40])
    async with following(folder) as seen:
        await seen.until(lambda: len(seen.names) == 40 + FILES)
        already = len(seen.worlds)
        for i in range(60):
            put(folder, names[i + 40])
            (folder / "profiles" / names[i]).unlink()
            if i % 5 == 0:
                await seen.until(partial(lambda shown: {*seen.names} == shown, {*NAMES, *names[i + 1 : i + 41]}))
        await seen.until(lambda: {*seen.names} == {*NAMES, *names[60:]})
        for world in seen.worlds[already:]:
            assert {*NAMES} <= {s.name for one in world.series for s in one.snapshots}
            assert world.problems == ()
            assert world.pending or world.comparisons
        assert [name for name in kept(folder) if name in NAMES] == [*NAMES]


async def test_a_base_deleted_while_it_is_compared_is_replaced_by_the_next(tmp_path: Path) -> None:
    """As --keep deletes it: no world without the comparison is shown between the two."""
    folder = workspace(tmp_path)
    async with following(folder) as seen:
        await seen.until(lambda: seen.names == [*NAMES])
        already = len(seen.worlds)

        def delete_the_base(work: str) -> None:
            if work == "pair":
                (folder / "profiles" / "1.pb.gz").unlink(missing_ok=True)

        seen.worker.before = delete_the_base
        put(folder, "4.pb.gz", first=4)
        await seen.until(lambda: seen.names == ["2.pb.gz", "3.pb.gz", "4.pb.gz"])
        assert all(world.comparisons for world in seen.worlds[already:])
        assert seen.worlds[-1].comparisons[0].base.name == "2.pb.gz"


async def test_caches_forget_after_two_scans_and_a_look_at_the_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = workspace(tmp_path)
    async with following(folder, run=False) as seen:
        await seen.updates(3)
        assert kept(folder) == [*NAMES]
        missed = str(folder / "profiles" / "2.pb.gz")

        def blind(*given: Any) -> Any:
            found = scan(*given)
            found.files.pop(missed)
            return found

        monkeypatch.setattr(listing, "scan", blind)
        put(folder, "4.pb.gz")
        await seen.updates(3)  # every scan misses a file that is there
        assert (seen.names, kept(folder)) == ([*NAMES, "4.pb.gz"], [*NAMES, "4.pb.gz"])
        monkeypatch.setattr(listing, "scan", scan)
        (folder / "profiles" / "2.pb.gz").unlink()
        await seen.updates(1)
        assert seen.names == ["1.pb.gz", "3.pb.gz", "4.pb.gz"]
        assert "forget" in seen.worker.asked
        await seen.updates(1)
        assert reading.texts().of(missed, STAMPS[missed], str(folder / "main.go")) is None
        assert kept(folder) == ["1.pb.gz", "3.pb.gz", "4.pb.gz"]


async def test_a_look_that_keeps_failing_is_said_until_it_does_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    folder, failures = workspace(tmp_path), 0

    def fail(*_: Any) -> Any:
        nonlocal failures
        failures += 1
        raise KeyError(f"this differs each time: {failures}")

    async with following(folder) as seen:
        await seen.until(lambda: seen.names == [*NAMES])
        monkeypatch.setattr(loader, "assemble", fail)
        put(folder, "4.pb.gz")
        with caplog.at_level(logging.ERROR):
            await seen.until(lambda: bool(seen.problems))
            told = len(seen.worlds)
            await seen.until(lambda: failures > 8)
        assert seen.problems == [
            (
                "the profile directories",
                "a bug in alloclens (KeyError in fail, see the log); it tries again every 0.05 s",
            )
        ]
        assert (seen.names, len(seen.worlds)) == ([*NAMES], told)
        assert [r.getMessage() for r in caplog.records].count(
            "an update of the profile directories failed; the next is in 0.05 s"
        ) == 1
        assert status(seen.worlds[-1]).state == "problem"
        monkeypatch.setattr(loader, "assemble", assemble)
        await seen.until(lambda: seen.problems == [])
        assert len(seen.names) == 4


async def test_a_fault_in_showing_a_world_ends_nothing(tmp_path: Path) -> None:
    folder, broken = workspace(tmp_path), True

    def show(_: World) -> None:
        if broken:
            raise RuntimeError("the editor is odd")

    async with following(folder, show) as seen:
        await seen.until(lambda: len(seen.worlds) > 5)
        broken = False
        await seen.until(lambda: seen.names == [*NAMES] and seen.problems == [])


@pytest.mark.parametrize("limit", ["watches", "instances", "threads"])
async def test_directories_that_cannot_be_watched_are_looked_at(
    tmp_path: Path, limit: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    error = {
        "watches": OSError(28, "inotify watch limit reached"),
        "instances": OSError(24, "inotify instance limit reached"),
        "threads": RuntimeError("can't start new thread"),
    }[limit]

    def refuse(*_: Any, **__: Any) -> Any:
        raise error

    if limit == "watches":
        monkeypatch.setattr("watchdog.observers.api.BaseObserver.schedule", refuse)
    else:
        monkeypatch.setattr(watching, "Observer", refuse)
    folder = workspace(tmp_path)
    async with following(folder) as seen:
        await seen.until(lambda: seen.names == [*NAMES])
        put(folder, "4.pb.gz")
        await seen.until(lambda: len(seen.names) == 4)
        await seen.updates(3)
    assert sum("cannot watch" in r.getMessage() for r in caplog.records) == 1
    assert seen.problems == []


def until(condition: Callable[[], bool]) -> bool:
    import time

    end = time.monotonic() + 10
    while not condition() and time.monotonic() < end:
        time.sleep(0.02)
    return condition()


def test_a_watcher_wakes_and_follows_a_directory_made_again(tmp_path: Path) -> None:
    """Also one that has the old one's inode, as it has on ext4."""
    woken: list[int] = []
    watched = tmp_path / "profiles"
    watcher = Watcher(lambda: woken.append(1))
    for _ in range(5):
        watched.mkdir()

        def writing_wakes() -> bool:
            watcher.follow([str(watched)])
            woken.clear()
            (watched / "a").write_bytes(b"x")
            return until(lambda: bool(woken))

        assert writing_wakes()
        (watched / "a").unlink()
        watched.rmdir()
    watcher.stop()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has other permissions")
def test_a_watcher_follows_a_directory_that_is_opened_to_it() -> None:
    woken: list[int] = []
    with open_directory() as root:
        (root / "p").mkdir(mode=0)
        watcher = Watcher(lambda: woken.append(1))
        with unprivileged():
            watcher.follow([str(root / "p"), str(root / "file")])
        os.chmod(root / "p", 0o700)
        watcher.follow([str(root / "p")])
        (root / "p" / "a").write_bytes(b"x")
        assert until(lambda: bool(woken))
        watcher.stop()


async def test_dependencies_that_come_make_only_what_names_their_files_new(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A line in go.mod, or a module in the cache, is no reason to read a thousand snapshots again."""
    (tmp_path / "w").mkdir()
    folder, cache = workspace(tmp_path / "w"), tmp_path / "mod"
    monkeypatch.setenv("GOMODCACHE", str(cache))
    stacks = f"lib.Get@{cache}/example.com/lib@v1.2.0/lib.go:7", f"main.keep@{folder}/main.go:3"
    path = drop(folder / "profiles/4.pb.gz", heap(f"{' < '.join(stacks)} = 9x1048576"))
    os.utime(path, (1_700_000_009,) * 2)
    (cache / "example.com").mkdir(parents=True)

    async def read_again() -> int:
        async with following(folder) as seen:
            await seen.until(lambda: seen.names == [*NAMES, "4.pb.gz"] and not seen.worlds[-1].pending)
            return seen.worker.asked.count("read")

    assert await read_again() == 4
    with (folder / "go.mod").open("a") as file:
        file.write("require example.com/lib v1.2.0\n")
    assert await read_again() == 0
    (cache / "example.com/lib@v1.2.0").mkdir()
    (cache / "example.com/lib@v1.2.0/lib.go").write_text("package lib\n" * 9)
    assert await read_again() == 1


async def test_a_directory_at_rest_is_not_scanned_at_each_look(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A scan that takes long is repeated only after a while, or when a file came or went; events start one at once."""
    scans = [0]

    def counted(*given: Any) -> Any:
        scans[0] += 1
        return scan(*given)

    monkeypatch.setattr(listing, "scan", counted)
    folder = workspace(tmp_path)
    async with following(folder, run=False) as seen:
        await seen.updates(3)
        assert seen.names == [*NAMES]
        monkeypatch.setattr(seen.loader._watcher, "events", Events)  # which tell nothing

        async def scanned(look: float) -> int:
            """Return how often the directory is scanned at three looks, if the last scan had taken so long."""
            seen.loader._look = seen.loader._look._replace(seconds=look)
            before = scans[0]
            for _ in range(3):
                await seen.loader._update(seen.loader._wanted, is_woken=False)
                seen.loader._look = seen.loader._look._replace(seconds=look)
            return scans[0] - before

        assert await scanned(look=0) == 3
        assert await scanned(look=100) == 0
        await seen.loader._update(seen.loader._wanted, is_woken=True)
        assert await scanned(look=100) == 0
        put(folder, "4.pb.gz", first=4)
        assert await scanned(look=100) == 1
        assert seen.names == [*NAMES, "4.pb.gz"]
        (folder / "profiles/4.pb.gz").unlink()
        # Two scans prove that a file has gone, and the third confirms what the caches may forget.
        assert await scanned(look=100) == 3
        assert seen.names == [*NAMES]


async def test_a_long_list_is_not_scanned_for_each_event(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the files are looked at that the events name."""

    def no_scan(*_: Any) -> Any:
        raise AssertionError("the directory is scanned")

    folder = workspace(tmp_path)
    async with following(folder, run=False) as seen:
        await seen.updates(3)
        monkeypatch.setattr(listing, "scan", no_scan)

        path = str(folder / "profiles/4.pb.gz")

        async def happened(*, complete: bool) -> None:
            events = Events(frozenset([path] if complete else ()), frozenset([path]))
            monkeypatch.setattr(seen.loader._watcher, "events", lambda: events)
            seen.loader._look = seen.loader._look._replace(seconds=100)
            await seen.loader._update(seen.loader._wanted, is_woken=True)

        put(folder, "4.pb.gz", first=4)
        await happened(complete=True)
        assert seen.names == [*NAMES, "4.pb.gz"]
        (folder / "profiles/4.pb.gz").unlink()
        await happened(complete=False)
        assert seen.names == [*NAMES]
