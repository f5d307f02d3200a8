"""The table at the end of Java's profiles: ` 0x3 com.example.Main.run (Main.java:12)` says what a location is."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from alloclens.profile.formats.memory_map import MAX_LINE_CHARACTERS
from alloclens.profile.model import Frame

if TYPE_CHECKING:
    from collections.abc import Iterable

LOCATION = re.compile(r"\s*0x([0-9a-fA-F]{1,16})\s+(\S.*)")
BRACKET = re.compile(r"(.*)\s\((.*)")
FILE = re.compile(r"(.*)\s\((.+)")
LINE = re.compile(r"-?\d{1,18}\)")
STUB = "generated stub/JIT"


def symbols(lines: Iterable[str], used: set[int]) -> dict[int, list[Frame]]:
    """Return the frame of each location in use. A function is of one file: the first that it is seen with."""
    out: dict[int, list[Frame]] = {}
    files: dict[str, str] = {}
    for line in lines:
        found = LOCATION.match(line) if len(line) <= MAX_LINE_CHARACTERS else None
        if found and (address := int(found[1], 16)) in used:
            frame = _frame(found[2].strip())
            file = files.setdefault(frame.function, frame.file)
            out[address] = [frame._replace(file=file)]
    return out


def _frame(text: str) -> Frame:
    """Read what a location is: a line, a function of a library, or a state of the virtual machine."""
    before, _, line = text.rpartition(":")  # in two steps, as one pattern would take long over many brackets
    if LINE.fullmatch(line) and (found := FILE.fullmatch(before)):
        return Frame(found[1], found[2], max(int(line[:-1]), 0))
    if text.endswith(")") and (found := BRACKET.fullmatch(text[:-1])):
        return Frame(found[1], posixpath.basename(found[2]), 0)
    return Frame("STUB" if STUB in text else text, "", 0)
