"""Finds programs and libraries on this disk, with their build ids.

Searches the setting `binaries` and the workspace, never a path that a profile names.
"""

from __future__ import annotations

import importlib
import os
import re
import stat
import time
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from alloclens.disk import Stamp, open_file, real_path
from alloclens.walk import tree

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

MAX_BINARY_BYTES = 4 << 30
"""The symbol library stores addresses in 32 bits."""
MAX_SEARCHED_FILES = 50_000
"""Files examined in one search; takes about a second."""
EXECUTABLE = stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH
NATIVE = re.compile(r"\.(so|so\.[\d.]+|debug|dylib|dll|exe)$|\.dSYM/")
SKIPPED = frozenset({"node_modules", "site-packages", ".git"})
DEBUG_FILES = ".build-id"
"""Where debuggers look for debug information: .build-id/ab/cdef.debug."""
SEARCH_TTL_SECONDS = 10
"""Lifetime of a search: a hundred profiles read in a row share one."""
ELF, PE, FAT = b"\x7fELF", b"MZ", b"\xca\xfe\xba\xbe"
MACH_O = (b"\xcf\xfa\xed\xfe", b"\xce\xfa\xed\xfe")
MAGIC_BYTES = 20
"""Bytes at the start that identify a file."""
SPLIT = (".dwo", ".dwp")
"""Ends the names of files with debug information that is not in the programs."""
DWO = b".dwo\0"
"""Ends the name of a file with debug information."""
PIECE_BYTES = 1 << 20
RUNNABLE = (2, 3)
"""e_type of programs and libraries, ET_EXEC and ET_DYN; object files have 1."""


@dataclass(frozen=True)
class Binary:
    """One object of a file; a universal binary has several."""

    path: str
    stamp: Stamp
    is_chosen: bool
    """Whether it was found through the setting `binaries`."""
    build_id: str = ""
    """Lower-case hexadecimal; "" if it has none."""
    has_lines: bool = False
    """Whether it has debug information."""
    fault: str = ""
    """Why it is unusable; "" if it is usable."""


@dataclass(frozen=True)
class Binaries:
    """The result of a search."""

    files: tuple[Binary, ...] = ()
    messages: tuple[str, ...] = ()
    """Missing entries of the setting, and whether the search hit a limit."""
    split: tuple[str, ...] = ()
    """Files with debug information that is not in the programs, .dwo and .dwp."""

    def with_build_id(self, build_id: str) -> tuple[Binary, ...]:
        """Return the files of one build: the program, and perhaps separate debug information."""
        return self._by_build_id.get(plain(build_id), ())

    def named(self, name: str) -> tuple[Binary, ...]:
        """Return the files with this base name."""
        return tuple(b for b in self.files if name and Path(b.path).name == name)

    @cached_property
    def _by_build_id(self) -> dict[str, tuple[Binary, ...]]:
        known: dict[str, list[Binary]] = {}
        for binary in self.files:
            if binary.build_id:
                known.setdefault(binary.build_id, []).append(binary)
        return {build_id: tuple(files) for build_id, files in known.items()}


def plain(build_id: str) -> str:
    """Normalize a build id: lower case, without hyphens."""
    return build_id.lower().replace("-", "")


