"""The command `alloclens leaks`: judges a series of profiles, and lists the lines that leak."""

from __future__ import annotations

import math
import os
from typing import TYPE_CHECKING, Any

import click

from alloclens.cli import options
from alloclens.cli.problems import refuse_unknown, shown_in, tell_problems
from alloclens.cli.terminal import Styled, show, show_json, tell
from alloclens.disk import real
from alloclens.series.findings import RAISED
from alloclens.series.verdicts import VERDICTS
from alloclens.session.candidates import likeliest
from alloclens.session.line_mapper import UNPLACED, LineMapper
from alloclens.session.once import world
from alloclens.wording import instances, shown_series
from alloclens.wording.amounts import counted
from alloclens.wording.frames import folded, frame_at, frame_name
from alloclens.wording.hover import stack_label
from alloclens.wording.markdown import plain
from alloclens.wording.nothing import exits, no_finding, notes
from alloclens.wording.status import not_there
from alloclens.wording.verdict import (
    DOUBTS,
    SHAPES,
    candidate,
    figures,
    goroutine_note,
    message,
    sentence,
    sparkline,
    whose,
)
from alloclens.workspace.around import workspace_around
from alloclens.workspace.files import text_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from alloclens.profile.model import Frame
    from alloclens.series.comparison import Comparison
    from alloclens.series.findings import Finding, RelatedLine
    from alloclens.series.instances import Spread
    from alloclens.series.series import Series
    from alloclens.session.line_mapper import MappedFinding, MappedLine, NamedLine
    from alloclens.session.world import World

JSON_VERSION = 3
TIMES = ("%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S")


@click.command("leaks")
@click.argument("directory", type=click.Path(exists=True, file_okay=False))
@options.workspace
@click.option(
    "--head",
    metavar="NAME",
    callback=options.snapshot,
    help="Judge the process of this snapshot, up to it; by default the latest.",
)
@click.option(
    "--base",
    metavar="NAME",
    callback=options.snapshot,
    help="Compare the stacks with this snapshot; by default with the first of the process. Verdicts cover the whole process.",
)
@click.option("--since", type=click.DateTime(TIMES), help="Ignore snapshots taken before this local time.")
@click.option(
    "--all", "show_all", is_flag=True, help="Show every line that owns something, not only lines that leak or grow."
)
@click.option("--json", "as_json", is_flag=True, help="Write JSON (docs/json.md).")
def command(
    directory: str,
    workspace: str | None,
    head: str | None,
    base: str | None,
    since: datetime | None,
    show_all: bool,
    as_json: bool,
) -> None:
    """Judge the series of profiles in DIRECTORY: which lines of your own code leak, worst first.

    NAME is a file, the name of one, a label in labels.toml, a word of a file's name, or `first`, `previous`, `latest`; as a base also
    `yesterday`.
    """
    folder = real(workspace) if workspace else workspace_around(os.curdir)
    chosen = {key: name for key, name in (("head", head), ("base", base)) if name}
    known = world([folder], [real(directory)], chosen, since.timestamp() if since else -math.inf)
    tell_problems(known)
    if since and not known.series:
        raise click.ClickException(f"{directory} has no profile that was taken since {since}")
    refuse_unknown(known, base, head)
    shown_in(known)
    for note in (*map(plain, exits(known)), *not_there(known)):
        tell(note)
    findings = known.findings(VERDICTS if show_all else RAISED)
    mapper, is_found = LineMapper(known, text_of), any(finding.verdict in RAISED for finding, _ in findings)
    if as_json:
        rows = {"findings": findings, "candidates": likeliest(known.candidates, mapper)}
        named = shown_series.of_series(known)
        listed = {name: [_json(f, c, named, mapper, known) for f, c in pairs] for name, pairs in rows.items()}
        why = no_finding(known)
        reason = None if is_found else {"cause": why.cause.value, "message": why.words}
        limits = [plain(note) for note in (*notes(known), *exits(known))]
        show_json({"version": JSON_VERSION, "directory": directory, "nothing": reason, "notes": limits, **listed})
    else:
        doubts = _print(findings, known, mapper, each=show_all)
        if not is_found:
            show(no_finding(known).words)
        if not show_all:
            doubts += _print_candidates(likeliest(known.listed_candidates, mapper), known, mapper)
            if more := likeliest(known.more_candidates, mapper):
                lines = shown_series.listed([_where(finding, mapper.finding(of, finding).at) for finding, of in more])
                which = "it" if len(more) == 1 else "them"
                show(
                    f"{counted(len(more), 'more candidate')}, not proven ({lines}): --all lists {which}, and any that hold less."
                )
        for doubt in dict.fromkeys(doubts):
            tell(f"~ {doubt}")
    if known.silent_goroutines and (note := goroutine_note(known.silent_goroutines)):
        tell(plain(note))


