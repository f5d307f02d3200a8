"""Parses the comments of Go's text profiles (debug=1): symbols of addresses, and labels.

`#	0x46a2b0	main.fill+0x10	/w/main.go:12` follows the sample; inlined calls share an address, innermost first. Source:
runtime/pprof's printStackRecord.
"""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING

from alloclens.profile.formats.addresses import Label
from alloclens.profile.model import Frame

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

SYMBOL = re.compile(r"^#\t0x([0-9a-f]{1,16})\t([^\t\n]+)\+0x[0-9a-f]+\t+([^\t\n]+):(\d{1,18})\r?$", re.MULTILINE)
QUOTED = r'"((?:[^"\\]|\\.)*)"|([\w./]*)'
PAIR = re.compile(rf"(?:{QUOTED}): ?(?:{QUOTED})(?:, |$)")
ESCAPE = re.compile(r"""\\([abfnrtv\\"]|x[0-9a-f]{2}|u[0-9a-f]{4}|U[0-9a-f]{8})""")
ESCAPES = dict(zip('abfnrtv\\"', '\a\b\f\n\r\t\v\\"', strict=True))
LABELS = re.compile(r"# labels: \{(.*)\}$")
SURROGATES = range(0xD800, 0xE000)


def symbols(text: str) -> dict[int, list[Frame]]:
    """Return the frames of each address, which is the call's: the return address minus 1."""
    out: dict[int, dict[Frame, None]] = {}
    for address, function, file, line in SYMBOL.findall(text):
        out.setdefault(int(address, 16), {})[Frame(function.strip(), file, int(line))] = None
    return {address: list(frames) for address, frames in out.items()}


def labels(lines: Iterable[str]) -> Iterator[Label]:
    """Yield the labels of the samples of a text. A line that is neither blank nor a comment is a sample."""
    sample = -1
    for line in map(str.strip, lines):
        sample += bool(line) and not line.startswith("#")
        if sample >= 0 and (match := LABELS.match(line)):
            yield from (Label(sample, key, value) for key, value in pairs(match[1]).items())


def pairs(text: str) -> dict[str, str]:
    """Parse labels such as `"a":"b", "c":"d"`. Go quotes with %q, in tracebacks only if needed."""
    out, at = {}, 0
    while match := PAIR.match(text, at):  # a search would retry at every character
        out[_plain(match[1] or match[2])] = _plain(match[3] or match[4] or "")
        at = match.end()
    return out


def _plain(quoted: str) -> str:
    return ESCAPE.sub(lambda match: _character(match[1]), quoted) if "\\" in quoted else quoted


def _character(escape: str) -> str:
    if escape in ESCAPES:
        return ESCAPES[escape]
    number = int(escape[1:], 16)
    is_byte = escape[0] == "x" and number > 0x7F  # a byte that is not UTF-8 stays escaped
    return "\\" + escape if is_byte or number > sys.maxunicode or number in SURROGATES else chr(number)
