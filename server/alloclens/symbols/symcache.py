"""Builds the table from addresses to frames of a binary, in a separate process.

The library aborts the process for some kinds of damaged debug information.
"""

from __future__ import annotations

import importlib
import io
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from alloclens.symbols.binaries import archive, first_line, plain

if TYPE_CHECKING:
    from alloclens.disk import Stamp

BYTES_PER_SECOND = 8 << 20
"""A gigabyte of debug information takes some tens of seconds, several times that on a busy machine."""


@lru_cache(maxsize=16)
def symcache(path: str, stamp: Stamp, build_id: str) -> Any:
    """Return the symbolic.SymCache of one object of a file. Raises ValueError, or symbolic's errors."""
    from alloclens.worker import SECONDS, Lost, Worker  # noqa: PLC0415 - few profiles need a binary

    worker = Worker(is_quiet=True)  # the library prints about damaged files
    try:
        table = worker.run(_table, path, build_id, seconds=SECONDS + stamp.size / BYTES_PER_SECOND)
    except Lost as error:
        raise ValueError(str(error)) from error
    finally:
        worker.stop()
    return importlib.import_module("symbolic.symcache").SymCache.from_bytes(table)


def _table(path: str, build_id: str) -> bytes:
    """Return the table of the object with this build id. All errors become ValueError."""
    try:
        for candidate in archive(path).iter_objects():
            if plain(candidate.code_id or "") == build_id:
                candidate.make_symcache().dump_into(table := io.BytesIO())
                return table.getvalue()
    except Exception as error:
        raise ValueError(first_line(error)) from error
    raise ValueError("it has become another build meanwhile")
