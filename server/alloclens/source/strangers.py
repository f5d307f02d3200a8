"""Tells files of others from the user's: a recorded file may be somebody else's although its path and functions fit a file here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alloclens.languages.jvm import package_of
from alloclens.paths import join, rest_within
from alloclens.source.alike import shared_end
from alloclens.source.context import along
from alloclens.source.recorded import EMBEDDED, RUST_STANDARD, Origin

if TYPE_CHECKING:
    from collections.abc import Iterable

    from alloclens.source.context import PlacementContext
    from alloclens.source.recorded import Recorded

FOREIGN = {Origin.STANDARD: "it is part of a standard library", Origin.DEPENDENCY: "it is a dependency's"}
"""The origins that are never own code, and why."""


def stranger(path: str, recorded: Recorded, context: PlacementContext) -> str:
    """Return why a recorded file cannot be the own file at a path here, as a clause; "" if it can."""
    if recorded.origin in FOREIGN and not _lies_in_such(path, recorded, context):
        return FOREIGN[recorded.origin]
    project = recorded.project
    if project and (project in context.projects or (project.startswith("@") and context.projects)):
        ((_, inside),) = recorded.bundled
        here = [join(directory, inside) for directory in context.projects.get(project, ())]
        return "" if path in here else f"a bundler says that it is of the package {project}"
    if recorded.crates and (own := context.crates(path)) and recorded.crates.isdisjoint(own):
        return "its functions are of another crate"
    packages = context.builds.packages(recorded)
    others = [package for package in packages if not _may_hold(path, package, recorded, context)]
    return of_no_module(others, context) or (
        f"its package {min(others)} lies elsewhere in the workspace" if others and len(others) == len(packages) else ""
    )


def of_no_module(packages: Iterable[str], context: PlacementContext) -> str:
    """Return that a Go package belongs to no module of the workspace, as a clause; "" if all do."""
    unknown = (package for package in sorted(packages) if next(along(package, context.modules), None) is None)
    return next((f"its package {package} belongs to no module of the workspace" for package in unknown), "")


def of_no_package(recorded: Recorded, context: PlacementContext) -> str:
    """Return that no source for the JVM here is of a package like the recorded one, as a clause; "" if one is."""
    own = recorded.jvm_package.split(".")[:2]
    packages = context.jvm_packages if recorded.jvm_package else ()
    if not packages or any(package.split(".")[: len(own)] == own for package in packages):
        return ""
    return f"no source here is of a package that begins with {'.'.join(own)}"


def of_locked_crate(recorded: Recorded, context: PlacementContext) -> str:
    """Return that all crates in the names of Rust functions are from elsewhere, as a clause; "" if one may be of the workspace."""
    others = recorded.crates - RUST_STANDARD
    return (
        f"part of the crate {min(others)}, which Cargo.lock has from elsewhere"
        if others and context.locked_crates >= others
        else ""
    )


def proves(path: str, recorded: Recorded, context: PlacementContext) -> bool:
    """Return whether the recorded functions name a package or crate that contains the file at a path here.

    The file must not be a `stranger`.
    """
    if recorded.jvm_package:
        return in_package(path, recorded, context)
    if recorded.path.endswith(".rs"):
        return not recorded.crates.isdisjoint(context.crates(path))
    return bool(context.builds.packages(recorded))


def _lies_in_such(path: str, recorded: Recorded, context: PlacementContext) -> bool:
    """Return whether a file here is in the same third-party directory or crate, which then counts as own code."""
    if recorded.of_rust:
        return not recorded.crates.isdisjoint(context.crates(path))
    return any(path.endswith(f"/{recorded.path[match.start() :]}") for match in EMBEDDED.finditer(recorded.path))


def _may_hold(path: str, package: str, recorded: Recorded, context: PlacementContext) -> bool:
    """Return whether a file here can be in a Go package, by its module, or by its directories without one."""
    directory = path.rpartition("/")[0]
    for inside, modules in along(directory, context.import_paths):
        return any(join(module, inside) == package for module in modules)
    inside = next(
        (rest for folder in context.roots.folders if (rest := rest_within(directory, folder)) is not None), ""
    )
    depth = len(inside.split("/")) if inside else 0
    shared = shared_end(package.split("/")[::-1], directory.split("/")[::-1])
    return shared > depth or (shared == depth and join(inside, recorded.name) == recorded.path)


def in_package(path: str, recorded: Recorded, context: PlacementContext) -> bool:
    """Return whether a file is in the recorded JVM package, by its directory or its package declaration."""
    package = recorded.jvm_package
    if not package or f"/{path}".endswith(f"/{recorded.end}"):
        return True
    return package_of(context.files.text(path) or "") == package
