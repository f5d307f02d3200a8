"""Which snapshots of a series are of one process, and which are of replicas that run at the same time."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import chain, pairwise
from typing import TYPE_CHECKING

import numpy as np

from alloclens.profile.kinds import ProfileKind
from alloclens.profile.sample_types import is_held, judged
from alloclens.tables.allocations import rows, sketches_differ
from alloclens.tables.code import contains_code, moved

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from alloclens.arrays import Floats, Ints, Mask
    from alloclens.series.snapshot import Snapshot

MAX_GAP_SNAPSHOTS = 4
"""Snapshots since a process's last, per process running, after which it counts as ended: replicas are captured in turn."""
MAX_RUNNING = 32
"""Processes that a snapshot is compared with: a directory may hold one snapshot of each of thousands."""


CONTENTIONS = (ProfileKind.BLOCK, ProfileKind.MUTEX, ProfileKind.CONTENTION)


GPERFTOOLS = re.compile(r"\.\d{4,}\.heap\b")
MIN_FREED = 10
"""Times as many bytes as were allocated, which a program frees as it ends."""
REGULAR = 0.95
"""Dumps that differ by less in what was allocated before each are written after so much: gperftools counts whole allocations.

So are profiles that differ by less in the time that they cover."""
MIN_INTERVALS = 3
"""Intervals that show that dumps are regular."""
OF_DDTRACE = "heap-space"
"""A sample type of ddtrace, which writes a last profile when the program has ended."""
MIN_SECONDS = 0.5
"""Between two dumps that are written after whole seconds."""
CLOCK_SECONDS = 1
"""At most so much sooner than others a dump is due: gperftools compares whole seconds (MaybeDumpProfileLocked)."""
MIN_PART = 0.01
"""Of what is in use: what all such parts do together shows a restart where nothing else does."""
MIN_PARTS = 3
STARTED = 0.1
"""Parts that changed by less are what every process holds from its start on."""
MIN_WORK = 0.01
"""Runs of a program that does the same each time, without sampling, may differ by less in every stack."""
MIN_STACKS = 10
"""A snapshot with fewer stacks may seem to be continued by one of another process."""
MIN_STEPS = 6
"""So many times in a row, each run of a program has more than the one before by chance once in 5,040 (7!), if they differ in nothing else."""


@dataclass(eq=False)
class _Process:
    """A process while its snapshots are gathered."""

    snapshots: list[tuple[int, Snapshot]]
    """With their positions in the series."""
    was_rebuilt: bool = False
    """Whether its binary was rebuilt while it ran."""

    @property
    def last(self) -> tuple[int, Snapshot]:
        return self.snapshots[-1]

    @property
    def work(self) -> tuple[int, ...]:
        """What it has allocated, to compare processes."""
        return tuple(map(self.last[1].total.__getitem__, since_start(self.last[1])))

    @property
    def interruptions(self) -> int:
        """How often it certainly continued after a snapshot of another process."""
        return sum(
            position + 1 < following and rows(earlier.allocations) >= MIN_STACKS
            for (position, earlier), (following, _) in pairwise(self.snapshots)
        )

    def takes(self, position: int, later: Snapshot) -> bool:
        """Add a snapshot if it may be of this process; return whether it is."""
        earlier = self.last[1]
        fell = any(later.total[i] < earlier.total[i] for i in since_start(earlier))
        if fell or not goes_on(earlier, later, was_rebuilt=self.was_rebuilt):
            return False
        self.was_rebuilt |= earlier.build_id != later.build_id
        self.snapshots.append((position, later))
        return True


def since_start(snapshot: Snapshot) -> list[int]:
    """Return the columns of totals since the start of the process."""
    return [i for i, kind in enumerate(snapshot.sample_types) if kind.type.startswith("alloc_")]


def counters(snapshots: Sequence[Snapshot]) -> list[int]:
    """Return the columns of a series that never fall while a process runs.

    Contentions are counted from the start of the process, unless a profile has a duration, as with ?seconds=N.
    """
    if snapshots[0].kind in CONTENTIONS and not any(snapshot.duration for snapshot in snapshots):
        return list(range(len(snapshots[0].sample_types)))
    return since_start(snapshots[0])


def goes_on(earlier: Snapshot, later: Snapshot, *, was_rebuilt: bool) -> bool:
    """Return whether a later snapshot, whose totals since the start did not fall, may be of the same process."""
    return not any(_differ((earlier, later))) and _has_its_code(earlier, later, was_rebuilt=was_rebuilt)


