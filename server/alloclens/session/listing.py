"""Lists the profile directories. Scans alone decide which files there are; events only start one."""

from __future__ import annotations

import errno
import os
import stat
from contextlib import suppress
from functools import lru_cache
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

from alloclens.disk import NOT_REGULAR, Stamp, _stamp, check_inside, is_absent, open_file, reason
from alloclens.languages import LANGUAGES
from alloclens.profile.formats import is_json_profile

if TYPE_CHECKING:
    from collections.abc import Iterable


Listing = dict[str, Stamp]
"""By absolute path."""

NOT_PROFILES = (
    *chain.from_iterable(language.endings for language in LANGUAGES),
    ".mod",
    ".sum",
    ".md",
    ".yaml",
    ".yml",
    ".toml",
    ".sh",
    ".html",
    ".svg",
    ".png",
)
"""Suffixes: a directory named pprof may be a Go package, and a directory of profiles may hold notes and pictures."""
JSON = ".json"
"""Some profiles are JSON, but most JSON is not: the first bytes tell."""
JSON_START_BYTES = 256
DANGLING = "a symbolic link to a file that does not exist"
ADVICE = "; to allow this, add the directory of that file to the editor's setting profileDirs"


class Scan(NamedTuple):
    """What one scan of the profile directories found."""

    files: Listing
    """The files that may be profiles."""
    faults: dict[str, str]
    """Maps each entry that cannot be read, and each directory that could not be listed in full, to the reason."""

    def knows(self, path: str) -> bool:
        """Return whether the scan tells if a file exists."""
        return path in self.files or (path not in self.faults and os.path.dirname(path) not in self.faults)


def scan(directories: Iterable[str], folders: Iterable[str] = ()) -> Scan:
    """List the files that may be profiles. A directory that is missing or is now a file counts as empty.

    A symbolic link is followed only to a regular file in one of the directories or `folders`. All are real paths.
    """
    directories = tuple(directories)
    roots = (*directories, *folders)
    result = Scan({}, {})
    for directory in directories:
        try:
            _list(directory, roots, result)
        except NotADirectoryError:
            continue
        except OSError as error:
            if not is_absent(directory):
                result.faults[directory] = reason(error)
    return result


def settled(before: Scan, after: Scan) -> Scan:
    """Return what is the same in two scans: a file that is being written changes its size or time."""
    files = {p: s for p, s in after.files.items() if before.files.get(p) == s}
    return Scan(files, {p: why for p, why in after.faults.items() if p in before.faults})


def gone(known: Iterable[str], *scans: Scan) -> list[str]:
    """Return the files that no longer exist: every scan could tell, none has them, and the disk confirms it."""
    return [p for p in known if not any(p in s.files or not s.knows(p) for s in scans) and _is_no_file(p)]


def _list(directory: str, roots: tuple[str, ...], result: Scan) -> None:
    """Add the entries of a directory. Raises OSError if it cannot be listed in full."""
    with os.scandir(directory) as entries:
        for entry in entries:
            if not _may_be_a_profile(entry.name):
                continue
            try:
                stamp = _entry_stamp(entry, roots)
                if stamp is not None and (not _is_json(entry.name) or _is_json_profile(entry.path, stamp)):
                    result.files[entry.path] = stamp
            except PermissionError:  # the directory may be listed but not searched
                raise
            except OSError as error:
                if not is_absent(entry.path):  # it may have been deleted since
                    result.faults[entry.path] = reason(error)


def _is_json(name: str) -> bool:
    return name.lower().endswith(JSON)


@lru_cache(4096)
def _is_json_profile(path: str, _stamp: Stamp) -> bool:
    """Return whether a JSON file may be a profile. It is opened only when it has changed."""
    with suppress(OSError), open_file(path) as file:
        return is_json_profile(file.read(JSON_START_BYTES))
    return False


def _entry_stamp(entry: os.DirEntry[str], roots: tuple[str, ...]) -> Stamp | None:
    """Return the stamp of a file; None for a directory. Raises OSError for anything that cannot be a profile."""
    status = entry.stat(follow_symlinks=False)
    if stat.S_ISLNK(status.st_mode):
        status = _followed(entry.path, roots)
    if stat.S_ISDIR(status.st_mode):
        return None
    if not stat.S_ISREG(status.st_mode):
        raise OSError(errno.EINVAL, NOT_REGULAR)
    return _stamp(status)


def _followed(path: str, roots: tuple[str, ...]) -> os.stat_result:
    check_inside(path, roots, ADVICE)
    try:
        return os.stat(path)
    except FileNotFoundError as error:
        raise OSError(errno.EINVAL, DANGLING) from error
    except PermissionError as error:  # of the target, not of the directory
        raise OSError(errno.EINVAL, reason(error)) from error


def _is_no_file(path: str) -> bool:
    """Return whether nothing or a directory has this name; False if that cannot be told."""
    return is_absent(path) or os.path.isdir(path)


def _may_be_a_profile(name: str) -> bool:
    name = name.lower()
    return not name.startswith(".") and not name.endswith(("~", ".tmp", ".part", *NOT_PROFILES))
