"""The numbers of whole functions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from alloclens.analysis import incidence
from alloclens.analysis.sites import by_function_start

if TYPE_CHECKING:
    from collections.abc import Collection

    from alloclens.profile.model import Profile


@dataclass(frozen=True)
class FunctionStats:
    """One function of one file, in the unit of the asked sample type."""

    name: str
    start_line: int
    """Where it is declared, 1-based."""
    flat: int
    """At the head."""
    cum: int
    """At the head."""
    growth: int
    """Of cum; 0 where nothing is compared."""


def functions(profile: Profile, column: int, files: Collection[str]) -> list[FunctionStats]:
    """Return the functions of these recorded files that say where they are declared, heaviest first."""
    sites = by_function_start(profile)
    values = profile.values[:, [column]]
    now = np.where(profile.is_base[:, None], 0, values)
    cum, grown = incidence.cum(profile, sites, np.concatenate([now, values], axis=1)).T
    flat = incidence.flat(profile, sites).sum(now)[:, 0]
    compared = bool(profile.is_base.any())
    wanted = [i for i, file in enumerate(sites.texts) if file in files]
    rows = np.flatnonzero(np.isin(sites.file, wanted) & (sites.line > 0) & (cum != 0))
    rows = rows[np.argsort(-np.abs(cum[rows]), kind="stable")]
    return [
        FunctionStats(
            name=sites.texts[sites.function[i]],
            start_line=int(sites.line[i]),
            flat=int(flat[i]),
            cum=int(cum[i]),
            growth=int(grown[i]) if compared else 0,
        )
        for i in rows.tolist()
    ]
