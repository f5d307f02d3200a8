"""What leads out of a workspace folder, and what the user has allowed of it.

A settings file and a symbolic link come with the folder, and whoever wrote them may be a stranger. So what they name outside it is
not read before the user has said so: in the editor's own settings, by an answer in the editor, or by `alloclens allow`.
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
from alloclens.settings.settings import shown
from alloclens.typed import ready

if TYPE_CHECKING:
    from collections.abc import Iterable

    from alloclens.disk import Stamp

log = logging.getLogger(__name__)

LARGEST = 1 << 20
"""Bytes of the file that keeps what is allowed."""


@ready
class Grant(NamedTuple):
    """That a setting of a folder may lead to a place outside it."""

    folder: str
    setting: str
    target: str
    """Real: a link that is led elsewhere later needs another grant."""


class Target(NamedTuple):
    """Where a path of a setting leads."""

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
        """What it takes to read what lies there, if that is outside the folder."""
        return Grant(self.folder, self.setting, self.path)

    @property
    def refusal(self) -> str:
        """Why it is not read, and what to do."""
        return f"{self._what}; it is not read. `{shlex.join(['alloclens', 'allow', self.folder])}` allows it."

    @property
    def question(self) -> str:
        """What is to be allowed."""
        return f"{self._what}. Read what is there?"

    @property
    def _what(self) -> str:
        if self.written == self.path:
            return f"{self.setting}: {self.path} is outside {self.folder}"
        return f"{self.setting}: {shown(self.written)} leads out of {self.folder}, to {self.path}"


def allowed() -> frozenset[Grant]:
    """Return what the user has allowed. A damaged file allows nothing."""
    path = grants_file()
    try:
        return frozenset(msgspec.convert(json.loads(read_file(path, LARGEST)), list[Grant]))
    except FileNotFoundError:
        return frozenset()
    except (OSError, ValueError, RecursionError, msgspec.ValidationError) as error:
        log.warning("%s cannot be read (%s); nothing outside a workspace is allowed", path, reason(error))
        return frozenset()


def allow(grants: Iterable[Grant]) -> None:
    """Allow these from now on. Raises OSError."""
    path, data = grants_file(), json.dumps(sorted(allowed().union(grants)), indent=1).encode()
    if len(data) > LARGEST:
        raise OSError(errno.EFBIG, f"{path} would be larger than {LARGEST >> 20} MiB")
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    write_file(path, data)


def stamp() -> Stamp | None:
    """Return what changes whenever something is allowed."""
    return stamp_of(str(grants_file()))


def grants_file() -> Path:
    """Return where it is kept what the user has allowed."""
    return Path(platformdirs.user_data_dir("alloclens", appauthor=False), "allowed.json")
