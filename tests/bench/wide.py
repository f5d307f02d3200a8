"""A workspace of many files, and a profile that names many of them: what placement is measured on.

Most files are called as many others, as in any large program: each directory has the same ten names.
"""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

from alloclens.profile.formats import profile_pb2 as pb

from tests.support.profiles import BEGIN

if TYPE_CHECKING:
    from pathlib import Path

NAMES = ("types", "handler", "client", "server", "config", "errors", "store", "cache", "util", "doc")
MODULE = "example.com/shop"
HEAVY = 7
"""The package whose lines are worth a hint."""


def directory(number: int) -> str:
    """Return a directory of the workspace, three levels deep."""
    return f"area{number // 400}/part{number // 20}/pkg{number}"


def workspace(folder: Path, files: int) -> None:
    """Write a Go module of so many files, with one function in each."""
    for number in range(files // len(NAMES)):
        inside = folder / directory(number)
        inside.mkdir(parents=True)
        for name in NAMES:
            text = f"package pkg{number}\n\nfunc {name.title()}() {{\n\tkept = append(kept, make([]byte, 1<<20))\n}}\n"
            (inside / f"{name}.go").write_text(text)
    (folder / "go.mod").write_text(f"module {MODULE}\n")


def profile(files: int) -> bytes:
    """Return a heap profile that names so many files: of each ten 6 of a build elsewhere, 2 by a suffix, 2 dependencies."""
    made = pb.Profile(string_table=["", "inuse_space", "bytes"], time_nanos=BEGIN * 10**9, period=512 << 10)
    made.sample_type.add(type=1, unit=2)
    for number in range(files):
        function, file = _recorded(number)
        made.string_table.extend((function, file))
        name = len(made.string_table) - 2
        made.function.add(id=number + 1, name=name, system_name=name, filename=name + 1, start_line=3)
        made.location.add(id=number + 1).line.add(function_id=number + 1, line=4)
        made.sample.add(location_id=[number + 1], value=[1 << (40 if number // len(NAMES) == HEAVY else 20)])
    return gzip.compress(made.SerializeToString(), 1, mtime=0)


def _recorded(number: int) -> tuple[str, str]:
    """Return the function and the path of one file."""
    package, name = number // len(NAMES), NAMES[number % len(NAMES)]
    inside = directory(package)
    if number % 10 < 6:
        return f"{MODULE}/{inside}.{name.title()}", f"/srv/build/shop/{inside}/{name}.go"
    if number % 10 < 8:
        return f"main.{name.title()}", f"/mnt/other/pkg{package}/{name}.go"
    return f"github.com/dep/pkg{package}.{name.title()}", f"/go/pkg/mod/github.com/dep/pkg{package}@v1.0.0/{name}.go"
