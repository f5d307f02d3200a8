"""Placing takes time linear in the recorded files, however many modules, mappings and versions there are."""

from __future__ import annotations

import pytest
from alloclens.source.build_roots import Builds
from alloclens.source.places import SourceMap
from alloclens.source.roots import CachedModule, Module, Packages, PrefixMapping, Roots

pytestmark = pytest.mark.timeout(60)
MANY = 10_000


class Disk:
    """Holds these files."""

    def __init__(self, *paths: str) -> None:
        self.paths = frozenset(paths)

    def is_file(self, path: str) -> bool:
        return path in self.paths

    def real(self, path: str) -> str:
        return path

    def named(self, end: str) -> tuple[str, ...]:
        del end
        return ()

    def text(self, path: str) -> None:
        del path

    def renamed(self, path: str) -> str:
        del path
        return ""

    def is_known(self, path: str) -> bool:
        del path
        return False

    def beside(self, path: str) -> tuple[str, ...]:
        del path
        return ()


GO = {f"/srv/build/p{i}/x.go": [f"example.com/app/p{i}.F"] for i in range(MANY)}
JS = {f"/app/src/d{i}/x.js": [f"f{i}"] for i in range(MANY)}
MODULES = tuple(Module(f"example.com/m{i}", f"/w/m{i}") for i in range(MANY))
VERSIONS = tuple(CachedModule(f"example.com/m{i}", "v1.0.0", f"example.com/m{i}@v1.0.0") for i in range(MANY))
GROUNDS = {
    "modules": (Roots(folders=("/w",), modules=MODULES), GO),
    "modules that a container may have held": (Roots(folders=("/w",), modules=MODULES), JS),
    "mappings": (Roots(folders=("/w",), mappings=tuple(PrefixMapping(f"/m{i}", f"/z{i}") for i in range(MANY))), JS),
    "required": (Roots(folders=("/w",), module_cache="/cache", required=VERSIONS), GO),
    "replaced": (Roots(folders=("/w",), module_cache="/cache", renamed=VERSIONS), GO),
}


@pytest.mark.slow
@pytest.mark.parametrize(("roots", "recorded"), GROUNDS.values(), ids=GROUNDS)
def test_many_of_both(roots: Roots, recorded: dict[str, list[str]]) -> None:
    sources = SourceMap(roots, Disk(), recorded)
    assert not any(map(sources.place, recorded))


@pytest.mark.slow
def test_many_projects_with_node_modules() -> None:
    recorded = {f"/srv/{i}/node_modules/a/x.js": ["f"] for i in range(MANY)}
    roots = Roots(folders=("/w",), packages=(Packages(r"node_modules/", "/w/node_modules"),))
    assert len(Builds(roots, Disk("/w/node_modules/a/x.js"), recorded).all) == MANY


def test_the_innermost_of_modules_in_one_another() -> None:
    modules = (
        Module("example.com/a/b", "/w/b"),
        Module("example.com/a/b", "/fork", main=False),
        Module("example.com/a", "/w"),
    )
    roots = Roots(folders=("/w",), modules=modules)
    for there, found in (("/w/b/x.go", "/w/b/x.go"), ("/fork/x.go", "/fork/x.go"), ("/w/c.go", None)):
        place = SourceMap(roots, Disk(there)).place("example.com/a/b/x.go")
        assert (place.path if place else None) == found


def test_a_required_module_within_a_replaced_one() -> None:
    roots = Roots(
        module_cache="/cache",
        renamed=(CachedModule("example.com/a", "", "example.com/fork@v2.0.0"),),
        required=(CachedModule("example.com/a/b", "v1.0.0", "example.com/a/b@v1.0.0"),),
    )
    recorded = {"/build/vendor/x.go": ["example.com/a/b/c.F"]}
    both = "/cache/example.com/fork@v2.0.0/b/c/x.go", "/cache/example.com/a/b@v1.0.0/c/x.go"
    assert SourceMap(roots, Disk(*both), recorded).place("/build/vendor/x.go").path == both[1]
