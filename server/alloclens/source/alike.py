"""Recognizes directories of a build by the files in them.

One file with a matching end of its path and matching functions proves nothing: many services have a /app/main.py with a
create_app. If several files of a directory are all here, at the same paths and with their functions, it is that
checkout.
"""

from __future__ import annotations

import re
from collections import Counter
from itertools import chain, islice, takewhile
from typing import TYPE_CHECKING, NamedTuple

from alloclens.languages.declarations import declared, declares_most
from alloclens.languages.go.names import outer
from alloclens.languages.names import has_name
from alloclens.paths import folders_of, is_within, join, name_of, rest_within
from alloclens.source.recorded import Origin, recorded

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from alloclens.source.files import Files
    from alloclens.source.recorded import Recorded
    from alloclens.source.roots import Roots

MIN_ALIKE_FILES = 3
"""Files of a directory, and distinctive functions in them, that are needed to recognize it."""
MIN_FOUND_PER_MISSING = 4
"""A file may have been deleted since. If it is another service made from the same template, many files are missing."""
MAX_ASKED_FILES, MAX_ALIKE_FILES = 200, 100
"""Recorded files to match, and files of one name here to match them with."""
MAX_DIRECTORIES, MAX_CHECKOUTS, MAX_DIRECTORY_FILES, MAX_TEXTS = 20, 20, 2000, 50
"""Directories of builds to try, directories here that each may be, files to consider in each, and texts to read of them."""
# fmt: off
COMMON = frozenset((
    "app", "application", "call", "__call__", "constructor", "create", "create_app", "createApp", "delete", "get", "get_app", "handle",
    "handler", "health", "index", "init", "__init__", "inner", "lifespan", "main", "__main__", "make_app", "new", "next", "post", "process",
    "put", "run", "serve", "server", "setup", "shutdown", "start", "startup", "stop", "wrapped", "wrapper",
))
# fmt: on
"""Names of functions that very many programs have."""


class BuildRoot(NamedTuple):
    """A directory of a build, and its counterpart here."""

    there: str
    here: str


def checkouts(roots: Roots, files: Files, functions: Mapping[str, Collection[str]]) -> Iterator[BuildRoot]:
    """Yield each directory of a build that is recognized here by its files. Ambiguous ones are omitted.

    If several directories are possible, none is taken, even if only one has all files and functions: those of another may have
    been deleted since.
    """
    named = (recorded(file, functions[file]) for file in sorted(functions))
    telling = [file for file in named if _tells(file) and not roots.hold(roots.real(file.path))]
    pairs = filter(None, (_pairs(file, roots, files) for file in telling))
    asked = Counter(chain.from_iterable(islice(pairs, MAX_ASKED_FILES)))
    here: dict[str, list[str]] = {}
    for pair, _ in asked.most_common():
        here.setdefault(pair.there, []).append(pair.here)
    for there in list(here)[:MAX_DIRECTORIES]:
        inside = islice((file for file in telling if is_within(file.rooted, there)), MAX_DIRECTORY_FILES)
        tried = [file for file in inside if not _is_installed(file, there, roots, files)][:MAX_TEXTS]
        alike = [
            directory for directory in here[there][:MAX_CHECKOUTS] if _is_same(tried, there, directory, roots, files)
        ]
        if len(alike) == 1:
            shared = {directory: _shared(tried, there, directory, roots, files) for directory in here[there]}
            most = shared.pop(alike[0])
            rival = any(is_rival(other, most) for other in shared.values())
            if not (rival or _is_of_sibling(tried, there, alike[0], roots, files)):
                yield BuildRoot(there, alike[0])


def _is_of_sibling(tried: Iterable[Recorded], there: str, here: str, roots: Roots, files: Files) -> bool:
    """Return whether a directory of the build's name lies beside an opened folder in its repository, with a file of the build.

    If only a part of a repository is open, its other parts are no candidates, but may be what was built.
    """
    name = name_of(there)
    if here not in roots.folders or name == name_of(here):
        return False
    return any(files.is_beside(here, f"{name}/{file.rooted[len(there) + 1 :]}") for file in tried)


