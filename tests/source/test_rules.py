"""What the rules look up: the tables made of the roots, and what says that a file is somebody else's."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from alloclens.source.alike import BuildRoot, is_telling
from alloclens.source.build_roots import Builds, LearnedBuilds
from alloclens.source.context import PlacementContext
from alloclens.source.own import refused
from alloclens.source.places import SourceMap
from alloclens.source.recorded import package_among, package_of, recorded
from alloclens.source.roots import CachedModule, Module, Packages, PrefixMapping, Roots
from alloclens.source.strangers import stranger

from tests.support.files import FakeFiles

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

EMPTY = Roots(folders=("/w",))


def context(
    roots: Roots = EMPTY,
    files: Mapping[str, str] | None = None,
    functions: Mapping[str, Sequence[str]] | None = None,
) -> PlacementContext:
    disk = FakeFiles(dict(files or {}))
    return PlacementContext(roots, disk, Builds(roots, disk, functions or {}))


def test_the_tables_of_the_roots() -> None:
    """A key has no slash at its end, and of one key the values keep their order."""
    old = CachedModule("example.com/old", "", "example.com/fork@v1.2.0")
    errors = CachedModule("example.com/errors", "v0.9.1", "example.com/errors@v0.9.1")
    main, tools = Module("example.com/app", "/w"), Module("example.com/app/tools", "/w/tools")
    copy = Module("example.com/app", "/copy", main=False)
    second = Module("example.com/app", "/second")
    made = context(
        Roots(
            folders=("/w",),
            modules=(tools, main, second, copy),
            renamed=(old,),
            required=(errors, old._replace(target="example.com/old@v1.0.0")),
            mappings=(PrefixMapping("/ci/", "/w"), PrefixMapping("/ci", "/second"), PrefixMapping("/b", "/w/b")),
            packages=(
                Packages("node_modules/", "/w/node_modules"),
                Packages("node_modules/", "/w/web/node_modules", "web"),
                Packages("node_modules/", "/w/old/web/node_modules", "web"),
                Packages("site-packages/", "/v"),
            ),
        )
    )
    assert made.mapped == {"/ci": ["/w", "/second"], "/b": ["/w/b"]}
    assert made.modules == {"example.com/app/tools": [["/w/tools"]], "example.com/app": [["/w", "/second"], ["/copy"]]}
    assert made.renamed == {"example.com/old": [old]}
    assert made.in_cache == {
        "example.com/old": ["example.com/fork@v1.2.0", "example.com/old@v1.0.0"],
        "example.com/errors": ["example.com/errors@v0.9.1"],
    }
    assert made.import_paths == {
        "/w": ["example.com/app"],
        "/w/tools": ["example.com/app/tools"],
        "/second": ["example.com/app"],
        "/copy": ["example.com/app"],
    }
    assert made.packages == {
        "node_modules/": {"": ["/w/node_modules"], "web": ["/w/web/node_modules", "/w/old/web/node_modules"]},
        "site-packages/": {"": ["/v"]},
    }


def test_the_names_of_packages() -> None:
    """A package.json may be anything. One without a name is no package."""
    texts = ('{"name": "shop"}', '{"name": "shop"}', "{}", '{"name": 7}', "[1]", '"shop"', "{", "", "[" * 100_000)
    files = {f"/w/{number}/package.json": text for number, text in enumerate(texts)}
    assert context(files=files).projects == {"shop": ["/w/0", "/w/1"]}


CARGO = """[package]
name = "my-shop"

[lib]
name = "shop_lib"

[[bin]]
  name='till'
