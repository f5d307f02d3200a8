"""The command `alloclens annotate`: prints a source file with numbers beside its lines."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click
import numpy as np

from alloclens.cli import options
from alloclens.cli.errors import errors_about
from alloclens.cli.problems import refuse_unknown, tell_problems
from alloclens.cli.terminal import Styled, show, tell
from alloclens.disk import read_file, real, real_path
from alloclens.series.owned import passes_through
from alloclens.series.shown import worth_showing
from alloclens.session.choice import Choice, names, services_with, with_chosen
from alloclens.session.line_mapper import LineMapper, MappedLine
from alloclens.session.once import world
from alloclens.text import MAX_SOURCE_BYTES, decoded, split_lines
from alloclens.wording import shown_series
from alloclens.wording.amounts import MAX_HINT_CHARACTERS, counted
from alloclens.wording.drift import growth_unknown, not_shown, reasons, without_line
from alloclens.wording.explain import advice
from alloclens.wording.kinds import KindRow, side_by_side
from alloclens.wording.markdown import plain
from alloclens.wording.status import line as status_line
from alloclens.wording.status import not_used, nothing
from alloclens.wording.verdict import placed_message
from alloclens.workspace.around import workspace_around
from alloclens.workspace.files import text_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from alloclens.series.comparison import Comparison
    from alloclens.session.world import FileLines, World
    from alloclens.source.line_mapping import MappedLines


@click.command("annotate")
@click.argument("source", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--profiles", required=True, type=click.Path(exists=True, file_okay=False), help="The directory of snapshots."
)
@options.base
@options.head
@options.sample_type
def command(source: Path, profiles: str, base: str | None, head: str | None, sample_type: str | None) -> None:
    """Print SOURCE with numbers beside its lines, and leaks below them."""
    path = real(str(source))
    given = {"base": base, "head": head, "sampleType": sample_type}
    known = world([workspace_around(str(Path(path).parent), os.curdir)], [real_path(profiles)], given)
    tell_problems(known)
    settings = known.settings
    refuse_unknown(known, base, head)
    known = with_chosen(known, Choice(settings.series, path))
    files = known.files(path)
    if not files:
        for line in _advice(known, path):
            tell(line)
        raise click.ClickException(_why_nothing(known, path, source))
    file = files[0]
    with errors_about(str(source)):
        text = decoded(read_file(path, MAX_SOURCE_BYTES))
    mapped = file.on(text)
    show(Styled(status_line(file.comparison, settings.base, settings.head), bold=True))
    for note in (*not_used(known), *shown_series.notes(known)):
        tell(note)
    _print(split_lines(text), _hints(files, text), _messages(known, path, text))
    for reason in reasons(file.version, file.recorded_lines.line, file.moved, mapped.unsure):
        tell(f"~ {reason}")
    if unknown := _of_unknown_growth(file, mapped):
        tell(growth_unknown(unknown))
    recorded = known.recorded_in(file.comparison, path)
    for gone in (
        *not_shown(file.comparison, file.rows[mapped.line == 0], file.version, text),
        *without_line(file.comparison, recorded),
    ):
        tell(gone)


def _hints(files: Sequence[FileLines], text: str) -> dict[int, str]:
    """Return the hint of each line, which has the numbers of all kinds of profiles."""
    on_line: dict[int, list[KindRow]] = {}
    for file in files:
        spots = _lines_now(file, file.on(text))
        for row in worth_showing(file.comparison, file.rows).tolist():
            if row in spots:
                on_line.setdefault(spots[row].line, []).append(KindRow(file.comparison, row, spots[row].unsure))
    return {line: side_by_side(rows) for line, rows in on_line.items()}


def _messages(known: World, path: str, text: str) -> dict[int, list[str]]:
    """Return the messages of the findings by the line of this file on which they are reported, worst first."""
    mapper = LineMapper(known, lambda other: text if other == path else text_of(other))
    by_line: dict[int, list[str]] = {}
    for finding, comparison in known.findings():
        now = mapper.finding(comparison, finding)
        if now.at and now.at.path == path:
            words = placed_message(finding, comparison, now, known.settings.memory_bytes)
            by_line.setdefault(now.at.line, []).append(words)
    return by_line


def _of_unknown_growth(file: FileLines, mapped: MappedLines) -> list[int]:
    """Return the shown lines whose growth is unknown: base and head are of builds that disagree on where they are."""
    comparison, spots = file.comparison, _lines_now(file, mapped)
    if comparison.base is None:
        return []
    shown = (row for row in worth_showing(comparison, file.rows).tolist() if row in spots)
    return sorted({spots[row].line for row in shown if comparison.stats(row).cum.growth is None})


def _lines_now(file: FileLines, mapped: MappedLines) -> dict[int, MappedLine]:
    """Map each row of the head's lines to where it is now, if it still exists."""
    rows = zip(file.rows.tolist(), mapped.line.tolist(), mapped.unsure.tolist(), strict=True)
    return {row: MappedLine(file.place.path, line, unsure) for row, line, unsure in rows if line}


def _print(text: Sequence[str], hints: dict[int, str], messages: dict[int, list[str]]) -> None:
    width = max(map(len, hints.values()), default=MAX_HINT_CHARACTERS)
    for number, code in enumerate(text, 1):
        beside = hints.get(number, "")
        grows = "▲" in beside
        hint_ = Styled(f"{beside:>{width}}", "yellow" if grows else "cyan", bold=grows)
        show(hint_, Styled(f" {number:5} ", dim=True), code.expandtabs(4))
        for message in messages.get(number, ()):
            show(Styled(f"{'':{width}}       ^ {message}", "red", bold=True))


def _advice(known: World, path: str) -> Sequence[str]:
    """Say which path mapping takes a file for the only one that is like it, of which the profile names no directory here."""
    possible = known.coverage.possible
    return advice(known.coverage, known.sources.roots) if possible and path in possible.found else ()


class _Earlier(NamedTuple):
    """The snapshots of a process before the head that have something in a file."""

    having: int
    searched: int
    last: str
    """The name of the last one."""


def _earlier(shown: Comparison, recorded: Iterable[str]) -> _Earlier | None:
    process, names = shown.series.process(shown.head), [*recorded]
    before = process[: process.index(shown.head)]
    having = [snapshot.name for snapshot in before if passes_through(snapshot.owned, names)]
    return _Earlier(len(having), len(before), having[-1]) if having else None


def _why_nothing(known: World, path: str, source: Path) -> str:
    if missing := shown_series.missing(known):
        return missing
    if known.shown is None:
        return plain(nothing(known))
    if having := [names(known)[service] for service in services_with(known, path)]:
        return shown_series.not_shown(having, shown_series.shown(known))
    if earlier := _earlier(known.shown, known.sources.at(path)):
        before = counted(earlier.searched, "snapshot")
        return (
            f"the profile {known.shown.head.name} has no stack through a line of {source}, but {earlier.having} of {before} before it "
            f"in its process {'has' if earlier.having == 1 else 'have'}; --head {earlier.last} shows the last one"
        )
    files = sum(map(bool, known.shown.lines.files))
    own = int(np.count_nonzero(known.shown.lines.own))
    named = f"names {counted(files, 'file')}, of which {own} {'is' if own == 1 else 'are'} your own code here"
    return (
        f"no profile has a stack through a line of {source}: the latest {named if files else 'has only addresses'}. To see which "
        f"files of that name were recorded, and why they are not here, run `alloclens explain {source.name}`"
    )
