"""Which of several series is shown, and what the others are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alloclens.printable import printable
from alloclens.session.choice import is_elsewhere, names
from alloclens.wording.kinds import qualified, type_name
from alloclens.wording.times import moment

if TYPE_CHECKING:
    from collections.abc import Iterable

    from alloclens.series.series import Series
    from alloclens.series.services import Service
    from alloclens.session.world import World

ELSEWHERE = "no file of this workspace is in it: another program, or its files or binaries were not found"
MAX_NAMES = 5


def shown(world: World) -> str:
    """Return the name of the shown series; "" if there are no others, or if files are shown that the user named."""
    if world.named:
        return ""
    return names(world)[world.services[0]] if len(world.services) > 1 and world.shown else ""


def of_series(world: World) -> dict[Series, str]:
    """Name the service of each series."""
    return {series: name for service, name in names(world).items() for series in service.series}


def detail(service: Service, *, elsewhere: bool) -> str:
    """Describe a series: its kinds of profiles, its program and its last snapshot."""
    kinds = ", ".join(dict.fromkeys(series.kind.name.lower() for series in service.series))
    last = max((series.snapshots[-1] for series in service.series), key=lambda snapshot: snapshot.taken_at.seconds)
    parts = (kinds, service.program, f"last at {moment(last)}", ELSEWHERE if elsewhere else "")
    return printable(" · ".join(filter(None, parts)))


def notes(world: World) -> list[str]:
    """Say which of several series is shown, and whether it belongs to another program than the workspace's."""
    sentences = []
    if world.named:
        what = "Two files are compared" if world.named.comparison.base else "A file is shown"
        sentences.append(f"{what} that you named; no series is shown.")
        if left_out := world.named.left_out:
            sentences.append(f"Only one of them has {listed(list(dict.fromkeys(left_out)))}, which is left out.")
    if name := shown(world):
        others = [other for service, other in names(world).items() if service is not world.services[0]]
        sentences.append(f"The series {name} is shown, not {listed(others)}. The setting `series` chooses another.")
    if world.shown and all(is_elsewhere(world.with_lines(kind)) for kind in world.kinds(world.shown)):
        sentences.append(f"Of what is shown, {ELSEWHERE}.")
    return sentences


def kinds(world: World) -> list[str]:
    """Say of which kind of profile a picture or table is, and how to see the others; nothing if there is one kind."""
    if world.shown is None or len(of_all := world.kinds(world.shown)) < 2:
        return []
    others = listed([type_name(kind) for kind in of_all[1:]])
    return [
        f"{type_name(world.shown)} is described here. The setting sampleType chooses other kinds of profiles: {others}."
    ]


def missing(world: World) -> str:
    """Say that the chosen series, that of the active file, or the chosen sample type does not exist, and which ones do; else ""."""
    if not (world.missing or world.gone):
        return _missing_type(world)
    there = f"there is {listed(list(names(world).values()))}" if world.services else "there is none"
    if world.gone:
        return f"the series {world.gone} has no profiles any more; {there}"
    return f"no series is named {printable(world.missing)}; {there}"


def _missing_type(world: World) -> str:
    chosen = world.settings.sample_type
    if not chosen or world.shown or world.pending or not world.services:
        return ""
    return printable(f"no profile has {chosen}; there is {', '.join(sample_types(world.services))}")


def sample_types(of: Iterable[Service]) -> dict[str, str]:
    """Map the sample types of some services, as the setting sampleType names them, to their units."""
    all_series = [series for service in of for series in service.series]
    return {qualified(s.kind, kind): kind.unit for s in all_series for kind in s.snapshots[-1].sample_types}


def listed(some: list[str]) -> str:
    """Return the first of some names: api, web and 3 more."""
    more = len(some) - MAX_NAMES
    return printable(", ".join(some[:MAX_NAMES])) + (f" and {more} more" if more > 0 else "")


def not_shown(having: list[str], name: str) -> str:
    """Say that only series that are not shown have numbers of a file."""
    return printable(f"{listed(having)} has numbers of this file, but the series {name or 'chosen'} is shown")
