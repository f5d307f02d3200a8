"""Series of snapshots in time order: finds restarts, and chooses base and head."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain, pairwise
from operator import attrgetter
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from alloclens.series.owned import allocations_fell
from alloclens.series.programs import programs
from alloclens.series.snapshot import DAY_SECONDS, Snapshot
from alloclens.tables.code import contains_code

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from alloclens.arrays import Ints, Mask
    from alloclens.profile.build import Build
    from alloclens.series.programs import Functions

NO_FUNCTIONS = np.zeros(0, np.int64)
MAX_OFFSET_SECONDS = 3 * 3600.0
"""Maximum distance from the same time yesterday."""


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
    """When the last snapshot of the previous process was taken: this one was started after that."""


@dataclass(frozen=True, eq=False)
class Series:
    """The snapshots of one program, directory and kind of profile. Never empty."""

    directory: str
    snapshots: tuple[Snapshot, ...]
    """In time order."""
    labels: Mapping[str, str] = field(default_factory=dict)
    """The user's labels of snapshots, by path."""

    @property
    def program(self) -> str:
        """The name of the binary; "" if unknown."""
        return next((s.program for s in self.snapshots if s.program), "")

    @cached_property
    def processes(self) -> tuple[tuple[Snapshot, ...], ...]:
        """The snapshots, split where the program restarted."""
        begin = [0, *(1 + np.flatnonzero(self._restarts)).tolist(), len(self.snapshots)]
        return tuple(self.snapshots[i:j] for i, j in pairwise(begin))

    def observations(self, head: Snapshot) -> list[Snapshot]:
        """Return the snapshots of a process up to its head, without those that repeat the previous totals.

        No garbage collection ended between two such snapshots: they are one observation.
        """
        end = self.snapshots.index(head) + 1
        begin = end - 1 - self.process(head).index(head)
        new = np.append(True, (self._steps[begin : end - 1] != 0).any(axis=1))
        return [s for s, is_new in zip(self.snapshots[begin:end], new.tolist(), strict=True) if is_new]

    @cached_property
    def _steps(self) -> Ints:
        """The change of the totals from each snapshot to the next, shape (snapshots - 1, sample types)."""
        each = chain.from_iterable(s.total for s in self.snapshots)
        return np.diff(np.fromiter(each, np.int64).reshape(len(self.snapshots), -1), axis=0)

    @property
    def _restarts(self) -> Mask:
        """Where the later of two snapshots is another process's: totals since the start fell, or the build differs.

        Go reads the build id from the executable's path. So if the binary is rebuilt, the build id of a running process
        changes, and the next process has the same one.
        """
        since_start = [i for i, t in enumerate(self.snapshots[0].sample_types) if t.type.startswith("alloc_")]
        restarted: Mask = np.asarray((self._steps[:, since_start] < 0).any(axis=1))
        was_rebuilt = False
        for step, (earlier, later) in enumerate(pairwise(self.snapshots)):
            if not restarted[step] and (was_rebuilt or earlier.build_id != later.build_id):
                restarted[step] = not since_start or not _goes_on(earlier, later)
                was_rebuilt = True
            was_rebuilt &= not restarted[step]
        return restarted

    def named(self, name: str) -> Snapshot | None:
        """Return the snapshot with this file name, else the latest with this label or with it in its file name."""
        exact = (s for s in self.snapshots if s.name == name)
        return next(exact, None) or (self._labelled(_words(name)) if _words(name) else None)

    def process(self, of: Snapshot) -> tuple[Snapshot, ...]:
        """Return the snapshots of this one's process, in time order."""
        return next(run for run in self.processes if of in run)

    def provenance(self, of: Snapshot) -> Provenance:
        """Return what is known of a snapshot's source version."""
        before, process = next(two for two in pairwise(((), *self.processes)) if of in two[1])
        known = process[: process.index(of) + 1]
        ends = known if len(known) <= MAX_COPIES else (*known[: MAX_COPIES // 2], *known[-MAX_COPIES // 2 :])
        copies = tuple(Copies(one.name, one.path, one.stamp) for one in ends)
        return Provenance(
            of.taken_at.seconds,
            process[0].build,
            self.labels.get(of.path, ""),
            process[0].taken_at.seconds,
            copies,
            before[-1].taken_at.seconds if before else -math.inf,
        )

    def head(self, wanted: str) -> Snapshot:
        """Return the head: the latest snapshot unless another is named."""
        latest = self.snapshots[-1]
        if wanted in ("first", "latest"):
            return latest if wanted == "latest" else self.snapshots[0]
        if wanted == "previous":
            return self._before(latest) or latest
        return self.named(wanted) or latest

    def base(self, wanted: str, head: Snapshot) -> Snapshot | None:
        """Return the base; None if there is nothing to compare.

        `first` and `previous` stay within the head's process: a restart replaces all objects.
        """
        if head.is_difference:
            return None
        chosen = self._chosen(wanted, head) or self.process(head)[0]
        return None if chosen is head else chosen

    def _chosen(self, wanted: str, head: Snapshot) -> Snapshot | None:
        if wanted == "first":
            return None
        if wanted == "latest":
            return self.snapshots[-1]
        if wanted == "previous":
            return self._before(head)
        return self._a_day_before(head) if wanted == "yesterday" else self.named(wanted)

    def _before(self, snapshot: Snapshot) -> Snapshot | None:
        process = self.process(snapshot)
        place = process.index(snapshot)
        return process[place - 1] if place else None

    def _a_day_before(self, head: Snapshot) -> Snapshot | None:
        """Return the snapshot nearest to the same time yesterday, if it is within some hours."""
        moment = head.taken_at.seconds - DAY_SECONDS
        nearest = min(self.snapshots, key=lambda s: abs(s.taken_at.seconds - moment))
        return nearest if abs(nearest.taken_at.seconds - moment) <= MAX_OFFSET_SECONDS else None

    def _labelled(self, label: str) -> Snapshot | None:
        by_label = (s for s in reversed(self.snapshots) if _words(self.labels.get(s.path, "")) == label)
        by_name = (s for s in reversed(self.snapshots) if f" {label} " in f" {_words(s.name)} ")
        return next(by_label, None) or next(by_name, None)


def _goes_on(earlier: Snapshot, later: Snapshot) -> bool:
    """Return whether one process wrote both snapshots, although its binary was rebuilt meanwhile."""
    is_rebuilt = earlier.build_id != later.build_id
    return contains_code(later.code, earlier.code) and not (is_rebuilt and allocations_fell(earlier.owned, later.owned))


def group(
    snapshots: Iterable[Snapshot],
    labels: Mapping[str, str] | None = None,
    functions: Functions = lambda _: NO_FUNCTIONS,
) -> tuple[Series, ...]:
    """Group snapshots by directory, kind and program; the series with the newest snapshot comes first."""
    of_kind: dict[str, dict[str, list[Snapshot]]] = {}
    for snapshot in snapshots:
        of_kind.setdefault(snapshot.kind, {}).setdefault(snapshot.program, []).append(snapshot)
    made = [
        Series(found[0].directory, tuple(sorted(found, key=attrgetter("order"))), labels or {})
        for by_name in of_kind.values()
        for found in programs(by_name, functions)
    ]
    return tuple(sorted(made, key=lambda s: (-s.snapshots[-1].taken_at.seconds, s.snapshots[-1].path)))


def _words(text: str) -> str:
    """Normalize a label for comparison: heap.After_Load.pb.gz -> heap after load pb gz."""
    return re.sub(r"[\W_]+", " ", text.casefold()).strip()
