"""A series of snapshots in which one line leaks and another is a cache that has filled up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support.profiles import drop, heap

if TYPE_CHECKING:
    from pathlib import Path

MB = 1 << 20


def drop_series(folder: Path, steps: int, *, each: int = 9, outermost: str = "") -> list[Path]:
    """Write a series for the module of `folder`; an outermost frame may be added to every stack.

    The dependency's allocation grows at every step, by `each` MB. The cache of main.go:11 is full from the second on.
    """
    main, dep = folder / "main.go", folder / "vendor/example.com/dep/dep.go"
    end = outermost and f" < {outermost}"
    return [
        drop(
            folder / f"profiles/{i:03}.pb.gz",
            heap(
                f"example.com/dep.New:3@{dep}:4 < main.serve:5@{main}:6{end} = {1 + each * i}x{MB}",
                f"main.keep:10@{main}:11 < main.serve:5@{main}:7{end} = {min(i, 1) * 40}x{MB}",
            ),
        )
        for i in range(steps)
    ]
