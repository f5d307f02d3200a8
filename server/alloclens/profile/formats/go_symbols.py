"""The comments of Go's text profiles (debug=1): what each address of a stack means, and its labels.

`#	0x46a2b0	main.fill+0x10	/w/main.go:12` follows the sample; inlined calls share an address, innermost first. Source:
runtime/pprof's printStackRecord.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from alloclens.profile.formats.addresses import Label
from alloclens.profile.model import Frame

if TYPE_CHECKING:
    from collections.abc import Iterator

SYMBOL = re.compile(r"^#\t0x([0-9a-f]{1,16})\t([^\t\n]+)\+0x[0-9a-f]+\t+([^\t\n]+):(\d{1,18})$", re.MULTILINE)
SAMPLE_OR_LABELS = re.compile(r"^(?:(-?\d+)[: ]|# labels: (\{[^\n]*\})$)", re.MULTILINE)


def symbols(text: str) -> dict[int, list[Frame]]:
    """Return the frames of each address: the call itself, one before where it returns to."""
    out: dict[int, list[Frame]] = {}
    for address, function, file, line in SYMBOL.findall(text):
        frames = out.setdefault(int(address, 16), [])
        if (frame := Frame(function.strip(), file, int(line))) not in frames:
            frames.append(frame)
    return out


def labels(text: str) -> Iterator[Label]:
    """Return the labels of the samples of a text."""
    sample = -1
    for begin, given in SAMPLE_OR_LABELS.findall(text):
        sample += bool(begin)
        if given and sample >= 0:
            yield from (Label(sample, key, value) for key, value in _labels(given).items())


def _labels(given: str) -> dict[str, str]:
    try:
        found = json.loads(given)
    except ValueError:  # Go quotes some characters in another way than JSON
        return {}
    return {str(key): str(value) for key, value in found.items()}
