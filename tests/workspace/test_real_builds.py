"""Profiles of real Go builds: whatever paths the build recorded, the marked lines are found."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

import pytest
from alloclens.session.once import world
from alloclens.source.recorded import Origin

from scripts import leaky
from tests.support.placement.goproject import app, go_mod, library, marked, profiled, proxy, write

if TYPE_CHECKING:
    from pathlib import Path

    from alloclens.session.world import World
    from alloclens.source.places import Place

DEP = "example.com/dep"
UPPER = "github.com/Azure/Thing"
pytestmark = [pytest.mark.programs, pytest.mark.timeout(300)]  # the first build on a machine compiles Go's own packages


@pytest.mark.parametrize("flags", [(), ("-trimpath",)], ids=["plain", "trimpath"])
def test_the_lines_of_the_example_are_placed(tmp_path: Path, flags: tuple[str, ...]) -> None:
    example = leaky.copy(tmp_path / "leaky")
    profiles = example / "profiles"
    with leaky.under_load(example, every="1s", flags=flags):
        end = time.monotonic() + 90
        while (missing := unseen(known := look(example, profiles), example)) and time.monotonic() < end:
            time.sleep(0.5)
    assert not missing
    lines = known.shown.lines
    assert bool([f for f in lines.files if f.startswith("example.com/leaky/")]) == bool(flags)
    vendored = known.file(str(example / "vendor/example.com/telemetry/telemetry.go"))
    assert len(vendored.rows)
    assert not lines.own[lines.file[vendored.rows]].any()


def look(example: Path, profiles: Path) -> World:
    return world([str(example)], [str(profiles)], {"sampleType": "alloc_space"})


def unseen(known: World, example: Path) -> set[str]:
    """Return the marked lines that own nothing yet: a small one waits some seconds for its first sample.

    The pool is left out: it allocates one buffer, which one time in seven is not sampled (1 - exp(-1 MiB / 512 KiB)).
    """
    places = leaky.marked_lines(example)
    del places["honest pool"]
    return {name for name, (path, line, _) in places.items() if not owned(known, path, line)}


def owned(known: World, path: Path, line: int) -> float:
    """Return the bytes of which this line, as the text is now, is the deepest of the user's own."""
    file = known.file(str(path))
    if file is None:
        return 0
    lines, column = file.comparison.lines, file.comparison.column
    now = file.on(path.read_text()).line.tolist()
    return sum(lines.value.owned[row, column] for row, at in zip(file.rows.tolist(), now, strict=True) if at == line)


FLAGS = pytest.mark.parametrize("flags", [(), ("-trimpath",)], ids=["plain", "trimpath"])


@FLAGS
def test_a_moved_checkout(tmp_path: Path, flags: tuple[str, ...]) -> None:
    built = write(tmp_path / "built", app())
    profiles = profiled(built, tmp_path / "run", *flags)
    assert_placed(opened(built.rename(tmp_path / "moved"), profiles), tmp_path / "moved")


def test_a_checkout_that_is_still_where_it_was_built(tmp_path: Path) -> None:
    built = write(tmp_path / "app", app())
    known = opened(built, profiled(built, tmp_path / "run"))
    assert_placed(known, built)
    assert rules(known, built) == {"as recorded"}


@pytest.mark.parametrize("name", ["build/x", "go/src/app", "agent/_work/app/app", "srv/build"])
def test_a_checkout_built_in_a_container(tmp_path: Path, name: str) -> None:
    built = write(tmp_path / name, app())
    profiles = profiled(built, tmp_path / "run")
    here = built.rename(tmp_path / "shop")
    write(here, {"cmd/other/main.go": (here / "main.go").read_text().replace("// mark", "// no mark")})
    known = opened(here, profiles)
    assert_placed(known, here)
    assert rules(known, here) == {"module of the workspace", "root of the build"}


