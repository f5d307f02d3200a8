"""The rows of `pprof -top`, equal to the byte."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from alloclens.tables import attribution, sites
from alloclens.transform.difference import total

if TYPE_CHECKING:
    from alloclens.arrays import Ints
    from alloclens.profile.model import Profile
    from alloclens.tables.sites import Sites


Granularity = Literal["line", "function"]
Sort = Literal["flat", "cum"]


@dataclass(frozen=True)
class TopRow:
    """A site with its flat and cum values, in the unit of the sample type."""

    function: str
    file: str
    line: int
    """1-based; 0 if unknown or by function."""
    binary: str
    """The mapping's file if the function's name is unknown."""
    flat: int
    cum: int


@dataclass(frozen=True, eq=False)
class Top:
    """The non-zero sites, heaviest first."""

    total: int
    """The value of 100 %."""
    sites: Sites
    order: Ints
    """Row numbers of `sites`."""
    flat: Ints
    """Value of every site."""
    cum: Ints

    def __len__(self) -> int:
        return len(self.order)

    def rows(self, most: int | None = None) -> list[TopRow]:
        """Return the heaviest rows; all by default."""
        where, chosen = self.sites, self.order[:most]
        columns = (where.function, where.file, where.line, where.binary, self.flat, self.cum)
        text = where.texts
        return [
            TopRow(text[f], text[p], n, text[b], v, c)
            for f, p, n, b, v, c in zip(*(column[chosen].tolist() for column in columns), strict=True)
        ]


def top(profile: Profile, column: int, by: Granularity, sort: Sort, whole: int | None = None) -> Top:
    """Return pprof's rows with -nodefraction=0 -nodecount=0 in one sample type.

    `whole` is 100 % before the profile was filtered.
    """
    where = {"line": sites.by_line, "function": sites.by_function}[by](profile)
    values = profile.values[:, [column]]
    flat = attribution.flat(profile, where).sum(values)[:, 0]
    cum = attribution.cum(profile, where, values)[:, 0]
    first, second = (flat, cum) if sort == "flat" else (cum, flat)
    order = np.lexsort((-np.abs(second), -np.abs(first)))
    order = order[(flat[order] != 0) | (cum[order] != 0)]
    return Top(total(profile, column) if whole is None else whole, where, order, flat, cum)
