"""The findings of a series that fail a build."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np

from alloclens.check.result import Violation
from alloclens.profile.sample_types import GOROUTINES, LEAKED, judged
from alloclens.series.verdicts import MIN_LEAK_OBSERVATIONS, MIN_OBSERVATIONS, VERDICT_RULES, Rule
from alloclens.wording import instances, shown_series
from alloclens.wording.amounts import counted
from alloclens.wording.markdown import plain
from alloclens.wording.nothing import Cause, no_finding
from alloclens.wording.status import nothing
from alloclens.wording.verdict import placed_message

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from alloclens.check.places import CodePlaces
    from alloclens.series.comparison import Comparison
    from alloclens.series.findings import Finding
    from alloclens.session.world import World

LEAKS = ("leak", "goroutine-leak")
FAILING = (*LEAKS, "growing")
"""What can fail a build."""


def violations(world: World, places: CodePlaces, fail_on: Collection[str]) -> Iterator[Violation]:
    """Yield the findings whose code is in `fail_on`, worst first: of those of the instances of a service on one line, the worst."""
    failing = (pair for pair in world.findings() if pair[0].code in fail_on)
    for finding, comparison in world.instances.once(failing):
        yield _violation(finding, comparison, world, places)


def _violation(finding: Finding, comparison: Comparison, world: World, places: CodePlaces) -> Violation:
    placed = places.mapper.finding(comparison, finding)
    said = placed_message(finding, comparison, placed, world.settings.memory_bytes)
    return Violation(
        kind=finding.code,
        at=places.finding(finding, placed),
        subject=finding.function,
        message=plain(said + instances.sentence(world, finding, comparison)),
        sample_type=finding.sample_type.type,
        unit=finding.sample_type.unit,
        amount=finding.owned,
        points=finding.points,
        stack=places.stack(comparison, comparison.stacks_of(finding, 1)),
    )


def unjudged(world: World, fail_on: Collection[str]) -> str:
    """Return why these findings, or those of one series, could not have been made; "" if all could, or one is found."""
    if world.shown is None:
        return shown_series.missing(world) or plain(nothing(world))
    able = [comparison for comparison in world.judged if codes(comparison).intersection(fail_on)]
    if not fail_on or {finding.code for one in able for finding in one.findings()}.intersection(fail_on):
        return ""
    why = no_finding(world)
    if why.cause is not Cause.UNPROVEN and not any(map(_is_proof, able)):
        return plain(why.words)
    if not able:
        kinds = sorted({series.kind.name.lower() for series in world.series})
        return f"no finding of {' or '.join(fail_on)} can be in profiles of {' and '.join(kinds)}"
    most, least = max(map(_observations, able)), _least(fail_on)
    if most >= least or any(map(_is_proof, able)):
        return ""
    what = "growth" if "growing" in fail_on else "a leak"
    sooner = "" if "growing" in fail_on or most < MIN_OBSERVATIONS else ", or fail on growing, too"
    return (
        f"to tell {what} takes {least} snapshots of one process between garbage collections, and there are only "
        f"{counted(most, 'such snapshot')}: take more{sooner}"
    )


def silent(world: World, fail_on: Collection[str]) -> Iterator[str]:
    """Say of which series nothing could be found, beside those of which it could."""
    names = shown_series.of_series(world)
    what = "show growth" if "growing" in fail_on else "prove a leak"
    for series in world.series:
        of_series = [comparison for comparison in world.judged if comparison.series is series]
        able = [comparison for comparison in of_series if codes(comparison).intersection(fail_on)]
        most = max(map(_observations, able), default=0)
        which = f"{series.kind.name.lower()} profiles in {names[series]}"
        if able and most < _least(fail_on) and not _is_proof(able[0]):
            yield f"{which}: {counted(most, 'snapshot')} of one process cannot {what}"
        elif "growing" in fail_on and any(map(_is_early, able)):
            yield (
                f"{which}: it is too early to tell what grows, as a new process always does: "
                f"take {MIN_LEAK_OBSERVATIONS} snapshots of it, not {most}"
            )


def others(world: World, fail_on: Collection[str]) -> str:
    """Say which findings there are that do not fail; "" if there are none."""
    found = Counter(finding.code for comparison in world.judged for finding in comparison.findings())
    kinds = [f"{number} {code}" for code, number in sorted(found.items()) if code not in fail_on]
    return f"findings that do not fail, as --fail-on does not name them: {', '.join(kinds)}" if kinds else ""


def codes(comparison: Comparison) -> frozenset[str]:
    """Return the codes that findings of a comparison can have."""
    sample_type = judged(comparison.head.sample_types)
    if sample_type is None:
        return frozenset()
    return frozenset(("goroutine-leak" if sample_type.type in GOROUTINES else "leak", "growing"))


def _observations(comparison: Comparison) -> int:
    return len(comparison.judgement.history) if comparison.judgement else 0


def _is_early(comparison: Comparison) -> bool:
    """Return whether something rises of which it cannot be told yet whether it is the start of the process."""
    rules = comparison.judgement.verdicts.rule if comparison.judgement else np.zeros(0, np.int64)
    return bool((rules == VERDICT_RULES.index(Rule.EARLY)).any())


def _least(fail_on: Collection[str]) -> int:
    """Return how many observations it takes at least to find any of these."""
    return 2 if "growing" in fail_on else MIN_LEAK_OBSERVATIONS


def _is_proof(comparison: Comparison) -> bool:
    """Return whether the garbage collector itself says which goroutines leak."""
    return any(kind.type == LEAKED for kind in comparison.head.sample_types)
