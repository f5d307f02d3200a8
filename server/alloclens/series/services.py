"""Services: the series of one program that are shown together, one for each kind of profile that it writes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import chain
from operator import attrgetter
from typing import TYPE_CHECKING

import numpy as np

from alloclens.series.programs import programs
from alloclens.series.restarts import counters, lanes, since_start
from alloclens.series.series import Series
from alloclens.series.snapshot import in_order

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from alloclens.profile.kinds import ProfileKind
    from alloclens.series.programs import FunctionsOf
    from alloclens.series.snapshot import Snapshot

NO_FUNCTIONS = np.zeros(0, np.int64)
MAX_TURN_SECONDS = 1.0
"""Profiles of several kinds that are taken in turn are of one time if less than this lies between them."""


@dataclass(frozen=True, eq=False)
class Service:
    """The series of one program in one directory; if several processes of it ran at the same time, those of one.

    The first series leads: it is what is shown of the service, and the others stand beside it. Kinds are in the order
    of `ProfileKind`, which says nothing of the time, so a new file never changes what leads: heap, goroutine,
    goroutineleak, block, mutex, CPU, others. A series in which nothing ever was comes after all others. Of one kind,
    snapshots come before differences, and the newest series first.
    """

    series: tuple[Series, ...]
    """Never empty."""

    @property
    def directory(self) -> str:
        """The directory of its profiles."""
        return self.series[0].directory

    @property
    def program(self) -> str:
        """The name of the binary; "" if unknown."""
        return next((series.program for series in self.series if series.program), "")

    @property
    def replica(self) -> int:
        """The number of its process, from 1 on, if several ran at the same time; 0 if there was one."""
        return self.series[0].replica

    @property
    def newest_first(self) -> tuple[float, str]:
        """Sort key: the service with the newest snapshot comes first."""
        return min(series.newest_first for series in self.series)

    @property
    def leads(self) -> tuple[bool, ProfileKind]:
        """Sort key: of one program's services, the one to show first comes first, a heap before all other kinds."""
        return _rank(self.series[0])[:2]

    def has_chosen(self, head: str) -> bool:
        """Return whether a snapshot is chosen by its name or label and is of this service."""
        return any(series.has_chosen(head) for series in self.series)

    def head(self, of: Series, name: str) -> Snapshot:
        """Return the head of one of its series: kinds side by side are of one time, even if an earlier snapshot is chosen."""
        beside = self._chosen_beside(of, name)
        return _nearest(of.snapshots, beside) if beside else of.head(name)

    def base(self, of: Series, name: str, head: Snapshot) -> Snapshot | None:
        """Return the base of one of its series, likewise; None if there is nothing to compare."""
        beside = None if head.is_difference else self._chosen_beside(of, name)
        comparable = [snapshot for snapshot in of.snapshots if snapshot not in of.without_names]
        if beside is None or not comparable:
            return of.base(name, head)
        near = _nearest(comparable, beside)
        return None if near is head else near

    def _chosen_beside(self, of: Series, name: str) -> Snapshot | None:
        """Return the chosen snapshot if it is of another of its series; else None."""
        if of.has_chosen(name):
            return None
        return next((series.named(name) for series in self.series if series.has_chosen(name)), None)

    def has(self, sample_type: str) -> bool:
        """Return whether one of its series has a sample type."""
        return any(series.has(sample_type) for series in self.series)

    def led_by(self, sample_type: str) -> Service:
        """Return the service led by the first series with the chosen sample type."""
        return replace(self, series=tuple(sorted(self.series, key=lambda series: not series.has(sample_type))))


def services(
    snapshots: Iterable[Snapshot],
    labels: Mapping[str, str] | None = None,
    functions: FunctionsOf = lambda _: NO_FUNCTIONS,
) -> tuple[Service, ...]:
    """Group snapshots by directory, program and replica; the service with the newest snapshot comes first."""
    in_directory: dict[str, dict[str, list[Snapshot]]] = {}
    for snapshot in snapshots:
        in_directory.setdefault(snapshot.directory, {}).setdefault(snapshot.program, []).append(snapshot)
    of_programs = chain.from_iterable(programs(by_name, functions) for by_name in in_directory.values())
    made = (service for of_program in of_programs for service in _by_replica(of_program, labels or {}))
    return tuple(sorted(made, key=attrgetter("newest_first")))


def _by_replica(of_program: list[Snapshot], labels: Mapping[str, str]) -> Iterator[Service]:
    """Yield the services of one program. Kinds whose replicas cannot be told apart are a service of their own."""
    by_key: dict[str, list[Snapshot]] = {}
    for snapshot in of_program:
        by_key.setdefault(snapshot.series_key, []).append(snapshot)
    by_replica: dict[int, list[Series]] = {}
    for snapshots in by_key.values():
        for part in _parted(Series(snapshots[0].directory, in_order(snapshots), labels)):
            by_replica.setdefault(part.replica, []).append(part)
    if len(by_replica) > 1:
        by_replica = {n: [replace(s, is_of_replicas=not n) for s in series] for n, series in by_replica.items()}
    return (Service(_side_by_side(series)) for series in by_replica.values())


def _nearest(snapshots: Sequence[Snapshot], chosen: Snapshot) -> Snapshot:
    """Return the snapshot of the time of a chosen one: the nearest that is not of a later turn, else the first."""
    after = [(s, s.taken_at.seconds - chosen.taken_at.seconds) for s in reversed(snapshots)]
    near = [pair for pair in after if pair[1] < MAX_TURN_SECONDS]
    return min(near, key=lambda pair: abs(pair[1]))[0] if near else snapshots[0]


def _side_by_side(series: Iterable[Series]) -> tuple[Series, ...]:
    """Return the series of one service in their order. The first with counters tells where the others restart.

    Counters fall when a process starts; what is counted anew, such as goroutines, shows no restart.
    """
    ranked = sorted(series, key=_rank)
    telling = next(
        (of_kind for of_kind in ranked if counters(of_kind.snapshots) and not of_kind.snapshots[0].is_difference), None
    )
    if telling is None or not telling.restarts:
        return tuple(ranked)
    return tuple(
        of_kind if since_start(of_kind.snapshots[0]) else replace(of_kind, restarts_beside=telling.restarts)
        for of_kind in ranked
    )


def _parted(series: Series) -> list[Series]:
    """Part a series by replica, if processes of the program ran at the same time."""
    parts = lanes(series.snapshots) if len(series.processes) > 1 else []
    several = [replace(series, snapshots=part, replica=number) for number, part in enumerate(parts, 1)]
    return several if len(several) > 1 else [series]


def _rank(series: Series) -> tuple[bool, ProfileKind, bool, tuple[float, str]]:
    types = series.snapshots[0].sample_types
    return all(map(series.is_empty, types)), series.kind, series.snapshots[0].is_difference, series.newest_first
