"""Paths that lead out of a workspace folder, and those that the user has allowed.

Settings files and symbolic links come with the folder, and their author may be a stranger. So a path outside it is not read
until the user allows it: in the editor's own settings, by an answer in the editor, or with `alloclens allow`.
"""

from __future__ import annotations

import errno
import json
import logging
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import msgspec
import platformdirs

from alloclens.disk import read_file, reason, write_file
from alloclens.disk import stamp as stamp_of
from alloclens.settings.checking import shown
from alloclens.typed import ready

if TYPE_CHECKING:
    from collections.abc import Iterable

    from alloclens.disk import Stamp

log = logging.getLogger(__name__)

LARGEST = 1 << 20
"""Maximum size of the file of permissions, in bytes."""


@ready
class Grant(NamedTuple):
    """The permission for a setting of a folder to lead to a path outside it."""

    folder: str
    setting: str
    target: str
    """Real: a link that is changed later needs another permission."""


class Target(NamedTuple):
    """The target of a path in a setting."""

    folder: str
    """Of the workspace: real."""
    setting: str
    path: str
    """Real."""
    written: str
    """As the setting has it."""
    at: tuple[str | int, ...]
    """Where in the settings."""

    @property
    def grant(self) -> Grant:
        """The permission that is needed if the target is outside the folder."""
        return Grant(self.folder, self.setting, self.path)

    @property
    def refusal(self) -> str:
        """A message that says why the target is not read, and what to do."""
        return f"{self._what}; it is not read. `{shlex.join(['alloclens', 'allow', self.folder])}` allows it."

    @property
    def question(self) -> str:
        """The question whether to allow the target."""
        return f"{self._what}. Read what is there?"

    @property
    def _what(self) -> str:
        if self.written == self.path:
            return f"{self.setting}: {self.path} is outside {self.folder}"
        return f"{self.setting}: {shown(self.written)} leads out of {self.folder}, to {self.path}"


def allowed() -> frozenset[Grant]:
    """Return the permissions of the user. A damaged file allows nothing."""
    path = grants_file()
    try:
        return frozenset(msgspec.convert(json.loads(read_file(path, LARGEST)), list[Grant]))
    except FileNotFoundError:
        return frozenset()
    except (OSError, ValueError, RecursionError, msgspec.ValidationError) as error:
        log.warning("%s cannot be read (%s); nothing outside a workspace is allowed", path, reason(error))
        return frozenset()


def allow(grants: Iterable[Grant]) -> None:
    """Add permissions. Raises OSError."""
    path, data = grants_file(), json.dumps(sorted(allowed().union(grants)), indent=1).encode()
    if len(data) > LARGEST:
        raise OSError(errno.EFBIG, f"{path} would be larger than {LARGEST >> 20} MiB")
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    write_file(path, data)


def stamp() -> Stamp | None:
    """Return the stamp of the file of permissions."""
    return stamp_of(str(grants_file()))


def grants_file() -> Path:
    """Return the path of the file of permissions."""
    return Path(platformdirs.user_data_dir("alloclens", appauthor=False), "allowed.json")