def one_each(heaps: Sequence[Snapshot]) -> list[Snapshot]:
    """Return the last of each process's heap profiles, in time order, as far as it is certain that they are not of several runs.

    Profiles that may be of one process, each as the next, are of one if two that follow each other certainly are, or if there
    are many: a process that has just started has few stacks, and one that idles allocates next to nothing.
    """
    out: list[Snapshot] = []
    chain: list[Snapshot] = []
    for snapshot in heaps:
        if chain and not _may_go_on(chain[-1], snapshot):
            out += _runs(chain)
            chain = []
        chain.append(snapshot)
    return [*out, *_runs(chain)]


def _may_go_on(earlier: Snapshot, later: Snapshot) -> bool:
    """Return whether a heap profile may be a later one of the same process: no stack has allocated less."""
    columns = since_start(earlier)
    if earlier.sample_types != later.sample_types or not columns:
        return False
    return all(later.total[i] >= earlier.total[i] for i in columns) and goes_on(earlier, later, was_rebuilt=False)


def _runs(chain: Sequence[Snapshot]) -> Sequence[Snapshot]:
    """Return the last of profiles that may be of one process; all of them if they may as well be of several runs."""
    worked = [(earlier, later) for earlier, later in pairwise(chain) if _worked(earlier, later)]
    is_one = len(worked) >= MIN_STEPS or any(rows(earlier.allocations) >= MIN_STACKS for earlier, _ in worked)
    return chain[-1:] if is_one else chain


def _worked(earlier: Snapshot, later: Snapshot) -> bool:
    """Return whether a profile has so much more that it is no run that did the same: by chance, some stack of it would have less."""
    return all(later.total[i] >= (1 + MIN_WORK) * earlier.total[i] for i in since_start(earlier))


def ends(snapshots: Sequence[Snapshot], fell: Mask) -> Mask:
    """Return where the later of two snapshots that follow each other is not of the same process.

    `fell` is where totals since the start fell, shape (snapshots - 1,).
    """
    ended: Mask = fell | np.array(_differ(snapshots), np.bool_)
    if len({snapshot.build_id for snapshot in snapshots}) > 1:
        was_rebuilt = False
        for step, (earlier, later) in enumerate(pairwise(snapshots)):
            ended[step] = ended[step] or not _has_its_code(earlier, later, was_rebuilt=was_rebuilt)
            was_rebuilt = (was_rebuilt or earlier.build_id != later.build_id) and not ended[step]
    return ended


def emptied(snapshots: Sequence[Snapshot], ended: Mask) -> Mask:
    """Return where all that had changed in a process fell to half or less at once, as does the total: it seems that another began.

    Only where nothing else would show that: where profiles count what is in use alone, without process IDs or addresses. What a
    garbage collection or the end of a task frees leaves something. `ended` is where processes are known to end; both are of the
    shape (snapshots - 1,).
    """
    out, begin, kind = np.zeros_like(ended), 0, judged(snapshots[0].sample_types)
    if kind is None or kind.unit != "bytes" or since_start(snapshots[0]):
        return out
    for step, (earlier, later) in enumerate(pairwise(snapshots)):
        is_told = (earlier.process_id and later.process_id) or (earlier.memory and later.memory)
        if not ended[step] and not is_told and 2 * later.total_of(kind) <= earlier.total_of(kind):
            out[step] = _begins_anew(snapshots[begin], earlier, later)
        if ended[step] or out[step]:
            begin = step + 1
    return out


def _begins_anew(first: Snapshot, earlier: Snapshot, later: Snapshot) -> bool:
    """Return whether all large parts of a snapshot fell to half or less. What is nearly as in the first one says nothing."""
    lines, at = np.unique(earlier.owned.key[0], return_inverse=True)
    held = np.bincount(at, earlier.owned.value, len(lines))
    then, now = (_held_by(lines, snapshot) for snapshot in (first, later))
    told = held >= MIN_PART * held.sum()
    if first is not earlier:
        told &= np.abs(held - then) > STARTED * held
    return int(told.sum()) >= MIN_PARTS and bool((2 * now <= held)[told].all())


def _held_by(lines: Ints, snapshot: Snapshot) -> Floats:
    """Return what each of these parts, by their keys, holds in a snapshot."""
    of, value = snapshot.owned.key[0], snapshot.owned.value
    at = np.minimum(np.searchsorted(lines, of), len(lines) - 1)
    known = np.flatnonzero(lines[at] == of) if len(lines) else np.zeros(0, np.int64)
    return np.bincount(at[known], value[known], len(lines)).astype(np.float64)


