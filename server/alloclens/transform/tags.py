"""Filters samples by their labels, with pprof's syntax: `32kb:64kb`, `bytes=1mb:`, `state=idle,busy`, `key:value`."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from alloclens.arrays import MAX_INT64
from alloclens.transform.patterns import PatternError, hit_texts, search

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from alloclens.arrays import Floats, Ints, Mask
    from alloclens.profile.model import Profile
    from alloclens.transform.patterns import Search


Number = TypeVar("Number", float, "Floats")

AMOUNT = re.compile(r"([+-]?[0-9]+)([A-Za-z]*)")
BASE = ("pprof::base", "true")
"""pprof's label of a base's samples."""
FAMILIES = (
    {
        "B": (1, ("b", "byte")),
        "kB": (1 << 10, ("kb", "kbyte", "kilobyte")),
        "MB": (1 << 20, ("mb", "mbyte", "megabyte")),
        "GB": (1 << 30, ("gb", "gbyte", "gigabyte")),
        "TB": (1 << 40, ("tb", "tbyte", "terabyte")),
        "PB": (1 << 50, ("pb", "pbyte", "petabyte")),
    },
    {
        "s": (10**9, ("s", "sec", "second")),
        "ns": (1, ("ns", "nanosecond")),
        "us": (10**3, ("us", "microsecond")),
        "ms": (10**6, ("ms", "millisecond")),
        "hrs": (3600 * 10**9, ("hour", "hr")),
    },
)
"""Comparable units with pprof's names; the first of each family is the fallback."""
KNOWN = {alias: (family, name) for family in FAMILIES for name, (_, aliases) in family.items() for alias in aliases}


@dataclass(frozen=True)
class TagRange:
    """Numbers from `least` to `most` inclusive, in `unit`."""

    least: float
    most: float
    unit: str


@dataclass(frozen=True)
class Tag:
    """Matches labels with this key ("" for any) that are in the range or match a text."""

    key: str
    range: TagRange | None
    texts: tuple[Search, ...]


def parsed(text: str) -> Tag:
    """Parse a filter as pprof does. Raises PatternError."""
    key, equals, value = text.partition("=")
    if not equals:
        key, value = "", text
    if interval := _range(value):
        return Tag(key, interval, ())
    return Tag(key, None, tuple(search(part) for part in value.split(",")))


def hit_samples(profile: Profile, tag: Tag, units: dict[str, str]) -> Mask:
    """Return which samples have a matching label. `units` are those of the whole profile.

    With a key, any pattern may match; without, each must match a label's `key:text`.
    """
    if tag.range is not None:
        return _with_number(profile, tag.key, tag.range, units)
    if tag.key:
        return _with_text(profile, lambda key, text: key == tag.key and any(test(text) for test in tag.texts))
    out = np.ones(len(profile), np.bool_)
    for test in tag.texts:
        out &= _with_text(profile, _joined(test))
    return out


def units(profile: Profile) -> dict[str, str]:
    """Return the unit of each numeric key: the first that a sample has, else pprof's default."""
    unit_of: dict[str, str] = {}
    rows = _numeric(profile)
    pair, at = np.unique(_pairs(profile, profile.labels.unit)[rows], return_index=True)
    for key, unit in _texts(profile, pair[np.argsort(at)]):
        unit_of[key] = unit_of.get(key) or unit
    return {key: unit or ("bytes" if key in {"alignment", "request"} else key) for key, unit in unit_of.items()}


def _joined(test: Search) -> Callable[[str, str], bool]:
    return lambda key, text: test(f"{key}:{text}")


def _with_text(profile: Profile, test: Callable[[str, str], bool]) -> Mask:
    rows = np.flatnonzero(profile.labels.text)
    pair, place = np.unique(_pairs(profile, profile.labels.text)[rows], return_inverse=True)
    passes = np.array([test(key, text) for key, text in _texts(profile, pair)], np.bool_)
    return _of_labels(profile, rows[passes[place.reshape(-1)]]) | (profile.is_base & test(*BASE))


def _with_number(profile: Profile, key: str, interval: TagRange, units: dict[str, str]) -> Mask:
    rows = _numeric(profile)
    distinct, place = np.unique(profile.labels.key[rows], return_inverse=True)
    place, hit = place.reshape(-1), np.zeros(len(rows), np.bool_)
    for i, name in enumerate(profile.text(distinct.astype(np.int64))):
        if key in {"", name}:
            here = place == i
            numbers = profile.labels.number[rows[here]].astype(np.float64)
            hit[here] = _inside(numbers, units[name], interval)
    return _of_labels(profile, rows[hit])


def _inside(numbers: Floats, unit: str, interval: TagRange) -> Mask:
    value, unit = _scaled(numbers, unit, interval.unit)
    return (value >= interval.least) & (value <= interval.most) & (unit == interval.unit)


def _numeric(profile: Profile) -> Ints:
    """Return the rows of the labels that pprof takes for numbers, which excludes zeros without a unit."""
    labels = profile.labels
    return np.flatnonzero((labels.text == 0) & ((labels.number != 0) | hit_texts(profile, labels.unit, bool)))


def _pairs(profile: Profile, other: NDArray[np.int32]) -> Ints:
    """Pack each label's key and another string into one number."""
    return profile.labels.key * np.int64(len(profile.strings)) + other


def _texts(profile: Profile, pairs: Ints) -> list[tuple[str, str]]:
    key, other = np.divmod(pairs, len(profile.strings))
    return list(zip(profile.text(key), profile.text(other), strict=True))


def _of_labels(profile: Profile, rows: Ints) -> Mask:
    out = np.zeros(len(profile), np.bool_)
    out[profile.labels.sample[rows]] = True
    return out


def _range(text: str) -> TagRange | None:
    """Parse 32kb, 32kb:, :32kb or 32kb:64kb; None for anything else or for incomparable units."""
    ends = text.split(":")
    if len(ends) > 2 or not any(ends) or not all(AMOUNT.fullmatch(end) for end in ends if end):
        return None
    least, most = ends[0], ends[-1]
    _, unit = _amount(least or most)
    low, unit_of_low = _amount(least, unit) if least else (-math.inf, unit)
    high, unit_of_high = _amount(most, unit) if most else (math.inf, unit)
    return TagRange(low, high, unit) if unit_of_low == unit_of_high == unit else None


def _amount(text: str, unit: str | None = None) -> tuple[float, str]:
    """Parse 64kb into a number and its unit, converted to `unit` if given."""
    number, own = AMOUNT.findall(text)[0]
    if abs(int(number)) > MAX_INT64:
        raise PatternError(f"{number} is larger than a label can be")
    return _scaled(float(int(number)), own, own if unit is None else unit)


def _scaled(value: Number, given: str, target: str) -> tuple[Number, str]:
    """Convert a value to a unit, or else to pprof's fallback."""
    if (known := _known(given)) is None:
        return value, target
    family, name = known
    other, _ = next(iter(family.items()))
    if (known_target := _known(target)) is not None and known_target[0] is family:
        other = known_target[1]
    return value * family[name][0] / family[other][0], other


def _known(unit: str) -> tuple[dict[str, tuple[int, tuple[str, ...]]], str] | None:
    unit = unit.lower()
    return KNOWN.get(unit.removesuffix("s") if len(unit) > 2 else unit)
