"""What a workspace's folders hold: modules, vendored and installed packages, Go's own directories, and mappings."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from alloclens.settings.checking import parse
from alloclens.settings.settings import Settings
from alloclens.source.roots import CachedModule, FolderLink, Module, PrefixMapping, Roots
from alloclens.workspace import go_env as asked
from alloclens.workspace import go_mod
from alloclens.workspace.files import Disk, folds_case
from alloclens.workspace.go_env import go_env
from alloclens.workspace.workspace import workspace
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.placement.goproject import write

NOTHING = Settings()


def roots(*folders: Path, given: Settings = NOTHING) -> Roots:
    return workspace([str(folder) for folder in folders], given, own=("pathMappings",)).roots


def modules(*folders: Path) -> list[tuple[str, str, bool]]:
    return [(module.path, module.directory, module.main) for module in roots(*folders).modules]


def test_modules_the_longest_path_first(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "go.mod": "// the shop\nmodule example.com/app // v2\n\ngo 1.21\n",
            "tools/go.mod": 'module "example.com/app/tools"\n',
            "vendor/x/go.mod": "module example.com/x\n",
            "node_modules/y/go.mod": "module example.com/y\n",
            ".git/z/go.mod": "module example.com/z\n",
            "x/testdata/go.mod": "module example.com/t\n",
            "broken/go.mod": "not a module\n",
        },
    )
    assert modules(tmp_path) == [
        ("example.com/app/tools", str(tmp_path / "tools"), True),
        ("example.com/app", str(tmp_path), True),
    ]
    assert roots(tmp_path).vendors == (str(tmp_path / "vendor"),)


def test_a_replaced_module_in_a_directory_and_by_another_one(tmp_path: Path) -> None:
    write(tmp_path, {"dep/go.mod": "module example.com/dep\n", "app/none": ""})
    app = write(
        tmp_path / "app",
        {
            "go.mod": "module example.com/app\n\nrequire (\n\texample.com/a v1.0.0 // indirect\n\texample.com/a/b v1.2.0\n)\n"
            "replace example.com/dep v1.0.0 => ../dep\n"
            "replace (\n\texample.com/in => ./forks/in // ours\n\texample.com/old => example.com/New v1.2.0\n)\n"
        },
    )
    assert modules(app) == [
        ("example.com/app", str(app), True),
        ("example.com/dep", str(tmp_path / "dep"), False),
        ("example.com/in", str(app / "forks/in"), False),
    ]
    found = roots(app)
    assert found.renamed == (CachedModule("example.com/old", "", "example.com/New@v1.2.0"),)
    assert found.required == (
        CachedModule("example.com/a/b", "v1.2.0", "example.com/a/b@v1.2.0"),
        CachedModule("example.com/a", "v1.0.0", "example.com/a@v1.0.0"),
    )


def test_go_work(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "work/go.work": "go 1.24\nuse ./app\nuse (\n\t../lib\n\t./none\n)\nreplace example.com/r => ./r\n",
            "work/app/go.mod": "module example.com/app\n",
            "lib/go.mod": "module example.com/lib\n",
            "work/r/go.mod": "module example.com/fork\n",
        },
    )
    everything = [
        ("example.com/app", str(tmp_path / "work/app"), True),
        ("example.com/lib", str(tmp_path / "lib"), True),
        ("example.com/r", str(tmp_path / "work/r"), False),
    ]
    forked = ("example.com/fork", str(tmp_path / "work/r"), True)  # which is below the folder itself, if that is opened
    assert set(modules(tmp_path / "work")) == {*everything, forked}
    assert modules(tmp_path / "work/app") == everything  # go.work counts for the modules below it


def test_a_copy_of_a_module_that_go_work_does_not_use(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "go.work": "go 1.24\nuse (\n\t./app\n\t./lib\n)\n",
            "app/go.mod": "module example.com/app\n",
            "lib/go.mod": "module example.com/lib\n",
            "fork/go.mod": "module example.com/lib\n",
            "tool/go.mod": "module example.com/tool\n",
        },
    )
    of_lib = [directory for path, directory, _ in modules(tmp_path) if path == "example.com/lib"]
    assert of_lib == [str(tmp_path / "lib")]
    assert ("example.com/tool", str(tmp_path / "tool"), True) in modules(tmp_path)


def test_a_folder_of_a_module_is_opened(tmp_path: Path) -> None:
    write(tmp_path, {"go.mod": "module example.com/app\n", "pkg/shop/shop.go": "package shop\n"})
    assert modules(tmp_path / "pkg/shop") == [("example.com/app", str(tmp_path), True)]
    assert roots(tmp_path / "pkg/shop").hold(str(tmp_path / "pkg/shop/shop.go"))
    assert not roots(tmp_path / "pkg/shop").hold(str(tmp_path / "go.mod"))


def test_two_folders_of_one_module(tmp_path: Path) -> None:
    write(tmp_path, {"a/go.mod": "module example.com/app\n", "b/go.mod": "module example.com/app\n"})
    assert [directory for _, directory, _ in modules(tmp_path / "b", tmp_path / "a")] == [
        str(tmp_path / "a"),
        str(tmp_path / "b"),
    ]


def test_a_folder_opened_through_a_link(tmp_path: Path) -> None:
    real = write(tmp_path / "real", {"go.mod": "module example.com/app\n"})
    (tmp_path / "link").symlink_to(real)
    found = roots(tmp_path / "link")
    assert found.folders == (str(real),)
    assert found.links == (FolderLink(str(tmp_path / "link"), str(real)),)
    assert found.opened(str(real / "main.go")) == str(tmp_path / "link/main.go")
    assert roots(tmp_path / "link", real).folders == (str(real),)


def test_links_within_the_workspace(tmp_path: Path) -> None:
    write(tmp_path, {"app/go.mod": "module example.com/app\n", "lib/lib.go": "package lib\n"})
    (tmp_path / "app/lib").symlink_to(tmp_path / "lib")
    (tmp_path / "app/loop").symlink_to(tmp_path / "app")
    assert set(roots(tmp_path / "app").linked) == {str(tmp_path / "lib"), str(tmp_path / "app")}


def test_where_files_of_a_name_are(tmp_path: Path) -> None:
    write(tmp_path, {"a/x.go": "", "b/x.go": "", "vendor/c/x.go": "", ".cache/x.go": "", "b/y.go": ""})
    disk = workspace([str(tmp_path)], NOTHING).files
    assert sorted(disk.named("x.go")) == [str(tmp_path / "a"), str(tmp_path / "b")]
    assert list(disk.named("b/x.go")) == [str(tmp_path / "b")]
    assert list(disk.named("z.go")) == list(disk.named("c/x.go")) == list(disk.named("/b/x.go")) == []
    write(tmp_path, {"c/x.go": ""})
    assert len(disk.named("x.go")) == 2  # as it was walked
    assert len(Disk(disk.folders, disk.walk + 1).named("x.go")) == 3


def test_installed_packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path / "home"
    for name in ("CARGO_HOME", "RUSTUP_HOME", "JULIA_DEPOT_PATH", "VIRTUAL_ENV", "GOPATH"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(home))
    wanted = [
        tmp_path / "app/.venv/lib/python3.12/site-packages",
        tmp_path / "app/node_modules",
        tmp_path / "app/packages/web/node_modules",
        home / ".cargo/registry/src/index-6f17d22bba15001f",
        home / ".rustup/toolchains/stable/lib/rustlib/src/rust",
        home / ".julia/juliaup/julia-1.11/share/julia",
        home / "go/src",
    ]
    for folder in wanted:
        folder.mkdir(parents=True)
    assert {p.directory for p in roots(tmp_path / "app").packages} == {str(folder) for folder in wanted}


def mapped(to: str, *folders: Path, recorded: str = "/build/app") -> list[str]:
    said, problems = parse({"pathMappings": [{"from": recorded, "to": to}]})
    assert not problems
    return [mapping.here for mapping in roots(*folders, given=said).mappings]


def test_mappings_are_of_each_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one, two = (write(tmp_path / name, {"x": ""}) for name in ("one", "two"))
    assert mapped("${workspaceFolder}", one) == [str(one)]
    assert mapped("${workspaceFolder}/src/app", one, two) == [f"{one}/src/app", f"{two}/src/app"]
    assert mapped("src", one) == [f"{one}/src"]
    assert mapped("../two", one) == [str(two)]
    assert mapped(str(two), one) == [str(two)]
    monkeypatch.setenv("HOME", str(tmp_path))
    assert mapped("~/two", one) == [str(two)]
    (tmp_path / "link").symlink_to(two)
    assert mapped(str(tmp_path / "link"), one) == [str(two)]


def test_the_longest_mapping_is_the_first(tmp_path: Path) -> None:
    said, _ = parse({"pathMappings": [{"from": f, "to": "/x"} for f in ("/a", "/a/b/c/", "c:\\a\\b")]})
    assert roots(tmp_path, given=said).mappings == (
        PrefixMapping("/a/b/c", "/x"),
        PrefixMapping("C:/a/b", "/x"),
        PrefixMapping("/a", "/x"),
    )


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return an empty home, on a machine where no Go is found."""
    for name in ("GOROOT", "GOMODCACHE", "GOPATH"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(asked, "USUAL_GOROOTS", ())
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    return home


def goroot(folder: Path, version: str = "go1.26.1") -> Path:
    return write(
        folder, {"src/runtime/proc.go": "package runtime\n", "VERSION": f"{version}\ntime 2026-01-01T00:00:00Z\n"}
    )


@pytest.mark.usefixtures("bare")
def test_no_go_at_all() -> None:
    assert go_env() == ("", "", "", "")


def test_the_usual_places_without_go(bare: Path) -> None:
    (bare / "go/pkg/mod").mkdir(parents=True)
    (bare / "go/src").mkdir()
    assert go_env() == ("", "", str(bare / "go/pkg/mod"), str(bare / "go/src"))


def test_what_the_environment_says_without_go(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOROOT", str(goroot(bare / "sdk")))
    monkeypatch.setenv("GOMODCACHE", str(write(bare / "cache", {"x": ""})))
    assert go_env() == (str(bare / "sdk"), "go1.26.1", str(bare / "cache"), "")
    monkeypatch.setenv("GOROOT", str(bare / "cache"))  # no GOROOT
    monkeypatch.delenv("GOMODCACHE")
    first, second = write(bare / "p1/pkg/mod", {"x": ""}), write(bare / "p2/pkg/mod", {"x": ""})
    monkeypatch.setenv("GOPATH", os.pathsep.join([str(first.parent.parent), str(second.parent.parent)]))
    assert go_env() == ("", "", str(first), "")


def program(path: Path, says: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{says}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


def test_what_go_says_is_asked_once(bare: Path) -> None:
    root, cache = goroot(bare / "sdk"), write(bare / "cache", {"x": ""})
    told = f'{{"GOROOT": "{root}", "GOMODCACHE": "{cache}", "GOPATH": "{bare}"}}'
    program(bare.parent / "bin/go", f"echo asked >> {bare}/log; echo '{told}'")
    assert go_env() == go_env() == (str(root), "go1.26.1", str(cache), "")
    assert (bare / "log").read_text() == "asked\n"


@pytest.mark.parametrize("says", ["exit 1", "echo nonsense", "echo '[]'", "echo '{}'"])
def test_a_go_that_answers_nothing_still_stands_in_its_goroot(bare: Path, says: str) -> None:
    root = goroot(bare / "sdk")
    program(root / "bin/go", says)
    (bare.parent / "bin").symlink_to(root / "bin")
    assert go_env().root == str(root)


def test_the_real_go() -> None:
    found = go_env()
    assert Path(found.root, "src/runtime/proc.go").is_file()
    assert found.version.startswith("go1.")


def read(folder: Path, text: str | bytes) -> go_mod.GoMod:
    (folder / "go.mod").write_bytes(text if isinstance(text, bytes) else text.encode())
    return go_mod.read(str(folder / "go.mod"))


@pytest.mark.parametrize(
    ("text", "module"),
    [
        ("module example.com/a", "example.com/a"),
        ('module "example.com/a"\n', "example.com/a"),
        ("module `example.com/a`\n", "example.com/a"),
        ("module\texample.com/a\r\n\r\ngo 1.24\r\n", "example.com/a"),
        ("// Deprecated: no\nmodule example.com/a//b", "example.com/a"),
        ("\ufeffmodule example.com/a\n", "example.com/a"),
        ("module (\n\texample.com/a\n)\n", "example.com/a"),
        ("module example.com/a\nmodule example.com/b\n", "example.com/a"),
        ("module\n", ""),
        ("modules example.com/a\n", ""),
        ("", ""),
    ],
)
def test_a_module_line(tmp_path: Path, text: str, module: str) -> None:
    assert read(tmp_path, text).module == module


@pytest.mark.parametrize(
    "text",
    [
        "replace\n",
        "replace =>\n",
        "replace => ./x\n",
        "replace => b v1\n",
        "replace a =>\n",
        "replace a ./x\n",
        "replace a => b\n",
        "replace (\n\ta\n",
        "use\n",
        "use (\n",
        "require a\n",
        "require (\n\ta\n)\n)\n",
        "(\n)\n",
        "replace a v1 v2 v3 => b v1\n",
        'replace "" => "" ""\n',
    ],
)
def test_what_is_broken_is_left_out(tmp_path: Path, text: str) -> None:
    said = read(tmp_path, f"module example.com/a\n{text}\nuse ./good\n")
    assert said.module == "example.com/a"
    assert all(path not in {"", "=>"} and directory for path, directory, _ in said.replaced)
    assert all(renamed.path not in {"", "=>"} and renamed.target.strip("@") for renamed in said.renamed)


def test_where_a_replaced_directory_lies(tmp_path: Path) -> None:
    text = "".join(
        f"replace a{n} => {to}\n" for n, to in enumerate(["./x", "../y", ".", "..", "/abs/z", "..\\w", '"./q"'])
    )
    said = read(tmp_path, text)
    wanted = [
        tmp_path / "x",
        tmp_path.parent / "y",
        tmp_path,
        tmp_path.parent,
        "/abs/z",
        tmp_path.parent / "w",
        tmp_path / "q",
    ]
    assert said.replaced == tuple(Module(f"a{n}", str(path), main=False) for n, path in enumerate(wanted))


def test_what_cannot_be_read(tmp_path: Path) -> None:
    write(
        tmp_path,
        {"large/go.mod": "module example.com/large\n" + "\n" * go_mod.MAX_GO_MOD_BYTES, "a/go.work": "use ../none\n"},
    )
    (tmp_path / "b/go.mod").mkdir(parents=True)
    assert modules(tmp_path) == []
    assert roots(tmp_path).left_out == (f"{tmp_path}/large/go.mod was not read: larger than 1 MiB.",)


WORDS = st.sampled_from(
    ["module", "replace", "use", "require", "=>", "(", ")", "./x", "../y", "a.b/c", "v1.0.0", '"', "//", "\n", "\r\n"]
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(WORDS | st.text(max_size=4)).map(" ".join) | st.text())
def test_no_go_mod_raises(tmp_path: Path, text: str) -> None:
    said = read(tmp_path, text.encode("utf-8", "replace"))
    assert all(Path(directory).is_absolute() for directory in (*said.used, *(m.directory for m in said.replaced)))


def test_whether_a_file_system_regards_case(tmp_path: Path) -> None:
    (tmp_path / "Probe").write_text("")
    assert folds_case(str(tmp_path)) == (tmp_path / "pROBE").exists()
