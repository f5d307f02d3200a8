"""Amounts in words: values with their units, growth, and the hint beside a line. Three significant digits are enough."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from alloclens.series.comparison import LineStats
    from alloclens.stats.amount import Amount


class Unit(NamedTuple):
    """One unit of a scale."""

    size: float
    """In the scale's smallest unit."""
    name: str


BYTES = tuple(Unit(1024.0**i, name) for i, name in enumerate(("B", "kB", "MB", "GB", "TB", "PB")))
"""Powers of 1024 with these names, as in pprof."""
COUNT = tuple(Unit(1000.0**i, name) for i, name in enumerate(("", "k", "M", "G", "T")))
TIME = (
    Unit(1, "ns"),
    Unit(1e3, "µs"),
    Unit(1e6, "ms"),
    Unit(1e9, "s"),
    Unit(60e9, "min"),
    Unit(3600e9, "h"),
)
SPANS = ((86400.0, " days"), (3600.0, "h"), (60.0, "min"), (1.0, "s"))
"""Seconds in each span of time, and its name."""
RATES = ((1, "s"), (60, "min"), (3600, "h"))
"""Seconds in each span of time that growth is stated for, and its name."""
SCALES = {
    "bytes": (BYTES, 1.0),
    "byte": (BYTES, 1.0),
    "nanoseconds": (TIME, 1.0),
    "microseconds": (TIME, 1e3),
    "milliseconds": (TIME, 1e6),
    "seconds": (TIME, 1e9),
}
"""Maps the unit of a sample type to its scale and its size in the scale's smallest unit."""

MAX_HINT_CHARACTERS = 32
"""Of one kind of profile."""
MAX_LINE_CHARACTERS = 43
"""VS Code cuts off the hints of a line, from all servers together, here."""


def amount(value: float, unit: str) -> str:
    """Return a value in words: 14.1MB, 482MB, 1.2k, 20ms."""
    scale, factor = SCALES.get(unit, (COUNT, 1.0))
    size = abs(value) * factor
    step = next((s for s in reversed(scale) if size >= s.size), scale[0])
    sign = "-" if value < 0 else ""
    return f"{sign}{_digits(size / step.size, whole=step is scale[0])}{step.name}"


def counted(number: int, what: str) -> str:
    """Return a number of things: 1 snapshot, 2 snapshots."""
    return f"{number} {what}{'' if number == 1 else 's'}"


def change(value: float, unit: str) -> str:
    """Return growth in words: ▲8.3MB, ▼2.0MB."""
    return f"{'▼' if value < 0 else '▲'}{amount(abs(value), unit)}"


def signed(value: float, unit: str) -> str:
    """Return a difference in words, with its sign: +8.3MB, -2.0MB."""
    return f"{'-' if value < 0 else '+'}{amount(abs(value), unit)}"


def growth(of: Amount, unit: str, *, interval: bool = False, is_found: bool = False) -> str:
    """Return growth and whether it is significant: ▲8.3MB; +8.3MB, may be noise; -1, may be chance; +8.3MB (error unknown).

    `interval` adds its interval. `is_found`: of a line that is found to grow, it is not said to be noise. Without an error, only a verdict makes it ▲, as in a hint.
    Nothing is "unchanged" unless its growth is exactly 0: sampling may have missed a change.
    """
    if not of.growth:
        return _no_change(of, unit, interval=interval)
    grown = change(of.growth, unit) if of.significant else signed(of.growth, unit)
    if not of.is_judged:
        return f"{grown} (error unknown)"
    if interval and of.low < of.high:
        grown += f" ({signed(of.low, unit)} to {signed(of.high, unit)})"
    if of.significant or is_found:
        return grown
    if of.low == of.high:
        return f"{grown}, may be chance"
    excludes_0 = interval and (of.low > 0 or of.high < 0)
    return f"{grown}, may be noise{' among so many lines' if excludes_0 else ''}"


