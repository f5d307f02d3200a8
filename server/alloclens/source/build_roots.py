"""Infers where the profiled program was built from the packages of its functions.

A function example.com/app/db.Open in /srv/build/db/open.go shows that example.com/app was built in /srv/build, so
main.go is found there, too, although its functions show nothing. In the same way, the packages in node_modules show
where a project was.
"""

from __future__ import annotations

import re
from collections import Counter
from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

from alloclens.languages.declarations import declared
from alloclens.languages.go.platform import Platform, common_platform
from alloclens.languages.names import has_name
from alloclens.paths import canonical, folders_of, is_absolute, join, name_of, rest_within
from alloclens.source.alike import BuildRoot, checkouts, is_rival, is_telling, shared_end
from alloclens.source.recorded import DEPENDENCY_PATH, GO_FILE, OF_GO, package_among, recorded

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from alloclens.source.files import Files
    from alloclens.source.recorded import Recorded
    from alloclens.source.roots import Module, Roots


NODE_MODULES = "node_modules"
MAX_NODE_FILES = 50
"""Files of a Node project to look for."""
OWNER = re.compile(r"[^/]+\.[^/]+$|(?:github\.com|gitlab\.com|bitbucket\.org)/[^/]+$")
"""Prefixes that many modules share, and that are not modules themselves."""
TRIMMED = re.compile(r"[\w-]+(?:\.[\w-]+)+/")
"""The start of a path that -trimpath replaced with an import path."""


IN_PACKAGE = re.compile(r"(?!\.\./|bazel-out/)(?:[^/]+/)+[^/]+\.go$")
"""A relative path that may begin with an import path."""


class LearnedBuilds(NamedTuple):
    """What all recorded functions together show about builds. The place of any file may depend on it."""

    roots: tuple[BuildRoot, ...] = ()
    """Longest first."""
    import_paths: tuple[tuple[str, str], ...] = ()
    """Directories of builds with the import path of each; the directories below follow the import path."""
    alike: tuple[BuildRoot, ...] = ()
    """Roots recognized only by the files in them, longest first."""
    in_full: tuple[tuple[str, str], ...] = ()
    """Relative recorded paths, each with a file here that is recorded by its absolute path, too."""
    platform: Platform = Platform()
    """What Go's files were built for."""


