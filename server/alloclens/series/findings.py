"""Findings: lines of own code with their verdict, the rule behind it and its figures."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from alloclens.arrays import distinct, ratio
from alloclens.languages.names import lasting_name
from alloclens.profile.sample_types import GOROUTINES, LEAKED, column_of
from alloclens.series.owned import WITH_CALLED
from alloclens.series.verdicts import (
    MIN_LEAK_OBSERVATIONS,
    MIN_OBSERVATIONS,
    MIN_RISE,
    SIGNIFICANCE,
    VERDICT_RULES,
    VERDICTS,
    Rule,
    verdicts,
)
from alloclens.stats.amount import Amount
from alloclens.stats.growth import undone_before
from alloclens.stats.trend import quantile, slope

if TYPE_CHECKING:
    from collections.abc import Collection

    from alloclens.arrays import Floats, Ints, Mask
    from alloclens.profile.model import ValueType
    from alloclens.series.history import History
    from alloclens.series.verdicts import Verdicts
    from alloclens.tables.lines import Lines


RAISED = ("leak", "growing")
"""The verdicts that are reported; the others are shown on request."""
UNPROVEN = (
    *(Rule.EARLY, Rule.FILLED, Rule.SLOWS, Rule.REFILLS, Rule.LOADED),
    *(Rule.SWINGS, Rule.UNCLEAR, Rule.TURNS, Rule.STANDS),
)
"""The rules of what may leak though nothing is proven."""
MAX_CANDIDATES = 5
MAX_QUIET = 3
"""Lines to name while nothing rises and it is too early for a verdict."""
MAX_RANKED = 20
"""Candidates of a kind of profile, by their numbers, to order by what else is known of them."""
SLOWING = 0.75
"""Weight of how clearly a rise slowed down, to rank candidates: a leak does so by chance, or at night."""
USUAL_SLOWING = 1.0
"""In standard errors, among the callers of one line: it is the largest of several parts of a series, so a steady rise seems to slow down
as much by chance. Other lines may be caches, which fill up in most programs."""
LOADED = 0.5
"""Weight of what load may explain of a rise: much comes and goes on a leak's own line, too."""
CERTAIN = 38.0
"""In standard errors: what is clearer has the p-value 0 in floating point, and the larger growth comes first."""
MIN_SCORE = 0.5
"""Below this, a rise is too unclear to say when it would be proven, in standard errors."""
MANY = 10
"""A candidate that needs more than this many times the snapshots there are is remote."""
MIN_GOROUTINE_BYTES = 2048 + 440
"""Minimum memory of a goroutine, to rank goroutines with bytes: its first stack and its descriptor."""
MAX_INLINED = 4
"""Functions named that may have been inlined."""
STAYED = 0.9
"""Part of the most that a function held that it still holds, if it leaked and was inlined: it allocates no more, and nothing is freed."""
MIN_STANDING = 3
"""Observations in which a function allocates nothing before it may have been inlined as its caller's pace rose."""
COLLECTED = 0.1
"""Part of what is in use that is gone from one observation to the next if all garbage was collected between them."""
MOVED = 0.5
"""A line took over what V8 inlined into it if what it calls fell by more than this part of what the line grew."""
EXPLAINED = 0.5
"""Findings on lines that a line calls explain what grew there and on it if they grew by more than this part of that."""
NOTHING_BESIDE = Amount(0.0)
MAX_POINTS = 24
"""Points of a history in a chart."""


class ObservedSpan(NamedTuple):
    """The observations behind a verdict."""

    observations: int
    seconds: float


class RelatedLine(NamedTuple):
    """An own line that calls the line of a finding, or is called there, as recorded."""

    file: str
    line: int
    function: str
    owned: Amount
    """What a caller holds through the line of the finding, or what a called line holds."""


