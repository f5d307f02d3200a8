"""What git has of a file: the text as it was checked in at some time."""

from __future__ import annotations

import os
import re
import time
from functools import lru_cache
from pathlib import PurePath

from alloclens.source.text import LARGEST, decoded
from alloclens.store.processes import output

PATIENCE_SECONDS = 5.0
PAUSE_SECONDS = 60.0
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
PSEUDO_VERSION = re.compile(r"^v\d+\.\d+\.\d+-(?:.*\.)?\d{14}-([0-9a-f]{12})")
"""Go's name for a commit without a tag."""


def commit(path: str, revision: str) -> str | None:
    """Return the commit of a revision, as the repository of a file has it; None where it has none."""
    pseudo = PSEUDO_VERSION.match(revision)
    return _asked(
        path, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{pseudo[1] if pseudo else revision}^{{commit}}"
    )


def commit_at(path: str, seconds: float) -> str | None:
    """Return the commit that was the head's newest at a time; None where there is no repository, or none so old."""
    return _asked(path, "rev-list", "-1", "--first-parent", f"--before={int(seconds)}", "HEAD") or None


@lru_cache(64)
def text_at(path: str, at: str) -> str | None:
    """Return what a file held in a commit; None where it had none, or one too large for a source."""
    name = f"{at}:./{PurePath(path).name}"
    size = _asked(path, "cat-file", "-s", name)
    if not size or int(size) > LARGEST:
        return None
    data = _run(path, "cat-file", "blob", name)
    return None if data is None else decoded(data)


def _asked(path: str, *arguments: str) -> str | None:
    said = _run(path, *arguments)
    return None if said is None else said.decode("utf-8", "replace").strip() or None


def _run(path: str, *arguments: str) -> bytes | None:
    """Run git where a file lies. No hook, filter or file monitor of the repository is run by what is asked here."""
    directory = PurePath(path).parent
    repository = next((str(d) for d in (directory, *directory.parents) if os.path.lexists(d / ".git")), None)
    begun = time.monotonic()
    if repository is None or begun < _silent.get(repository, 0) or _would_wait(f"{repository}/.git"):
        return None
    kept = {name: value for name, value in os.environ.items() if name not in OF_ANOTHER}
    where = ("-C", str(directory), "-c", "core.fsmonitor=false")
    said = output("git", *where, *arguments, env=kept | QUIET | LOCAL, seconds=PATIENCE_SECONDS)
    if said is None and time.monotonic() - begun >= PATIENCE_SECONDS:
        _silent[repository] = time.monotonic() + PAUSE_SECONDS
    return said


def _would_wait(directory: str) -> bool:
    """Return whether a FIFO, socket or device lies where git keeps its files: git would wait for somebody to write to it."""
    try:
        with os.scandir(directory) as entries:
            return any(entry.name != FSMONITOR and not (entry.is_file() or entry.is_dir()) for entry in entries)
    except OSError:  # a .git file, of a work tree
        return False
