"""Where the profiled program was built, learnt from the packages of its functions.

A function example.com/app/db.Open in /srv/build/db/open.go says that example.com/app was built in /srv/build. So main.go,
whose functions say nothing, is found there, too. In the same way the packages in a project's node_modules say where the
project was.
"""

from __future__ import annotations

from collections import Counter
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from alloclens.source.paths import canonical, folders_of, join, name_of, rest_within
from alloclens.source.recorded import package_of, recorded

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

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

    def __init__(self, roots: Roots, files: Files, functions: Mapping[str, Collection[str]]) -> None:
        self._roots = roots
        self._files = files
        self._functions = functions

    @cached_property
    def all(self) -> tuple[Built, ...]:
        """Every root, the longest first."""
        found = {*self._checkouts(), *self._projects()}
        return tuple(sorted(found, key=lambda built: (-len(built.there), built)))

    def _checkouts(self) -> Iterator[Built]:
        """Return each directory that held a module of the workspace."""
        modules: dict[str, list[Module]] = {}
        for module in self._roots.modules:
            modules.setdefault(module.path, []).append(module)
        asked: set[tuple[str, str]] = set()  # the files of one directory, which is one package, all say the same
        for file, functions in self._functions.items() if modules else ():
            package = next((found for found in map(package_of, sorted(functions)) if found not in {"", "main"}), "")
            key = file[: max(file.rfind("/"), file.rfind("\\")) + 1], package
            if key not in asked:
                one = recorded(file, functions)
                if one.package == package:  # not of a file of C, which says nothing
                    asked.add(key)
                for path in (one.package, *folders_of(one.package)):
                    yield from (built for module in modules.get(path, ()) for built in _root(one, module))

    def _projects(self) -> Iterator[Built]:
        """Return each directory that held node_modules, and the one here that shares most of its files."""
        shared: dict[str, Counter[Built]] = {}
        for built in (built for file in self._functions if NODE in file for built in self._beside(canonical(file))):
            shared.setdefault(built.there, Counter())[built] += 1
        for best in (counts.most_common(2) for counts in shared.values()):
            if len(best) == 1 or best[0][1] > best[1][1]:
                yield best[0][0]

    def _beside(self, path: str) -> Iterator[Built]:
        there, _, rest = path.partition("/node_modules/")
        for directory in (p.directory for p in self._roots.packages if rest and name_of(p.directory) == NODE):
            if self._files.is_file(join(directory, rest)):
                yield Built(there, directory.rpartition("/")[0])


def _root(one: Recorded, module: Module) -> Iterator[Built]:
    inside = rest_within(one.package, module.path)
    if inside is None or not one.absolute:
        return
    end = f"/{join(inside, one.name)}"
    if one.path.endswith(end):
        yield Built(one.path[: -len(end)], module.directory)
