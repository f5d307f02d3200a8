"""The user's labels of snapshots, in labels.toml beside them: `"heap.0007.pb.gz" = "after load"`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from alloclens.disk import check_inside, read_file, real_path, reason, stamp, write_file
from alloclens.faults import Problem
from alloclens.settings.file_names import LABELS
from alloclens.settings.toml import edit_toml, loads

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from alloclens.disk import Stamp

LARGEST = 1 << 20
"""Bytes that such a file may have."""


class SnapshotLabels(NamedTuple):
    """The labels in all such files."""

    of: dict[str, str]
    """By path of the snapshot."""
    problems: tuple[Problem, ...]


def read(directories: Iterable[str], folders: Sequence[str] = ()) -> SnapshotLabels:
    """Read the labels of the snapshots of these directories. Never raises: errors are among the problems.

    A symbolic link is followed within the directory and the workspace's folders.
    """
    of: dict[str, str] = {}
    problems: list[Problem] = []
    for path in _files(directories):
        try:
            of |= _labels(path, folders)
        except (OSError, ValueError) as error:
            problems.append(Problem(str(path), reason(error), summary="labels that cannot be read: …"))
    return SnapshotLabels(of, tuple(problems))


def write(snapshot: str, label: str, folders: Sequence[str] = ()) -> None:
    """Set the label of a snapshot, or remove it if it is "". Raises OSError or ValueError.

    The file is written atomically. Everything else in it stays, including comments.
    """
    path = Path(snapshot).with_name(LABELS)
    before = _data(path, folders).decode()
    after = with_label(before, Path(snapshot).name, " ".join(label.split())).encode()
    if len(after) > LARGEST:
        raise ValueError("it would be larger than 1 MiB")
    if after.strip():
        write_file(path, after)
    else:
        Path(real_path(str(path))).unlink(missing_ok=True)


def with_label(text: str, name: str, label: str) -> str:
    """Return the text of a labels.toml with this label of a snapshot, or without one if it is "".

    Raises ValueError if the text is not valid TOML.
    """

    def change(table: Any) -> None:
        if label:
            table[name] = label
        else:
            table.pop(name, None)

    return edit_toml(text, change)


def stamps(directories: Iterable[str]) -> tuple[Stamp | None, ...]:
    """Return the stamps of the files that `read` looks at."""
    return tuple(stamp(str(path)) for path in _files(directories))


def _files(directories: Iterable[str]) -> list[Path]:
    return [Path(directory, LABELS) for directory in directories]


def _labels(path: Path, folders: Sequence[str]) -> dict[str, str]:
    """Return the labels of one file; none if it does not exist. Raises OSError or ValueError."""
    document = loads(_data(path, folders).decode("utf-8-sig"))
    if wrong := [key for key, value in document.items() if not isinstance(value, str)]:
        raise ValueError(f'{wrong[0]}: a label is a string, such as "heap.0007.pb.gz" = "after load"')
    return {str(path.parent / name): label for name, label in document.items()}


def _data(path: Path, folders: Sequence[str]) -> bytes:
    """Return the contents of a file; nothing if it does not exist. Raises OSError."""
    check_inside(str(path), (str(path.parent), *folders))
    try:
        return read_file(path, LARGEST)
    except (FileNotFoundError, NotADirectoryError):  # the latter if the directory has become a file
        return b""
