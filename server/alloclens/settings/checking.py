"""Checks settings that were given, and says what is wrong with them."""

from __future__ import annotations

import json
import re
from difflib import get_close_matches
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from alloclens.settings.settings import (
    LIMIT,
    SIZE,
    SOURCE_NAME,
    SOURCES,
    ClientSettings,
    Settings,
    fields,
    names,
    schema,
)
from alloclens.source.own import refused
from alloclens.typed import located

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence


CLIENT_ONLY = frozenset(name.partition(".")[0] for name in ClientSettings.__struct_encode_fields__)
"""The top-level keys of the settings that only the VS Code extension reads: heat, server, trace."""
MAX_COMPARED_KEYS = 200
"""Keys of an editor that are compared with the names of settings."""
MAX_UNKNOWN_KEYS = 20
"""Keys that are not settings and have a problem of their own."""
MAX_SHOWN_CHARACTERS = 60
TEXTS = {
    SIZE.pattern: "a size",
    LIMIT.pattern: "a size or a percentage",
    SOURCE_NAME.pattern: "a name of 1 to 60 letters, digits, dots, hyphens and underscores that begins with a letter or digit",
}
"""What a text with a pattern is, in words."""
SHOWN_OF_SOURCES = frozenset({"name", "type", "interval"})
"""The fields of a source whose values are shown: any other may be a secret that does not belong there."""
SECRET = re.compile(r"token|passw|secret|key|auth|bearer|credential", re.IGNORECASE)
"""Keys under which secrets are likely to be written."""
ENCODER = json.JSONEncoder(ensure_ascii=False, default=str)


class Mistake(NamedTuple):
    """A problem with one key."""

    key: str
    wrong: str
    path: tuple[str | int, ...]
    """The path to the invalid value, from the key down, such as `("pathMappings", 0, "from")`."""
    default: str = ""
    """The value used instead, as JSON, unless another source sets it; "" if the key is not a setting."""

    @property
    def message(self) -> str:
        """What is wrong, and which value is used instead."""
        instead = "none is used" if self.default == "[]" else f"using {self.default}"
        return f"{self.wrong}; {instead}" if self.default else self.wrong


def parse(given: Mapping[str, Any]) -> tuple[Settings, list[Mistake]]:
    """Return the valid settings, with defaults for the rest, and a problem for each invalid one.

    Unknown keys are ignored, because editors send keys of their own.
    """
    good, problems = checked(given)
    return msgspec.convert(good, Settings), problems


def checked(given: Mapping[str, Any]) -> tuple[dict[str, Any], list[Mistake]]:
    """Return the valid settings as given, and a problem for each invalid one. None means not set."""
    good, problems = {}, []
    for field in fields():
        key = field.encode_name
        if (value := given.get(key)) is None:
            continue
        try:
            msgspec.convert(value, field.type)
            is_unicode = _is_unicode(value)
        except msgspec.ValidationError as error:
            problems.append(_problem(key, value, located(error)[1]))
            continue
        except UnicodeEncodeError:  # where msgspec looks for a text among those that are allowed
            is_unicode = False
        if not is_unicode:
            wrong = f"{key}: {_shown_at((key,), value)} is not valid Unicode"
            problems.append(Mistake(key, wrong, (key,), shown(field.default)))
        elif key == "ownCode" and (bad := refused(tuple(value))):
            problems.append(_bad_patterns(bad))
        elif key == SOURCES and (item := _same_name(value)):
            wrong = f"{SOURCES}: item {item + 1}: another source has the name {shown(value[item]['name'])}"
            problems.append(Mistake(key, wrong, (key, item, "name"), shown(field.default)))
        else:
            good[key] = value
    return good, problems


def unknown(given: Mapping[str, Any]) -> list[Mistake]:
    """Return a problem for each key that is not a setting, up to MAX_UNKNOWN_KEYS, and one for all others. For files only."""
    known = names()
    keys = [key for key in given if key not in known]
    problems = [Mistake(key, _unknown(key, known), (key,)) for key in keys[:MAX_UNKNOWN_KEYS]]
    if more := keys[MAX_UNKNOWN_KEYS:]:
        problems.append(Mistake(more[0], f"… and {len(more)} more unknown settings", (more[0],)))
    return problems


def misspelt(given: Mapping[str, Any]) -> list[Mistake]:
    """Return a problem for each key that resembles a setting. For editors, which also send keys of their own."""
    known = names()
    keys = [key for key in islice(given, MAX_COMPARED_KEYS) if key not in known and key not in CLIENT_ONLY]
    return unknown({key: given[key] for key in keys if _nearly(key, known)})


def allowed(key: str) -> str:
    """Describe the values that a setting takes, with an example if TOML writes it like JSON."""
    part = schema()["properties"][key]
    if part.get("items", {}).get("type") == "object":
        return _kind(part)
    return f"{_kind(part)}, such as {shown(part.get('examples', [part['default']])[0])}"


