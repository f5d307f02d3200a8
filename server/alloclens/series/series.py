"""Series of snapshots in time order: finds restarts, and chooses base and head."""

from __future__ import annotations

import math
import re
from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain, pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from alloclens.profile.kinds import is_meant
from alloclens.profile.sample_types import leading_column
from alloclens.profile.taken_at import DAY_SECONDS
from alloclens.series.restarts import at_exit, counters, emptied, ends, since_start, without_names

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from alloclens.arrays import Ints, Mask
    from alloclens.profile.build import Build
    from alloclens.profile.kinds import ProfileKind
    from alloclens.profile.model import ValueType
    from alloclens.series.snapshot import Snapshot

MAX_OFFSET_SECONDS = 3 * 3600.0
"""Maximum distance from the same time yesterday."""


CHOICES = ("first", "previous", "latest", "yesterday")
"""Words that choose a snapshot by its position in time."""
MAX_COPIES = 100


class Copies(NamedTuple):
    """A snapshot with which copies of source texts may have been stored."""

    name: str
    path: str
    stamp: tuple[int, ...]


class Provenance(NamedTuple):
    """What is known about the source version that a snapshot's program was built from."""

    seconds: float
    """When the snapshot was taken."""
    build: Build
    """As found with the process's first snapshot: the binary may have been rebuilt since."""
    label: str
    """The user's label of the snapshot."""
    begun: float
    """When the first snapshot of its process was taken."""
    copies: tuple[Copies, ...]
    """The snapshots of its process up to this one (if there are many, the first and last), all of one build."""
    follows: float = -math.inf
    """When the last snapshot of the previous process was taken: this one was started after that, unless it is a replica."""
    built_after: float = 0
    """When the editor began to build and run the program, of what was written before; 0 if it did not."""

    @property
    def is_rebuilt(self) -> bool:
        """Whether the binary was rebuilt since the process began, so that its commit may be a later one."""
        return self.build.is_here and self.build.written_at > self.begun

    @property
    def is_replaced(self) -> bool:
        """Whether another binary was at the program's path when the process was first seen.

        It has other lines, so the text was edited before, and a file here is probably as it was for the new binary.
        """
        return self.build.has_other_lines and self.build.written_at <= self.begun


class Restart(NamedTuple):
    """The times between which a program was restarted: of the last snapshot before and the first one after."""

    after: float
    before: float


class JudgedProcess(NamedTuple):
    """The process that verdicts are about."""

    observed: list[Snapshot]
    """Its observations; the last one is the head of the verdicts."""
    snapshots_ago: int
    """How many snapshots before the head it ended; 0 if it is the head's own process."""


