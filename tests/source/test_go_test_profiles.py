"""Profiles of `go test -memprofile`: the package under test, its test files and _testmain.go, however they were built."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest
from alloclens.session import once
from alloclens.source.places import Nowhere, Place
from alloclens.source.recorded import Origin

from scripts import tools

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.programs, pytest.mark.slow]

FILES = {
    "go.mod": "module example.com/shop\n\ngo 1.24\n",
    "cart/cart.go": """package cart

var kept [][]byte

func Keep() {
	kept = append(kept, make([]byte, 1<<20)) // leaks
}
""",
    "cart/cart_test.go": """package cart

import "testing"

var inside [][]byte

func TestKeep(t *testing.T) {
	for range 40 {
		Keep()
	}
	inside = append(inside, make([]byte, 8<<20))
}
""",
    "cart/outside_test.go": """package cart_test

import (
	"testing"

	"example.com/shop/cart"
)

var outside [][]byte

func TestFromOutside(t *testing.T) {
	cart.Keep()
	outside = append(outside, make([]byte, 4<<20))
}
""",
}
OWNED = {("cart/cart.go", 6): 41 << 20, ("cart/cart_test.go", 11): 8 << 20, ("cart/outside_test.go", 13): 4 << 20}


@pytest.mark.parametrize("how", ["", "-trimpath", "-cover", "-race=false -count=2", "./..."])
def test_every_line_is_found(tmp_path: Path, how: str) -> None:
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    profile = tmp_path / "cart" / "mem.out"
    command = [tools.go(), "test", f"-memprofile={profile}", "-memprofilerate=1", *(how.split() or ["./cart"])]
    where = tmp_path if "./..." in command or not how else tmp_path / "cart"
    done = subprocess.run(command, cwd=where, capture_output=True, text=True, check=False, timeout=100)
    assert done.returncode == 0, done.stdout + done.stderr
    world = once.world([str(tmp_path)], [str(tmp_path / "cart")], {"sampleType": "alloc_space"})
    lines, times = world.shown.lines, 2 if "-count=2" in how else 1
    column = [kind.type for kind in lines.sample_types].index("alloc_space")
    owned, places = {}, {}
    for row in range(len(lines)):
        file = lines.files[lines.file[row]]
        place = places[file] = world.sources.find(file)
        if isinstance(place, Place) and place.own:
            assert not place.guessed
            here = place.path.removeprefix(f"{tmp_path.as_posix()}/"), int(lines.line[row])
            owned[here] = owned.get(here, 0) + int(lines.value.owned[row, column])
    for here, value in OWNED.items():  # and the slices that hold them, of 24 bytes an entry
        assert value * times < owned[here] < value * times + (16 << 10)
    generated = [place for file, place in places.items() if file.endswith("_testmain.go")]
    assert [isinstance(place, Nowhere) and place.origin is Origin.BUILT_IN for place in generated] == [True]
    assert all(place.origin is not Origin.UNKNOWN for place in places.values())
