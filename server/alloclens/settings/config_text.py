"""The text of a settings file: what it says, and edits that keep its comments and layout."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from alloclens.languages.toml import lines_of_keys
from alloclens.settings import checking
from alloclens.settings.settings import SOURCES
from alloclens.settings.toml import BOM, edit_toml, loads

if TYPE_CHECKING:
    from collections.abc import Mapping

    from alloclens.languages.toml import KeyPath

LIST = "pathMappings"


class Text(NamedTuple):
    """What the text of a settings file says."""

    values: dict[str, Any]
    """The valid settings, as written."""
    mistakes: list[checking.Mistake]
    lines: dict[KeyPath, int]
    """Of the keys, 1-based."""


def read(data: bytes, keys: tuple[str, ...]) -> Text | None:
    """Return what a file says in the table at these keys; None if it has no such table. Raises TOMLError."""
    text = data.removeprefix(BOM.encode()).decode("utf-8", "replace")
    table = _table(loads(text), keys)
    if table is None:
        return None
    lines = {at[len(keys) :]: line for at, line in lines_of_keys(text).items() if at[: len(keys)] == keys}
    return Text(*_judged(table, keys), lines)


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


def with_mapping(text: str, keys: tuple[str, ...], from_: str, to: str) -> str:
    """Return the text of a settings file with a path mapping added to the table at `keys`, or its `to` replaced.

    Comments and layout stay. Raises ValueError if the text is not valid TOML, or its mappings are not a list of tables.
    """
    return _with_table(text, keys, _TableList("path mapping", LIST, "from"), {"from": from_, "to": to})


def with_source(text: str, keys: tuple[str, ...], source: Mapping[str, Any]) -> str:
    """Return the text of a settings file with a source added to the table at `keys`, or the one of its name changed, likewise."""
    return _with_table(text, keys, _TableList("source", SOURCES, "name"), source)


class _TableList(NamedTuple):
    """A setting that is a list of tables."""

    what: str
    """One of them, in words."""
    name: str
    key: str
    """The field that tells one from others."""


def _with_table(text: str, keys: tuple[str, ...], of: _TableList, table: Mapping[str, Any]) -> str:
    """Return the text with a table added to a list of tables, unless one has the same key: then that has its values."""
    import tomlkit  # noqa: PLC0415 - slow to import, and seldom needed

    try:
        values = "".join(f"{field} = {tomlkit.item(value).as_string()}\n" for field, value in table.items())
        added = f"[[{'.'.join((*keys, of.name))}]]\n{values}"
        return edit_toml(text, lambda data: _add(data, keys, of, table), added)
    except ValueError as error:
        raise ValueError(f"no {of.what} can be added: {error}") from error


def with_values(text: str, keys: tuple[str, ...], values: Mapping[str, Any]) -> str:
    """Return the text of a settings file with these settings in the table at `keys`. Comments and layout stay. Raises ValueError."""

    def change(data: Any) -> None:
        _below(data, keys).update(values)

    return edit_toml(text, change)


def _below(data: Any, keys: tuple[str, ...]) -> Any:
    """Return the table at these keys, which is made if it is missing. Raises ValueError."""
    for key in keys:
        data = data.setdefault(key, {}) if isinstance(data, dict) else None
    if not isinstance(data, dict):
        raise ValueError(f"{'.'.join(keys)} is not a table")  # noqa: TRY004 - of the file, not of the program
    return data


def _add(data: Any, keys: tuple[str, ...], of: _TableList, table: Mapping[str, Any]) -> None:
    """Add a table to the values of a file, plain or tomlkit's."""
    there = _below(data, keys).setdefault(of.name, [])
    if not isinstance(there, list) or not all(isinstance(one, dict) for one in there):
        raise ValueError(f"{of.name} is not a list of tables")
    same = [one for one in there if one.get(of.key) == table[of.key]]
    for one in same:
        one.update({field: value for field, value in table.items() if one.get(field) != value})
    if not same:
        there.append(dict(table))
