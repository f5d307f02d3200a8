"""The answers to an agent's questions, each from one World."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from alloclens.agent.files import resolved
from alloclens.agent.numbers import number, rounded
from alloclens.agent.pages import MAX_ASKED_CHARACTERS, cut, page
from alloclens.paths import name_of
from alloclens.series.findings import RAISED
from alloclens.series.shown import by_weight
from alloclens.session.candidates import likeliest
from alloclens.session.choice import Choice, names, with_chosen
from alloclens.session.line_mapper import LineMapper, parts
from alloclens.session.naming import id_of, relative
from alloclens.text import split_lines
from alloclens.wording import instances, shown_series
from alloclens.wording.drift import report, without_line
from alloclens.wording.explain import nothing_of, of_file
from alloclens.wording.frames import folded, frame_name
from alloclens.wording.hover import stack_label
from alloclens.wording.kinds import type_name
from alloclens.wording.markdown import plain
from alloclens.wording.nothing import exits, no_finding, notes, of_snapshot
from alloclens.wording.status import in_full, is_there, nothing, there, unreadable
from alloclens.wording.times import moment
from alloclens.wording.verdict import SHAPES, figures, listed_message
from alloclens.workspace.files import text_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alloclens.profile.model import Frame
    from alloclens.series.comparison import Comparison
    from alloclens.series.findings import Finding
    from alloclens.series.series import Series
    from alloclens.series.services import Service
    from alloclens.session.line_mapper import MappedFinding, MappedLine
    from alloclens.session.world import FileLines, World
    from alloclens.tables.stacks import Stack

MAX_NOTES = 4
MAX_PROBLEMS = 2
"""Among the notes of findings: `list_series` has more."""
MAX_STACKS = 1000
"""Of one kind of profile."""
MAX_FRAMES = 24
UNCHANGED = "no line of your own code owns more or less; what changed in total is owned by none"


class UnknownNameError(ValueError):
    """No snapshot, series or line has what was asked for."""


class _Judged(NamedTuple):
    """A finding with where it is now."""

    finding: Finding
    comparison: Comparison
    now: MappedFinding

    def is_at(self, path: str, line: int) -> bool:
        """Return whether it is at a line of a file here, or was when it was recorded if that line is gone."""
        at = self.now.at
        return at is not None and (at.path, at.line or self.finding.line) == (path, line)


def list_series(world: World, cursor: str) -> str:
    """Return the series, newest first."""
    problems = _problems(world)
    more = [f"and {len(problems) - MAX_NOTES} more"] if len(problems) > MAX_NOTES else []
    fixed = {"nothing": "" if world.series else _nothing(world), "problems": [*problems[:MAX_NOTES], *more]}
    named = names(world)
    return page(fixed, "series", (_series(world, service, named[service]) for service in world.services), cursor)


def findings(world: World, cursor: str) -> str:
    """Return the lines that leak or grow, worst first, then candidates; and why nothing is proven, if so."""
    judged = _judged(world, once=True)
    is_found = any(of.finding.verdict in RAISED for of in judged)
    limits = [*_problems(world)[:MAX_PROBLEMS], *(plain(note) for note in (*notes(world), *exits(world)))]
    fixed = {
        "nothing": "" if is_found else plain(no_finding(world).words) if world.series else _nothing(world),
        "notes": limits[:MAX_NOTES],
    }
    mapper = LineMapper(world, text_of)
    return page(fixed, "findings", (_finding(world, mapper, of) for of in judged), cursor)


def lines(world: World, file: str, cursor: str) -> str:
    """Return the lines of a file that have numbers, heaviest first, those of series with findings in it first.

    Raises UnknownFileError.
    """
    path = resolved(world, file)
    roots = world.sources.roots
    ids: dict[tuple[Series, int], list[str]] = {}
    for of in _judged(world):
        if of.now.at and of.now.at.path == path:
            ids.setdefault((of.comparison.series, of.now.at.line), []).append(id_of(of.finding, of.now, roots))
    found = {series for series, _ in ids}
    kinds = sorted(_files(world, path), key=lambda kind: kind.comparison.series not in found)
    fixed = {
        "file": relative(path, roots),
        "nothing": ""
        if kinds
        else f"no profile has a stack through this file; explain says why: {nothing_of(path, named=False)}",
        "compared": [plain(in_full(kind.comparison)) for kind in kinds[:MAX_NOTES]],
    }
    text = text_of(path) or ""

    def rows() -> Iterator[dict[str, Any]]:
        for kind in kinds:
            for line, item in _rows(kind, text):
                its = ids.get((kind.comparison.series, line), [])
                yield {**item, "findings": list(dict.fromkeys(its)), "series": _named(world, kind.comparison)}

    return page(fixed, "lines", rows(), cursor)


def stacks(world: World, file: str, line: int, cursor: str) -> str:
    """Return the heaviest stacks through a line as it is now, by what grew or shrank most: those of its findings first.

    Raises UnknownFileError, and UnknownNameError if no profile has the line.
    """
    path = resolved(world, file)
    mapper = LineMapper(world, text_of)
    found = [of for of in _judged(world) if of.is_at(path, line)]
    told = {of.comparison for of in found}
    beside = [place for kind in _files(world, path) if kind.comparison not in told and (place := _at(kind, line))]
    if not found and not beside:
        raise UnknownNameError(f"no profile has a stack through {file}:{line}; ask for `lines` of the file")

    def rows() -> Iterator[dict[str, Any]]:
        for finding, comparison, now in found:
            for stack in comparison.stacks_of(finding, MAX_STACKS):
                yield {**_stack(world, comparison, stack, mapper), "finding": id_of(finding, now, world.sources.roots)}
        for comparison, recorded, then in beside:
            for stack in comparison.stacks(recorded, then, MAX_STACKS):
                yield _stack(world, comparison, stack, mapper)

    source = split_lines(text_of(path) or "")
    code = source[line - 1].strip() if 0 < line <= len(source) else ""
    return page({"line": f"{relative(path, world.sources.roots)}:{line}", "code": code}, "stacks", rows(), cursor)


def compare(world: World, base: str, head: str, series: str, cursor: str) -> str:
    """Return what changed from one snapshot to another, in lines of the user's own code. Raises UnknownNameError."""
    for name in filter(None, (base, head)):
        if world.series and not is_there(world, name):
            raise UnknownNameError(f"no snapshot is named {cut(name, MAX_ASKED_CHARACTERS)}; {there(world)}")
    chosen = with_chosen(world, Choice(series or world.settings.series or _telling(world, base, head)))
    if chosen.shown is None:
        raise UnknownNameError(shown_series.missing(chosen) or _nothing(chosen))
    kinds = [kind for kind in chosen.kinds(chosen.shown) if kind.base]
    if not kinds:
        raise UnknownNameError(f"there is nothing to compare: {plain(in_full(chosen.shown))}")
    mapper = LineMapper(chosen, text_of)
    rows = (row for kind in kinds for row in _changes(chosen, kind, mapper))
    first, its = next(rows, None), _named(chosen, chosen.shown)
    fixed = {
        "series": its,
        "other_series": [other for other in names(world).values() if its and other != its][:MAX_NOTES],
        "compared": [plain(in_full(kind)) for kind in kinds[:MAX_NOTES]],
        "nothing": "" if first else UNCHANGED,
    }
    return page(fixed, "lines", chain(filter(None, [first]), rows), cursor)


