"""A directory that other machines write to, such as a mounted share: a whole file for each snapshot, in a directory for each process.

Only what is needed of it is copied, and it is read only when the user asks for that.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.request import url2pathname

from alloclens.disk import read_file, reason, stamp
from alloclens.profile.errors import Malformed
from alloclens.profile.formats import MAX_PROFILE_BYTES
from alloclens.sources.errors import CaptureError
from alloclens.sources.stored import StoredFile, of_files
from alloclens.walk import tree

if TYPE_CHECKING:
    from alloclens.sources.remote import Remote, RemoteListing, RemoteSnapshot


def parts(remote: Remote, listing: RemoteListing, snapshot: RemoteSnapshot) -> list[bytes]:
    """Return the file of a snapshot. Raises Malformed if it cannot be read, such as if it is gone, or has grown too large."""
    del listing
    try:
        return [read_file(_root(remote) / snapshot.key, MAX_PROFILE_BYTES)]
    except OSError as error:
        raise Malformed(reason(error)) from error


def _files(remote: Remote, below: str) -> list[StoredFile]:
    """Return the files below a path of the directory. Raises CaptureError if it cannot be listed, or is too large."""
    root, left_out = _root(remote), set[str]()
    try:
        os.listdir(root)
    except OSError as error:
        raise CaptureError(f"{root}: {reason(error)}") from error
    found, start = [], Path(os.path.normpath(root / below))
    if root not in (start, *start.parents):  # an editor may ask for any process
        return []
    for directory, _, names in tree(str(start), (), left_out):
        for name in names:
            path = os.path.join(directory, name)
            if not name.startswith(".") and (there := stamp(path)):
                found.append(StoredFile(Path(path).relative_to(root).as_posix(), there.mtime_ns, there.size))
    if left_out:
        raise CaptureError(f"{' '.join(sorted(left_out))} Name a longer path in `url`.")
    return found


def _root(remote: Remote) -> Path:
    return Path(os.path.normpath(url2pathname(remote.address.path)))


DIRECTORY = of_files(_files, "file", parts)
