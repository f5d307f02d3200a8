"""alloclens report."""

from __future__ import annotations

import base64
import hashlib
import json
import os
from html import escape
from importlib.resources import files
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING, Any, NamedTuple

import click
import numpy as np

from alloclens import __version__
from alloclens.cli.annotate import CHOICES, tell_problems
from alloclens.cli.errors import told
from alloclens.cli.leaks import quiet, waits
from alloclens.cli.terminal import show_bytes
from alloclens.disk import real, write_file
from alloclens.printable import printable
from alloclens.series.findings import badness
from alloclens.series.selection import by_weight, worth_showing
from alloclens.series.timeline import points
from alloclens.session.line_mapper import LineMapper
from alloclens.session.once import world
from alloclens.tables.flame import FlameQuery
from alloclens.tables.top import top
from alloclens.transform.subset import samples
from alloclens.wording import flame as wording
from alloclens.wording.amounts import amount, growth, share
from alloclens.wording.markdown import plain
from alloclens.wording.status import in_full, moment, nothing
from alloclens.wording.verdict import SHAPES, figures, message, sparkline
from alloclens.workspace.around import workspace_around
from alloclens.workspace.files import text_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alloclens.series.comparison import Comparison
    from alloclens.series.findings import Finding
    from alloclens.session.line_mapper import MappedLine
    from alloclens.session.world import World

LINES = 100
FUNCTIONS = 50
SNAPSHOTS = 500
NODES = 10_000
"""Of each of the two flame graphs, callers' and callees': a page cannot ask for more."""
LEAST = 1 / 20_000
"""Of the whole: what zooming in makes worth seeing."""
PARTS = files("alloclens").joinpath("report")


@click.command("report")
@click.argument("directory", type=click.Path(exists=True, file_okay=False))
@click.option("-o", "--output", required=True, type=click.Path(dir_okay=False, allow_dash=True), help="- is stdout.")
@click.option(
    "--workspace",
    type=click.Path(exists=True, file_okay=False),
    help="Your own code; by default the workspace around here.",
)
@click.option(
    "--base", help="first, previous, latest, yesterday, a file name or a label; by default as set, else first."
)
@click.option("--head", help="The same words; by default as set, else latest.")
@click.option("--sample-type", help="Such as inuse_space; by default as set, else the file's own.")
def command(
    directory: str, output: str, workspace: str | None, base: str | None, head: str | None, sample_type: str | None
) -> None:
    """Write what the profiles in DIRECTORY say into one HTML page that needs no network."""
    folder = real(workspace) if workspace else workspace_around(os.curdir)
    known = world([folder], [real(directory)], {"base": base, "head": head, "sampleType": sample_type})
    tell_problems(known)
    text = _page(_shown(known), known, _Titles(Path(directory).resolve().name, directory, folder))
    page = text.encode()
    if output == "-":
        show_bytes(page)
        return
    with told(output):
        write_file(Path(output), page)


class _Titles(NamedTuple):
    name: str
    directory: str
    """As it was named."""
    folder: str
    """The workspace: places are told from here."""


def _shown(known: World) -> Comparison:
    """Return what the page is about. Raises ClickException where there is nothing."""
    settings = known.settings
    if not known.series:
        raise click.ClickException(plain(nothing(known.directories)))
    for wanted in (settings.base, settings.head):
        if wanted not in CHOICES and not any(one.named(wanted) for one in known.series):
            raise click.ClickException(f"no snapshot is named {wanted}; there are {', '.join(CHOICES)} and file names")
    if known.shown is None:
        raise click.ClickException(f"no profile has {settings.sample_type or 'a sample type'}")
    return known.shown


def _page(shown: Comparison, known: World, titles: _Titles) -> str:
    """Fill the template: everything in it is HTML already."""
    pictures = _part("pictures.js")
    style, script = _part("page.css") + _part("pictures.css").replace("</", "<\\/"), _script(pictures)
    return Template(_part("page.html")).substitute(
        policy=f"default-src 'none'; base-uri 'none'; form-action 'none'; style-src {_digest(style)}; script-src {_digest(script)}",
        title=_html(f"Memory of {titles.name}"),
        compared=_html(plain(in_full(shown))),
        style=style,
        findings=_findings(known, titles),
        lines=_lines(shown, known, titles),
        functions=_folded("The heaviest functions as a table", _functions(shown), shut=bool(pictures)),
        snapshots=_folded("The snapshots as a table", _snapshots(shown), shut=bool(pictures)),
        footer=_html(f"alloclens {__version__}: {_many(shown)} in {titles.directory}"),
        data=_data(shown),
        script=script,
    )


