"""The command `alloclens explain`: says where recorded files and lines lie here, and why."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from alloclens.cli import options
from alloclens.cli.problems import shown_in, tell_problems
from alloclens.cli.terminal import show, tell
from alloclens.disk import real, real_path
from alloclens.paths import name_of
from alloclens.session.choice import Choice, with_chosen
from alloclens.session.line_mapper import coverage_now, parts
from alloclens.session.once import world
from alloclens.source.places import Place
from alloclens.wording import shown_series
from alloclens.wording.drift import report, without_line
from alloclens.wording.explain import advice, nothing_of, of_file, summary, worst_first
from alloclens.wording.markdown import plain
from alloclens.wording.nothing import of_snapshot
from alloclens.wording.status import line as status_line
from alloclens.wording.status import not_listed, not_used
from alloclens.workspace.around import workspace_around
from alloclens.workspace.files import text_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from alloclens.series.comparison import Comparison
    from alloclens.session.world import World
    from alloclens.source.coverage import Coverage, FileShare


@click.command("explain")
@click.argument("what", required=False, metavar="[FILE|FUNCTION]")
@click.option(
    "--profiles", type=click.Path(exists=True, file_okay=False), help="The directory of snapshots; by default as set."
)
@click.option("--all", "everything", is_flag=True, help="Show every file that the profile names.")
@options.sample_type
def command(what: str | None, profiles: str | None, everything: bool, sample_type: str | None) -> None:
    """Show where the files and lines of the latest profile lie in the workspace around here, and by which rule, or why they have no place.

    FILE is a file here or a part of a recorded path; FUNCTION is a part of a function's name.
    """
    known = world(
        [workspace_around(os.curdir)], [real_path(profiles)] if profiles else None, {"sampleType": sample_type}
    )
    known = with_chosen(known, Choice(known.settings.series, real(what) if what and os.path.isfile(what) else ""))
    tell_problems(known)
    shown = known.with_lines(shown_in(known))
    for note in (*not_used(known), *shown_series.notes(known)):
        tell(note)
    comparison, coverage = _explained(known, shown, what)
    show(status_line(comparison, known.settings.base, known.settings.head))
    for line in _report(known, comparison, coverage, what, everything=everything):
        show(line)


def _explained(known: World, shown: Comparison, what: str | None) -> tuple[Comparison, Coverage]:
    """Return what is shown, with its coverage; instead the first kind of profile that has `what`, if one has."""
    kinds = [shown, *map(known.with_lines, known.kinds(shown)[1:])] if what else [shown]
    explained = ((kind, known.coverage_of(kind)) for kind in kinds)
    having = (pair for pair in explained if what and _matching(known, *pair, what))
    return next(having, (shown, known.coverage_of(shown)))


def _report(
    known: World, shown: Comparison, coverage: Coverage, what: str | None, *, everything: bool
) -> Iterator[str]:
    if what:
        yield from _about(known, shown, coverage, what)
        return
    yield from shown_series.kinds(known)
    yield summary(coverage_now(known, shown, coverage, text_of))
    yield from advice(coverage, known.sources.roots)
    yield from map(plain, not_listed(known.closed))
    if everything:
        for file in worst_first(coverage.files):
            yield from of_file(file, shown.sample_type.unit)


def _about(known: World, shown: Comparison, coverage: Coverage, what: str) -> Iterator[str]:
    files = _matching(known, shown, coverage, what)
    unread = of_snapshot(shown.head, known.sources.roots.folders)
    if not files and os.path.isfile(what) and unread:  # it may be what these would name
        yield from (nothing_of(real(what), named=False), *map(plain, unread))
        return
    if not files:
        raise click.ClickException(_unknown(shown, what))
    if not os.path.isfile(what):
        for file in files:
            yield from of_file(file, shown.sample_type.unit)
            if place := known.sources.place(file.recorded):
                yield from _lines(known, shown, place.path, what)
                yield from _without_line(shown, [file.recorded])
        return
    if not known.recorded_in(shown, real(what)):
        yield nothing_of(real(what), named=True)
    for file in files:
        yield from of_file(file, shown.sample_type.unit)
    yield from _lines(known, shown, real(what))
    yield from _without_line(shown, known.recorded_in(shown, real(what)))


def _without_line(shown: Comparison, recorded: Iterable[str]) -> Iterator[str]:
    return (f"    {sentence}" for sentence in without_line(shown, recorded))


def _lines(known: World, shown: Comparison, path: str, function: str = "") -> Iterator[str]:
    """Say where the lines of a file of the workspace are now."""
    if mapped := [*parts(known, shown, path, text_of)]:
        yield from (f"    {sentence}" for sentence in report(shown, path, mapped, function))


def _matching(known: World, shown: Comparison, coverage: Coverage, what: str) -> list[FileShare]:
    """Return the recorded files that are this file here, or have this text in their path, their name here or a function's name."""
    lines = shown.lines
    if os.path.isfile(what):
        here = known.recorded_in(shown, real(what)) or lines.by_name.get(name_of(what), {})
        return [f for f in coverage.files if f.recorded in here]
    functions = lines.functions.by_file(lines.files)
    return [
        file
        for file in coverage.files
        if what in file.recorded or _is_here(file, what) or any(what in name for name in functions[file.recorded])
    ]


def _is_here(file: FileShare, what: str) -> bool:
    """Return whether a file has this text in its name here, or ends with this path: the JVM's profiles name classes, not files."""
    return isinstance(file.found, Place) and (what in name_of(file.found.path) or file.found.path.endswith(f"/{what}"))


def _unknown(shown: Comparison, what: str) -> str:
    names = sum(map(bool, shown.lines.files))
    return f"the profile has no file or function like {what}: {shown.head.name} names {names} files; --all lists them"
