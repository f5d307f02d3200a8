"""Where the binaries of a process lay: what a text profile ends with, as Linux's /proc/self/maps writes it or shorter."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from alloclens.profile.model import Mappings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from numpy.typing import NDArray

    Ints = NDArray[np.int64]

SENTINELS = ("--- Memory map: ---", "MAPPED_LIBRARIES:")
LONGEST_LINE = 4096
"""Characters; the longest path that Linux allows."""
RANGE = r"\s*(?:0x)?(?P<start>[0-9a-fA-F]+)[\s-]?\s*(?:0x)?(?P<limit>[0-9a-fA-F]+):?(?:\s+(?P<mode>[-rwxp]+))?"
PROC = re.compile(RANGE + r"(?:\s+(?P<offset>[0-9a-fA-F]+))?\s+[0-9a-fA-F]+:[0-9a-fA-F]+\s+\d+(?:\s+(?P<file>\S+))?")
BRIEF = re.compile(
    RANGE + r"(?:\s+(?P<file>\S+))?(?:\s+\(@(?P<offset>[0-9a-fA-F]+)\))?(?:\s+(?P<build_id>[0-9a-fA-F]+))?"
)
LIBRARY = re.compile(r"[.]so$|[.]so[._][0-9]+")
LOG_PREFIX = re.compile(r"^[^\[\]]+:[0-9]+]\s")
FIRST_TEXT = 0x400000
"""Where Linux puts a program that is not position-independent."""
HUGE_PAGES = "/anon_hugepage"
MOST_ADDRESSES = 1 << 64


class Region(NamedTuple):
    """A piece of a file in memory, at start <= address < limit."""

    start: int
    limit: int
    offset: int
    file: str
    build_id: str


@dataclass(frozen=True)
class MemoryMap:
    """All executable regions, the program's own first."""

    regions: tuple[Region, ...]

    def placed(self, address: NDArray[np.uint64], strings: Callable[[Iterable[str]], Ints]) -> tuple[Mappings, Ints]:
        """Return the regions as Mappings, and the row of the one that each address lies in.

        What lies in none gets a region of its own without a name, as in pprof; an address of 0 lies nowhere.
        """
        regions, row = list(self.regions), np.full(len(address), -1)
        for i, region in enumerate(regions):
            row[(row < 0) & _within(address, region.start, region.limit)] = i
        for i, region in enumerate(regions):  # writers that left out the first part of a file
            hit = (row < 0) & _within(address, region.start - region.offset, region.start)
            if region.offset and hit.any():
                regions[i] = region._replace(start=region.start - region.offset, offset=0)
                row[hit] = i
        row[address == 0] = -1
        if (lost := (row < 0) & (address != 0)).any():
            row[lost] = len(regions)
            regions.append(Region(0, MOST_ADDRESSES - 1, 0, "", ""))
        return _mappings(regions, strings), row


NO_MAP = MemoryMap(())


def memory_map(lines: Iterable[str]) -> MemoryMap:
    """Read the lines behind a sentinel; those that are no regions are passed over."""
    regions = _main_first(_joined(_regions(lines)))
    if len(regions) > 1 and regions[0].file.startswith(HUGE_PAGES) and regions[0].limit == regions[1].start:
        regions = regions[1:]
    if regions and regions[0].start - regions[0].offset == FIRST_TEXT:
        regions[0] = regions[0]._replace(start=FIRST_TEXT, offset=0)
    return MemoryMap(tuple(regions))


def _regions(lines: Iterable[str]) -> Iterator[Region]:
    values: dict[str, str] = {}
    for line in lines:
        if len(line) > LONGEST_LINE:
            continue
        text = LOG_PREFIX.sub("", line)
        for name, value in values.items():
            text = text.replace(name, value)
        if found := PROC.match(text) or BRIEF.match(text):
            parts = found.groupdict()
            if "x" in (parts["mode"] or "x") and (region := _region(parts)):
                yield region
        elif "=" in text:  # name=value: $name stands for it from here on
            name, _, value = text.partition("=")
            values["$" + name.strip()] = value.strip()


def _region(parts: dict[str, str | None]) -> Region | None:
    start, limit, offset = (int(parts[name] or "0", 16) for name in ("start", "limit", "offset"))
    if max(start, limit, offset) >= MOST_ADDRESSES:
        return None
    return Region(start, limit, offset, parts["file"] or "", parts.get("build_id") or "")


def _joined(regions: Iterable[Region]) -> list[Region]:
    """Make one of neighbours that are parts of one file."""
    out: list[Region] = []
    for region in regions:
        if out and _follows(out[-1], region):
            before = out.pop()
            file, build_id = region.file or before.file, region.build_id or before.build_id
            region = before._replace(limit=region.limit, file=file, build_id=build_id)  # noqa: PLW2901
        out.append(region)
    return out


def _follows(before: Region, after: Region) -> bool:
    differ = (a and b and a != b for a, b in ((before.file, after.file), (before.build_id, after.build_id)))
    next_offset = before.offset + before.limit - before.start
    gap = before.offset and after.offset and next_offset != after.offset
    return before.limit == after.start and not any(differ) and not gap


def _main_first(regions: list[Region]) -> list[Region]:
    for i, region in enumerate(regions):
        file = region.file.replace("(deleted)", "").strip()
        if file and not file.startswith("[") and not LIBRARY.search(file):
            regions[0], regions[i] = region, regions[0]
            break
    return regions


def _within(address: NDArray[np.uint64], start: int, limit: int) -> NDArray[np.bool_]:
    if start < 0 or limit <= start:
        return np.zeros(len(address), np.bool_)
    return (np.uint64(start) <= address) & (address < np.uint64(limit))


def _mappings(regions: list[Region], strings: Callable[[Iterable[str]], Ints]) -> Mappings:
    numbers = np.array([(r.start, r.limit, r.offset) for r in regions], np.uint64).reshape(-1, 3).view(np.int64)
    start, limit, offset = numbers.T
    return Mappings(strings(r.file for r in regions), strings(r.build_id for r in regions), start, limit, offset)
