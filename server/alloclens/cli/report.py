"""The command `alloclens report`: writes one HTML page on a series of profiles."""

from __future__ import annotations

import base64
import hashlib
import os
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click
import numpy as np
from jinja2 import Environment, StrictUndefined

from alloclens import __version__
from alloclens.cli import options
from alloclens.cli.errors import errors_about
from alloclens.cli.problems import refuse_unknown, shown_in, tell_problems
from alloclens.cli.terminal import show_bytes, tell
from alloclens.disk import real, write_file
from alloclens.printable import printable
from alloclens.series.shown import by_weight, worth_showing
from alloclens.series.timeline import points
from alloclens.session.choice import Choice, with_chosen
from alloclens.session.line_mapper import LineMapper
from alloclens.session.once import two_files, world
from alloclens.session.world import FilePair
from alloclens.tables.call_graph import GraphLimits
from alloclens.tables.flame import FlameQuery
from alloclens.tables.top import top
from alloclens.transform.subset import samples
from alloclens.typed import as_json
from alloclens.wording import flame as wording
from alloclens.wording import instances, shown_series
from alloclens.wording.amounts import amount, counted, growth, share
from alloclens.wording.kinds import type_name
from alloclens.wording.markdown import plain
from alloclens.wording.nothing import exits, no_finding, notes
from alloclens.wording.profile import graph
from alloclens.wording.status import in_full, not_used
from alloclens.wording.times import moment
from alloclens.wording.verdict import SHAPES, figures, placed_message, sparkline
from alloclens.workspace.around import workspace_around
from alloclens.workspace.files import text_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alloclens.series.comparison import Comparison
    from alloclens.series.findings import Finding
    from alloclens.session.line_mapper import MappedLine
    from alloclens.session.world import World

MAX_LINES = 100
MAX_FUNCTIONS = 50
MAX_SNAPSHOTS = 500
MAX_NODES = 10_000
"""Nodes of each of the two flame graphs. A page cannot request more later."""
MIN_NODE_SHARE = 1 / 20_000
"""Share of the whole that can be seen after zooming in."""
PARTS = files("alloclens").joinpath("report")


@click.command("report")
@click.argument("profiles", metavar="DIRECTORY|FILE", type=click.Path(exists=True))
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(dir_okay=False, allow_dash=True),
    help="The file to write; - is standard output.",
)
@options.workspace
@options.base
@options.head
@options.sample_type
def command(
    profiles: str, output: str, workspace: str | None, base: str | None, head: str | None, sample_type: str | None
) -> None:
    """Write a report on the profiles in DIRECTORY: one HTML page that needs no network.

    Of a FILE, it is on that profile alone, or on its difference to the profile that --base names.
    """
    folder = real(workspace) if workspace else workspace_around(os.curdir)
    if os.path.isdir(profiles):
        known = world([folder], [real(profiles)], {"base": base, "head": head, "sampleType": sample_type})
        known = with_chosen(known, Choice(known.settings.series))
        tell_problems(known)
        refuse_unknown(known, base, head)
    else:
        known = _of_files(profiles, base, head, sample_type, folder)
        tell_problems(known)
    data = page(known, folder, profiles).encode()
    if output == "-":
        show_bytes(data)
        return
    with errors_about(output):
        write_file(Path(output), data)


def page(known: World, folder: str, directory: str) -> str:
    """Return the report on what is shown; its paths are relative to `folder`. Raises ClickException if there is nothing."""
    return _page(_shown(known), known, _Titles(Path(directory).resolve().name, directory, folder))


def _of_files(file: str, base: str | None, head: str | None, sample_type: str | None, folder: str) -> World:
    """Read a profile and perhaps its base. Raises ClickException."""
    if head:
        raise click.UsageError("--head requires a DIRECTORY.")
    if base and not os.path.isfile(base):
        raise click.ClickException(f"{base} is not a file: the base of a FILE is one")
    known = two_files([folder], FilePair(real(base) if base else None, real(file), sample_type or ""), {})
    if known.named is None:
        reasons = "; ".join(f"{problem.name}: {problem.reason}" for problem in known.problems)
        raise click.ClickException(reasons or f"{file} cannot be compared with {base}")
    return known


