"""The output follows from the files that exist, not from the order in which they were read, nor from earlier sessions.

Random workspaces and snapshots, in which one snapshot reveals where the files of another lie; the world at the end of any
way there is compared with that of the command line, which sees all files at once and for the first time.
"""

from __future__ import annotations

import asyncio
import os
import random
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pytest
from alloclens.series.owned import owned
from alloclens.session import loader, once, reading
from alloclens.session.loader import Loader, Wanted

from tests.session.test_loader import Here
from tests.support.profiles import drop, heap

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from alloclens.series.comparison import Comparison
    from alloclens.session.world import World

SEEDS = [*range(6), *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(6, 40))]
MB = 1 << 20
WORKSPACE = {
    "go.mod": "module example.com/app\n\nrequire example.com/dep v1.0.0\n",
    "main.go": "package main\n\nfunc main() {\n}\n",
    "db/open.go": "package db\n\nfunc Open() {\n}\n",
    "db/rows.go": "package db\n\nfunc next() {\n}\n",
    "db/rows.pb.go": "package db\n\nfunc Marshal() {\n}\n",
    "tools/go.mod": "module example.com/tools\n",
    "tools/main.go": "package main\n\nfunc main() {\n}\n",
    "tools/gen/gen.go": "package gen\n\nfunc Gen() {\n}\n",
    "vendor/example.com/dep/new.go": "package dep\n\nfunc New() {\n}\n",
    "node_modules/express/lib/router.js": "function handle() {}\n",
    "src/ui.js": "function draw() {}\n",
    "jobs/run.py": "def run():\n    pass\n",
    "other/jobs/run.py": "def walk():\n    pass\n",
}
"""Any of these may be missing."""
BUILT = ("/srv/build", "/srv/build/tools", "/ci/7", "/p/user-app", "/app")
"""Where programs were built, or were not."""
FRAMES = (
    ("main.main", "main.go"),
    ("main.main.func1", "main.go"),
    ("example.com/app/db.Open", "db/open.go"),
    ("example.com/app/db.(*Rows).next", "db/rows.go"),
    ("example.com/app/db.Marshal", "db/rows.pb.go"),
    ("example.com/tools/gen.Gen", "gen/gen.go"),
    ("main.main", "tools/main.go"),
    ("example.com/dep.New", "vendor/example.com/dep/new.go"),
    ("handle", "node_modules/express/lib/router.js"),
    ("(anonymous)", "src/ui.js"),
    ("draw", "src/ui.js"),
    ("run", "jobs/run.py"),
    ("<lambda>", "jobs/run.py"),
    ("walk", "jobs/run.py"),
    ("lost", "gone/lost.py"),
)
ALONE = (
    ("example.com/dep.New", "/go/pkg/mod/example.com/dep@v1.0.0/new.go"),
    ("example.com/app/db.Open", "example.com/app/db/open.go"),
    ("net/http.(*conn).serve", "/usr/local/go/src/net/http/server.go"),
)


class Step(NamedTuple):
    """What happens to the directory of profiles before it is looked at again."""

    dropped: Sequence[str]
    deleted: Sequence[str]
    new_session: bool


class Scene:
    """A workspace, the snapshots that come to be there, and one way there."""

    def __init__(self, seed: int, root: Path) -> None:
        self.dice = random.Random(seed)
        self.folder = root / "w"
        for name, text in WORKSPACE.items():
            if self.dice.random() < 0.9:
                path = self.folder / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text)
        self.data = {f"{i}.pb.gz": self.profile(i) for i in range(self.dice.randint(2, 8))}
        (self.folder / "profiles").mkdir(parents=True, exist_ok=True)

    def profile(self, number: int) -> bytes:
        """Make a snapshot that knows some files only by some functions; most values never change."""
        frames = [f"{function}@{at}/{file}" for at in self.dice.sample(BUILT, 2) for function, file in FRAMES]
        known = self.dice.sample(
            [*frames, *(f"{function}@{file}" for function, file in ALONE)], self.dice.randint(1, 9)
        )
        stacks = [" < ".join(f"{frame}:4" for frame in self.dice.sample(known, min(2, len(known)))) for _ in range(6)]
        objects = self.dice.choice((10, 10, 10, 10 + 20 * number))
        return heap(*(f"{stack} = {objects}x{MB}/{100 + 30 * number}" for stack in stacks), seconds=2e9 + 60 * number)

    def steps(self) -> list[Step]:
        """Return a way to a directory with some of the snapshots in it, sometimes all."""
        there: set[str] = set()
        made = []
        waiting = self.dice.sample(sorted(self.data), len(self.data))
        while waiting:
            count = self.dice.randint(1, len(waiting))
            dropped, waiting = waiting[:count], waiting[count:]
            deleted = [name for name in sorted(there) if self.dice.random() < 0.2]
            there = (there - set(deleted)) | set(dropped)
            made.append(Step(dropped, deleted, self.dice.random() < 0.5))
        return made

    def take(self, step: Step) -> None:
        for name in step.deleted:
            (self.folder / "profiles" / name).unlink()
        for name in step.dropped:
            aside = self.folder / name
            aside.write_bytes(self.data[name])
            os.utime(aside, (at := self.dice.randint(10**9, 10**9 + 1000), at))  # they are read in this order
            aside.replace(self.folder / "profiles" / name)

    @property
    def names(self) -> set[str]:
        return {path.name for path in (self.folder / "profiles").iterdir()}