def search(folders: Sequence[str], chosen: Sequence[str]) -> Binaries:
    """Return the binaries in the setting's paths, then those in the workspace's folders.

    Paths in the setting are absolute or relative to each folder. Links, installed packages, and hidden directories of
    folders but .build-id are skipped, and the search ends after MAX_SEARCHED_FILES files. Raises ImportError without the
    package symbolic. The result is at most SEARCH_TTL_SECONDS old.
    """
    return _search(tuple(folders), tuple(chosen), int(time.monotonic()) // SEARCH_TTL_SECONDS)


@lru_cache(maxsize=4)
def _search(folders: tuple[str, ...], chosen: tuple[str, ...], _moment: int) -> Binaries:
    named, messages = _chosen(folders, chosen)
    searched = [real_path(path) for folder in folders for path in (folder, os.path.join(folder, DEBUG_FILES))]
    roots = [*((root, True) for root in named), *((root, False) for root in searched)]
    left_out: set[str] = set()
    paths = ((path, is_chosen) for root, is_chosen in roots for path in _files(root, left_out, with_hidden=is_chosen))
    by_name: dict[str, tuple[Binary, ...]] = {}
    split: dict[str, None] = {}
    for count, (path, is_chosen) in enumerate(paths):
        if count >= MAX_SEARCHED_FILES:
            messages.append(
                f"only {MAX_SEARCHED_FILES} files were searched for programs; name yours in the setting binaries"
            )
            break
        if path.endswith(SPLIT):
            split[path] = None
        elif path not in by_name:
            by_name[path] = _objects(path, is_chosen)
    files = tuple(b for objects in by_name.values() for b in objects)
    return Binaries(files, (*messages, *sorted(left_out)), tuple(split))


def _chosen(folders: tuple[str, ...], chosen: tuple[str, ...]) -> tuple[list[str], list[str]]:
    """Return the real paths of the setting, and a message for each entry that does not exist."""
    there, messages = [], []
    for entry in chosen:
        paths = [real_path(os.path.join(f, entry)) for f in folders or ("",)]
        present = [p for p in dict.fromkeys(paths) if os.path.exists(p)]
        there += present
        if not present:
            messages.append(f"setting binaries: {entry} is not there")
    return there, messages


def _files(root: str, left_out: set[str], *, with_hidden: bool) -> Iterator[str]:
    if os.path.isfile(root):
        yield root
    for directory, _, files in tree(root, SKIPPED, left_out, with_hidden=with_hidden):
        yield from (os.path.join(directory, name) for name in sorted(files))


def _objects(path: str, is_chosen: bool) -> tuple[Binary, ...]:
    """Return the objects of a regular file; none if it is not a binary or is gone.

    In the workspace, only executables, and files named like libraries or debug information, are opened.
    """
    try:
        status = os.lstat(path)
        if not stat.S_ISREG(status.st_mode) or not (is_chosen or status.st_mode & EXECUTABLE or NATIVE.search(path)):
            return ()
        return _read(path, Stamp(status.st_mtime_ns, status.st_size, status.st_ino), is_chosen)
    except OSError:
        return ()


@lru_cache(maxsize=MAX_SEARCHED_FILES)
def _read(path: str, stamp: Stamp, is_chosen: bool) -> tuple[Binary, ...]:
    with open_file(path) as file:
        if not is_binary(file.read(MAGIC_BYTES)):
            return ()
    if stamp.size > MAX_BINARY_BYTES:
        return (Binary(path, stamp, is_chosen, fault=f"is larger than {MAX_BINARY_BYTES >> 30} GiB"),)
    try:
        objects = [(plain(o.code_id or ""), "debug" in o.features) for o in archive(path).iter_objects()]
    except ImportError:
        raise
    except Exception as error:  # noqa: BLE001 - the library's errors are not documented
        return (Binary(path, stamp, is_chosen, fault=f"is damaged or cut off ({first_line(error)})"),)
    return tuple(Binary(path, stamp, is_chosen, *facts) for facts in objects)


def archive(path: str) -> Any:
    """Open a binary as a symbolic.Archive. Raises ImportError, OSError or symbolic's errors."""
    with open_file(path):  # checks that it is a regular file
        return importlib.import_module("symbolic.debuginfo").Archive.open(path)


@lru_cache(maxsize=16)
def is_split(path: str, _stamp: Stamp) -> bool:
    """Return whether a binary names files with its debug information, as -gsplit-dwarf makes them."""
    with open_file(path) as file:
        end = b""
        while piece := file.read(PIECE_BYTES):
            if DWO in end + piece:
                return True
            end = piece[-len(DWO) :]
    return False


def first_line(error: Exception) -> str:
    """Return the first line of an error's message, because the library appends a stack trace."""
    return (str(error) or type(error).__name__).splitlines()[0]


def is_binary(head: bytes) -> bool:
    """Return whether the first MAGIC_BYTES are those of a program or library: ELF, Mach-O or PE."""
    if head.startswith(ELF) and len(head) == MAGIC_BYTES:
        return int.from_bytes(head[16:18], "big" if head[5] == 2 else "little") in RUNNABLE
    if head.startswith(FAT):  # Java class files start alike, followed by a version of at least 45
        return int.from_bytes(head[4:8], "big") < 45
    return head.startswith((*MACH_O, PE))
