"""Path mappings are proposed only where they are right, and find what they say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from alloclens.session.once import world
from alloclens.source.places import Place

from tests.support.profiles import drop, heap

if TYPE_CHECKING:
    from pathlib import Path

    from alloclens.session.world import World

MB = 1 << 20
GO_MOD = "module example.com/payments\n"
MAIN = """package main

func main() {
	serve()
}

func serve() {
	kept = append(kept, make([]byte, 1<<20))
}
"""
BANK = """package main

func settle() {
	kept = append(kept, make([]byte, 1<<20))
}
"""
DB = """package db

func Open() {
	kept = append(kept, make([]byte, 1<<20))
}
"""
PARSER = """import json


def load(file):
    return json.load(file)
"""


def written(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def profiled(folder: Path, *stacks: str, settings: dict[str, Any] | None = None) -> World:
    """Return what a folder's world says of a profile of 1 MB for each stack."""
    drop(folder.parent / "p/1.pb.gz", heap(*(f"{stack} = 1x{MB}" for stack in stacks)))
    return world([str(folder)], [str(folder.parent / "p")], settings or {})


def proposed(known: World) -> list[tuple[str, str]]:
    return [(one.recorded, one.here) for one in known.coverage.suggestions]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "services/payments"


@pytest.mark.parametrize(
    ("here", "recorded"),
    [
        pytest.param(
            {"go.mod": GO_MOD, "main.go": MAIN},
            ["main.main:3@/opt/orders/main.go:4"],
            id="every program has main.main",
        ),
        pytest.param(
            {"go.mod": GO_MOD, "main.go": MAIN},
            ["main.main:12@/opt/orders/main.go:15", "main.serve:30@/opt/orders/main.go:34"],
            id="functions of one name that start elsewhere",
        ),
        pytest.param(
            {"go.mod": GO_MOD, "main.go": MAIN, "bank.go": BANK},
            [
                "main.serve:7@/opt/orders/main.go:8",
                "main.settle:3@/opt/orders/bank.go:4",
                "example.com/orders/cart.Fill:3@/opt/orders/cart/cart.go:4",
            ],
            id="the root of another module",
        ),
        pytest.param(
            {"main.go": MAIN, "db/db.go": DB},
            ["main.serve:7@/opt/orders/main.go:8", "example.com/orders/db.Open:3@/opt/orders/db/db.go:4"],
            id="another module, and none is open",
        ),
        pytest.param({"tools/parser.py": PARSER}, ["load@/opt/lib/json/parser.py:5"], id="a library of Python"),
        pytest.param(
            {"tools/parser.py": PARSER, "tools/writer.py": PARSER.replace("load", "dump")},
            ["load@/opt/lib/json/parser.py:5", "dump_all@/opt/lib/json/writer.py:5"],
            id="a library, one of whose files has other functions",
        ),
        pytest.param(
            {"tools/parser.py": PARSER},
            ["load:4@/opt/lib/json/parser.py:5", *(f"f{i}@/opt/lib/json/{i}.py:5" for i in range(3))],
            id="a directory most of whose files are not here",
        ),
        pytest.param(
            {"go.mod": GO_MOD, "main.go": MAIN},
            ["main.serve:7@example.com/payments/main.go:8", "main.serve:7@/opt/orders/main.go:8"],
            id="the file here is another recorded one",
        ),
    ],
)
def test_somebody_elses_directory(folder: Path, here: dict[str, str], recorded: list[str]) -> None:
    written(folder, here)
    assert proposed(profiled(folder, *recorded)) == []


@pytest.mark.parametrize(
    ("here", "recorded"),
    [
        pytest.param(
            {"go.mod": GO_MOD, "main.go": MAIN},
            ["main.main:3@/opt/x/main.go:4", "main.serve:7@/opt/x/main.go:8"],
            id="one file, all of whose functions start where they were",
        ),
        pytest.param(
            {"go.mod": GO_MOD, "main.go": "// new\n" + MAIN, "bank.go": "// new\n" + BANK},
            ["main.serve:7@/opt/x/main.go:8", "main.settle:3@/opt/x/bank.go:4"],
            id="several files, changed since",
        ),
        pytest.param(
            {"tools/parser.py": PARSER, "tools/writer.py": PARSER.replace("load", "dump")},
            ["load@/opt/x/parser.py:5", "dump@/opt/x/writer.py:5", "<module>@/opt/x/parser.py:1"],
            id="several files, whose functions do not say where they start",
        ),
    ],
)
def test_a_mapping_finds_what_it_says(folder: Path, here: dict[str, str], recorded: list[str]) -> None:
    written(folder, here)
    known = profiled(folder, *recorded)
    (one,) = known.coverage.suggestions
    assert one.value == known.coverage.lost == len(recorded) * MB
    mapped = {"pathMappings": [{"from": one.recorded, "to": one.here}]}
    again = profiled(folder, *recorded, settings=mapped)
    placed = [share.found for share in again.coverage.files]
    assert {place.path for place in placed if isinstance(place, Place) and place.own} == one.found
    assert (again.coverage.lost, proposed(again)) == (0, [])


@pytest.mark.parametrize("edited", ["def load_bills", "def other"])
def test_none_of_two_siblings_is_proposed_although_one_was_edited(folder: Path, edited: str) -> None:
    text = "def load_orders():\n    pass\n\n\ndef load_users():\n    pass\n\n\ndef load_bills():\n    pass\n"
    written(folder, {"a/work.py": text, "b/work.py": text.replace("def load_bills", edited)})
    names = {"load_orders": 1, "load_users": 5, "load_bills": 9}
    known = profiled(folder, *(f"{name}:{start}@/srv/ci/run/work.py:{start + 1}" for name, start in names.items()))
    assert proposed(known) == []


def test_a_sibling_with_other_functions_is_no_rival(folder: Path) -> None:
    text = "def load_orders():\n    pass\n\n\ndef load_users():\n    pass\n\n\ndef load_bills():\n    pass\n"
    other = text.replace("load_orders", "other").replace("load_users", "others")
    written(folder, {"a/work.py": text, "b/work.py": other})
    names = {"load_orders": 1, "load_users": 5, "load_bills": 9}
    known = profiled(folder, *(f"{name}:{start}@/srv/ci/run/work.py:{start + 1}" for name, start in names.items()))
    assert proposed(known) == [("/srv/ci/run", str(folder / "a"))]