def is_rival(other: int, most: int) -> bool:
    """Return whether a directory may be that of a build although another one has more of the recorded functions.

    They may be two services made from one template, of which the right one was edited since.
    """
    return 2 * other >= most > 0


def is_telling(function: str) -> bool:
    """Return whether few programs have a function of this name."""
    return has_name(function) and not COMMON.issuperset(re.findall(r"\w+", outer(function)))


def _is_installed(file: Recorded, there: str, roots: Roots, files: Files) -> bool:
    """Return whether a file belongs to an installed package: AWS Lambda puts packages beside the program."""
    inside = file.rooted[len(there) + 1 :]
    return any(files.is_file(join(packages.directory, inside)) for packages in roots.packages)


def _tells(file: Recorded) -> bool:
    """Return whether only its location can tell whose a file is, and its functions have names."""
    identified = file.origin is not Origin.UNKNOWN or file.package or file.called_standard
    return not identified and "../" not in file.rooted and any(map(has_name, file.functions))


def _pairs(file: Recorded, roots: Roots, files: Files) -> Sequence[BuildRoot]:
    """Return the directory pairs below which a recorded path equals that of a file here, for the longest match."""
    there = file.rooted.split("/")
    lengths: dict[BuildRoot, int] = {}
    directories = files.named(file.name)
    for directory in directories if len(directories) <= MAX_ALIKE_FILES else ():
        folder = next((folder for folder in (directory, *folders_of(directory)) if folder in roots.edited), None)
        if folder is None:
            continue
        inside = (rest_within(directory, folder) or "").split("/") if directory != folder else []
        same = shared_end(roots.key(file.rooted).split("/")[-2:0:-1], [roots.key(name) for name in inside[::-1]])
        same = min(
            same, len(there) - (3 if file.absolute else 2)
        )  # keep the first directory: no checkout is a whole disk
        if same >= 0:
            pair = BuildRoot("/".join(there[: -1 - same]), join(folder, *inside[: len(inside) - same]))
            lengths[pair] = same
    most = max(lengths.values(), default=0)
    return [pair for pair, same in lengths.items() if same == most]


def shared_end(one: Sequence[str], other: Sequence[str]) -> int:
    """Return how many elements two reversed paths share at their start."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))


def _is_same(inside: Collection[Recorded], there: str, here: str, roots: Roots, files: Files) -> bool:
    """Return whether enough files of a directory of a build are in a directory here for it to be the same."""
    present = [file for file in inside if _is_here(file, join(here, file.rooted[len(there) + 1 :]), roots, files)]
    names = {outer(function) for file in present for function in file.functions if is_telling(function)}
    enough = min(len(present), len(names)) >= MIN_ALIKE_FILES
    return enough and MIN_FOUND_PER_MISSING * (len(inside) - len(present)) <= len(present)


def _shared(inside: Collection[Recorded], there: str, here: str, roots: Roots, files: Files) -> int:
    """Return how many distinctive functions of a directory of a build are at the same paths in a directory here."""
    shared: set[str] = set()
    for file in inside:
        path = files.real(join(here, file.rooted[len(there) + 1 :]))
        text = files.text(path) if roots.hold(path) and files.is_file(path) else None
        telling = {outer(function) for function in file.functions if is_telling(function)}
        shared.update(function for function in telling if text is not None and declared(text, function, path))
    return len(shared)


def _is_here(file: Recorded, path: str, roots: Roots, files: Files) -> bool:
    now = path if files.is_file(path) else files.renamed(path)
    if not now or not roots.hold(path) or not roots.hold(files.real(now)):
        return False
    text = files.text(files.real(now))
    return text is not None and declares_most(text, file.functions, now)
