"""A comparison of two snapshots of a series in one sample type, and everything derived from it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from alloclens.arrays import distinct
from alloclens.languages.go.leak_patterns import Shape, goroutine_shape, shape
from alloclens.languages.go.names import package_of
from alloclens.languages.names import lasting_name
from alloclens.paths import clean_path
from alloclens.profile.kinds import is_meant
from alloclens.profile.sample_types import LEAKED, columns, judged
from alloclens.series.findings import RAISED, Finding, Judgement, judge
from alloclens.series.history import ALONE, Beside, history
from alloclens.series.owned import LineNumbers, rows_that_own
from alloclens.series.verdicts import MIN_OBSERVATIONS
from alloclens.stats.amount import Amount
from alloclens.stats.growth import SampledValues, bounds
from alloclens.tables.alignment import Alignment, align, are_different_builds
from alloclens.tables.attribution import allocators, owned
from alloclens.tables.calls import calls
from alloclens.tables.flame import FlameGraph
from alloclens.tables.functions import FunctionStats, functions
from alloclens.tables.growth import Growth, growth, rows, sampled_values
from alloclens.tables.holders import GrowingCallers, foreign_samples, growing_callers, held_samples, related_sites
from alloclens.tables.lines import Lines, Measures
from alloclens.tables.sites import RecordedLine, Sites, by_source_line, on_lines
from alloclens.tables.stacks import Stack, having, heaviest, passing, through
from alloclens.transform.subset import samples

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from alloclens.arrays import Floats, Ints, Mask
    from alloclens.profile.model import Profile, ValueType
    from alloclens.series.contents import Contents
    from alloclens.series.series import Provenance, Series
    from alloclens.series.snapshot import Snapshot
    from alloclens.tables.calls import Calls, NamedFunction
    from alloclens.tables.goroutines import GoroutineOrigin
    from alloclens.transform.filters import Filters


MAX_KEPT_STACKS = 64
"""Lines whose stacks are kept for the next question."""
MAX_KEPT_CALLS = 16
"""Lines and functions whose callers and callees are kept."""
MAX_SHAPE_STACKS = 20
"""Number of a line's stacks searched for a leak pattern."""
MIN_SHAPE_SHARE = 0.1
"""Share of a line's growth that a pattern needs to count."""
DEFAULT_COLLECTED_AT = 2.0
"""Go's garbage collector runs again when the heap has grown by 100 % (GOGC=100)."""
MIN_NEXT_GC = 4 << 20
"""Bytes; Go does not collect a smaller heap, whatever is live."""
MALG = "runtime.malg"
"""The runtime function that allocates goroutines, on the system stack. It calls runtime.mallocgc, which is the leaf."""


class RelatedFindings(NamedTuple):
    """What was judged of the own lines related to a function that no own code calls."""

    calling: list[Finding]
    """On the lines that call its package, and that it does not run."""
    run: list[Finding]
    """On those that it runs."""


class Outlook(NamedTuple):
    """The heap of a process, and all that grows in it."""

    live: float
    """Bytes in use at the head, as the last garbage collection left them."""
    pace: float
    """Bytes per second, of all findings together; positive."""
    seconds: float
    """The time span over which it was measured."""
    collected_at: float
    """The heap at which the next garbage collection starts, as a multiple of what is live; 1 for other languages."""
    is_assumed: bool
    """Whether that multiple is Go's default: only text profiles (debug=1) have it."""


@dataclass(frozen=True)
class LineStats:
    """The values of one line in one sample type, in its unit."""

    line: int
    """1-based."""
    flat: Amount
    cum: Amount
    owned: Amount


