"""What lies in the profile directories now. Truth is a scan, compared with the scan before."""

from __future__ import annotations

import errno
import os
import stat
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

from alloclens.disk import NOT_REGULAR, Stamp, _stamp, check_inside, is_absent, reason
from alloclens.languages import LANGUAGES

if TYPE_CHECKING:
    from collections.abc import Iterable


Listing = dict[str, Stamp]
"""By absolute path."""

NOT_PROFILES = (
    *chain.from_iterable(language.endings for language in LANGUAGES),
    ".mod",
    ".sum",
    ".md",
    ".json",
    ".yaml",
    ".yml",
    ".toml",
    ".sh",
    ".html",
    ".svg",
    ".png",
)
"""Ends of names: a directory named pprof may well be a Go package, and one of profiles holds notes and pictures."""
NOWHERE = "a symbolic link that leads nowhere"
ADVICE = "; if that is meant, add the directory of that file to the editor's setting profileDirs"


class Scan(NamedTuple):
    """What one scan of the profile directories found."""

    files: Listing
    """The files that may be profiles."""
    faults: dict[str, str]
    """The entries that cannot be read and the directories that could not be listed to the end, and why."""

    def knows(self, path: str) -> bool:
        """Return whether the scan says of a file whether it is there."""
        return path in self.files or (path not in self.faults and os.path.dirname(path) not in self.faults)


def scan(directories: Iterable[str], folders: Iterable[str] = ()) -> Scan:
    """List the files that may be profiles. A directory that is missing, or is a file now, is empty.

    A symbolic link is followed to a regular file in one of the directories or `folders`; all are real paths.
    """
    directories = tuple(directories)
    roots = (*directories, *folders)
    found = Scan({}, {})
    for directory in directories:
        try:
            _list(directory, roots, found)
        except NotADirectoryError:
            continue
        except OSError as error:
            if not is_absent(directory):
                found.faults[directory] = reason(error)
    return found


def settled(before: Scan, after: Scan) -> Scan:
    """Return what was the same in two scans: a file being written still changes size or time."""
    files = {p: s for p, s in after.files.items() if before.files.get(p) == s}
    return Scan(files, {p: why for p, why in after.faults.items() if p in before.faults})


def gone(known: Iterable[str], *scans: Scan) -> list[str]:
    """Return which files are no more: no scan has found them or could not look, and nothing has their name. Asks the disk."""
    return [p for p in known if not any(p in s.files or not s.knows(p) for s in scans) and _is_no_file(p)]


def _list(directory: str, roots: tuple[str, ...], found: Scan) -> None:
    """Add what a directory holds. Raises OSError where it cannot be listed, or not to the end."""
    with os.scandir(directory) as entries:
        for entry in entries:
            if not _may_be_a_profile(entry.name):
                continue
            try:
                if (made := _looked_at(entry, roots)) is not None:
                    found.files[entry.path] = made
            except PermissionError:  # the directory may be listed, but not looked into
                raise
            except OSError as error:
                if not is_absent(entry.path):  # one that was deleted since is no fault
                    found.faults[entry.path] = reason(error)


def _looked_at(entry: os.DirEntry[str], roots: tuple[str, ...]) -> Stamp | None:
    """Return the stamp of a file; None for a directory. Raises OSError for what can be no profile."""
    found = entry.stat(follow_symlinks=False)
    if stat.S_ISLNK(found.st_mode):
        found = _followed(entry.path, roots)
    if stat.S_ISDIR(found.st_mode):
        return None
    if not stat.S_ISREG(found.st_mode):
        raise OSError(errno.EINVAL, NOT_REGULAR)
    return _stamp(found)


def _followed(path: str, roots: tuple[str, ...]) -> os.stat_result:
    check_inside(path, roots, ADVICE)
    try:
        return os.stat(path)
    except FileNotFoundError as error:
        raise OSError(errno.EINVAL, NOWHERE) from error
    except PermissionError as error:  # of the target, not of the directory
        raise OSError(errno.EINVAL, reason(error)) from error


def _is_no_file(path: str) -> bool:
    """Return whether nothing has this name, or a directory; False where that is not known."""
    return is_absent(path) or os.path.isdir(path)


def _may_be_a_profile(name: str) -> bool:
    name = name.lower()
    return not name.startswith(".") and not name.endswith(("~", ".tmp", ".part", *NOT_PROFILES))