def _differ(snapshots: Sequence[Snapshot]) -> list[bool]:
    """Return where two snapshots that follow each other cannot be of one process.

    They differ in their process ID or in where their binaries are, or have stacks that one process cannot have.

    All at once: a series of thousands is split again for each new snapshot.
    """
    packed = [snapshot.allocations for snapshot in snapshots]
    ids = [snapshot.process_id for snapshot in snapshots]
    of_two = [*map(sketches_differ, packed, packed[1:])]
    maps = [snapshot.memory for snapshot in snapshots]
    of_two = [differs or elsewhere for differs, elsewhere in zip(of_two, map(moved, maps, maps[1:]), strict=True)]
    if any(ids):
        of_two = [
            differs or (all(pair) and pair[0] != pair[1]) for differs, pair in zip(of_two, pairwise(ids), strict=True)
        ]
    return of_two


def _has_its_code(earlier: Snapshot, later: Snapshot, *, was_rebuilt: bool) -> bool:
    """Return whether a later snapshot may be of the same process by the build.

    Go reads the build id from the executable's path. So if the binary is rebuilt, the build id of a running process
    changes, and the next process has the same one. After that (`was_rebuilt`) the code must show that it goes on.
    """
    if earlier.build_id == later.build_id and not was_rebuilt:
        return True
    return bool(since_start(earlier)) and contains_code(later.code, earlier.code)


def at_exit(process: Sequence[Snapshot]) -> list[Snapshot]:
    """Return the snapshots of a process that were written as it ended, when it had freed what is in use while it runs.

    None if there are no others. jemalloc names such dumps, gperftools and continuous profilers such as ddtrace do not.
    """
    named = [snapshot for snapshot in process if snapshot.is_final]
    if named:
        return named if len(named) < len(process) else []
    if freed := _after_it_freed(process):
        return freed
    is_of_exit = len(process) > 1 and (_is_of_exit(process) or _covers_less(process))
    return [process[-1]] if is_of_exit else []


def without_names(process: Sequence[Snapshot]) -> list[Snapshot]:
    """Return the snapshots of a process in which a binary has no names, though it has in others: their lines are not comparable.

    None if that leaves no others.
    """
    named = frozenset(chain.from_iterable({snapshot.named for snapshot in process}))
    without = [snapshot for snapshot in process if snapshot.unnamed and not named.isdisjoint(snapshot.unnamed)]
    return without if len(without) < len(process) else []


def _is_of_exit(process: Sequence[Snapshot]) -> bool:
    """Return whether gperftools wrote the last of a process's snapshots as it ended, by what was in use and allocated.

    That is so if nothing is in use, which never happens while a program runs; if over half was freed and hardly anything allocated
    meanwhile; or if less is in use and it was not due: gperftools writes a dump after so many bytes were allocated, after so
    many seconds, or when more is in use than ever.
    """
    before, last = process[-2:]
    names = [kind.type for kind in last.sample_types]
    if not GPERFTOOLS.search(last.name) or "alloc_space" not in names or last.rate:
        return False
    allocated, in_use = (names.index(f"{what}_space") for what in ("alloc", "inuse"))
    fell = before.total[in_use] - last.total[in_use]
    amounts = [later.total[allocated] - sooner.total[allocated] for sooner, later in pairwise(process)]
    if fell <= 0 or not last.total[in_use]:
        return fell > 0
    if 2 * fell > before.total[in_use] and fell + amounts[-1] > MIN_FREED * amounts[-1]:
        return True
    return _is_early_by_bytes(amounts, [snapshot.total[in_use] for snapshot in process]) or _is_early_by_time(
        process, amounts
    )


def _covers_less(process: Sequence[Snapshot]) -> bool:
    """Return whether the last of a process's snapshots covers a shorter time than every other, and memory was freed.

    A profiler that records the time that each profile covers writes the last one before it is due, as the process ends.
    """
    before, last = process[-2:]
    *others, shortest = [snapshot.duration for snapshot in process]
    in_use = [i for i, kind in enumerate(last.sample_types) if kind.unit == "bytes" and is_held(kind.type)]
    return (
        not last.is_difference
        and len(others) >= MIN_INTERVALS
        and 0 < shortest < REGULAR * min(others)
        and any(last.total[i] < before.total[i] for i in in_use)
    )