def _telling(world: World, base: str, head: str) -> str:
    """Return the name of the series to compare if none is named: one that has the snapshots, first one with findings; "" for any."""
    having = [service for service in world.services if any(map(service.has_chosen, filter(None, (base, head))))]
    offered = {series: service for service in having or world.services for series in service.series}
    found = (offered[of.series] for _, of in world.findings() if of.series in offered)
    telling = next(found, having[0] if having else None)
    return names(world)[telling] if telling and len(world.services) > 1 else ""


def explain(world: World, file: str, cursor: str) -> str:
    """Return how a file was found in the profiles, and where its recorded lines are now. Raises UnknownFileError."""
    path, shown = resolved(world, file), world.shown
    if shown is None:
        return page({"nothing": _nothing(world)}, "explanation", (), cursor)
    found = world.file(path)
    of = found.comparison if found else shown
    named, here = of.lines.by_name.get(name_of(path), {}), world.recorded_in(of, path)
    shares = [share for share in world.coverage_of(of).files if share.recorded in (here or named)]
    sentences = [sentence for share in shares for sentence in of_file(share, of.sample_type.unit)]
    if mapped := [*parts(world, of, path, text_of)]:
        sentences += [*report(of, path, mapped), *without_line(of, here)]
    else:
        unread = of_snapshot(of.head, world.sources.roots.folders)
        sentences = [nothing_of(path, named=bool(named)), *sentences, *map(plain, unread)]
    fixed = {"file": relative(path, world.sources.roots), "snapshot": of.head.name}
    return page(fixed, "explanation", (sentence.strip() for sentence in sentences), cursor)


