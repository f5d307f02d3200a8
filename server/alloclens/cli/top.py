"""alloclens top."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, get_args

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from alloclens.analysis.difference import difference
from alloclens.analysis.top import By, Row, Sort, Top, top
from alloclens.cli.errors import told
from alloclens.profile.sample_type import column
from alloclens.store.reading import read_file
from alloclens.wording.units import amount, share

if TYPE_CHECKING:
    from alloclens.profile.model import Profile

JSON_VERSION = 1
"""Raised when a key changes its meaning or goes; new keys do not raise it."""


PIPE_WIDTH = 1000


@click.command("top")
@click.argument("file", type=click.Path(exists=True, dir_okay=False))
@click.option("--base", type=click.Path(exists=True, dir_okay=False), help="Subtract this profile.")
@click.option("--by", type=click.Choice(get_args(By)), default="line", show_default=True)
@click.option("--sample-type", default="", help="Such as inuse_space; by default the file's own.")
@click.option("--sort", type=click.Choice(get_args(Sort)), default="flat", show_default=True)
@click.option("--count", type=click.IntRange(1), default=30, show_default=True, help="Rows of the table.")
@click.option("--json", "as_json", is_flag=True, help="All rows, exact, as JSON (docs/json.md).")
def command(file: str, base: str | None, by: By, sample_type: str, sort: Sort, count: int, as_json: bool) -> None:
    """Show where the bytes of FILE are, as `go tool pprof -top` counts them."""
    profile = _profile(file, base)
    number = _column(profile, file, sample_type)
    found = top(profile, number, by, sort)
    kind = profile.sample_types[number]
    if as_json:
        said = {"version": JSON_VERSION, "file": file, "base": base, "sample_type": kind.type, "unit": kind.unit}
        rows = [asdict(row) for row in found.rows]
        click.echo(json.dumps(said | {"by": by, "sort": sort, "total": found.total, "rows": rows}, indent=1))
    else:
        whole = f"{amount(found.total, kind.unit)} {'at the base' if base else 'in all'}"
        _print(found, f"{kind.type}, {whole}", kind.unit, count)


def _profile(file: str, base: str | None) -> Profile:
    with told(file):
        head = read_file(file)
    if base is None:
        return head
    with told(base):
        return difference(head, read_file(base))


def _column(profile: Profile, file: str, sample_type: str) -> int:
    number = column(profile.sample_types, profile.default_sample_type, sample_type)
    if number is None:
        there = ", ".join(t.type for t in profile.sample_types)
        raise click.ClickException(f"{file} has no sample type {sample_type}; it has {there}")
    return number


def _print(found: Top, title: str, unit: str, count: int) -> None:
    table = Table(box=None, title=Text(title, "table.title"), title_justify="left")
    for heading in ("flat", "flat%", "cum", "cum%"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("where", overflow="fold")
    for row in found.rows[:count]:
        values = [t for v in (row.flat, row.cum) for t in (amount(v, unit), share(v, found.total))]
        table.add_row(*values, _where(row))
    console = Console()
    if not console.is_terminal:  # for grep: a row is a line
        console.width = PIPE_WIDTH
    console.print(table)
    if len(found.rows) > count:
        console.print(f"… and {len(found.rows) - count} more; --count shows them", style="dim")


def _where(row: Row) -> Text:
    place: list[Any] = [row.function or row.binary or "<unknown>"]
    if row.line:
        place.append((f" {row.file}:{row.line}", "dim"))
    return Text.assemble(*place)
