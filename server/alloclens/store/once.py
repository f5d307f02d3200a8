"""A World of directories as they are now, for the command line: read here and now, without a worker."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING

from alloclens.source.places import SourceMap
from alloclens.store.assembly import Known, assemble
from alloclens.store.listing import scan
from alloclens.store.reading import read_pair, read_snapshot
from alloclens.store.workspace import roots

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alloclens.store.settings import Settings
    from alloclens.store.world import World


def world(folders: Sequence[str], directories: Sequence[str], settings: Settings) -> World:
    """Read all profiles of these directories against the sources of these folders."""
    here, known = roots(folders), Known()
    for path, stamp in scan(directories).items():
        known.add(read_snapshot(path, stamp.mtime_ns, here))
    made = assemble(known, settings, SourceMap(here, os.path.isfile), read_pair)
    return replace(made, directories=tuple(directories))
