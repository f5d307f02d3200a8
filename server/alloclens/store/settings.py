"""What a user may set. Names here are snake_case; editors and files write them in camelCase."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Settings:
    """Every setting of the server with its default; package.json must say the same (a test compares)."""

    profile_dirs: tuple[str, ...] = ("profiles", ".pprof", "pprof")
    """Directories watched for profiles: absolute, or under each workspace folder."""
    base: str = "first"
    """first, previous, latest, or a snapshot's file name."""
    head: str = "latest"
    """The same words."""
    sample_type: str = ""
    """Such as inuse_space; empty: the file's own default."""
    binaries: tuple[str, ...] = ()
    """Programs, or directories of them, for profiles that have only addresses: absolute, or under each folder."""
    largest_profile: int = 128
    """MiB that a profile may have once it is unpacked."""
    hints: bool = True
    """Whether numbers stand beside the lines."""
    code_lens: bool = False
    """Whether numbers stand above the functions."""

    @property
    def largest_bytes(self) -> int:
        """`largest_profile` in bytes."""
        return self.largest_profile << 20


def parse(given: Mapping[str, Any]) -> tuple[Settings, list[str]]:
    """Return the settings that are good, the defaults for the rest, and a message for each bad one."""
    values: dict[str, Any] = {}
    problems = []
    defaults = Settings()
    for field in fields(Settings):
        key = camel_case(field.name)
        if given.get(key) is None:
            continue
        default = getattr(defaults, field.name)
        if (value := _checked(given[key], default)) is None:
            problems.append(f"setting {key}: {given[key]!r} is not {_kind(default)}; {_shown(default)} is used")
        else:
            values[field.name] = value
    return Settings(**values), problems


def camel_case(name: str) -> str:
    """Return a setting's name as editors write it."""
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)


def _checked(value: Any, default: Any) -> Any:
    if isinstance(default, tuple):
        good = isinstance(value, (list, tuple)) and all(isinstance(v, str) for v in value)
        return tuple(value) if good else None
    if type(default) is int:
        return value if type(value) is int and value > 0 else None
    return value if type(value) is type(default) else None


def _kind(default: Any) -> str:
    return {tuple: "a list of texts", str: "a text", bool: "true or false", int: "a whole number above 0"}[
        type(default)
    ]


def _shown(default: Any) -> str:
    return repr(list(default)) if isinstance(default, tuple) else repr(default)
