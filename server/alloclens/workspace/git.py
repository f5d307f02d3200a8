"""What git has of a file: its text in one commit, and in each commit that changed it."""

from __future__ import annotations

import os
import re
import time
from functools import lru_cache
from pathlib import PurePath
from typing import TYPE_CHECKING, NamedTuple

from alloclens.paths import folders_of
from alloclens.processes import output
from alloclens.text import MAX_SOURCE_BYTES, decoded

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

GIT_TIMEOUT_SECONDS = 5.0
GIT_PAUSE_SECONDS = 60.0
"""A repository whose git has not answered in time (its disk is slow, or a FIFO lies in it) is not asked for so long."""
_silent: dict[str, float] = {}
"""Until when, by repository."""
QUIET = {"GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}
LOCAL = {"GIT_NO_LAZY_FETCH": "1", "GIT_ALLOW_PROTOCOL": "none"}
"""What a partial clone lacks is not fetched. An old git knows the second only."""
OF_ANOTHER = frozenset(
    {"GIT_DIR", "GIT_WORK_TREE", "GIT_COMMON_DIR", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_NAMESPACE"}
)
"""Set where a hook has started the editor: the repository is the one that the file lies in."""
FSMONITOR = "fsmonitor--daemon.ipc"
"""The socket of git's own file monitor, which is not asked."""
MAX_VERSIONS = 50
"""Of a file: a deployed program may be many commits behind HEAD."""
MAX_COMMITS = 5000
"""Of a repository, that are looked through for the versions of a file."""
SAFE = ("--literal-pathspecs", "-c", "log.showSignature=false", "-c", "log.diffMerges=first-parent")
LOG = (
    *(*SAFE, "log"),
    *("--first-parent", "-m", "--follow", "--raw", "-z", "--no-abbrev", "--format=%H %ct"),
    *("--no-ext-diff", "--no-color", "--no-decorate", "--no-notes", "--no-mailmap"),
    f"-O{os.devnull}",  # and no diff.orderFile
)
"""How git is asked for the changes of a file: nothing of this runs a program or reads what the configuration names."""
COMMITS_FOR_RENAMES = (1000, 50)
"""So many are looked through, or, where that takes too long, so many."""
RENAME_TIMEOUT_SECONDS = 5 * GIT_TIMEOUT_SECONDS
"""For the questions of `renames`."""
RENAMED = ("-M", "-l1000", "--diff-filter=R", "--name-status", "-z", "--no-ext-diff", "--no-color", f"-O{os.devnull}")
"""How git is asked for renames; the same holds."""
PSEUDO_VERSION = re.compile(r"^v\d+\.\d+\.\d+-(?:.*\.)?\d{14}-([0-9a-f]{12})")
"""Go's name for a commit without a tag."""


def commit(path: str, revision: str) -> str | None:
    """Return the commit of a revision, as the repository of a file has it; None where it has none."""
    pseudo = PSEUDO_VERSION.match(revision)
    return _asked(
        path, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{pseudo[1] if pseudo else revision}^{{commit}}"
    )


@lru_cache(64)
def text_at(path: str, at: str) -> str | None:
    """Return what a file held in a commit; None where it had none, or one too large for a source."""
    name = f"{at}:./{PurePath(path).name}"
    size = _asked(path, "cat-file", "-s", name)
    if not size or int(size) > MAX_SOURCE_BYTES:
        return None
    data = _run(path, "cat-file", "blob", name)
    return None if data is None else decoded(data)


class FileVersion(NamedTuple):
    """A file as a commit left it."""

    commit: str
    seconds: int
    """When it was committed, since 1970."""
    path: str
    """In the repository: it may have had another name then."""
    blob: str


def versions(path: str, head: str) -> tuple[FileVersion, ...]:
    """Return the versions of a file on the first parents of a commit, under whatever name, the newest first.

    At most MAX_VERSIONS, of the last MAX_COMMITS commits; none where git has no answer.
    """
    try:
        return _versions(path, head)
    except _NoAnswer:
        return ()


class _NoAnswer(Exception):  # noqa: N818 - git is slow now, and may answer next time
    """Git failed or took too long: so nothing is remembered."""


@lru_cache(64)
def _versions(path: str, head: str) -> tuple[FileVersion, ...]:
    name = PurePath(path).name
    oldest = _asked(path, "rev-list", "--first-parent", "--max-count=1", f"--skip={MAX_COMMITS}", head)
    commits = f"{oldest}..{head}" if oldest else head
    said = _run(path, *LOG, f"--max-count={MAX_VERSIONS}", commits, "--", f"./{name}")
    if said is None:
        raise _NoAnswer
    found: list[FileVersion] = []
    for change in _changes(said.decode("utf-8", "surrogateescape").split("\0")):
        if change.now.path == found[-1].path if found else PurePath(change.now.path).name == name:
            found[-1:] = [change.now, change.before]
    if not found and (blob := _asked(path, "rev-parse", "--verify", "--quiet", f"{head}:./{name}")):
        found = [FileVersion(head, 0, path, blob)]
    return tuple(one for one in found if one.blob.strip("0"))


class _Change(NamedTuple):
    now: FileVersion
    before: FileVersion
    """In the parent, whose time nothing says."""


def _changes(fields: Iterable[str]) -> Iterator[_Change]:
    """Read what LOG makes git write: `commit seconds`, then `:mode mode blob blob status`, and the one or two paths."""
    rest = iter(fields)
    at, seconds = "", "0"
    for field in rest:
        if field.lstrip("\n").startswith(":"):
            mode, mode_now, blob, blob_now, status = field.lstrip("\n:").split(" ")
            path = next(rest, "")
            path_now = next(rest, "") if status.startswith("R") else path
            now = FileVersion(at, int(seconds), path_now, _of_file(mode_now, blob_now))
            yield _Change(now, FileVersion(f"{at}^", 0, path, _of_file(mode, blob)))
        elif field:
            at, _, seconds = field.partition(" ")


def _of_file(mode: str, blob: str) -> str:
    return blob if mode.startswith("100") else "0"


def texts(path: str, blobs: tuple[str, ...]) -> Mapping[str, str]:
    """Return the texts of some blobs of the repository that a file lies in; without those that are too large together."""
    try:
        return _texts(path, blobs)
    except _NoAnswer:
        return {}


@lru_cache(16)
def _texts(path: str, blobs: tuple[str, ...]) -> Mapping[str, str]:
    wanted, total = [], 0
    for line in _batch(path, "--batch-check", blobs).decode().splitlines():
        blob, kind, size = (*line.split(), "0")[:3]
        if kind == "blob" and total + int(size) <= MAX_SOURCE_BYTES:  # and not `missing`
            wanted.append(blob)
            total += int(size)
    data = _batch(path, "--batch", wanted)
    found, at = {}, 0
    while (end := data.find(b"\n", at)) >= 0:  # `blob type size`, the contents, and a line feed
        blob, _, size = data[at:end].decode().split()
        at = end + 1 + int(size) + 1
        found[blob] = decoded(data[end + 1 : at - 1])
    return found


def _batch(path: str, how: str, blobs: Sequence[str]) -> bytes:
    asked = "".join(f"{blob}\n" for blob in blobs).encode()
    said = _run(path, "cat-file", how, given=asked) if blobs else b""
    if said is None:
        raise _NoAnswer
    return said


def repository_of(path: str) -> str:
    """Return the top directory of the repository that a canonical path lies in, be there a file or not; "" if there is none."""
    return next((folder for folder in folders_of(path) if os.path.lexists(f"{folder}/.git")), "")


def renames(repository: str) -> dict[str, str]:
    """Return where files went that were renamed in the last commits or are so in the index: old -> new path.

    The paths are as seen from the top directory. Empty where git has no answer in time.
    """
    at, committed = f"{repository}/x", None
    staged = _run(at, *SAFE, "diff-index", "--cached", *RENAMED, "HEAD", heavy=True)
    for most in COMMITS_FOR_RENAMES:
        if committed is None:
            oldest = _asked(at, "rev-list", "--first-parent", "--max-count=1", f"--skip={most}", "HEAD")
            commits = f"{oldest}..HEAD" if oldest else "HEAD"
            committed = _run(at, *SAFE, "log", "--first-parent", "-m", "--format=", *RENAMED, commits, heavy=True)
    now: dict[str, str] = {}
    for said in (staged or b"", committed or b""):  # the newest first, so it is known what became of each new name
        fields = said.decode("utf-8", "surrogateescape").replace("\n", "").split("\0")
        for old, new in zip(fields[1::3], fields[2::3], strict=False):
            now.setdefault(old, now.get(new, new))
    return now


def _asked(path: str, *arguments: str) -> str | None:
    said = _run(path, *arguments)
    return None if said is None else said.decode("utf-8", "replace").strip() or None


def _run(path: str, *arguments: str, given: bytes = b"", heavy: bool = False) -> bytes | None:
    """Run git where a file lies. No hook, filter or file monitor of the repository is run by what is asked here.

    That a heavy question takes too long says nothing of whether the repository answers others.
    """
    directory = PurePath(path).parent
    repository = next((str(d) for d in (directory, *directory.parents) if os.path.lexists(d / ".git")), None)
    begun = time.monotonic()
    if repository is None or begun < _silent.get(repository, 0) or _would_wait(f"{repository}/.git"):
        return None
    kept = {name: value for name, value in os.environ.items() if name not in OF_ANOTHER}
    where = ("-C", str(directory), "-c", "core.fsmonitor=false")
    said = output("git", *where, *arguments, env=kept | QUIET | LOCAL, seconds=GIT_TIMEOUT_SECONDS, given=given)
    if said is None and not heavy and time.monotonic() - begun >= GIT_TIMEOUT_SECONDS:
        _silent[repository] = time.monotonic() + GIT_PAUSE_SECONDS
    return said


def _would_wait(directory: str) -> bool:
    """Return whether a FIFO, socket or device lies where git keeps its files: git would wait for somebody to write to it."""
    try:
        with os.scandir(directory) as entries:
            return any(entry.name != FSMONITOR and not (entry.is_file() or entry.is_dir()) for entry in entries)
    except OSError:  # a .git file, of a work tree
        return False
