"""Asks git for the versions of a file."""

from __future__ import annotations

import math
import os
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import PurePath
from typing import TYPE_CHECKING, NamedTuple

from alloclens.paths import rest_within
from alloclens.workspace import git

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

MAX_VERSIONS = 100
"""Versions of a file: a deployed program may be many commits behind HEAD."""
MAX_VERSIONS_ANYWHERE = 300
"""Versions of a file in all branches."""
MAX_COMMITS = 5000
"""Commits of a repository searched for versions of a file, and so many others of all branches."""
MAX_FILES = 64
"""Files of a directory whose changes are listed together: git is slow to start, and slow to search its commits."""
LOG = (
    *(*git.SAFE, "log"),
    *("-m", "--raw", "-z", "--no-abbrev", "--format=%H %ct %at %P"),
    *("--no-ext-diff", "--no-color", "--no-decorate", "--no-notes", "--no-mailmap"),
    f"-O{os.devnull}",  # and no diff.orderFile
)
"""Options to list the changes of a file without running a program or reading files that the configuration names."""
HISTORY = ("--first-parent",)
"""What was deployed from a branch that HEAD is on."""
EVERYWHERE = ("--full-history", "--all", "--reflog")
"""What else may have been built: branches, releases, stashes, other worktrees, and commits that were amended or rebased."""
UNMERGED: tuple[tuple[str, ...], ...] = ((), ("--not", "HEAD"))
"""Of these, all, and the fallback after a timeout: without the commits that were merged into HEAD."""
_slow: dict[str, str] = {}
"""The `tips` of repositories with which the first of UNMERGED took too long; it is not tried again for each file."""


class FileVersion(NamedTuple):
    """A file in a commit."""

    commit: str
    seconds: int
    """Time of the commit, since 1970."""
    path: str
    """Path in the repository, which may have been different then."""
    blob: str
    authored: int = 0
    """When the change was first committed: amending, rebasing and cherry-picking keep that time."""
    is_of_another: bool = False
    """Whether this is another file, which was deleted or renamed before today's file was added under its name."""


class Gap(NamedTuple):
    """Texts of a file that may exist, but are not here or were not read."""

    until: float
    """They are from before this time."""
    reason: str


class FileHistory(NamedTuple):
    """The versions of a file that git has."""

    versions: tuple[FileVersion, ...] = ()
    """Newest first."""
    gaps: tuple[Gap, ...] = ()


def history(path: str, head: str, *, shallow: bool = False) -> FileHistory:
    """Return the versions of a file on a commit's first-parent history, across renames.

    Returns at most MAX_VERSIONS from the last MAX_COMMITS commits; none if git fails.
    """
    try:
        return _history(path, head, shallow=shallow)
    except git.GitError:
        return FileHistory(gaps=(Gap(math.inf, git.SLOW),))


def versions(path: str, head: str) -> tuple[FileVersion, ...]:
    """Return the versions of a file in its `history`."""
    return history(path, head).versions


def history_anywhere(path: str, at: git.References) -> FileHistory:
    """Return the versions of a file in all branches, tags, worktrees and reflogs, without those under other names.

    Returns at most MAX_VERSIONS_ANYWHERE, none if git fails or takes too long, and leaves out what is older than the
    last MAX_COMMITS commits of HEAD.
    """
    repository = git.repository_of(path)
    for unmerged in UNMERGED[_slow.get(repository) == at.tips :]:
        with suppress(git.GitError):
            return _history_anywhere(path, at, unmerged)
        _slow[repository] = at.tips
    return FileHistory(gaps=(Gap(math.inf, git.SLOW),))


def _history_anywhere(path: str, at: git.References, unmerged: tuple[str, ...]) -> FileHistory:
    oldest = _oldest(git.repository_of(path), at.head)
    limits = (f"--max-count={MAX_COMMITS}", *unmerged, *([f"^{oldest.commit}"] if oldest else []))
    listed = _log(_together(path), *EVERYWHERE, *limits, state=at, heavy=True)
    changes = listed.of(path)[:MAX_VERSIONS_ANYWHERE]
    file_versions = tuple(change.now for change in changes if change.now.blob.strip("0"))
    gaps = [*_limited(changes, MAX_VERSIONS_ANYWHERE), *_grafted(changes, shallow=at.shallow)]
    if listed.commits >= MAX_COMMITS:
        gaps.append(Gap(listed.oldest, f"only the last {MAX_COMMITS} commits of all branches are searched"))
    return FileHistory(file_versions, tuple(gaps))


class _Oldest(NamedTuple):
    commit: str
    seconds: int
    """Time of the commit, since 1970."""


@lru_cache(64)
def _oldest(repository: str, head: str) -> _Oldest | None:
    """Return the commit before the last MAX_COMMITS; None if there are not so many."""
    which = ("--first-parent", "--max-count=1", f"--skip={MAX_COMMITS}", "--format=%H %ct", head)
    answer = git.run(f"{repository}/x", *git.SAFE, "log", *which)
    if answer is None:
        raise git.GitError
    at, _, seconds = answer.decode().strip().partition(" ")
    return _Oldest(at, int(seconds)) if at else None


