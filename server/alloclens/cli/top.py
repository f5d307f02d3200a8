"""The command `alloclens top`: prints the heaviest lines or functions of one profile, as pprof does."""

from __future__ import annotations

import os
from dataclasses import fields
from functools import partial, wraps
from typing import TYPE_CHECKING, Any, get_args

import click

from alloclens.cli.errors import errors_about
from alloclens.cli.terminal import Styled, show, show_json, tell
from alloclens.disk import real_path
from alloclens.paths import is_system_binary
from alloclens.profile.sample_types import column, leading_column
from alloclens.session.profile_file import Compared, compared, read_profile, read_with_kept_lines, unlike
from alloclens.settings import config
from alloclens.tables.lines import unplaced
from alloclens.tables.top import Granularity, Sort, Top, top
from alloclens.transform.difference import total
from alloclens.transform.filters import FilterError, Filters, filtered
from alloclens.transform.jvm_files import without_jvm_files
from alloclens.wording.amounts import amount, share
from alloclens.workspace.around import workspace_around

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from alloclens.profile.model import Profile, ValueType
    from alloclens.symbols.symbols import Symbolized

JSON_VERSION = 1
"""Increased when a key changes its meaning or is removed, but not for new keys."""

HEADINGS = ("flat", "flat%", "cum", "cum%")
"""The columns before `where`."""

FILTERS = {
    "focus": "Keep stacks with a matching function, source file or binary.",
    "ignore": "Drop stacks with a matching function, source file or binary.",
    "hide": "Drop matching frames.",
    "show": "Keep only matching frames.",
    "show_from": "Drop the callers of the outermost matching frame.",
    "prune_from": "Drop the callees of the innermost matching function.",
    "tag_focus": "Keep samples with a matching label: key=a,b, key:value, or a range such as bytes=1mb:.",
    "tag_ignore": "Drop samples with a matching label.",
}


def filter_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add pprof's filters to a command's options, and pass them as `filters`. Goes below the command's own options."""

    @wraps(command)
    def with_filters(**options: Any) -> None:
        command(filters=Filters(**{field.name: options.pop(field.name) for field in fields(Filters)}), **options)

    text = "Attribute inlined calls to the function that contains them."
    out = click.option("--no-inlines", is_flag=True, help=text)(with_filters)
    for name, text in reversed(FILTERS.items()):
        language = "TAG" if name.startswith("tag_") else "REGEX"
        out = click.option(f"--{name.replace('_', '-')}", default="", metavar=language, help=text)(out)
    return out


@click.command("top")
@click.argument("file", type=click.Path(exists=True, dir_okay=False))
@click.option("--base", type=click.Path(exists=True, dir_okay=False), help="Subtract this profile.")
@click.option("--not-a-difference", is_flag=True, help="Subtract even if the file looks like a difference.")
@click.option(
    "--binary",
    type=click.Path(exists=True),
    multiple=True,
    help="A program, or a directory of programs, to resolve addresses.",
)
@click.option("--by", type=click.Choice(get_args(Granularity)), default="line", show_default=True)
@click.option("--sample-type", default="", help="Such as inuse_space; by default, that of the file.")
@click.option("--sort", type=click.Choice(get_args(Sort)), default="flat", show_default=True)
@click.option("--count", type=click.IntRange(1), default=30, show_default=True, help="The number of rows.")
@click.option("--json", "as_json", is_flag=True, help="Write all rows with exact values as JSON (docs/json.md).")
@filter_options
def command(
    file: str,
    base: str | None,
    not_a_difference: bool,
    binary: tuple[str, ...],
    by: Granularity,
    sample_type: str,
    sort: Sort,
    count: int,
    as_json: bool,
    filters: Filters,
) -> None:
    """Show the heaviest lines or functions of FILE, as `go tool pprof -top` does."""
    read, written = _profile(file, base, binary, of_differences=not_a_difference)
    profile = read.profile
    number = _column(profile, file, sample_type)
    _tell_empty(profile, number, sample_type)
    _tell_unplaced(read, number)
    shown = without_jvm_files(_filtered(profile, filters), written)
    table = top(shown, number, by, sort, total(profile, number))
    kind, patterns = profile.sample_types[number], filters.given()
    if as_json:
        head = {"version": JSON_VERSION, "file": file, "base": base, "sample_type": kind.type, "unit": kind.unit}
        head |= {"by": by, "sort": sort, "total": table.total} | ({"filters": patterns} if patterns else {})
        show_json(head | {"rows": [vars(row) for row in table.rows()]})
    else:
        whole = f"{amount(table.total, kind.unit)} {'at the base' if base else 'in all'}"
        _print(table, ", ".join([kind.type, whole, *_words(patterns)]), kind.unit, count)