class _Titles(NamedTuple):
    name: str
    directory: str
    """As given on the command line."""
    folder: str
    """The workspace, to which paths are relative."""


def _shown(known: World) -> Comparison:
    """Return the comparison of the page. Raises ClickException if there is none."""
    shown = shown_in(known)
    for sentence in not_used(known):
        tell(sentence)
    return shown


def _page(shown: Comparison, known: World, titles: _Titles) -> str:
    """Fill the template. Every value is escaped and stays on one line, except the style and the script."""
    pictures = _part("pictures.js")
    style, script = _part("page.css") + _part("pictures.css").replace("</", "<\\/"), _script(pictures)
    page = Environment(
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_one_line,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    ).from_string(_part("page.html"))
    return page.render(
        style_digest=_digest(style),
        script_digest=_digest(script),
        title=f"Memory of {titles.name}",
        compared=plain(in_full(shown)),
        notes=[
            *shown_series.kinds(known),
            *shown_series.notes(known),
            *(plain(note) for note in (*notes(known), *exits(known))),
        ],
        style=style,
        findings=_findings(known, titles),
        lines=_lines(shown, known, titles),
        functions=_functions(shown),
        snapshots=_snapshots(shown),
        has_pictures=bool(pictures),
        footer=f"alloclens {__version__}: {_many(shown)} in {titles.directory}",
        data=_data(shown),
        script=script,
    )


def _one_line(value: object) -> object:
    """Put text that is to be escaped on one line; leave HTML as it is."""
    return value if hasattr(value, "__html__") else printable(str(value))


def _part(name: str) -> str:
    """Return a file of the page with the line ends that a browser gives it; "" if the pictures are not built."""
    part = PARTS.joinpath(name)
    return part.read_bytes().decode().replace("\r\n", "\n").replace("\r", "\n") if part.is_file() else ""


def _script(pictures: str) -> str:
    """Return the script, in which "</script" and "<!--" are escaped so that they cannot end it or hide its end."""
    return f"{pictures}\n{_part('page.js')}".replace("</script", "<\\/script").replace("<!--", "<\\!--")


