"""Files as runtimes, bundlers and package managers lay them out: a guess is marked, and somebody else's is no unmarked one."""

from __future__ import annotations

import pytest
from alloclens.source.places import Place, SourceMap
from alloclens.source.recorded import Origin
from alloclens.source.roots import Packages, Roots

from tests.support.files import FakeFiles
from tests.support.placement.layouts import (
    ALIKE,
    FOREIGN,
    FOUND,
    OWN,
    PROVEN,
    ROOTS,
    SERVICE,
    Layout,
    Profile,
    at,
    python,
)


@pytest.mark.parametrize("case", FOREIGN.values(), ids=FOREIGN)
def test_what_is_known_as_foreign_is_not_placed(case: Layout) -> None:
    sources = SourceMap(ROOTS, FakeFiles(OWN), {**case.beside, case.recorded: case.functions})
    assert sources.place(case.recorded) is None


@pytest.mark.parametrize("case", ALIKE.values(), ids=ALIKE)
def test_what_is_only_alike_is_marked(case: Layout) -> None:
    sources = SourceMap(ROOTS, FakeFiles(OWN), {**case.beside, case.recorded: case.functions})
    found = sources.find(case.recorded)
    assert not isinstance(found, Place) or found.guessed, found


@pytest.mark.parametrize(("recorded", "there", "here"), PROVEN.values(), ids=PROVEN)
def test_several_files_prove_a_directory(recorded: Profile, there: str, here: str) -> None:
    sources = SourceMap(ROOTS, FakeFiles(OWN), recorded)
    own = [file for file in recorded if file.replace("\\", "/").startswith(there)]
    places = {file.replace("\\", "/")[len(there) :]: sources.place(file) for file in own}
    found = {file: place for file, place in places.items() if f"{here}{file}" in OWN}
    assert len(found) >= 3
    assert {file: (place.path, place.guessed) for file, place in found.items() if place} == {
        file: (f"{here}{file}", False) for file in found
    }
    assert [place for file, place in places.items() if file not in found and place] == []


def test_a_file_that_was_renamed_in_a_proven_directory_is_found() -> None:
    recorded = at("/app", SERVICE | {"orders/old.py": ("Order.load", "Order.drop")})
    disk = FakeFiles(OWN, renames={"/w/orders/old.py": "/w/orders/models.py"})
    assert SourceMap(ROOTS, disk, recorded).place("/app/orders/old.py") == Place(
        "/w/orders/models.py", "renamed since", Origin.OWN, before="/w/orders/old.py"
    )


def test_installed_packages_beside_a_program_do_not_count_as_missing() -> None:
    """As in a zip file of Lambda: the dependencies lie in the directory of the function."""
    packages = [f"boto/part{number}.py" for number in range(300)]
    installed = {f"/w/.venv/lib/python3.12/site-packages/{path}": python("send") for path in packages}
    recorded = at("/var/task", SERVICE) | {f"/var/task/{path}": ("send",) for path in packages}
    for disk, guessed in ((OWN, True), (OWN | installed, False)):
        sources = SourceMap(ROOTS, FakeFiles(disk), recorded)
        places = [sources.place(f"/var/task/{path}") for path in SERVICE]
        assert [place and place.guessed for place in places] == [guessed] * len(SERVICE)


def test_two_directories_that_are_equally_like_are_none() -> None:
    """Two services of one template, both open: nothing shows which of them ran."""
    files = {f"/w/{name}/{path}": OWN[f"/w/{path}"] for name in ("a", "b") for path in SERVICE}
    sources = SourceMap(ROOTS, FakeFiles(files), at("/app", SERVICE))
    assert [sources.place(f"/app/{path}") for path in SERVICE] == [None] * len(SERVICE)
    files["/w/b/orders/models.py"] = files["/w/b/db.py"] = (
        "def other():\n    pass\n"  # of four functions one is the same
    )
    sources = SourceMap(ROOTS, FakeFiles(files), at("/app", SERVICE))
    assert sources.place("/app/main.py") == Place("/w/a/main.py", "root of the build", Origin.OWN)


@pytest.mark.parametrize("edited", ["db.py", "orders/models.py"])
def test_of_two_services_none_is_taken_because_the_other_one_was_edited(edited: str) -> None:
    """The functions of a file were renamed in the service that ran, and not in its sibling."""
    files = {f"/w/{name}/{path}": OWN[f"/w/{path}"] for name in ("a", "b") for path in SERVICE}
    files[f"/w/a/{edited}"] = "def other():\n    pass\n"
    sources = SourceMap(ROOTS, FakeFiles(files), at("/app", SERVICE))
    places = [place for path in SERVICE if (place := sources.place(f"/app/{path}")) and not place.guessed]
    assert places == []


LIB, SCRIPT = "exports.keep = function keep() {\n}\n", "function collectOrders() {\n}\nfunction collectBills() {\n}\n"


@pytest.mark.parametrize(("sibling", "found"), [(SCRIPT, None), ("function other() {\n}\n", "/w/packages/x/src/a.js")])
def test_packages_of_one_project_prove_nothing_if_another_one_has_its_files_too(
    sibling: str, found: str | None
) -> None:
    """Its own packages may be in the node_modules of their parent."""
    lib = "node_modules/lib/index.js"
    files = {f"/w/{lib}": LIB, f"/w/packages/x/{lib}": LIB}
    files |= {"/w/packages/x/src/a.js": SCRIPT, "/w/packages/y/src/a.js": sibling}
    packages = (
        Packages(r"node_modules/", "/w/node_modules"),
        Packages(r"node_modules/", "/w/packages/x/node_modules", "x"),
    )
    recorded = {f"/app/{lib}": ("keep",), "/app/src/a.js": ("collectOrders", "collectBills")}
    place = SourceMap(Roots(("/w",), packages=packages), FakeFiles(files), recorded).place("/app/src/a.js")
    assert (place and place.path) == found


@pytest.mark.parametrize("gone", ["", "/w/a/db.py", "/w/b/db.py"])
def test_of_two_directories_that_may_each_have_lost_a_file_none_is_taken(gone: str) -> None:
    """Not even if one of them has all files: those of the other may have been deleted since."""
    service = SERVICE | {"orders/cart.py": ("fill_cart",)}
    files = {f"/w/{name}/{path}": OWN[f"/w/{path}"] for name in ("a", "b") for path in service}
    files.pop(gone, "")
    sources = SourceMap(ROOTS, FakeFiles(files), at("/app", service))
    places = {path: sources.place(f"/app/{path}") for path in service}
    assert {path: place for path, place in places.items() if place and not place.guessed} == {}


@pytest.mark.parametrize(("case", "path", "guessed"), FOUND.values(), ids=FOUND)
def test_own_files_are_found(case: Layout, path: str, guessed: bool) -> None:
    sources = SourceMap(ROOTS, FakeFiles(OWN), {**case.beside, case.recorded: case.functions})
    found = sources.find(case.recorded)
    assert isinstance(found, Place), found
    assert (found.path, found.own, found.guessed) == (path, True, guessed)
