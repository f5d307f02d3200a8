"""Builds the World from what is known: services and their series, and a comparison for each."""

from __future__ import annotations

from dataclasses import replace
from itertools import chain
from operator import attrgetter
from pathlib import PurePath
from typing import TYPE_CHECKING, NamedTuple

from alloclens.faults import Problem
from alloclens.profile.sample_types import shared
from alloclens.series.comparison import Comparison, compare
from alloclens.series.contents import BuildPair, Pair
from alloclens.series.history import Beside
from alloclens.series.series import Series, heaps_beside, process_before
from alloclens.series.services import Service, services
from alloclens.series.verdicts import MIN_LEAK_OBSERVATIONS, MIN_OBSERVATIONS
from alloclens.session.choice import is_elsewhere
from alloclens.session.profile_file import Compared, unlike
from alloclens.session.world import FilePair, NamedFiles, World
from alloclens.workspace.source_versions import SourceVersions

if TYPE_CHECKING:
    from collections.abc import Mapping

    from alloclens.cache.texts import Texts
    from alloclens.series.contents import Contents
    from alloclens.series.snapshot import Snapshot
    from alloclens.session.known import Known
    from alloclens.session.setup import Setup
    from alloclens.settings.settings import Settings
    from alloclens.transform.filters import Filters


def assemble(
    known: Known, setup: Setup, texts: Texts | None, focus: tuple[Filters, ...] = (), files: FilePair | None = None
) -> World:
    """Build a world from the settled snapshots, with the `files` that the user named. Contents not used are forgotten."""
    known.settle()
    settled = _of_series(known, setup, files)
    settings, unordered = setup.settings, services(settled, setup.labels, known.functions)
    ordered = tuple(
        service.led_by(settings.sample_type)
        for service in sorted(unordered, key=lambda s: not s.has_chosen(settings.head))
    )
    comparing = _Comparing(known, settings, files, tuple(chain.from_iterable(service.series for service in ordered)))
    comparisons: list[Comparison | None] = []
    last_with_names, earlier = [], []
    for service in ordered:
        for series in service.series:
            head = service.head(series, settings.head)
            base = service.base(series, settings.base, head)
            now = comparing.compared(service, series, head, base, focus)
            if now and (with_names := comparing.with_names(service, series, now, focus)):
                comparisons.append(replace(now, judgement=None))
                last_with_names.append(now := with_names)
            else:
                comparisons.append(now)
            process = series.judged_process(head, MIN_OBSERVATIONS, MIN_LEAK_OBSERVATIONS)
            if process.snapshots_ago and not head.is_difference:
                before = comparing.compared(service, series, process.observed[-1], process.observed[0], focus)
                earlier.append((before and replace(before, instead_of=head), now))
    two, problem = _pair(known, files, setup.labels) if files else (None, None)
    named = None
    if two:
        of, base, head, left_out = two
        comparison = comparing.compared(Service((of,)), of, head, base, focus)
        named = NamedFiles(Service((of,)), comparison, left_out) if comparison else None
    known.contents = comparing.contents
    _ = known.sources.by_place  # computed now, so that the first hint need not wait for it
    return World(
        settings=settings,
        settings_problems=setup.problems,
        outside=setup.where.outside,
        directories=setup.directories,
        closed=known.closed,
        services=ordered,
        comparisons=tuple(filter(None, comparisons)),
        earlier=(
            *last_with_names,
            *(c for c, now in earlier if c and c.findings() and not (now and now.refutes(c))),
        ),
        problems=(*_problems(known), *setup.label_problems, *([problem] if problem else [])),
        named=named,
        sources=known.sources,
        versions=SourceVersions(setup.where.roots, texts, settings.revision),
        focus=focus,
    )


