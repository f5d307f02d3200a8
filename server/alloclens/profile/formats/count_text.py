"""Text profiles of counts: Go's goroutine, threadcreate and custom profiles (debug=1).

`goroutine profile: total 9`, then `2 @ 0x103b125 …` for each stack. Source: runtime/pprof's printCountProfile.
"""

from __future__ import annotations

import re

from alloclens.profile.errors import Unrecognized
from alloclens.profile.formats.addresses import Stacks, addresses, assemble
from alloclens.profile.formats.go_symbols import labels, symbols
from alloclens.profile.formats.text import PROFILERS, before_the_next_section, decoded, matches, sections, whole
from alloclens.profile.model import Profile, ValueType

MARK = b" profile: total "
HEADER = re.compile(r"(\S+) profile: total \d+$")
SAMPLE = re.compile(r"(\d+) @((?: 0x[0-9a-f]+)*)$")


def parse(data: bytes) -> Profile:
    """Parse a profile. Raises Unrecognized or Malformed."""
    if MARK not in data[:4096]:
        raise Unrecognized("not a text profile of counts")
    text = decoded(data)
    cut = sections(text)
    header = HEADER.match(cut.header)
    if not header:
        raise Unrecognized("not a text profile of counts")
    lines = before_the_next_section(cut.body.split("\n"))
    samples = matches(SAMPLE, lines)
    kind = ValueType(header[1], "count")
    depth, address = addresses([match[2] for match in samples], callers=True)
    return assemble(
        (kind,),
        Stacks(whole([match[1] for match in samples]).reshape(-1, 1), depth, address),
        memory_map=cut.memory_map,
        symbols=symbols(text),
        labels=labels(lines),
        period=1,
        period_type=kind,
        drop_frames=PROFILERS,
    )
