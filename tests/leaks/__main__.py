"""`python -m tests.leaks`: how well leaks are found in real Go programs, and what is accused wrongly.

Ends with 1 if a target is missed (tests/leaks/score.py). See docs/leak-benchmark.md.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import platformdirs

from scripts import tools
from tests.leaks import ours, pprofs
from tests.leaks.programs import programs
from tests.leaks.score import Outcome, targets
from tests.leaks.series import CUTS, LOADS, Failed, Run, build, cut, produce
from tests.leaks.table import report

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from tests.leaks.ours import Answer

SEEDS = 2
"""Sound programs give about two hundred series of each number of snapshots with these."""
AT_ONCE = 2


def main() -> int:
    """Run, judge, print. Returns 1 if a target is missed, 2 if something did not run."""
    given = _arguments()
    seeds = range(given.first_seed, given.first_seed + given.seeds)
    wanted = [Run(programs()[name], load, seed) for name in given.only for load in given.loads for seed in seeds]
    with ExitStack() as stack:
        _cache_of_its_own(Path(stack.enter_context(tempfile.TemporaryDirectory())))
        try:
            outcomes = list(_outcomes(wanted, given, stack))
        except Failed as failed:
            tools.say(str(failed))
            return 2
    sys.stdout.write(f"{report(outcomes)}\n")
    if given.json:
        given.json.write_text(json.dumps([*map(_as_json, outcomes)], indent=1) + "\n")
    return int(not all(target.met for target in targets(outcomes)))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.leaks", description=__doc__.partition("\n")[0])
    parser.add_argument("--only", nargs="+", choices=programs(), default=list(programs()), metavar="NAME")
    parser.add_argument("--loads", nargs="+", choices=LOADS, default=LOADS)
    parser.add_argument("--snapshots", nargs="+", choices=CUTS, default=list(CUTS), metavar="N", help=", ".join(CUTS))
    parser.add_argument(
        "--seeds", type=int, default=SEEDS, metavar="N", help=f"runs of each program and load ({SEEDS})"
    )
    parser.add_argument("--first-seed", type=int, default=1, metavar="N", help="others give loads never seen before")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the outcome of every series there, too")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="leave the profiles there, which must be a new place")
    parser.add_argument("--profiles", type=Path, metavar="DIR", help="judge profiles that were kept; run nothing")
    return parser.parse_args()


def _cache_of_its_own(directory: Path) -> None:
    """Keep what is read out of the user's cache, and an older reader's findings out of ours. Go's cache stays."""
    os.environ.setdefault("GOCACHE", platformdirs.user_cache_dir("go-build"))
    os.environ["XDG_CACHE_HOME"] = str(directory)


def _outcomes(wanted: Sequence[Run], given: argparse.Namespace, stack: ExitStack) -> Iterator[Outcome]:
    """Run and judge two at a time."""
    folder_of = partial(_kept, given.profiles) if given.profiles else _made(wanted, given.keep, stack)
    workers = stack.enter_context(ProcessPoolExecutor(AT_ONCE))
    stack.callback(workers.shutdown, cancel_futures=True)  # runs first: after a failure nothing more is begun
    judge = partial(_judge, folder_of, given.snapshots, keeps=bool(given.profiles or given.keep))
    for number, outcomes in enumerate(workers.map(judge, wanted), 1):
        for outcome in outcomes:
            tools.say(f"{number} of {len(wanted)}: {outcome.run}, {outcome.cut}: {_line(outcome)}")
        yield from outcomes


def _judge(folder_of: Callable[[Run], Path], cuts: Sequence[str], run: Run, *, keeps: bool) -> list[Outcome]:
    """Make the profiles of a run and judge all series in it."""
    folder = folder_of(run)
    with tempfile.TemporaryDirectory() as passing:
        parts = {name: cut(folder, name, Path(passing)) for name in cuts}
        found = [
            Outcome(run, name, ours.answer(run.program, part), pprofs.ranks(run.program, part, name))
            for name, part in parts.items()
        ]
    if not keeps:
        shutil.rmtree(folder)
    return found


def _kept(profiles: Path, run: Run) -> Path:
    found = run.folder(profiles.resolve())
    if not found.is_dir():
        raise Failed(f"no profiles of {run} in {profiles}")
    return found


def _made(wanted: Sequence[Run], keep: Path | None, stack: ExitStack) -> Callable[[Run], Path]:
    binaries, passing = (Path(stack.enter_context(tempfile.TemporaryDirectory())) for _ in range(2))
    tools.say("building …")
    build(dict.fromkeys(run.program for run in wanted), binaries)
    return partial(produce, binaries=binaries, profiles=keep.resolve() if keep else passing)


def _line(outcome: Outcome) -> str:
    """Return the outcome for a series, in a line."""
    found, program, parts = outcome.ours, outcome.run.program, []
    if program.leak:
        parts += [_answer(found), f"pprof's {outcome.pprof.cum} and {outcome.pprof.flat}"]
    if program.helpers:
        parts.append(f"caller {'named' if found.caller else 'NOT named'}")
    parts += [f"FALSE: {said}" for said in found.alarms] + [f"growing: {said}" for said in found.growing]
    return ", ".join(parts) or "quiet"


def _answer(found: Answer) -> str:
    if found.silent:
        return "SILENT"
    if found.rank:
        return f"rank {found.rank} ({found.verdict}, {found.rule})"
    return f"candidate {found.candidate} ({found.rule})" if found.candidate else "NOT named"


def _as_json(outcome: Outcome) -> dict[str, object]:
    run, found = outcome.run, outcome.ours
    return {
        "program": run.program.name,
        "leak": run.program.leak,
        "load": run.load,
        "seed": run.seed,
        "snapshots": outcome.cut,
        "rank": found.rank,
        "candidate": found.candidate,
        "silent": found.silent,
        "caller_named": found.caller,
        "verdict": found.verdict,
        "rule": found.rule,
        "false": [*map(str, found.alarms)],
        "growing": [*map(str, found.growing)],
        "pprof_cum": outcome.pprof.cum,
        "pprof_flat": outcome.pprof.flat,
    }


if __name__ == "__main__":
    sys.exit(main())
