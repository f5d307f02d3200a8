"""The series of some snapshots, without the services that they are of."""

from __future__ import annotations

from itertools import chain
from operator import attrgetter
from typing import TYPE_CHECKING

from alloclens.series.services import NO_FUNCTIONS, services

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from alloclens.series.programs import FunctionsOf
    from alloclens.series.series import Series
    from alloclens.series.snapshot import Snapshot


def group(
    snapshots: Iterable[Snapshot],
    labels: Mapping[str, str] | None = None,
    functions: FunctionsOf = lambda _: NO_FUNCTIONS,
) -> tuple[Series, ...]:
    """Return the series of all services; the one with the newest snapshot comes first."""
    all_series = chain.from_iterable(service.series for service in services(snapshots, labels, functions))
    return tuple(sorted(all_series, key=attrgetter("newest_first")))
