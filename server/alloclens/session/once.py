"""Reads the World of directories once, for the command line, without a worker."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from alloclens.faults import Problem
from alloclens.session.assemble import assemble
from alloclens.session.choice import Choice, with_chosen
from alloclens.session.known import Known
from alloclens.session.listing import scan
from alloclens.session.reading import snapshots, texts
from alloclens.session.setup import setup
from alloclens.worker import Lost

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from alloclens.disk import Stamp
    from alloclens.series.snapshot import Snapshot
    from alloclens.session.setup import Setup
    from alloclens.session.world import FilePair, World


def world(
    folders: Sequence[str], directories: Sequence[str] | None, given: Mapping[str, Any], since: float = -math.inf
) -> World:
    """Read all profiles of these directories, or of those in the settings, with the sources of these folders.

    Where neither names directories, files in the folders themselves count too if they are named as profilers name them.
    `given` holds settings that override those of the folders' settings file. Snapshots taken before `since`, in seconds
    since 1970, are not shown.
    """
    if directories is None:
        current = setup(tuple(folders), given)
        directories, working = current.directories, current.working
    else:
        working = ()
        current = setup(tuple(folders), {**given, "profileDirs": []})
    known = Known(current.reader, snapshots())
    known.since = since
    listing = scan(directories, current.where.roots.folders, current.settings.profile_depth, working=working)
    known.take(listing)
    current = current.labelled(listing.directories)
    remember_or_read(known, listing.files, listing.files)
    return replace(assembled(known, current, listing.files), directories=tuple(directories))


class FilesRead(NamedTuple):
    """Some profiles, by path, and what could not be read."""

    snapshots: Mapping[str, Snapshot]
    problems: tuple[Problem, ...]


def read_files(folders: Sequence[str], files: Sequence[str], given: Mapping[str, Any]) -> FilesRead:
    """Read profiles, wherever they are, as far as their kind. All paths are real."""
    known = _of_files(setup(tuple(folders), {**given, "profileDirs": []}), files)
    faults = {path: Problem(path, reason) for path, reason in known.faults.items()}
    return FilesRead(known.snapshots, tuple((known.problems | faults).values()))


def two_files(folders: Sequence[str], files: FilePair, given: Mapping[str, Any]) -> World:
    """Read two profiles, wherever they are, with the sources of these folders. All paths are real.

    Their comparison is `World.named`, if they can be read and compared; else `World.problems` says why not.
    """
    current = setup(tuple(folders), {**given, "profileDirs": []})
    known = _of_files(current, files.paths)
    return with_chosen(assemble(known, current, texts(), files=files), Choice())


def _of_files(current: Setup, files: Sequence[str]) -> Known:
    """Read some files."""
    known = Known(current.reader, snapshots())
    listing = scan((), current.where.roots.folders, named=files)
    known.take(listing)
    remember_or_read(known, listing.files, listing.files)
    return known


def assembled(known: Known, current: Setup, files: Mapping[str, Stamp]) -> World:
    """Build a world. If what was kept of the head or the base is not what its file says now, that file is read again."""
    world = assemble(known, current, texts())
    if known.unsettled:
        read(known, files)
        world = assemble(known, current, texts())
    return world


def remember_or_read(known: Known, files: Mapping[str, Stamp], new: Mapping[str, Stamp]) -> None:
    """Take new files from the cache, and read the others of them, and those that have to be read again."""
    remembered = known.remember(new)
    read(known, files, [path for path in new if path not in remembered])


def read(known: Known, files: Mapping[str, Stamp], new: Iterable[str] = ()) -> None:
    """Read new files, and those that have to be read again."""
    unread = dict.fromkeys(new)
    while (path := known.next(next(iter(unread), None))) is not None:
        unread.pop(path, None)
        try:
            made = known.read(path, files[path])
        except Lost as error:
            made = Problem(path, str(error))
        except Exception as error:  # noqa: BLE001 - an error of ours must not hide the other files
            made = Problem.of(path, error)
        if isinstance(made, Problem):
            known.blame(made)