def _no_change(of: Amount, unit: str, *, interval: bool) -> str:
    if of.is_judged and of.low == of.high:
        return "unchanged"
    bounds = f": {signed(of.low, unit)} to {signed(of.high, unit)}" if interval and of.is_judged else ""
    return f"no change seen{bounds}"


def significant_growth(of: Amount, unit: str) -> str:
    """Return significant growth, after a space; "" for any other."""
    return f" {change(of.growth, unit)}" if of.growth and of.significant else ""


def difference(of: Amount, unit: str) -> str:
    """Return growth whose significance is unknown, in parentheses after a space: (+8.3MB); "" if it is 0."""
    return f" ({signed(of.growth, unit)})" if of.growth else ""


def duration(seconds: float) -> str:
    """Return a span of time: 0.4s, 12s, 3.5min, 2.0h, 9.1 days."""
    size, name = next(((s, n) for s, n in SPANS if abs(seconds) >= s), SPANS[-1])
    return f"{_digits(seconds / size, whole=size == 1 and (abs(seconds) >= 10 or not seconds))}{name}"


def rate(per_second: float, unit: str, span: float) -> str:
    """Return growth over time, per second, minute or hour: the shortest in which it is at least 1 MiB, or one.

    None is longer than the `span` (seconds) in which it was measured: a rate per hour says nothing about an hour that
    was not observed. Files of the same time have no rate.
    """
    if span <= 0:
        return "an unknown rate"
    least = 1 << 20 if unit == "bytes" else 1
    fitting = [period for period in RATES if period[0] <= max(span, 1)]
    seconds, name = next((period for period in fitting if abs(per_second) * period[0] >= least), fitting[-1])
    much = per_second * seconds
    return f"{amount(much, unit) if abs(much) >= 1 or not much else f'{much:.1g}'}/{name}"


def share(value: float, total: float) -> str:
    """Return a percentage: 61%, 0.4%."""
    if not total:
        return "0%"
    percent = 100 * value / total
    return f"{percent:.0f}%" if abs(percent) >= 10 else f"{percent:.1f}%"


IN_THIS_FUNCTION = " in this function"
"""After the numbers on the line of a function, if they are of all its lines."""


def main(stats: LineStats) -> tuple[Amount, str]:
    """Return the measure a line is judged by: what it owns, else what passes through it."""
    return (stats.owned, "owned") if stats.owned.value else (stats.cum, "cum")


def hint(stats: LineStats, unit: str, noun: str = "", *, unsure: bool = False, by_function: bool = False) -> str:
    """Return the one or two numbers that matter most on a line, with the growth if it is significant.

    `owned` is shown if the line owns more than it allocates itself. `noun` is what the numbers count, unless it is memory.
    Then no word says owned: goroutines always wait in the runtime. `unsure` marks a line that may be another one with ~.
    `by_function`: see `Lines`.
    """
    text = _hint(stats, unit, f" {noun}" if noun else "") + (IN_THIS_FUNCTION if by_function else "")
    return f"~{text}" if unsure else text


def _hint(stats: LineStats, unit: str, counts: str) -> str:
    flat, cum, owned = stats.flat, stats.cum, stats.owned
    if flat.value == cum.value:
        judged = owned if owned.value == flat.value else flat  # findings judge what a line owns
        return amount(flat.value, unit) + counts + significant_growth(judged, unit)
    if abs(owned.value) > abs(flat.value):
        return f"{amount(owned.value, unit)}{counts or ' owned'}" + significant_growth(owned, unit)
    if flat.value:
        grown = significant_growth(owned, unit) if owned.value == flat.value else ""
        of_cum = "" if grown else significant_growth(cum, unit)
        return f"{amount(flat.value, unit)} flat{grown} · {amount(cum.value, unit)}{counts} cum{of_cum}"
    return f"{amount(cum.value, unit)}{counts} cum" + significant_growth(cum, unit)


def _digits(number: float, *, whole: bool) -> str:
    return f"{number:.0f}" if whole or number >= 99.95 else f"{number:.1f}"
