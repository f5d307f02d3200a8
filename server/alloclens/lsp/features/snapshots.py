"""Lists series, snapshots and sample types to choose from, and labels snapshots. The choice itself is a setting."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

from lsprotocol import types
from msgspec import to_builtins

from alloclens.disk import reason
from alloclens.lsp import protocol
from alloclens.lsp.active import follow_file
from alloclens.lsp.lifecycle import leave
from alloclens.lsp.settings_file import write_settings
from alloclens.lsp.show import tell
from alloclens.printable import printable
from alloclens.session.choice import is_elsewhere, matching, names
from alloclens.settings import labels
from alloclens.settings.file_names import LABELS
from alloclens.wording import shown_series, views
from alloclens.wording.amounts import amount
from alloclens.wording.kinds import type_name
from alloclens.wording.times import moment

if TYPE_CHECKING:
    from collections.abc import Collection

    from alloclens.lsp.server import Server
    from alloclens.series.comparison import Comparison
    from alloclens.series.series import Series
    from alloclens.series.services import Service
    from alloclens.series.snapshot import Snapshot
    from alloclens.session.world import World

MAX_SNAPSHOTS = 1000
"""Of one series."""


def register(server: Server) -> None:
    """Offer the commands."""
    server.offer(protocol.GetSeries, series)
    server.offer(protocol.GetSeriesChoices, series_choices)
    server.offer(protocol.ShowSeries, show_series)
    server.offer(protocol.PickSeries, pick_series)
    server.offer(protocol.SetActiveFile, active_file)
    server.offer(protocol.GetSnapshots, snapshots)
    server.offer(protocol.GetSampleTypes, sample_types)
    server.offer(protocol.SetLabel, label)
    server.offer(protocol.WriteChoices, write_choices)


async def series(ls: Server, command: protocol.GetSeries) -> protocol.AllSeries:
    """Return every series, and the files that could not be read."""
    del command
    return await asyncio.to_thread(_all, ls.world)


def series_choices(ls: Server, command: protocol.GetSeriesChoices) -> list[protocol.SeriesChoice]:
    """Return the series that can be chosen, the shown one first."""
    del command
    return _series_choices(ls.world)


async def show_series(ls: Server, command: protocol.ShowSeries) -> str | None:
    """Show a series from now on instead of files that were named; return the error if there is none of this name."""
    chosen = matching(ls.world, command.series) if command.series else []
    if command.series and not chosen:
        return shown_series.missing(replace(ls.world, missing=command.series))
    if ls.world.named and chosen == [ls.world.named.service]:  # it is not a series, and is already shown
        return None
    ls.choosing.name = command.series
    leave(ls)
    if ls.publisher:
        await ls.publisher.choose_again()
    return None


def pick_series(ls: Server, command: protocol.PickSeries) -> None:
    """Ask the user which series to show; the answer of the command does not wait for theirs."""
    del command
    ls.run_task(_pick_series(ls), "asking which series to show")


async def _pick_series(ls: Server) -> None:
    choices = _series_choices(ls.world)
    if len(choices) < 2:
        tell(ls, f"there is no other series than {choices[0].name}" if choices else "no profile has been read yet")
        return
    shown = next((f", not {choice.name}" for choice in choices if choice.shown), "")
    actions = [types.MessageActionItem(choice.name) for choice in choices if not choice.shown]
    question = types.ShowMessageRequestParams(types.MessageType.Info, f"alloclens: show which series{shown}?", actions)
    answer = await ls.window_show_message_request_async(question)
    if answer and (wrong := await show_series(ls, protocol.ShowSeries(answer.title))):
        tell(ls, wrong)


def active_file(ls: Server, command: protocol.SetActiveFile) -> None:
    """Take the file that the user looks at."""
    follow_file(ls, command.uri, is_active=True)


async def snapshots(ls: Server, command: protocol.GetSnapshots) -> list[protocol.SnapshotChoice]:
    """Return the snapshots of the shown series."""
    del command
    return await asyncio.to_thread(_choices, ls.world)


def sample_types(ls: Server, command: protocol.GetSampleTypes) -> list[protocol.SampleTypeChoice]:
    """Return all sample types."""
    del command
    shown, of_shown = ls.world.shown, ls.world.services[:1]
    units = shown_series.sample_types(of_shown)
    selected = type_name(shown) if shown else ""
    return [protocol.SampleTypeChoice(name, unit, selected=name == selected) for name, unit in units.items()]


async def label(ls: Server, command: protocol.SetLabel) -> str | None:
    """Label a snapshot; return the error if that fails."""
    error = await asyncio.to_thread(_label, ls.world, command.path, command.label)
    if ls.loader:
        ls.loader.wake()
    return error


async def write_choices(ls: Server, command: protocol.WriteChoices) -> str | None:
    """Write what is chosen to the settings file; return the file's path, or None after showing why that failed."""
    return await write_settings(ls, to_builtins(command.choices))


