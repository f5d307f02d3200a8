"""The table from addresses to frames of one binary, made in a process of its own.

The library that makes it ends the process when debug information is damaged in some ways; then only that one ends.

python -m alloclens.store.symcache PATH BUILD_ID      writes the table to standard output
"""

from __future__ import annotations

import importlib
import subprocess
import sys
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from alloclens.store.binaries import archive, first_line, plain

if TYPE_CHECKING:
    from alloclens.store.listing import Stamp

LONGEST = 600
"""Seconds. A program with a gigabyte of debug information takes some tens."""


@lru_cache(maxsize=16)
def symcache(path: str, _stamp: Stamp, build_id: str) -> Any:
    """Return the table of one object of a file, as symbolic.SymCache. Raises ValueError, OSError or symbolic's errors."""
    command = [sys.executable, "-m", "alloclens.store.symcache", path, build_id]
    made = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False, timeout=LONGEST)
    if made.returncode:
        said = made.stderr.decode("utf-8", "replace").strip()
        raise ValueError(said if made.returncode == 1 else "it is damaged")
    return importlib.import_module("symbolic.symcache").SymCache.from_bytes(made.stdout)


def main(path: str, build_id: str) -> None:
    """Write the table of the object that has this build id."""
    for found in archive(path).iter_objects():
        if plain(found.code_id or "") == build_id:
            found.make_symcache().dump_into(sys.stdout.buffer)
            return
    raise LookupError("it has become another build meanwhile")


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except Exception as error:  # noqa: BLE001 - whatever the file holds
        sys.exit(first_line(error))
