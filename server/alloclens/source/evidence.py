"""Evidence: the functions that profiles name in each file. It shows where programs were built.

One profile may not be enough: that main.go in /srv/build is own code may follow from a function of another package
there that only a later profile names. So the evidence of all snapshots is combined.
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
    """A function and its recorded file. A file without functions has one name with the function ""."""

    file: str
    function: str


class Evidence(NamedTuple):
    """The names in one or more profiles."""

    keys: Ints
    """Digest of each name, sorted."""
    files: tuple[str, ...]
    """File of each name."""
    functions: tuple[str, ...]
    """Function of each name."""

    @property
    def digest(self) -> int:
        """Digest of all names."""
        return digest_of(self.keys.tobytes())

    def of(self, keys: Ints) -> list[RecordedName]:
        """Return the names of these keys."""
        return [RecordedName(self.files[row], self.functions[row]) for row in np.searchsorted(self.keys, keys).tolist()]


def evidence(functions: Mapping[str, Sequence[str]]) -> Evidence:
    """Return the evidence of a profile with these functions by file. Functions without a file are ignored."""
    return _evidence(tuple((file, tuple(names)) for file, names in functions.items() if file))


@lru_cache(2)  # successive snapshots have the same functions
def _evidence(functions: tuple[tuple[str, tuple[str, ...]], ...]) -> Evidence:
    names = (RecordedName(file, function) for file, of_file in functions for function in of_file or ("",))
    return evidence_of({key_of(*name): name for name in names})


def evidence_of(names: Mapping[int, RecordedName]) -> Evidence:
    """Build evidence from names by key."""
    ordered = sorted(names.items())
    files, functions = tuple(name.file for _, name in ordered), tuple(name.function for _, name in ordered)
    return Evidence(np.array([key for key, _ in ordered], np.int64), files, functions)


class AllEvidence:
    """The combined evidence of all current snapshots. It does not depend on their order.

    Most snapshots name the same functions, so each set of names and each name is stored once.
    """

    def __init__(self) -> None:
        self.functions: dict[str, tuple[str, ...]] = {}
        """Functions of each file, sorted; "" for a file without any."""
        self.changed: set[str] = set()
        """Files whose functions may have changed since this was cleared."""
        self._sets: dict[int, Ints] = {}
        """Keys of each set, by digest."""
        self._users: Counter[int] = Counter()
        """Number of snapshots with each set."""
        self._keys = np.zeros(0, np.int64)
        """Keys of all sets, sorted."""
        self._count = np.zeros(0, np.int64)
        """Number of sets with each key."""
        self._names = np.zeros((0, 2), np.object_)
        """File and function of each key."""

    @property
    def digests(self) -> Collection[int]:
        """Digests of all sets."""
        return self._sets.keys()

    def __contains__(self, digest: int) -> bool:
        return digest in self._sets

    def add(self, digest: int, keys: Mapping[int, Ints], names: Evidence) -> None:
        """Add a snapshot's evidence. `keys` (by digest) and `names` are used if it is new."""
        self._users[digest] += 1
        if digest in self._sets:
            return
        self._sets[digest] = of = keys[digest]
        at = np.searchsorted(self._keys, of)
        is_new = self._keys.take(at, mode="clip") != of if len(self._keys) else np.ones(len(of), np.bool_)
        self._count[at[~is_new]] += 1
        if is_new.any():
            self._add(of[is_new], at[is_new], names.of(of[is_new]))

    def add_again(self, digest: int) -> None:
        """Add a snapshot with the evidence of another one."""
        self._users[digest] += 1

    def _add(self, keys: Ints, at: Ints, names: list[RecordedName]) -> None:
        """Insert new names, which are in one set so far, at these positions."""
        self._keys, self._count = np.insert(self._keys, at, keys), np.insert(self._count, at, 1)
        self._names = np.insert(self._names, at, np.array(names, np.object_), axis=0)
        for file, functions in _by_file(names).items():
            self.functions[file] = tuple(sorted({*self.functions.get(file, ()), *functions}))
            self.changed.add(file)

    def drop(self, digest: int) -> None:
        """Remove a snapshot's evidence."""
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
        """Return the distinct files of a set."""
        return list(dict.fromkeys(self._names[self.rows(digest), 0].tolist()))

    def column(self, of: Callable[[str, str], int]) -> Ints:
        """Return a number for each name, from its file and function; see `rows` for those of a set."""
        return np.array([of(file, function) for file, function in self._names.tolist()], np.int64)

    def rows(self, digest: int) -> Ints:
        """Return the rows of a set's names in a `column`. Valid until the next add or drop."""
        return np.searchsorted(self._keys, self._sets[digest])


def _by_file(names: Iterable[Sequence[str]]) -> dict[str, list[str]]:
    functions: dict[str, list[str]] = {}
    for file, function in names:
        functions.setdefault(file, []).append(function)
    return functions


def digest_of(keys: bytes) -> int:
    """Return a 64-bit digest."""
    return int.from_bytes(hashlib.blake2b(keys, digest_size=8).digest(), "little", signed=True)


@lru_cache(100_000)
def key_of(file: str, function: str) -> int:
    """Return the key of a name."""
    return digest_of(packed(file.encode("utf-8", "surrogatepass"), function.encode("utf-8", "surrogatepass")))


def packed(file: bytes, function: bytes) -> bytes:
    """Encode a name unambiguously."""
    return b"%d %b%b" % (len(file), file, function)