class _Comparing:
    """Makes the comparisons of one world."""

    def __init__(
        self, known: Known, settings: Settings, files: FilePair | None, all_series: tuple[Series, ...]
    ) -> None:
        self.contents: dict[Pair, Contents | None] = {}
        """What was read of the files of each."""
        self._known, self._settings, self._files, self._all_series = known, settings, files, all_series

    def compared(
        self, service: Service, of: Series, head: Snapshot, base: Snapshot | None, within: tuple[Filters, ...]
    ) -> Comparison | None:
        """Compare head and base of a series; None if one of the files cannot be read."""
        known, files, all_series = self._known, self._files, self._all_series
        before = process_before(all_series, head, of, MIN_LEAK_OBSERVATIONS)
        pair = _files(of, head, base, within, self._settings.revision)
        if before and len(of.observations(head)) < MIN_LEAK_OBSERVATIONS:
            pair = self._since(pair, of, head, before[-1])
        contents = self.contents[pair] = known.contents.get(pair) or known.pair(pair)
        are_files = files is not None and of not in all_series
        beside = Beside(
            before,
            heaps_beside(service.series, head, of),
            of.last_running_before(head),
            of.process(head) is not of.processes[-1],
            are_files,
            contents.was if contents else None,
        )
        wanted = (files.sample_type if files and are_files else "") or self._settings.sample_type
        sample_type = wanted if of.has(wanted) or not (service.has(wanted) or files) else ""
        made = contents and compare(of, head, base, sample_type, contents, known.numbers, beside)
        if made:
            _ = made.lines.by_name  # as above
        return made or None

    def _since(self, pair: Pair, of: Series, head: Snapshot, previous: Snapshot) -> Pair:
        """Add the last observation of the previous process to the files, unless it is of the head's build."""
        if head.build_id and head.build_id == previous.build_id:
            return pair
        its = next(one for one in self._all_series if previous in one.snapshots)
        builds = BuildPair(of.provenance(head), its.provenance(previous), self._settings.revision, one_process=False)
        return pair._replace(previous=previous.path, since=builds)

    def with_names(
        self, service: Service, of: Series, now: Comparison, within: tuple[Filters, ...]
    ) -> Comparison | None:
        """Return the comparison of the last snapshot that has names, if the head has none, nor any file of the workspace."""
        last = of.last_with_names(now.head)
        if last is None or not is_elsewhere(now):
            return None
        made = self.compared(service, of, last, service.base(of, self._settings.base, last), within)
        return made and replace(made, instead_of=now.head)


def _of_series(known: Known, setup: Setup, files: FilePair | None) -> list[Snapshot]:
    """Return the settled snapshots without the named files that are in no profile directory."""
    paths = files.paths if files else ()
    apart = [path for path in paths if not any(PurePath(path).is_relative_to(d) for d in setup.directories)]
    return [snapshot for snapshot in known.settled if snapshot.path not in apart] if apart else known.settled


class _NamedSeries(NamedTuple):
    """The files that the user named, as a series of the sample types that both have."""

    series: Series
    base: Snapshot | None
    head: Snapshot
    left_out: tuple[str, ...] = ()


def _pair(known: Known, files: FilePair, labels: Mapping[str, str]) -> tuple[_NamedSeries | None, Problem | None]:
    """Return the named files as a series, once they are read; or why they cannot be compared."""
    read = {snapshot.path: snapshot for snapshot in known.settled}
    snapshots = [read[path] for path in files.paths if path in read]
    if len(snapshots) < len(files.paths):
        return None, None
    base, head = (snapshots[0] if files.base else None), snapshots[-1]
    begun = {path: at for path, at in ((files.base, files.base_begun), (files.head, files.head_begun)) if path and at}
    if base is None:
        return _NamedSeries(Series(head.directory, (head,), labels, begun=begun), None, head), None
    if why := unlike(*(Compared(s.sample_types, s.contention) for s in (base, head))):
        return None, Problem(files.head, why, summary="cannot be compared: …")
    types = shared(head.sample_types, base.sample_types)
    left_out = tuple(kind.type for kind in (*head.sample_types, *base.sample_types) if kind not in types)
    base, head = base.of_types(types), head.of_types(types)
    in_order = tuple(sorted((base, head), key=attrgetter("order")))
    are_two = bool(left_out or begun)  # two formats are of two processes, and so are two runs
    series = Series(head.directory, in_order, labels, begun=begun, is_of_replicas=are_two)
    return _NamedSeries(series, base, head, left_out), None


def _files(series: Series, head: Snapshot, base: Snapshot | None, within: tuple[Filters, ...], revision: str) -> Pair:
    """Return the files of a comparison, and how to read them."""
    builds = _builds(series, head, base, revision)
    if base is None:
        return Pair(head.path, None, within, builds)
    return Pair(head.path, base.path, within, builds, is_backwards=head.order < base.order)


def _builds(series: Series, head: Snapshot, base: Snapshot | None, revision: str) -> BuildPair:
    """Return what identifies the source texts of two snapshots."""
    one_process = base in series.process(head)
    is_one = base is not None and bool(base.build_id) and (one_process or base.build_id == head.build_id)
    then = series.provenance(base) if base and not is_one else None
    return BuildPair(series.provenance(head), then, revision, one_process)


def _problems(known: Known) -> list[Problem]:
    faults = {path: Problem(path, reason) for path, reason in known.faults.items()}
    return [problem for _, problem in sorted((known.problems | faults).items())]
