"""alloclens check."""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

from alloclens.check import baseline
from alloclens.check.findings import FAILING, LEAKS
from alloclens.check.growth import Runs
from alloclens.check.judge import Asked, CheckedCode, check_builds, check_series
from alloclens.check.limits import HELD, MAX_GROWTH, PER_OPERATION, Limit, least, limit
from alloclens.check.operations import operations as operations_in
from alloclens.check.operations import output_beside
from alloclens.check.outputs import OUTPUTS
from alloclens.check.result import UNJUDGED, Result
from alloclens.check.sites import BY
from alloclens.cli import options
from alloclens.cli.terminal import show_bytes, tell
from alloclens.disk import read_file, real, write_file
from alloclens.disk import reason as reason_of
from alloclens.session import once
from alloclens.session.world import FilePair
from alloclens.settings import config
from alloclens.workspace.around import workspace_around
from alloclens.workspace.files import text_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from alloclens.faults import Problem
    from alloclens.profile.kinds import ProfileKind
    from alloclens.session.once import FilesRead
    from alloclens.session.world import World

LARGEST_OUTPUT = 16 << 20
"""Of a benchmark, in bytes."""
BESIDE = (".txt", ".toml", ".json")
"""The names of files that may lie beside profiles; and of profiles, too."""
MAX_RUNS = 50
"""Of one side and kind of profile."""


class _NotJudged(click.ClickException):
    """Nothing could be judged."""

    exit_code = UNJUDGED


def _codes(ctx: click.Context, param: click.Parameter, value: str) -> tuple[str, ...]:
    """Return the findings that are named, between commas."""
    words = tuple(word.strip() for word in value.split(",") if word.strip())
    if wrong := [word for word in words if word not in FAILING]:
        raise click.BadParameter(f"{wrong[0]!r} is not one of {', '.join(FAILING)}", ctx, param)
    return words


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
@click.option("--link", default="", help="The address of a report, for the formats that can link to it.")
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
    link: str,
    format_: str,
    outputs: tuple[str, ...],
) -> None:
    """Fail if a line in DIRECTORY leaks, or if code holds more in a head than in a base.

    The exit code is 0 if nothing was found, 1 if something was, and 2 if nothing could be judged.
    """
    if (directory is None) == (base is None and head is None) or (base is None) != (head is None):
        raise click.UsageError("Name either a DIRECTORY, or --base and --head.")
    if (operations and not alloc) or (alloc and not base):
        raise click.UsageError("--operations requires --alloc, and --alloc requires --base and --head.")
    written = _written(format_, outputs)
    with _judging():
        folder = real(workspace) if workspace else workspace_around(os.curdir)
        here = _workspace(folder)
        try:
            most = limit(max_growth) if max_growth else Limit(share=MAX_GROWTH) if base else None
            asked = Asked(fail_on, most, least(min_growth, PER_OPERATION if alloc else HELD), by, alloc)
        except ValueError as error:
            raise click.UsageError(str(error)) from error
        if base and head:
            result = _builds(base, head, asked, here, operations)
        else:
            result = check_series(once.world([folder], [real(directory or "")], {}), asked, here, directory or "")
        result = _accepting(result, folder, baseline_path, (reason, expires) if update_baseline else None)
        _write(replace(result, link=link), written)
    raise click.exceptions.Exit(result.exit_code)


@contextmanager
def _judging() -> Iterator[None]:
    """Exit with UNJUDGED, not 1, if a file cannot be read or written."""
    try:
        yield
    except click.UsageError:
        raise
    except click.ClickException as error:
        raise _NotJudged(error.message) from error
    except OSError as error:
        raise _NotJudged(f"{error.filename}: {reason_of(error)}" if error.filename else reason_of(error)) from error


def _written(format_: str, outputs: Sequence[str]) -> _Written:
    files = []
    for output in outputs:
        name, equals, file = output.partition("=")
        if not equals or not file or name not in OUTPUTS:
            raise click.UsageError(f"--output {output}: it is FORMAT=FILE, and a format is one of {', '.join(OUTPUTS)}")
        files.append((name, file))
    return _Written(format_, tuple(files))


def _workspace(folder: str) -> CheckedCode:
    file = config.read([folder])
    name = os.path.basename(file.path)
    return CheckedCode(folder, text_of, name, file.lines)


