"""Tables from addresses to frames of units whose debug information is in .dwo and .dwp files, each made when it is needed."""

from __future__ import annotations

import importlib
import io
import os
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from alloclens.disk import open_file
from alloclens.symbols import split
from alloclens.symbols.binaries import first_line
from alloclens.symbols.symcache import BYTES_PER_SECOND

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alloclens.disk import Stamp
    from alloclens.symbols.layout import Layout

MAX_UNITS = 2000
"""Units of one program that are read; the addresses of a profile are in far fewer."""


class UnitTable(NamedTuple):
    """A unit of a program."""

    ranges: tuple[tuple[int, int], ...]
    """Where its code begins and ends, relative to the lowest address of the program."""
    table: Any
    """A symbolic.SymCache; None if its debug information is not here."""

    def has(self, address: int) -> bool:
        """Return whether an address is in its code."""
        return any(begin <= address < end for begin, end in self.ranges)


class Program:
    """The units of a program that were asked for."""

    def __init__(self, path: str, size: int, where: Layout, files: Sequence[str]) -> None:
        self._path = path
        self._seconds = size / BYTES_PER_SECOND
        self._where = where
        self._files = files
        self._units: list[UnitTable] = []

    def tables(self, addresses: Sequence[int]) -> dict[int, Any]:
        """Return the symbolic.SymCache of each of these addresses, relative to the lowest one, that is in a known unit.

        Raises ValueError.
        """
        known = {address: unit for address in addresses if (unit := self._of(address))}
        if rest := [address for address in addresses if address not in known]:
            self._units += self._read(rest)
            known |= {address: unit for address in rest if (unit := self._of(address))}
        return {address: unit.table for address, unit in known.items() if unit.table}

    def _of(self, address: int) -> UnitTable | None:
        return next((unit for unit in self._units if unit.has(address)), None)

    def _read(self, addresses: Sequence[int]) -> list[UnitTable]:
        """Read the units of some addresses, in a process of its own: damaged data can end it."""
        from alloclens.worker import SECONDS, Lost, Worker  # noqa: PLC0415 - few profiles need a binary

        worker = Worker(is_quiet=True)
        try:
            read = worker.run(
                _units,
                self._path,
                self._files,
                self._where.base,
                self._where.machine,
                addresses,
                seconds=SECONDS + self._seconds,
            )
        except Lost as error:
            raise ValueError(str(error)) from error
        finally:
            worker.stop()
        symcache = importlib.import_module("symbolic.symcache").SymCache
        units = [UnitTable(ranges, symcache.from_bytes(table) if table else None) for ranges, table in read]
        left = [address for address in addresses if not any(unit.has(address) for unit in units)]
        return [*units, UnitTable(tuple((address, address + 1) for address in left), None)]  # not asked for again


@lru_cache(maxsize=16)
def program(path: str, stamp: Stamp, where: Layout, files: Sequence[str]) -> Program:
    """Return the units of a program; `files` are the .dwo and .dwp files in which their debug information may be."""
    return Program(path, stamp.size, where, files)


def _units(
    path: str, files: Sequence[str], base: int, machine: int, addresses: Sequence[int]
) -> list[tuple[tuple[tuple[int, int], ...], bytes]]:
    """Return the ranges and the table of each unit of these addresses; b"" without debug information. All errors become ValueError."""
    out: list[tuple[tuple[tuple[int, int], ...], bytes]] = []
    left = split.MAX_RANGES
    try:
        of = _sections(path)
        for unit in split.skeletons(of):
            ranges = tuple((begin - base, end - base) for begin, end in unit.ranges)
            is_wanted = any(begin <= address < end for begin, end in ranges for address in addresses)
            if is_wanted and len(out) < MAX_UNITS and len(ranges) <= left:
                left -= len(ranges)
                out.append((ranges, _table(of, unit, files, base, machine)))
    except Exception as error:
        raise ValueError(first_line(error)) from error
    return out


def _table(of: split.DebugSections, unit: split.Skeleton, files: Sequence[str], base: int, machine: int) -> bytes:
    named = [path for path in files if os.path.basename(path) == os.path.basename(unit.file)]
    for path in (*named, *(path for path in files if path.endswith(split.PACKAGE))):
        try:
            part = split.contribution(_sections(path), unit.id)
        except (OSError, ValueError):  # another one may be whole
            continue
        if part:
            data = split.joined(of, unit, part, base, machine)
            archive = importlib.import_module("symbolic.debuginfo").Archive.from_bytes(data)
            (whole,) = archive.iter_objects()
            whole.make_symcache().dump_into(table := io.BytesIO())
            return table.getvalue()
    return b""


@lru_cache(maxsize=64)
def _sections(path: str) -> split.DebugSections:
    with open_file(path) as file:
        return split.sections(file)
