"""The hover of a line: every sample type, the heaviest stacks, and the pprof command that shows the same numbers."""

from __future__ import annotations

import math
import re
import shlex
from typing import TYPE_CHECKING, NamedTuple

from alloclens.profile.sample_types import HEAP_DEFAULT, LEAKED, OF_JFRCONV, PEAK, column_of
from alloclens.series.findings import RAISED
from alloclens.wording.amounts import amount, counted, difference, growth, main, share
from alloclens.wording.focus import options, words
from alloclens.wording.frames import frame_at, shortened
from alloclens.wording.kinds import PROOF, counted_as, noun, quantity
from alloclens.wording.markdown import bold, code, escape
from alloclens.wording.status import backwards
from alloclens.wording.times import time_of
from alloclens.wording.verdict import DOUBTS, candidate, drawn_before, figures, reported, sentence

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from alloclens.profile.model import Frame
    from alloclens.series.comparison import Comparison
    from alloclens.series.findings import Finding
    from alloclens.session.line_mapper import MappedFinding
    from alloclens.source.line_mapping import Doubt
    from alloclens.stats.amount import Amount
    from alloclens.tables.stacks import Stack


class LinePlaces(NamedTuple):
    """Where the lines that a hover names are now."""

    finding: Callable[[Finding], MappedFinding]
    """On the line in which a finding's goroutines wait, without the name of that line."""
    frame: Callable[[Frame], tuple[str, str]]
    """Returns a frame's line in words (main.go:24) and its address; "" if it has no place here."""
    page: Callable[[Finding], str]
    """Returns the address of the page that explains a verdict; "" if there is none."""
    started: Callable[[Finding], tuple[str, str]] = lambda _: ("", "")
    """Returns the `go` statement at which a finding stands, in words (main.go:24), and its address; "" on that line itself."""


MAX_STACKS = 2
MAX_CODE = 80
"""Characters of a line of source."""
WHOLE_FUNCTION = "The profile records no lines, only functions: the numbers are those of all lines of this function."
ONLY_SAMPLED = (
    "With `--live`, jfrconv counts only the objects that were sampled, which may be few of all; docs/languages/java.md of alloclens "
    "has a script that estimates all."
)
AT_THE_END = (
    "What was freed before the program ended, also as it ended, does not count here; the sample type `peak_space` has what was in "
    "use at the peak."
)
WHATEVER_BASE = "The verdict is about all snapshots of a process, whichever is the base."
SEPARATOR = "\n\n---\n\n"
"""Between the kinds of profiles that have the line."""


def markdown(
    comparison: Comparison,
    row: int,
    stacks: list[Stack],
    places: LinePlaces,
    *,
    doubt: Doubt | None = None,
    has_moved: bool = False,
    is_said: bool = False,
    folds: bool = False,
    on: str = "",
    report_before: Callable[[Finding], str] = lambda _: "",
) -> str:
    """Write the hover of one row of the head's lines. `doubt` is about where that row is now.

    `has_moved`: whether its line has another number than the recorded one. `is_said`: whether the
    editor has the verdict in the same hover already, as a diagnostic. `folds`: whether the editor shows the HTML element `details`, which is closed until a click.
    `on`: on which instances of its service the verdict stands, as a sentence. `report_before`: returns what a finding was reported as, for `reported`.
    """
    lines = comparison.lines
    file, number = lines.at(row)
    judged = comparison.finding(row)
    if judged and not judged.owned.value and not judged.growth:  # it says nothing of what only passes through the line
        judged = None
    by = _order(stacks, comparison, judged)
    parts = [
        *_finding(judged, places, report_before, on, is_said=is_said),
        title(comparison, row),
        *(f"Heaviest stack{by}, leaf first: {row}" for row in _stacks(stacks[:1], comparison, places)),
    ]
    if doubt:
        says_it = is_said and judged is not None and places.finding(judged).doubt is doubt
        reason = [] if says_it else [DOUBTS[doubt]]
        was = [f"It was line {number} of {escape(file)}."] if has_moved else []
        parts += [f"~ {' '.join([*reason, *was])}"] if reason or was else []
    if newer := backwards(comparison):
        parts.append(escape(newer))
    parts += [*_limits(comparison), *_wider(comparison, judged)]
    begin, end = (("<details><summary>Details</summary>",), ("</details>",)) if folds else (("**Details**",), ())
    details = ["\n".join([*_table(comparison, row, judged), *([f"- {escape(figures(judged))}"] if judged else [])])]
    if others := _stacks(stacks[1:], comparison, places):
        details.append("\n".join(["The next stack:", *(f"{i}. {row}" for i, row in enumerate(others, 2))]))
    details += _command(stacks, file, number, comparison)
    return "\n\n".join([*parts, *begin, *details, *end])


