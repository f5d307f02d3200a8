"""alloclens leaks."""

from __future__ import annotations

import math
import os
from typing import TYPE_CHECKING, Any

import click

from alloclens.cli.annotate import tell_problems
from alloclens.cli.terminal import Styled, show, show_json, tell
from alloclens.disk import real
from alloclens.series.findings import RAISED, badness
from alloclens.series.verdicts import VERDICTS
from alloclens.session.line_mapper import UNPLACED, LineMapper
from alloclens.session.once import world
from alloclens.wording.hover import short_name, stack_label
from alloclens.wording.markdown import plain
from alloclens.wording.status import nothing
from alloclens.wording.verdict import SHAPES, figures, goroutine_note, placed_message, sparkline, verdict
from alloclens.workspace.around import workspace_around
from alloclens.workspace.files import text_of

if TYPE_CHECKING:
    from datetime import datetime

    from alloclens.series.comparison import Comparison
    from alloclens.series.findings import Finding
    from alloclens.session.world import World

JSON_VERSION = 2
MAX_STACK_FRAMES = 12
TIMES = ("%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S")
WORDS = ("first", "previous", "latest", "yesterday")
"""Names of snapshots that settings understand."""


@click.command("leaks")
@click.argument("directory", type=click.Path(exists=True, file_okay=False))
@click.option(
    "--workspace",
    type=click.Path(exists=True, file_okay=False),
    help="Your own code; by default the workspace around here.",
)
@click.option("--head", metavar="NAME", help="Judge the process of this snapshot, up to it; by default the latest.")
@click.option("--base", metavar="NAME", help="Compare with this snapshot; by default with the first of the process.")
@click.option("--since", type=click.DateTime(TIMES), help="Ignore snapshots taken before this local time.")
@click.option(
    "--all", "every", is_flag=True, help="Show every line that owns something, not only lines that leak or grow."
)
@click.option("--json", "as_json", is_flag=True, help="Write JSON (docs/json.md).")
def command(
    directory: str,
    workspace: str | None,
    head: str | None,
    base: str | None,
    since: datetime | None,
    every: bool,
    as_json: bool,
) -> None:
    """Judge the series of profiles in DIRECTORY: which lines of your own code leak, worst first.

    NAME is the name of a file, a label in labels.toml, a word of a file's name, or `first`, `previous`, `latest`; as a base also
    `yesterday`.
    """
    folder = real(workspace) if workspace else workspace_around(os.curdir)
    chosen = {key: name for key, name in (("head", head), ("base", base)) if name}
    known = world([folder], [real(directory)], chosen, since.timestamp() if since else -math.inf)
    tell_problems(known)
    if since and not known.series:
        raise click.ClickException(f"{directory} has no profile that was taken since {since}")
    for name in chosen.values():
        if known.series and name not in WORDS and not any(one.named(name) for one in known.series):
            raise click.ClickException(f"{directory} has no snapshot named {name}")
    if not known.series:
        raise click.ClickException(plain(nothing(known.directories)))
    findings = [(f, c) for c in known.comparisons for f in c.findings(VERDICTS if every else RAISED)]
    findings.sort(key=lambda pair: badness(pair[0]))
    mapper = LineMapper(known, text_of)
    if as_json:
        rows = [_json(f, c, mapper) for f, c in findings]
        show_json({"version": JSON_VERSION, "directory": directory, "findings": rows})
    else:
        _print(findings, known, mapper)
    if known.silent_goroutines and (note := goroutine_note(known.silent_goroutines)):
        tell(plain(note))


def _json(finding: Finding, comparison: Comparison, mapper: LineMapper) -> dict[str, Any]:
    placed = mapper.finding(comparison, finding)
    at = placed.at
    shape = comparison.shape(finding) if finding.verdict in RAISED else None
    return {
        "verdict": finding.verdict,
        "code": finding.code,
        "rule": finding.rule.name.lower(),
        "shape": shape.value if shape else None,
        "message": verdict(finding, placed.waits),
        "file": at.path if at else None,
        "line": (at and at.line) or finding.line,
        "placement": at.placement if at else UNPLACED,
        "recorded": finding.file,
        "recorded_line": finding.line,
        "function": finding.function,
        "program": comparison.series.program,
        "sample_type": finding.sample_type.type,
        "unit": finding.sample_type.unit,
        "value": finding.value,
        "growth": finding.growth,
        "low": finding.low,
        "high": finding.high,
        "floor": finding.floor,
        "per_hour": finding.slope * 3600,
        "per_snapshot": finding.per_snapshot,
        "p_value": finding.p_value,
        "retention": None if math.isnan(finding.retention) else finding.retention,
        "observations": finding.over.observations,
        "seconds": finding.over.seconds,
        "points": finding.points,
    }


def _print(findings: list[tuple[Finding, Comparison]], known: World, mapper: LineMapper) -> None:
    if not findings:
        show(quiet(known))
    for finding, comparison in findings:
        placed = mapper.finding(comparison, finding)
        at = placed.at
        gone = " (changed or deleted since)" if at and not at.line else ""
        where = f"{_from_here(at.path) if at else finding.file}:{(at and at.line) or finding.line}"
        show(Styled(where, bold=True), gone, " ", Styled(sparkline(finding.points), "cyan"))
        message = placed_message(finding, comparison, placed, known.settings.memory_bytes)
        leaks = finding.verdict == "leak"
        show(Styled(f"  {message}", "red" if leaks else None, bold=leaks))
        if finding.verdict in RAISED:
            _print_stack(finding, comparison)
        show(Styled(f"  {figures(finding)}", dim=True))


def _from_here(path: str) -> str:
    try:
        return os.path.relpath(path)
    except (OSError, ValueError):  # this directory was deleted, or the path is on another drive
        return path


def _print_stack(finding: Finding, comparison: Comparison) -> None:
    """Print the stack that grew most, and the shape of the leak."""
    for stack in comparison.stacks(finding.file, finding.line, 1, finding.sample_type):
        names = " ← ".join(short_name(frame.function) for frame in stack.frames[:MAX_STACK_FRAMES])
        show(Styled(f"  {stack_label(stack, comparison)}: {names}", dim=True))
    if shape := comparison.shape(finding):
        show(f"  {SHAPES[shape]}")


def quiet(known: World) -> str:
    """Say that nothing leaks, and how many lines and snapshots were judged."""
    judged = [c.judgement for c in known.comparisons if c.judgement and len(c.judgement.history.row)]
    if not judged:
        return (
            "Nothing can be judged yet: it takes two snapshots of one process in which your own code holds something."
        )
    lines, over = sum(len(j.history.row) for j in judged), max(len(j.history) for j in judged)
    return f"No line of your own code leaks or grows: {lines} were judged over {over} snapshots."