@dataclass(frozen=True)
class Finding:
    """The verdict on one line, or on what no own line owns. Values in the unit of `sample_type`."""

    rule: Rule
    file: str
    """As recorded; "" if no own line owns it."""
    line: int
    function: str
    """The function of the line; the outermost function if no own line owns it."""
    sample_type: ValueType
    owned: Amount
    """At the head, with its growth since the first observation. The 99 % interval is for this line alone, `significant` for all lines."""
    slope: float
    """Theil–Sen slope, per second."""
    p_value: float
    """The probability that a line without a leak rises as much; 1 for few observations."""
    tests: int
    """The number of lines that could have shown a rise."""
    deviate: float
    """How clearly it rises, in standard errors."""
    score: float
    """The same, less a part of how clearly it slowed down, and of what load may explain."""
    load: float
    """What is freed per second in the second half, as a multiple of the first; nan if unknown."""
    retention: float
    """Growth as a share of the allocations meanwhile; nan if unknown."""
    sampled: float
    """The number of sampled objects in the growth, at least; nan if nothing is sampled."""
    rate: float
    """Mean bytes between two samples of the head; 0 if nothing is sampled."""
    over: ObservedSpan
    points: tuple[float, ...]
    """Owned values at evenly spaced observations."""
    path: tuple[RelatedLine, ...] = ()
    """The callers whose figures these are, nearest first, if the line has several and the last of these decided."""
    callers: tuple[RelatedLine, ...] = ()
    """Where several callers fork, all of them, worst first: those beside the one that decided, or else the nearest."""
    beside: Amount = NOTHING_BESIDE
    """What its line owns through other callers than those that decided, with its growth."""
    is_quiet: bool = False
    """Whether it is named although it does not rise: it is too early, and a leak up to the bound of its growth would not show yet."""
    may_be_young: bool = False
    """Whether nothing says that the process ran long before its first snapshot."""
    has_ended: bool = False
    """Whether its process has ended, so that no more snapshots can settle it."""
    is_of_files: bool = False
    """Whether it is of files that the user named, to which no more snapshots come."""
    with_called: bool = False
    """Whether its figures are of the line's function with all that it calls, because V8 may have inlined some of that."""
    inlined: tuple[RelatedLine, ...] = ()
    """Where a line stands for its function: the functions that V8 may have inlined into it and counts as it, heaviest first."""

    @property
    def growth(self) -> float:
        """The growth of the owned value since the first observation."""
        return math.nan if self.owned.growth is None else self.owned.growth

    @property
    def verdict(self) -> str:
        """leak, growing, filling, shrinking, churn, noise or stable."""
        return self.rule.verdict

    @property
    def is_goroutine(self) -> bool:
        """Whether the values count goroutines."""
        return self.sample_type.type in GOROUTINES

    @property
    def may_leak(self) -> bool:
        """Whether it may leak though nothing is proven."""
        return self.rule in UNPROVEN and self.growth > 0 and self.deviate > MIN_RISE

    @property
    def is_candidate(self) -> bool:
        """Whether it is called so. What fills up has a verdict of its own."""
        return self.is_quiet or (self.may_leak and self.rule is not Rule.FILLED)

    @property
    def stands(self) -> bool:
        """Whether it was never larger in the second half than before, so that it has no pace to go on with."""
        middle = len(self.points) // 2
        return middle > 0 and max(self.points[middle:]) <= max(self.points[:middle])

    @property
    def slowed_down(self) -> bool:
        """Whether it rose, but lately more slowly: it may be full, or, of a function, V8 may have inlined it."""
        return self.rule in (Rule.FILLED, Rule.SLOWS)

    @property
    def is_foreign(self) -> bool:
        """Whether no own line owns it: `function` says where it grows."""
        return not self.file

    @property
    def code(self) -> str:
        """The diagnostic code: goroutine-leak, or the verdict; candidate if it may leak though nothing is proven."""
        if self.is_candidate:
            return "candidate"
        return "goroutine-leak" if self.is_goroutine and self.verdict == "leak" else self.verdict

    @property
    def snapshots_needed(self) -> int:
        """How many more snapshots would prove a leak that rises like this, at least: its score grows as the root of their number."""
        observed = self.over.observations
        missing = max(MIN_LEAK_OBSERVATIONS - observed, 0)
        if self.rule is Rule.EARLY or observed < MIN_OBSERVATIONS:  # it rises, or has no score yet
            return missing
        proof = quantile(1 - SIGNIFICANCE / max(self.tests, 1))
        return max(math.ceil(observed * ((proof / max(self.score, MIN_SCORE)) ** 2 - 1)), missing)

    @property
    def is_remote(self) -> bool:
        """Whether so many more would be needed that their number means nothing."""
        return self.snapshots_needed > MANY * self.over.observations

    @property
    def is_tested(self) -> bool:
        """Whether the growth is significant, or what a reported verdict rests on."""
        return self.verdict in RAISED or self.owned.significant

    @property
    def per_snapshot(self) -> float:
        """The slope per observation."""
        return self.slope * self.over.seconds / max(self.over.observations - 1, 1)


