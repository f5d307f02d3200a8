"""The settings file of a workspace: alloclens.toml, or the table tool.alloclens of pyproject.toml."""

from __future__ import annotations

import os
import re
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from alloclens.disk import check_inside, open_file, reason
from alloclens.settings.file_names import OWN, SHARED

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from alloclens.languages.toml import KeyPath
    from alloclens.settings.trust import Target

TABLES = {OWN: (), SHARED: ("tool", "alloclens")}
"""The table of each file that holds the settings."""
LARGEST = 256 << 10
"""Maximum size of a settings file in bytes: the slowest of this size takes half a second."""


class ConfigProblem(NamedTuple):
    """A problem of a settings file or of a default."""

    path: str
    """"" if it is not in a file."""
    line: int
    """1-based."""
    message: str
    is_whole: bool = False
    """Whether nothing that the file says now is read."""

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.message}" if self.path else self.message


class Config(NamedTuple):
    """A settings file that was read."""

    path: str = ""
    """Empty if there is none."""
    values: Mapping[str, Any] = MappingProxyType({})
    """The valid settings, as written."""
    problems: tuple[ConfigProblem, ...] = ()
    lines: Mapping[KeyPath, int] = MappingProxyType({})
    """Of the keys."""

    def refusal(self, target: Target) -> ConfigProblem:
        """Return the problem that a path is not read, at its line if this file names it."""
        path = self.path if target.setting in self.values else ""
        return ConfigProblem(path, _line(self.lines, target.at), target.refusal)


MARK = re.compile(rb"^[ \t\[]*tool[ \t]*\.[ \t]*alloclens\b", re.MULTILINE)
"""What a pyproject.toml says that is about alloclens, whatever else is broken in it."""
NONE = Config()
ConfigStamp = tuple[int, int, int, int] | None


def find(folders: Iterable[str | Path]) -> Path | None:
    """Return the settings file of the first folder that has one; alloclens.toml is preferred to pyproject.toml."""
    path = read(folders).path
    return Path(path) if path else None


def read(folders: Iterable[str | Path], before: Config = NONE) -> Config:
    """Read the settings file of these folders. Never raises: errors are among its problems.

    While the file is not valid TOML, its previous settings (`before`) stay in effect.
    """
    folders = tuple(folders)
    return next(filter(None, (_config(path, folders, before) for path in _candidates(folders))), NONE)


def stamps(folders: Iterable[str | Path]) -> tuple[ConfigStamp, ...]:
    """Return the stamps of the files that `read` looks at; None for one that does not exist."""
    return tuple(_stamp(path) for path in _candidates(folders))


def table_of(path: str | Path) -> tuple[str, ...]:
    """Return the keys of the table that holds the settings in a file."""
    return TABLES[SHARED if Path(path).name == SHARED else OWN]


def _candidates(folders: Iterable[str | Path]) -> Iterator[Path]:
    return (Path(folder) / name for folder in folders for name in TABLES)


def _stamp(path: Path) -> ConfigStamp:
    try:
        status = path.stat()
    except (OSError, ValueError):
        return None
    return (status.st_mtime_ns, status.st_ctime_ns, status.st_size, status.st_ino)


def _config(path: Path, folders: tuple[str | Path, ...], before: Config) -> Config | None:
    """Read one file; None if it does not exist, or is a pyproject.toml without settings of alloclens."""
    if not os.path.lexists(path):
        return None
    ours = path.name == OWN
    try:
        check_inside(str(path), map(str, folders))
        with open_file(path) as file:
            data = file.read(LARGEST + 1)
    except OSError as error:
        return _unreadable(path, reason(error)) if ours else None
    if len(data) > LARGEST:
        return _unreadable(path, f"larger than {LARGEST >> 10} KiB") if ours or MARK.search(data) else None
    if not (ours or b"alloclens" in data):
        return None
    return _read(path, data, before)


def _read(path: Path, data: bytes, before: Config) -> Config | None:
    from alloclens.settings import config_text  # noqa: PLC0415 - few workspaces have settings
    from alloclens.settings.toml import TOMLError  # noqa: PLC0415

    try:
        text = config_text.read(data, table_of(path))
    except TOMLError as error:
        return _invalid(path, error.line, error.reason, before) if path.name == OWN or MARK.search(data) else None
    if text is None:
        return None
    entries = [(_line(text.lines, mistake.path), mistake.message, not mistake.path) for mistake in text.mistakes]
    entries += [(line, message, False) for line, message in _not_text(data)]
    problems = tuple(ConfigProblem(str(path), *entry) for entry in sorted(entries))
    return Config(str(path), MappingProxyType(text.values), problems, MappingProxyType(text.lines))


def _invalid(path: Path, line: int, why: str, before: Config) -> Config:
    same = before.path == str(path)
    goes_on = (
        "the previous settings stay in effect" if same and before.values else "all settings of this file are ignored"
    )
    problem = ConfigProblem(str(path), line, f"this is not valid TOML: {why}; until it is, {goes_on}", is_whole=True)
    return before._replace(problems=(problem,)) if same else Config(str(path), problems=(problem,))


def _unreadable(path: Path, why: str) -> Config:
    return Config(str(path), problems=(ConfigProblem(str(path), 1, f"the file cannot be read: {why}", is_whole=True),))


def _line(lines: Mapping[KeyPath, int], path: KeyPath) -> int:
    """Return the line of a key, or of the innermost table around it that has a line."""
    return next((lines[path[:n]] for n in range(len(path), -1, -1) if path[:n] in lines), 1)


def _not_text(data: bytes) -> list[tuple[int, str]]:
    try:
        data.decode()
    except UnicodeDecodeError as error:
        return [(data.count(b"\n", 0, error.start) + 1, "this is not UTF-8; invalid bytes are read as \ufffd")]
    return []