def _json(
    finding: Finding, comparison: Comparison, names: Mapping[Series, str], mapper: LineMapper, known: World
) -> dict[str, Any]:
    placed = mapper.finding(comparison, finding)
    at = placed.at
    shape = mapper.shape(comparison, finding, placed)
    return {
        "verdict": finding.verdict,
        "code": finding.code,
        "rule": finding.rule.name.lower(),
        "shape": shape.value if shape else None,
        "message": candidate(finding, placed) if finding.is_candidate else sentence(finding, placed),
        "file": at.path if at else None,
        "line": (at and at.line) or finding.line,
        "placement": at.certainty if at else UNPLACED,
        "recorded": finding.file,
        "recorded_line": finding.line,
        "function": finding.function,
        "foreign": finding.is_foreign,
        "related": [*placed.run, *placed.related],
        "called_from": [_line(line) for line in placed.callers],
        "callers": [_caller(caller, comparison, mapper) for caller in finding.callers],
        "series": names[comparison.series],
        "instances": _spread(known.instances.spread(finding, comparison), names),
        "program": comparison.series.program,
        "replica": comparison.series.replica,
        "head": comparison.head.name,
        "sample_type": finding.sample_type.type,
        "unit": finding.sample_type.unit,
        "value": finding.owned.value,
        "growth": finding.growth,
        "low": _known(finding.owned.low),
        "high": _known(finding.owned.high),
        "per_hour": finding.slope * 3600,
        "per_snapshot": finding.per_snapshot,
        "p_value": finding.p_value,
        "tests": finding.tests,
        "retention": _known(finding.retention),
        "observations": finding.over.observations,
        "seconds": finding.over.seconds,
        "points": finding.points,
    }


def _spread(of: Spread | None, names: Mapping[Series, str]) -> dict[str, Any] | None:
    if of is None:
        return None
    return {
        "running": of.instances,
        "found": [names[one.series] for one in of.found],
        "unproven": of.unproven,
        "early": of.early,
        "since": of.since,
        "message": instances.spread(of),
    }


def _known(number: float) -> float | None:
    """Return a number, or null for one that is unknown: JSON has no NaN."""
    return None if math.isnan(number) else number


def _caller(caller: RelatedLine, comparison: Comparison, mapper: LineMapper) -> dict[str, Any]:
    return {
        **_line(mapper.named(comparison, caller.file, caller.line)),
        "function": caller.function,
        "value": caller.owned.value,
        "growth": caller.owned.growth,
    }


def _line(named: NamedLine) -> dict[str, Any]:
    return {
        "file": named.at.path if named.at else None,
        "line": (named.at and named.at.line) or named.line,
        "placement": named.at.certainty if named.at else UNPLACED,
        "recorded": named.recorded,
        "recorded_line": named.line,
    }


def _print(findings: list[tuple[Finding, Comparison]], known: World, mapper: LineMapper, *, each: bool) -> list[str]:
    """Print findings; unless it is to be `each`, only the worst of those that instances of a service have on one line.

    Return why their lines are unsure.
    """
    doubts = list[str]()
    for finding, comparison in findings if each else known.instances.once(findings):
        placed = mapper.finding(comparison, finding)
        if placed.doubt:
            doubts.append(DOUBTS[placed.doubt])
        show(
            Styled(_where(finding, placed.at), bold=True),
            " ",
            Styled(sparkline(finding.points), "cyan"),
            _which(comparison, known),
        )
        words = message(finding, comparison, placed, known.settings.memory_bytes)
        leaks = finding.verdict == "leak"
        show(Styled(f"  {words}", "red" if leaks else None, bold=leaks))
        if finding.verdict in RAISED:
            _print_stack(finding, comparison, placed, mapper)
        show(Styled(f"  {figures(finding)}", dim=True))
        if on := instances.on(known, finding, comparison):
            show(f"  {on}")
    return doubts


def _which(comparison: Comparison, known: World) -> str:
    """Name the series of a finding, if there are several."""
    if len(known.services) < 2:
        return ""
    return f"  in the series {shown_series.of_series(known)[comparison.series]}"


def _where(finding: Finding, at: MappedLine | None) -> str:
    if at:
        return at.named(_from_here(at.path), finding.line)
    return finding.function if finding.is_foreign else f"{finding.file}:{finding.line}"


def _from_here(path: str) -> str:
    try:
        return os.path.relpath(path)
    except (OSError, ValueError):  # this directory was deleted, or the path is on another drive
        return path


def _print_stack(finding: Finding, comparison: Comparison, placed: MappedFinding, mapper: LineMapper) -> None:
    """Print the stack that grew most, and the shape of the leak."""

    def own(frame: Frame) -> str:
        return frame_at(frame, mapper.named(comparison, frame.file, frame.line).name)

    for stack in comparison.stacks_of(finding, 1):
        frames = folded(stack.frames, comparison.is_own, own, frame_name)
        show(Styled(f"  {stack_label(stack, comparison)}: {frames}", dim=True))
    if shape := mapper.shape(comparison, finding, placed):
        show(f"  {SHAPES[shape]}")


def _print_candidates(candidates: list[tuple[Finding, Comparison]], known: World, mapper: LineMapper) -> list[str]:
    """Print candidates; return why their lines are unsure."""
    doubts = list[str]()
    for finding, comparison in candidates:
        placed = mapper.finding(comparison, finding)
        show(
            Styled(_where(finding, placed.at), bold=True),
            " ",
            Styled(sparkline(finding.points), "cyan"),
            _which(comparison, known),
        )
        if placed.doubt:
            doubts.append(DOUBTS[placed.doubt])
        show(f"  {'~ ' if placed.unsure else ''}{whose(comparison)}{candidate(finding, placed)}")
    return doubts