@dataclass(frozen=True, eq=False)
class Series:
    """The snapshots of one program, directory and kind of profile. Never empty."""

    directory: str
    snapshots: tuple[Snapshot, ...]
    """In time order."""
    labels: Mapping[str, str] = field(default_factory=dict)
    """The user's labels of snapshots, by path."""
    replica: int = 0
    """Number of the replica, from 1 on, if processes of the program ran at the same time; 0 if there was one."""
    is_of_replicas: bool = False
    """Whether it has the snapshots of several replicas that cannot be told apart: each counts as one of another process."""
    begun: Mapping[str, float] = field(default_factory=dict)
    """When the editor began to build and run the programs of snapshots, by path, in seconds since 1970."""
    restarts_beside: tuple[Restart, ...] = ()
    """The restarts that profiles of another kind show, in time order."""

    @property
    def program(self) -> str:
        """The name of the binary; "" if unknown."""
        return next((s.program for s in self.snapshots if s.program), "")

    @property
    def kind(self) -> ProfileKind:
        """What its profiles are of."""
        return self.snapshots[0].kind

    @property
    def newest_first(self) -> tuple[float, str]:
        """Sort key: the series with the newest snapshot comes first."""
        return -self.snapshots[-1].taken_at.seconds, self.snapshots[-1].path

    def has(self, sample_type: str) -> bool:
        """Return whether its profiles have a sample type, named with or without their kind."""
        return any(is_meant(sample_type, self.kind, one.type) for one in self.snapshots[0].sample_types)

    def leading_column(self, of: Snapshot) -> int:
        """Return the column of the sample type that is shown first."""
        return leading_column(of.sample_types, of.default_sample_type, self.is_empty)

    def is_empty(self, kind: ValueType) -> bool:
        """Return whether no snapshot has anything in a sample type."""
        number = self.snapshots[0].sample_types.index(kind)
        return not any(snapshot.total[number] for snapshot in reversed(self.snapshots))

    @cached_property
    def processes(self) -> tuple[tuple[Snapshot, ...], ...]:
        """The snapshots, split where the program restarted."""
        begin = [0, *(1 + np.flatnonzero(self._restarts)).tolist(), len(self.snapshots)]
        return tuple(self.snapshots[i:j] for i, j in pairwise(begin))

    @property
    def restarts(self) -> tuple[Restart, ...]:
        """When the program restarted, in time order."""
        return tuple(Restart(a[-1].taken_at.seconds, b[0].taken_at.seconds) for a, b in pairwise(self.processes))

    @cached_property
    def at_exit(self) -> frozenset[Snapshot]:
        """The snapshots that were written as a process ended."""
        return frozenset(chain.from_iterable(map(at_exit, self.processes)))

    @cached_property
    def without_names(self) -> frozenset[Snapshot]:
        """The snapshots that cannot be compared by line with others of their process, because a binary has no names in them."""
        return frozenset(chain.from_iterable(map(without_names, self.processes)))

    def observations(self, head: Snapshot) -> list[Snapshot]:
        """Return the snapshots of a process up to its head, without heap profiles that repeat the previous totals.

        No garbage collection ended between two such snapshots: they are one observation. Goroutines are counted anew.
        A snapshot written at the exit is not an observation, nor is one without names.
        """
        if head not in self._observed:
            self._observed[head] = self._observations(head)
        return self._observed[head]

    @cached_property
    def _observed(self) -> dict[Snapshot, list[Snapshot]]:
        """The observations of some heads."""
        return {}

    def _observations(self, head: Snapshot) -> list[Snapshot]:
        end = self.snapshots.index(head) + 1
        begin = end - 1 - self.process(head).index(head)
        counted = self.snapshots[begin:end]
        if left_out := self.at_exit | self.without_names:
            counted = tuple(snapshot for snapshot in counted if snapshot not in left_out)
        if not since_start(head):
            return list(counted)
        return [*counted[:1], *(later for earlier, later in pairwise(counted) if later.total != earlier.total)]

    def judged_process(self, head: Snapshot, enough: int, mature: int) -> JudgedProcess:
        """Return the head's process, or one before it while it is young, by the number of its observations.

        If it has fewer than `enough`, that is the last one that has so many; with fewer than `mature`, the one right before it
        if that has so many. So a restart hides no leak: the previous process is judged until the new one can be.
        """
        own, before = self.observations(head), self.processes.index(self.process(head))
        least, begin = (enough, 0) if len(own) < enough else (mature, max(before - 1, 0))
        for process in reversed(self.processes[begin:before] if len(own) < mature else ()):
            observed = self.observations(process[-1]) if len(process) >= least else []
            if len(observed) >= least:
                return JudgedProcess(observed, self.snapshots.index(head) - self.snapshots.index(process[-1]))
        return JudgedProcess(own, 0)

    @property
    def is_mixed(self) -> bool:
        """Whether most snapshots are each of a process of their own: perhaps of replicas that cannot be told apart."""
        alone = sum(len(process) == 1 for process in self.processes)
        are_told = all(snapshot.process_id for snapshot in self.snapshots)
        return self.is_of_replicas or (len(self.snapshots) > 2 and 2 * alone > len(self.snapshots) and not are_told)

    @cached_property
    def _steps(self) -> Ints:
        """The change of the totals from each snapshot to the next, shape (snapshots - 1, sample types)."""
        totals = chain.from_iterable(s.total for s in self.snapshots)
        return np.diff(np.fromiter(totals, np.int64).reshape(len(self.snapshots), -1), axis=0)

    @property
    def _restarts(self) -> Mask:
        """Where the later of two snapshots is another process's."""
        if self.is_of_replicas:
            return np.ones(len(self.snapshots) - 1, np.bool_)
        fell: Mask = np.asarray((self._steps[:, counters(self.snapshots)] < 0).any(axis=1))
        restarted = ends(self.snapshots, fell)
        self._add_restarts_beside(restarted)
        return restarted | emptied(self.snapshots, restarted)

    def seems_new(self, process: Sequence[Snapshot]) -> bool:
        """Return whether nothing but what is in use shows that a process is not the one before."""
        before = self.last_before(process[0])
        return (
            before is not None
            and not ends((before, process[0]), np.zeros(1, np.bool_)).any()
            and not self.restarts_beside
        )

    def _add_restarts_beside(self, restarted: Mask) -> None:
        """Mark the restarts that profiles of other kinds show and these do not.

        A snapshot taken between the two that show a restart is of the process to whose snapshot it is nearer.
        """
        times = [s.taken_at.seconds for s in self.snapshots]
        for after, before in self.restarts_beside:
            first, last = max(bisect_right(times, after) - 1, 0), bisect_left(times, before)
            step = bisect_left(times, (after + before) / 2) - 1
            if 0 <= step < len(restarted) and not restarted[first:last].any():
                restarted[step] = True

    def named(self, name: str) -> Snapshot | None:
        """Return the snapshot with this path or file name, else the latest with this label or with it in its file name."""
        exact = (s for s in self.snapshots if name in (s.name, s.path))
        return next(exact, None) or (self._labelled(_words(name)) if _words(name) else None)

    def has_chosen(self, name: str) -> bool:
        """Return whether a snapshot is chosen by its name or label, not by its position in time, and is one of these."""
        return name not in CHOICES and self.named(name) is not None

    def process(self, of: Snapshot) -> tuple[Snapshot, ...]:
        """Return the snapshots of this one's process, in time order."""
        return next(run for run in self.processes if of in run)

    def provenance(self, of: Snapshot) -> Provenance:
        """Return what is known of a snapshot's source version."""
        process, follows = self.process(of), self.last_before(of)
        known = process[: process.index(of) + 1]
        ends = known if len(known) <= MAX_COPIES else (*known[: MAX_COPIES // 2], *known[-MAX_COPIES // 2 :])
        copies = tuple(Copies(snapshot.name, snapshot.path, snapshot.stamp) for snapshot in ends)
        return Provenance(
            of.taken_at.seconds,
            process[0].build,
            self.labels.get(of.path, ""),
            process[0].taken_at.seconds,
            copies,
            follows.taken_at.seconds if follows else -math.inf,
            self.begun.get(of.path, 0),
        )

    def last_before(self, of: Snapshot) -> Snapshot | None:
        """Return the last snapshot before this one's process; None if there is none, or if processes run at the same time."""
        before = self.processes.index(self.process(of)) - 1
        return self.processes[before][-1] if before >= 0 and not (self.replica or self.is_mixed) else None

    def last_running_before(self, of: Snapshot) -> Snapshot | None:
        """Return the same, but for those that were written as that process ended, when it had freed what was in use."""
        last = self.last_before(of)
        return last and next(s for s in reversed(self.process(last)) if s not in self.at_exit)

    def head(self, name: str) -> Snapshot:
        """Return the head: the latest snapshot unless another is named. One that was written at an exit has to be named."""
        latest = next((s for s in reversed(self.snapshots) if s not in self.at_exit), self.snapshots[-1])
        if name in ("first", "latest"):
            return latest if name == "latest" else self.snapshots[0]
        if name == "previous":
            return self._before(latest) or latest
        return self.named(name) or latest

    def base(self, name: str, head: Snapshot) -> Snapshot | None:
        """Return the base; None if there is nothing to compare.

        `first` and `previous` stay within the head's process: a restart replaces all objects. A snapshot without names
        is chosen only by its own name or label.
        """
        if head.is_difference:
            return None
        chosen = self._chosen(name, head) or self._first(head)
        return None if chosen is head else chosen

    def _chosen(self, name: str, head: Snapshot) -> Snapshot | None:
        if name == "first":
            return None
        if name == "latest":
            return self.snapshots[-1]
        if name == "previous":
            return self._before(head)
        return self._a_day_before(head) if name == "yesterday" else self.named(name)

    def bases_by_word(self, head: Snapshot) -> dict[str, Snapshot]:
        """Return the base that each of the words means for a head, without those that mean none."""
        named = {name: self._chosen(name, head) for name in CHOICES} | {"first": self._first(head)}
        return {name: snapshot for name, snapshot in named.items() if snapshot not in (None, head)}

    def heads_by_word(self) -> dict[str, Snapshot]:
        """Return the head that each of the words means."""
        return {name: self.head(name) for name in ("latest", "previous", "first")}

    def _first(self, head: Snapshot) -> Snapshot:
        """Return the first snapshot of a head's process up to it that can be compared."""
        process = self.process(head)
        return next((s for s in process[: process.index(head)] if s not in self.without_names), head)

    def last_with_names(self, head: Snapshot) -> Snapshot | None:
        """Return the latest snapshot before a head in its process that has names, if the head is one without; else None."""
        return self._before(head) if head in self.without_names else None

    def _before(self, snapshot: Snapshot) -> Snapshot | None:
        process = self.process(snapshot)
        before = reversed(process[: process.index(snapshot)])
        return next((s for s in before if s not in self.without_names), None)

    def _a_day_before(self, head: Snapshot) -> Snapshot | None:
        """Return the snapshot nearest to the same time yesterday, if it is within some hours."""
        moment = head.taken_at.seconds - DAY_SECONDS
        comparable = (s for s in self.snapshots if s not in self.without_names)
        nearest = min(comparable, key=lambda s: abs(s.taken_at.seconds - moment))
        return nearest if abs(nearest.taken_at.seconds - moment) <= MAX_OFFSET_SECONDS else None

    def _labelled(self, label: str) -> Snapshot | None:
        by_label = (s for s in reversed(self.snapshots) if _words(self.labels.get(s.path, "")) == label)
        by_name = (s for s in reversed(self.snapshots) if f" {label} " in f" {_words(s.name)} ")
        return next(by_label, None) or next(by_name, None)


def heaps_beside(series: Iterable[Series], head: Snapshot, of: Series) -> list[Snapshot]:
    """Return heap profiles of the head's process that say what was allocated; [] if its own say so, or there are none.

    `series` are those of its service.
    """
    if since_start(head):
        return []
    begun, ended = of.process(head)[0].taken_at.seconds, head.taken_at.seconds
    for other in series:
        if since_start(other.snapshots[-1]):
            for process in other.processes:
                first, last = process[0].taken_at.seconds, process[-1].taken_at.seconds
                if 2 * (min(last, ended) - max(first, begun)) >= ended - begun > 0:
                    return [snapshot for snapshot in process if snapshot not in other.without_names]
    return []


def process_before(series: Iterable[Series], head: Snapshot, of: Series, enough: int) -> list[Snapshot]:
    """Return the observations of the last process in the directory that ended before the head's began; [] if none has enough.

    It may be of another series: the names of binaries may have their version.
    """
    begun = of.process(head)[0].taken_at.seconds
    ended = [
        (other, process[-1])
        for other in series
        if other.directory == head.directory and other.snapshots[0].series_key == head.series_key
        for process in other.processes
        if process[-1].taken_at.seconds < begun and len(process) >= enough
    ]
    latest = sorted(ended, key=lambda pair: -pair[1].taken_at.seconds)
    return next((observed for other, last in latest if len(observed := other.observations(last)) >= enough), [])


def _words(text: str) -> str:
    """Normalize a label for comparison: heap.After_Load.pb.gz -> heap after load pb gz."""
    return re.sub(r"[\W_]+", " ", text.casefold()).strip()
