"""The rows of `pprof -top`, to the byte."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from alloclens.analysis import incidence, sites
from alloclens.analysis.difference import total

if TYPE_CHECKING:
    from alloclens.profile.model import Profile

By = Literal["line", "function"]
Sort = Literal["flat", "cum"]


@dataclass(frozen=True)
class Row:
    """One site and its two numbers, in the unit of the sample type."""

    function: str
    file: str
    line: int
    """1-based; 0 where unknown or by function."""
    binary: str
    """Where the name is unknown: the file of the mapping."""
    flat: int
    cum: int


@dataclass(frozen=True)
class Top:
    """All rows that are not zero, heaviest first."""

    total: int
    """What 100 % is."""
    rows: tuple[Row, ...]


def top(profile: Profile, column: int, by: By, sort: Sort) -> Top:
    """Return what pprof shows with -nodefraction=0 -nodecount=0 for one sample type."""
    where = {"line": sites.by_line, "function": sites.by_function}[by](profile)
    values = profile.values[:, [column]]
    flat = incidence.flat(profile, where).sum(values)[:, 0]
    cum = incidence.cum(profile, where).sum(values)[:, 0]
    first, second = (flat, cum) if sort == "flat" else (cum, flat)
    order = np.lexsort((-np.abs(second), -np.abs(first)))
    order = order[(flat[order] != 0) | (cum[order] != 0)]
    columns = (c[order].tolist() for c in (where.function, where.file, where.line, where.binary, flat, cum))
    text = where.texts
    rows = (Row(text[f], text[p], n, text[b], v, c) for f, p, n, b, v, c in zip(*columns, strict=True))
    return Top(total(profile, column), tuple(rows))