@FLAGS
def test_one_of_two_programs_of_a_module(tmp_path: Path, flags: tuple[str, ...]) -> None:
    files = app()
    main = files.pop("main.go")
    files |= {"cmd/one/main.go": main, "cmd/two/main.go": main.replace("mark: main", "mark: two")}
    built = write(tmp_path / "there", files)
    profiles = profiled(built, tmp_path / "run", *flags, package="./cmd/one")
    here = built.rename(tmp_path / "here")
    known = opened(here, profiles)
    where = marked(here)
    assert owned(known, *where["main"]) >= 1 << 20
    assert owned(known, *where["two"]) == 0
    assert_placed(known, here, but={"two"})


def test_a_checkout_opened_by_a_link(tmp_path: Path) -> None:
    built = write(tmp_path / "real", app())
    profiles = profiled(built, tmp_path / "run")
    (tmp_path / "link").symlink_to(built)
    known = opened(tmp_path / "link", profiles)
    assert_placed(known, built)
    assert known.sources.roots.opened(str(built / "main.go")) == str(tmp_path / "link/main.go")


def test_a_checkout_built_in_a_link_of_its_folder(tmp_path: Path) -> None:
    real = write(tmp_path / "real", app())
    (tmp_path / "link").symlink_to(real)
    profiles = profiled(tmp_path / "link", tmp_path / "run")
    assert_placed(opened(real, profiles), real)


def test_a_folder_of_the_checkout_that_is_a_link(tmp_path: Path) -> None:
    """Go follows no link in a module, but a module may be one: here by `replace`."""
    built = write(tmp_path / "app", app(DEP) | {"go.mod": required(DEP, f"replace {DEP} => ./dep")})
    elsewhere = write(tmp_path / "elsewhere", library(DEP))
    (built / "dep").symlink_to(elsewhere)
    known = opened(built, profiled(built, tmp_path / "run"))
    assert_placed(known, built)
    assert flat(known, *marked(elsewhere)["dependency"]) >= 1 << 20


@FLAGS
def test_vendor(tmp_path: Path, flags: tuple[str, ...]) -> None:
    built = write(tmp_path / "there", app(DEP) | {"go.mod": required(DEP)})
    modules = f"# {DEP} v1.0.0\n## explicit; go 1.24\n{DEP}\n"
    write(
        built / "vendor", {"modules.txt": modules} | {f"{DEP}/{k}": v for k, v in library(DEP).items() if k != "go.mod"}
    )
    profiles = profiled(built, tmp_path / "run", "-mod=vendor", *flags)
    here = built.rename(tmp_path / "here")
    known = opened(here, profiles)
    assert_placed(known, here, but={"dependency"})
    assert_dependency(known, *marked(here)["dependency"])


@FLAGS
@pytest.mark.parametrize("inside", [True, False], ids=["inside", "outside"])
def test_replace_by_a_directory(tmp_path: Path, flags: tuple[str, ...], *, inside: bool) -> None:
    target = "./forks/dep" if inside else "../dep"
    built = write(tmp_path / "there/app", app(DEP) | {"go.mod": required(DEP, f"replace {DEP} => {target}")})
    write(built / target, library(DEP))
    profiles = profiled(built, tmp_path / "run", *flags)
    (tmp_path / "there").rename(tmp_path / "here")
    here = tmp_path / "here/app"
    known = opened(here, profiles)
    assert_placed(known, here, but={"dependency"})
    path, line = marked((here / target).resolve())["dependency"]
    assert flat(known, path, line) >= 1 << 20
    assert (owned(known, path, line) > 0) == inside  # in the folder that is open it is the user's; elsewhere it is not


@FLAGS
def test_go_work(tmp_path: Path, flags: tuple[str, ...]) -> None:
    built = tmp_path / "there"
    write(built / "app", app(DEP) | {"go.mod": required(DEP)})
    write(built / "libs/dep", library(DEP))
    write(built, {"go.work": "go 1.24\n\nuse (\n\t./app\n\t./libs/dep // the library\n)\n"})
    profiles = profiled(built / "app", tmp_path / "run", *flags)
    here = built.rename(tmp_path / "here")
    assert_placed(opened(here, profiles), here)  # the dependency is the user's own, too