def _builds(base: str, head: str, asked: Asked, here: CheckedCode, number: int | None) -> Result:
    """Check the runs of two builds."""
    subject, folder = f"{head} against {base}", here.folder
    sides = [_files(side) for side in (base, head)]
    read = once.read_files([folder], [path for side in sides for path in side], {})
    problems = [
        f"{problem.name} could not be read: {problem.reason}" for problem in read.problems if not _is_beside(problem)
    ]
    problems += [
        f"{snapshot.name} is a difference (taken with ?seconds=N) and is left out: take it without"
        for snapshot in read.snapshots.values()
        if snapshot.is_difference
    ]
    kinds = [_by_kind(read, side) for side in sides]
    if missing := [side for side, of in zip((base, head), kinds, strict=True) if not of]:
        why = f"there is no profile in {' and none in '.join(missing)}"
        return Result(subject, notes=tuple(problems), unjudged=why, root=folder)
    shared = [kind for kind in kinds[0] if kind in kinds[1]]
    if not shared:
        names = [", ".join(kind.name.lower() for kind in of) for of in kinds]
        why = f"the profiles of the base are of another kind ({names[0]}) than those of the head ({names[1]})"
        return Result(subject, notes=tuple(problems), unjudged=why, root=folder)
    problems += [
        f"only one side has profiles of {kind.name.lower()}" for kind in {*kinds[0], *kinds[1]}.difference(shared)
    ]
    problems += [
        f"of {len(of[kind])} runs with profiles of {kind.name.lower()}, the first {MAX_RUNS} count"
        for of in kinds
        for kind in shared
        if len(of[kind]) > MAX_RUNS
    ]
    pairs = []
    for kind in shared:
        runs = _runs(kinds[0][kind][:MAX_RUNS], kinds[1][kind][:MAX_RUNS], asked, folder, number)
        if isinstance(runs, str):
            problems.append(runs)
        else:
            pairs.append(runs)
    if not pairs:
        return Result(subject, notes=tuple(problems[:-1]), unjudged=problems[-1], root=folder)
    return check_builds(pairs, asked, here, subject, problems)


def _files(side: str) -> list[str]:
    """Return the files of a side, as real paths."""
    if not os.path.isdir(side):
        return [real(side)]
    return sorted(entry.path for entry in os.scandir(real(side)) if entry.is_file() and not entry.name.startswith("."))


def _is_beside(problem: Problem) -> bool:
    """Return whether a file is no profile and is meant to be none, such as what a benchmark printed."""
    return problem.is_no_profile and problem.path.endswith(BESIDE)


def _by_kind(read: FilesRead, files: Sequence[str]) -> dict[ProfileKind, list[str]]:
    out: dict[ProfileKind, list[str]] = {}
    for path in files:
        if (snapshot := read.snapshots.get(path)) and not snapshot.is_difference:
            out.setdefault(snapshot.kind, []).append(path)
    return out


def _runs(base: list[str], head: list[str], asked: Asked, folder: str, number: int | None) -> tuple[Runs, World] | str:
    """Read the runs of one kind of profile in pairs; return why if they cannot be compared."""
    counts = [[1.0] * len(base), [1.0] * len(head)]
    if asked.per_operation:
        counts = [[float(number or _operations(path)) for path in side] for side in (base, head)]
        if without := [
            path
            for side, of in zip((base, head), counts, strict=True)
            for path, n in zip(side, of, strict=True)
            if not n
        ]:
            return (
                f"{os.path.basename(without[0])}: how many operations it is of is not known: write what `go test -bench` prints "
                f"to {os.path.basename(output_beside(without[0]))} beside it, or give --operations"
            )
    worlds = []
    for i in range(max(len(base), len(head))):
        world = once.two_files([folder], FilePair(base[i % len(base)], head[i % len(head)]), {})
        if world.named is None:
            return (
                "; ".join(f"{problem.name} {problem.reason}" for problem in world.problems) or "they cannot be compared"
            )
        worlds.append(world)
    comparisons = [world.named.comparison for world in worlds if world.named]
    return Runs(comparisons, len(base), len(head), (counts[0], counts[1])), worlds[0]


def _operations(profile: str) -> int:
    try:
        return operations_in(read_file(output_beside(profile), LARGEST_OUTPUT).decode("utf-8", "replace"))
    except OSError:
        return 0


def _accepting(result: Result, folder: str, path: str | None, update: tuple[str, datetime | None] | None) -> Result:
    """Return a result without what the baseline accepts, which is written first if it is to be updated."""
    file, today = Path(path or os.path.join(folder, baseline.NAME)), date.today().isoformat()  # noqa: DTZ011 - a day here
    known = baseline.Baseline()
    if path or os.path.lexists(file):
        try:
            known = baseline.read(read_file(file, baseline.LARGEST))
        except FileNotFoundError:
            if not update:
                raise
        except baseline.BaselineError as error:
            raise click.ClickException(f"{file}: {error}") from error
    if update and not result.unjudged:
        reason, expires = update
        known = baseline.updated(result.violations, known, today, reason, expires.date().isoformat() if expires else "")
        write_file(file, baseline.write(known))
    new, accepted = baseline.parted(result.violations, known, today)
    return replace(result, violations=tuple(new), accepted=tuple(accepted))


def _write(result: Result, written: _Written) -> None:
    """Print a result, and write it to files: also one that says why nothing was judged."""
    for name, file in written.files:
        write_file(Path(file), OUTPUTS[name](result).encode("utf-8", "surrogatepass"))
    show_bytes(OUTPUTS[written.format](result).encode("utf-8", "backslashreplace"))
    if result.unjudged and written.format != "text":
        tell(result.headline)
