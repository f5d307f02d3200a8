"""A World of directories as they are now, for the command line: read here and now, without a worker."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from alloclens.faults import Problem
from alloclens.session.known import Known
from alloclens.session.listing import scan
from alloclens.session.reading import snapshots, texts
from alloclens.session.setup import setup
from alloclens.session.world import assemble

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from alloclens.session.world import World


def world(folders: Sequence[str], directories: Sequence[str] | None, given: Mapping[str, Any]) -> World:
    """Read all profiles of these directories, or of those that are set, against the sources of these folders.

    `given` are settings that win over those of the folders' settings file.
    """
    if directories is None:
        here = setup(tuple(folders), given)
        directories = here.directories
    else:
        here = setup(tuple(folders), {**given, "profileDirs": []}).labelled(directories)
    known = Known(here.reader, snapshots())
    files, known.faults = scan(directories, here.where.roots.folders)
    remembered = known.remember(files)
    unread = dict.fromkeys(path for path in files if path not in remembered)
    while (path := known.next(unread)) is not None:
        unread.pop(path, None)
        try:
            read = known.read(path, files[path])
        except Exception as error:  # noqa: BLE001 - a fault of ours costs this file, not the rest
            read = Problem.of(path, error)
        if isinstance(read, Problem):
            known.blame(read)
    made = assemble(known, here, texts())
    return replace(made, directories=tuple(directories))