def begin_session(monkeypatch: pytest.MonkeyPatch, cache: Path) -> None:
    """Forget what a process remembers. What is on disk stays."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(cache))
    for one in vars(reading).values():
        if hasattr(one, "cache_clear"):
            one.cache_clear()


def said(world: World) -> dict[str, str]:
    """Return all that a world says of its lines and files, as text: there nan is as nan."""
    found = {
        "series": [(one.snapshots[0].kind, [[s.name for s in of] for of in one.processes]) for one in world.series],
        "owned": {
            s.name: sorted(zip(s.owned.key.T.tolist(), s.owned.figures().T.tolist(), strict=True))
            for one in world.series
            for s in one.snapshots
        },
        "comparisons": [of(one) for one in world.comparisons],
        "places": {file: world.sources.find(file) for one in world.comparisons for file in one.lines.files},
        "coverage": (world.coverage.unfiled, world.coverage.files, world.coverage.suggestions),
    }
    return {name: repr(value) for name, value in found.items()}


def of(one: Comparison) -> dict[str, Any]:
    lines, grown = one.lines, one.growth
    return {
        "pair": (one.head.name, one.base.name if one.base else None),
        "lines": [
            (lines.files[file], line) for file, line in zip(lines.file.tolist(), lines.line.tolist(), strict=True)
        ],
        "whose": list(zip(lines.files, lines.own.tolist(), lines.lost.tolist(), strict=True)),
        "values": {name: value.tolist() for name, value in lines.value._asdict().items()},
        "charged": lines.charged.tolist(),
        "growth": [(each.value.tolist(), each.significant.tolist()) for each in (grown.flat, grown.cum, grown.owned)]
        if grown
        else None,
        "verdicts": [repr(finding) for finding in one.judgement.findings()] if one.judgement else None,
    }


def check_that_it_is_settled(world: World) -> None:
    """In every world, also while files are still being read, what is kept of head and base is what they say now."""
    for one in world.comparisons:
        for snapshot, lines in ((one.head, one.contents.head), (one.base, one.contents.base)):
            if snapshot and lines:
                assert lines.own.tolist() == [world.sources.is_own(file) for file in lines.files]
                assert np.array_equal(owned(lines).key, snapshot.owned.key)


@pytest.mark.parametrize("seed", SEEDS)
async def test_any_way_leads_to_the_same_world(seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loader, "SETTLE_SECONDS", 0)
    monkeypatch.setattr(loader, "SHOW_SECONDS", -1)  # a world is shown before each file
    scene, following = Scene(seed, tmp_path), None
    shown, worlds = asyncio.Event(), []

    async def on_world(world: World) -> None:
        worlds.append(world)
        shown.set()

    async def until_all_is_read() -> World:
        while True:
            await asyncio.wait_for(shown.wait(), 30)
            shown.clear()
            world = worlds[-1]
            if not world.pending and {s.name for one in world.series for s in one.snapshots} == scene.names:
                return world

    task = None
    for step in scene.steps():
        scene.take(step)
        if following is None or step.new_session:
            if task:
                task.cancel()
                following.stop()
            begin_session(monkeypatch, tmp_path / "cache")
            following = Loader(on_world, Here())
            following.want(Wanted((str(scene.folder),), {}))
            task = asyncio.ensure_future(following.run())
        following.wake()
        found = said(await until_all_is_read())
    task.cancel()
    following.stop()
    for world in worlds:
        check_that_it_is_settled(world)
    begin_session(monkeypatch, tmp_path / "fresh")
    assert found == said(once.world([str(scene.folder)], None, {}))


async def test_a_new_snapshot_is_not_behind_those_that_are_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second tells of five older ones where their files lie; a sixth comes when the first of them has been read again."""
    monkeypatch.setattr(loader, "SETTLE_SECONDS", 0)
    monkeypatch.setattr(loader, "SHOW_SECONDS", -1)
    begin_session(monkeypatch, tmp_path / "cache")
    (tmp_path / "go.mod").write_text("module example.com/app\n")
    for name in ("main.go", "db/open.go"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(WORKSPACE[name])
    held = f"main.main@/srv/build/main.go:4 = 10x{MB}"

    def put(number: int, *stacks: str) -> None:
        path = drop(tmp_path / "aside", heap(held, *stacks, seconds=2e9 + number))
        os.utime(path, (10**9 + number, 10**9 + number))
        path.rename(tmp_path / f"profiles/{number}.pb.gz")

    (tmp_path / "profiles").mkdir()
    for number in range(5):
        put(number)
    read: list[str] = []
    done = asyncio.Event()

    async def on_world(world: World) -> None:
        pending.append(world.pending)
        if not world.pending and len(read) >= 5:
            done.set()

    class Watched(Here):
        def run(self, work: Any, *args: Any, **options: Any) -> Any:
            if work.__name__ == "read":
                read.append(os.path.basename(args[0]))
                if len(read) == 7:  # five, the one that tells, and the first that is read again
                    put(6)
            return super().run(work, *args, **options)

    pending: list[int] = []
    following = Loader(on_world, Watched())
    following.want(Wanted((str(tmp_path),), {}))
    task = asyncio.ensure_future(following.run())
    await asyncio.wait_for(done.wait(), 30)
    done.clear()
    put(5, f"example.com/app/db.Open@/srv/build/db/open.go:4 = 1x{MB}")
    following.wake()
    while len(read) < 12:
        await asyncio.wait_for(done.wait(), 30)
        done.clear()
    task.cancel()
    following.stop()
    assert read[5] == "5.pb.gz"
    assert read.index("6.pb.gz") == 7
    assert len(read) == 12
    assert pending[-1] == 0
