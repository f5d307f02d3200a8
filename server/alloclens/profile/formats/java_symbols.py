"""Parses the symbol table of Java's profiles: ` 0x3 com.example.Main.run (Main.java:12)`."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from alloclens.profile.formats.memory_map import MAX_MAP_LINE_CHARACTERS
from alloclens.profile.model import Frame

if TYPE_CHECKING:
    from collections.abc import Iterable

LOCATION = re.compile(r"\s*0x([0-9a-fA-F]{1,16})\s+(\S.*)")
BRACKET = re.compile(r"(.*)\s\((.*)")
FILE = re.compile(r"(.*)\s\((.+)")
LINE = re.compile(r"-?\d{1,18}\)")
STUB = "generated stub/JIT"


def symbols(lines: Iterable[str], used: set[int]) -> dict[int, list[Frame]]:
    """Return the frame of each used location. A function belongs to the first file it appears with."""
    out: dict[int, list[Frame]] = {}
    files: dict[str, str] = {}
    for line in lines:
        match = LOCATION.match(line) if len(line) <= MAX_MAP_LINE_CHARACTERS else None
        if match and (address := int(match[1], 16)) in used:
            frame = _frame(match[2].strip())
            file = files.setdefault(frame.function, frame.file)
            out[address] = [frame._replace(file=file)]
    return out


def _frame(text: str) -> Frame:
    """Parse a location: a line, a library function, or a state of the virtual machine."""
    before, _, line = text.rpartition(":")  # in two steps: one pattern would be slow with many brackets
    if LINE.fullmatch(line) and (match := FILE.fullmatch(before)):
        return Frame(match[1], match[2], max(int(line[:-1]), 0))
    if text.endswith(")") and (match := BRACKET.fullmatch(text[:-1])):
        return Frame(match[1], posixpath.basename(match[2]), 0)
    return Frame("STUB" if STUB in text else text, "", 0)
