"""Which wish counts while profiles are looked for and read."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from alloclens.analysis.filters import Filters
from alloclens.store import loader
from alloclens.store.loader import Loader, Wanted

from tests.support.profiles import drop, heap

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from alloclens.store.world import World

FILES = 3
MAPPED = {"pathMappings": [{"from": "/srv/build", "to": "."}]}


class Here:
    """A worker that is no other process, and what it has read."""

    def __init__(self) -> None:
        self.read: list[str] = []

    def ahead(self, *_: Any, **__: Any) -> None:
        """Nothing is done ahead."""

    def run(self, work: Callable[..., Any], *args: Any, **_: Any) -> Any:
        if work.__name__ == "snapshot":
            self.read.append(args[0])
        return work(*args)


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
    newer, loop, scan = Wanted((str(folder),), given, focus), asyncio.get_running_loop(), loader.scan

    async def on_world(world: World) -> None:
        worlds.append(world)
        if not world.pending:
            shown.set()

    def scan_while_another_is_wanted(*given: Any) -> Any:
        loop.call_soon_threadsafe(following.want, newer)
        return scan(*given)

    following = Loader(on_world, worker)
    monkeypatch.setattr(loader, "scan", scan_while_another_is_wanted)
    following.want(Wanted((str(folder),), {}))
    task = asyncio.ensure_future(following.run())
    await asyncio.wait_for(shown.wait(), 30)
    task.cancel()
    following.stop()
    assert {world.focus for world in worlds} == {focus}
    assert {len(world.settings.path_mappings) for world in worlds} == {len(given)}
    assert len(worker.read) == FILES
