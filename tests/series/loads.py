"""Simulated programs, most of which leak nothing, under loads of many kinds: how many of their lines are accused?

    python -m tests.series.loads --programs 60
    python -m tests.series.loads --leaks --programs 400    # how often is a leak found, by its number of sampled objects?

Objects arrive at random, as often as the load says, and each ends after a life of its own: that is the truth. All are
sampled objects, of a process that has run long enough for its lives to be in equilibrium.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from alloclens.profile.model import ValueType
from alloclens.profile.taken_at import TakenAt
from alloclens.series.history import History
from alloclens.series.owned import LineNumbers, OwnedLines, parts
from alloclens.series.snapshot import Snapshot
from alloclens.series.verdicts import VERDICT_RULES, Rule, verdicts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

RATE = 512 * 1024
SIZE = 64
LENGTHS = (12, 40, 100)
"""Snapshots of a series, taken each minute."""
LINES = 60
MEANS = (3, 10, 30, 100)
"""Sampled objects in use on average."""
MEAN_LIVES = (0.3, 1, 3, 10, 30)
"""In minutes."""
LONGEST = 40.0
"""No object lives longer than so many mean lives."""


class Load(NamedTuple):
    """What a program does."""

    name: str
    rate: Callable[[np.random.Generator, int], Floats]
    """How many objects arrive in each of so many minutes, as a multiple of the mean."""
    lives: Callable[[np.random.Generator, int], Floats]
    """The lives of so many objects, as multiples of the mean."""
    shared: bool = False
    """Whether all lines have the same load, rather than each its own."""


def _exponential(rng: np.random.Generator, count: int) -> Floats:
    return rng.exponential(1, count)


def _lognormal(rng: np.random.Generator, count: int) -> Floats:
    return rng.lognormal(-1.125, 1.5, count)


def _pareto(rng: np.random.Generator, count: int) -> Floats:
    return (1 + rng.pareto(1.3, count)) * 0.3 / 1.3


def _equal(_: np.random.Generator, count: int) -> Floats:
    return np.ones(count)


def _of_two_kinds(rng: np.random.Generator, count: int) -> Floats:
    """Nine of ten end soon, the others last: in use are nearly only these."""
    return rng.exponential(np.where(rng.random(count) < 0.9, 0.1, 9.1))


def _steady(_: np.random.Generator, minutes: int) -> Floats:
    return np.ones(minutes)


def _bursts(rng: np.random.Generator, minutes: int) -> Floats:
    return np.where(rng.random(minutes) < 1 / 6, 4.0, rng.uniform(0.3, 0.7, minutes))


def _wandering(memory: float, deviation: float = 0.3) -> Callable[[np.random.Generator, int], Floats]:
    """Return a load whose logarithm is autoregressive, with this correlation from minute to minute."""

    def rate(rng: np.random.Generator, minutes: int) -> Floats:
        steps = rng.normal(0, deviation * np.sqrt(1 - memory**2), minutes)
        level = [rng.normal(0, deviation)]
        for step in steps[1:].tolist():
            level.append(memory * level[-1] + step)
        return np.exp(level)

    return rate


def _walking(rng: np.random.Generator, minutes: int) -> Floats:
    """Return a load that is steady at first, and a random walk in the last 160 minutes."""
    return np.exp(np.cumsum(np.where(np.arange(minutes) < minutes - 160, 0, rng.normal(0, 0.1, minutes))))


def _daily(minutes_of_a_day: float) -> Callable[[np.random.Generator, int], Floats]:
    def rate(rng: np.random.Generator, minutes: int) -> Floats:
        return 1 + 0.8 * np.sin(2 * np.pi * (rng.random() + np.arange(minutes) / minutes_of_a_day))

    return rate


LOADS = (
    Load("steady, exponential lives", _steady, _exponential),
    Load("steady, lognormal lives", _steady, _lognormal),
    Load("steady, Pareto lives", _steady, _pareto),
    Load("steady, equal lives", _steady, _equal),
    Load("autoregressive, 0.9", _wandering(0.9), _exponential),
    Load("autoregressive, 0.98", _wandering(0.98), _exponential),
    Load("autoregressive, 0.98, shared", _wandering(0.98), _exponential, shared=True),
    Load("random walk", _walking, _exponential),
    Load("days of 24 snapshots", _daily(24), _exponential),
    Load("days of 24, shared", _daily(24), _exponential, shared=True),
    Load("days of 100, shared", _daily(100), _exponential, shared=True),
    Load("days of 400, shared", _daily(400), _exponential, shared=True),
    Load("days of 24, shared, lognormal lives", _daily(24), _lognormal, shared=True),
    Load("days of 24, shared, equal lives", _daily(24), _equal, shared=True),
    Load("bursts, shared", _bursts, _exponential, shared=True),
    Load("steady, brief and lasting", _steady, _of_two_kinds),
)


class Objects(NamedTuple):
    """Sampled objects of each line at each snapshot, of shape (snapshots, lines)."""

    held: Floats
    arrived: Floats
    """Since the process started."""


def line(rng: np.random.Generator, rate: Floats, load: Load, mean: float, life: float, snapshots: int) -> Objects:
    """Simulate a line whose last minutes are the snapshots."""
    born = np.repeat(np.arange(len(rate)), rng.poisson(mean / life * rate))
    start = born + rng.random(len(born))
    end = start + life * np.minimum(load.lives(rng, len(start)), LONGEST)
    taken = np.arange(len(rate) - snapshots, len(rate)) + 1.0
    arrived, ended = (np.searchsorted(np.sort(times), taken, side="right") for times in (start, end))
    return Objects((arrived - ended).astype(float), arrived.astype(float))


def program(rng: np.random.Generator, load: Load, snapshots: int, lines: int = LINES) -> Objects:
    """Simulate a program of lines of different lives and sizes."""
    longest = int(LONGEST * max(MEAN_LIVES)) + snapshots
    shared = load.rate(rng, longest) if load.shared else None
    found = []
    for _ in range(lines):
        mean, life = rng.choice(MEANS), rng.choice(MEAN_LIVES)
        minutes = int(LONGEST * max(life, 1)) + snapshots
        rate = load.rate(rng, minutes) if shared is None else shared[-minutes:]
        found.append(line(rng, rate, load, mean, life, snapshots))
    return Objects(*(np.stack(columns, axis=1) for columns in zip(*found, strict=True)))


def with_leak(rng: np.random.Generator, objects: Objects, rate: float) -> Objects:
    """Return the program with a leak of so many objects a minute on its first line."""
    leaked = np.cumsum(rng.poisson(rate, len(objects.held)))[:, None] * (np.arange(objects.held.shape[1]) == 0)
    return Objects(objects.held + leaked, objects.arrived + leaked)


def judged(objects: Objects) -> list[Rule]:
    """Return the rule that fires for each line at the last snapshot."""
    held, arrived = objects
    numbers, key = LineNumbers(), np.arange(held.shape[1])
    observed = [
        Snapshot(
            path=f"/p/{minute}",
            taken_at=TakenAt(60.0 * minute, "profile"),
            is_difference=False,
            default_sample_type="",
            sample_types=(ValueType("alloc_space", "bytes"), ValueType("inuse_space", "bytes")),
            total=(int(came.sum() * RATE), int(now.sum() * RATE)),
            owned=OwnedLines(key[None], (now * RATE).astype(np.float32), _rest(now, came)),
            rate=RATE,
        )
        for minute, (now, came) in enumerate(zip(held, arrived, strict=True))
    ]
    none = np.zeros(len(key), np.bool_)
    process = History(observed, len(key), parts(key[None]), none, numbers.numbers(key), numbers, none)
    return [VERDICT_RULES[i] for i in verdicts(process).rule.tolist()]


def _rest(now: Floats, came: Floats) -> Floats:
    """Return the figures after the value, as of small objects: a sampled one counts for RATE bytes."""
    return np.stack([now * RATE**2, now, now * RATE / SIZE, came * RATE, came * RATE**2, came])


LEAKED = (3, 5, 7, 10, 15, 20, 30, 50)
"""Sampled objects that a leak is expected to leave in all."""
BESIDE = 3
"""Lines of a small program beside the one that leaks."""


class Found(NamedTuple):
    """In how many programs a leak is said to leak, to grow, or to slow down."""

    leak: int
    growing: int
    slower: int


def found(leaked: float, snapshots: int, programs: int, seed: int) -> Found:
    """Judge so many programs with a steady leak on a line of its own, which frees nothing."""
    said: Counter[str] = Counter()
    for number in range(programs):
        rng = np.random.default_rng([seed, int(leaked), snapshots, number])
        beside = program(rng, LOADS[0], snapshots, BESIDE)
        leak = np.cumsum(rng.poisson(leaked / snapshots, snapshots))[:, None]
        rule = judged(Objects(*(np.hstack([leak, of]) for of in beside)))[0]
        said["slower" if rule in (Rule.SLOWS, Rule.FILLED) else rule.verdict] += 1
    return Found(said["leak"], said["growing"], said["slower"])


class Accused(NamedTuple):
    """How many programs of a load have a line that is said to leak, or to grow."""

    programs: int
    leak: int
    growing: int


def accused(load: Load, snapshots: int, programs: int, seed: int) -> Accused:
    """Judge so many programs of a load."""
    said: Counter[str] = Counter()
    for number in range(programs):
        rng = np.random.default_rng([seed, LOADS.index(load), snapshots, number])
        said.update({rule.verdict for rule in judged(program(rng, load, snapshots))})
    return Accused(programs, said["leak"], said["growing"])


def table(programs: int, seed: int) -> Iterator[tuple[Load, int, Accused]]:
    """Judge all loads at all lengths."""
    for load in LOADS:
        for snapshots in LENGTHS:
            yield load, snapshots, accused(load, snapshots, programs, seed)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table; return 1 if more than one program in a hundred has a line that is said to leak."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.series.loads", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument("--programs", type=int, default=20, help="of each load and length")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--leaks", action="store_true", help="programs that leak, instead of those that do not")
    given = parser.parse_args(arguments)
    if given.leaks:
        _print_leaks(given.programs, given.seed)
        return 0
    total = Counter[str]()
    for load, snapshots, few in table(given.programs, given.seed):
        total.update(few._asdict())
        said = f"{load.name:36} {snapshots:3} snapshots: leak {few.leak:3}, growing {few.growing:3} of {few.programs}"
        sys.stdout.write(f"{said}\n")
    sys.stdout.write(f"all: leak {total['leak']}, growing {total['growing']} of {total['programs']} programs\n")
    return int(total["leak"] > total["programs"] / 100)


def _print_leaks(programs: int, seed: int) -> None:
    for leaked in LEAKED:
        for snapshots in LENGTHS:
            shares = (
                f"{name} {number / programs:6.1%}"
                for name, number in found(leaked, snapshots, programs, seed)._asdict().items()
            )
            sys.stdout.write(f"{leaked:2} sampled objects, {snapshots:3} snapshots: {', '.join(shares)}\n")


if __name__ == "__main__":
    sys.exit(main())
