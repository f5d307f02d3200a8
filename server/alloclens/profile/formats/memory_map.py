"""The memory map at the end of a text profile, in the format of Linux's /proc/self/maps or a shorter one."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from alloclens.profile.errors import Malformed
from alloclens.profile.model import Mappings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    from alloclens.arrays import Ints, Mask


SENTINELS = ("--- Memory map: ---", "MAPPED_LIBRARIES:")
MAX_MAP_LINE_CHARACTERS = 4096
"""The longest path that Linux allows."""
HEX = r"[0-9a-fA-F]{1,16}"  # no longer: start and limit may be adjacent, and every split is tried
RANGE = rf"\s*(?:0x)?(?P<start>{HEX})[\s-]?\s*(?:0x)?(?P<limit>{HEX}):?(?:\s+(?P<mode>[-rwxp]+))?"
PROC = re.compile(
    RANGE
    + r"(?:\s+(?P<offset>[0-9a-fA-F]+))?\s+[0-9a-fA-F]+:[0-9a-fA-F]+\s+\d+(?:\s+(?P<file>\S+)(?P<deleted> \(deleted\))?)?"
)
BRIEF = re.compile(
    RANGE + r"(?:\s+(?P<file>\S+))?(?:\s+\(@(?P<offset>[0-9a-fA-F]+)\))?(?:\s+(?P<build_id>[0-9a-fA-F]+))?"
)
MAX_VARIABLE_CHARACTERS, MAX_VALUE_CHARACTERS = 64, 1024
MAX_NAMES = 64
"""Names that are substituted in paths; a map has a few."""
LIBRARY = re.compile(r"[.]so$|[.]so[._][0-9]+")
LOG_PREFIX = re.compile(r"^[^\[\]]+:[0-9]+]\s")
DEFAULT_TEXT_ADDRESS = 0x400000
"""Load address of programs on Linux that are not position-independent."""
HUGE_PAGES = "/anon_hugepage"
ADDRESS_SPACE = 1 << 64
NO_REGION = -2
MAX_REGIONS = 10_000
"""Executable regions; Linux allows 65,530 regions of all kinds."""
MAX_MENDED_REGIONS = 256
"""Regions extended to their beginning; each takes a pass over all regions."""


class Region(NamedTuple):
    """A part of a file in memory, at start <= address < limit."""

    start: int
    limit: int
    offset: int
    file: str
    build_id: str
    is_replaced: bool = False
    """Whether the file was deleted or replaced while the program ran, as Linux says."""


@dataclass(frozen=True)
class MemoryMap:
    """All executable regions, the program's first."""

    regions: tuple[Region, ...]

    @property
    def replaced(self) -> frozenset[str]:
        """The files that were replaced while the program ran."""
        return frozenset(region.file for region in self.regions if region.is_replaced)

    def placed(
        self, address: NDArray[np.uint64], seen: Ints, strings: Callable[[Iterable[str]], Ints]
    ) -> tuple[Mappings, Ints]:
        """Return the regions as Mappings, and the region of each of the sorted addresses.

        As in pprof, addresses outside all regions get a nameless one, except 0. `seen` is the first position of each
        address in the file. Some writers omit the first part of a file: as in pprof, a region is extended to its
        beginning if that covers the first address outside all regions.
        """
        regions, row = list(self.regions), np.full(len(address), -1)
        for i, (begin, end) in reversed(list(enumerate(_held(address, regions)))):  # the first region wins
            row[begin:end] = i
        row[address == 0] = NO_REGION
        mended = 0
        while (lost := row == -1).any():
            at = np.flatnonzero(lost)[seen[lost].argmin()]
            begun = _first_part(regions, int(address[at])) if mended < MAX_MENDED_REGIONS else None
            mended += 1
            if begun is None:
                row[lost] = len(regions)
                regions.append(Region(0, ADDRESS_SPACE - 1, 0, "", ""))
                break
            region, regions[begun] = regions[begun], _from_its_beginning(regions[begun])
            hit = _within(address, regions[begun].start, region.start)
            row[hit & (seen >= seen[at]) & (lost | (row > begun))] = begun
        return _mappings(regions, strings), np.maximum(row, -1)


NO_MAP = MemoryMap(())