def _limits(comparison: Comparison) -> list[str]:
    """Say what the numbers of a profile leave out, or cannot tell apart."""
    of_end = comparison.sample_type.type == HEAP_DEFAULT and column_of(comparison.head.sample_types, PEAK) is not None
    said = (
        (WHOLE_FUNCTION, comparison.lines.by_function),
        (ONLY_SAMPLED, comparison.sample_type.type == OF_JFRCONV),
        (AT_THE_END, of_end),
    )
    return [limit for limit, applies in said if applies]


def _wider(comparison: Comparison, judged: Finding | None) -> list[str]:
    """Say that a verdict is about more than the numbers beside it."""
    of_focus = (
        f"Only samples {escape(words(comparison.focus))} count here; the verdict is about all samples of the line."
    )
    said = [of_focus] if comparison.focus else []
    first = comparison.series.base("first", comparison.head)
    return said if judged is None or comparison.base in (None, first) else [*said, WHATEVER_BASE]


def _finding(
    judged: Finding | None, places: LinePlaces, report_before: Callable[[Finding], str], on: str, *, is_said: bool
) -> list[str]:
    if judged is None:
        return []
    now, (start, address) = places.finding(judged), places.started(judged)
    before = report_before(judged)
    said = candidate(judged, now, before) if judged.is_candidate else sentence(judged, now) + reported(before)
    page = places.page(judged)
    link = f"[How to fix it]({page})" if judged.verdict in RAISED else f"[What this means]({page})"
    if is_said:
        return [drawn_before(judged.points, link if page else "")]
    origin = f" They were started at [{escape(start)}]({address})." if start else ""
    return [drawn_before(judged.points, escape(said + on) + origin), *([link] if page else [])]


def title(comparison: Comparison, row: int, *, interval: bool = True) -> str:
    """Write a row's main number, its share and its growth; `interval`: both with their intervals, which take a while."""
    unit, total = comparison.sample_type.unit, comparison.total
    measure, word = main(comparison.stats(row))
    owned = "" if word == "owned" and noun(comparison, comparison.sample_type) else f" {word}"
    value = bold(f"{quantity(measure.value, comparison)}{owned}")
    value += _interval(comparison, row, measure, word) if interval else ""
    whole = f"{share(measure.value, total)} of {amount(total, unit)} {escape(counted_as(total, comparison))}"
    if comparison.instead_of:
        whole += f" at {time_of(comparison.head, comparison.instead_of)}"
    proof = f" · {PROOF}" if comparison.sample_type.type == LEAKED and measure.value else ""
    return f"{value} · {whole}{_since(comparison, row, measure, interval=interval)}{proof}"


def _interval(comparison: Comparison, row: int, measure: Amount, word: str) -> str:
    """Return the 99 % interval of a number, and how many sampled objects it is made of; "" if it is exact or unknown."""
    low, high = comparison.bounds(row, word)
    if math.isnan(low) or math.isnan(high) or low == high:
        return ""
    least, most = (amount(bound, comparison.sample_type.unit) for bound in (low, high))
    between = [f"99 %: {least} to {most}"] if least != most else []
    sampled = [] if math.isnan(measure.sampled) else [counted(round(measure.sampled), "sampled object")]
    return f" ({', '.join(between + sampled)})" if between or sampled else ""


