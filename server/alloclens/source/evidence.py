"""Evidence: the functions that profiles name in each file. It tells where programs were built, and so whose the files are.

One profile alone may not say it: that main.go of /srv/build is the user's own follows from a function of another package
in /srv/build, which a later profile names first. So the evidence of all snapshots together decides for each of them.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from alloclens.arrays import Ints


class RecordedName(NamedTuple):
    """A function and the file it is recorded in. A file without any has one whose function is ""."""

    file: str
    function: str


class Evidence(NamedTuple):
    """The names in one profile, or in several."""

    keys: Ints
    """A digest of each name, sorted."""
    files: tuple[str, ...]
    """Of each name."""
    functions: tuple[str, ...]
    """Of each name."""

    @property
    def digest(self) -> int:
        """What all the names are known by."""
        return digest_of(self.keys.tobytes())

    def of(self, keys: Ints) -> list[RecordedName]:
        """Return the names of some of the keys."""
        return [RecordedName(self.files[row], self.functions[row]) for row in np.searchsorted(self.keys, keys).tolist()]


def evidence(functions: Mapping[str, Sequence[str]]) -> Evidence:
    """Return the evidence of a profile that has these functions in its files; it says nothing of what has no file."""
    names = (RecordedName(file, function) for file, found in functions.items() if file for function in found or ("",))
    return evidence_of({key_of(*name): name for name in names})


def evidence_of(names: Mapping[int, RecordedName]) -> Evidence:
    """Return these names by their keys."""
    found = sorted(names.items())
    files, functions = tuple(name.file for _, name in found), tuple(name.function for _, name in found)
    return Evidence(np.array([key for key, _ in found], np.int64), files, functions)


class AllEvidence:
    """The evidence of all snapshots that are there. It is the same in whatever order they came.

    Most of thousands of snapshots name the same functions, so each set of names is kept once, and so is each name.
    """

    def __init__(self) -> None:
        self.functions: dict[str, tuple[str, ...]] = {}
        """Of each file, sorted; "" for a file without any."""
        self.changed: set[str] = set()
        """The files whose functions may be others than when this was emptied."""
        self._sets: dict[int, Ints] = {}
        """Keys by their digest."""
        self._users: Counter[int] = Counter()
        """How many snapshots have each set."""
        self._keys = np.zeros(0, np.int64)
        """Of all sets, sorted."""
        self._count = np.zeros(0, np.int64)
        """How many sets have each of them."""
        self._names = np.zeros((0, 2), np.object_)
        """The file and the function of each of them."""

    @property
    def digests(self) -> Collection[int]:
        """Of all sets that there are."""
        return self._sets.keys()

    def __contains__(self, digest: int) -> bool:
        return digest in self._sets

    def add(self, digest: int, keys: Mapping[int, Ints], names: Evidence) -> None:
        """Add a snapshot's evidence. If it is new, its keys (by the digest) and their names are needed."""
        self._users[digest] += 1
        if digest in self._sets:
            return
        self._sets[digest] = of = keys[digest]
        at = np.searchsorted(self._keys, of)
        is_new = self._keys.take(at, mode="clip") != of if len(self._keys) else np.ones(len(of), np.bool_)
        self._count[at[~is_new]] += 1
        if is_new.any():
            self._add(of[is_new], at[is_new], names.of(of[is_new]))

    def _add(self, keys: Ints, at: Ints, names: list[RecordedName]) -> None:
        """Add names that are in one set so far, at these places."""
        self._keys, self._count = np.insert(self._keys, at, keys), np.insert(self._count, at, 1)
        self._names = np.insert(self._names, at, np.array(names, np.object_), axis=0)
        for file, functions in _by_file(names).items():
            self.functions[file] = tuple(sorted({*self.functions.get(file, ()), *functions}))
            self.changed.add(file)

    def drop(self, digest: int) -> None:
        """Take a snapshot's evidence away again."""
        self._users[digest] -= 1
        if self._users[digest]:
            return
        del self._users[digest]
        self._count[np.searchsorted(self._keys, self._sets.pop(digest))] -= 1
        left = self._count > 0
        if left.all():
            return
        gone = self._names[~left].tolist()
        self._keys, self._count, self._names = self._keys[left], self._count[left], self._names[left]
        for file, functions in _by_file(gone).items():
            self.changed.add(file)
            if kept := tuple(sorted({*self.functions[file]}.difference(functions))):
                self.functions[file] = kept
            else:
                del self.functions[file]

    def files(self, digest: int) -> list[str]:
        """Return the files of a set, each once."""
        return list(dict.fromkeys(self._names[self.rows(digest), 0].tolist()))

    def column(self, of: Callable[[str, str], int]) -> Ints:
        """Return a number for each name there is, by its file and function; `rows` says which of them are a set's."""
        return np.array([of(file, function) for file, function in self._names.tolist()], np.int64)

    def rows(self, digest: int) -> Ints:
        """Return the rows of a set's names in a `column`, as long as nothing is added or dropped."""
        return np.searchsorted(self._keys, self._sets[digest])


def _by_file(names: Iterable[Sequence[str]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for file, function in names:
        found.setdefault(file, []).append(function)
    return found


def digest_of(keys: bytes) -> int:
    """Return a number of 64 bits that stands for these bytes."""
    return int.from_bytes(hashlib.blake2b(keys, digest_size=8).digest(), "little", signed=True)


@lru_cache(100_000)
def key_of(file: str, function: str) -> int:
    """Return what a name is known by."""
    return digest_of(packed(file.encode("utf-8", "surrogatepass"), function.encode("utf-8", "surrogatepass")))


def packed(file: bytes, function: bytes) -> bytes:
    """Return the bytes of a name, other ones for every other."""
    return b"%d %b%b" % (len(file), file, function)
