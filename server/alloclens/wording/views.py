"""The rows of an editor's views: findings, hot lines, snapshots, and the tree of a line's stacks."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from alloclens.paths import name_of
from alloclens.printable import printable
from alloclens.series.verdicts import Rule
from alloclens.wording.amounts import amount, duration, rate, share, signed
from alloclens.wording.kinds import GOROUTINE, noun, quantity
from alloclens.wording.markdown import bold, escape
from alloclens.wording.names import short_name
from alloclens.wording.verdict import drawn_before, figures, grown

if TYPE_CHECKING:
    from alloclens.profile.model import ValueType
    from alloclens.series.comparison import Comparison
    from alloclens.series.findings import Finding
    from alloclens.series.series import Series
    from alloclens.tables.stack_tree import Branches, StackNode


DOUBTS = {
    Rule.EARLY: "too early",
    Rule.SLOWS: "slows down",
    Rule.REFILLS: "fills as before",
    Rule.LOADED: "rises with load",
}
"""Why a candidate may be harmless, in the few words that a side bar shows; others are not proven."""


def place(file: str, line: int, function: str) -> str:
    """Return a line and its function: main.go:42  main.serve; the line alone if the function is named by its place, as tracemalloc's."""
    where, name = f"{name_of(file)}:{line}" if line else name_of(file), short_name(function)
    name = "" if name.rpartition(":")[0] == name_of(file) else name
    return printable("  ".join(part for part in (where, name) if part))


def detail(finding: Finding, before: str = "", *, unsure: bool = False, ended: bool = False) -> str:
    """Return the verdict, what is held and how it grew, in a few words: leak · 64.0MB ▲63.0MB, 9.0MB/s over 70s.

    The verdict and the numbers are first: a side bar cuts off the rest. Of what grew from nothing, the growth is all. `before`: what it was reported as, and since
    when. `unsure` marks a line that may be another one with ~, `ended` what a process held before it was restarted.
    """
    unit = finding.sample_type.unit
    growth = grown(finding) if finding.growth else ""
    counts = noun(None, finding.sample_type, finding.owned.value)
    held = amount(finding.owned.value, unit)
    numbers = " ".join(filter(None, ("" if growth[1:] == held else held, growth, counts)))
    pace = (
        f", {rate(finding.slope, unit, finding.over.seconds)} over {duration(finding.over.seconds)}"
        if finding.slope > 0
        else ""
    )
    is_early = finding.rule is Rule.EARLY and finding.is_of_files  # and always will be
    doubt = "not proven" if is_early else DOUBTS.get(finding.rule, "not proven")
    verdict = doubt if finding.is_candidate else finding.verdict
    of = f"{verdict} before the restart" if ended else verdict
    return f"{of} · {'~' if unsure else ''}{numbers}{pace}{before and f', {before}'}"


def tooltip(finding: Finding, label: str, message: str, not_here: str, on: str = "") -> str:
    """Describe a finding in full, in Markdown. `not_here` is the reason if its line has no place here, else "".

    `on` says on which instances of its service it stands; "" if there is one.
    """
    parts = [bold(label), f"{drawn_before(finding.points, escape(message))}  \n{escape(figures(finding))}"]
    parts += [escape(f"{on[:1].upper()}{on[1:]}.")] if on else []
    return "\n\n".join(parts + ([f"Not here: {escape(not_here)}."] if not_here else []))


def program(series: Series) -> str:
    """Return the program of a series, and which of several processes it is: server, process 2."""
    return ", ".join(part for part in (series.program, f"process {series.replica}" if series.replica else "") if part)


def total(value: int, before: int | None, kind: ValueType) -> str:
    """Return a snapshot's total, and its difference from the previous one of its process, if there is one."""
    step = value - before if before is not None else 0
    what = noun(None, kind, value) if kind.type in GOROUTINE else kind.type
    return printable(f"{amount(value, kind.unit)}{f' ({signed(step, kind.unit)})' if step else ''} {what}")


def of_kind(value: float, comparison: Comparison) -> str:
    """Return a number with what it counts, or its sample type: 32.0MB inuse_space, 500 goroutines."""
    kind = comparison.sample_type
    return quantity(value, comparison) if noun(comparison, kind) else f"{amount(value, kind.unit)} {kind.type}"


def frame_name(node: StackNode) -> str:
    """Return the function of a frame, else its binary or file."""
    name = short_name(node.function) or (f"[{name_of(node.binary)}]" if node.binary else name_of(node.file) or "?")
    return printable(name)


def frame_label(node: StackNode, unit: str) -> str:
    """Return the amount that reaches a frame, and its function: 42.0MB main.serve. A side bar cuts off names, but no amount."""
    return f"{amount(node.amount.value, unit)} {frame_name(node)}"


def root_label(node: StackNode, of: Comparison) -> str:
    """Return the same for the root of a tree, with what the numbers of the tree count: 705 goroutines main.wait."""
    return f"{quantity(node.amount.value, of)} {frame_name(node)}"


def frame_detail(node: StackNode, where: str, whole: float, unit: str, *, compared: bool) -> str:
    """Return where a frame is, the growth of what reaches it, and its share of `whole`: main.go:6 · +40.0MB · 93%."""
    grown = signed(node.amount.growth, unit) if compared and node.amount.growth else ""
    parts = (printable(where), grown, share(node.amount.value, whole))
    return " · ".join(part for part in parts if part)


def others(branches: Branches, unit: str) -> str:
    """Return the number of the frames that are left out, and their sum."""
    rest = branches.amount.value - sum(node.amount.value for node in branches.nodes)
    return f"{branches.many - len(branches.nodes)} more: {amount(rest, unit)}"


def size(path: str) -> str:
    """Return a file's size; "" if it no longer exists."""
    try:
        return amount(os.stat(path).st_size, "bytes")
    except OSError:
        return ""
