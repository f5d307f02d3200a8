"""alloclens check."""

from __future__ import annotations

import os
import re
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click
from click.core import ParameterSource

from alloclens.check import baseline
from alloclens.check.findings import FAILING, LEAKS
from alloclens.check.judge import CheckedCode, CheckOptions, check_builds, check_series
from alloclens.check.limits import HELD, MAX_GROWTH, PER_OPERATION, Limit, least, limit
from alloclens.check.outputs import OUTPUTS
from alloclens.check.result import UNJUDGED, Result
from alloclens.check.run_pairs import run_pairs
from alloclens.check.sites import BY
from alloclens.cli import options
from alloclens.cli.terminal import show_bytes, tell
from alloclens.disk import check_inside, real, write_file
from alloclens.disk import reason as reason_of
from alloclens.paths import canonical, rest_within
from alloclens.session import once
from alloclens.settings import config
from alloclens.workspace import git
from alloclens.workspace.around import workspace_around
from alloclens.workspace.files import text_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime


NAME = re.compile(r"[A-Za-z0-9_-]{1,60}")
"""What needs no quotes, wherever a name is written."""


class _NotJudged(click.ClickException):
    """Nothing could be judged."""

    exit_code = UNJUDGED


def _codes(ctx: click.Context, param: click.Parameter, value: str) -> tuple[str, ...]:
    """Return the findings that are named, between commas."""
    words = tuple(word.strip() for word in value.split(",") if word.strip())
    if wrong := [word for word in words if word not in FAILING]:
        hint = "" if wrong[0].strip("\"'") else "; for none of them, write --fail-on="
        raise click.BadParameter(f"{wrong[0]!r} is not one of {', '.join(FAILING)}{hint}", ctx, param)
    return words


def _name(ctx: click.Context, param: click.Parameter, value: str) -> str:
    if value and not NAME.fullmatch(value):
        raise click.BadParameter(f"{value!r} has more than letters, digits, - and _, or more than 60", ctx, param)
    return value


def _link(ctx: click.Context, param: click.Parameter, value: str) -> str:
    if value and not value.startswith(("https://", "http://")):
        raise click.BadParameter(f"{value!r} is no address that begins with https:// or http://", ctx, param)
    return value


class _Written(NamedTuple):
    """Where a result goes."""

    format: str
    """To standard output."""
    files: tuple[tuple[str, str], ...]
    """Formats and the files to write."""


@click.command("check")
@click.argument("directory", required=False, type=click.Path(exists=True, file_okay=False))
@click.option("--base", type=click.Path(exists=True), help="Compare with this profile, or the runs in this directory.")
@click.option("--head", type=click.Path(exists=True), help="What is compared with the base.")
@options.workspace
@click.option(
    "--fail-on",
    callback=_codes,
    default=",".join(LEAKS),
    show_default=True,
    help=f"Findings that fail: {', '.join(FAILING)}.",
)
@click.option("--max-growth", metavar="LIMIT", help="Growth that is allowed: 10% (the default with --base) or 5MB.")
@click.option(
    "--min-growth",
    metavar="AMOUNT",
    multiple=True,
    help="Growth that is too small to fail, such as 5MB and 100 (the defaults of bytes and of counts).",
)
@click.option("--by", type=click.Choice(BY), default=BY[0], show_default=True, help="What growth is summed by.")
@click.option("--alloc", is_flag=True, help="Compare what each operation of a benchmark allocates.")
@click.option(
    "--operations", type=click.IntRange(1), help="Operations in each profile, if no output of `go test` says it."
)
@click.option(
    "--baseline",
    "baseline_path",
    type=click.Path(dir_okay=False),
    help=f"Accepted violations; by default {baseline.NAME}.",
)
@click.option("--update-baseline", is_flag=True, help="Accept the violations there are now, and no others.")
@click.option("--reason", default="", help="Why new violations are accepted, for --update-baseline.")
@click.option("--expires", type=click.DateTime(["%Y-%m-%d"]), help="The last day on which they are.")
@click.option(
    "--name",
    callback=_name,
    default="",
    metavar="NAME",
    help="Tells this check from others of a build, in Markdown and SARIF: letters, digits, - and _.",
)
@click.option(
    "--link", default="", callback=_link, help="The address of a report, for the formats that can link to it."
)
@click.option(
    "--format", "format_", type=click.Choice(list(OUTPUTS)), default="text", show_default=True, help="What to print."
)
@click.option(
    "--output", "outputs", metavar="FORMAT=FILE", multiple=True, help="Write another format to a file. Repeatable."
)
def command(
    directory: str | None,
    base: str | None,
    head: str | None,
    workspace: str | None,
    fail_on: tuple[str, ...],
    max_growth: str | None,
    min_growth: tuple[str, ...],
    by: str,
    alloc: bool,
    operations: int | None,
    baseline_path: str | None,
    update_baseline: bool,
    reason: str,
    expires: datetime | None,
    name: str,
    link: str,
    format_: str,
    outputs: tuple[str, ...],
) -> None:
    """Fail if a line in DIRECTORY leaks, or if code holds more in a head than in a base.

    The exit code is 0 if nothing was found, 1 if something was, and 2 if something could not be judged.
    """
    if (directory is None) == (base is None and head is None) or (base is None) != (head is None):
        raise click.UsageError("Name either a DIRECTORY, or --base and --head.")
    if (operations and not alloc) or (alloc and not base):
        raise click.UsageError("--operations requires --alloc, and --alloc requires --base and --head.")
    _refuse_ignored(base, max_growth, fail_on)
    today = date.today()  # noqa: DTZ011 - a day here
    acceptance = _acceptance(reason, expires, today) if update_baseline else None
    if (reason or expires) and not acceptance:
        raise click.UsageError("--reason and --expires require --update-baseline.")
    written = _written(format_, outputs)
    with _judging():
        folder = real(workspace) if workspace else workspace_around(os.curdir)
        here = _workspace(folder)
        try:
            most = limit(max_growth) if max_growth else Limit(share=MAX_GROWTH) if base else None
            limits = CheckOptions(fail_on, most, least(min_growth, PER_OPERATION if alloc else HELD), by, alloc)
        except ValueError as error:
            raise click.UsageError(str(error)) from error
        if base and head:
            pairs = run_pairs(base, head, folder, per_operation=alloc, number=operations)
            result = check_builds(pairs, limits, here, f"{head} against {base}")
        else:
            result = check_series(once.world([folder], [real(directory or "")], {}), limits, here, directory or "")
        file = baseline_path or os.path.join(folder, baseline.NAME)
        if not baseline_path:  # the folder's own is as much a stranger's as the folder
            check_inside(file, [folder], f"; give it with --baseline {file} if it is meant")
        with _naming(file):
            day = today.isoformat()
            result = baseline.applied(result, Path(file), day, acceptance, required=bool(baseline_path))
        _write(replace(result, below=_below(folder), name=name, link=link), written)
    raise click.exceptions.Exit(result.exit_code)


