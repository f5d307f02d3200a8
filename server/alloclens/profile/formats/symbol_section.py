"""The symbol section that pprof's and jeprof's `--raw` put before a profile.

`--- symbol`, `binary=/opt/app`, then `0x0000000000401234 main--f` for each address, `---`, and the profile itself,
usually after a line such as `--- heap`. Source: gperftools' pprof and jeprof, PrintSymbolizedProfile and ReadSymbols.
"""

from __future__ import annotations

import re

from alloclens.profile.errors import Malformed
from alloclens.profile.formats.text import decoded
from alloclens.profile.model import Frame

MARK = re.compile(rb"--- ?symbol\r?\n")
END = re.compile(rb"^---[ \t]*\r?\n(?:--- ?(?:heap|growth|profile|contention)[ \t]*\r?\n)?", re.MULTILINE)
SYMBOL = re.compile(r"^0x([0-9a-fA-F]{1,16})[ \t]+(\S[^\r\n]*)", re.MULTILINE)
INLINED = re.compile(r"(?<!operator)--")
"""Separates the names of one address; the last is the innermost."""

Names = dict[int, list[Frame]]
"""The frames of each address, innermost first."""


def split(data: bytes) -> tuple[Names, bytes]:
    """Return the names and the profile after them. Raises Malformed."""
    mark = MARK.match(data)
    if not mark:
        return {}, data
    end = END.search(data, mark.end())
    if not end:
        raise Malformed("no profile follows the symbols: the file was copied or written only in part")
    symbols = SYMBOL.findall(decoded(data[mark.end() : end.start()]))
    return {int(address, 16): _frames(names) for address, names in symbols}, data[end.end() :]


def _frames(names: str) -> list[Frame]:
    return [Frame(name.strip(), "", 0) for name in reversed(INLINED.split(names))]