def _problems(world: World) -> list[str]:
    """Return what is wrong with the settings, and which files could not be read."""
    return [*map(str, world.settings_problems), *(unreadable(of.name, of.reason) for of in world.problems)]


def _nothing(world: World) -> str:
    return plain(nothing(world))


def _series(world: World, service: Service, name: str) -> dict[str, Any]:
    shown = [comparison for comparison in world.comparisons if comparison.series in service.series]
    last = max((series.snapshots[-1] for series in service.series), key=lambda snapshot: snapshot.taken_at.seconds)
    return {
        "name": name,
        "program": service.program,
        "last": f"{moment(last)} ({last.name})",
        "kinds": [
            {
                "sample_type": type_name(comparison),
                "snapshots": len(comparison.series.snapshots),
                "head": comparison.head.name,
                "base": comparison.base.name if comparison.base else None,
                "total": rounded(comparison.total),
                "unit": comparison.sample_type.unit,
                "words": plain(in_full(comparison)),
            }
            for comparison in shown
        ],
    }


def _judged(world: World, *, once: bool = False) -> list[_Judged]:
    """Return the findings, worst first, then candidates; with `once`, a line that several instances have only for the worst."""
    mapper, found = LineMapper(world, text_of), world.findings()
    listed = (*(world.instances.once(found) if once else found), *likeliest(world.listed_candidates, mapper))
    return [_Judged(finding, of, mapper.finding(of, finding)) for finding, of in listed]


def _finding(world: World, mapper: LineMapper, of: _Judged) -> dict[str, Any]:
    finding, comparison, now = of
    message = listed_message(finding, comparison, now, world.settings.memory_bytes)
    message += instances.sentence(world, finding, comparison)
    shape = mapper.shape(comparison, finding, now)
    grown = next(iter(comparison.stacks_of(finding, 1)), None)
    return {
        "id": id_of(finding, now, world.sources.roots),
        "code": finding.code,
        "at": _place(world, now.at, finding.file, finding.line),
        "placement": now.at.certainty if now.at else "unplaced",
        "function": finding.function,
        "why": f"{message} {SHAPES[shape]}" if shape else message,
        "shape": shape.value if shape else None,
        "owned": number(finding.owned, finding.sample_type.unit) | {"words": None},
        "sample_type": finding.sample_type.type,
        "evidence": figures(finding),
        "stack": _folded(world, comparison, grown, mapper) if grown else None,
        "series": _named(world, comparison),
        "program": comparison.series.program,
        "snapshot": comparison.head.name,
    }


def _files(world: World, path: str) -> list[FileLines]:
    """Return the lines of a file in each kind of profile of every service."""
    kinds = (comparison for comparison in world.comparisons if comparison in world.kinds(comparison))
    return [lines for kind in kinds if (lines := world.file_of(world.with_lines(kind), path))]


def _named(world: World, comparison: Comparison) -> str | None:
    """Return the name of a series if there are several services."""
    return shown_series.of_series(world)[comparison.series] if len(world.services) > 1 else None


