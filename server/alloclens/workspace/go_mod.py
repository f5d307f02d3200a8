"""Parses go.mod and go.work for the locations of modules."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from alloclens.disk import read_file
from alloclens.paths import canonical, is_absolute, join
from alloclens.source.roots import CachedModule, Module
from alloclens.text import decoded

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

COMMENT = re.compile(r"//.*")
BLOCK = re.compile(r"^(\w+)\s*\(\s*$")


MAX_GO_MOD_BYTES = 1 << 20
"""Parsing such a file takes a second."""


class GoMod(NamedTuple):
    """One go.mod or go.work."""

    module: str
    """"" for a go.work."""
    used: tuple[str, ...]
    """Absolute directories of the other modules of a workspace."""
    replaced: tuple[Module, ...]
    renamed: tuple[CachedModule, ...]
    required: tuple[CachedModule, ...]
    size: int
    """Bytes."""


def read(path: str) -> GoMod:
    """Parse a go.mod or go.work, ignoring unknown directives. Raises OSError."""
    directory = path.rpartition("/")[0]
    data = read_file(path, MAX_GO_MOD_BYTES)
    directives = list(_directives(decoded(data)))
    replaced = [words for verb, *words in directives if verb == "replace" and "=>" in words[1:3] and all(words)]
    local = [Module(words[0], _under(directory, words[-1]), main=False) for words in replaced if _is_local(words[-1])]
    renamed = [_renamed(words) for words in replaced if len(words) - words.index("=>") == 3]
    required = [CachedModule(path, version, f"{path}@{version}") for path, version in _required(directives)]
    module = next((words[0] for verb, *words in directives if verb == "module" and words), "")
    used = tuple(_under(directory, words[0]) for verb, *words in directives if verb == "use" and words)
    return GoMod(module, used, tuple(local), tuple(renamed), tuple(required), len(data))


def _required(directives: Iterable[list[str]]) -> Iterator[tuple[str, str]]:
    return ((words[1], words[2]) for words in directives if words[0] == "require" and len(words) == 3)


def _directives(text: str) -> Iterator[list[str]]:
    """Yield the words of each directive, with the block's verb repeated on each line."""
    verb = ""
    for raw in text.splitlines():
        line = COMMENT.sub("", raw).strip()
        if match := BLOCK.match(line):
            verb = match[1]
        elif line == ")":
            verb = ""
        elif line:
            yield [verb, *_words(line)] if verb else _words(line)


def _words(line: str) -> list[str]:
    return [word.strip('"`') for word in line.split()]


def _is_local(target: str) -> bool:
    return target.startswith(("./", "../", ".\\", "..\\")) or target in {".", ".."} or is_absolute(canonical(target))


def _under(directory: str, target: str) -> str:
    path = canonical(target)
    return path if is_absolute(path) else join(directory, path)


def _renamed(words: list[str]) -> CachedModule:
    arrow = words.index("=>")
    version = words[1] if arrow == 2 else ""
    return CachedModule(words[0], version, f"{words[arrow + 1]}@{words[arrow + 2]}")