@FLAGS
def test_go_work_of_which_one_module_is_open(tmp_path: Path, flags: tuple[str, ...]) -> None:
    built = tmp_path / "there"
    write(built / "app", app(DEP) | {"go.mod": required(DEP)})
    write(built / "libs/dep", library(DEP))
    write(built, {"go.work": "go 1.24\n\nuse (\n\t./app\n\t./libs/dep\n)\n"})
    profiles = profiled(built / "app", tmp_path / "run", *flags)
    here = built.rename(tmp_path / "here")
    known = opened(here / "app", profiles)
    assert_placed(known, here / "app")
    assert owned(known, *marked(here / "libs")["dependency"]) >= 1 << 20


@FLAGS
def test_a_module_of_the_cache_with_capitals(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, flags: tuple[str, ...]
) -> None:
    served = proxy(tmp_path / "proxy", UPPER, "v1.2.0", library(UPPER))
    built = write(tmp_path / "there", app(UPPER) | {"go.mod": required(UPPER, version="v1.2.0")})
    download = {"GOPROXY": served, "GOMODCACHE": str(tmp_path / "built"), "GOFLAGS": "-mod=mod -modcacherw"}
    profiles = profiled(built, tmp_path / "run", *flags, **download)
    cache = (tmp_path / "built").rename(tmp_path / "cache")
    monkeypatch.setenv("GOMODCACHE", str(cache))
    here = built.rename(tmp_path / "here")
    known = opened(here, profiles)
    assert_placed(known, here)
    path, line = marked(cache)["dependency"]
    assert path == cache / "github.com/!azure/!thing@v1.2.0/thing.go"
    assert_dependency(known, path, line)


@FLAGS
def test_replace_by_another_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, flags: tuple[str, ...]) -> None:
    served = proxy(tmp_path / "proxy", UPPER, "v1.2.0", library(UPPER) | {"dep.go": "package thing\n"})
    replace = f"replace {DEP} => {UPPER} v1.2.0"
    built = write(tmp_path / "there", app(DEP) | {"go.mod": required(DEP, replace)})
    write(built, {"main.go": (built / "main.go").read_text().replace(f'"{DEP}"', f'dep "{DEP}"')})
    download = {"GOPROXY": served, "GOMODCACHE": str(tmp_path / "built"), "GOFLAGS": "-mod=mod -modcacherw"}
    profiles = profiled(built, tmp_path / "run", *flags, **download)
    cache = (tmp_path / "built").rename(tmp_path / "cache")
    monkeypatch.setenv("GOMODCACHE", str(cache))
    here = built.rename(tmp_path / "here")
    known = opened(here, profiles)
    assert_placed(known, here)
    assert_dependency(known, *marked(cache)["dependency"])


def required(path: str, *more: str, version: str = "v1.0.0") -> str:
    return go_mod("example.com/app", f"require {path} {version}", *more)


def opened(folder: Path, profiles: Path) -> World:
    return world([str(folder)], [str(profiles)], {})


def assert_placed(known: World, folder: Path, but: frozenset[str] | set[str] = frozenset()) -> None:
    """Every marked line of a folder owns its megabyte, and nothing that has a file is without a place."""
    where = {name: place for name, place in marked(folder).items() if name not in but}
    assert len(where) >= 2
    assert {name: owned(known, *place) >= 1 << 20 for name, place in where.items()} == dict.fromkeys(where, True)
    files = known.shown.lines.files
    assert [f for f in files if known.sources.place(f) is None and known.sources.origin(f) is not Origin.BUILT_IN] == []


def assert_dependency(known: World, path: Path, line: int) -> None:
    """The line has a megabyte that another one owns."""
    assert flat(known, path, line) >= 1 << 20
    assert owned(known, path, line) == 0
    assert known.file(str(path)).place.origin is Origin.DEPENDENCY


def flat(known: World, path: Path, line: int) -> float:
    file = known.file(os.path.realpath(path))
    lines, column = file.comparison.lines, file.comparison.column
    return sum(lines.value.flat[row, column] for row in file.rows.tolist() if lines.line[row] == line)


def rules(known: World, folder: Path) -> set[str]:
    places: list[Place | None] = [known.sources.place(file) for file in known.shown.lines.files]
    return {place.rule for place in places if place and place.path.startswith(f"{folder}/")}