def _profile(
    file: str, base: str | None, binaries: Sequence[str], *, of_differences: bool
) -> tuple[Symbolized, Profile]:
    """Return what is shown, and the head as it was written."""
    folders = (workspace_around(os.curdir),)
    chosen = tuple(map(real_path, binaries)) or _named_binaries(folders)

    def reading(path: str) -> tuple[Symbolized, Profile]:
        if binaries:  # the user's choice, whatever was found before
            return read_profile(path, folders, chosen, of_any_time=True)
        return read_with_kept_lines(real_path(path), folders, chosen)

    with errors_about(file):
        head, written = reading(file)
    with errors_about(base or file):
        before = reading(base)[0] if base else None
    if base and before and (why := unlike(Compared.of(before.profile, base), Compared.of(head.profile, file))):
        raise click.ClickException(f"{file} {why}")
    with errors_about(base or file):
        difference = compared(head, before, of_differences=of_differences)
    for message in difference.messages:
        tell(message)
    return difference, written


def _named_binaries(folders: Sequence[str]) -> tuple[str, ...]:
    """Return the binaries that the workspace's settings name."""
    values = config.read(folders).values
    if not values:
        return ()
    from alloclens.settings.checking import parse  # noqa: PLC0415 - few workspaces have settings
    from alloclens.workspace.workspace import named_binaries  # noqa: PLC0415

    return named_binaries(folders, parse(values)[0])


def _tell_unplaced(symbolized: Symbolized, number: int) -> None:
    """Print how much is on no line, and what to do."""
    if nowhere := int(unplaced(symbolized.profile)[number]):
        missing = (name for name in symbolized.missing if not name or not is_system_binary(name))
        names = ", ".join(name or "a binary without a name" for name in missing)
        why = f" (no binary of {names}; --binary names one)" if names else ""
        tell(f"{amount(nowhere, symbolized.profile.sample_types[number].unit)} on no line{why}")


def _filtered(profile: Profile, filters: Filters) -> Profile:
    try:
        result = filtered(profile, filters)
    except FilterError as error:
        raise click.BadParameter(error.why, param_hint=f"--{error.name.replace('_', '-')}") from error
    for note in result.notes:
        tell(note)
    return result.profile


def _is_empty(profile: Profile, kind: ValueType) -> bool:
    return not profile.values[:, profile.sample_types.index(kind)].any()


def _tell_empty(profile: Profile, number: int, sample_type: str) -> None:
    """If the sample type that was asked for is empty, or by default the one that pprof shows, name those that are not."""
    types = profile.sample_types
    asked = number if sample_type else column(types, profile.default_sample_type) or 0
    others = [kind.type for kind in types if not _is_empty(profile, kind)]
    if others and _is_empty(profile, types[asked]):
        shown = f", so {types[number].type} is shown" if number != asked else ""
        tell(f"{types[asked].type} is empty{shown}; --sample-type can be {', '.join(others)}")


def _words(filters: dict[str, str | bool]) -> list[str]:
    return [name if text is True else f"{name}={text}" for name, text in filters.items()]


def _column(profile: Profile, file: str, sample_type: str) -> int:
    """Return the column that is asked for, else the one that pprof shows: both print the same table.

    Where pprof's would be empty, there is nothing to be equal to, and the editor's is shown.
    """
    types, default = profile.sample_types, profile.default_sample_type
    number = column(types, default, sample_type)
    if not sample_type and number is not None and _is_empty(profile, types[number]):
        return leading_column(types, default, partial(_is_empty, profile))
    if number is None:
        there = ", ".join(t.type for t in profile.sample_types)
        raise click.ClickException(f"{file} has no sample type {sample_type}; it has {there}")
    return number


def _print(table: Top, title: str, unit: str, count: int) -> None:
    rows = table.rows(count)
    numbers = [[t for v in (row.flat, row.cum) for t in (amount(v, unit), share(v, table.total))] for row in rows]
    widths = [max(map(len, column)) for column in zip(HEADINGS, *numbers, strict=True)]
    show(Styled(title, bold=True))
    show(Styled("  ".join((*_right(HEADINGS, widths), "where")), bold=True))
    for row, texts in zip(rows, numbers, strict=True):
        name, line = (
            row.function or row.binary or "<unknown>",
            f"{row.file}:{row.line}" if row.file else f"line {row.line}",
        )
        place = f" {line}" if row.line else ""
        show("  ".join((*_right(texts, widths), name)), Styled(place, dim=True))
    if len(table) > count:
        show(Styled(f"… and {len(table) - count} more; --count shows them", dim=True))


def _right(texts: Sequence[str], widths: Sequence[int]) -> list[str]:
    return [text.rjust(width) for text, width in zip(texts, widths, strict=True)]
