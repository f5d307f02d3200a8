"""The table from addresses to frames of one binary, made in a process of its own.

The library that makes it ends the process when debug information is damaged in some ways; then only that one ends.
"""

from __future__ import annotations

import importlib
import io
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from alloclens.symbols.binaries import archive, first_line, plain
from alloclens.worker import SECONDS, Lost, Worker

if TYPE_CHECKING:
    from alloclens.disk import Stamp

BYTES_PER_SECOND = 8 << 20
"""A program with a gigabyte of debug information takes some tens of seconds; a busy machine, several times that."""


@lru_cache(maxsize=16)
def symcache(path: str, stamp: Stamp, build_id: str) -> Any:
    """Return the table of one object of a file, as symbolic.SymCache. Raises ValueError, or symbolic's errors."""
    worker = Worker(is_quiet=True)  # the library prints what it makes of a damaged file
    try:
        table = worker.run(_table, path, build_id, seconds=SECONDS + stamp.size / BYTES_PER_SECOND)
    except Lost as error:
        raise ValueError(str(error)) from error
    finally:
        worker.stop()
    return importlib.import_module("symbolic.symcache").SymCache.from_bytes(table)


def _table(path: str, build_id: str) -> bytes:
    """Return the table of the object that has this build id. Raises ValueError, whatever the file holds."""
    try:
        for found in archive(path).iter_objects():
            if plain(found.code_id or "") == build_id:
                found.make_symcache().dump_into(table := io.BytesIO())
                return table.getvalue()
    except Exception as error:
        raise ValueError(first_line(error)) from error
    raise ValueError("it has become another build meanwhile")
