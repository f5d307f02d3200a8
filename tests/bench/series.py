"""A series of heap profiles of one process: what judging a long series is measured on."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

import numpy as np
from alloclens.profile.formats import profile_pb2 as pb

from tests.bench.generate import Shape, encoded, functions
from tests.support.profiles import BEGIN

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

STEP = 10
"""Seconds between two snapshots: thousands are taken before the end of tomorrow, after which no time is believed."""
PACKAGES, FILES = 97, 7
"""Of the generated program."""
START, LINES = 15, 1000
"""Where the first function of a file starts, and the lines from one to the next: generated stacks know one function a file."""


def workspace(folder: Path, samples: int) -> None:
    """Write the module whose files the profiles name: every line that holds anything is the user's own."""
    files: dict[Path, str] = {}
    for function in range(functions(Shape(samples))):
        path = folder / f"internal/p{function % PACKAGES}/f{function % FILES}.go"
        before = files.get(path, f"package p{function % PACKAGES}\n")
        blank = "\n" * (LINES * _place(function) + START - 1 - before.count("\n"))
        files[path] = f"{before}{blank}func (s *Service) Handle{function}() {{\n" + "\n" * 900 + "}\n"
    for path, text in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (folder / "go.mod").write_text("module example.com/shop\n")


def _place(function: int) -> int:
    """Return how many functions are above one in its file."""
    return function // (PACKAGES * FILES)


def profiles(samples: int, seed: int = 1) -> Iterator[bytes]:
    """Yield the snapshots of a process without end: a third of its samples changes each time, one of them only grows."""
    rng = np.random.default_rng(seed)
    made = pb.Profile.FromString(encoded(Shape(samples), seed))
    made.mapping[0].build_id = len(made.string_table)
    made.string_table.append("as Go's have one")
    place = {one.id: _place(int(made.string_table[one.name].rpartition("Handle")[2])) for one in made.function}
    for function in made.function:
        function.start_line = LINES * place[function.id] + START
    for line in (line for location in made.location for line in location.line):
        line.line += LINES * place[line.function_id]
    values = np.array([s.value for s in made.sample])
    size = np.maximum(values[:, 1] // np.maximum(values[:, 0], 1), 1)
    for number in range(1 << 30):
        yield _written(made, values, BEGIN + number * STEP)
        turned = np.flatnonzero(rng.random(samples) < 0.3)
        came = rng.integers(1, 50, len(turned))
        values[turned, 0] += came
        values[turned, 2] = rng.integers(0, np.minimum(values[turned, 2] + came, 49) + 1)
        values[0, 2] = (number + 1) * (8 << 20) // size[0]
        values[0, 0] = values[0, 2]
        values[:, 1], values[:, 3] = values[:, 0] * size, values[:, 2] * size


def _written(made: pb.Profile, values: np.ndarray, seconds: int) -> bytes:
    made.time_nanos = seconds * 10**9
    for sample, row in zip(made.sample, values.tolist(), strict=True):
        sample.value[:] = row
    return gzip.compress(made.SerializeToString(), 1, mtime=0)
