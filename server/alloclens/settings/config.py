"""The settings file of a workspace: alloclens.toml, or the table tool.alloclens of pyproject.toml."""

from __future__ import annotations

import os
import re
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from alloclens.disk import check_inside, open_file, reason
from alloclens.settings import checking
from alloclens.settings.toml import BOM, TOMLError, edit_toml, loads

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from alloclens.languages.toml import KeyPath
    from alloclens.settings.trust import Target

OWN, SHARED = "alloclens.toml", "pyproject.toml"
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


def with_mapping(text: str, path: str, from_: str, to: str) -> str:
    """Return the text of the settings file at `path` with a path mapping added, or its `to` replaced.

    Comments and layout stay. Raises ValueError if the text is not valid TOML, or its mappings are not a list of tables.
    """
    import tomlkit  # noqa: PLC0415 - slow to import, and seldom needed

    keys = TABLES[OWN if Path(path).name != SHARED else SHARED]
    try:
        values = "".join(
            f"{key} = {tomlkit.string(value).as_string()}\n" for key, value in (("from", from_), ("to", to))
        )
        added = f"[[{'.'.join((*keys, LIST))}]]\n{values}"
        return edit_toml(text, lambda data: _map(data, keys, from_, to), added)
    except ValueError as error:
        raise ValueError(f"no path mapping can be added: {error}") from error


def with_values(text: str, path: str, values: Mapping[str, Any]) -> str:
    """Return the text of the settings file at `path` with these settings. Comments and layout stay. Raises ValueError."""
    keys = TABLES[OWN if Path(path).name != SHARED else SHARED]

    def change(data: Any) -> None:
        _below(data, keys).update(values)

    return edit_toml(text, change)


LIST = "pathMappings"
MARK = re.compile(rb"^[ \t\[]*tool[ \t]*\.[ \t]*alloclens\b", re.MULTILINE)
"""What a pyproject.toml says that is about alloclens, whatever else is broken in it."""


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
    return _said(path, data, before) if ours or b"alloclens" in data else None


def _unreadable(path: Path, why: str) -> Config:
    return Config(str(path), problems=(ConfigProblem(str(path), 1, f"the file cannot be read: {why}"),))


def _said(path: Path, data: bytes, before: Config) -> Config | None:
    keys = TABLES[path.name]
    text = data.removeprefix(BOM.encode()).decode("utf-8", "replace")
    try:
        table = _table(loads(text), keys)
    except TOMLError as error:
        return _invalid(path, error, before) if path.name == OWN or MARK.search(data) else None
    if table is None:
        return None
    values, wrong = _judged(table, keys)
    from alloclens.languages.toml import lines_of_keys  # noqa: PLC0415 - tree-sitter, of which `top` needs nothing

    lines = {at[len(keys) :]: line for at, line in lines_of_keys(text).items() if at[: len(keys)] == keys}
    entries = [(_line(lines, problem.path), problem.message) for problem in wrong] + _not_text(data)
    problems = tuple(ConfigProblem(str(path), *entry) for entry in sorted(entries))
    return Config(str(path), MappingProxyType(values), problems, MappingProxyType(lines))


def _invalid(path: Path, error: TOMLError, before: Config) -> Config:
    same = before.path == str(path)
    goes_on = (
        "the previous settings stay in effect" if same and before.values else "all settings of this file are ignored"
    )
    problem = ConfigProblem(str(path), error.line, f"this is not valid TOML: {error.reason}; until it is, {goes_on}")
    return before._replace(problems=(problem,)) if same else Config(str(path), problems=(problem,))


def _table(value: Any, keys: tuple[str, ...]) -> Any:
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def _judged(table: Any, keys: tuple[str, ...]) -> tuple[dict[str, Any], list[checking.Mistake]]:
    if not isinstance(table, dict):
        name = ".".join(keys)
        return {}, [checking.Mistake(name, f"{name}: {checking.shown(table)} is not a table of settings", ())]
    values, problems = checking.checked(table)
    return values, problems + checking.unknown(table)


def _line(lines: Mapping[KeyPath, int], path: KeyPath) -> int:
    return next((lines[path[:n]] for n in range(len(path), -1, -1) if path[:n] in lines), 1)


def _not_text(data: bytes) -> list[tuple[int, str]]:
    try:
        data.decode()
    except UnicodeDecodeError as error:
        return [(data.count(b"\n", 0, error.start) + 1, "this is not UTF-8; invalid bytes are read as \ufffd")]
    return []


def _below(data: Any, keys: tuple[str, ...]) -> Any:
    """Return the table at these keys, which is made if it is missing. Raises ValueError."""
    for key in keys:
        data = data.setdefault(key, {}) if isinstance(data, dict) else None
    if not isinstance(data, dict):
        raise ValueError(f"{'.'.join(keys)} is not a table")  # noqa: TRY004 - of the file, not of the program
    return data


def _map(data: Any, keys: tuple[str, ...], from_: str, to: str) -> None:
    """Add a mapping to the values of a file, plain or tomlkit's."""
    there = _below(data, keys).setdefault(LIST, [])
    if not isinstance(there, list) or not all(isinstance(mapping, dict) for mapping in there):
        raise ValueError(f"{LIST} is not a list of tables")
    same = [mapping for mapping in there if mapping.get("from") == from_]
    for mapping in same:
        mapping["to"] = to
    if not same:
        there.append({"from": from_, "to": to})