def _part(name: str) -> str:
    """Return a file of the page with the line ends that a browser makes of it; "" for pictures that are not built."""
    part = PARTS.joinpath(name)
    return part.read_bytes().decode().replace("\r\n", "\n").replace("\r", "\n") if part.is_file() else ""


def _script(pictures: str) -> str:
    """Return the script; within a text, what would end it or hide its end is written otherwise."""
    return f"{pictures}\n{_part('page.js')}".replace("</script", "<\\/script").replace("<!--", "<\\!--")


def _digest(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _data(shown: Comparison) -> str:
    """Return what the pictures draw, as JSON that HTML does not read into."""
    said: dict[str, Any] = {"timeline": wording.timeline(shown)}
    for name, inverted in (("flame", False), ("inverted", True)):
        tree = shown.flame_graph.tree(FlameQuery(inverted=inverted, most=NODES, least=LEAST))
        said[name] = wording.flame(shown, tree) if tree else None
    return json.dumps(said).replace("<", "\\u003c")


def _many(shown: Comparison) -> str:
    count = len(shown.series.snapshots)
    return f"{count} profile{'' if count == 1 else 's'}"


class _Cell(NamedTuple):
    """One cell of a table."""

    html: str
    kind: str = ""
    """Its class."""


Row = list[_Cell]


def _text(text: str, kind: str = "") -> _Cell:
    return _Cell(_html(text), kind)


def _html(text: str) -> str:
    """Return HTML that shows a text as it is, on one line."""
    return escape(printable(text))


def _table(caption: str, headings: Sequence[str], rows: Sequence[Row]) -> str:
    """Return a table whose first column names the rows. Wide ones scroll by themselves."""
    caption, kinds = _html(caption), [cell.kind if cell.kind == "number" else "" for cell in rows[0]]
    head = "".join(f'<th scope="col" class="{k}">{_html(h)}</th>' for h, k in zip(headings, kinds, strict=True))
    body = "\n".join(f"<tr>{_cells(row)}</tr>" for row in rows)
    return (
        f'<div class="scroll" role="region" aria-label="{caption}" tabindex="0"><table><caption>{caption}</caption>\n'
        f"<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody></table></div>"
    )


def _cells(row: Row) -> str:
    first, *rest = row
    cells = [f'<th scope="row" class="{first.kind}">{first.html}</th>']
    return "".join(cells + [f'<td class="{cell.kind}">{cell.html}</td>' for cell in rest])


def _folded(summary: str, table: str, *, shut: bool) -> str:
    """Return a table that is there on demand where a picture shows the same."""
    return f"<details{'' if shut else ' open'}><summary>{_html(summary)}</summary>\n{table}\n</details>"


def _findings(known: World, titles: _Titles) -> str:
    found = [(f, c) for c in known.comparisons for f in c.findings()]
    found.sort(key=lambda pair: badness(pair[0]))
    if not found:
        return f"<p>{_html(quiet(known))}</p>"
    now = LineMapper(known, text_of)
    rows = [_finding(finding, comparison, known, now, titles) for finding, comparison in found]
    return _table("What leaks or grows, worst first", ("Line", "Function", "Verdict", "In words", "Over time"), rows)


def _finding(finding: Finding, comparison: Comparison, known: World, now: LineMapper, titles: _Titles) -> Row:
    at, in_use = now.finding(comparison, finding), comparison.in_use
    unsure = bool(at and at.unsure)
    guessed, wait = unsure and known.guesses(comparison, finding.file), waits(finding, comparison)
    said = message(finding, known.settings.memory_bytes, in_use, waits=wait, unsure=unsure, guessed=guessed)
    shape = comparison.shape(finding)
    words = f"{said} {SHAPES[shape]}" if shape else said
    return [
        _text(_place(at, finding.file, finding.line, titles), "place"),
        _text(finding.function, "place"),
        _text(finding.code, finding.verdict),
        _Cell(f'{_html(words)}<br><span class="dim">{_html(figures(finding))}</span>'),
        _Cell(f'<span class="spark" aria-hidden="true">{sparkline(finding.points)}</span>'),
    ]


def _place(at: MappedLine | None, recorded: str, line: int, titles: _Titles) -> str:
    """Say where a recorded line is now."""
    if at is None:
        return f"{recorded}:{line}"
    path = _shortened(at.path, titles)
    return f"{'~ ' * at.unsure}{path}:{at.line}" if at.line else f"{path}:{line} (changed or deleted since)"


def _shortened(path: str, titles: _Titles) -> str:
    """Return a path from the workspace, if it is in there."""
    inside = os.path.relpath(path, titles.folder) if path.startswith(titles.folder + os.sep) else path
    return inside.replace(os.sep, "/")


def _lines(shown: Comparison, known: World, titles: _Titles) -> str:
    lines = shown.lines
    own = np.flatnonzero(lines.own[lines.file] & (lines.line > 0)) if len(lines) else np.zeros(0, np.int64)
    rows = by_weight(shown, worth_showing(shown, own, LINES))
    if not len(rows):
        return "<p>No line of your own code holds enough to be shown.</p>"
    headings = ("Line", "Function", "Owned", "Growth", "Flat", "Cum")
    caption = f"Lines of your own code in {shown.sample_type.type}, by what they own"
    now = LineMapper(known, text_of)
    return _table(caption, headings, [_line(shown, row, now, titles) for row in rows.tolist()])


def _line(shown: Comparison, row: int, now: LineMapper, titles: _Titles) -> Row:
    lines, stats, unit = shown.lines, shown.stats(row), shown.sample_type.unit
    file, function = lines.files[lines.file[row]], int(lines.functions.of_line[row])
    at = now.of(shown, file, stats.line)
    return [
        _text(_place(at, file, stats.line, titles), "place"),
        _text(lines.functions.name[function] if function >= 0 else "", "place"),
        _text(amount(stats.owned.value, unit), "number"),
        _text(growth(stats.owned, unit) if stats.owned.growth else "", "number"),
        _text(amount(stats.flat.value, unit), "number"),
        _text(amount(stats.cum.value, unit), "number"),
    ]


def _functions(shown: Comparison) -> str:
    """Return the functions of the head, as pprof counts them."""
    profile, unit = shown.profile, shown.sample_type.unit
    column = profile.sample_types.index(shown.sample_type)
    found = top(samples(profile, ~profile.is_base), column, "function", "cum", shown.total)
    rows = [
        [
            _text(row.function or row.binary or "?", "place"),
            *(_text(t, "number") for v in (row.flat, row.cum) for t in (amount(v, unit), share(v, found.total))),
        ]
        for row in found.rows(FUNCTIONS)
    ]
    if not rows:
        return f"<p>{_html(f'No function has a value in {shown.sample_type.type}.')}</p>"
    caption = f"The {len(rows)} heaviest of {len(found)} functions in {shown.sample_type.type}, by cum"
    return _table(caption, ("Function", "Flat", "Flat %", "Cum", "Cum %"), rows)


def _snapshots(shown: Comparison) -> str:
    series, unit = shown.series, shown.sample_type.unit
    each = list(zip(series.snapshots, points(shown), strict=True))[-SNAPSHOTS:]
    rows = []
    for snapshot, point in reversed(each):
        marks = [word for word in ("base", "head") if getattr(point, word)] + ["process starts"] * point.begins
        label = series.labels.get(snapshot.path)
        name = _text(f"{snapshot.name} ({label})" if label else snapshot.name, "place")
        rows.append(
            [name, _text(moment(snapshot)), _text(amount(point.value, unit), "number"), _text(", ".join(marks))]
        )
    caption = f"The {len(rows)} newest of {len(series.snapshots)} snapshots, by {shown.sample_type.type}"
    return _table(caption, ("Snapshot", "Time", "In all", "Marks"), rows)
