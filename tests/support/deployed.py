"""A checkout of one of the packed histories, each release a commit, and a profile of a program that was built from one of them."""

from __future__ import annotations

import hashlib
import os
import subprocess
from typing import TYPE_CHECKING, NamedTuple

from tests.support.profiles import heap

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from scripts.histories.functions import Function
    from tests.support.histories import Project, Text

DAY = 24 * 3600
FIRST = 1_700_000_000
"""When the first release was committed, in seconds since 1970; each later one a day after."""
MB = 1 << 20
BUILT = "/builds/group/checkout"
"""Where another machine had the checkout when it built the program."""
PER_FILE = 8
"""So many lines of a file are in a profile."""


def committed(number: int) -> int:
    """Return when a release was committed."""
    return FIRST + number * DAY


def checkout(project: Project, folder: Path, releases: range, *, with_git: bool = True) -> Path:
    """Write the last of some releases of a project as old as its commit; with git, all of them are committed one after the other."""
    folder.mkdir()
    if with_git:
        _git(folder, "init", "--quiet", "--initial-branch=main")
        _git(folder, "fast-import", "--quiet", given=b"".join(_commit(project, number) for number in releases))
        _git(folder, "reset", "--quiet", "--hard", "main")
    for path, text in _files(project, releases[-1]).items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(text)
        os.utime(folder / path, (committed(releases[-1]),) * 2)
    return folder


def _files(project: Project, number: int) -> dict[str, bytes]:
    module = {"go.mod": f"module {project.package}\n\ngo 1.24\n".encode()} if project.language == "go" else {}
    return {path: text.text.encode() for path, text in project.release(number).items()} | module


def tag(project: Project, number: int) -> str:
    return f"v{project.versions[number]}"


def _commit(project: Project, number: int) -> bytes:
    """Return a commit with its tag as `git fast-import` reads them."""
    who, name = f"committer t <t@example.com> {committed(number)} +0000\n", tag(project, number)
    head = f"commit refs/heads/main\n{who}data {len(name)}\n{name}\ndeleteall\n"
    files = (
        b"M 644 inline %s\ndata %d\n%s\n" % (path.encode(), len(data), data)
        for path, data in _files(project, number).items()
    )
    return head.encode() + b"".join(files) + f"reset refs/tags/{name}\nfrom refs/heads/main\n\n".encode()


def _git(folder: Path, *arguments: str, given: bytes = b"") -> None:
    alone = os.environ | {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    subprocess.run(["git", "-c", "core.autocrlf=false", *arguments], cwd=folder, env=alone, check=True, input=given)


class Number(NamedTuple):
    """What a profile has of one line."""

    path: str
    line: int
    function: Function
    megabytes: int = 1

    def recorded(self, language: str) -> int:
        """Return the distance of the line from the declaration of its function, where the profile says where that is."""
        return self.line - self.start(language)

    def start(self, language: str) -> int:
        """Return where its function is declared, as far as profiles of the language say it."""
        return self.function.start if language == "go" else 0

    def stack(self, language: str, built: str = BUILT) -> str:
        start = f":{self.start(language)}" if self.start(language) else ""
        return f"{self.function.name}{start}@{built}/{self.path}:{self.line} = {self.megabytes}x{MB}"


def numbers(files: dict[str, Text], per_file: int = PER_FILE) -> Iterator[Number]:
    """Return some lines of every file, those whose digests come first: nobody chose them."""
    for path, text in sorted(files.items()):
        drawn = sorted(text.called, key=lambda one: _digest(path, one[1].name, text.lines[one[0]], str(one[0])))
        yield from (Number(path, line, function) for line, function in sorted(drawn[:per_file]))


def profile(
    found: Iterable[Number], language: str, seconds: float, *, built: str = BUILT, build_id: str = "", version: str = ""
) -> bytes:
    """Return a heap profile that a program took, every object of which was sampled. Its comment may name the version."""
    stacks = (one.stack(language, built) for one in found)
    return heap(*stacks, seconds=seconds, rate=1, build_id=build_id, comment=version)


def _digest(*of: str) -> bytes:
    return hashlib.sha256("\0".join(of).encode()).digest()