class Builds:
    """The build roots of recorded functions. Computed on demand."""

    def __init__(self, roots: Roots, files: Files, functions: Mapping[str, Collection[str]]) -> None:
        self._roots = roots
        self._files = files
        self._functions = functions

    @cached_property
    def all(self) -> tuple[BuildRoot, ...]:
        """Every root, longest first."""
        roots = {*(built for built, _ in self._checkouts), *self._projects()}
        return tuple(sorted(roots, key=lambda built: (-len(built.there), built)))

    @cached_property
    def alike(self) -> tuple[BuildRoot, ...]:
        """The roots recognized only by the files in them, longest first."""
        roots = checkouts(self._roots, self._files, self._functions)
        return tuple(sorted(roots, key=lambda built: (-len(built.there), built)))

    @property
    def learned(self) -> LearnedBuilds:
        """Everything known about builds, in a fixed order."""
        paths = sorted(
            (directory, path) for directory, import_paths in self._import_paths.items() for path in import_paths
        )
        return LearnedBuilds(self.all, tuple(paths), self.alike, tuple(sorted(self.in_full)), self.platform)

    @cached_property
    def in_full(self) -> frozenset[tuple[str, str]]:
        """Relative recorded paths, each with a file here that is recorded by its absolute path, too.

        They are one file if they have a function in common, but for names that many programs use.
        """
        paths = {canonical(file): file for file in self._functions}
        return frozenset(
            (path, full)
            for path, file in paths.items()
            if not is_absolute(path)
            for folder in self._roots.folders
            if (full := join(folder, path)) in paths
            and not recorded(path).called_standard
            and any(map(is_telling, set(self._functions[file]).intersection(self._functions[paths[full]])))
        )

    @cached_property
    def platform(self) -> Platform:
        """The platform of the Go programs, as far as their files tell one."""
        return common_platform(file for file in self._functions if file.endswith(GO_FILE))

    def packages(self, file: Recorded) -> Collection[str]:
        """Return the possible packages of a Go file, from its functions, else from the files beside it.

        Closures alone prove little: they are named after the package that their function was inlined into.
        """
        named = (file.package,) if file.package else ()
        if (named and not file.only_closures) or not file.path.endswith(OF_GO):
            return named
        if TRIMMED.match(file.path) or self._is_trimmed(file):
            return (file.path.rpartition("/")[0],)
        for directory in folders_of(file.path):
            if directory in self._import_paths:
                inside = file.path[len(directory) + 1 :].rpartition("/")[0]
                paths = self._import_paths[directory]
                outer = {folder for path in paths for folder in folders_of(path)}  # of nested modules
                return [join(path, inside) for path in paths if path in self._modules or path not in outer]
        return named

    def _is_trimmed(self, file: Recorded) -> bool:
        """Return whether a relative path begins with an import path, as with -trimpath, not with a directory of the workspace.

        The path of a module may be a single word. Bazel's paths are relative to the workspace.
        """
        if file.absolute or file.standard or not IN_PACKAGE.match(file.path):
            return False
        here = [join(folder, file.path) for folder in self._roots.folders]
        return not any(self._files.is_file(path) or self._files.renamed(path) for path in here)

    @cached_property
    def _modules(self) -> Mapping[str, Sequence[Module]]:
        modules: dict[str, list[Module]] = {}
        for module in self._roots.modules:
            modules.setdefault(module.path, []).append(module)
        return modules

    @cached_property
    def _import_paths(self) -> Mapping[str, Collection[str]]:
        """Import paths of directories of a build whose subdirectories follow the import path."""
        paths: dict[str, set[str]] = {}
        for built, module in self._checkouts:
            paths.setdefault(built.there, set()).add(module)
        for directory, package in self._directories:
            if DEPENDENCY_PATH.search(f"{directory}/") or any(path in self._modules for path in _paths_of(package)):
                continue
            there, path = directory.split("/"), package.split("/")
            same = shared_end(there[::-1], path[::-1])
            if len(path) > same and not OWNER.match("/".join(path[: len(path) - same])):
                paths.setdefault("/".join(there[: len(there) - same]), set()).add("/".join(path[: len(path) - same]))
        return paths

    @cached_property
    def _directories(self) -> Collection[tuple[str, str]]:
        """Directories of Go packages with their import paths, from the functions' names."""
        asked: set[tuple[str, str]] = set()  # all files of a directory are of one package
        directories = set()
        for file, functions in self._functions.items():
            if not file.endswith(OF_GO):  # C files have no package, whatever their functions are called
                continue
            package = package_among(sorted(functions))
            key = file[: max(file.rfind("/"), file.rfind("\\")) + 1], package
            if package and key not in asked:
                asked.add(key)
                recorded_file = recorded(file, functions)
                if recorded_file.absolute and not recorded_file.standard:
                    directories.add((recorded_file.path.rpartition("/")[0], package))
        return directories

    @cached_property
    def _checkouts(self) -> Collection[tuple[BuildRoot, str]]:
        """Each directory that held a module of the workspace, with the module path."""
        roots = set()
        for directory, package in self._directories:
            is_copy = directory.endswith(f"/vendor/{package}")
            for path in () if is_copy else _paths_of(package):
                for module in self._modules.get(path, ()):
                    if (there := _root(directory, package, module)) is not None:
                        roots.add((BuildRoot(there, module.directory), module.path))
        return roots

    def _projects(self) -> Iterator[BuildRoot]:
        """Yield each directory that held node_modules, with the directory here that has most of its files."""
        here = [p.directory.rpartition("/")[0] for p in self._roots.packages if name_of(p.directory) == NODE_MODULES]
        packages: dict[str, list[str]] = {}
        files = sorted(self._functions) if here and any(NODE_MODULES in file for file in self._functions) else ()
        for path in map(canonical, (file for file in files if NODE_MODULES in file)):
            there, _, rest = path.partition(f"/{NODE_MODULES}/")
            if rest and len(packages.setdefault(there, [])) < MAX_NODE_FILES:
                packages[there].append(rest)
        own: dict[str, dict[str, Collection[str]]] = {}
        for file, path in zip(files, map(canonical, files), strict=True):
            project = next((folder for folder in folders_of(path) if folder in packages), None)
            if project is not None and NODE_MODULES not in path and len(own.setdefault(project, {})) < MAX_NODE_FILES:
                own[project][path[len(project) + 1 :]] = self._functions[file]
        for there, rests in packages.items():
            shared = Counter(
                {BuildRoot(there, directory): self._shared(directory, rests, own.get(there, {})) for directory in here}
            )
            best = shared.most_common(2)
            is_best = best[0][1] > 0 and (len(best) == 1 or best[0][1] > best[1][1])
            if is_best and not self._has_rival(best[0][0].here, own.get(there, {})):
                yield best[0][0]

    def _has_rival(self, here: str, own: Mapping[str, Collection[str]]) -> bool:
        """Return whether another directory has the own files of a project, too: it may use the packages of a parent."""
        most = self._declared(here, own)
        others = {
            directory[: -len(f"/{folder}")] if folder else directory
            for folder, _, name in (rest.rpartition("/") for rest in own)
            for directory in self._files.named(name)[:MAX_NODE_FILES]
            if f"/{directory}".endswith(f"/{folder}")
        }
        return any(is_rival(self._declared(other, own), most) for other in others - {here})

    def _declared(self, directory: str, own: Mapping[str, Collection[str]]) -> int:
        """Return how many functions of a project's own files are in a directory here, at the same paths."""
        texts = {rest: self._files.text(join(directory, rest)) or "" for rest in own}
        return sum(
            1 for rest, text in texts.items() for name in own[rest] if has_name(name) and declared(text, name, rest)
        )

    def _shared(self, directory: str, packages: Iterable[str], own: Mapping[str, Collection[str]]) -> int:
        """Return how many files of a project are in a directory here; 0 if its own files show another project."""
        there = [rest for rest in packages if self._files.is_file(join(directory, NODE_MODULES, rest))]
        texts = {rest: self._files.text(join(directory, rest)) for rest in own} if there else {}
        if not there or 2 * sum(1 for text in texts.values() if text is not None) < len(texts):
            return 0
        read = [(rest, text) for rest, text in texts.items() if text is not None]
        named = [(rest, text, function) for rest, text in read for function in own[rest] if has_name(function)]
        if 2 * sum(1 for rest, text, function in named if declared(text, function, rest)) < len(named):
            return 0
        return len(there) + len(named)


def _root(directory: str, package: str, module: Module) -> str | None:
    inside = rest_within(package, module.path)
    if not inside:
        return directory
    return directory[: -len(inside) - 1] if directory.endswith(f"/{inside}") else None


def _paths_of(package: str) -> Iterator[str]:
    """Yield the import path of a package and all its prefixes."""
    return chain((package,), folders_of(package))