def _place(world: World, at: MappedLine | None, recorded: str, line: int) -> str:
    """Return file:line relative to the workspace; as recorded if it is not there, which is said if the file is."""
    if at is None:
        return f"{recorded}:{line}" if recorded else ""
    return at.named(relative(at.path, world.sources.roots), line)


def _folded(world: World, comparison: Comparison, stack: Stack, mapper: LineMapper) -> str:
    def own(frame: Frame) -> str:
        at = mapper.of(comparison, frame.file, frame.line)
        return f"{frame.function} {_place(world, at, frame.file, frame.line)}"

    return f"{stack_label(stack, comparison)}: {folded(stack.frames, comparison.is_own, own, frame_name)}"


def _rows(kind: FileLines, text: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield the numbers of the lines that are still there, heaviest first."""
    comparison, mapped, source = kind.comparison, kind.on(text), split_lines(text)
    now = dict(zip(kind.rows.tolist(), zip(mapped.line.tolist(), mapped.unsure.tolist(), strict=True), strict=True))
    unit = comparison.sample_type.unit
    for row in by_weight(comparison, kind.rows).tolist():
        line, unsure = now[row]
        if not line:
            continue
        stats = comparison.stats(row)
        yield (
            line,
            {
                "line": line,
                "placement": "unsure" if unsure else "sure",
                "code": source[line - 1].strip() if line <= len(source) else "",
                "function": comparison.lines.function(row),
                "sample_type": type_name(comparison),
                "flat": rounded(stats.flat.value),
                "cum": rounded(stats.cum.value),
                "owned": number(stats.owned, unit),
            },
        )


def _at(kind: FileLines, line: int) -> tuple[Comparison, str, int] | None:
    """Return the heaviest recorded line (file, number) at a line of the file as it is now; None if there is none."""
    text = text_of(kind.place.path)
    if text is None:
        return None
    spots = np.flatnonzero(kind.on(text).line == line)
    if not len(spots):
        return None
    lines = kind.comparison.lines
    heaviest = np.argmax(np.abs(lines.value.cum[kind.rows[spots], kind.comparison.column]))
    row = int(kind.rows[spots[heaviest]])
    return kind.comparison, *lines.at(row)


def _stack(world: World, comparison: Comparison, stack: Stack, mapper: LineMapper) -> dict[str, Any]:
    def frame_of(frame: Frame) -> str:
        own = comparison.is_own(frame.file)
        at = mapper.of(comparison, frame.file, frame.line) if own else None
        place = _place(world, at, frame.file, frame.line) if own else f"{name_of(frame.file)}:{frame.line}"
        return f"{'* ' if own else ''}{frame.function or frame.binary or '?'} {place if frame.file else ''}".rstrip()

    left_out = len(stack.frames) - MAX_FRAMES
    rest = [f"{left_out} more frames"] if left_out > 0 else []
    grown = stack.amount.growth
    return {
        "words": stack_label(stack, comparison),
        "value": rounded(stack.amount.value),
        "growth": None if grown is None or comparison.base is None else rounded(grown),
        "unit": comparison.sample_type.unit,
        "sample_type": type_name(comparison),
        "series": _named(world, comparison),
        "frames": [*map(frame_of, stack.frames[:MAX_FRAMES]), *rest],
    }


def _changes(world: World, comparison: Comparison, mapper: LineMapper) -> Iterator[dict[str, Any]]:
    """Yield the own lines whose owned value changed: first those whose growth is significant, each by its size."""
    lines = comparison.lines
    own = np.flatnonzero(lines.own[lines.file] & (lines.line > 0)) if len(lines) else np.zeros(0, np.int64)
    rows = [(row, comparison.stats(row).owned) for row in own.tolist()]
    changed = [(row, owned) for row, owned in rows if owned.growth]
    changed.sort(key=lambda pair: (not pair[1].significant, -abs(pair[1].growth or 0)))
    for row, owned in changed:
        file, line = lines.at(row)
        yield {
            "at": _place(world, mapper.of(comparison, file, line), file, line),
            "function": lines.function(row),
            "sample_type": type_name(comparison),
            "owned": number(owned, comparison.sample_type.unit),
            "was": comparison.was(row),
        }