def _since(comparison: Comparison, row: int, measure: Amount, *, interval: bool) -> str:
    if comparison.base is None:
        return ""
    if measure.growth is None:
        return f" · growth since {escape(comparison.base.name)} not known: no line of that build is known to match"
    grown = f" · {growth(measure, comparison.sample_type.unit, interval=interval)} since {escape(comparison.base.name)}"
    return f"{grown} · edited between: was {code(_cut(was))}" if (was := comparison.was(row)) else grown


def _cut(text: str) -> str:
    return text if len(text) <= MAX_CODE else f"{text[: MAX_CODE - 1]}…"


def _table(comparison: Comparison, row: int, judged: Finding | None) -> list[str]:
    """Write the numbers of the sample type that is shown, and of the others that the line has.

    Where a verdict says that it grows, an uncertain number of objects does not call that into question.
    """
    rows, is_found = [], judged is not None and judged.verdict in RAISED
    for kind in comparison.head.sample_types:
        stats = comparison.stats(row, kind)
        if kind != comparison.sample_type and not any(
            of.value or of.growth for of in (stats.flat, stats.cum, stats.owned)
        ):
            continue
        numbers = ", ".join(f"{amount(getattr(stats, m).value, kind.unit)} {m}" for m in ("flat", "cum", "owned"))
        measure, _ = main(stats)
        grown = (
            f" · {growth(measure, kind.unit, interval=True, is_found=is_found)}" if measure.growth is not None else ""
        )
        name = (bold if kind == comparison.sample_type else escape)(kind.type)
        rows.append(f"- {name}: {numbers}{grown}")
    return rows


def _order(stacks: list[Stack], comparison: Comparison, judged: Finding | None) -> str:
    """Return by what the heaviest stacks are ordered: " by growth"; "" without a base."""
    if judged and comparison.by_what_outlived(judged):
        return " by growth that outlived the last garbage collection"
    if not comparison.base:
        return ""
    grown = sum(stack.amount.growth or 0 for stack in stacks[:1])  # by growth, one that grew would be first
    if not grown:
        return ""
    return " by decrease" if grown < 0 else " by growth"


def _stacks(stacks: list[Stack], comparison: Comparison, places: LinePlaces) -> list[str]:
    """Write stacks: own frames, and how many others lie between."""

    def linked(frame: Frame) -> str:
        line, target = places.frame(frame)
        text = escape(frame_at(frame, line))
        return f"[{text}]({target})" if target else text

    return [
        f"{stack_label(stack, comparison)}: {shortened(stack.frames, comparison.is_own, linked)}" for stack in stacks
    ]


def stack_label(stack: Stack, comparison: Comparison) -> str:
    """Return a stack's value and, in a comparison, its growth, without ▲: whether it is significant is unknown."""
    unit = comparison.sample_type.unit
    return quantity(stack.amount.value, comparison) + (difference(stack.amount, unit) if comparison.base else "")


def _command(stacks: list[Stack], file: str, line: int, comparison: Comparison) -> list[str]:
    focus = options(comparison.focus)
    if focus is None or not all(snapshot.is_pprof for snapshot in (comparison.head, comparison.base) if snapshot):
        return []
    here = (f.function for s in stacks for f in s.frames if f.line == line and f.file.endswith(file))
    function = next(here, "")
    base = comparison.base.path if comparison.base else None
    return [code(command(function, comparison.sample_type.type, comparison.head.path, base, focus))]


def command(function: str, sample_type: str, head: str, base: str | None, focus: Sequence[str] = ()) -> str:
    """Return a shell command that lists a function's lines with flat and cum. `focus` holds further options."""
    listing = f"-list=^{re.escape(function)}$"
    against = [f"-diff_base={base}"] if base else []
    return shlex.join(["go", "tool", "pprof", f"-sample_index={sample_type}", listing, *focus, *against, head])