"""


@pytest.mark.parametrize(
    ("path", "crates"),
    [
        ("/w/shop/src/lib.rs", {"my_shop", "shop_lib", "till"}),
        ("/w/shop/src/bin/daily-report.rs", {"my_shop", "shop_lib", "till", "daily_report"}),
        ("/w/shop/tests/all/main.rs", {"my_shop", "shop_lib", "till", "all"}),
        ("/w/shop/empty/src/lib.rs", {"my_shop", "shop_lib", "till"}),  # a workspace's Cargo.toml names no crate
        ("/w/src/lib.rs", set()),
    ],
)
def test_the_crates_of_a_file(path: str, crates: set[str]) -> None:
    files = {"/w/shop/Cargo.toml": CARGO, "/w/shop/empty/Cargo.toml": "[workspace]\n"}
    assert context(files=files).crates(path) == crates
    assert context().crates(path) == frozenset()


@pytest.mark.parametrize(
    ("here", "path", "rule"),
    [
        ({"/w/db/x.go": "package db"}, "/w/db/x.go", "module of the workspace"),
        ({"/w/vendor/example.com/app/db/x.go": "package db"}, "/w/vendor/example.com/app/db/x.go", "vendor"),
        # Of two copies that differ the path may be of either.
        ({"/w/db/x.go": "package db", "/w/vendor/example.com/app/db/x.go": "package db // old"}, "", ""),
    ],
)
def test_a_version_of_a_module_of_the_workspace(here: dict[str, str], path: str, rule: str) -> None:
    roots = Roots(folders=("/w",), modules=(Module("example.com/app", "/w"),), vendors=("/w/vendor",))
    place = SourceMap(roots, FakeFiles(here)).place("example.com/app@v1.2.3/db/x.go")
    assert (place.path if place else "", place.rule if place else "") == (path, rule)


ELSEWHERE = "its package example.com/app/db lies elsewhere in the workspace"
NOBODYS = "its package example.com/other/db belongs to no module of the workspace"


@pytest.mark.parametrize(
    ("path", "file", "package", "reason"),
    [
        # In a module, its import path and the directory make the package's.
        ("/app/db/x.go", "/ci/db/x.go", "example.com/app/db", ""),
        ("/app/x.go", "/ci/x.go", "example.com/app", ""),
        ("/app/cache/x.go", "/ci/db/x.go", "example.com/app/db", ELSEWHERE),
        ("/app/db/x.go", "/ci/db/x.go", "example.com/other/db", NOBODYS),
        # Without one, more elements have to be alike than there are directories: that of the folder itself, too.
        ("/free/app/db/x.go", "/ci/db/x.go", "example.com/app/db", ELSEWHERE),
        ("/free/x.go", "/ci/x.go", "example.com/other/db/free", ""),
        ("/other/db/x.go", "/ci/db/x.go", "example.com/other/db", ""),
        ("/other/db/x.go", "/ci/db/x.go", "example.com/another/db", NOBODYS.replace("other", "another")),
        # Or the recorded path is the one in the folder.
        ("/other/db/x.go", "db/x.go", "example.com/another/db", ""),
        ("/other/db/x.go", "x.go", "example.com/another/db", NOBODYS.replace("other", "another")),
        ("/other/x.go", "x.go", "example.com/another", ""),
    ],
)
def test_whether_a_file_can_be_in_a_package(path: str, file: str, package: str, reason: str) -> None:
    roots = Roots(folders=("/app", "/free", "/other"), modules=(Module("example.com/app", "/app"),))
    functions = {file: (f"{package}.Open",)}
    assert stranger(path, recorded(file, functions[file]), context(roots, {}, functions)) == reason


NODE = Roots(
    folders=("/w",),
    packages=(Packages("node_modules/", "/w/web/node_modules"), Packages("node_modules/", "/w/api/node_modules")),
)
NODE_FILES = {
    "/w/web/node_modules/react/i.js": "",
    "/w/web/node_modules/both/i.js": "",
    "/w/api/node_modules/both/i.js": "",
    "/w/web/src/ui.js": "function draw() {\n}\nfunction paint() {\n}\n",
    "/w/api/src/ui.js": "function paint() {\n}\n",
    "/w/api/src/serve.js": "function serve() {\n}\n",
}
WEB, API = BuildRoot("/ci", "/w/web"), BuildRoot("/ci", "/w/api")


@pytest.mark.parametrize(
    ("functions", "roots"),
    [
        ({"/ci/node_modules/react/i.js": []}, (WEB,)),
        ({"/ci/node_modules/both/i.js": []}, ()),  # in both
        ({"/ci/node_modules/both/i.js": [], "/ci/node_modules/react/i.js": []}, (WEB,)),  # 2 of web, 1 of api
        ({"/ci/node_modules/gone/i.js": []}, ()),
        ({"/ci/src/ui.js": ["draw"]}, ()),  # nothing of node_modules
        # Its own files tell: 1 and 1 package, 1 and 0 functions.
        ({"/ci/node_modules/both/i.js": [], "/ci/src/ui.js": ["draw"]}, (WEB,)),
        ({"/ci/node_modules/both/i.js": [], "/ci/src/ui.js": ["paint"]}, ()),
        ({"/ci/node_modules/both/i.js": [], "/ci/src/serve.js": ["serve"]}, (API,)),
        # Half of its own files must be there, and half of their functions.
        ({"/ci/node_modules/react/i.js": [], "/ci/src/ui.js": ["draw"], "/ci/src/a.js": ["a"]}, (WEB,)),
        ({"/ci/node_modules/react/i.js": [], "/ci/src/ui.js": [], "/ci/src/a.js": [], "/ci/src/b.js": []}, ()),
        ({"/ci/node_modules/react/i.js": [], "/ci/src/ui.js": ["draw", "gone"]}, (WEB,)),
        ({"/ci/node_modules/react/i.js": [], "/ci/src/ui.js": ["draw", "gone", "too"]}, ()),
        ({"/ci/node_modules/react/i.js": [], "/ci/src/ui.js": ["draw", "(anonymous)", "(anonymous)"]}, (WEB,)),
        # Other projects' files say nothing of this one's.
        ({"/ci/node_modules/react/i.js": [], "/other/src/a.js": ["a"], "/other/src/b.js": ["b"]}, (WEB,)),
        (
            {"/ci/x/node_modules/both/i.js": [], "/ci/x/src/serve.js": ["serve"], "/ci/node_modules/react/i.js": []},
            (BuildRoot("/ci/x", "/w/api"), WEB),  # the longest first
        ),
        ({r"C:\ci\node_modules\react\i.js": []}, (BuildRoot("C:/ci", "/w/web"),)),
    ],
)
def test_where_a_node_project_was(functions: Mapping[str, Sequence[str]], roots: tuple[BuildRoot, ...]) -> None:
    assert Builds(NODE, FakeFiles(NODE_FILES), functions).all == roots


def test_what_is_learnt_of_builds() -> None:
    """/ci is the module's root by db, /b that of another one; of golang.org/x only the host would be left."""
    roots = Roots(folders=("/w",), modules=(Module("example.com/app", "/w"),))
    functions = {
        "/ci/db/db.go": ("example.com/app/db.Open",),
        "/b/lib/lib.go": ("example.com/lib/lib.Read",),
        "/g/net/net.go": ("golang.org/net.Read",),
        "/ci/vendor/example.com/dep/d.go": ("example.com/dep.D",),
        "/ci/vendor/example.com/app/db/d.go": ("example.com/app/db.D",),
        "/goroot/src/net/http/server.go": ("net/http.Serve",),
        "/ci/native/x.c": ("example.com/app/native.call",),
        "db/db.go": ("example.com/app/db.Open",),
        "/w/db/db.go": ("example.com/app/db.Open",),
        "db/run.go": ("main.run",),
        "/w/db/run.go": ("main.serve",),
    }
    learned = SourceMap(roots, FakeFiles({}), functions).builds
    assert learned == LearnedBuilds(
        roots=(BuildRoot("/ci", "/w"), BuildRoot("/w", "/w")),
        import_paths=(("/b", "example.com/lib"), ("/ci", "example.com/app"), ("/w", "example.com/app")),
        in_full=(("db/db.go", "/w/db/db.go"),),
    )


