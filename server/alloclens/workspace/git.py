"""Asks git for the text of a file in a commit, its history, and renames."""

from __future__ import annotations

import math
import os
import re
import time
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import PurePath
from typing import TYPE_CHECKING, NamedTuple

from alloclens.paths import canonical, folders_of, rest_within
from alloclens.processes import complaint, output, program
from alloclens.text import MAX_SOURCE_BYTES, decoded

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

GIT_TIMEOUT_SECONDS = 5.0
GIT_PAUSE_SECONDS = 60.0
"""After a timeout (a slow disk, or a FIFO in the repository), git is not asked about the repository for this long."""
_silent: dict[str, float] = {}
"""End of the pause, by repository."""
_slow: dict[str, str] = {}
"""The `tips` of repositories with which the first of UNMERGED took too long; it is not tried again for each file."""
SLOW = "git did not answer in time"
QUIET = {"GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}
LOCAL = {"GIT_NO_LAZY_FETCH": "1", "GIT_ALLOW_PROTOCOL": "none"}
"""Never fetch missing objects of a partial clone. Old versions of git know only the second."""
OF_ANOTHER = frozenset(
    {"GIT_DIR", "GIT_WORK_TREE", "GIT_COMMON_DIR", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_NAMESPACE"}
)
"""Variables that are set if a git hook started the editor. The file's own repository is used instead."""
FSMONITOR = "fsmonitor--daemon.ipc"
"""The socket of git's file monitor, which is not used."""
MAX_VERSIONS = 100
"""Versions of a file: a deployed program may be many commits behind HEAD."""
MAX_VERSIONS_ANYWHERE = 300
"""Versions of a file in all branches."""
MAX_COMMITS = 5000
"""Commits of a repository searched for versions of a file, and so many others of all branches."""
MAX_FILES = 64
"""Files of a directory whose changes are listed together: git is slow to start, and slow to search its commits."""
SAFE = ("--literal-pathspecs", "-c", "log.showSignature=false", "-c", "log.diffMerges=first-parent")
LOG = (
    *(*SAFE, "log"),
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
MAX_OBJECT_HEADER_BYTES = 100
"""Of what `cat-file` writes before a text: a hash, a type and a size."""
COMMITS_FOR_RENAMES = (1000, 50)
"""Number of commits searched, and the fallback after a timeout."""
RENAME_TIMEOUT_SECONDS = 5 * GIT_TIMEOUT_SECONDS
"""Time limit of `renames`."""
RENAMED = ("-M", "-l1000", "--diff-filter=R", "--name-status", "-z", "--no-ext-diff", "--no-color", f"-O{os.devnull}")
"""Options to list renames, equally safe."""
PSEUDO_VERSION = re.compile(r"^v\d+\.\d+\.\d+-(?:.*\.)?\d{14}-([0-9a-f]{12})")
"""Go's version for a commit without a tag."""


def commit(path: str, revision: str) -> str | None:
    """Resolve a revision in the repository of a file; None if it does not exist."""
    pseudo = PSEUDO_VERSION.match(revision)
    return _asked(
        path, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{pseudo[1] if pseudo else revision}^{{commit}}"
    )


def commit_until(path: str, seconds: float) -> str | None:
    """Return the newest commit until a time, in seconds since 1970, that led to HEAD in the repository of a file; None without one."""
    return _asked(path, "rev-list", "--first-parent", "--max-count=1", f"--min-age={int(seconds)}", "HEAD")


@lru_cache(256)
def text_at(path: str, at: str) -> str | None:
    """Return the text of a file in a commit; None if it did not exist or is too large."""
    name = f"{at}:./{PurePath(path).name}"
    size = _asked(path, "cat-file", "-s", name)
    if not size or int(size) > MAX_SOURCE_BYTES:
        return None
    data = _run(path, "cat-file", "blob", name)
    return None if data is None else decoded(data)


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


class References(NamedTuple):
    """What a repository has, as long as nobody commits or fetches."""

    head: str
    tips: str
    """The commits of all branches, tags and stashes."""
    shallow: bool
    """Whether it is a shallow clone."""


def references(path: str) -> References | None:
    """Return the references of a file's repository; None if it has no commit, or git cannot read it."""
    answer = _asked(path, "rev-parse", "--is-shallow-repository", "HEAD^{commit}", "--all")
    shallow, head, *tips = answer.split("\n") if answer else ("", "")
    return References(head, " ".join(tips), shallow == "true") if head else None


def refusal(path: str) -> str:
    """Say why git cannot read the repository of a file; "" if it can, or if there is none."""
    repository = repository_of(path)
    if not repository or _asked(path, "rev-parse", "--git-dir"):
        return ""
    if program("git") is None:
        return "git is not on PATH"
    why = complaint("git", "-C", repository, "rev-parse", "--git-dir", env=_environment(), seconds=GIT_TIMEOUT_SECONDS)
    return f"git refuses to read this repository: {why}" if why else SLOW


def worktrees(path: str) -> tuple[str, ...]:
    """Return the top directories of all worktrees of a file's repository."""
    listed = (_asked(path, "worktree", "list", "--porcelain") or "").split("\n")
    return tuple(canonical(line.removeprefix("worktree ")) for line in listed if line.startswith("worktree "))


def history(path: str, head: str, *, shallow: bool = False) -> FileHistory:
    """Return the versions of a file on a commit's first-parent history, across renames.

    Returns at most MAX_VERSIONS from the last MAX_COMMITS commits; none if git fails.
    """
    try:
        return _history(path, head, shallow=shallow)
    except _GitError:
        return FileHistory(gaps=(Gap(math.inf, SLOW),))


def versions(path: str, head: str) -> tuple[FileVersion, ...]:
    """Return the versions of a file in its `history`."""
    return history(path, head).versions


def history_anywhere(path: str, at: References) -> FileHistory:
    """Return the versions of a file in all branches, tags, worktrees and reflogs, without those under other names.

    Returns at most MAX_VERSIONS_ANYWHERE, none if git fails or takes too long, and leaves out what is older than the
    last MAX_COMMITS commits of HEAD.
    """
    repository = repository_of(path)
    for unmerged in UNMERGED[_slow.get(repository) == at.tips :]:
        with suppress(_GitError):
            return _history_anywhere(path, at, unmerged)
        _slow[repository] = at.tips
    return FileHistory(gaps=(Gap(math.inf, SLOW),))


def _history_anywhere(path: str, at: References, unmerged: tuple[str, ...]) -> FileHistory:
    oldest = _oldest(repository_of(path), at.head)
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
    answer = _run(f"{repository}/x", *SAFE, "log", *which)
    if answer is None:
        raise _GitError
    at, _, seconds = answer.decode().strip().partition(" ")
    return _Oldest(at, int(seconds)) if at else None


class _GitError(Exception):
    """Git failed or timed out, so the result must not be cached."""


@lru_cache(256)
def _history(path: str, head: str, *, shallow: bool) -> FileHistory:
    name = PurePath(path).name
    oldest = _oldest(repository_of(path), head)
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
    if not file_versions and (blob := _asked(path, "rev-parse", "--verify", "--quiet", f"{head}:./{name}")):
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
    state: References | bool,  # noqa: ARG001 - the cache's key
    heavy: bool = False,
) -> _Log:
    """Return the changes of files of a directory, which may be gone.

    `state` is what the answer depends on, besides the arguments: all references, or whether the repository is a shallow clone.
    """
    top = repository_of(paths[0])
    names = (rest_within(path, top) or path for path in paths)
    answer = _run(f"{top}/x", *LOG, *arguments, "--", *names, heavy=heavy)
    if answer is None:
        raise _GitError
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


def texts(path: str, blobs: tuple[str, ...]) -> Mapping[str, str]:
    """Return the texts of blobs in a file's repository, up to a total size."""
    try:
        return _texts(path, blobs)
    except _GitError:
        return {}


@lru_cache(16)
def _texts(path: str, blobs: tuple[str, ...]) -> Mapping[str, str]:
    data = _batch(path, "--batch", blobs)
    if len(data) > MAX_SOURCE_BYTES:
        data = _batch(path, "--batch", _up_to_the_limit(path, blobs))
    by_blob, at = {}, 0
    while (end := data.find(b"\n", at)) >= 0:  # `blob type size`, the contents, and a line feed; or `blob missing`
        blob, kind, *size = data[at:end].decode().split()
        at = end + 1 + (int(size[0]) + 1 if size else 0)
        if kind == "blob":
            by_blob[blob] = decoded(data[end + 1 : at - 1])
    return by_blob


def _up_to_the_limit(path: str, blobs: Sequence[str]) -> list[str]:
    """Return the blobs that together are not too large, by their sizes."""
    chosen, total = [], 0
    for line in _batch(path, "--batch-check", blobs).decode().splitlines():
        blob, kind, size = (*line.split(), "0")[:3]
        if kind == "blob" and total + int(size) <= MAX_SOURCE_BYTES:  # not `missing`
            chosen.append(blob)
            total += int(size)
    return chosen


def _batch(path: str, how: str, blobs: Sequence[str]) -> bytes:
    """Return what git writes of blobs, cut off where it is too large."""
    asked = "".join(f"{blob}\n" for blob in blobs).encode()
    # Git before 2.44 fails at the first text that a partial clone lacks.
    limit = MAX_SOURCE_BYTES + len(blobs) * MAX_OBJECT_HEADER_BYTES
    answer = _run(path, "cat-file", how, given=asked, partial=True, max_bytes=limit) if blobs else b""
    if answer is None:
        raise _GitError
    return answer


def repository_of(path: str) -> str:
    """Return the top directory of the repository of a canonical path, which need not exist; "" if there is none."""
    return next((folder for folder in folders_of(path) if os.path.lexists(f"{folder}/.git")), "")


def renames(repository: str) -> dict[str, str]:
    """Return the files renamed in the last commits or in the index: old -> new path.

    Paths are relative to the top directory. Empty if git fails or times out.
    """
    at, committed = f"{repository}/x", None
    staged = _run(at, *SAFE, "diff-index", "--cached", *RENAMED, "HEAD", heavy=True)
    for most in COMMITS_FOR_RENAMES:
        if committed is None:
            oldest = _asked(at, "rev-list", "--first-parent", "--max-count=1", f"--skip={most}", "HEAD")
            commits = f"{oldest}..HEAD" if oldest else "HEAD"
            committed = _run(at, *SAFE, "log", "--first-parent", "-m", "--format=", *RENAMED, commits, heavy=True)
    now: dict[str, str] = {}
    for answer in (staged or b"", committed or b""):  # newest first, so that chains of renames are followed
        fields = answer.decode("utf-8", "surrogateescape").replace("\n", "").split("\0")
        for old, new in zip(fields[1::3], fields[2::3], strict=False):
            now.setdefault(old, now.get(new, new))
    return now


def _asked(path: str, *arguments: str) -> str | None:
    answer = _run(path, *arguments)
    return None if answer is None else answer.decode("utf-8", "replace").strip() or None


def _run(
    path: str,
    *arguments: str,
    given: bytes = b"",
    heavy: bool = False,
    partial: bool = False,
    max_bytes: int | None = None,
) -> bytes | None:
    """Run git in a file's directory. The commands used here run no hook, filter or file monitor of the repository.

    A timeout of a heavy command does not pause the repository. If `partial`, returns what git has written before it
    failed, or was ended because that was `max_bytes`.
    """
    directory = PurePath(path).parent
    repository = next((str(d) for d in (directory, *directory.parents) if os.path.lexists(d / ".git")), None)
    begun = time.monotonic()
    if repository is None or begun < _silent.get(repository, 0) or _would_wait(f"{repository}/.git"):
        return None
    where = ("-C", str(directory), "-c", "core.fsmonitor=false")
    answer = output(
        "git",
        *where,
        *arguments,
        env=_environment(),
        seconds=GIT_TIMEOUT_SECONDS,
        given=given,
        partial=partial,
        max_bytes=max_bytes,
    )
    if answer is None and not heavy and time.monotonic() - begun >= GIT_TIMEOUT_SECONDS:
        _silent[repository] = time.monotonic() + GIT_PAUSE_SECONDS
    return answer


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name not in OF_ANOTHER} | QUIET | LOCAL


def _would_wait(directory: str) -> bool:
    """Return whether git's directory contains a FIFO, socket or device, on which git could block."""
    try:
        with os.scandir(directory) as entries:
            return any(entry.name != FSMONITOR and not (entry.is_file() or entry.is_dir()) for entry in entries)
    except OSError:  # a .git file of a work tree
        return False
