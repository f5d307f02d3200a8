"""`python -m tests.leaks`: real Go programs, most of which leak; who finds the line, and who is accused in vain?

Ends with 1 where a target is missed (tests/leaks/score.py). See docs/leak-benchmark.md.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import shutil
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import platformdirs
from rich.console import Console

from scripts import tools
from tests.leaks import ours, pprofs
from tests.leaks.programs import programs
from tests.leaks.score import Outcome, totals
from tests.leaks.series import Failed, Series, build, run
from tests.leaks.table import below, table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from tests.leaks.pprofs import Ranks

SNAPSHOTS = (3, 10, 60)
SEEDS = 5
"""Sound programs give more than a hundred long series with these."""
AT_ONCE = 2
WIDE = 1000
"""Columns: a row is never folded."""


def main() -> int:
    """Run, judge, print. Returns 1 where a target is missed, 2 where something did not run."""
    given = _arguments()
    seeds = range(given.first_seed, given.first_seed + given.seeds)
    wanted = [Series(programs()[n], count, seed) for n in given.only for count in given.snapshots for seed in seeds]
    with ExitStack() as stack:
        _cache_of_its_own(Path(stack.enter_context(tempfile.TemporaryDirectory())))
        try:
            outcomes = list(_outcomes(wanted, given, stack))
        except Failed as failed:
            tools.say(str(failed))
            return 2
    found = totals(outcomes)
    sys.stdout.write(f"{_text(outcomes)}\n\n{below(found)}\n")
    if given.json:
        counted = {key: None if math.isnan(value) else value for key, value in found._asdict().items()}
        given.json.write_text(json.dumps({"totals": counted, "series": [*map(_as_json, outcomes)]}, indent=1) + "\n")
    return int(not found.met)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.leaks", description=__doc__.partition("\n")[0])
    parser.add_argument("--only", nargs="+", choices=programs(), default=list(programs()), metavar="NAME")
    parser.add_argument("--snapshots", nargs="+", type=int, default=SNAPSHOTS, metavar="N", help="of each run")
    parser.add_argument("--seeds", type=int, default=SEEDS, metavar="N", help=f"runs of each kind ({SEEDS})")
    parser.add_argument("--first-seed", type=int, default=1, metavar="N", help="others give loads never seen before")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the outcome of every series there, too")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="leave the profiles there, which must be a new place")
    parser.add_argument("--profiles", type=Path, metavar="DIR", help="judge profiles that were kept; run nothing")
    return parser.parse_args()


def _cache_of_its_own(directory: Path) -> None:
    """Keep what is read out of the user's cache, and an older reader's findings out of ours. Go's cache stays."""
    os.environ.setdefault("GOCACHE", platformdirs.user_cache_dir("go-build"))
    os.environ["XDG_CACHE_HOME"] = str(directory)


def _outcomes(wanted: Sequence[Series], given: argparse.Namespace, stack: ExitStack) -> Iterator[Outcome]:
    """Run two at a time and judge as they end."""
    folder_of = _kept(given.profiles) if given.profiles else _made(wanted, given.keep, stack)
    workers = stack.enter_context(ThreadPoolExecutor(AT_ONCE))
    stack.callback(workers.shutdown, cancel_futures=True)  # runs first: after a failure nothing more is begun

    def prepared(series: Series) -> tuple[Path, Ranks]:
        folder = folder_of(series)
        return folder, pprofs.ranks(series.program, folder)

    for number, (series, (folder, ranks)) in enumerate(zip(wanted, workers.map(prepared, wanted), strict=True), 1):
        outcome = Outcome(series, ours.verdict(series.program, folder), ranks)
        tools.say(f"{number} of {len(wanted)}: {series}: {_line(outcome)}")
        if not given.profiles and not given.keep:
            shutil.rmtree(folder)
        yield outcome


def _kept(profiles: Path) -> Callable[[Series], Path]:
    def folder(series: Series) -> Path:
        found = series.folder(profiles.resolve())
        if not found.is_dir():
            raise Failed(f"no profiles of {series} in {profiles}")
        return found

    return folder


def _made(wanted: Sequence[Series], keep: Path | None, stack: ExitStack) -> Callable[[Series], Path]:
    binaries, passing = (Path(stack.enter_context(tempfile.TemporaryDirectory())) for _ in range(2))
    tools.say("building …")
    build(dict.fromkeys(series.program for series in wanted), binaries)
    profiles = keep.resolve() if keep else passing
    return lambda series: run(series, binaries, profiles)


def _line(outcome: Outcome) -> str:
    rank, alarms, _ = outcome.ours
    said = [f"rank {rank}, pprof's {outcome.pprof.cum} and {outcome.pprof.flat}"] if outcome.series.program.leak else []
    return ", ".join([*said, *(f"FALSE: {a.sample_type} {a.spot}" for a in alarms)]) or "quiet"


def _text(outcomes: Sequence[Outcome]) -> str:
    """Return the table without the empty lines around it."""
    console = Console(width=WIDE, color_system=None)
    with console.capture() as printed:
        console.print(table(outcomes))
    return "\n".join(line.rstrip() for line in printed.get().strip().split("\n"))


def _as_json(outcome: Outcome) -> dict[str, object]:
    series, verdict, ranks = outcome
    said = {
        key: [{"verdict": s.verdict, "at": str(s.spot), "sample_type": s.sample_type} for s in found]
        for key, found in (("alarms", verdict.alarms), ("growing", verdict.growing))
    }
    return {
        "program": series.program.name,
        "leak": series.program.leak,
        "snapshots": series.snapshots,
        "seed": series.seed,
        "rank": verdict.rank,
        "pprof_cum": ranks.cum,
        "pprof_flat": ranks.flat,
        **said,
    }


if __name__ == "__main__":
    sys.exit(main())
