"""Profiles read as the server and the command line read them, without a directory that is followed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alloclens.disk import stamp
from alloclens.session.known import Known
from alloclens.session.reading import Reader

if TYPE_CHECKING:
    from pathlib import Path

    from alloclens.series.contents import Contents, Pair


def read(*paths: Path, reader: Reader | None = None) -> Known:
    """Read some profiles, in this order."""
    known = Known(reader or Reader())
    for path in map(str, paths):
        known.read(path, stamp(path))
    return known


def contents(pair: Pair) -> Contents | None:
    """Read the files of a comparison."""
    return read(*filter(None, (pair.base, pair.head))).pair(pair)
