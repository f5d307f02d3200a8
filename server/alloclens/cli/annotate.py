"""alloclens annotate."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click
import numpy as np
from rich.console import Console
from rich.text import Text

from alloclens.analysis.selection import worth_showing
from alloclens.cli.errors import told
from alloclens.source.text import split_lines
from alloclens.store.once import world
from alloclens.store.settings import Settings
from alloclens.wording.hint import LONGEST, hint
from alloclens.wording.status import line as status_line
from alloclens.wording.status import nothing, since, unreadable
from alloclens.wording.verdict import message

if TYPE_CHECKING:
    from alloclens.analysis.comparison import Comparison
    from alloclens.store.world import FileLines, World

MARKS = ("go.work", "go.mod", ".git", "pyproject.toml", "Cargo.toml", "package.json")
"""A folder that holds one of these is taken for the workspace."""


CHOICES = ("first", "previous", "latest")


@click.command("annotate")
@click.argument("source", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--profiles", required=True, type=click.Path(exists=True, file_okay=False), help="Where snapshots lie.")
@click.option("--base", default="first", show_default=True, help="first, previous, latest or a file name.")
@click.option("--head", default="latest", show_default=True, help="The same words.")
@click.option("--sample-type", default="", help="Such as inuse_space; by default the file's own.")
def command(source: Path, profiles: str, base: str, head: str, sample_type: str) -> None:
    """Print SOURCE with its numbers beside the lines, and what leaks below them."""
    path = os.path.realpath(source)
    settings = Settings(base=base, head=head, sample_type=sample_type)
    known = world([_workspace(path)], [os.path.realpath(profiles)], settings)
    for problem in known.problems:
        click.echo(unreadable(problem.name, problem.reason), err=True)
    for wanted in (base, head):
        _refuse_unknown(known, wanted)
    file = known.file(path)
    if file is None:
        raise click.ClickException(_why_nothing(known, source))
    with told(str(source)):
        text = split_lines(Path(path).read_text("utf-8", "replace"))
    console = Console(highlight=False, soft_wrap=True)
    console.print(Text(status_line(file.comparison, base, head), "bold"))
    hints = _hints(file)
    _print(console, text, hints, _verdicts(file.comparison, known, path))
    if beyond := [number for number in hints if number > len(text)]:
        lines = ", ".join(map(str, beyond))
        click.echo(f"{source} ends before line {lines}, which has numbers: it changed since the snapshot.", err=True)


def _refuse_unknown(known: World, wanted: str) -> None:
    names = [snapshot.name for one in known.series for snapshot in one.snapshots]
    if names and wanted not in (*CHOICES, *names):
        raise click.ClickException(f"no snapshot is named {wanted}; there are {', '.join(CHOICES)} and {names[0]} …")


def _workspace(path: str) -> str:
    """Return the outermost module's folder above a file, else the file's own."""
    above = [p for p in Path(path).parents if any((p / mark).exists() for mark in MARKS)]
    return str(above[-1] if above else Path(path).parent)


def _hints(file: FileLines) -> dict[int, str]:
    comparison = file.comparison
    stats = (comparison.stats(row) for row in worth_showing(comparison, file.rows).tolist())
    return {s.line: hint(s, comparison.sample_type.unit) for s in stats}


def _verdicts(comparison: Comparison, known: World, path: str) -> dict[int, str]:
    places = ((f, known.sources.place(f.file)) for f in comparison.findings)
    return {f.line: message(f, since(comparison)) for f, place in places if place and place.path == path}


def _print(console: Console, text: list[str], hints: dict[int, str], verdicts: dict[int, str]) -> None:
    width = max(map(len, hints.values()), default=LONGEST)
    for number, code in enumerate(text, 1):
        beside = hints.get(number, "")
        heat = "bold yellow" if "▲" in beside else "cyan"
        console.print(Text.assemble((f"{beside:>{width}}", heat), (f" {number:5} ", "dim"), code.expandtabs(4)))
        if number in verdicts:
            console.print(Text(f"{'':{width}}       ^ {verdicts[number]}", "bold red"))


def _why_nothing(known: World, source: Path) -> str:
    if known.shown is None:
        kind = known.settings.sample_type
        return f"no profile has {kind}" if kind and known.series else nothing(known.directories).replace("`", "")
    files = known.shown.head.lines.files
    own = int(np.count_nonzero(known.shown.head.lines.own))
    return (
        f"no profile has a stack through a line of {source}: the latest names {len(files)} files, of which {own} are "
        "your own code here. Was it recorded from another checkout?"
    )
