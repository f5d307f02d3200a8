"""Which service is shown: the one that is chosen, else that of the active file, and of its instances the one that leaks.

A new snapshot never changes it, unless the user has just fetched those of several instances.
"""

from __future__ import annotations

import posixpath
from collections import Counter
from dataclasses import replace
from pathlib import PurePath
from typing import TYPE_CHECKING, NamedTuple

from alloclens.paths import canonical, rest_within
from alloclens.printable import printable
from alloclens.series.findings import RAISED, badness

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from alloclens.series.comparison import Comparison
    from alloclens.series.findings import Finding
    from alloclens.series.services import Service
    from alloclens.session.world import World


class Choice(NamedTuple):
    """What decides which service is shown."""

    name: str = ""
    """Of the series that is chosen; if it is empty, the series follows the active file."""
    active: str = ""
    """Path of the file that the user looks at; "" if unknown."""
    before: Service | None = None
    """The service that has been shown so far."""
    stays: bool = False
    """Whether it stays if it is still there: the active file was taken into account before."""
    fetched: bool = False
    """Whether it gives way to an instance of it that leaks, since their snapshots were fetched meanwhile."""


def with_chosen(world: World, choice: Choice) -> World:
    """Return the world with one service shown and the others aside. May read the disk: call it from a thread."""
    if world.named:
        files = world.named
        return replace(
            world,
            services=(files.service, *world.services),
            comparisons=(files.comparison,),
            beyond=world.comparisons,
            earlier=(),
        )
    offered: Sequence[Service] = world.services
    if choice.name:
        offered = matching(world, choice.name)
        if not offered:
            return _showing(world, None, choice.name)
    else:
        offered = [s for s in offered if s.has_chosen(world.settings.head)] or offered
    offered = [s for s in offered if _comparisons(world, s)] or offered
    if choice.before and choice.stays and not choice.name and _has_lost(world, choice.before, choice.active):
        named = names(replace(world, services=(*world.services, choice.before)))
        return replace(_showing(world, None), gone=named[choice.before])
    if len(offered) < 2:
        return _showing(world, offered[0] if offered else None)
    before = _successor(offered, choice.before)
    if before and choice.stays and not choice.fetched:
        return _showing(world, before)
    in_order = sorted(offered, key=lambda service: service.leads)
    fit = before if choice.stays else None
    fit = fit or max(in_order, key=lambda s: (*_fit(world, s, choice.active), s is before))
    return _showing(world, _worst(world, fit, offered, stays=fit is before))


def _worst(world: World, one: Service, offered: Sequence[Service], *, stays: bool) -> Service:
    """Return the instance of a service with the worst findings; with `stays` the given one, unless another's verdict is worse.

    While files are unread, nothing is judged.
    """
    if world.pending:
        return one
    of_series = {series: service for service in offered for series in service.series}
    beside = [of for series in one.series for of in world.instances.beside(series) if of.series in of_series]
    found = [(finding, of_series[of.series]) for of in beside for finding in of.findings(RAISED)]

    def rank(pair: tuple[Finding, Service]) -> tuple[float, ...]:
        verdict, *rest = badness(pair[0])
        return verdict, pair[1] is not one if stays else 0, *rest

    return min(found, key=rank, default=(None, one))[1]


def names(world: World) -> dict[Service, str]:
    """Name each service by its directory; where that has several, also by program and process. Names are printable."""
    directories = _directory_names({service.directory for service in world.services}, world.directories)
    programs = {directory: set[str]() for directory in directories}
    for service in world.services:
        programs[service.directory].add(service.program)
    counts: dict[str, int] = {}
    named = {}
    if world.named:
        comparison = world.named.comparison
        ends = (snapshot.name for snapshot in (comparison.base, comparison.head) if snapshot)
        named[world.named.service] = printable(" → ".join(ends))
    for service in sorted(
        (service for service in world.services if service not in named), key=lambda s: s.series[0].snapshots[0].order
    ):
        several = len(programs[service.directory]) > 1 and service.program
        name = directories[service.directory] + (f"/{service.program}" if several else "")
        name += f", process {service.replica}" if service.replica else ""
        name = printable(name)
        counts[name] = number = counts.get(name, 0) + 1
        named[service] = name if number == 1 else f"{name}, program {number}"
    return named


def matching(world: World, name: str) -> list[Service]:
    """Return the services of this name, else those in a directory whose path ends with it, else those of a program with this name."""
    ending = PurePath(name).parts
    tests = (
        [service for service, its in names(world).items() if its == name],
        [service for service in world.services if PurePath(service.directory).parts[-len(ending) :] == ending],
        [service for service in world.services if service.program == name],
    )
    return next(filter(None, tests), [])