@dataclass(frozen=True, eq=False)
class Judgement:
    """The verdicts on all lines that own something at the head. Findings are created on request."""

    history: History
    head: Lines
    sample_type: ValueType
    verdicts: Verdicts
    leaked: Floats
    """The goroutines of each entry that the garbage collector found to be blocked for ever."""

    def findings(self, chosen: Collection[str] = VERDICTS, rows: Ints | None = None) -> list[Finding]:
        """Return the findings with these verdicts, on some or all rows of the head's lines, worst first.

        What no line owns is not among them if only some rows are wanted, nor are lines that hold nothing, and held nothing at first.
        """
        rules = [i for i, rule in enumerate(VERDICT_RULES) if rule.verdict in chosen]
        deciding = np.isin(self.verdicts.rule[self._entries], rules)
        deciding &= (self.history.values[[0, -1]].any(axis=0) | (self.leaked > 0))[self._entries]
        if rows is not None:
            deciding &= np.isin(self._owner[self._entries], rows)
        return sorted(map(self._finding, self._entries[deciding].tolist()), key=badness)

    def candidates(self) -> list[Finding]:
        """Return what is nearest to a finding without being one, worst first."""
        entries = self._entries[self._may_leak[self._entries]]
        weight = MIN_GOROUTINE_BYTES if self.sample_type.type in GOROUTINES else 1
        likely, grown = np.minimum(self._score[entries], CERTAIN), self.verdicts.growth[entries] * weight
        worst = entries[np.lexsort((-grown, -likely))][:MAX_RANKED]
        return [self._finding(entry) for entry in worst.tolist()]

    def quiet(self) -> list[Finding]:
        """Return the own lines in which the largest leak may hide, though nothing rises yet; none when it is not too early.

        Its growth may be as large as the upper bound of its interval. What is not sampled has no error.
        """
        if len(self.history) >= MIN_LEAK_OBSERVATIONS or not self.history.rate:
            return []
        high, entries = self.verdicts.bounds.high, self._deciding
        held = (self.history.values[-1, entries] > 0) & (high[entries] > 0)  # nan: of unknown error
        held &= self.verdicts.rule[entries] != VERDICT_RULES.index(Rule.FELL)
        hiding = entries[held]
        largest = hiding[np.argsort(-high[hiding], kind="stable")][:MAX_QUIET]
        return [replace(self._finding(entry), is_quiet=True) for entry in largest.tolist()]

    @cached_property
    def _may_leak(self) -> Mask:
        """Which entries may leak though nothing is proven."""
        unproven = np.isin(self.verdicts.rule, [VERDICT_RULES.index(rule) for rule in UNPROVEN])
        mask: Mask = unproven & (self.verdicts.growth > 0) & (self.verdicts.deviate > MIN_RISE)
        return mask

    @cached_property
    def _raised(self) -> Mask:
        """Which entries are findings."""
        return np.isin(self.verdicts.rule, [number for number, of in enumerate(VERDICT_RULES) if of.verdict in RAISED])

    @cached_property
    def _says_something(self) -> Mask:
        """Which entries say something: of each line, it alone and by its callers, or it with what it calls.

        Together, if V8 seems to have inlined what it calls, and the lines of them that are found to grow by themselves do not
        explain most of that; and if it grew only as much as what it calls fell, because that was inlined.
        """
        parts, growth = self.history.parts, self.verdicts.growth
        rises = self._raised | self._may_leak
        says: Mask = parts.depth != WITH_CALLED
        told = np.isin(self._owner, self._owner[rises])
        groups = np.flatnonzero(~says & told)
        for entry in groups[np.argsort(np.diff(parts.at)[groups], kind="stable")].tolist():  # those within others first
            alone = (self._owner == self._owner[entry]) & (parts.depth != WITH_CALLED)
            moved = growth[entry] < (1 - MOVED) * growth
            found = self._raised & says
            if (found & alone & ~moved).any():
                continue
            is_inlined = rises[entry] and bool(self._inlined(int(self._owner[entry])))
            is_explained = self._explained(entry, found & ~alone) > EXPLAINED * growth[entry]
            if (is_inlined and not is_explained) or (found & alone).any():
                says[entry], says[alone] = True, False
        return says

    def _explained(self, entry: int, found: Mask) -> float:
        """Return how much of what an entry holds grew on lines of which these entries hold a part."""
        parts, row, growth = self.history.parts, self.head.holders.row, self.verdicts.growth[: self.history.lines]
        inside, of_found = (row[parts.some(of).holder] for of in (np.array([entry]), np.flatnonzero(found)))
        return float(growth[np.isin(self._owner[: len(growth)], np.intersect1d(inside, of_found))].sum())

    def of(self, row: int) -> Finding | None:
        """Return the finding on a row of the head's lines."""
        place = self._place(row)
        return None if place is None else self._finding(int(self._deciding[place]))

    def place(self, file: str, line: int) -> int | None:
        """Return the place of a recorded line among the head's owned ones, by row; None if it owns nothing."""
        row = self.head.row_of(file, line)
        return None if row is None else self._place(row)

    def _place(self, row: int) -> int | None:
        rows = self._owner[: self.history.lines]
        place = int(np.searchsorted(rows, row))
        return place if place < len(rows) and rows[place] == row else None

    @cached_property
    def _score(self) -> Floats:
        deviate, missing = self.verdicts.deviate, self.verdicts.missing
        explained = np.maximum(deviate - np.maximum(missing, 0), 0)
        return deviate - SLOWING * self.verdicts.slowing - LOADED * explained

    @cached_property
    def _score_of_caller(self) -> Floats:
        """The score that compares a line and its callers with each other."""
        return self._score + SLOWING * np.minimum(self.verdicts.slowing, USUAL_SLOWING)

    @cached_property
    def _owner(self) -> Ints:
        """The row of the head's lines that each entry is of; -1 for none."""
        owner: Ints = self.head.holders.row[self._holder]
        return owner

    @cached_property
    def _holder(self) -> Ints:
        """A holder of each entry."""
        return self.history.parts.first

    @cached_property
    def _deciding(self) -> Ints:
        """The entry that decides on each of the head's lines, of the line and its callers.

        The worst by its rule, and of equals the likeliest; if none is a finding, the likeliest of those that may leak.
        """
        rule, depth, score = self.verdicts.rule, self.history.parts.depth, self._score_of_caller
        likely = np.where(self._may_leak, -score, np.inf)
        order = np.lexsort((depth, -score, rule, np.where(self._raised, -np.inf, likely), self._owner))
        order = order[self._says_something[order]]
        worst: Ints = order[np.diff(self._owner[order], prepend=-1) > 0]
        return worst

    @cached_property
    def _entries(self) -> Ints:
        """The entries that findings are of: one for each line, in their order, and those without a line."""
        return np.append(self._deciding, np.flatnonzero(self._owner < 0))

    def _finding(self, entry: int) -> Finding:
        """Return the finding of an entry: diagnostics, views and each number of a hover ask for the same."""
        if entry not in self._made:
            self._made[entry] = self._make(entry)
        return self._made[entry]

    @cached_property
    def _made(self) -> dict[int, Finding]:
        """The findings that were asked for, by entry."""
        return {}

    def _make(self, entry: int) -> Finding:
        history, head, by_entry = self.history, self.head, self.verdicts
        row, counts = int(self._owner[entry]), history.counts
        file, line = head.at(row) if row >= 0 else ("", 0)
        with_called = bool(history.parts.depth[entry] == WITH_CALLED)
        came = counts.arrived[-1, entry] - counts.arrived[0, entry]
        return Finding(
            rule=VERDICT_RULES[by_entry.rule[entry]],
            file=file,
            line=line,
            function=self._function(entry),
            sample_type=self.sample_type,
            owned=Amount(float(self.leaked[entry] or history.values[-1, entry]), *self._growth(entry)),
            slope=slope(history.values[:, entry], history.seconds),
            p_value=float(by_entry.p_value[entry]),
            tests=by_entry.tests,
            deviate=float(by_entry.deviate[entry]),
            score=float(self._score[entry]),
            load=float(by_entry.load[entry]),
            retention=float(by_entry.retention[entry]),
            sampled=float(min(came, counts.held[-1, entry])) if history.rate else np.nan,
            rate=history.rate,
            over=ObservedSpan(len(history), float(history.seconds[-1] - history.seconds[0])),
            points=tuple(history.values[self._shown, entry].tolist()),
            path=self._path(entry),
            callers=self._callers(entry) if row >= 0 and not with_called else (),
            beside=self._beside(entry),
            may_be_young=history.may_be_young and len(history) < MIN_LEAK_OBSERVATIONS,
            has_ended=history.beside.has_ended,
            is_of_files=history.beside.are_files,
            with_called=with_called,
            inlined=self._inlined(row) if row >= 0 and head.by_function and self._may_hold(entry) else (),
        )

    def _growth(self, entry: int) -> tuple[float, float, float, bool]:
        """Return the growth of an entry, its 99 % interval, and whether it is significant."""
        low, high = (float(bound[entry]) for bound in self.verdicts.bounds)
        return float(self.verdicts.growth[entry]), low, high, bool(self.verdicts.significant[entry])

    def _may_hold(self, entry: int) -> bool:
        """Return whether an entry is a finding or a candidate."""
        return VERDICT_RULES[self.verdicts.rule[entry]].verdict in RAISED or bool(self._may_leak[entry])

    def rising(self) -> set[str]:
        """Return the lasting names of the functions of everything that rises, even if by chance."""
        rises = np.flatnonzero((self.verdicts.growth > 0) & (self.verdicts.deviate > MIN_RISE)).tolist()
        return {lasting_name(self._function(entry), self._file(entry)) for entry in rises}

    def undone(self, rows: Ints, growth: Floats) -> Mask:
        """Return which of the head's rows grew by this since some base as they did before and undid; see `undone_before`."""
        if not self.history.comes_and_goes:
            return np.zeros(len(rows), np.bool_)
        owner = self._owner[: self.history.lines]
        known, undone = np.isin(rows, owner), np.zeros(len(rows), np.bool_)
        undone[known] = undone_before(self.history.values[:, np.searchsorted(owner, rows[known])], growth[known])
        return undone

    def piles_up(self, function: str) -> bool:
        """Return whether these are goroutines, and more and more of them run a function of a library."""
        return self.sample_type.type in GOROUTINES and function in self.rising()

    def _function(self, entry: int) -> str:
        row = int(self._owner[entry])
        return self.head.function(row) if row >= 0 else self.head.holders.function[self._holder[entry]]

    def _file(self, entry: int) -> str:
        row = int(self._owner[entry])
        return self.head.at(row).file if row >= 0 else ""

    def _path(self, entry: int) -> tuple[RelatedLine, ...]:
        """Return the callers of an entry, all with its figures. The last is missing if no own code calls there."""
        depth = max(int(self.history.parts.depth[entry]), 0)
        rows = self.head.holders.callers[self._holder[entry], :depth].tolist()
        return tuple(self._related(row, entry) for row in rows if row >= 0)

    def _beside(self, entry: int) -> Amount:
        """Return what the line of an entry owns in other parts of it, if it has any."""
        if self.history.parts.depth[entry] <= 0:
            return NOTHING_BESIDE
        line = self._place(int(self._owner[entry]))
        values, growth = self.history.values[-1], self.verdicts.growth
        return Amount(float(values[line] - values[entry]), float(growth[line] - growth[entry]))

    def _callers(self, entry: int) -> tuple[RelatedLine, ...]:
        """Return the callers beside that of an entry, or of the nearest fork of a line; each with its own figures."""
        depth, paths = self.history.parts.depth, self.head.holders.callers[self._holder]
        forked = np.flatnonzero((self._owner == self._owner[entry]) & (depth > 0))
        if not len(forked):
            return ()
        nearest = entry if depth[entry] else forked[np.argmin(depth[forked])]
        before = paths[:, : depth[nearest] - 1]
        beside = forked[(depth[forked] == depth[nearest]) & (before[forked] == before[nearest]).all(axis=1)]
        worst = beside[np.argsort(-self._score_of_caller[beside], kind="stable")]
        return tuple(path[-1] for part in worst.tolist() if len(path := self._path(part)) == depth[nearest])

    def outlived(self) -> Floats | None:
        """Return which part of each line's growth was there after the last collection of garbage; None if none was seen.

        The lines are the head's owned ones, by row. What has shrunk counts whole.
        """
        values = self.history.values[:, : self.history.lines]
        whole = values.sum(axis=1)
        collections = np.flatnonzero(np.diff(whole) < -COLLECTED * whole[:-1])
        if not len(collections):
            return None
        growth, then = values[-1] - values[0], values[collections[-1] + 1] - values[0]
        return np.asarray(np.where(growth > 0, np.clip(ratio(then, growth), 0, 1), 1))

    def _inlined(self, row: int) -> tuple[RelatedLine, ...]:
        """Return the functions that a function of the head calls, that allocate no more, and that hold what they allocated before.

        Those through which it calls them have to be inlined, too: they allocate no more, but some of it may have been garbage.
        So may be those that stopped as the pace of the function itself rose.
        """
        by, owner = self.head.holders, self._owner[: self.history.lines]
        values = self.history.values[:, : len(owner)]
        inside = by.callers == row
        called = np.isin(owner, by.row[inside.any(axis=1)]) & (values[-1] > 0)
        stands = called & (np.diff(values[len(values) // 2 :], axis=0) <= 0).all(axis=0)
        stays = stands & (values[-1] >= STAYED * values.max(axis=0))
        holds = inside.any(axis=1) & np.isin(by.row, owner[stays])
        between = by.callers[holds][inside[holds].cumsum(axis=1) == 0]
        taken_over = called & _took_over(values[:, owner == row], values)
        entries = np.flatnonzero(stays | (stands & np.isin(owner, between)) | taken_over)
        heaviest = entries[np.argsort(-values[-1, entries], kind="stable")][:MAX_INLINED]
        rows = zip(self._owner[heaviest].tolist(), heaviest.tolist(), strict=True)
        return tuple(self._related(of, entry) for of, entry in rows if of != row)

    def _related(self, row: int, entry: int) -> RelatedLine:
        """Return a row of the head's lines with the figures of an entry."""
        head, value = self.head, float(self.history.values[-1, entry])
        owned = Amount(value, *self._growth(entry))
        return RelatedLine(*head.at(row), head.function(row), owned)

    @cached_property
    def _shown(self) -> Ints:
        count = len(self.history.chosen)
        return distinct(np.linspace(0, count - 1, MAX_POINTS).round().astype(np.int64))


def judge(history: History, head: Lines, sample_type: ValueType) -> Judgement:
    """Judge a process at its last observation, the head."""
    by_entry, number = verdicts(history), column_of(head.sample_types, LEAKED)
    if number is None:
        return Judgement(history, head, sample_type, by_entry, np.zeros(len(history.site)))
    leaked = history.parts.sum(head.holders.value[:, number])
    rule = np.where(leaked > 0, VERDICT_RULES.index(Rule.PROVEN), by_entry.rule)
    return Judgement(history, head, sample_type, replace(by_entry, rule=rule), leaked)


def _took_over(own: Floats, values: Floats) -> Mask:
    """Return for which functions another one has grown by more since they last rose than until then.

    Shapes (observations, 1) or, if the other one owns nothing, (observations, 0); and (observations, functions). Not for
    those that rose lately, or never.
    """
    steps = np.arange(1, len(values))[:, None]
    last = np.max(np.where(np.diff(values, axis=0) > 0, steps, 0), axis=0, initial=0)
    stood = (last > 0) & (len(values) - 1 - last >= MIN_STANDING)
    return np.asarray(stood & (own[-1] - own[last] > own[last] - own[0]).any(axis=1))


def badness(finding: Finding) -> tuple[int, int, float, float]:
    """Sort key of findings: by verdict and rule, then by their certain growth, then by their growth.

    What is counted exactly, or has an unknown error, has no interval: its growth is taken to be certain.
    """
    weight = MIN_GOROUTINE_BYTES if finding.is_goroutine else 1
    certain = max(finding.owned.low, 0) if finding.growth > 0 and finding.owned.is_judged else finding.growth
    if finding.rule is Rule.PROVEN:
        certain = finding.owned.value
    return (
        VERDICTS.index(finding.verdict),
        VERDICT_RULES.index(finding.rule),
        -certain * weight,
        -finding.growth * weight,
    )