def _after_it_freed(process: Sequence[Snapshot]) -> list[Snapshot]:
    """Return the snapshots that ddtrace wrote of a process as it ended, by what was freed at once: over half of what was in use.

    Their times tell nothing if the program ends as a profile is due; and it may take longer than from one profile to the next.
    But it needs no more memory meanwhile, as one that goes on does.
    """
    of_types = [kind.type for kind in process[-1].sample_types]
    if process[-1].is_difference or not process[-1].duration or OF_DDTRACE not in of_types:
        return []
    in_use, begin = of_types.index(OF_DDTRACE), len(process)
    for at in range(len(process) - 1, 0, -1):
        before, after = process[at - 1].total[in_use], process[at].total[in_use]
        if before < after:
            break
        if 2 * after < before:
            begin = at
    return list(process[begin:])


def _is_early_by_bytes(amounts: Sequence[int], in_use: Sequence[int]) -> bool:
    """Return whether the last dump came after fewer bytes than all others, but for those when more was in use than ever."""
    *before, last = amounts
    full = [amount for amount in before if amount >= REGULAR * max(before)]
    highs = [held > max(in_use[: i + 1]) for i, held in enumerate(in_use[1:])]
    others_rose = all(amount in full or high for amount, high in zip(before, highs, strict=False))
    return len(full) >= MIN_INTERVALS and others_rose and last < REGULAR * min(full)


def _is_early_by_time(process: Sequence[Snapshot], amounts: Sequence[int]) -> bool:
    """Return whether the last dump came sooner than every other, and after no more bytes than these.

    The time is that of the file, which says nothing if all were copied. The first interval begins with the process.
    """
    times = [snapshot.taken_at.seconds for snapshot in process[1:]]
    *before, last = [later - sooner for sooner, later in pairwise(times)] or [0.0]
    return (
        len(before) >= MIN_INTERVALS
        and min(before) >= MIN_SECONDS
        and last < max(REGULAR * min(before), min(before) - CLOCK_SECONDS)
        and amounts[-1] <= max(amounts[:-1])
    )


def lanes(snapshots: Sequence[Snapshot]) -> list[tuple[Snapshot, ...]]:
    """Split a series, in time order, so that no two processes of a part run at the same time.

    If all names have the ID of their process, it decides. Else there is one part unless the stacks show that processes took
    turns: that they continued after a snapshot of another one at least as often as a new one started. A process that has
    ended seldom seems to, by chance. If a snapshot may be of several processes, either the last one seen or the one that
    has allocated most is taken, whichever gives fewer.
    """
    if all(snapshot.process_id for snapshot in snapshots):
        return _in_turn(_by_id(snapshots))
    if max(rows(snapshot.allocations) for snapshot in snapshots) < MIN_STACKS:
        return [tuple(snapshots)]
    by_recency = _processes(snapshots, reversed)
    by_work = _processes(snapshots, lambda running: iter(sorted(running, key=lambda p: p.work, reverse=True)))
    processes = min(by_recency, by_work, key=len)
    took_turns = sum(process.interruptions for process in processes) >= len(processes) - 1
    return _in_turn(processes) if took_turns else [tuple(snapshots)]


def _by_id(snapshots: Sequence[Snapshot]) -> list[_Process]:
    processes: dict[str, _Process] = {}
    for position, snapshot in enumerate(snapshots):
        process = processes.setdefault(snapshot.process_id, _Process([]))
        process.snapshots.append((position, snapshot))
    return [*processes.values()]


def _processes(snapshots: Sequence[Snapshot], order: Callable[[list[_Process]], Iterator[_Process]]) -> list[_Process]:
    """Give each snapshot to the first running process, in this order, that may go on with it, else to a new one."""
    processes: list[_Process] = []
    running: list[_Process] = []
    """The one with the latest snapshot last."""
    for position, snapshot in enumerate(snapshots):
        running = [p for p in running if position - p.last[0] <= MAX_GAP_SNAPSHOTS * len(running)][-MAX_RUNNING:]
        process = next((p for p in order(running) if p.takes(position, snapshot)), None)
        if process is None:
            process = _Process([(position, snapshot)])
            processes.append(process)
        else:
            running.remove(process)
        running.append(process)
    return processes


def _in_turn(processes: Sequence[_Process]) -> list[tuple[Snapshot, ...]]:
    """Put each process after one that had ended, into as few parts as possible."""
    parts: list[list[tuple[int, Snapshot]]] = []
    for process in processes:
        begin = process.snapshots[0][0]
        ended = (part for part in parts if part[-1][0] < begin)
        part = max(ended, key=lambda part: part[-1][0], default=None)
        if part is None:
            parts.append(list(process.snapshots))
        else:
            part += process.snapshots
    return [tuple(snapshot for _, snapshot in part) for part in parts]