@dataclass(frozen=True, eq=False)
class Comparison:
    """A series with a base and a head, in one sample type."""

    series: Series
    head: Snapshot
    base: Snapshot | None
    sample_type: ValueType
    one_process: bool
    """Whether base and head are of one process."""
    contents: Contents
    alignment: Alignment | None
    """How the lines of two builds correspond; None for a single build."""
    growth: Growth | None
    """Growth of the head's lines; None without a base."""
    judgement: Judgement | None
    """Verdicts on the head's process since its first snapshot; None if there is nothing to judge."""
    instead_of: Snapshot | None = None
    """The chosen head, if its process is young or it has no names, and an earlier snapshot is judged instead; else None."""

    @property
    def snapshots_since(self) -> int:
        """How many snapshots before the chosen head the head is; 0 if it is that."""
        chosen = self.instead_of or self.head
        return self.series.snapshots.index(chosen) - self.series.snapshots.index(self.head)

    @property
    def is_before_restart(self) -> bool:
        """Whether the chosen head is of a later process."""
        return self.instead_of is not None and self.instead_of not in self.series.process(self.head)

    @property
    def lines(self) -> Lines:
        """The head's lines, in focus."""
        return self.contents.head

    @cached_property
    def provenance(self) -> Provenance:
        """What is known of the source version of the head."""
        return self.series.provenance(self.head)

    @property
    def has_ended(self) -> bool:
        """Whether a later process has snapshots."""
        return self.series.process(self.head) is not self.series.processes[-1]

    @property
    def profile(self) -> Profile:
        """The head, or head - base."""
        return self.contents.profile

    @cached_property
    def flame_graph(self) -> FlameGraph:
        """The stacks as a tree. Slow: use it in a thread."""
        return FlameGraph(self.profile, self.sample_type, self.one_process, has_base=self.base is not None)

    @property
    def focus(self) -> tuple[Filters, ...]:
        """The filters in effect, one after the other. Verdicts ignore them."""
        return self.contents.focus

    @property
    def in_use(self) -> int:
        """The total of the process at the head in the judged sample type; 0 without one."""
        judged_type = judged(self.head.sample_types)
        return self.head.total[self.head.sample_types.index(judged_type)] if judged_type else 0

    @cached_property
    def outlook(self) -> Outlook | None:
        """What the heap comes to if everything that grows keeps growing; None if it does not grow, or if the process has ended."""
        findings = self.judgement.findings(RAISED) if self.judgement and not self.has_ended else []
        pace = sum(max(finding.slope, 0) for finding in findings if finding.sample_type.unit == "bytes")
        if pace <= 0:
            return None
        stats, is_go = self.head.mem_stats, any(file.endswith(".go") for file in self.lines.files)
        known = stats.next_gc / self.in_use if stats and stats.next_gc > MIN_NEXT_GC and self.in_use else 0
        factor = max(known, 1) if known else DEFAULT_COLLECTED_AT if is_go else 1
        return Outlook(self.in_use, pace, findings[0].over.seconds, factor, is_assumed=not known)

    def findings(self, verdicts: Collection[str] = RAISED) -> list[Finding]:
        """Return the findings with these verdicts on lines that own something in focus, worst first."""
        if self.judgement is None:
            return []
        rows = self._judged_rows[rows_that_own(self.lines)] if self.focus else None
        return self.judgement.findings(verdicts, rows)

    @cached_property
    def codes(self) -> Mapping[tuple[str, str, int], str]:
        """The code of the worst finding of each function (name, recorded file, line), and of all its lines with line 0."""
        out: dict[tuple[str, str, int], str] = {}
        for finding in self.findings():
            for line in (0, finding.line):
                out.setdefault((finding.function, finding.file, line), finding.code)
        return out

    def refutes(self, before: Comparison) -> bool:
        """Return whether there are enough observations to see that nothing that was found in a previous process rises again."""
        if self.judgement is None or len(self.judgement.history) < MIN_OBSERVATIONS:
            return False
        found = (lasting_name(finding.function, finding.file) for finding in before.findings())
        return self.judgement.rising().isdisjoint(found)

    def candidates(self) -> list[Finding]:
        """Return what is nearest to a finding without being one, worst first; nothing in focus."""
        return self.judgement.candidates() if self.judgement and not self.focus else []

    def quiet(self) -> list[Finding]:
        """Return where a leak may hide though nothing rises yet; nothing in focus."""
        return self.judgement.quiet() if self.judgement and not self.focus else []

    def finding(self, row: int) -> Finding | None:
        """Return what was judged of a row of the head's lines; None if nothing was."""
        return self.judgement.of(int(self._judged_rows[row])) if self.judgement else None

    def was(self, row: int) -> str:
        """Return the text that a row's line had at the base, if it was edited in place; else ""."""
        return self.contents.changes.was.get(self.lines.at(row), "")

    def goroutine_origin(self, finding: Finding) -> GoroutineOrigin | None:
        """Return where the goroutines of a finding were started; None if unknown."""
        return self.contents.goroutine_origins.get(RecordedLine(finding.file, finding.line))

    def shape(self, finding: Finding, text: str = "") -> Shape | None:
        """Return the leak pattern that a finding's growing stacks match. `text` is the line's source, if it is Go."""
        stacks = self.stacks_of(finding, MAX_SHAPE_STACKS)
        whole, weight = sum(s.grown for s in stacks), dict.fromkeys(Shape, 0.0)
        for stack in stacks:
            functions = [frame.function for frame in stack.frames]
            if finding.is_goroutine:
                pattern = goroutine_shape(functions, own=not finding.is_foreign)
            else:
                pattern = shape(functions, [self.is_own(frame.file) for frame in stack.frames], text)
            if pattern:
                weight[pattern] += stack.grown
        heaviest = max(weight, key=lambda candidate: weight[candidate])
        return heaviest if weight[heaviest] > MIN_SHAPE_SHARE * whole else None

    @cached_property
    def goroutine_memory(self) -> Amount | None:
        """Memory that the runtime holds for goroutines, with its growth; None if unknown."""
        lines = self.lines
        rows = [i for i, name in enumerate(lines.functions.name) if name == MALG]
        row = np.flatnonzero(np.isin(lines.functions.of_line, rows))
        kind = next((t for t in lines.sample_types if t.type == "inuse_space" and self._growth_in(t)), None)
        if not kind or not len(row):
            return None
        cum = lines.value.cum[row, lines.sample_types.index(kind)]
        return self.stats(int(row[np.argmax(cum)]), kind).cum

    @property
    def column(self) -> int:
        """The column of the sample type in the head's values."""
        return self.head.sample_types.index(self.sample_type)

    @property
    def total(self) -> int:
        """The head's total, in the sample type's unit."""
        return self.head.total[self.column]

    @property
    def in_focus(self) -> int:
        """The part of the total that is in focus."""
        return int(self.lines.total[self.column])

    @property
    def grown(self) -> int | None:
        """Growth of the part in focus; None without a base."""
        base = self.contents.base
        return self.in_focus - int(base.total[base.sample_types.index(self.sample_type)]) if base is not None else None

    def stats(self, row: int, sample_type: ValueType | None = None) -> LineStats:
        """Return the values of a row of the head's lines, in the shown or another sample type."""
        kind = sample_type or self.sample_type
        lines, grown = self.lines, self._growth_in(kind)
        number = lines.sample_types.index(kind)
        amounts = []
        for name, *arrays in zip(Measures._fields, lines.value, lines.sampled, strict=True):
            value, sampled = (array.item(row, number) for array in arrays)
            amount = grown.amount(name, row, value, sampled) if grown else Amount(value, sampled=sampled)
            is_found = partial(self._is_finding, row) if name == "owned" else bool
            amounts.append(self.with_verdict(amount, kind, is_found))
        return LineStats(int(lines.line[row]), *amounts)

    def with_verdict(self, of: Amount, kind: ValueType, is_finding: Callable[[], bool]) -> Amount:
        """Return an amount of a sample type whose growth is significant also if it is that of a finding, or of a line that is.

        All snapshots may show that a line rises although base and head alone do not. Of a later base, only what has no error is
        left to the verdict. What a line owns passes through its callers too, of which there are so many that it may be
        significant no more among them. Nor is significant what goroutines of a line did before and undid.
        """
        if not of.growth:
            return of
        same, known = _same(of), self._known_growth(kind)
        rises = of.growth > 0 and kind == self._judged_type and (self._spans_verdicts or not of.is_judged)
        grew = of.significant and same not in known.undone
        return of._replace(significant=grew or same in known.certain or (rises and is_finding()))

    @cached_property
    def grew(self) -> Mask:
        """Which of the head's lines have a measure whose growth is marked in the shown sample type."""
        if self.growth is None:
            return np.zeros(len(self.lines), np.bool_)
        measures = [getattr(self.growth, name) for name in Measures._fields]
        mask: Mask = np.logical_or.reduce([measure.significant for measure in measures])
        known = self._known_growth(self.sample_type)
        decided = [same.growth for same in known.certain | known.undone]
        in_question = np.logical_or.reduce([np.isin(measure.value, decided) for measure in measures])
        for row in {*np.flatnonzero(in_question).tolist(), *self._found_rows()}:
            stats = self.stats(row)
            mask[row] = any(of.significant for of in (stats.flat, stats.cum, stats.owned))
        return mask

    def _known_growth(self, kind: ValueType) -> _KnownGrowth:
        """Return what is known of the growth that lines own in a sample type, which passes through other lines, too."""
        if kind not in self._known_growths:
            self._known_growths[kind] = self._find_known_growth(kind)
        return self._known_growths[kind]

    def _find_known_growth(self, kind: ValueType) -> _KnownGrowth:
        grown = self._growth_in(kind)
        if grown is None:
            return _KnownGrowth(frozenset(), frozenset())
        significant, found = np.flatnonzero(grown.owned.significant & ~grown.unsaid), []
        values = self.lines.value.owned[:, self.lines.sample_types.index(kind)].tolist()
        undone = np.zeros(len(significant), np.bool_)
        if self.judgement and kind == self._judged_type and not self.focus:
            undone = self.judgement.undone(self._judged_rows[significant], grown.owned.value[significant])
        if kind == self._judged_type and self._spans_verdicts:
            found = [row for row in self._found_rows() if grown.owned.value[row] > 0]
        certain, passing = (
            frozenset(same for row in rows if (same := _same(grown.amount("owned", row, values[row]))))
            for rows in ([*significant[~undone].tolist(), *found], significant[undone].tolist())
        )
        return _KnownGrowth(certain, passing - certain)

    def _found_rows(self) -> list[int]:
        """Return the rows of the head's lines that are findings."""
        rows = (self.lines.row_of(finding.file, finding.line) for finding in self.findings())
        return [row for row in rows if row is not None]

    @cached_property
    def _known_growths(self) -> dict[ValueType, _KnownGrowth]:
        return {}

    def _is_finding(self, row: int) -> bool:
        finding = self.finding(row)
        return finding is not None and finding.verdict in RAISED

    @cached_property
    def _judged_type(self) -> ValueType | None:
        """The sample type that verdicts are about; each node of a picture asks for it."""
        return judged(self.lines.sample_types)

    @cached_property
    def _spans_verdicts(self) -> bool:
        """Whether the growth since the base is the one that verdicts are about."""
        return self.judgement is not None and not self.focus and self.base is self.judgement.history.observed[0]

    def bounds(self, row: int, measure: str) -> tuple[float, float]:
        """Return the 99 % interval of a row's flat, cum or owned value in the shown type; nan if its error is unknown."""
        lines = self.lines
        side = SampledValues(*(column[[row]] for column in sampled_values(lines, measure)))
        low, high = bounds(side, columns(lines.sample_types, self.sample_type), lines.rate)
        return float(low[0]), float(high[0])

    def stacks(self, recorded: str, line: int, most: int, kind: ValueType | None = None) -> list[Stack]:
        """Return the heaviest stacks through a line, in the shown or another type; if there is a base, by what grew or shrank most."""
        shown = self.profile.sample_types.index(kind or self.sample_type)

        def heaviest_through() -> list[Stack]:
            return through(self.profile, self._sites, self._on(recorded, line), shown, most, self._unsaid_sites)

        return self._once((recorded, line, shown, most), heaviest_through)

    def stacks_of(self, finding: Finding, most: int) -> list[Stack]:
        """Return the heaviest stacks of what a finding holds, as `stacks` does: through its callers, if they decided.

        Of a function with what it calls, first those of which most had outlived a collection of garbage.
        """
        profile, sites, own = self.profile, self._sites, self._own_sites
        shown = profile.sample_types.index(finding.sample_type)

        def heaviest_held() -> list[Stack]:
            if finding.is_foreign:
                held = foreign_samples(profile, sites, own, finding.function)
            elif finding.with_called:
                held = having(profile, sites, self._on(finding.file, finding.line))
            else:
                held = np.flatnonzero(held_samples(profile, sites, own, self._path(finding)))
            weight = self._outlived if self.by_what_outlived(finding) else None
            return heaviest(profile, sites, held, shown, most, self._unsaid_sites, weight=weight)

        path = ((caller.file, caller.line) for caller in finding.path)
        of = finding.file, finding.line, finding.function, finding.with_called, *path, shown, most
        return self._once(of, heaviest_held)

    def _once(self, of: tuple[object, ...], find: Callable[[], list[Stack]]) -> list[Stack]:
        """Return what was found before: a diagnostic, a view and every hover ask for the same stacks."""
        stacks = self._stacks.get(of)
        if stacks is None:
            stacks = find()
            if len(self._stacks) >= MAX_KEPT_STACKS:
                self._stacks.clear()
            self._stacks[of] = stacks
        return stacks

    @cached_property
    def _stacks(self) -> dict[tuple[object, ...], list[Stack]]:
        return {}

    def by_what_outlived(self, finding: Finding) -> bool:
        """Return whether the stacks of a finding are ordered by what outlived a collection of garbage."""
        return finding.with_called and self._outlived is not None

    @cached_property
    def _outlived(self) -> Floats | None:
        """The part of each sample that counts as evidence: that of its line's growth that outlived the last collection."""
        part = self.judgement.outlived() if self.judgement else None
        if self.judgement is None or part is None:
            return None
        owner = owned(self.profile, self._sites, self._own_sites).site
        weight = np.ones(len(self._sites) + 1)  # the last is of samples that no line owns
        for site in distinct(owner[owner >= 0]).tolist():
            place = self.judgement.place(*self._sites.at(site))
            weight[site] = 1 if place is None else part[place]
        return np.asarray(weight[owner])

    def inlined_into(self, finding: Finding) -> Finding | None:
        """Return the finding or candidate on a function that V8 may have inlined this one's into; None if there is none."""
        at = RecordedLine(finding.file, finding.line)
        callers = (*self.findings(), *self.candidates())
        return next((of for of in callers if at in [RecordedLine(one.file, one.line) for one in of.inlined]), None)

    def _path(self, finding: Finding) -> list[list[int]]:
        """Return the sites of a finding's line, and outwards those of its callers that decided."""
        places = [(finding.file, finding.line), *((caller.file, caller.line) for caller in finding.path)]
        return [self._on(*place) for place in places]

    def callers_of(self, finding: Finding, *, is_generated: bool = False) -> tuple[list[RecordedLine], float]:
        """Return the own lines outwards through which most of a finding's growth is held, and its share.

        Empty if no line is one of several callers and holds so much; but a line at which no function is written (`is_generated`)
        has the one that calls it, even if that is the only one.
        """
        path = self._path(finding)
        if finding.is_foreign or finding.with_called or not all(path):
            return [], 1.0
        profile, sites = self.profile, self._sites
        column, own = profile.sample_types.index(finding.sample_type), tuple(site[0] for site in path)
        of = column, own, is_generated
        if of not in self._callers:
            self._callers[of] = growing_callers(profile, sites, self._own_sites, column, own, with_only=is_generated)
        callers = self._callers[of]
        return [sites.at(row) for row in callers.sites], callers.share

    @cached_property
    def _callers(self) -> dict[tuple[int, tuple[int, ...], bool], GrowingCallers]:
        """What was found by column, path and whether the line is generated: diagnostics, views and hovers ask for the same."""
        return {}

    def is_own(self, recorded: str) -> bool:
        """Return whether a recorded file is the user's."""
        return self._own_files.get(clean_path(recorded), False)

    def related(self, function: str) -> RelatedFindings:
        """Return the own lines related to a function that no own code calls."""
        if self.judgement is None:
            return RelatedFindings([], [])
        profile, sites = self.profile, self._sites
        package = package_of(function)
        called = np.array([bool(package) and package_of(name) == package for name in profile.strings], np.bool_)
        calling, below = related_sites(profile, sites, self._own_sites, function, called)
        return RelatedFindings(self._on_sites(np.setdiff1d(calling, below)), self._on_sites(below))

    def _on_sites(self, site: Ints) -> list[Finding]:
        """Return what was judged of some sites."""
        if self.judgement is None:
            return []
        rows = [self.judgement.head.row_of(*self._sites.at(row)) for row in site.tolist()]
        return [finding for row in rows if row is not None and (finding := self.judgement.of(row))]

    def passing(self, recorded: str, line: int, stacks: Sequence[Stack]) -> list[list[Amount]]:
        """Return the part of a line's value through each frame of some of its stacks, in the shown type."""
        column = self.profile.sample_types.index(self.sample_type)
        samples = having(self.profile, self._sites, self._on(recorded, line))
        unsaid = np.ones_like(self._unsaid_sites) if RecordedLine(recorded, line) in self.unsaid else self._unsaid_sites
        return passing(self.profile, self._sites, column, samples, [stack.sample for stack in stacks], unsaid)

    @cached_property
    def unsaid(self) -> frozenset[RecordedLine]:
        """The lines of unknown growth: another build had them elsewhere or not at all."""
        head, base = self.contents.head, self.contents.base
        if self.alignment is None or base is None:
            return frozenset()
        now, then = np.flatnonzero(self.alignment.unsaid), np.flatnonzero(self.alignment.unsaid_base)
        files = (head.files[i] if i >= 0 else "" for i in self.alignment.file[then].tolist())
        before = map(RecordedLine, files, np.maximum(self.alignment.line[then], 0).tolist())
        return frozenset([*map(head.at, now.tolist()), *before])

    @cached_property
    def _unsaid_sites(self) -> Mask:
        return on_lines(self._sites, self.unsaid)

    def _on(self, recorded: str, line: int) -> list[int]:
        return np.flatnonzero(self._sites.on(RecordedLine(recorded, line))).tolist()

    def calls(self, around: RecordedLine | NamedFunction) -> Calls:
        """Return the callers and callees of a line or function: in the head alone if the line's growth is unknown.

        Editors ask for callers and for callees of the same, and again when a row is unfolded.
        """
        made = self._calls.get(around)
        if made is None:
            profile, compared = self.profile, self.base is not None
            if around in self.unsaid:
                profile, compared = samples(profile, ~profile.is_base), False
            made = calls(profile, around, self.sample_type, one_process=self.one_process, compared=compared)
            if len(self._calls) >= MAX_KEPT_CALLS:
                self._calls.clear()
            self._calls[around] = made
        return made

    @cached_property
    def _calls(self) -> dict[RecordedLine | NamedFunction, Calls]:
        return {}

    def functions(self, files: Collection[str]) -> list[FunctionStats]:
        """Return the functions of some recorded files, heaviest first."""
        compared = self.base is not None
        return functions(self.profile, self.sample_type, files, one_process=self.one_process, compared=compared)

    def _growth_in(self, kind: ValueType) -> Growth | None:
        """Return the growth in a sample type; None if it is unknown. Hints need that of the shown type only, hovers all."""
        head, base = self.contents.head, self.contents.base
        if kind == self.sample_type or self.growth is None or base is None or kind not in base.sample_types:
            return self.growth if kind == self.sample_type else None
        if kind not in self._growths:
            self._growths[kind] = growth(head, base, kind, self.alignment, one_process=self.one_process)
        return self._growths[kind]

    @cached_property
    def _growths(self) -> dict[ValueType, Growth]:
        """The growth in the other sample types that were asked for."""
        return {}

    @cached_property
    def _own_files(self) -> dict[str, bool]:
        return dict(zip(self.lines.files, self.lines.own.tolist(), strict=True))

    @cached_property
    def _own_sites(self) -> Mask:
        texts = self._sites.texts
        own = np.array([self._own_files.get(text, False) for text in texts], np.bool_)
        return own[self._sites.file] & ~allocators(self.profile, self._sites)

    @cached_property
    def _judged_rows(self) -> Ints:
        """The row of each of the head's lines among the judged lines."""
        head, whole = self.contents.head, self.contents.whole
        return np.arange(len(head)) if head is whole else rows(whole, head)

    @cached_property
    def _sites(self) -> Sites:
        return by_source_line(self.profile)


