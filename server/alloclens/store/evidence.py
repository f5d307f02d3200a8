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
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    Ints = NDArray[np.int64]


class Name(NamedTuple):
    """A function and the file it is recorded in. A file without any has one whose function is ""."""

    file: str
    function: str


class Evidence(NamedTuple):
    """The names in one profile. It follows from the profile alone."""

    keys: Ints
    """A digest of each name, sorted."""
    files: tuple[str, ...]
    """Of each name."""
    functions: tuple[str, ...]
    """Of each name."""

    @property
    def digest(self) -> int:
        """What the names are known by."""
        return digest_of(self.keys.tobytes())

    @property
    def names(self) -> dict[int, Name]:
        """The names by key."""
        return dict(zip(self.keys.tolist(), map(Name, self.files, self.functions), strict=True))


def evidence(functions: Mapping[str, Sequence[str]]) -> Evidence:
    """Return the evidence of a profile that has these functions in its files. What has no file says nothing."""
    found = {
        key_of(file, function): (file, function)
        for file, names in functions.items()
        if file
        for function in names or ("",)
    }
    keys = sorted(found)
    files, names = zip(*(found[key] for key in keys), strict=True) if keys else ((), ())
    return Evidence(np.array(keys, np.int64), files, names)


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
        self._names: dict[int, Name] = {}

    def __contains__(self, digest: int) -> bool:
        return digest in self._sets

    def add(self, digest: int, keys: Mapping[int, Ints], names: Mapping[int, Name]) -> None:
        """Add a snapshot's evidence. Its keys by its digest, and its names by their keys, are needed if it is new."""
        self._users[digest] += 1
        if digest in self._sets:
            return
        self._sets[digest] = of = keys[digest]
        at = np.searchsorted(self._keys, of)
        is_new = self._keys.take(at, mode="clip") != of if len(self._keys) else np.ones(len(of), np.bool_)
        self._count[at[~is_new]] += 1
        if is_new.any():
            self._add(of[is_new], at[is_new], names)

    def _add(self, keys: Ints, at: Ints, names: Mapping[int, Name]) -> None:
        """Add names that are in one set so far, at these places."""
        self._keys, self._count = np.insert(self._keys, at, keys), np.insert(self._count, at, 1)
        fresh = {key: names[key] for key in keys.tolist()}
        self._names |= fresh
        for file, functions in _by_file(fresh.values()).items():
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
        gone = [self._names.pop(key) for key in self._keys[~left].tolist()]
        self._keys, self._count = self._keys[left], self._count[left]
        for file, functions in _by_file(gone).items():
            self.changed.add(file)
            if kept := tuple(sorted({*self.functions[file]}.difference(functions))):
                self.functions[file] = kept
            else:
                del self.functions[file]

    def names(self, digest: int) -> list[Name]:
        """Return the names of a set, in the order of their keys."""
        return [self._names[key] for key in self._sets[digest].tolist()]

    def column(self, of: Callable[[Name], int]) -> Ints:
        """Return a number for each name there is; `rows` says which of them are a set's."""
        return np.array([of(self._names[key]) for key in self._keys.tolist()], np.int64)

    def rows(self, digest: int) -> Ints:
        """Return the rows of a set's names in a `column`, as long as nothing is added or dropped."""
        return np.searchsorted(self._keys, self._sets[digest])


def _by_file(names: Iterable[Name]) -> dict[str, list[str]]:
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
