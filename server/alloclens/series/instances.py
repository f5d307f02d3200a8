"""On which instances of its service a finding stands: the processes that run beside each other, each judged by itself."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from itertools import pairwise
from pathlib import PurePath
from typing import TYPE_CHECKING, NamedTuple

from alloclens.series.findings import RAISED
from alloclens.series.verdicts import MIN_LEAK_OBSERVATIONS

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from alloclens.series.comparison import Comparison
    from alloclens.series.findings import Finding
    from alloclens.series.series import Series

MISSED = 3
"""An instance whose last snapshot is this many intervals older than the newest of all has ended."""
NUMBERS = re.compile(r"v?(\d{1,9}(?:\.\d{1,9})+)")
"""A version that consists of numbers, which tell its order."""


class Standing(Enum):
    """What the snapshots of an instance say of a line that was found on another."""

    FOUND = "found"
    UNPROVEN = "unproven"
    """It may leak there, too, but that is not proven."""
    EARLY = "early"
    """There are too few observations to say that it does not."""
    CLEAR = "clear"


class Spread(NamedTuple):
    """On which instances a finding stands, of those that run."""

    instances: int
    """How many run."""
    found: tuple[Comparison, ...]
    """A comparison of each on which the line leaks or grows, in the order of their directories."""
    verdicts: tuple[str, ...]
    """Its verdicts there, worst first."""
    unproven: int
    early: int
    since: str
    """The version since which it stands: none before has it, and it was judged there; "" if that is unknown."""


@dataclass(frozen=True, eq=False)
class _Instance:
    comparisons: tuple[Comparison, ...]
    """That of its process, and if that is young, of the one before."""
    standings: dict[tuple[str, str, str], list[tuple[int, str]]]
    """The lines and verdicts of findings, and of candidates "", by function, file and sample type."""

    @property
    def series(self) -> Series:
        return self.comparisons[0].series

    @property
    def version(self) -> str:
        return self.comparisons[0].provenance.build.version

    @cached_property
    def span(self) -> tuple[float, float]:
        """When the first and the last snapshot of the process was taken."""
        process = self.series.process(self.comparisons[0].head)
        return process[0].taken_at.seconds, process[-1].taken_at.seconds

    @cached_property
    def interval(self) -> float:
        """The mean seconds between two snapshots; 0 if there is one."""
        (begin, end), process = self.span, self.series.process(self.comparisons[0].head)
        return (end - begin) / (len(process) - 1) if len(process) > 1 else 0.0

    def runs_beside(self, newest: _Instance) -> bool:
        """Return whether it has not ended before the last snapshot of all."""
        return newest.span[1] - self.span[1] <= MISSED * max(self.interval, newest.interval)

    def verdicts(self, finding: Finding, version: str) -> set[str]:
        """Return the verdicts of the same line, or in another version of its function; "" for a candidate."""
        found = self.standings.get(_key(finding), [])
        return {verdict for line, verdict in found if line == finding.line or self.version != version}

    def standing(self, finding: Finding, version: str) -> Standing:
        verdicts = self.verdicts(finding, version)
        if any(verdicts):
            return Standing.FOUND
        if verdicts:
            return Standing.UNPROVEN
        judged = (len(of.judgement.history) for of in self.comparisons if of.judgement)
        return Standing.CLEAR if max(judged, default=0) >= MIN_LEAK_OBSERVATIONS else Standing.EARLY


@dataclass(frozen=True, eq=False)
class Instances:
    """The instances of each service of a world."""

    comparisons: Sequence[Comparison]
    """Of all series; those of previous processes last."""
    roots: Collection[str]
    """The profile directories. Each directory below is a service, and if it has directories, each of them an instance."""

    def beside(self, series: Series) -> tuple[Comparison, ...]:
        """Return the comparisons of all instances of a service that run, itself included; none if its service has one."""
        running = self._running.get(_service(series, self.roots), [])
        return tuple(comparison for one in running for comparison in one.comparisons)

    def spread(self, finding: Finding, comparison: Comparison) -> Spread | None:
        """Return on which instances a finding stands; None if its service has one, or if its instance has ended."""
        service = _service(comparison.series, self.roots)
        running = self._running.get(service, [])
        own = next((one for one in running if one.series is comparison.series), None)
        if own is None or len(running) < 2:
            return None
        of = service, _key(finding), finding.line, own.version
        if of not in self._spreads:
            self._spreads[of] = _spread(finding, own.version, running, self._services[service])
        return self._spreads[of]

    def once(self, pairs: Iterable[tuple[Finding, Comparison]]) -> Iterator[tuple[Finding, Comparison]]:
        """Yield findings, but of those that instances of a service have on one line only the first."""
        said: dict[tuple[object, ...], set[Series]] = {}
        for finding, comparison in pairs:
            on_line = said.setdefault((finding.function, finding.file, finding.line, finding.sample_type), set())
            if comparison.series in on_line:
                continue
            if finding.verdict in RAISED and (spread := self.spread(finding, comparison)):
                on_line.update(one.series for one in spread.found)
            yield finding, comparison

    @cached_property
    def _spreads(self) -> dict[tuple[object, ...], Spread]:
        """What was said already: all instances on which a line is found ask for the same."""
        return {}

    @cached_property
    def _running(self) -> dict[tuple[str, ...], list[_Instance]]:
        """Those instances of each service that have not ended."""
        running = {}
        for service, instances in self._services.items():
            newest = max(instances, key=lambda one: one.span[1])
            running[service] = [one for one in instances if one.runs_beside(newest)]
        return running

    @cached_property
    def _services(self) -> dict[tuple[str, ...], list[_Instance]]:
        of_series: dict[Series, list[Comparison]] = {}
        for comparison in self.comparisons:
            of_series.setdefault(comparison.series, []).append(comparison)
        of_service: dict[tuple[str, ...], list[Series]] = {}
        for series in sorted(of_series, key=lambda one: (one.directory, one.replica)):
            if key := _service(series, self.roots):
                of_service.setdefault(key, []).append(series)
        several = {key: all_series for key, all_series in of_service.items() if len(all_series) > 1}
        return {key: [_instance(of_series[one]) for one in all_series] for key, all_series in several.items()}


def _spread(finding: Finding, version: str, running: list[_Instance], all_: list[_Instance]) -> Spread:
    """Return on which instances that run a finding of a version stands; those that have ended tell since when."""
    standings = {one: one.standing(finding, version) for one in all_}
    of_running = [standings[one] for one in running]
    found = [one for one in running if standings[one] is Standing.FOUND]
    verdicts = set().union(*(one.verdicts(finding, version) for one in found))
    return Spread(
        len(running),
        tuple(one.comparisons[0] for one in found),
        tuple(verdict for verdict in RAISED if verdict in verdicts),
        of_running.count(Standing.UNPROVEN),
        of_running.count(Standing.EARLY),
        _since(standings),
    )


def _service(series: Series, roots: Collection[str]) -> tuple[str, ...]:
    """Return what the instances of a service share; () if its directory is not known to be that of an instance.

    Processes that write to one directory are instances, and so are directories beside each other if their programs have the same
    name. Right below a profile directory are those of services: there, programs without a name may be any.
    """
    around = series.directory if series.replica else str(PurePath(series.directory).parent)
    if not (series.program or series.replica) and (around in roots or series.directory in roots):
        return ()
    return around, series.program, series.snapshots[0].series_key, str(bool(series.replica))


def _instance(comparisons: Iterable[Comparison]) -> _Instance:
    comparisons = tuple(comparisons)
    standings: dict[tuple[str, str, str], list[tuple[int, str]]] = {}
    for judgement in filter(None, (comparison.judgement for comparison in comparisons)):
        for finding in (*judgement.findings(RAISED), *judgement.candidates()):
            verdict = finding.verdict if finding.verdict in RAISED else ""
            standings.setdefault(_key(finding), []).append((finding.line, verdict))
    return _Instance(comparisons, standings)


def _key(finding: Finding) -> tuple[str, str, str]:
    return finding.function, finding.file, finding.sample_type.type


def _since(standings: dict[_Instance, Standing]) -> str:
    """Return the version from which on a line is found; "" if versions before it have it, or were not judged, or have no order."""
    of_version: dict[str, set[Standing]] = {}
    for instance, standing in standings.items():
        of_version.setdefault(instance.version, set()).add(standing)
    if "" in of_version or not (order := _in_order(standings)):
        return ""
    first = next((i for i, version in enumerate(order) if Standing.FOUND in of_version[version]), 0)
    before = set().union(*(of_version[version] for version in order[:first]))
    after = [of_version[version] for version in order[first:]]
    stands = all(Standing.FOUND in of or Standing.CLEAR not in of for of in after)
    is_new = Standing.CLEAR in before and Standing.UNPROVEN not in before
    return order[first] if stands and is_new else ""


def _in_order(instances: Iterable[_Instance]) -> list[str]:
    """Return the versions by their numbers, else as they began; none if two began at the same time."""
    begun: dict[str, float] = {}
    interval = 0.0
    for instance in instances:
        begun[instance.version] = min(instance.span[0], begun.get(instance.version, instance.span[0]))
        interval = max(interval, instance.interval)
    numbers = {version: match[1] for version in begun if (match := NUMBERS.fullmatch(version))}
    if len(numbers) == len(begun):
        return sorted(begun, key=lambda version: [int(part) for part in numbers[version].split(".")])
    order = sorted(begun, key=begun.__getitem__)
    apart = all(begun[later] - begun[before] > interval for before, later in pairwise(order))
    return order if apart else []
