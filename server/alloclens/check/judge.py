"""Checks a series, or the runs of two builds."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from alloclens.check import budgets, findings, growth
from alloclens.check.growth import Runs, growths
from alloclens.check.limits import BYTES, HELD, Least, Limit
from alloclens.check.places import CodePlaces
from alloclens.check.result import CodeLine, Result
from alloclens.check.run_pairs import incomparable
from alloclens.check.sensitivity import least_seen
from alloclens.profile.sample_types import judged
from alloclens.wording.amounts import share
from alloclens.wording.markdown import plain
from alloclens.wording.nothing import no_finding, notes
from alloclens.wording.status import unreadable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from alloclens.check.growth import Growths
    from alloclens.check.result import Change, Violation
    from alloclens.check.run_pairs import RunPairs
    from alloclens.languages.toml import KeyPath
    from alloclens.profile.model import ValueType
    from alloclens.series.comparison import Comparison
    from alloclens.session.line_mapper import TextOf
    from alloclens.session.world import World

MUCH = 0.1
"""The share of a profile that is worth a note if it is not compared."""
ALLOCATED = ("alloc_space", "alloc_objects")
"""The sample types of what was allocated."""


class CheckOptions(NamedTuple):
    """What is checked, and against which limits."""

    fail_on: tuple[str, ...] = findings.LEAKS
    most: Limit | None = None
    """The growth that is allowed; None if none is judged."""
    least: Least = HELD
    by: str = "owned-line"
    per_operation: bool = False
    """Whether what operations allocate is judged instead of what is in use."""


class CheckedCode(NamedTuple):
    """Where the code is, and what its settings file says of budgets."""

    folder: str
    """Real."""
    text_of: TextOf
    settings_file: str = ""
    lines: Mapping[KeyPath, int] = {}
    """Of the keys of that file."""


@dataclass
class _Found:
    """What has been found so far."""

    violations: list[Violation] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    judged: int = 0
    """Of sites and budgets."""
    budgets: set[int] = field(default_factory=set)
    """The numbers of those of which there was a kind of profile."""
    not_judged: list[str] = field(default_factory=list)
    """Why some could not be; only of interest if nothing is."""
    unseen: list[str] = field(default_factory=list)
    """Which growth would not have been seen; only of interest if there are no violations."""
    missing: list[str] = field(default_factory=list)
    """Why what was asked for could not be judged, or a part of it."""

    def result(self, subject: str, unjudged: str, here: CheckedCode) -> Result:
        """Return it; what could not be judged is a note beside violations."""
        more = [unjudged] if unjudged and self.violations else []
        return Result(
            subject,
            tuple(sorted(self.violations, key=lambda violation: violation.rank)),
            changes=tuple(self.changes),
            notes=tuple(dict.fromkeys([*(note for note in self.notes if note not in unjudged), *more])),
            unjudged="" if self.violations else unjudged,
            beside="".join(more),
            judged=self.judged,
            root=here.folder,
        )


def check_series(world: World, options: CheckOptions, here: CheckedCode, subject: str) -> Result:
    """Check the snapshots of directories: their findings, their growth since the first snapshot of the process, and the budgets."""
    found, places = _found(world), CodePlaces(world, here.folder, here.text_of)
    wrong = _mistakes(world)
    found.violations += findings.violations(world, places, options.fail_on)
    found.judged += sum(len(c.judgement.history.site) for c in world.judged if c.judgement)
    before = found.judged
    if options.most and not any(comparison.base for comparison in world.comparisons):
        found.missing.append("to tell growth takes two snapshots of one process")
    for comparison in world.comparisons:
        if sample_type := judged(comparison.head.sample_types):
            runs = Runs([comparison], 1, 1, ([1.0], [1.0]), comparison.one_process)
            if options.most and comparison.base:
                _grown(growths(runs, sample_type, options.by), options, places, found)
            _budgets(world, runs, sample_type, here, found)
    found.notes += _without_profile(world, found)
    why, is_limited = findings.unjudged(world, options.fail_on), found.judged > before
    if silent := [why] if why else [*findings.silent(world, options.fail_on)]:
        found.missing += [*silent, *["give --fail-on= to judge growth and budgets alone"] * is_limited]
    if not (options.fail_on or found.missing or is_limited):
        found.missing.append("--fail-on names no finding, and no growth or budget is judged instead")
    if not (why or found.violations):
        found.notes.append(findings.others(world, options.fail_on) or plain(no_finding(world).words))
    found.notes += found.not_judged
    return found.result(subject, "; ".join(wrong or dict.fromkeys(found.missing)), here)


def check_builds(pairs: RunPairs, options: CheckOptions, here: CheckedCode, subject: str) -> Result:
    """Check the runs of two builds, one kind of profile after the other."""
    found, wrong = _Found(notes=list(pairs.notes)), list[str]()
    found.missing += pairs.unjudged
    for runs, world in pairs.kinds:
        comparison, places = runs.comparisons[0], CodePlaces(world, here.folder, here.text_of)
        found.notes += _found(world).notes
        wrong = _mistakes(world)
        found.missing += incomparable(runs)
        for sample_type in _types(comparison, options, found):
            if options.most:
                of = growths(runs, sample_type, options.by)
                _grown(of, options, places, found)
                found.changes += growth.changed(of)
                found.unseen.append(least_seen(of, options.most, options.least.of(sample_type.unit)))
        if not options.per_operation and (held := judged(comparison.contents.head.sample_types)):
            _budgets(world, runs, held, here, found)
    if pairs.kinds and not options.per_operation:
        found.notes += _without_profile(pairs.kinds[0][1], found)
    if found.judged:
        found.notes += found.not_judged
    else:
        found.missing += found.not_judged
    if not (found.violations or found.missing):
        found.notes += filter(None, found.unseen)
    if not (found.judged or found.missing):
        found.missing.append("nothing of them is judged")
    return found.result(subject, "; ".join(wrong or dict.fromkeys(found.missing)), here)


def _found(world: World) -> _Found:
    said = [unreadable(problem.name, problem.reason) for problem in world.problems]
    said += [*map(plain, notes(world)), *map(str, world.settings_problems)]
    return _Found(notes=said)


def _types(comparison: Comparison, options: CheckOptions, found: _Found) -> list[ValueType]:
    """Return the sample types to judge."""
    types = comparison.contents.head.sample_types
    if options.per_operation:
        chosen = [kind for kind in types if kind.type in ALLOCATED]
    else:
        chosen = [held] if (held := judged(types)) else []
    if not chosen:
        names = ", ".join(kind.type for kind in types)
        found.not_judged.append(
            f"profiles of {names} say nothing of what is {'allocated' if options.per_operation else 'in use'}"
        )
    return chosen


def _grown(of: Growths, options: CheckOptions, places: CodePlaces, found: _Found) -> None:
    if options.most is None:
        return
    if options.most.is_count and of.sample_type.unit == BYTES:
        found.missing.append(
            f"--max-growth {options.most.words} has no unit, so it is of what is counted, not of bytes: "
            f"write {options.most.words}% or {options.most.words}B"
        )
        return
    if of.is_unknown:
        found.missing.append(
            f"the sampling error of {of.sample_type.type} is not known: take at least two runs of each side, so that their "
            "differences tell it"
        )
        return
    if not of.judged:
        found.not_judged.append(f"no line of your own code has anything in the {of.sample_type.type} of base or head")
        return
    found.judged += of.judged
    if of.foreign > MUCH:
        found.notes.append(
            f"{share(of.foreign, 1)} of the {of.sample_type.type} of the head is owned by no line of your own code, and is not compared"
        )
    found.violations += growth.violations(of, options.most, options.least, places, per_operation=options.per_operation)


def _mistakes(world: World) -> list[str]:
    """Return what is wrong with the budgets, or with the whole settings file: a budget that is ignored would let anything pass."""
    problems = world.settings_problems
    wrong = [str(problem) for problem in problems if problem.is_whole or problem.message.startswith("budget")]
    for number, budget in enumerate(world.settings.budget, 1):
        try:
            budgets.parsed(budget, number)
        except budgets.BudgetError as error:
            wrong.append(str(error))
    return wrong


def _without_profile(world: World, found: _Found) -> Iterator[str]:
    """Yield a note for each budget of which no kind of profile was read: it passed because nothing was compared with it."""
    for number, budget in enumerate(world.settings.budget, 1):
        if number in found.budgets:
            continue
        with suppress(budgets.BudgetError):  # `_mistakes` says so
            parsed, most = budgets.parsed(budget, number), budget.max or budget.max_growth
            why = (
                f"{most} has no unit, so it counts goroutines, of which there is no profile; for bytes, write {most}B"
                if parsed.is_count
                else "it is in bytes, and there is no profile of the heap"
            )
            yield f"budget {number} ({parsed.name}) was not judged: {why}"


def _budgets(world: World, runs: Runs, sample_type: ValueType, here: CheckedCode, found: _Found) -> None:
    """Judge the budgets of a kind of profile: those in bytes, or those that count."""
    for number, budget in enumerate(world.settings.budget, 1):
        try:
            parsed = budgets.parsed(budget, number)
        except budgets.BudgetError:  # `_mistakes` says so
            continue
        if parsed.is_count == (sample_type.unit != BYTES):
            at = CodeLine(here.settings_file, here.lines.get(("budget", number - 1), 1))
            is_any, violations = budgets.judge(parsed, runs, sample_type, at)
            found.budgets.add(number)
            found.judged += is_any
            found.violations += violations
            if not is_any:
                found.notes.append(
                    f"budget {number}: nothing in the profiles of {sample_type.type} is of the {parsed.name}"
                )
