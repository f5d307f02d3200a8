"""What a pass of two builds does not say: which growth could not have been seen.

Growth fails if it exceeds a limit by more than its error. The error grows with what is held: for values whose variance is
proportional to them, growth g beyond a limit l shows if g - l exceeds e·√(1 + g/h), where e is the error of no growth and h what
both sides hold together.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from alloclens.check.growth import name, quantity
from alloclens.wording.amounts import amount, share

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alloclens.check.growth import Growths
    from alloclens.check.limits import Limit

MANY = 4
"""Times as many runs halve the error."""
WORTH = 0.9
"""More runs are proposed if the growth that shows with them is less than this part of what shows now."""


def least_seen(of: Growths, most: Limit, least: float) -> str:
    """Say from which growth on the code that holds most would have failed; "" if nothing tells."""
    if not of.judged:
        return ""
    i = int(np.argmax(np.maximum(*of.mean)))
    now, later = _shown(of, most, least, i, 1), _shown(of, most, least, i, MANY)
    if not 0 < now < math.inf:
        return ""
    site, unit, before, runs = (
        of.table.sites[i],
        of.sample_type.unit,
        of.mean[0].item(i),
        min(of.runs.bases, of.runs.heads),
    )
    where = f" ({site.file.rpartition('/')[2]}:{site.line})" if site.line else ""
    relative = f" ({share(now, before)})" if before else ""
    more = f"; {MANY * runs} runs of each side would show about {amount(later, unit)}" if later < WORTH * now else ""
    what = f"growth of less than about {quantity(now, of.sample_type)}{relative} in {name(site)}{where}"
    verb = "allocates" if of.sample_type.type.startswith("alloc") else "holds"
    return f"{what}, which {verb} most, would not show with these runs{more}"


def _shown(of: Growths, most: Limit, least: float, i: int, times: float) -> float:
    """Return from which growth of a site on it would fail, with so many times as many runs; nan if its error is unknown."""
    return max(_beyond(limit, error / math.sqrt(times), held) for limit, error, held in _limits(of, most, least, i))


def _limits(of: Growths, most: Limit, least: float, i: int) -> Iterator[tuple[float, float, float]]:
    """Yield each limit of growth with the error against which it is held, and what both sides hold."""
    base, head = (side.item(i) for side in of.mean)
    error = head - base - of.interval.low.item(i)
    yield max(least, 0 if most.amount == math.inf else most.amount), error, base + head
    if most.share < math.inf:
        more = (1 + most.share) * base
        yield most.share * base, head - more - of.beyond(most.share).low.item(i), more + head


def _beyond(limit: float, error: float, held: float) -> float:
    """Return the growth g for which g - limit = error·√(1 + g/held)."""
    part = error**2 / (2 * held)
    return limit + part + error * math.sqrt(1 + limit / held + part / (2 * held))