def _digest(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def _data(shown: Comparison) -> Any:
    """Return the data of the pictures as JSON."""
    data: dict[str, Any] = {"timeline": wording.timeline(shown)}
    for name, inverted in (("flame", False), ("inverted", True)):
        tree = shown.flame_graph.tree(FlameQuery(inverted=inverted, max_nodes=MAX_NODES, min_share=MIN_NODE_SHARE))
        data[name] = wording.flame(shown, tree) if tree else None
    data["graph"] = graph(shown, GraphLimits(), "", (), "")
    return as_json(data)


def _many(shown: Comparison) -> str:
    count = len(shown.series.snapshots)
    return counted(count, "profile")


class _Table(NamedTuple):
    """A table whose first column names the rows."""

    caption: str
    columns: Sequence[tuple[str, str]]
    """The heading and the class of each: "place", "number" or ""."""
    rows: Sequence[Sequence[str]]


class _FindingRow(NamedTuple):
    place: str
    function: str
    verdict: str
    code: str
    words: str
    figures: str
    sparkline: str


def _findings(known: World, titles: _Titles) -> list[_FindingRow] | str:
    """Return the findings, worst first, or why there are none."""
    findings = known.findings()
    if not findings:
        return no_finding(known).words
    now = LineMapper(known, text_of)
    return [_finding(finding, comparison, known, now, titles) for finding, comparison in findings]


def _finding(finding: Finding, comparison: Comparison, known: World, now: LineMapper, titles: _Titles) -> _FindingRow:
    placed = now.finding(comparison, finding)
    message = placed_message(finding, comparison, placed, known.settings.memory_bytes)
    message += instances.sentence(known, finding, comparison)
    shape = now.shape(comparison, finding, placed)
    return _FindingRow(
        _place(placed.at, finding.file, finding.line, titles),
        finding.function,
        finding.verdict,
        finding.code,
        f"{message} {SHAPES[shape]}" if shape else message,
        figures(finding),
        sparkline(finding.points),
    )


def _place(at: MappedLine | None, recorded: str, line: int, titles: _Titles) -> str:
    """Say where a recorded line is now."""
    if at is None:
        return f"{recorded}:{line}"
    return f"{'~ ' * at.unsure}{at.named(_shortened(at.path, titles), line)}"


def _shortened(path: str, titles: _Titles) -> str:
    """Return a path relative to the workspace if it is inside."""
    inside = os.path.relpath(path, titles.folder) if path.startswith(titles.folder + os.sep) else path
    return inside.replace(os.sep, "/")


def _lines(shown: Comparison, known: World, titles: _Titles) -> _Table | str:
    """Return the heaviest lines of the user's own code, or why there are none."""
    lines = shown.lines
    own = np.flatnonzero(lines.own[lines.file] & (lines.line > 0)) if len(lines) else np.zeros(0, np.int64)
    rows = by_weight(shown, worth_showing(shown, own, MAX_LINES))
    if not len(rows):
        return "No line of your own code owns enough to be shown."
    numbers = [(heading, "number") for heading in ("Owned", "Growth", "Flat", "Cum")]
    columns = [("Line", "place"), ("Function", "place"), *numbers]
    caption = f"Lines of your own code in {type_name(shown)}, by what they own"
    now = LineMapper(known, text_of)
    return _Table(caption, columns, [_line(shown, row, now, titles) for row in rows.tolist()])


def _line(shown: Comparison, row: int, now: LineMapper, titles: _Titles) -> list[str]:
    (file, line), stats, unit = shown.lines.at(row), shown.stats(row), shown.sample_type.unit
    at = now.of(shown, file, line)
    return [
        _place(at, file, line, titles),
        shown.lines.function(row),
        amount(stats.owned.value, unit),
        growth(stats.owned, unit) if stats.owned.growth else "",
        amount(stats.flat.value, unit),
        amount(stats.cum.value, unit),
    ]


def _functions(shown: Comparison) -> _Table | str:
    """Return the heaviest functions of the head, as pprof counts them, or why there are none."""
    profile, unit = shown.profile, shown.sample_type.unit
    column = profile.sample_types.index(shown.sample_type)
    functions = top(samples(profile, ~profile.is_base), column, "function", "cum", shown.total)
    rows = [
        [
            row.function or row.binary or "?",
            *(text for value in (row.flat, row.cum) for text in (amount(value, unit), share(value, functions.total))),
        ]
        for row in functions.rows(MAX_FUNCTIONS)
    ]
    if not rows:
        return f"No function has a value in {type_name(shown)}."
    caption = f"The {len(rows)} heaviest of {len(functions)} functions in {type_name(shown)}, by cum"
    numbers = [(heading, "number") for heading in ("Flat", "Flat %", "Cum", "Cum %")]
    return _Table(caption, [("Function", "place"), *numbers], rows)


def _snapshots(shown: Comparison) -> _Table:
    series, unit = shown.series, shown.sample_type.unit
    newest = list(zip(series.snapshots, points(shown), strict=True))[-MAX_SNAPSHOTS:]
    rows = []
    for snapshot, point in reversed(newest):
        marks = [word for word in ("base", "head") if getattr(point, word)] + ["process starts"] * point.begins
        label = series.labels.get(snapshot.path)
        name = f"{snapshot.name} ({label})" if label else snapshot.name
        rows.append([name, moment(snapshot), amount(point.value, unit), ", ".join(marks)])
    caption = f"The {len(rows)} newest of {len(series.snapshots)} snapshots, by {type_name(shown)}"
    return _Table(caption, [("Snapshot", "place"), ("Time", ""), ("Total", "number"), ("Marks", "")], rows)
