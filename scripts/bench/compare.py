"""python -m scripts.bench.compare OTHER: compare this checkout with another one, such as an older commit with its own .venv.

Both are measured from outside only, by their commands and their servers, so that their modules may differ. They get the
same files, and take turns in each round.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import sysconfig
import tempfile
import time
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any, NamedTuple

from rich import box
from rich.table import Table

from scripts import tools
from scripts.bench.machine import machine
from scripts.bench.table import duration, markdown, significant
from scripts.bench.usage import cpu_seconds, memory
from tests.bench import series
from tests.support.histories import projects
from tests.support.profiles import drop, heap
from tests.support.raw import raw_client
from tests.support.repository import Repository

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tests.support.raw import RawClient

SHORT = 3
"""Snapshots of the short series."""
CALLS = 20
"""Requests that are measured together."""
RELEASES = 6
"""How many releases ago the edited workspace was profiled."""
LINES = 5
"""Profiled lines of each edited file; few, so that each is worth a hint."""
IDLE_SECONDS, IDLE_CPU_SECONDS = 0.2, 0.002
"""A server is idle if it used no more processor time than this during that time."""
STATUS, REFRESH, FLAME = "alloclens/status", "workspace/inlayHint/refresh", "alloclens.server.flame"
CAPABILITIES = {
    "workspace": {"inlayHint": {"refreshSupport": True}},
    "textDocument": {"publishDiagnostics": {"relatedInformation": True}},
    "experimental": {"alloclens": {"commands": [], "status": True}},
}
EVERYTHING = {"start": {"line": 0, "character": 0}, "end": {"line": 10**6, "character": 0}}


class Sizes(NamedTuple):
    """How much is measured."""

    typical: int = 2_000
    """Samples of a typical profile."""
    large: int = 200_000
    """Samples of a large one."""
    snapshots: int = 200
    """Of the long series."""
    later: int = 5
    """Snapshots that come one by one after those."""
    files: int = 20
    """Files that are opened."""


@dataclass(frozen=True)
class Checkout:
    """A directory with a commit, and the programs of the virtual environment in which that is installed."""

    folder: Path
    programs: Path

    @property
    def commit(self) -> str:
        command = ["git", "-C", str(self.folder), "describe", "--always", "--dirty", "--abbrev=7", "--exclude=*"]
        return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()


@dataclass(frozen=True)
class Cost:
    """What one row took."""

    cpu: float
    """Seconds of processor time, of all processes."""
    wall: float
    """Seconds."""
    peak: tuple[int, ...]
    """The highest resident memory until then, in bytes: that of the command, or of the server and of its worker."""


Costs = dict[str, Cost]
"""By row."""
Round = dict[str, tuple[Cost | None, Cost | None]]
"""By row: what it took here and in the other checkout; None where it does not exist."""


class Files(NamedTuple):
    """What is measured."""

    typical: Path
    """A workspace with a short series of typical profiles."""
    large: Path
    """The same of large profiles."""
    series: Path
    """A workspace with a long series of typical profiles."""
    later: Sequence[bytes]
    """The snapshots that follow in it."""
    edited: Path
    """A workspace that was edited since it was profiled."""


def main() -> None:
    """Prepare, measure, print."""
    parser = argparse.ArgumentParser(prog="python -m scripts.bench.compare", description=__doc__)
    parser.add_argument("other", type=Path, help="the directory of the other checkout")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument(
        "--json", type=Path, metavar="FILE", help="also write the table, and the figures of each round, to a file"
    )
    given = parser.parse_args()
    folder = given.other.resolve()
    this, other = here(), Checkout(folder, folder / ".venv" / "bin")
    rounds = compare(this, other, Sizes(), given.rounds)
    text = markdown(table(rounds, this.commit, other.commit))
    print(text)
    if given.json:
        figures = [{row: [cost and asdict(cost) for cost in both] for row, both in one.items()} for one in rounds]
        measured = {"machine": machine(), "quick": False, "parts": {"compare": {"text": text, "figures": figures}}}
        given.json.write_text(json.dumps(measured, indent=1) + "\n")


def here() -> Checkout:
    """Return this checkout."""
    return Checkout(tools.ROOT, Path(sysconfig.get_path("scripts")))


def compare(this: Checkout, other: Checkout, sizes: Sizes, rounds: int) -> list[Round]:
    """Return what each row took in each round."""
    with tempfile.TemporaryDirectory() as made:
        tools.say("making the files …")
        files = _made(Path(made), sizes)
        # Users have compiled modules; the first run writes them.
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
        for checkout in dict.fromkeys((this, other)):
            _placement(checkout, files, sizes, made)
        return [_round(this, other, files, sizes, number) for number in range(rounds)]


def _made(folder: Path, sizes: Sizes) -> Files:
    typical, large, long = (folder / name for name in ("typical", "large", "series"))
    _series(typical, sizes.typical, SHORT)
    _series(large, sizes.large, SHORT)
    later = [*islice(_series(long, sizes.typical, sizes.snapshots), sizes.later)]
    _edited(folder / "edited", sizes.files)
    for path in folder.rglob("*"):
        os.utime(path, times=(begin := time.time() - 3600, begin))  # nobody is still writing them
    return Files(typical, large, long, later, folder / "edited")


def _series(folder: Path, samples: int, count: int) -> Iterator[bytes]:
    """Write a workspace with the first snapshots of a series, and return the others."""
    series.workspace(folder, samples)
    profiles = series.profiles(samples)
    for number, data in enumerate(islice(profiles, count)):
        drop(folder / f"profiles/heap.{number:04}.pb.gz", data)
    return profiles


def _edited(folder: Path, count: int) -> None:
    """Write the current files of gin, and a profile of the files as they were some releases ago, which only git has."""
    gin = projects()["gin"]
    then, now = gin.release(-1 - RELEASES), gin.release(-1)
    paths = [path for path in then if path in now and then[path].called and then[path].text != now[path].text][:count]
    module = {"go.mod": f"module {gin.package}\n"}
    repository = Repository(folder)
    repository.check_in(module | {path: then[path].text for path in paths}, 1_700_000_000)
    repository.check_in({path: now[path].text for path in paths}, 1_700_000_001)
    stacks = [
        f"{function.name}:{function.start}@{folder / path}:{line} = 1x1048576"
        for path in paths
        for line, function in [called for called in then[path].called if called[1].name][:LINES]
    ]
    drop(folder / "profiles/heap.pb.gz", heap(*stacks))


def _round(this: Checkout, other: Checkout, files: Files, sizes: Sizes, number: int) -> Round:
    mine, others = Costs(), Costs()
    turns = [(this, mine), (other, others)]
    for part in (_commands, _short_series, _long_series, _placement):
        tools.say(f"round {number + 1}: {part.__name__.strip('_').replace('_', ' ')} …")
        for checkout, costs in turns if number % 2 else reversed(turns):
            with tempfile.TemporaryDirectory() as cache:
                costs.update(part(checkout, files, sizes, cache))
    return {row: (mine.get(row), others.get(row)) for row in mine | others}


# The rows


def _commands(checkout: Checkout, files: Files, _sizes: Sizes, cache: str) -> Costs:
    profile = str(files.typical / "profiles/heap.0000.pb.gz")
    return {
        "`--version`": _command(checkout, cache, "--version"),
        "`top`": _command(checkout, cache, "top", profile),
        "`top --json`": _command(checkout, cache, "top", "--json", profile),
    }


def _command(checkout: Checkout, cache: str, *arguments: str) -> Cost:
    # Another small process starts it: the memory of a process includes what its parent had at its start.
    *options, last = arguments
    child = [
        sys.executable,
        "-m",
        "scripts.bench.child",
        "run",
        "1",
        last,
        str(checkout.programs / "alloclens"),
        *options,
    ]
    environment = os.environ | {"XDG_CACHE_HOME": cache}
    done = subprocess.run(child, cwd=tools.ROOT, env=environment, check=True, stdout=subprocess.PIPE)
    figures = json.loads(done.stdout)
    return Cost(figures["cpu"], figures["seconds"], (figures["peak"],))


def _short_series(checkout: Checkout, files: Files, sizes: Sizes, cache: str) -> Costs:
    costs = {}
    for folder, samples in ((files.typical, sizes.typical), (files.large, sizes.large)):
        of = f"{SHORT} profiles of {samples:,} samples"
        with _session(checkout, folder, cache) as session:
            session.until_ready()
            costs[f"server: start until {of} are read"] = session.cost()
            count = sum(len(session.hints(path)) for path in sorted(folder.rglob("*.go"))[: sizes.files])
            if not count:
                raise SystemExit(f"{checkout.folder} shows no hints")
            costs[f"server: hints of {sizes.files} files, {samples:,} samples"] = session.cost()
    return costs


def _long_series(checkout: Checkout, files: Files, sizes: Sizes, cache: str) -> Costs:
    costs, folder = {}, files.series
    with _session(checkout, folder, cache) as session:
        session.until_ready()
        costs[f"server: start until {sizes.snapshots} snapshots are read, without a cache"] = session.cost()
    arguments = "leaks", "--workspace", str(folder), str(folder / "profiles")
    costs[f"`leaks` of these {sizes.snapshots} snapshots"] = _command(checkout, f"{cache}/of leaks", *arguments)
    with _session(checkout, folder, cache) as session:
        session.until_ready()
        costs["server: start until they are read from the cache"] = session.cost()
        path = session.shown_file(folder)
        session.cost()
        costs["server: one snapshot more, until its hints"] = _later(session, folder / "profiles", files.later, path)
        at = session.hints(path)[0]["position"]
        session.cost()
        for _ in range(CALLS):
            session.client.result("textDocument/hover", {"textDocument": {"uri": path.as_uri()}, "position": at})
        costs["server: hover"] = session.cost(CALLS)
        if FLAME in session.commands:
            for inverted in (False, True):
                session.client.command(FLAME, {"inverted": inverted})
            costs["server: flame graph, and inverted"] = session.cost()
    return costs


def _later(session: Session, directory: Path, profiles: Sequence[bytes], shown: Path) -> Cost:
    """Return the median cost of one snapshot more."""
    paths, costs = [], []
    try:
        for number, data in enumerate(profiles):
            refreshed = len(session.client.sent(REFRESH))
            paths.append(drop(directory / f"later.{number:04}.pb.gz", data))
            session.until_ready(refreshed + 1)
            session.hints(shown)
            costs.append(session.cost())
    finally:
        for path in paths:
            path.unlink()
    return _median(costs)


def _placement(checkout: Checkout, files: Files, _sizes: Sizes, cache: str) -> Costs:
    paths = sorted(files.edited.rglob("*.go"))
    with _session(checkout, files.edited, cache) as session:
        session.until_ready()
        session.cost()
        if not sum(len(session.hints(path)) for path in paths):
            raise SystemExit(f"{checkout.folder} shows no hints of edited files")
        return {f"server: hints of {len(paths)} files of gin, edited in {RELEASES} releases since": session.cost()}


class Session:
    """A server and its editor."""

    def __init__(self, client: RawClient, began: float) -> None:
        self.client = client
        self._used, self._since = 0.0, began
        capabilities = client.start(CAPABILITIES)
        self.commands: list[str] = capabilities["executeCommandProvider"]["commands"]
        self._opened: set[Path] = set()

    def until_ready(self, refreshes: int = 0) -> None:
        """Wait until everything is read, and hints were refreshed so many times."""

        def is_ready() -> bool:
            statuses = self.client.sent(STATUS)
            return bool(statuses) and statuses[-1]["state"] == "ok" and len(self.client.sent(REFRESH)) >= refreshes

        self.client.until(is_ready, "a world with everything in it")

    def cost(self, count: int = 1) -> Cost:
        """Return how long each of some requests took, since the last call or the start."""
        wall, process = time.perf_counter() - self._since, self.client.process.pid
        used, before = cpu_seconds(process), -1.0
        while used - before > IDLE_CPU_SECONDS:
            time.sleep(IDLE_SECONDS)
            used, before = cpu_seconds(process), used
        cost = Cost((used - self._used) / count, wall / count, memory(process))
        self._used, self._since = used, time.perf_counter()
        return cost

    def hints(self, path: Path) -> list[Any]:
        """Return the hints of a file, which is opened if it is not."""
        uri = path.as_uri()
        if path not in self._opened:
            self._opened.add(path)
            document = {"uri": uri, "languageId": "go", "version": 1, "text": path.read_text()}
            self.client.notify("textDocument/didOpen", {"textDocument": document})
        asked = {"textDocument": {"uri": uri}, "range": EVERYTHING}
        return self.client.result("textDocument/inlayHint", asked) or []

    def shown_file(self, folder: Path) -> Path:
        """Return the first file with hints."""
        return next(path for path in sorted(folder.rglob("*.go")) if self.hints(path))


@contextmanager
def _session(checkout: Checkout, folder: Path, cache: str) -> Iterator[Session]:
    began = time.perf_counter()
    with raw_client(folder, python=checkout.programs / "python", XDG_CACHE_HOME=cache) as client:
        yield Session(client, began)


# The table


def table(rounds: Sequence[Round], this: str, other: str) -> Table:
    """Return the medians of each row, and the ratios with the lowest and the highest of a round."""
    out = Table(box=box.MARKDOWN)
    for name in (
        "",
        f"CPU, {other}",
        f"CPU, {this}",
        "ratio",
        f"time, {other}",
        f"time, {this}",
        f"peak, {other}",
        f"peak, {this}",
    ):
        out.add_column(name, justify="right" if name else "left", no_wrap=True)
    for row in rounds[0]:
        here, there = ([cost for one in rounds if (cost := one[row][side])] for side in (0, 1))
        ratios = [a.cpu / b.cpu for a, b in zip(here, there, strict=True)] if here and there else []
        spread = (
            f"{significant(median(ratios))} ({significant(min(ratios))}–{significant(max(ratios))})" if ratios else "–"
        )
        both = [_median(costs) if costs else None for costs in (there, here)]
        cpu, wall = ([duration(getattr(cost, name)) if cost else "–" for cost in both] for name in ("cpu", "wall"))
        peak = [" + ".join(f"{part >> 20}" for part in cost.peak) + " MiB" if cost else "–" for cost in both]
        out.add_row(row, *cpu, spread, *wall, *peak)
    return out


def _median(costs: Sequence[Cost]) -> Cost:
    peaks = zip(*(cost.peak for cost in costs), strict=True)
    return Cost(
        median(cost.cpu for cost in costs),
        median(cost.wall for cost in costs),
        tuple(int(median(peak)) for peak in peaks),
    )


if __name__ == "__main__":
    main()