def shown(value: Any) -> str:
    """Return a value as JSON, shortened to MAX_SHOWN_CHARACTERS, without characters that a terminal or an editor refuses."""
    if hasattr(value, "isoformat"):
        return str(value.isoformat())
    try:
        text = "".join(islice(ENCODER.iterencode(value), MAX_SHOWN_CHARACTERS))[: MAX_SHOWN_CHARACTERS + 1]
    except ValueError:  # a number with more digits than Python writes
        return "this"
    text = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
    return text if len(text) <= MAX_SHOWN_CHARACTERS else f"{text[: MAX_SHOWN_CHARACTERS - 1]}…"


def _problem(key: str, value: Any, steps: Iterable[str | int]) -> Mistake:
    part = schema()["properties"][key]
    default = part["default"]
    path: list[str | int] = [key]
    for step in steps:
        path.append(step)
        value = value[step]
        part = part["items"] if isinstance(step, int) else part["properties"][step]
    if isinstance(value, dict) and part["type"] == "object":
        field, wrong = _bad_field(key, value, part)
        return Mistake(key, f"{_place(path)}: {wrong}", (*path, field), shown(default))
    wrong = f"{_shown_at(path, value)} is not {_kind(part)}{_limit(part, value)}"
    return Mistake(key, f"{_place(path)}: {wrong}", tuple(path), shown(default))


def _place(path: Iterable[str | int]) -> str:
    return ": ".join(f"item {step + 1}" if isinstance(step, int) else step for step in path)


def _shown_at(path: Sequence[str | int], value: Any) -> str:
    """Return a value as JSON, but not what may hold a secret."""
    may_hold_secret = path[0] == SOURCES and (path[-1] not in SHOWN_OF_SOURCES or isinstance(value, dict | list))
    return "this" if may_hold_secret else shown(value)


def _bad_field(key: str, table: Mapping[str, Any], part: dict[str, Any]) -> tuple[str, str]:
    """Return the field that a table should not have, or lacks, and what is wrong with it."""
    unknown = next((name for name in table if name not in part["properties"]), None)
    if unknown is None:
        missing = next(name for name in part["required"] if name not in table)
        return missing, f"{missing} is missing"
    if (
        key == SOURCES
        and SECRET.search(unknown)
        and unknown.replace("_", "").lower() not in map(str.lower, part["properties"])
    ):
        return unknown, f"{_name(unknown)}: no field holds a secret; use tokenEnv or tokenFile, which say where it is"
    nearly = _nearly(unknown, [*part["properties"]])
    hint = f"did you mean {nearly}?" if nearly else f"the fields are {_keys(part)}"
    return unknown, f"{_name(unknown)}: unknown field; {hint}"


def _is_unicode(value: Any) -> bool:
    """Return whether a good value can be a file's name or an argument: JSON may hold one half of a surrogate pair."""
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True


def _same_name(sources: Sequence[Mapping[str, Any]]) -> int:
    """Return the index of the first source that has the name of one before it; 0 if there is none."""
    names_ = [source["name"] for source in sources]
    return next((i for i, name in enumerate(names_) if name in names_[:i]), 0)


def _bad_patterns(wrong: tuple[str, ...]) -> Mistake:
    sentence = f"{shown(wrong[0])} is not a valid .gitignore pattern"
    what = sentence if len(wrong) == 1 else "the patterns are too long in total"
    return Mistake("ownCode", f"ownCode: {what}", ("ownCode",), "[]")


def _kind(part: dict[str, Any]) -> str:
    if "enum" in part:
        return "one of " + ", ".join(part["enum"])
    kind = part["type"]
    if kind == "array":
        return "a list of " + (
            "strings" if part["items"]["type"] == "string" else f"tables with {_keys(part['items'])}"
        )
    if kind == "integer":
        return f"an integer from {part['minimum']} to {part['maximum']}"
    if part.get("pattern") in TEXTS:
        return TEXTS[part["pattern"]]
    text = "a non-empty string" if "minLength" in part else "a string"
    return "true or false" if kind == "boolean" else f"a table with only {_keys(part)}" if kind == "object" else text


def _keys(part: dict[str, Any]) -> str:
    *keys, last = part["properties"]
    return f"{', '.join(keys)} and {last}"


def _limit(part: dict[str, Any], value: Any) -> str:
    """Say what is wrong with a value of the right type."""
    if isinstance(value, list) and len(value) > part.get("maxItems", len(value)):
        return f" of at most {part['maxItems']} items"
    if isinstance(value, str) and len(value) > part.get("maxLength", len(value)):
        return f" of at most {part['maxLength']} characters"
    return " without null characters" if isinstance(value, str) and "\0" in value else ""


def _unknown(key: str, known: list[str]) -> str:
    nearly = _nearly(key, known)
    return f"{_name(key)}: unknown setting; " + (
        f"did you mean {nearly}?" if nearly else f"the settings are {', '.join(sorted(known))}"
    )


def _name(key: str) -> str:
    return key if re.fullmatch(r"[\w-]{1,40}", key) else shown(key)


def _nearly(key: str, known: list[str]) -> str:
    """Return the setting whose name resembles this key; "" if there is none."""
    lower = {name.lower(): name for name in known}
    close = get_close_matches(key.lower()[:MAX_SHOWN_CHARACTERS], lower, 1)
    return lower[close[0]] if close else ""
