"""Where the profiled program was built, learnt from the packages of its functions.

A function example.com/app/db.Open in /srv/build/db/open.go says that example.com/app was built in /srv/build. So main.go,
whose functions say nothing, is found there, too. In the same way the packages in a project's node_modules say where the
project was.
"""

from __future__ import annotations

from collections import Counter
from functools import cached_property
from operator import methodcaller
from typing import TYPE_CHECKING, NamedTuple

from alloclens.source.paths import canonical, join, name_of, rest_within
from alloclens.source.recorded import recorded

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from alloclens.source.files import Files
    from alloclens.source.recorded import Recorded
    from alloclens.source.roots import Module, Roots


NODE = "node_modules"


class Built(NamedTuple):
    """A directory of the build, and the one here that is the same."""

    there: str
    here: str


class Builds:
    """The roots of the builds that some recorded functions come from. Looked for when first needed."""

    def __init__(self, roots: Roots, files: Files, functions: Mapping[str, Sequence[str]]) -> None:
        self._roots = roots
        self._files = files
        self._functions = functions

    @cached_property
    def all(self) -> tuple[Built, ...]:
        """Every root, the longest first."""
        found = {built for module in self._roots.modules for built in self._of(module)} | set(self._projects())
        return tuple(sorted(found, key=lambda built: (-len(built.there), built)))

    def _projects(self) -> Iterator[Built]:
        """Return each directory that held node_modules, and the one here that shares most of its files."""
        shared = Counter(built for file in self._functions if NODE in file for built in self._beside(canonical(file)))
        for there in dict.fromkeys(built.there for built in shared):
            best = Counter({built: n for built, n in shared.items() if built.there == there}).most_common(2)
            if len(best) == 1 or best[0][1] > best[1][1]:
                yield best[0][0]

    def _beside(self, path: str) -> Iterator[Built]:
        there, _, rest = path.partition("/node_modules/")
        for directory in (p.directory for p in self._roots.packages if rest and name_of(p.directory) == NODE):
            if self._files.is_file(join(directory, rest)):
                yield Built(there, directory.rpartition("/")[0])

    def _of(self, module: Module) -> Iterator[Built]:
        begins = methodcaller("startswith", (module.path + ".", module.path + "/", module.path + "_"))
        known: tuple[str, ...] = ()
        for file, functions in self._functions.items():
            if not file.startswith(known) and any(map(begins, functions)):
                found = tuple(_root(recorded(file, tuple(functions)), module))
                known += tuple(f"{built.there}/" for built in found)
                yield from found


def _root(one: Recorded, module: Module) -> Iterator[Built]:
    inside = rest_within(one.package, module.path)
    if inside is None or not one.absolute:
        return
    end = f"/{join(inside, one.name)}"
    if one.path.endswith(end):
        yield Built(one.path[: -len(end)], module.directory)
