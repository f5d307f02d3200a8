r"""Stack traces of all goroutines (debug=2, or a crash, also in a log): one sample for each goroutine.

`goroutine 22 [chan receive, 5 minutes]:`, then for each frame the function with its arguments and, below it,
`\t/w/main.go:165 +0x2a`. The last one may be `created by main.main in goroutine 1`: the go statement. A blank line ends
a goroutine. Lines that are not frames, such as `...23 frames elided...`, are ignored. `[chan receive (leaked)]` was found by
the garbage collector: if there is one, these goroutines have a sample type of their own. Source: Go's runtime, traceback.go.
"""

from __future__ import annotations

import re
from typing import NamedTuple

import numpy as np

from alloclens.profile.errors import Unrecognized
from alloclens.profile.formats.addresses import Label, Stacks, assemble
from alloclens.profile.formats.go_symbols import pairs
from alloclens.profile.formats.text import decoded
from alloclens.profile.model import Frame, Profile, ValueType
from alloclens.profile.sample_types import LEAKED

HEADER = re.compile(rb"goroutine \d{1,19} [^\[\n]*\[[^\n]*:\r?$", re.MULTILINE)
"""Searched for in any bytes, also after a prefix; LINE is stricter."""
LINE = re.compile(
    r"^goroutine (?P<id>\d{1,19}) [^\[\n]*\[(?P<state>[^\]\n]{0,300}?)(?: labels:\{|\])(?P<rest>[^\n]*):$"
    r"|^(?P<created>created by )?(?P<function>\S[^\n]*)\n(?:\t| {4,8})(?P<file>\S[^\n]*):(?P<line>\d{1,18})"
    r"(?: (?:\+0x|fp=|pc=)[^\n]*)?$"
    r"|^(?P<end>\[originating from goroutine [^\n]*)?$",
    re.MULTILINE,
)
NEWLINE = ord("\n")
ARGUMENTS = re.compile(r"\([^()]*\)$")
CREATOR = re.compile(r" in goroutine \d+$")
MINUTES = re.compile(r"(\d{1,9}) minutes")
LEAKED_STATE = " (leaked)"
GOROUTINE = ValueType("goroutine", "count")


class _Goroutine(NamedTuple):
    state: str
    labels: dict[str, str]
    frames: list[Frame]


def parse(data: bytes) -> Profile:
    """Parse a profile. Raises Unrecognized."""
    if not any(match.start() == 0 or data[match.start() - 1] == NEWLINE for match in HEADER.finditer(data)):
        raise Unrecognized("not a list of goroutines")
    goroutines = _goroutines(decoded(data).replace("\r\n", "\n"))
    if not goroutines:
        raise Unrecognized("not a list of goroutines")
    leaked = np.array([LEAKED_STATE in goroutine.state for goroutine in goroutines])
    types = (ValueType(LEAKED, "count"), GOROUTINE) if leaked.any() else (GOROUTINE,)
    known = {frame: i for i, frame in enumerate(dict.fromkeys(f for g in goroutines for f in g.frames), 1)}
    stacks = Stacks(
        np.stack([leaked, np.ones_like(leaked)], axis=1).astype(np.int64)[:, -len(types) :],
        np.array([len(g.frames) for g in goroutines], np.int64),
        np.array([known[f] for g in goroutines for f in g.frames], np.uint64),  # ids in place of addresses
    )
    symbols = {number: [frame] for frame, number in known.items()}
    labels = [label for i, g in enumerate(goroutines) for label in _labels(i, g)]
    return assemble(types, stacks, symbols=symbols, labels=labels, period=1, period_type=GOROUTINE)


def _goroutines(text: str) -> list[_Goroutine]:
    """Return the goroutines of the last dump. A log may hold several; a repeated id starts a new one."""
    out: dict[str, _Goroutine] = {}
    frames: list[Frame] | None = None
    for match in LINE.finditer(text):
        if match["id"]:
            if match["id"] in out:
                out.clear()
            frames = []
            out[match["id"]] = _Goroutine(match["state"], pairs(_labels_in(match["rest"])), frames)
        elif not match["function"]:
            frames = None
        elif frames is not None:
            frames.append(Frame(_name(match), match["file"], int(match["line"])))
    return list(out.values())


def _labels_in(rest: str) -> str:
    """Return the text within the braces of `"a":"b"}]` or ` {"a":"b"}`, the two ways Go writes labels."""
    return rest[: rest.rfind("}")].removeprefix(" {") if "}" in rest else ""


def _name(match: re.Match[str]) -> str:
    return (CREATOR if match["created"] else ARGUMENTS).sub("", match["function"])


def _labels(sample: int, goroutine: _Goroutine) -> list[Label]:
    waited = MINUTES.search(goroutine.state)
    what = Label(sample, "state", goroutine.state.partition(",")[0])
    own = [Label(sample, key, value) for key, value in goroutine.labels.items()]
    return [what, *([Label(sample, "minutes", int(waited[1]))] if waited else []), *own]