def compare(
    series: Series,
    head: Snapshot,
    base: Snapshot | None,
    sample_type: str,
    contents: Contents,
    numbers: LineNumbers,
    beside: Beside = ALONE,
) -> Comparison | None:
    """Compare two snapshots of a series; None if it lacks the sample type ("": the one that leads; see `is_meant`).

    `numbers` are those of the owned lines of the series. `beside` has what other series tell of the head's process.
    """
    meant = (n for n, kind in enumerate(head.sample_types) if is_meant(sample_type, series.kind, kind.type))
    number = next(meant, None) if sample_type else series.leading_column(head)
    if number is None:
        return None
    shown_type, process, before = head.sample_types[number], series.process(head), contents.base
    one_process = base in process and not contents.restarted
    one_process = one_process and not (before is not None and are_different_builds(before, contents.head))
    same_build = one_process or bool(base and base.build_id and base.build_id == head.build_id)
    alignment: Alignment | None = None
    grown: Growth | None = None
    if before is not None:  # it may be without lines
        alignment = None if same_build else align(before, contents.head, contents.changes.maps)
        grown = growth(contents.head, before, shown_type, alignment, one_process=one_process)
    observed, whole = [] if head.is_difference else series.observations(head), contents.whole
    judged_type, judgement = judged(whole.sample_types), None
    is_proof = any(kind.type == LEAKED for kind in whole.sample_types)
    if judged_type and len(observed) > (0 if is_proof else 1):
        judgement = judge(history(observed, whole, numbers, beside, contents.unreturned), whole, judged_type)
    return Comparison(series, head, base, shown_type, one_process, contents, alignment, grown, judgement)


class _Grown(NamedTuple):
    """A growth and its interval, which is rounded, as a sum of errors depends on the order."""

    growth: float
    low: int
    high: int
    value: float
    """At the head, of exact numbers: two lines may well have one goroutine more each. 0 for others."""


class _KnownGrowth(NamedTuple):
    """Growth that lines own, of which more is known than its error."""

    certain: frozenset[_Grown]
    """It is significant, or that of a finding."""
    undone: frozenset[_Grown]
    """The line grew as much before and undid it; see `undone_before`."""


def _same(of: Amount) -> _Grown | None:
    """Return what is equal for amounts of the same samples; None if the growth has no known error."""
    if not of.growth or not of.is_judged:
        return None
    return _Grown(of.growth, round(of.low), round(of.high), of.value if of.low == of.high else 0)