def memory_map(lines: Iterable[str]) -> MemoryMap:
    """Parse the lines after a sentinel, ignoring lines that are not regions. Raises Malformed."""
    parsed = list(islice(_regions(lines), MAX_REGIONS + 1))
    if len(parsed) > MAX_REGIONS:
        raise Malformed(f"a memory map of more than {MAX_REGIONS} regions")
    regions = _main_first(_joined(parsed))
    if len(regions) > 1 and regions[0].file.startswith(HUGE_PAGES) and regions[0].limit == regions[1].start:
        regions = regions[1:]
    if regions and regions[0].start - regions[0].offset == DEFAULT_TEXT_ADDRESS:
        regions[0] = regions[0]._replace(start=DEFAULT_TEXT_ADDRESS, offset=0)
    return MemoryMap(tuple(regions))


def _regions(lines: Iterable[str]) -> Iterator[Region]:
    values: dict[str, str] = {}
    names = re.compile("(?!)")
    for line in lines:
        if len(line) > MAX_MAP_LINE_CHARACTERS:
            continue
        text = names.sub(lambda name: values[name[0]], LOG_PREFIX.sub("", line))
        if len(text) > MAX_MAP_LINE_CHARACTERS:  # nested substitutions may grow without bound
            continue
        if match := PROC.match(text) or BRIEF.match(text):
            parts = match.groupdict()
            if "x" in (parts["mode"] or "x") and (region := _region(parts)):
                yield region
        elif "=" in text and len(values) < MAX_NAMES:  # name=value: $name is substituted from here on
            name, _, value = text.partition("=")
            key = "$" + name.strip()
            if key not in values and len(key) <= MAX_VARIABLE_CHARACTERS:  # as in pprof, the first value wins
                values[key] = value.strip()[:MAX_VALUE_CHARACTERS]
                names = re.compile("|".join(map(re.escape, values)))


def _region(parts: dict[str, str | None]) -> Region | None:
    start, limit, offset = (int(parts[name] or "0", 16) for name in ("start", "limit", "offset"))
    if max(start, limit, offset) >= ADDRESS_SPACE:
        return None
    return Region(
        start, limit, offset, parts["file"] or "", parts.get("build_id") or "", is_replaced=bool(parts.get("deleted"))
    )


def _joined(regions: Iterable[Region]) -> list[Region]:
    """Merge adjacent regions of one file."""
    out: list[Region] = []
    for region in regions:
        if out and _follows(out[-1], region):
            before = out.pop()
            file, build_id = region.file or before.file, region.build_id or before.build_id
            out.append(before._replace(limit=region.limit, file=file, build_id=build_id))
        else:
            out.append(region)
    return out


def _follows(before: Region, after: Region) -> bool:
    differ = (a and b and a != b for a, b in ((before.file, after.file), (before.build_id, after.build_id)))
    next_offset = (before.offset + before.limit - before.start) % ADDRESS_SPACE
    gap = before.offset and after.offset and next_offset != after.offset
    return before.limit == after.start and not any(differ) and not gap


def _main_first(regions: list[Region]) -> list[Region]:
    for i, region in enumerate(regions):
        file = region.file.replace("(deleted)", "").strip()
        if file and not file.startswith("[") and not LIBRARY.search(file):
            regions[0], regions[i] = region, regions[0]
            break
    return regions


def _first_part(regions: list[Region], address: int) -> int | None:
    """Return the first region that, extended to its beginning, contains an address."""
    may = (i for i, r in enumerate(regions) if r.offset and 0 <= r.start - r.offset <= address < r.start)
    return next(may, None)


def _from_its_beginning(region: Region) -> Region:
    return region._replace(start=region.start - region.offset, offset=0)


def _held(address: NDArray[np.uint64], regions: Sequence[Region]) -> list[list[int]]:
    """Return the range of each region in the sorted addresses."""
    bounds = np.array([(r.start, max(r.start, r.limit)) for r in regions], np.uint64).reshape(-1, 2)
    held: list[list[int]] = np.searchsorted(address, bounds).tolist()
    return held


def _within(address: NDArray[np.uint64], start: int, limit: int) -> Mask:
    return (np.uint64(start) <= address) & (address < np.uint64(limit))


def _mappings(regions: list[Region], strings: Callable[[Iterable[str]], Ints]) -> Mappings:
    numbers = np.array([(r.start, r.limit, r.offset) for r in regions], np.uint64).reshape(-1, 3).view(np.int64)
    start, limit, offset = numbers.T
    return Mappings(strings(r.file for r in regions), strings(r.build_id for r in regions), start, limit, offset)
