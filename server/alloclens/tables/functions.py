"""Values of whole functions."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from alloclens.tables import attribution
from alloclens.tables.growth import cum_amounts
from alloclens.tables.sites import WeightedLine, by_function_start
from alloclens.tables.top import top
from alloclens.transform.subset import samples

if TYPE_CHECKING:
    from collections.abc import Collection

    from alloclens.profile.model import Profile, ValueType
    from alloclens.stats.amount import Amount
    from alloclens.tables.top import Top


@dataclass(frozen=True)
class FunctionStats:
    """A function of a file, in the unit of the sample type."""

    name: str
    start_line: int
    """Line of the declaration, 1-based."""
    flat: int
    """At the head."""
    cum: Amount


def functions(
    profile: Profile,
    sample_type: ValueType,
    files: Collection[str],
    *,
    one_process: bool = True,
    compared: bool = False,
) -> list[FunctionStats]:
    """Return the functions of these recorded files with a known declaration, heaviest first.

    The profile is a head, or head - base. `one_process`: head and base share objects. `compared`: there is a base, even
    if the profile has none of its samples.
    """
    sites = by_function_start(profile)
    column = profile.sample_types.index(sample_type)
    at_head = np.where(profile.is_base[:, None], 0, profile.values[:, [column]])
    flat = attribution.flat(profile, sites).sum(at_head)[:, 0]
    cum = cum_amounts(profile, sites, sample_type, one_process=one_process, compared=compared)
    ours = [i for i, file in enumerate(sites.texts) if file in files]
    rows = np.flatnonzero(np.isin(sites.file, ours) & (sites.line > 0) & ((cum.value != 0) | (cum.growth != 0)))
    rows = rows[np.argsort(-np.abs(cum.value[rows]), kind="stable")]
    return [
        FunctionStats(
            name=sites.texts[sites.function[i]],
            start_line=int(sites.line[i]),
            flat=int(flat[i]),
            cum=cum.of(i),
        )
        for i in rows.tolist()
    ]


class HotFunction(NamedTuple):
    """A function and its cum value."""

    function: str
    at: WeightedLine
    """Its heaviest line."""
    cum: int
    """At the head, in the unit of the sample type."""


def hot_functions(profile: Profile, sample_type: ValueType, containing: str, most: int) -> list[HotFunction]:
    """Return the heaviest functions at the head whose names contain a text, ignoring case.

    Functions without a name are omitted, and so are those whose lines are all zero, as negative values can make them.
    """
    head, number = samples(profile, ~profile.is_base), profile.sample_types.index(sample_type)
    functions, lines = top(head, number, "function", "cum"), top(head, number, "line", "cum")
    named, first = np.unique(lines.sites.function[lines.order], return_index=True)
    text, searched = functions.sites.texts, containing.casefold()
    row = np.full(len(text), -1)
    row[named] = lines.order[first]
    numbers = ((functions.sites.function[i], i) for i in functions.order.tolist())
    named_so = ((n, i) for n, i in numbers if text[n] and searched in text[n].casefold())
    hot = ((n, i) for n, i in named_so if functions.cum[i] and row[n] >= 0)
    return [HotFunction(text[n], _line(lines, int(row[n])), int(functions.cum[i])) for n, i in islice(hot, most)]


def _line(lines: Top, row: int) -> WeightedLine:
    return WeightedLine(*lines.sites.at(row), int(lines.cum[row]))