@lru_cache(256)
def _history(path: str, head: str, *, shallow: bool) -> FileHistory:
    name = PurePath(path).name
    oldest = _oldest(git.repository_of(path), head)
    commits = f"{oldest.commit}..{head}" if oldest else head
    changes = _log(_together(path), *HISTORY, commits, state=shallow).of(path)[:MAX_VERSIONS]
    for number, change in enumerate(changes):
        if change.adds and not change.is_root:  # or renames, which git finds for one file at a time
            earlier = change.now.commit, *([f"^{oldest.commit}"] if oldest else [])
            followed = _log(
                (path,), *HISTORY, "--follow", f"--max-count={MAX_VERSIONS - number}", *earlier, state=shallow
            )
            changes = (*changes[:number], *followed.changes)
            break
    file_versions, own = list[FileVersion](), list[_Change]()
    for change in changes:
        if change.now.path == file_versions[-1].path if file_versions else PurePath(change.now.path).name == name:
            # If they differ, the path was gone between the two, by a rename to another name than the one that is followed.
            if file_versions and file_versions[-1].blob == change.now.blob:
                file_versions.pop()
            file_versions += [change.now, change.before]
            own.append(change)
    if not file_versions and (blob := git.asked(path, "rev-parse", "--verify", "--quiet", f"{head}:./{name}")):
        file_versions = [FileVersion(head, 0, path, blob)]
    is_older = bool(file_versions) and bool(file_versions[-1].blob.strip("0"))
    gaps = (*_limited(own, MAX_VERSIONS), *_grafted(own, shallow=shallow))
    before = (Gap(oldest.seconds, f"only the last {MAX_COMMITS} commits are searched"),) if oldest and is_older else ()
    return FileHistory(tuple(_by_file(file_versions)), (*gaps, *before))


def _by_file(file_versions: Iterable[FileVersion]) -> Iterator[FileVersion]:
    """Yield the versions that exist, newest first, and say which are of another file than the newest."""
    name, is_before = "", False
    for version in file_versions:
        exists, name = bool(version.blob.strip("0")), name or version.path
        is_before |= not exists or version.path != name
        if exists:
            yield version._replace(is_of_another=is_before and version.path == name)


def _limited(changes: Sequence[_Change], limit: int) -> Iterator[Gap]:
    if len(changes) >= limit:
        yield Gap(changes[-1].now.seconds, f"git has more than {limit} texts of the file, and the oldest are not read")


def _grafted(changes: Sequence[_Change], *, shallow: bool) -> Iterator[Gap]:
    """Yield what a shallow clone lacks: the parents of its oldest commits, which seem to have none."""
    roots = [change.now.seconds for change in changes if change.is_root]
    if roots and shallow:
        yield Gap(max(roots), "this is a shallow clone without the older commits (`git fetch --unshallow` gets them)")


def _together(path: str) -> tuple[str, ...]:
    """Return a file and those beside it with the same extension, which probably have numbers, too."""
    folder, name = os.path.split(path)
    ending = os.path.splitext(name)[1]
    with suppress(OSError), os.scandir(folder) as entries:
        names = {entry.name for entry in entries if ending and entry.name.endswith(ending)}
        ordered = sorted(names | {name})
        start = ordered.index(name) // MAX_FILES * MAX_FILES  # the same files, whichever of them is asked for first
        return tuple(f"{folder}/{other}" for other in ordered[start : start + MAX_FILES])
    return (path,)  # its directory is gone


@lru_cache(64)
def _log(
    paths: tuple[str, ...],
    *arguments: str,
    state: git.References | bool,  # noqa: ARG001 - the cache's key
    heavy: bool = False,
) -> _Log:
    """Return the changes of files of a directory, which may be gone.

    `state` is what the answer depends on, besides the arguments: all references, or whether the repository is a shallow clone.
    """
    top = git.repository_of(paths[0])
    names = (rest_within(path, top) or path for path in paths)
    answer = git.run(f"{top}/x", *LOG, *arguments, "--", *names, heavy=heavy)
    if answer is None:
        raise git.GitError
    return _Log(top, tuple(_changes(answer.decode("utf-8", "surrogateescape").split("\0"))))


@dataclass(frozen=True, eq=False)
class _Log:
    """The changes of some files."""

    top: str
    """The top directory of their repository."""
    changes: tuple[_Change, ...]
    """Newest first."""

    def of(self, path: str) -> tuple[_Change, ...]:
        """Return the changes of one of the files."""
        return tuple(self._by_path.get(rest_within(path, self.top) or path, ()))

    @cached_property
    def _by_path(self) -> dict[str, list[_Change]]:
        by_path = dict[str, list[_Change]]()
        for change in self.changes:
            by_path.setdefault(change.now.path, []).append(change)
        return by_path

    @cached_property
    def commits(self) -> int:
        """How many commits changed any of the files."""
        return len({change.now.commit for change in self.changes})

    @property
    def oldest(self) -> float:
        """The time of the last of them."""
        return self.changes[-1].now.seconds if self.changes else -math.inf


class _Change(NamedTuple):
    now: FileVersion
    before: FileVersion
    """The version in the parent, whose time is unknown."""
    is_root: bool
    """Whether the commit has no parent."""

    @property
    def adds(self) -> bool:
        """Whether the parent has no file of this name."""
        return not self.before.blob.strip("0")


def _changes(fields: Iterable[str]) -> Iterator[_Change]:
    """Parse git's output for LOG: `commit seconds authored parents`, then `:mode mode blob blob status`, and the one or two paths."""
    rest = iter(fields)
    at, seconds, authored, parents = "", 0, 0, ""
    for field in rest:
        if field.lstrip("\n").startswith(":"):
            mode, mode_now, blob, blob_now, status = field.lstrip("\n:").split(" ")
            path = next(rest, "")
            path_now = next(rest, "") if status.startswith(("R", "C")) else path
            now = FileVersion(at, seconds, path_now, _of_file(mode_now, blob_now), authored)
            before = FileVersion(f"{at}^", 0, path, _of_file(mode, blob))
            yield _Change(now, now._replace(blob="0") if status.startswith("C") else before, not parents)
        elif field:
            at, committed, first, *parent = field.split(" ", 3)
            seconds, authored, parents = int(committed), int(first), "".join(parent)


def _of_file(mode: str, blob: str) -> str:
    return blob if mode.startswith("100") else "0"