@pytest.mark.parametrize(
    ("functions", "package"),
    [
        (["a/b.F", "a/c.G", "a/c.H"], "a/c"),
        (["a/c.G", "a/b.F"], "a/b"),  # of two equals the first by name
        (["a/c.F.func1", "a/c.F.func2", "a/b.G"], "a/b"),  # closures may be of another package
        (["a/c.F.func1", "main.main"], "a/c"),  # and count if no other function has one
        (["main.main", "command-line-arguments.f", "_/home/me.f", "nothing"], ""),
        ([*(f"a/b.F{number}" for number in range(9)), *(f"a/c.F{number}" for number in range(10))], "a/b"),
        ([*(f"a/b.F{number}" for number in range(4)), *(f"a/c.F{number}" for number in range(5))], "a/c"),
    ],
)
def test_the_package_of_functions(functions: list[str], package: str) -> None:
    """Of the first nine that have one."""
    assert package_among(functions) == package


@pytest.mark.parametrize(
    ("function", "package"),
    [
        ("gopkg.in/yaml%2ev3.(*parser).parse", "gopkg.in/yaml.v3"),
        ("example.com/a.b/c.Map[example.com/d.E].func1", "example.com/a.b/c"),
        ("example.com/app/db_test.TestOpen", "example.com/app/db"),
        ("memeqbody", ""),
        (".hidden", ""),
    ],
)
def test_the_package_of_a_function(function: str, package: str) -> None:
    assert package_of(function) == package


def test_patterns_that_cannot_be_used() -> None:
    long = ("*a" * 500,) * 100
    assert refused(()) == refused(("a/**", "!b")) == ()
    assert refused(("a", "[z-a]", "!", "b")) == refused(("[z-a]",)) == ("[z-a]",)
    assert refused(long) == long


