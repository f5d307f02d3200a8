"""Finds the commit that a profiled program was built from, in the binary and in the profile.

Go stamps a binary with its commit (`go version -m` shows it). The binary may have been rebuilt since, so it counts only
if its build id and its lines match the profile. Only binaries in the workspace and under the setting `binaries` are
read.
"""

from __future__ import annotations

import math
import os
import re
import struct
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from alloclens.disk import open_file, real, stamp
from alloclens.paths import canonical, is_absolute, is_share, name_of
from alloclens.profile.build import Build
from alloclens.profile.comments import VERSIONS
from alloclens.symbols.pclntab import ran

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from alloclens.disk import Stamp
    from alloclens.profile.model import Profile
    from alloclens.source.roots import Roots

MAGIC = b"\xff Go buildinf:"
"""Start of the data that Go's linker writes for debug/buildinfo."""
INLINE_FLAG = 2
"""Flag of Go 1.18 and later: the two strings follow inline. Older versions have no stamp."""
SENTINEL_BYTES = 16
"""Length of the markers before and after the second string."""
PIECE_BYTES, MAX_PIECES = 4 << 20, 64
"""A binary is searched in pieces of PIECE_BYTES, up to MAX_PIECES of them."""
MAX_INFO_BYTES = 1 << 20
"""Size of the build info read."""
NT_GNU_BUILD_ID, LC_UUID = 3, 0x1B
COMMIT = re.compile(r"[0-9a-f]{7,40}")
SHORT = 12
"""Characters of a commit that people are shown."""
VERSION = re.compile(r"v?\d+(?:\.\d+)+[\w.+-]*")


def build(profile: Profile, roots: Roots, binaries: Sequence[str], built_at: float = math.inf) -> Build:
    """Return what is known about the build of a profile's program.

    `built_at`: when the program was written that told the lines of the profile's addresses.
    """
    revision, version = _said(profile)
    if built_at < math.inf:
        return Build(built_at, is_here=True, revision=revision, version=version, is_proven=bool(profile.build_id))
    path = next(iter(profile.text(profile.mappings.file[:1])), "")
    written_at, may_be_read = _written_at(path), bool(path) and roots.hold(real(path))
    has_other_lines = False
    for binary in _binaries(path, may_be_read, binaries):
        seen = stamp(binary)
        info, has_run = _that_ran(profile, binary, seen) if seen else (None, None)
        if info:
            revision, version = info.revision or revision, version or info.revision[:SHORT]
            return info._replace(
                written_at=written_at,
                is_here=binary == path,
                is_gone=binary != path,
                revision=revision,
                version=version,
            )
        has_other_lines |= has_run is False and binary == path
    is_gone = is_absolute(canonical(path)) and (may_be_read or written_at == math.inf)
    return Build(written_at, is_gone=is_gone, revision=revision, version=version, has_other_lines=has_other_lines)


def _that_ran(profile: Profile, binary: str, seen: Stamp) -> tuple[Build | None, bool | None]:
    """Return a binary's build info if it is the one that ran, as far as can be determined, and what its lines say.

    On Windows the build id is made of the binary's name and time and is not in the binary.
    """
    is_known = bool(_marks(profile.build_id))
    info = _read(binary, seen, profile.build_id if is_known else "")
    has_run = ran(profile, binary, seen) if info else None
    if info and is_known and has_run is None:
        return info._replace(is_proven=not info.go_version), has_run
    return info if has_run else None, has_run


def revisions(text: str) -> tuple[str, ...]:
    """Return the words of a text that look like a commit or a version tag."""
    words = re.split(r"[\s=,;()\[\]\"']+", text)
    return tuple(word for word in words if COMMIT.fullmatch(word) or VERSION.fullmatch(word))


def _said(profile: Profile) -> tuple[str, str]:
    """Return the only commit in the profile's labels and comments, else the only version; and the version, else the commit.

    "" for none or several.
    """
    keys = [i for i, text in enumerate(profile.strings) if text in VERSIONS]
    texts_of_labels = np.unique(profile.labels.text[np.isin(profile.labels.key, keys)])
    texts = {*profile.text(texts_of_labels.astype(np.int64)), *profile.comments}
    named = {word for text in texts for word in revisions(text)}
    commits = {word for word in named if COMMIT.fullmatch(word)}
    commit, version = (next(iter(words)) if len(words) == 1 else "" for words in (commits, named - commits))
    return ("" if len(commits) > 1 else commit or version), version or commit[:SHORT]


def _written_at(path: str) -> float:
    """Return the modification time of a program on this machine; infinity if it does not exist."""
    if not Path(path).is_absolute() or is_share(canonical(path)):
        return math.inf
    try:
        return os.stat(path).st_mtime
    except (OSError, ValueError):
        return math.inf


def _binaries(path: str, may_be_read: bool, chosen: Iterable[str]) -> Iterator[str]:
    """Yield possible paths of the binary with this recorded path."""
    if may_be_read:
        yield path
    for entry in chosen:
        yield entry
        yield f"{entry}/{name_of(path)}"


@lru_cache(64)
def _read(path: str, seen: Stamp, build_id: str) -> Build | None:
    """Read the build info of a Go binary with this build id ("" for any); None if it has another."""
    del seen
    try:
        with open_file(path) as file:
            data = file.read(PIECE_BYTES)
            if build_id and not any(mark in data for mark in _marks(build_id)):
                return None
            for _ in range(MAX_PIECES):
                if info := _stamped(data):
                    return info
                more = file.read(PIECE_BYTES)
                data = data[-MAX_INFO_BYTES:] + more
                if not more:
                    break
    except OSError:
        return None
    return Build()


def _marks(build_id: str) -> list[bytes]:
    """Return the encodings of a build id: as an ELF note and as a Mach-O UUID."""
    try:
        data = bytes.fromhex(build_id.replace("-", ""))
    except ValueError:
        return []
    notes = [struct.pack(f"{order}III4s", 4, len(data), NT_GNU_BUILD_ID, b"GNU") + data for order in "<>"]
    return [*notes, struct.pack("<II", LC_UUID, 8 + len(data)) + data] if data else []


def _stamped(data: bytes) -> Build | None:
    """Parse like debug/buildinfo: a header of 32 bytes, then Go's version and the module info, each with a length."""
    at = data.find(MAGIC)
    while 0 <= at < len(data) - 32:
        if data[at + 15] & INLINE_FLAG:
            go, end = _text(data, at + 32)
            lines, _ = _text(data, end)
            if go.startswith((b"go1", b"devel")) and len(lines) > 2 * SENTINEL_BYTES:
                return _of_lines(
                    go.decode("ascii", "replace"), lines[SENTINEL_BYTES:-SENTINEL_BYTES].decode("utf-8", "replace")
                )
        at = data.find(MAGIC, at + 1)
    return None


def _text(data: bytes, at: int) -> tuple[bytes, int]:
    """Return a string with a varint length, and its end; b"" if it is cut off."""
    size = shift = 0
    for byte in data[at : at + 5]:
        at += 1
        size |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            break
    return data[at : at + size] if at + size <= len(data) else b"", at + size


def _of_lines(go: str, lines: str) -> Build:
    settings = dict(re.findall(r"^build\t([^=\n]+)=(.*)$", lines, re.MULTILINE))
    revision, is_modified = settings.get("vcs.revision", ""), settings.get("vcs.modified") == "true"
    return Build(revision=revision, is_modified=is_modified, go_version=go.split(maxsplit=1)[0])
