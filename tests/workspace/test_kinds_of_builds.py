"""One program with all kinds of code, built in all kinds of ways: every marked line owns its megabyte where the checkout is now."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING, NamedTuple

import pytest
from alloclens.session.once import world

from scripts import tools
from tests.support.placement.goproject import marked, write
from tests.support.placement.kinds import CGO, FILES, KEPT_H

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from alloclens.session.world import World

pytestmark = [pytest.mark.programs, pytest.mark.timeout(300)]  # the first build on a machine compiles Go's own packages


class Way(NamedTuple):
    """How a program is built and run."""

    command: tuple[str, ...]
    """Of go; {program} is where the program is to be."""
    environment: Mapping[str, str] = {}
    folder: str = "app"
    """Where the checkout is when it is built."""
    built: str = "program"
    more: Mapping[str, str] = {}
    """Other files of the checkout."""


BUILD = ("build", "-o", "{program}")
WAYS = {
    "plain": Way((*BUILD, ".")),
    "-trimpath": Way((*BUILD, "-trimpath", ".")),
    "not inlined": Way((*BUILD, "-gcflags=example.com/app/...=-l", ".")),
    "not optimised": Way((*BUILD, "-gcflags=example.com/app/...=-N -l", ".")),
    "without symbols": Way((*BUILD, "-ldflags=-s -w", ".")),
    "GOFLAGS": Way((*BUILD, "."), {"GOFLAGS": "-mod=mod -trimpath"}),
    "GOPATH": Way((*BUILD, "example.com/app"), {"GO111MODULE": "off", "GOPATH": "{folder}"}, "src/example.com/app"),
    "go run": Way(("run", ".", "{heap}"), built=""),
    "a test": Way(("test", "-count=1", "."), built=""),
    "cgo": Way((*BUILD, "."), {"CGO_ENABLED": "1"}, more={"keep/cgo.go": CGO, "keep/kept.h": KEPT_H}),
}


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_every_kind_of_code_is_found(tmp_path: Path, way: Way) -> None:
    if way.more and not shutil.which("gcc"):
        pytest.skip("cgo needs a compiler of C")
    there = tmp_path / "there"
    write(there / way.folder, FILES | dict(way.more))
    heap = tmp_path / "profiles" / "heap.pb.gz"
    heap.parent.mkdir()
    given = {"program": str(tmp_path / "program"), "heap": str(heap), "folder": str(there)}
    environment = {"GOTOOLCHAIN": "local", "GOPROXY": "off", "GOSUMDB": "off", "GOWORK": "off", "HEAP": str(heap)}
    environment |= {name: value.format(**given) for name, value in way.environment.items()}
    command = [tools.go(), *(word.format(**given) for word in way.command)]
    subprocess.run(command, cwd=there / way.folder, env=os.environ | environment, check=True, timeout=300)
    if way.built:
        subprocess.run([tmp_path / "program", heap], check=True, timeout=60)
    here = (there / way.folder).rename(tmp_path / "here")
    known = world([str(here)], [str(heap.parent)], {})
    where = marked(here) | {"line": (here / "keep/rows.templ", 3)}
    assert len(where) == 9 + bool(way.more)
    assert {name: shown(known, *place) for name, place in where.items()} == dict.fromkeys(where, (1, False))
    assert not known.sources.place(str(here / "keep/kept_generated.go")).own


def shown(known: World, path: Path, line: int) -> tuple[int, bool]:
    """Return how many megabytes stand beside a line, and whether they are marked."""
    file = known.file(str(path))
    if file is None:
        return 0, False
    found, lines = file.on(path.read_text()), file.comparison.lines
    on_line = found.line == line
    flat = lines.value.flat[file.rows[on_line], file.comparison.column].sum()
    return round(flat / (1 << 20)), bool(found.unsure[on_line].any())
