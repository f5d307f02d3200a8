"""Budgets: what some code may hold, and by how much it may grow."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from alloclens.check.growth import Growths
from alloclens.check.limits import Limit, is_count, limit
from alloclens.check.result import Violation
from alloclens.check.sites import Site, Table
from alloclens.languages.names import package
from alloclens.paths import clean_path
from alloclens.stats.growth import SampledValues, values_of_samples
from alloclens.transform.subset import samples_through
from alloclens.wording.amounts import amount, signed
from alloclens.wording.names import short_name

if TYPE_CHECKING:
    from alloclens.arrays import Mask
    from alloclens.check.growth import Runs
    from alloclens.check.result import CodeLine
    from alloclens.profile.model import Profile, ValueType
    from alloclens.settings.settings import Budget

KINDS = ("line", "function", "package", "label")


class BudgetError(ValueError):
    """A budget says nothing that could be judged."""


class ParsedBudget(NamedTuple):
    """A budget of the settings, parsed."""

    kind: str
    pattern: str
    most: float
    """Infinite for no limit."""
    growth: Limit
    is_count: bool = False
    """Whether it counts objects or goroutines; else it is in bytes."""

    @property
    def name(self) -> str:
        """What it is about: package example.com/shop/cart."""
        return f"{self.kind} {self.pattern}"


def parsed(budget: Budget, number: int) -> ParsedBudget:
    """Parse a budget of the settings, whose number messages name. Raises BudgetError."""
    given = [(kind, getattr(budget, kind)) for kind in KINDS if getattr(budget, kind)]
    if len(given) != 1:
        raise BudgetError(f"budget {number} needs exactly one of {', '.join(KINDS)}")
    if not (budget.max or budget.max_growth):
        raise BudgetError(f"budget {number} ({' '.join(given[0])}) needs max or maxGrowth")
    kind, pattern = given[0]
    if kind == "label" and "=" not in pattern:
        raise BudgetError(f"budget {number}: the label {pattern} needs a value, such as tenant=acme or tenant=*")
    if kind == "line" and not re.search(r":(\d+|\*)$", pattern):
        raise BudgetError(f"budget {number}: the line {pattern} needs a number, such as cart/cache.go:42")
    most = limit(budget.max).amount if budget.max else np.inf
    growth = limit(budget.max_growth) if budget.max_growth else Limit()
    return ParsedBudget(kind, pattern, most, growth, is_count(budget.max or budget.max_growth))


def judge(budget: ParsedBudget, runs: Runs, sample_type: ValueType, at: CodeLine) -> tuple[bool, list[Violation]]:
    """Return whether any sample is of a budget, and its violations: at most one of each limit. `at` is the line of the budget."""
    profiles = [comparison.contents.profile for comparison in runs.comparisons]
    hits = [chosen(profile, budget) for profile in profiles]
    pairs = list(zip(profiles, hits, strict=True))
    base = [_sum(profile, hit & profile.is_base) for profile, hit in pairs[: runs.bases]]
    head = [_sum(profile, hit & ~profile.is_base) for profile, hit in pairs[: runs.heads]]
    of = Growths(runs, sample_type, Table((Site(),), base, head, (("", 0, ""),)))
    held, unit, found = of.amount(0), sample_type.unit, []
    if of.lowest(0) > budget.most:
        found.append(f"holds {amount(held.value, unit)}, more than its budget of {amount(budget.most, unit)}")
    is_compared = runs.comparisons[0].contents.base is not None
    if is_compared and of.exceeding(budget.growth, 0)[0]:
        grown = f"{signed(held.growth or 0, unit)} (99 %: {signed(held.low, unit)} to {signed(held.high, unit)})"
        most = budget.growth.words if budget.growth.amount == np.inf else amount(budget.growth.amount, unit)
        found.append(f"grew by {grown}, more than its budget of {most}")
    before = held.value - (held.growth or 0)
    return any(hit.any() for hit in hits), [
        Violation(
            kind="budget",
            at=at,
            subject=budget.name,
            message=f"The {budget.name} {words}.",
            sample_type=sample_type.type,
            unit=unit,
            amount=held,
            points=(before, held.value) if is_compared else (held.value,),
        )
        for words in found
    ]


def chosen(profile: Profile, budget: ParsedBudget) -> Mask:
    """Return which samples a budget is about."""
    matches = re.compile(
        "".join(".*" if part == "*" else re.escape(part) for part in re.split(r"(\*)", budget.pattern)), re.DOTALL
    )
    if budget.kind == "label":
        return _labelled(profile, matches)
    hit = np.array([_matches(profile, row, budget.kind, matches) for row in range(len(profile.frames.line))], np.bool_)
    return samples_through(profile, hit)


def _matches(profile: Profile, row: int, kind: str, matches: re.Pattern[str]) -> bool:
    frame = profile.frame(row)
    if kind == "function":
        return any(map(matches.fullmatch, (frame.function, short_name(frame.function))))
    if kind == "package":
        return matches.fullmatch(package(frame.function, frame.file)) is not None
    path = f"/{clean_path(frame.file)}:{frame.line}"
    return any(matches.fullmatch(path, place.end()) for place in re.finditer("/", path))


def _labelled(profile: Profile, matches: re.Pattern[str]) -> Mask:
    labels, strings = profile.labels, profile.strings
    rows = zip(labels.sample.tolist(), labels.key.tolist(), labels.text.tolist(), strict=True)
    out = np.zeros(len(profile), np.bool_)
    out[[sample for sample, key, text in rows if text and matches.fullmatch(f"{strings[key]}={strings[text]}")]] = True
    return out


def _sum(profile: Profile, of: Mask) -> SampledValues:
    """Return the sum of some samples, as a table with one row."""
    return SampledValues(*(column[of].sum(axis=0, keepdims=True) for column in values_of_samples(profile)))
