"""What the rules of placement look up: the modules, packages and crates of the workspace, and what is known of builds."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from typing import TYPE_CHECKING, TypeVar

from alloclens.paths import folders_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from alloclens.source.build_roots import Builds
    from alloclens.source.files import Files
    from alloclens.source.roots import CachedModule, Roots

    T = TypeVar("T")

MAX_PROJECTS = 1000
"""Number of package.json files to read, and of pyproject.toml files."""
PYTHON_NAME = re.compile(r"""^[ \t]*name[ \t]*=[ \t]*["']([\w.-]+)["']""", re.MULTILINE)
PYTHON_PACKAGES = re.compile(r"""^[ \t]*packages[ \t]*=[ \t]*\[([^\]]*)\]""", re.MULTILINE)
"""The packages of a project as setuptools, Hatch and Poetry list them."""
QUOTED = re.compile(r"""["']([\w./-]+)["']""")
CRATE = re.compile(r"""^[ \t]*name[ \t]*=[ \t]*["']([\w-]+)["']""", re.MULTILINE)
"""The names of the package, its library and its programs in Cargo.toml."""
LOCKED_CRATE = re.compile(r'^name = "([\w-]+)"\r?\nversion = "[^"]*"\r?\nsource = ', re.MULTILINE)
"""A package in Cargo.lock that is not of the workspace: those have no source."""
PROGRAM = re.compile(r"/(?:bin|examples|tests|benches)/([^/]+?)(?:/main)?\.rs$")
"""A file that is a crate without an entry in Cargo.toml."""


@dataclass(frozen=True, eq=False)
class PlacementContext:
    """What the rules need to know. Large collections are looked up by the folders of a path."""

    roots: Roots
    files: Files
    builds: Builds

    @cached_property
    def mapped(self) -> Mapping[str, Sequence[str]]:
        """The targets of each prefix of the user's mappings."""
        return _grouped((m.recorded, m.here) for m in self.roots.mappings)

    @cached_property
    def modules(self) -> Mapping[str, Sequence[Sequence[str]]]:
        """The directories of each module path: those of main modules before the targets of a `replace`."""
        same = groupby(self.roots.modules, lambda module: (module.path, module.main))
        return _grouped((path, [module.directory for module in modules]) for (path, _), modules in same)

    @cached_property
    def built(self) -> Mapping[str, Sequence[str]]:
        """The counterparts here of each build directory."""
        return _grouped((built.there, built.here) for built in self.builds.all)

    @cached_property
    def alike(self) -> Mapping[str, Sequence[str]]:
        """The same for directories recognized only by the files in them."""
        return _grouped((built.there, built.here) for built in self.builds.alike)

    @cached_property
    def projects(self) -> Mapping[str, Sequence[str]]:
        """The directories of the workspace's packages, by the name in package.json."""
        directories = self.files.named("package.json")[:MAX_PROJECTS]
        return _grouped((name, at) for at in directories if (name := _project(self.files.text(f"{at}/package.json"))))

    @cached_property
    def python_projects(self) -> Mapping[str, Sequence[str]]:
        """The directories of the workspace's Python projects, by the normalized names of what pyproject.toml says is theirs."""
        directories = self.files.named("pyproject.toml")[:MAX_PROJECTS]
        projects = ((at, _python_names(self.files.text(f"{at}/pyproject.toml") or "")) for at in directories)
        return _grouped((name, at) for at, names in projects for name in sorted(names))

    def crates(self, path: str) -> frozenset[str]:
        """Return the possible crate names of a file: from its Cargo.toml, or its own name if it is a program."""
        for folder in filter(self.cargo.__contains__, folders_of(path)):
            if names := CRATE.findall(self.files.text(f"{folder}/Cargo.toml") or ""):
                program = PROGRAM.search(path)
                return frozenset(name.replace("-", "_") for name in (*names, *(program.groups() if program else ())))
        return frozenset()

    @cached_property
    def locked_crates(self) -> frozenset[str]:
        """The crates that Cargo.lock says are from elsewhere: a registry or a repository."""
        locks = (self.files.text(f"{at}/Cargo.lock") or "" for at in self.cargo)
        return frozenset(name.replace("-", "_") for lock in locks for name in LOCKED_CRATE.findall(lock))

    @cached_property
    def jvm_packages(self) -> Collection[str]:
        """The packages of the workspace's sources for the JVM."""
        return frozenset(name.rpartition(".")[0] for name in self.files.of_classes())

    @cached_property
    def cargo(self) -> Collection[str]:
        """The directories with a Cargo.toml."""
        return frozenset(self.files.named("Cargo.toml"))

    @cached_property
    def renamed(self) -> Mapping[str, Sequence[CachedModule]]:
        """The replacements of each module."""
        return _grouped((module.path, module) for module in self.roots.renamed)

    @cached_property
    def import_paths(self) -> Mapping[str, Sequence[str]]:
        """The module paths of each directory."""
        return _grouped((module.directory, module.path) for module in self.roots.modules)

    @cached_property
    def packages(self) -> Mapping[str, Mapping[str, Sequence[str]]]:
        """The directories of installed packages, by marker and then by part of the project."""
        packages: dict[str, dict[str, list[str]]] = {}
        for marker, directory, part in self.roots.packages:
            packages.setdefault(marker, {}).setdefault(part, []).append(directory)
        return packages

    @cached_property
    def in_cache(self) -> Mapping[str, Sequence[str]]:
        """The names of each module in the module cache, replacements before required versions."""
        return _grouped((module.path, module.target) for module in (*self.roots.renamed, *self.roots.required))


def _grouped(pairs: Iterable[tuple[str, T]]) -> dict[str, list[T]]:
    grouped: dict[str, list[T]] = {}
    for root, value in pairs:
        grouped.setdefault(root.rstrip("/"), []).append(value)
    return grouped


def _project(text: str | None) -> str:
    try:
        manifest = json.loads(text or "")
    except (ValueError, RecursionError):
        return ""
    name = manifest.get("name") if isinstance(manifest, dict) else ""
    return name if isinstance(name, str) else ""


def _python_names(text: str) -> Collection[str]:
    """Return the normalized names of a project and its packages in the text of its pyproject.toml."""
    listed = (name for inner in PYTHON_PACKAGES.findall(text) for name in QUOTED.findall(inner))
    return {normalized(re.split(r"[/.]", name)[-1]) for name in listed}.union(
        map(normalized, PYTHON_NAME.findall(text))
    )


def normalized(name: str) -> str:
    """Normalize a name as PEP 503 says."""
    return re.sub(r"[-_.]+", "-", name).lower()


def along(path: str, grouped: Mapping[str, T]) -> Iterator[tuple[str, T]]:
    """Look up a path and its folders, innermost first; yield the rest of the path and the value."""
    for root in (path, *folders_of(path)):
        if root in grouped:
            yield path[len(root) + 1 :], grouped[root]
