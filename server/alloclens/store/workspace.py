"""What a workspace's folders hold: Go modules, installed packages, and every file by its name."""

from __future__ import annotations

import glob
import os
import re
from itertools import islice, product
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, NamedTuple

from alloclens.disk import is_name, real_path
from alloclens.source.paths import canonical, is_absolute, join
from alloclens.source.roots import Link, Mapping, Module, Packages, Renamed, Roots
from alloclens.store import go_mod
from alloclens.store.files import Disk, folds_case, real, walked
from alloclens.store.go_env import go_env

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from alloclens.store.go_mod import GoMod
    from alloclens.store.settings import Settings

VIRTUAL_ENVIRONMENTS = (
    ".venv/lib/python3*/site-packages",
    "venv/lib/python3*/site-packages",
    ".venv/Lib/site-packages",
)
SITE_PACKAGES = r"(?:site|dist)-packages/"


class Workspace(NamedTuple):
    """Where files may lie, and the disk they lie on."""

    roots: Roots
    files: Disk


class _Go(NamedTuple):
    """What the go.mod and go.work files say together."""

    modules: frozenset[Module]
    renamed: tuple[Renamed, ...]
    required: tuple[Renamed, ...]


def workspace(folders: Sequence[str], settings: Settings, walk: int = 0) -> Workspace:
    """Look at all that these folders hold. Walks through them once for each number: call it from a thread."""
    inside = tuple(dict.fromkeys(real(f) for f in folders))
    found = walked(inside, walk)
    said, go = _go_files([*found.go_files, *_above(inside)]), go_env()
    roots = Roots(
        folders=inside,
        modules=tuple(sorted(said.modules, key=lambda m: (-len(m.path), not m.main, m))),
        vendors=tuple(found.vendors),
        renamed=said.renamed,
        required=tuple(sorted(said.required, key=lambda m: -len(m.path))),
        go_root=go.root,
        go_version=go.version,
        module_cache=go.module_cache,
        packages=tuple(_packages(inside, go.sources)),
        links=tuple(Link(canonical(f), real(f)) for f in folders if real(f) != canonical(f)),
        linked=tuple(found.linked),
        mappings=_mappings(inside, settings),
        own_code=settings.own_code,
        folds_case=any(map(folds_case, inside)),
    )
    return Workspace(roots, Disk(inside, walk))


def under_folders(folders: Iterable[str], wanted: Iterable[str]) -> tuple[str, ...]:
    """Return the absolute paths a setting means: as they are, or under each folder."""
    wanted = tuple(filter(is_name, wanted))
    return tuple(dict.fromkeys(real_path(os.path.join(f, d)) for f in folders for d in wanted))  # noqa: PTH118


def _above(folders: Iterable[str]) -> Iterator[str]:
    """Return the go.mod of the module that an opened folder is only a part of, and the go.work that names it."""
    for folder, name in product(folders, ("go.mod", "go.work")):
        above = (join(parent, name) for parent in map(str, PurePosixPath(folder).parents))
        yield from islice(filter(os.path.isfile, above), 1)


def _go_files(paths: Iterable[str]) -> _Go:
    modules: set[Module] = set()
    renamed: list[Renamed] = []
    required: list[Renamed] = []
    for path in paths:
        if said := go_mod.read(path):
            modules |= {Module(said.module, path.rpartition("/")[0])} if said.module else set()
            modules |= {*said.replaced, *_used(said)}
            renamed += said.renamed
            required += said.required
    return _Go(frozenset(modules), tuple(renamed), tuple(dict.fromkeys(required)))


def _used(work: GoMod) -> Iterator[Module]:
    for directory in work.used:
        if (other := go_mod.read(join(directory, "go.mod"))) and other.module:
            yield Module(other.module, directory)


def _packages(folders: Iterable[str], go_sources: str) -> Iterator[Packages]:
    """Return where packages are installed: in the workspace's environments, and where cargo, rustup and others have theirs."""
    for folder in folders:
        for pattern in VIRTUAL_ENVIRONMENTS:
            yield from (Packages(SITE_PACKAGES, found) for found in _matching(folder, pattern))
        yield from (Packages(r"node_modules/", found) for found in _matching(folder, "node_modules/"))
    if environment := os.environ.get("VIRTUAL_ENV"):
        yield from (Packages(SITE_PACKAGES, found) for found in _matching(environment, "lib/python3*/site-packages"))
    home = os.path.expanduser("~")  # Path.home raises where there is none
    cargo = os.environ.get("CARGO_HOME") or f"{home}/.cargo"
    yield from (Packages(r"/registry/src/[^/]+/", found) for found in _matching(cargo, "registry/src/*"))
    rustup = os.environ.get("RUSTUP_HOME") or f"{home}/.rustup"
    rust = _matching(rustup, "toolchains/*/lib/rustlib/src/rust")
    yield from (Packages(r"^/rustc/[^/]+/|/rustlib/src/rust/", found) for found in rust)
    julia = os.environ.get("JULIA_DEPOT_PATH", "").split(os.pathsep)[0] or f"{home}/.julia"
    yield from (Packages(r"/share/julia/", found) for found in _matching(julia, "juliaup/*/share/julia"))
    if go_sources:
        yield Packages(r"^/(?:.*/)?src/(?=[^/]+\.[^/]+/)", go_sources)


def _matching(folder: str, pattern: str) -> list[str]:
    """Return the real paths under a folder that match a pattern; what cannot be looked at matches none."""
    return [real(path) for path in sorted(glob.glob(f"{glob.escape(folder)}/{pattern}"))]  # noqa: PTH207 - that one raises


def _mappings(folders: Sequence[str], settings: Settings) -> tuple[Mapping, ...]:
    """Return the user's mappings, longest first; ${workspaceFolder} and what is relative mean each folder."""
    made = [Mapping(canonical(one.from_), here) for one in settings.path_mappings for here in _targets(folders, one.to)]
    return tuple(sorted(made, key=lambda m: -len(m.recorded)))


def _targets(folders: Sequence[str], to: str) -> list[str]:
    if not is_name(to):
        return []
    to = re.sub(r"^\$\{workspaceFolder\}[/\\]?", "", to)
    path = canonical(os.path.expanduser(to))
    if path and is_absolute(path):
        return [real(path)]
    return [real(join(folder, path)) for folder in folders]
