"""A World of directories as they are now, for the command line: read here and now, without a worker."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from alloclens.store.assembly import Known, assemble
from alloclens.store.listing import scan
from alloclens.store.reading import remembered, snapshots, texts
from alloclens.store.setup import setup

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from alloclens.store.world import World


def world(folders: Sequence[str], directories: Sequence[str] | None, given: Mapping[str, Any]) -> World:
    """Read all profiles of these directories, or of those that are set, against the sources of these folders.

    `given` are settings that win over those of the folders' settings file.
    """
    if directories is None:
        here = setup(tuple(folders), given)
        directories = here.directories
    else:
        here = setup(tuple(folders), {**given, "profileDirs": []}).labelled(directories)
    reader, known = here.reader, Known()
    files, known.faults = scan(directories, here.where.roots.folders)
    for snapshot in remembered(snapshots(), files, reader, reader.found_again):
        known.add(snapshot)
    for path, stamp in files.items():
        if path not in known.snapshots:
            known.add(reader.snapshot(path, stamp))
    made = assemble(known, here, texts(), reader.pair)
    return replace(made, directories=tuple(directories))
