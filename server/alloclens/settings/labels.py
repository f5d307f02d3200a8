"""What the user calls snapshots: labels.toml beside them, such as `"heap.0007.pb.gz" = "after load"`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from alloclens.disk import check_inside, read_file, real_path, reason, stamp, write_file
from alloclens.faults import Problem
from alloclens.settings.toml import edit_toml, loads

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from alloclens.disk import Stamp

NAME = "labels.toml"
LARGEST = 1 << 20
"""Bytes that such a file may have."""


class SnapshotLabels(NamedTuple):
    """What all such files say."""

    of: dict[str, str]
    """By the path of the snapshot."""
    problems: tuple[Problem, ...]


def read(directories: Iterable[str], folders: Sequence[str] = ()) -> SnapshotLabels:
    """Read the labels of the snapshots of these directories. Never raises: what is wrong is one of the problems.

    A symbolic link is followed within the directory and the workspace's folders.
    """
    of: dict[str, str] = {}
    problems: list[Problem] = []
    for path in _files(directories):
        try:
            of |= _labels(path, folders)
        except (OSError, ValueError) as error:
            problems.append(Problem(str(path), reason(error)))
    return SnapshotLabels(of, tuple(problems))


def write(snapshot: str, label: str, folders: Sequence[str] = ()) -> None:
    """Call the snapshot of this path so, or nothing if the label is "". Raises OSError or ValueError.

    A reader never sees a part of it. What else the file says stays, comments too.
    """
    path = Path(snapshot).with_name(NAME)
    before = _data(path, folders).decode()
    after = with_label(before, Path(snapshot).name, " ".join(label.split())).encode()
    if len(after) > LARGEST:
        raise ValueError("it would be larger than 1 MiB")
    if after.strip():
        write_file(path, after)
    else:
        Path(real_path(str(path))).unlink(missing_ok=True)


def with_label(text: str, name: str, label: str) -> str:
    """Return the text of such a file with this label of a snapshot, or without any if it is "".

    Raises ValueError if the text is no valid TOML.
    """

    def change(said: Any) -> None:
        if label:
            said[name] = label
        else:
            said.pop(name, None)

    return edit_toml(text, change)


def stamps(directories: Iterable[str]) -> tuple[Stamp | None, ...]:
    """Return what changes whenever a file that `read` looks at does."""
    return tuple(stamp(str(path)) for path in _files(directories))


def _files(directories: Iterable[str]) -> list[Path]:
    return [Path(directory, NAME) for directory in directories]


def _labels(path: Path, folders: Sequence[str]) -> dict[str, str]:
    """Return the labels of one file; none where there is none. Raises OSError or ValueError."""
    said = loads(_data(path, folders).decode("utf-8-sig"))
    if wrong := [key for key, value in said.items() if not isinstance(value, str)]:
        raise ValueError(f'{wrong[0]}: a label is a string, such as "heap.0007.pb.gz" = "after load"')
    return {str(path.parent / name): label for name, label in said.items()}


def _data(path: Path, folders: Sequence[str]) -> bytes:
    """Return what is in a file; nothing where there is none. Raises OSError."""
    check_inside(str(path), (str(path.parent), *folders))
    try:
        return read_file(path, LARGEST)
    except FileNotFoundError:
        return b""