def _series_choices(world: World) -> list[protocol.SeriesChoice]:
    shown = map(world.with_lines, (*world.comparisons, *world.beyond))
    elsewhere = {id(comparison.series): is_elsewhere(comparison) for comparison in shown}

    def choice(service: Service, name: str) -> protocol.SeriesChoice:
        is_shown = bool(world.shown and world.shown.series in service.series)
        is_foreign = all(elsewhere.get(id(s), False) for s in service.series)
        return protocol.SeriesChoice(
            name, shown_series.detail(service, elsewhere=is_foreign), shown=is_shown, elsewhere=is_foreign
        )

    named = names(world)
    return [choice(service, named[service]) for service in world.services]


def _listed(series: Series, compared: Comparison | None) -> list[Snapshot]:
    """Return the newest snapshots of a series, newest first, and after them base and head if they are older."""
    newest = series.snapshots[::-1]
    ends = (compared.base, compared.head) if compared else ()
    return [*newest[:MAX_SNAPSHOTS], *(snapshot for snapshot in newest[MAX_SNAPSHOTS:] if snapshot in ends)]


def _choices(world: World) -> list[protocol.SnapshotChoice]:
    shown = world.shown
    if not shown:
        return []
    bases, heads = shown.series.bases_by_word(shown.head), shown.series.heads_by_word()
    starts = {process[0].path for process in shown.series.processes}
    return [
        _choice(snapshot, shown, bases, heads, begins=snapshot.path in starts)
        for snapshot in _listed(shown.series, shown)
    ]


def _choice(
    snapshot: Snapshot,
    shown: Comparison,
    bases: dict[str, Snapshot],
    heads: dict[str, Snapshot],
    *,
    begins: bool,
) -> protocol.SnapshotChoice:
    total = amount(snapshot.total[shown.column], shown.sample_type.unit)
    return protocol.SnapshotChoice(
        name=snapshot.name,
        directory=snapshot.directory,
        label=shown.series.labels.get(snapshot.path, ""),
        time=moment(snapshot),
        detail=printable(f"{total} {shown.sample_type.type}"),
        base=snapshot is shown.base,
        head=snapshot is shown.head,
        begins=begins,
        base_words=[word for word, meant in bases.items() if meant is snapshot],
        head_words=[word for word, meant in heads.items() if meant is snapshot],
    )


def _all(world: World) -> protocol.AllSeries:
    shown = world.shown.series if world.shown else None
    compared = {id(comparison.series): comparison for comparison in world.comparisons}
    named = shown_series.of_series(world)
    apart = world.named.service.series if world.named else ()  # of which some files only are known
    starts = {process[0].path for series in world.series if series not in apart for process in series.processes}
    return protocol.AllSeries(
        series=[
            _series(series, compared.get(id(series)), named[series], starts, shown=series is shown)
            for series in world.series
        ],
        problems=[protocol.UnreadableFile(p.name, p.path, p.reason) for p in world.problems],
    )


def _series(
    series: Series, comparison: Comparison | None, name: str, starts: Collection[str], *, shown: bool
) -> protocol.ListedSeries:
    number = comparison.column if comparison else _column(series)
    listed = _listed(series, comparison)
    before = {later: sooner for process in series.processes for sooner, later in pairwise(process)}
    return protocol.ListedSeries(
        name=name,
        directory=series.directory,
        program=views.program(series),
        sample_types=[kind.type for kind in series.snapshots[-1].sample_types],
        sample_type=series.snapshots[-1].sample_types[number].type,
        shown=shown,
        snapshots=[
            _snapshot(snapshot, before.get(snapshot), number, series, comparison, begins=snapshot.path in starts)
            for snapshot in listed
        ],
        more=len(series.snapshots) - len(listed),
        process=len(series.processes[-1]),
    )


def _column(series: Series) -> int:
    """Return the column to show of a series that lacks the chosen sample type."""
    return series.leading_column(series.snapshots[-1])


def _snapshot(
    snapshot: Snapshot,
    before: Snapshot | None,
    number: int,
    of: Series,
    comparison: Comparison | None,
    *,
    begins: bool,
) -> protocol.SeriesSnapshot:
    kind = of.snapshots[-1].sample_types[number]
    return protocol.SeriesSnapshot(
        name=snapshot.name,
        path=snapshot.path,
        label=of.labels.get(snapshot.path, ""),
        time=moment(snapshot),
        detail=views.total(snapshot.total[number], before.total[number] if before else None, kind),
        size=views.size(snapshot.path),
        base=bool(comparison and snapshot is comparison.base),
        head=bool(comparison and snapshot is comparison.head),
        begins=begins,
    )


def _label(world: World, path: str, text: str) -> str | None:
    if not any(snapshot.path == path for series in world.series for snapshot in series.snapshots):
        return printable(f"{path} is not a known snapshot")
    try:
        labels.write(path, text, world.sources.roots.folders)
    except (OSError, ValueError) as error:
        return printable(f"{LABELS} could not be changed: {reason(error)}")
    return None
