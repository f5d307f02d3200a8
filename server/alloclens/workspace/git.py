"""Asks git for commits, worktrees and renames. Runs nothing that a repository names, and fetches nothing."""

from __future__ import annotations

import os
import re
import time
from pathlib import PurePath
from typing import TYPE_CHECKING, NamedTuple

from alloclens.paths import canonical, folders_of
from alloclens.processes import complaint, conversation, output, program

if TYPE_CHECKING:
    from alloclens.processes import Child

GIT_TIMEOUT_SECONDS = 5.0
GIT_PAUSE_SECONDS = 60.0
"""After a timeout (a slow disk, or a FIFO in the repository), git is not asked about the repository for this long."""
_silent: dict[str, float] = {}
"""End of the pause, by repository."""
SLOW = "git did not answer in time"
SAFE = ("--literal-pathspecs", "-c", "log.showSignature=false", "-c", "log.diffMerges=first-parent")
"""Options of commands that take paths, or write what the configuration can change."""
QUIET = {"GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}
LOCAL = {"GIT_NO_LAZY_FETCH": "1", "GIT_ALLOW_PROTOCOL": "none"}
"""Never fetch missing objects of a partial clone. Old versions of git know only the second."""
OF_ANOTHER = frozenset(
    {"GIT_DIR", "GIT_WORK_TREE", "GIT_COMMON_DIR", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_NAMESPACE"}
)
"""Variables that are set if a git hook started the editor. The file's own repository is used instead."""
FSMONITOR = "fsmonitor--daemon.ipc"
"""The socket of git's file monitor, which is not used."""
COMMITS_FOR_RENAMES = (1000, 50)
"""Number of commits searched, and the fallback after a timeout."""
RENAME_TIMEOUT_SECONDS = 5 * GIT_TIMEOUT_SECONDS
"""Time limit of `renames`."""
RENAMED = ("-M", "-l1000", "--diff-filter=R", "--name-status", "-z", "--no-ext-diff", "--no-color", f"-O{os.devnull}")
"""Options to list renames, equally safe."""
ADDED_OR_DELETED = (
    "--no-renames",
    "--diff-filter=AD",
    "--name-only",
    "-z",
    "--no-ext-diff",
    "--no-color",
    f"-O{os.devnull}",
)
"""Options to list files that came or went, likewise."""
PSEUDO_VERSION = re.compile(r"^v\d+\.\d+\.\d+-(?:.*\.)?\d{14}-([0-9a-f]{12})")
"""Go's version for a commit without a tag."""


def commit(path: str, revision: str) -> str | None:
    """Resolve a revision in the repository of a file; None if it does not exist."""
    pseudo = PSEUDO_VERSION.match(revision)
    return asked(
        path, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{pseudo[1] if pseudo else revision}^{{commit}}"
    )


def commit_until(path: str, seconds: float) -> str | None:
    """Return the newest commit until a time, in seconds since 1970, that led to HEAD in the repository of a file; None without one."""
    return asked(path, "rev-list", "--first-parent", "--max-count=1", f"--min-age={int(seconds)}", "HEAD")


class GitError(Exception):
    """Git failed or timed out, so the result must not be cached."""


class References(NamedTuple):
    """What a repository has, as long as nobody commits or fetches."""

    head: str
    tips: str
    """The commits of all branches, tags and stashes."""
    shallow: bool
    """Whether it is a shallow clone."""


def references(path: str) -> References | None:
    """Return the references of a file's repository; None if it has no commit, or git cannot read it."""
    answer = asked(path, "rev-parse", "--is-shallow-repository", "HEAD^{commit}", "--all")
    shallow, head, *tips = answer.split("\n") if answer else ("", "")
    return References(head, " ".join(tips), shallow == "true") if head else None


def refusal(path: str) -> str:
    """Say why git cannot read the repository of a file; "" if it can, or if there is none."""
    repository = repository_of(path)
    if not repository or asked(path, "rev-parse", "--git-dir"):
        return ""
    if program("git") is None:
        return "git is not on PATH"
    why = complaint("git", "-C", repository, "rev-parse", "--git-dir", env=_environment(), seconds=GIT_TIMEOUT_SECONDS)
    return f"git refuses to read this repository: {why}" if why else SLOW


def worktrees(path: str) -> tuple[str, ...]:
    """Return the top directories of all worktrees of a file's repository."""
    listed = (asked(path, "worktree", "list", "--porcelain") or "").split("\n")
    return tuple(canonical(line.removeprefix("worktree ")) for line in listed if line.startswith("worktree "))


def repository_of(path: str) -> str:
    """Return the top directory of the repository of a canonical path, which need not exist; "" if there is none."""
    return next((folder for folder in folders_of(path) if os.path.lexists(f"{folder}/.git")), "")


def renames(repository: str) -> dict[str, str]:
    """Return the files renamed in the last commits or in the index: old -> new path.

    Paths are relative to the top directory. Empty if git fails or times out.
    """
    at, committed = f"{repository}/x", None
    staged = run(at, *SAFE, "diff-index", "--cached", *RENAMED, "HEAD", heavy=True)
    for most in COMMITS_FOR_RENAMES:
        if committed is None:
            oldest = asked(at, "rev-list", "--first-parent", "--max-count=1", f"--skip={most}", "HEAD")
            commits = f"{oldest}..HEAD" if oldest else "HEAD"
            committed = run(at, *SAFE, "log", "--first-parent", "-m", "--format=", *RENAMED, commits, heavy=True)
    now: dict[str, str] = {}
    for answer in (staged or b"", committed or b""):  # newest first, so that chains of renames are followed
        fields = answer.decode("utf-8", "surrogateescape").replace("\n", "").split("\0")
        for old, new in zip(fields[1::3], fields[2::3], strict=False):
            now.setdefault(old, now.get(new, new))
    return now


def paths(repository: str) -> frozenset[str]:
    """Return the files of HEAD, and those that the last commits of all branches added or deleted.

    Paths are relative to the top directory. Without those of a command that fails or takes too long.
    """
    at = f"{repository}/x"
    here = run(at, "ls-tree", "-r", "--name-only", "-z", "HEAD", heavy=True)
    which = ("--all", f"--max-count={COMMITS_FOR_RENAMES[0]}", "--format=")
    changed = run(at, *SAFE, "log", *which, *ADDED_OR_DELETED, heavy=True)
    answers = (answer.decode("utf-8", "surrogateescape").split("\0") for answer in (here, changed) if answer)
    return frozenset(path.lstrip("\n") for answer in answers for path in answer)


def asked(path: str, *arguments: str) -> str | None:
    """Run git in a file's directory and return what it writes, without white space around it; None if that is nothing."""
    answer = run(path, *arguments)
    return None if answer is None else answer.decode("utf-8", "replace").strip() or None


def run(path: str, *arguments: str, given: bytes = b"", heavy: bool = False, partial: bool = False) -> bytes | None:
    """Run git in a file's directory. The commands used here run no hook, filter or file monitor of the repository.

    A timeout of a heavy command does not pause the repository. If `partial`, returns what git has written before it failed.
    """
    directory = PurePath(path).parent
    repository = next((str(d) for d in (directory, *directory.parents) if os.path.lexists(d / ".git")), None)
    if repository is None or not _answers(repository):
        return None
    begun = time.monotonic()
    options = *_in(str(directory)), *arguments
    answer = output("git", *options, env=_environment(), seconds=GIT_TIMEOUT_SECONDS, given=given, partial=partial)
    if answer is None and not heavy and time.monotonic() - begun >= GIT_TIMEOUT_SECONDS:
        pause(repository)
    return answer


def reader(repository: str) -> Child | None:
    """Start git to read objects, as safely. The caller must end it and limit its time. None if it does not start."""
    if not repository or not _answers(repository):
        return None
    return conversation("git", *_in(repository), "cat-file", "--batch", env=_environment())


def pause(repository: str) -> None:
    """Ask git nothing about a repository for GIT_PAUSE_SECONDS."""
    _silent[repository] = time.monotonic() + GIT_PAUSE_SECONDS


def _answers(repository: str) -> bool:
    """Return whether git is expected to answer."""
    return time.monotonic() >= _silent.get(repository, 0) and not _would_wait(f"{repository}/.git")


def _in(directory: str) -> tuple[str, ...]:
    return "-C", directory, "-c", "core.fsmonitor=false"


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name not in OF_ANOTHER} | QUIET | LOCAL


def _would_wait(directory: str) -> bool:
    """Return whether git's directory contains a FIFO, socket or device, on which git could block."""
    try:
        with os.scandir(directory) as entries:
            return any(entry.name != FSMONITOR and not (entry.is_file() or entry.is_dir()) for entry in entries)
    except OSError:  # a .git file of a work tree
        return False
