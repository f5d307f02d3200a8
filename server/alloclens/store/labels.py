"""What the user calls snapshots: labels.toml beside them, such as `"heap.0007.pb.gz" = "after load"`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from alloclens.store import toml
from alloclens.store.listing import stamp
from alloclens.store.world import Problem

if TYPE_CHECKING:
    from collections.abc import Iterable

    from alloclens.store.listing import Stamp

NAME = "labels.toml"
LARGEST = 1 << 20
"""Bytes that such a file may have."""


class Labels(NamedTuple):
    """What all such files say."""

    of: dict[str, str]
    """By the path of the snapshot."""
    problems: tuple[Problem, ...]


def read(directories: Iterable[str]) -> Labels:
    """Read the labels of the snapshots of these directories. Never raises: what is wrong is one of the problems."""
    of: dict[str, str] = {}
    problems: list[Problem] = []
    for path in _files(directories):
        try:
            of |= _labels(path)
        except (OSError, ValueError) as error:
            problems.append(Problem(str(path), str(error)))
    return Labels(of, tuple(problems))


def stamps(directories: Iterable[str]) -> tuple[Stamp | None, ...]:
    """Return what changes whenever a file that `read` looks at does."""
    return tuple(stamp(str(path)) for path in _files(directories))


def _files(directories: Iterable[str]) -> list[Path]:
    return [Path(directory, NAME) for directory in directories]


def _labels(path: Path) -> dict[str, str]:
    """Return the labels of one file; none where there is none. Raises OSError or ValueError."""
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST + 1)
    except FileNotFoundError:
        return {}
    if len(data) > LARGEST:
        raise ValueError("larger than 1 MiB")
    said = toml.loads(data.decode("utf-8-sig"))
    if wrong := [key for key, value in said.items() if not isinstance(value, str)]:
        raise ValueError(f'{wrong[0]}: a label is a text, such as "heap.0007.pb.gz" = "after load"')
    return {str(path.parent / name): label for name, label in said.items()}
