"""A World of directories as they are now, for the command line: read here and now, without a worker."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING

from alloclens.source.places import SourceMap
from alloclens.store.assembly import Known, assemble
from alloclens.store.listing import scan
from alloclens.store.reading import Reader
from alloclens.store.workspace import roots, under_folders

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alloclens.store.settings import Settings
    from alloclens.store.world import World


def world(folders: Sequence[str], directories: Sequence[str], settings: Settings) -> World:
    """Read all profiles of these directories against the sources of these folders."""
    reader, known = Reader(roots(folders), under_folders(folders, settings.binaries), settings.largest_bytes), Known()
    for path, stamp in scan(directories).items():
        known.add(reader.snapshot(path, stamp.mtime_ns))
    made = assemble(known, settings, SourceMap(reader.roots, os.path.isfile), reader.pair)
    return replace(made, directories=tuple(directories))
