"""The numbers of several kinds of profiles, side by side: 32.0MB ▲28.4MB · 500 goroutines ▲450."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from alloclens.profile.kinds import ProfileKind
from alloclens.profile.sample_types import LEAKED
from alloclens.wording.amounts import MAX_LINE_CHARACTERS, amount, growth, hint, main, significant_growth
from alloclens.wording.times import shortly

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alloclens.profile.model import ValueType
    from alloclens.series.comparison import Comparison

NAMES = {
    ProfileKind.GOROUTINELEAK: "leaked goroutines",
    ProfileKind.BLOCK: "blocking",
    ProfileKind.MUTEX: "mutex contention",
    ProfileKind.CPU: "CPU",
}
"""The kinds whose usual name is not that of `ProfileKind`."""
ALIKE = (ProfileKind.BLOCK, ProfileKind.MUTEX)
"""The kinds whose sample types have the same names."""
GOROUTINE = {LEAKED: "leaked goroutine", "goroutine": "goroutine"}
DELAYS = {ProfileKind.BLOCK: "blocked", ProfileKind.MUTEX: "contended", ProfileKind.CONTENTION: "waited"}
"""What happened in the time that a contention profile adds up."""
PROOF = "Proof: the garbage collector found that nothing can ever wake these goroutines."
SEPARATOR, MORE = " · ", " …"


class KindRow(NamedTuple):
    """A row of the lines of a comparison's head."""

    comparison: Comparison
    row: int
    unsure: bool = False
    """Whether the line on which it is shown may be the wrong one."""


def named(kind: ProfileKind) -> str:
    """Return the name of a kind of profile: heap, leaked goroutines, blocking."""
    return NAMES.get(kind, kind.name.lower())


def type_name(of: Comparison) -> str:
    """Return the name of the shown sample type, as the setting sampleType takes it."""
    return qualified(of.series.kind, of.sample_type)


def qualified(kind: ProfileKind, sample_type: ValueType) -> str:
    """Return the name of a sample type: with its kind, as mutex/delay, if another kind has types of the same names."""
    return f"{kind.name.lower()}/{sample_type.type}" if kind in ALIKE else sample_type.type


def noun(of: Comparison | None, sample_type: ValueType, value: float = 2) -> str:
    """Return what a number counts, to be written after it: goroutines, blocked; "" for memory, whose unit says it."""
    if sample_type.unit == "bytes":
        return ""
    name = sample_type.type
    if one := GOROUTINE.get(name):
        return one if value == 1 else f"{one}s"
    if name == "delay":
        return DELAYS.get(of.series.kind if of else ProfileKind.CONTENTION, "waited")
    if name in ("cpu", "cpu-time", "cpu_time"):
        return "CPU"
    if of is None or of.series.kind is ProfileKind.HEAP:
        return ""
    return f"{of.series.kind.name.lower()} {name}" if of.series.kind in ALIKE else name


def quantity(value: float, of: Comparison) -> str:
    """Return a number with what it counts: 32.0MB, 500 goroutines, 1.2s blocked."""
    return with_noun(value, of.sample_type, of)


def counted_as(value: float, of: Comparison) -> str:
    """Return what a number counts, or its sample type: inuse_space, goroutines."""
    kind = of.sample_type
    return noun(of, kind, value) if kind.type in GOROUTINE else type_name(of)


def with_noun(value: float, sample_type: ValueType, of: Comparison | None = None) -> str:
    """Return a number of a sample type with what it counts."""
    return " ".join(filter(None, (amount(value, sample_type.unit), noun(of, sample_type, value))))


def side_by_side(rows: Sequence[KindRow]) -> str:
    """Return the hint of a line that has these rows, the leading kind first.

    Proof that goroutines leak comes next, then as many other kinds as fit. … says that there are more. Numbers of an earlier
    snapshot than the head, which has no names, have its time.
    """
    if len(rows) == 1:
        return _alone(rows[0]) + _when(rows[0].comparison)
    return joined("".join(_beside(rows[0])) + _when(rows[0].comparison), _others(rows))


def _when(of: Comparison) -> str:
    """Return when the numbers of a line were taken, after a space, if that is not when the head was: at 14:03."""
    return f" {shortly(of.head, of.instead_of)}" if of.instead_of else ""


def sorted_by(measure: str, rows: Sequence[KindRow]) -> str:
    """Return the same with the number first that sorts the line: owned, flat, cum or growth."""
    return joined(_measured(rows[0], measure) + _when(rows[0].comparison), _others(rows))


def _others(rows: Sequence[KindRow]) -> list[tuple[str, str]]:
    """Return the numbers of the kinds after the first."""
    return [_beside(row) for row in sorted(rows[1:], key=lambda row: row.comparison.sample_type.type != LEAKED)]


def _measured(of: KindRow, measure: str) -> str:
    """Return one number with the name of its measure: 7.5MB owned ▲2.0MB; of growth: ▲2.0MB · 7.5MB owned.

    If that is 0, the number of the hint follows: 0B owned · 7.5MB cum ▲2.0MB.
    """
    comparison, stats = of.comparison, of.comparison.stats(of.row)
    unit, (judged, name) = comparison.sample_type.unit, main(stats)
    value, name = (judged, name) if measure == "growth" else (getattr(stats, measure), measure)
    counts = noun(comparison, comparison.sample_type, value.value)
    words = [amount(value.value, unit), counts, "" if counts and name == "owned" else name]
    text = f"{'~' if of.unsure else ''}{' '.join(filter(None, words))}"
    if measure == "growth" and comparison.base:
        return f"{growth(judged, unit)}{SEPARATOR}{text}"
    if not value.value and judged.value:
        return f"{text}{SEPARATOR}{_measured(of, main(stats)[1])}"
    return text + significant_growth(value, unit)


def joined(text: str, parts: Sequence[tuple[str, str]], most: int = MAX_LINE_CHARACTERS) -> str:
    """Add the numbers of further kinds, each with its growth, to a hint: as many as VS Code shows, if need be without growth."""
    for number, (value, grown) in enumerate(parts, 1):
        room = most - len(MORE) * (number < len(parts))
        longer = text + SEPARATOR + value
        if len(longer) > room:
            return text + MORE
        text = longer + grown if len(longer + grown) <= room else longer
    return text


def _alone(of: KindRow) -> str:
    comparison, stats = of.comparison, of.comparison.stats(of.row)
    counts = noun(comparison, comparison.sample_type, main(stats)[0].value)
    by_function = comparison.lines.by_function
    return hint(stats, comparison.sample_type.unit, counts, unsure=of.unsure, by_function=by_function)


def _beside(of: KindRow) -> tuple[str, str]:
    value, _ = main(of.comparison.stats(of.row))
    text = quantity(value.value, of.comparison)
    return f"~{text}" if of.unsure else text, significant_growth(value, of.comparison.sample_type.unit)