def _has_lost(world: World, before: Service, active: str) -> bool:
    """Return whether the service that was shown has no profiles now, and no other one has lines in the active file."""
    if not active or not world.services or _successor(world.services, before):
        return False
    return not any(world.file_of(world.with_lines(comparison), active) for comparison in world.comparisons)


def is_elsewhere(comparison: Comparison) -> bool:
    """Return whether no file of the workspace is in a profile: it is of another program, or its files were not found."""
    return not bool(comparison.contents.whole.own.any())


def services_with(world: World, path: str) -> list[Service]:
    """Return the services that are not shown and have lines in a file of the workspace."""
    having = {id(comparison.series) for comparison in world.beyond if world.file_of(comparison, path)}
    return [service for service in world.services if any(id(series) in having for series in service.series)]


def _showing(world: World, service: Service | None, missing: str = "") -> World:
    shown = _comparisons(world, service) if service else ()
    others = tuple(other for other in world.services if other is not service)
    return replace(
        world,
        services=(service, *others) if service else others,
        comparisons=shown,
        beyond=tuple(comparison for comparison in world.comparisons if comparison not in shown),
        earlier=tuple(comparison for comparison in world.earlier if service and comparison.series in service.series),
        missing=missing,
    )


def _comparisons(world: World, service: Service) -> tuple[Comparison, ...]:
    return tuple(comparison for comparison in world.comparisons if comparison.series in service.series)


def _successor(offered: Iterable[Service], before: Service | None) -> Service | None:
    """Return the service with most of the snapshots of the previous one; if none has any, that of its directory and program."""
    if before is None:
        return None
    paths = {snapshot.path for series in before.series for snapshot in series.snapshots}

    def likeness(service: Service) -> tuple[int, bool]:
        common = sum(snapshot.path in paths for series in service.series for snapshot in series.snapshots)
        return common, service.program == before.program

    beside = [service for service in offered if service.directory == before.directory]
    return max(beside, key=likeness, default=None)


def _fit(world: World, service: Service, active: str) -> tuple[bool, int, bool]:
    """Return how well a service fits the active file: how deep its home around the file is, and whether it has lines there."""
    comparisons = [*map(world.with_lines, _comparisons(world, service))]
    is_here = any(not is_elsewhere(comparison) for comparison in comparisons)
    if not any(rest_within(active, folder) is not None for folder in world.sources.roots.folders):
        return is_here, 0, False
    homes = {home for comparison in comparisons for home in _homes(world, comparison)}
    directory = canonical(service.directory)
    homes.update(folder for folder in world.sources.roots.folders if rest_within(directory, folder) is not None)
    depth = max((len(home) for home in homes if rest_within(active, home) is not None), default=0)
    return is_here, depth, any(world.file_of(comparison, active) for comparison in comparisons)


def _homes(world: World, comparison: Comparison) -> set[str]:
    """Return the directory of a program's own code: of its package main if it has one, else what all own files share."""
    functions, files = comparison.lines.functions, comparison.lines.files
    mains = {int(file) for file, name in zip(functions.file, functions.name, strict=True) if name.startswith("main.")}
    own = [number for number, is_own in enumerate(comparison.lines.own.tolist()) if is_own]
    chosen = [files[number] for number in own if number in mains] or [files[number] for number in own]
    folders = {posixpath.dirname(place.path) for file in chosen if (place := world.sources.place(file))}
    if mains.intersection(own) or len({folder[0] for folder in folders}) != 1:  # on several drives, they share nothing
        return folders
    return {posixpath.commonpath(folders)}


def _directory_names(directories: Iterable[str], roots: Iterable[str]) -> dict[str, str]:
    """Name directories by their paths below a profile directory, or by its own name; longer where two would be alike."""
    parts = {directory: PurePath(directory).parts for directory in directories}
    of_roots = [PurePath(root).parts for root in roots]
    size = {}
    for directory, its in parts.items():
        depth = max((len(root) for root in of_roots if its[: len(root)] == root), default=len(its) - 1)
        size[directory] = max(1, len(its) - depth)
    while True:
        named = {directory: "/".join(its[-size[directory] :]) for directory, its in parts.items()}
        count = Counter(named.values())
        alike = [
            directory
            for directory, name in named.items()
            if count[name] > 1 and size[directory] < len(parts[directory])
        ]
        if not alike:
            return named
        for directory in alike:
            size[directory] += 1
