"""A profile as a table: flat, cum and owned values of lines, functions or packages, with the growth of cum."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from alloclens.arrays import sums
from alloclens.tables import attribution
from alloclens.tables.growth import cum_amounts
from alloclens.tables.sites import by_line
from alloclens.tables.top import Granularity

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from alloclens.arrays import Ints
    from alloclens.profile.model import Profile, ValueType
    from alloclens.stats.growth import Amounts
    from alloclens.tables.sites import Sites

By = Literal[Granularity, "package"]


@dataclass(frozen=True, eq=False)
class ValueTable:
    """One row for each line, function or package, in no order. Values at the head, in the unit of the sample type."""

    sites: Sites
    """For functions and packages, file and line are those of the heaviest line."""
    name: list[str]
    """Of the function, else of the binary; or of the package."""
    flat: Ints
    cum: Amounts
    owned: Ints

    def __len__(self) -> int:
        return len(self.name)


def table(
    profile: Profile,
    sample_type: ValueType,
    by: By,
    own: Collection[str],
    package: Callable[[str, str], str],
    *,
    one_process: bool = True,
    compared: bool = False,
) -> ValueTable:
    """Return the table of a head, or of head - base. `own` are the files of own code; `package` is of a function and its file.

    `one_process`: head and base share objects. `compared`: there is a base, even if the profile has none of its samples.
    """
    lines = by_line(profile)
    names = _names(lines, by, package)
    name, row = (
        np.unique(np.array(names, object), return_inverse=True) if by != "line" else (names, np.arange(len(lines)))
    )
    rows, column = len(name), profile.sample_types.index(sample_type)
    grouped = replace(lines, of_frame=row[lines.of_frame])
    values = np.where(profile.is_base[:, None], 0, profile.values[:, [column]])
    text = np.array([file in own for file in lines.texts], np.bool_)
    may_own = text[lines.file] & ~attribution.allocators(profile, lines)
    by_site = [
        attributed.sum(values)[:, 0]
        for attributed in (attribution.flat(profile, lines), attribution.owned(profile, lines, may_own))
    ]
    flat, owned = (sums(row, part, rows) for part in by_site)
    sized = replace(grouped, line=np.zeros(rows, np.int64))  # of as many rows as there are groups
    cum = cum_amounts(profile, sized, sample_type, one_process=one_process, compared=compared)
    heaviest = _heaviest(attribution.cum(profile, lines, np.abs(values))[:, 0], row, rows)
    parts = {part: getattr(lines, part)[heaviest] for part in ("function", "file", "line", "binary", "start")}
    return ValueTable(replace(grouped, **parts), list(name), flat, cum, owned)


def _names(lines: Sites, by: By, package: Callable[[str, str], str]) -> list[str]:
    columns = (lines.function, lines.binary, lines.file)
    named = [
        (lines.texts[f] or lines.texts[b], lines.texts[p])
        for f, b, p in zip(*(c.tolist() for c in columns), strict=True)
    ]
    if by != "package":
        return [name for name, _ in named]
    known = {function: package(*function) for function in dict.fromkeys(named)}
    return [known[function] for function in named]


def _heaviest(weight: Ints, row: Ints, rows: int) -> Ints:
    """Return the heaviest site of each row."""
    order = np.lexsort((-weight, row))
    return order[np.searchsorted(row[order], np.arange(rows))]
