"""Removes old captures for `--keep`: only files that are listed as captures and have not changed.

The list is a hidden directory beside the profiles with one file for each capture, which holds the digest of its bytes.
So several processes can add and remove entries without a lock, and a damaged entry protects its capture.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import stat
from pathlib import Path

from alloclens.disk import open_file, read_file, reason, sweep, write_file
from alloclens.settings.file_names import LABELS, OWN, SHARED
from alloclens.sources.capture_files import NAME

LIST = ".alloclens-captures"
SETTINGS = (OWN, SHARED, ".vscode/settings.json")
"""Files that may set `base` and `head`, in the capture directory, the working directory, and their parents."""
MAX_SETTINGS_BYTES = 16 << 20
MAX_ENTRY_BYTES = 1 << 10
COPY_BYTES = 1 << 20
SECOND = len("20260102T030405")


def enlist(path: Path, data: bytes) -> None:
    """Add a capture to the list of its directory. Raises OSError."""
    entries = path.with_name(LIST)
    entries.mkdir(exist_ok=True)
    if entries.is_symlink():
        raise NotADirectoryError(errno.ENOTDIR, "is a symbolic link", str(entries))
    write_file(entries / path.name, hashlib.sha256(data).hexdigest().encode())
    sweep(entries)


def unlisted(directory: Path, kind: str) -> int:
    """Count the files named like captures of this kind that are not listed. Raises OSError."""
    return len(set(_named(directory, kind)) - set(_named(directory / LIST, kind)))


def prune(directory: Path, kind: str, keep: int, newest: Path) -> list[str]:
    """Remove all but the latest `keep` captures of a kind; return problems.

    `newest`, the one just written, always stays, whatever the clock said before. So does every capture whose time
    occurs in labels.toml or a settings file: it has a label, or is a chosen base or head. Raises OSError if such a file
    cannot be read.
    """
    old = [name for name in _present(directory, kind)[:-keep] if name != newest.name]
    settings = _settings(directory) if old else ""
    problems = []
    for name in old:
        try:
            if _second(name) not in settings and not _removed(directory, name):
                problems.append(f"{name} is kept: it or its entry in {LIST} has changed since the capture")
        except FileNotFoundError:  # another process removed it
            continue
        except OSError as error:
            problems.append(f"{name} cannot be removed: {reason(error)}")
    return problems


def _present(directory: Path, kind: str) -> list[str]:
    """Return the listed captures that still exist, oldest first, and drop the entries of others."""
    present = []
    for name in _named(directory / LIST, kind):
        try:
            if stat.S_ISREG((directory / name).lstat().st_mode):
                present.append(name)
        except FileNotFoundError:
            with contextlib.suppress(OSError):
                (directory / LIST / name).unlink()
    return present


def _named(directory: Path, kind: str) -> list[str]:
    """Return the names of a kind's captures in a directory, oldest first; none if it does not exist."""
    if directory.name == LIST and directory.is_symlink():
        return []
    try:
        matches = [n for path in directory.iterdir() if (n := NAME.fullmatch(path.name)) and n[1] == kind]
    except (FileNotFoundError, NotADirectoryError):
        return []
    return [n[0] for n in sorted(matches, key=lambda n: (n[2], int(n[3] or 1)))]


def _removed(directory: Path, name: str) -> bool:
    """Remove a capture and its entry, unless the file has changed."""
    entry, path = directory / LIST / name, directory / name
    digest = hashlib.sha256()
    with open_file(path) as file:
        while piece := file.read(COPY_BYTES):
            digest.update(piece)
    if read_file(entry, MAX_ENTRY_BYTES) != digest.hexdigest().encode():
        return False
    path.unlink(missing_ok=True)
    entry.unlink(missing_ok=True)
    return True


def _settings(directory: Path) -> str:
    """Return the text of all files that may name a capture. Raises OSError if one cannot be read.

    They are not parsed: a capture is protected even while a user edits them, and VS Code's may have comments.
    """
    here, there = Path.cwd(), directory.resolve()
    folders = dict.fromkeys((there, *there.parents, here, *here.parents))
    texts = []
    for path in (there / LABELS, *(folder / name for folder in folders for name in SETTINGS)):
        try:
            texts.append(read_file(path, MAX_SETTINGS_BYTES).decode("utf-8", "replace"))
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError as error:
            raise OSError(error.errno, f"{reason(error)}, and it may name a capture", str(path)) from error
    return "\n".join(texts).upper()


def _second(name: str) -> str:
    """Return a capture's time to the second: `base` may be a part of a file name, such as 20260102T030405."""
    return name[name.index("-") + 1 :][:SECOND]