def test_a_directory_is_recognized_as_far_up_as_its_paths_agree() -> None:
    """Not only the directory that all three files lie in: others may lie beside it. The first is never the whole disk."""
    names = ("parse", "render", "collect")
    files = {f"/w/shop/core/{name}.py": f"def {name}_orders():\n    pass\n" for name in names}
    for recorded_root, there, here in (
        ("/srv/ci/shop/core", "/srv/ci", "/w"),
        ("/srv/shop/core", "/srv", "/w"),
        ("/shop/core", "/shop", "/w/shop"),
    ):
        functions = {f"{recorded_root}/{name}.py": (f"{name}_orders",) for name in names}
        assert Builds(EMPTY, FakeFiles(files), functions).alike == (BuildRoot(there, here),)


def test_closures_tell_as_little_as_the_function_they_are_in() -> None:
    common = [
        "main.init.0",
        "main.init.func1",
        "main.init.0.func1",
        "main.glob..func2",
        "main.main.func1",
        "main.run.func1.2",
    ]
    assert not any(map(is_telling, common))
    assert is_telling("main.collectOrders.func1")


STORE = "class Cache:\n    def load(self):\n        pass\n"
SITE = "/usr/local/lib/python3.11/site-packages"


@pytest.mark.parametrize(
    ("project", "here", "recorded_file"),
    [
        ('[project]\nname = "mypkg"\n', "src/mypkg/store.py", f"{SITE}/mypkg/store.py"),
        ('[project]\nname = "My.Pkg"\n', "my_pkg/store.py", f"{SITE}/my_pkg/store.py"),  # PEP 503
        (
            "[tool.poetry]\nname = 'mypkg'\n",
            "mypkg/db/store.py",
            "C:\\Python311\\Lib\\site-packages\\mypkg\\db\\store.py",
        ),
        (
            '[project]\nname = "shop"\n[tool.hatch.build.targets.wheel]\npackages = ["src/mypkg"]\n',
            "src/mypkg/store.py",
            "/usr/lib/python3/dist-packages/mypkg/store.py",
        ),
        (
            '[tool.poetry]\nname = "shop"\npackages = [\n  {include = "mypkg", from = "src"},\n]\n',
            "src/mypkg/store.py",
            f"/app/.venv/lib/python3.11/site-packages{SITE}/mypkg/store.py",
        ),
        ('[project]\nname = "store"\n', "src/store.py", f"{SITE}/store.py"),
    ],
)
def test_a_python_project_that_was_installed(project: str, here: str, recorded_file: str) -> None:
    files = {"/w/pyproject.toml": project, f"/w/{here}": STORE}
    place = SourceMap(EMPTY, FakeFiles(files), {recorded_file: ("Cache.load",)}).place(recorded_file)
    assert place is not None
    assert (place.path, place.own, place.guessed) == (f"/w/{here}", True, False)


@pytest.mark.parametrize(
    ("project", "here", "function"),
    [
        ('[project]\nname = "shop"\n', "src/mypkg/store.py", "Cache.load"),  # a copy of another project's package
        ('[project]\nname = "shop"\ndependencies = ["mypkg"]\n', "mypkg/store.py", "Cache.load"),
        ('[project]\nname = "mypkg"\n', "lib/mypkg/store.py", "Cache.load"),  # in neither layout
        ('[project]\nname = "mypkg"\n', "src/mypkg/store.py", "Cache.drop"),  # not with its functions
        ("", "src/mypkg/store.py", "Cache.load"),
    ],
)
def test_an_installed_package_that_is_of_no_project_here(project: str, here: str, function: str) -> None:
    recorded_file = f"{SITE}/mypkg/store.py"
    files = {"/w/pyproject.toml": project, f"/w/{here}": STORE}
    assert SourceMap(EMPTY, FakeFiles(files), {recorded_file: (function,)}).place(recorded_file) is None


def test_an_installed_package_of_two_projects_is_neither() -> None:
    recorded_file = f"{SITE}/mypkg/store.py"
    named = {f"/w/{at}/pyproject.toml": '[project]\nname = "mypkg"\n' for at in "ab"}
    files = {**named, "/w/a/mypkg/store.py": STORE, "/w/b/src/mypkg/store.py": STORE}
    found = SourceMap(EMPTY, FakeFiles(files), {recorded_file: ("Cache.load",)}).find(recorded_file)
    assert getattr(found, "candidates", ()) == ("/w/a/mypkg/store.py", "/w/b/src/mypkg/store.py")
