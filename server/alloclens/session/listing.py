"""Lists the profile directories. Scans alone decide which files there are; events only start one."""

from __future__ import annotations

import errno
import math
import os
import re
import stat
import time
from collections import deque
from contextlib import suppress
from functools import lru_cache, partial
from itertools import chain
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from alloclens.disk import NOT_REGULAR, Stamp, check_inside, is_absent, open_file, real, reason
from alloclens.disk import stamp as stamp_of
from alloclens.languages import LANGUAGES
from alloclens.paths import is_within
from alloclens.profile.formats import is_json_profile
from alloclens.symbols.binaries import EXECUTABLE, MAGIC_BYTES, is_binary

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping


Listing = dict[str, Stamp]
"""By absolute path."""

CODE = tuple(chain.from_iterable(language.endings for language in LANGUAGES))
PACKAGE = (".go", "go.mod", "__init__.py", "mod.rs")
"""Suffixes of files that only a package of a program has. A profile directory may be one, named pprof or profiles, with test data."""
SOURCE_ENDINGS = (*CODE, "go.mod", "package.json")
"""Suffixes of files that only a directory of source code has: what is below it is test data, not services."""
NOT_PROFILES = (
    *CODE,
    ".mod",
    ".sum",
    ".test",
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
OF_TOOLS = re.compile(r".+\.heap|.+\.heapprofile|dhat-heap\.json|dhat\.out\.\d+|alloc-profile\.pb\.gz", re.IGNORECASE)
"""The names that profilers give to files in the working directory: gperftools, jemalloc, Node, DHAT, Julia's."""
JSON = ".json"
"""Some profiles are JSON, but most JSON is not: the first bytes tell."""
JSON_START_BYTES = 256
DANGLING = "a symbolic link to a file that does not exist"
MISSING = "there is no such file"
MAX_DIRECTORIES = 200
"""Directories that are listed, besides the profile directories themselves."""
MAX_ENTRIES = 100_000
"""Entries of those directories."""
MORE_DIRECTORIES = f"not listed, nor are those after it: there are more than {MAX_DIRECTORIES} sub-directories"
TOO_FULL = f"not listed in full: the sub-directories have more than {MAX_ENTRIES:,} entries"
JUNCTION = 0xA0000003
"""Windows: a directory that is a link to another."""
ADVICE = "; to allow this, add the directory of that file to the editor's setting profileDirs"
ADVICE_DIRECTORY = "; to allow this, add that directory to the editor's setting profileDirs"
LINKED = "a symbolic link to the directory {}, which is not followed; to watch it, name it in the setting profileDirs"
LINKED_ABOVE = "a symbolic link to {}, the directory that contains it, which is not followed"


POLL_COST = 400
"""While nothing happens, a scan is followed by another only after so many times its duration."""
LONG_SCAN_SECONDS = 0.01
"""If a scan takes longer, only the files are looked at that events name, until the next scan is due."""


class Scan(NamedTuple):
    """What one scan of the profile directories found."""

    files: Listing
    """The files that may be profiles."""
    faults: dict[str, str]
    """Maps each entry that cannot be read, and each directory that could not be listed in full, to the reason."""
    directories: tuple[str, ...] = ()
    """All directories that may hold profiles, outer ones first."""
    closed: tuple[str, ...] = ()
    """Those whose sub-directories are not listed, because they hold source code."""
    packages: frozenset[str] = frozenset()
    """Packages of a program, and working directories: a file there that is not a profile is no fault."""
    links: frozenset[str] = frozenset()
    """Links to directories that are among the faults, though everything is known about them: nothing below them counts."""

    def knows(self, path: str) -> bool:
        """Return whether the scan tells if a file exists: it does not if a directory above could not be listed."""
        if path in self.files:
            return True
        while path not in self.faults or path in self.links:
            path, below = os.path.dirname(path), path
            if path == below:
                return True
        return False


class Where(NamedTuple):
    """The arguments of `scan`."""

    directories: tuple[str, ...] = ()
    folders: tuple[str, ...] = ()
    depth: int = 0
    named: tuple[str, ...] = ()
    working: tuple[str, ...] = ()


class Look(NamedTuple):
    """What the last scan found, and what tells whether another one is needed."""

    where: Where = Where()
    at: float = -math.inf
    """When it ended, in seconds of a monotonic clock."""
    seconds: float = 0
    """How long it took."""
    changes: Mapping[str, int] = MappingProxyType({})
    """When a file had last come or gone in each directory."""
    found: Scan = Scan({}, {})

    @property
    def is_recent(self) -> bool:
        """Whether too little time has passed for another scan without a reason."""
        return time.monotonic() - self.at < POLL_COST * self.seconds

    def is_enough(self) -> bool:
        """Return whether another scan would find the same, as far as can be told without one."""
        return self.is_recent and changes(self.changes) == self.changes

    def touched(self, paths: Iterable[str]) -> Look | None:
        """Return the same with only these files looked at again; None if that is not enough, or no faster."""
        if self.seconds < LONG_SCAN_SECONDS or not self.is_recent:
            return None
        there = changes({os.path.dirname(path) for path in paths})
        found = _touched(self.found, paths, (*self.where.directories, *self.where.folders))
        return found and self._replace(changes={**self.changes, **there}, found=found)


def look(where: Where, directories: Iterable[str]) -> Look:
    """Scan. `directories` are those whose changes matter."""
    begun, there = time.monotonic(), changes(directories)
    found = scan(*where)
    ended = time.monotonic()
    return Look(where, ended, ended - begun, there, found)


def changes(directories: Iterable[str]) -> dict[str, int]:
    """Return when a file came or went in each directory, in nanoseconds; -1 if that cannot be told."""
    out = {}
    for directory in directories:
        try:
            out[directory] = os.stat(directory).st_mtime_ns
        except (OSError, ValueError):
            out[directory] = -1
    return out


def scan(
    directories: Iterable[str],
    folders: Iterable[str] = (),
    depth: int = 0,
    named: Iterable[str] = (),
    working: Iterable[str] = (),
) -> Scan:
    """List the files that may be profiles. A directory that is missing or is now a file counts as empty.

    Sub-directories are listed too, down to a depth, but not those of a package, nor, further down, those of any source
    code. A symbolic link is followed only to a regular file in one of the directories or `folders`. All are real paths.
    Files that the user `named` are listed wherever they are, and in the `working` directories of programs, files with
    the names that profilers give.
    """
    roots = tuple(dict.fromkeys(directories))
    around, result = (*roots, *folders), Scan({}, {})
    level, entries = dict.fromkeys(roots, 0), MAX_ENTRIES
    waiting, closed, packages, links = deque(roots), [], list[str](), dict[str, str]()
    while waiting:
        directory = waiting.popleft()
        listed = _Listed(around, result, entries if level[directory] else None)
        try:
            listed.add(directory)
        except OSError as error:
            if not (isinstance(error, NotADirectoryError) or is_absent(directory)):
                result.faults[directory] = reason(error)
        entries -= listed.entries if level[directory] else 0
        packages += [directory] * listed.is_package
        if level[directory] >= depth:
            continue
        if listed.has_sources if level[directory] else listed.is_package:
            closed += [directory] if listed.directories or listed.links else []
            continue
        links.update((link, why) for link in listed.links if (why := _why_not_followed(link, roots)))
        for child in sorted(listed.directories):
            if child in level:
                continue
            if len(level) < len(roots) + MAX_DIRECTORIES:
                level[child] = level[directory] + 1
                waiting.append(child)
            elif MORE_DIRECTORIES not in result.faults.values():
                result.faults[child] = MORE_DIRECTORIES
    quiet = _add_working((directory for directory in working if directory not in level), around, result)
    _add_named(named, result)
    result.faults.update(links)
    return result._replace(
        directories=tuple(level), closed=tuple(closed), packages=frozenset((*packages, *quiet)), links=frozenset(links)
    )


def _touched(before: Scan, paths: Iterable[str], around: tuple[str, ...]) -> Scan | None:
    """Return a scan with these files looked at again; None if it depends on them what else is listed."""
    result = before._replace(files=dict(before.files), faults=dict(before.faults))
    listed = _Listed(around, result, None)
    for path in paths:
        if os.path.dirname(path) not in before.directories or path.lower().endswith(SOURCE_ENDINGS + PACKAGE):
            return None
        result.files.pop(path, None)
        result.faults.pop(path, None)
        if _may_be_a_profile(os.path.basename(path)):
            listed.look_at(path, partial(os.lstat, path))
    return None if listed.directories or listed.links else result


def _why_not_followed(link: str, roots: Iterable[str]) -> str:
    """Say why a link to a directory is not followed; "" if that directory is listed anyway, or may be."""
    target, watched = real(link), [real(root) for root in roots]
    if any(target == root or is_within(target, root) for root in watched):
        return ""
    return (LINKED_ABOVE if is_within(real(os.path.dirname(link)), target) else LINKED).format(target)


def _add_working(directories: Iterable[str], around: tuple[str, ...], result: Scan) -> list[str]:
    """Add the files that are named as profilers name them; return the directories."""
    listed = list(directories)
    for directory in listed:
        with suppress(OSError):
            _Listed(around, result, MAX_ENTRIES, _is_named_by_its_tool).add(directory)
    return listed


def _add_named(paths: Iterable[str], result: Scan) -> None:
    for path in paths:
        if path not in result.files and (there := stamp_of(path)):
            result.files[path] = there
        elif path not in result.files:
            result.faults[path] = MISSING


def settled(before: Scan, after: Scan) -> Scan:
    """Return what is the same in two scans: a file that is being written changes its size or time."""
    files = {p: s for p, s in after.files.items() if before.files.get(p) == s}
    return after._replace(files=files, faults={p: why for p, why in after.faults.items() if p in before.faults})


def gone(known: Iterable[str], *scans: Scan) -> list[str]:
    """Return the files that are no longer there: both scans could tell, neither has them, and the disk confirms it.

    So are those in a directory that no longer counts, for instance because of other settings.
    """
    counts = {directory for s in scans for directory in s.directories}
    missing = [p for p in known if not any(p in s.files or not s.knows(p) for s in scans)]
    return [p for p in missing if os.path.dirname(p) not in counts or _is_no_file(p)]


def _may_be_a_profile(name: str) -> bool:
    name = name.lower()
    return not name.startswith(".") and not name.endswith(("~", ".tmp", ".part", *NOT_PROFILES))


def _is_named_by_its_tool(name: str) -> bool:
    return _may_be_a_profile(name) and OF_TOOLS.fullmatch(name) is not None


class _Listed:
    """What one directory holds; the files and the faults are added to a scan."""

    def __init__(
        self,
        roots: tuple[str, ...],
        result: Scan,
        most: int | None,
        counts: Callable[[str], bool] = _may_be_a_profile,
    ) -> None:
        self._roots, self._result, self._most, self._counts = roots, result, most, counts
        self.entries = 0
        self.directories: list[str] = []
        """Its directories that may hold profiles."""
        self.links: list[str] = []
        """Its links to directories."""
        self.has_sources = self.is_package = False

    def add(self, directory: str) -> None:
        """Add the entries of a directory. Raises OSError if it cannot be listed in full."""
        with os.scandir(directory) as entries:
            for entry in entries:
                self.entries += 1
                if self._most is not None and self.entries > self._most:
                    raise OSError(errno.EFBIG, TOO_FULL)
                self.has_sources = self.has_sources or entry.name.lower().endswith(SOURCE_ENDINGS)
                self.is_package = self.is_package or entry.name.lower().endswith(PACKAGE)
                if self._counts(entry.name):
                    self.look_at(entry.path, partial(entry.stat, follow_symlinks=False))

    def look_at(self, path: str, lstat: Callable[[], os.stat_result]) -> None:
        """Add one entry. Raises PermissionError if the directory may not be searched."""
        try:
            status = lstat()
            is_link = stat.S_ISLNK(status.st_mode)
            if is_link:
                status = _followed(path, self._roots)
            if stat.S_ISREG(status.st_mode):
                stamp = Stamp.of(status)
                if _is_listed(path, status.st_mode, stamp):
                    self._result.files[path] = stamp
            elif not stat.S_ISDIR(status.st_mode):
                self._result.faults[path] = NOT_REGULAR
            elif is_link or getattr(status, "st_reparse_tag", 0) == JUNCTION:
                self.links.append(path)
            else:
                self.directories.append(path)
        except PermissionError:  # the directory may be listed but not searched
            raise
        except OSError as error:
            if not is_absent(path):  # it may have been deleted since
                self._result.faults[path] = reason(error)


def _is_listed(path: str, mode: int, stamp: Stamp) -> bool:
    """Return whether a regular file may be a profile. For JSON and executables, the first bytes decide."""
    if path.lower().endswith(JSON):
        return _is_json_profile(path, stamp)
    return not (mode & EXECUTABLE and _is_program(path, stamp))


@lru_cache(4096)
def _is_program(path: str, _stamp: Stamp) -> bool:
    """Return whether a file is a program or library, such as one that was copied beside its profiles."""
    with suppress(OSError), open_file(path) as file:
        return is_binary(file.read(MAGIC_BYTES))
    return False


@lru_cache(4096)
def _is_json_profile(path: str, _stamp: Stamp) -> bool:
    """Return whether a JSON file may be a profile. It is opened only when it has changed."""
    with suppress(OSError), open_file(path) as file:
        return is_json_profile(file.read(JSON_START_BYTES))
    return False


def _followed(path: str, roots: tuple[str, ...]) -> os.stat_result:
    check_inside(path, roots, ADVICE_DIRECTORY if os.path.isdir(path) else ADVICE)
    try:
        return os.stat(path)
    except FileNotFoundError as error:
        raise OSError(errno.EINVAL, DANGLING) from error
    except PermissionError as error:  # of the target, not of the directory
        raise OSError(errno.EINVAL, reason(error)) from error


def _is_no_file(path: str) -> bool:
    """Return whether nothing or a directory has this name; False if that cannot be told."""
    return is_absent(path) or os.path.isdir(path)