def _refuse_ignored(base: str | None, max_growth: str | None, fail_on: tuple[str, ...]) -> None:
    """Raise UsageError if an option is given that would change nothing."""
    source = click.get_current_context().get_parameter_source
    fail_on_, least, by = (source(name) is ParameterSource.COMMANDLINE for name in ("fail_on", "min_growth", "by"))
    if base and fail_on and fail_on_:
        raise click.UsageError("--fail-on is of the findings in a DIRECTORY: two builds fail by growth and budgets.")
    if (least or by) and not (base or max_growth):
        raise click.UsageError("--min-growth and --by require --max-growth, or --base and --head.")


def _acceptance(reason: str, expires: datetime | None, today: date) -> baseline.Acceptance:
    if expires and expires.date() < today:
        raise click.UsageError(f"--expires {expires.date()} has passed: nothing would be accepted.")
    return baseline.Acceptance(reason, expires.date().isoformat() if expires else "")


@contextmanager
def _judging() -> Iterator[None]:
    """Exit with UNJUDGED, not 1, if a file cannot be read or written."""
    try:
        yield
    except click.UsageError:
        raise
    except click.ClickException as error:
        raise _NotJudged(error.message) from error
    except baseline.BaselineError as error:
        raise _NotJudged(str(error)) from error
    except OSError as error:
        raise _NotJudged(f"{error.filename}: {reason_of(error)}" if error.filename else reason_of(error)) from error


@contextmanager
def _naming(file: str) -> Iterator[None]:
    """Name the file that an OSError is about: those of directories name none, and those of writing a temporary one."""
    try:
        yield
    except OSError as error:
        raise _NotJudged(f"{file}: {reason_of(error)}") from error


def _written(format_: str, outputs: Sequence[str]) -> _Written:
    files: list[tuple[str, str]] = []
    for output in outputs:
        name, equals, file = output.partition("=")
        if not equals or not file or name not in OUTPUTS:
            raise click.UsageError(f"--output {output}: it is FORMAT=FILE, and a format is one of {', '.join(OUTPUTS)}")
        if file == "-":
            raise click.UsageError(f"--output {output}: it writes files; --format {name} prints")
        if real(os.path.abspath(file)) in {real(os.path.abspath(other)) for _, other in files}:
            raise click.UsageError(f"--output {output}: another output is written to {file}, too")
        files.append((name, file))
    return _Written(format_, tuple(files))


def _workspace(folder: str) -> CheckedCode:
    file = config.read([folder])
    name = os.path.basename(file.path)
    return CheckedCode(folder, text_of, name, file.lines)


def _below(folder: str) -> str:
    """Return the path of a folder in its repository; "" if it is the whole of it, or in none."""
    here = canonical(folder)
    repository = git.repository_of(f"{here}/{baseline.NAME}")
    return (repository and rest_within(here, repository)) or ""


def _write(result: Result, written: _Written) -> None:
    """Write a result to files and print it: also one that says why nothing was judged, or if a file cannot be written."""
    not_written: list[str] = []
    for name, file in written.files:
        try:
            with _naming(file):
                write_file(Path(file), OUTPUTS[name](result).encode("utf-8", "surrogatepass"))
        except _NotJudged as error:
            not_written.append(error.message)
    show_bytes(OUTPUTS[written.format](result).encode("utf-8", "backslashreplace"))
    if result.unjudged and written.format != "text":
        tell(result.headline)
    if not_written:
        raise _NotJudged("; ".join(not_written))
