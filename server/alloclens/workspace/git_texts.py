"""Reads texts from a repository. One process of git reads all of them, until nobody has asked for a while."""

from __future__ import annotations

import threading
from functools import lru_cache, partial
from pathlib import PurePath
from typing import IO, TYPE_CHECKING, cast

from alloclens.processes import ProcessDeadline, end
from alloclens.text import MAX_SOURCE_BYTES, decoded
from alloclens.workspace import git

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from alloclens.processes import Child

IDLE_SECONDS = 2.0
"""Then git is ended. As long as it runs, it holds the repository's directory and its largest files."""
AT_ONCE = 50
"""Objects that are asked for together: no more than the smallest pipe holds, so that git and we never wait for each other."""
MAX_HEADER_BYTES = 200
"""Of what `cat-file` writes before a text: a hash, a type and a size."""


@lru_cache(256)
def text_at(path: str, at: str) -> str | None:
    """Return the text of a file in a commit; None if it did not exist or is too large."""
    blob = git.asked(path, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{at}:./{PurePath(path).name}")
    return texts(path, (blob,)).get(blob) if blob else None


def texts(path: str, blobs: tuple[str, ...]) -> Mapping[str, str]:
    """Return the texts of blobs in a file's repository, up to a total size."""
    try:
        return _texts(path, blobs) if blobs else {}
    except git.GitError:
        return {}


@lru_cache(16)
def _texts(path: str, blobs: tuple[str, ...]) -> Mapping[str, str]:
    repository = git.repository_of(path)
    reader = _readers.setdefault(repository, _Reader(repository))
    try:
        return reader.texts(blobs)
    except _TooLargeError:
        return reader.texts(_up_to_the_limit(path, blobs))


def _up_to_the_limit(path: str, blobs: Sequence[str]) -> list[str]:
    """Return the blobs that together are not too large, by their sizes."""
    asked = "".join(f"{blob}\n" for blob in blobs).encode()
    # Git before 2.44 fails at the first text that a partial clone lacks.
    answer = git.run(path, "cat-file", "--batch-check", given=asked, partial=True)
    if answer is None:
        raise git.GitError
    chosen, total = [], 0
    for line in answer.decode().splitlines():
        blob, kind, size = (*line.split(), "0")[:3]
        if kind == "blob" and total + int(size) <= MAX_SOURCE_BYTES:  # not `missing`
            chosen.append(blob)
            total += int(size)
    return chosen


class _TooLargeError(Exception):
    """Texts are larger together than what is read."""


class _Reader:
    """Reads the objects of one repository, for one thread at a time."""

    def __init__(self, repository: str) -> None:
        self._repository = repository
        self._lock = threading.Lock()
        self._process: tuple[Child, ProcessDeadline] | None = None

    def texts(self, blobs: Sequence[str]) -> dict[str, str]:
        """Return the texts of those blobs that are here. Raises GitError or _TooLargeError."""
        with self._lock:
            while True:
                child, deadline = self._process = self._process or self._begin()
                with deadline.within(git.GIT_TIMEOUT_SECONDS):
                    if not deadline.is_over:
                        return self._read(child, deadline, blobs)
                self._end()  # a moment ago, nobody had asked for a while

    def _read(self, child: Child, deadline: ProcessDeadline, blobs: Sequence[str]) -> dict[str, str]:
        by_blob: dict[str, str] = {}
        try:
            by_blob.update(_read(child, blobs))  # up to the first that fails
        except (EOFError, OSError) as error:  # a partial clone lacks a text, or git took too long, or refuses
            self._end()
            if deadline.is_over:
                git.pause(self._repository)
            if deadline.is_over or not by_blob:
                raise git.GitError from error
        except BaseException:  # the next answer would be to this question
            self._end()
            raise
        return by_blob

    def _begin(self) -> tuple[Child, ProcessDeadline]:
        child = git.reader(self._repository)
        if child is None:
            raise git.GitError
        return child, ProcessDeadline(partial(self._stop, child), IDLE_SECONDS)

    def _stop(self, child: Child) -> None:
        """End git: it takes too long, or nobody has asked for a while. Whoever waits for it has the lock."""
        child.kill()
        if self._lock.acquire(blocking=False):
            self._end()
            self._lock.release()

    def _end(self) -> None:
        if self._process:
            child, deadline = self._process
            deadline.end()
            end(child)
        self._process = None


_readers: dict[str, _Reader] = {}
"""By repository."""


def _read(child: Child, blobs: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield the blobs that are here with their texts.

    Raises OSError or EOFError if git ends before it has written all of them, and _TooLargeError.
    """
    questions, answers = cast("IO[bytes]", child.stdin), cast("IO[bytes]", child.stdout)
    left = MAX_SOURCE_BYTES
    for start in range(0, len(blobs), AT_ONCE):
        questions.write("".join(f"{blob}\n" for blob in blobs[start : start + AT_ONCE]).encode())
        questions.flush()
        for _ in blobs[start : start + AT_ONCE]:
            # `blob type size`, the contents, and a line feed; or `blob missing`
            blob, kind, size = (*answers.readline(MAX_HEADER_BYTES).decode().split(), "", "", "")[:3]
            if not kind:
                raise EOFError
            left -= int(size or 0)
            if left < 0:
                raise _TooLargeError
            data = answers.read(int(size) + 1) if size else b""
            if size and len(data) <= int(size):
                raise EOFError
            if kind == "blob":
                yield blob, decoded(data[:-1])
