"""A call stack on one line: every frame of the user's own code, and what lies between them folded."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Literal

from alloclens.languages.go.names import package_of
from alloclens.paths import canonical, name_of
from alloclens.tables.attribution import ALLOCATOR
from alloclens.wording.amounts import counted
from alloclens.wording.names import short_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from alloclens.profile.model import Frame

    NameOf = Callable[[Frame], str]

ARROW = " ← "
MAX_FOREIGN_FRAMES = 4
"""Of a longer run of frames that are not the user's, only the first and the last are named."""
MAX_PACKAGES = 2
INNERMOST, OUTERMOST = 4, 2
"""How many own frames a shortened stack names."""


def folded(
    frames: Sequence[Frame], is_own: Callable[[str], bool], own: NameOf, foreign: NameOf, most: int = MAX_FOREIGN_FRAMES
) -> str:
    """Write a stack, leaf first: reflect.mapassign ← 9 frames of encoding/json ← json.(*Decoder).Decode ← main.serve main.go:24.

    `own` and `foreign` return the texts of frames. Of a run of more than `most` others only the first and the last are named,
    or none if `most` is 0 (one frame is always named). What the memory allocator calls to hand memory out is left out.
    """
    return ARROW.join(_parts(_beyond_allocator(frames, is_own), is_own, own, foreign, most))


def shortened(frames: Sequence[Frame], is_own: Callable[[str], bool], label: NameOf) -> str:
    """Write a stack as `folded` does, with at most six own frames and without runs of others."""

    def parts(some: Sequence[Frame]) -> Iterator[str]:
        return _parts(some, is_own, label, label, 0)

    frames = _beyond_allocator(frames, is_own)
    own = [i for i, frame in enumerate(frames) if is_own(frame.file) and (i == 0 or frame != frames[i - 1])]
    if len(own) <= INNERMOST + OUTERMOST:
        return ARROW.join(parts(frames))
    begin, end = own[INNERMOST], own[-OUTERMOST]
    return ARROW.join([*parts(frames[:begin]), _many(frames[begin:end]), *parts(frames[end:])])


def _beyond_allocator(frames: Sequence[Frame], is_own: Callable[[str], bool]) -> Sequence[Frame]:
    """Return a stack without what allocates the memory for it; all of it if nothing else is there."""
    begin = 0
    for place, frame in enumerate(frames, 1):
        if ALLOCATOR.search(frame.function):
            begin = place
        elif is_own(frame.file):
            break
    return frames[begin:] or frames


def _parts(
    frames: Sequence[Frame], is_own: Callable[[str], bool], own: NameOf, foreign: NameOf, most: int
) -> Iterator[str]:
    for kind, run in groupby(frames, lambda frame: _kind(frame, is_own)):
        if kind == "nameless":
            for binary, same in groupby(run, lambda frame: frame.binary):
                times = sum(1 for _ in same)
                yield (
                    in_binary(binary) + (f" (×{times})" if times > 1 else "") if binary else f"{times} without a name"
                )
            continue
        if kind == "own":
            for frame, same in groupby(run):
                times = sum(1 for _ in same)
                yield own(frame) + (f" (×{times})" if times > 1 else "")
            continue
        inside = list(run)
        if not most and len(inside) > 1:
            yield _many(inside)
        elif len(inside) <= max(most, 1):
            yield from map(foreign, inside)
        else:
            yield from (foreign(inside[0]), _many(inside[1:-1]), foreign(inside[-1]))


def _kind(frame: Frame, is_own: Callable[[str], bool]) -> Literal["own", "foreign", "nameless"]:
    if is_own(frame.file):
        return "own"
    return "foreign" if frame.function or frame.file else "nameless"


def frame_name(frame: Frame) -> str:
    """Return the name of a frame's function without the directories of its package, else its file; "" without both.

    One that is named by its place has a directory: asyncio/events.py:80 is no line of the user's events.py.
    """
    name = short_name(frame.function) or frame.file
    return "/".join(frame.function.split("/")[-2:]) if _is_place(name, frame) else name


def frame_at(frame: Frame, place: str) -> str:
    """Return the name of a frame with where it is, which is "" if it has no file: built-in functions of V8.

    Once is enough if its profiler knows no functions: tracemalloc.
    """
    return place if _is_place(short_name(frame.function), frame) else f"{frame_name(frame)} {place}".rstrip()


def _is_place(name: str, frame: Frame) -> bool:
    line = f":{frame.line}"
    return name.endswith(line) and name == name_of(canonical(frame.file)) + line


def in_binary(path: str) -> str:
    """Return the name of a frame of which only the binary is known: [libc.so.6]."""
    return f"[{name_of(canonical(path))}]"


def _many(frames: Sequence[Frame]) -> str:
    named = [frame.function for frame in frames if not _is_place(short_name(frame.function), frame)]
    packages = [name for name in dict.fromkeys(map(package_of, named)) if name]
    others = " and others" if len(packages) > MAX_PACKAGES else ""
    names = ", ".join(packages[:MAX_PACKAGES])
    return f"{counted(len(frames), 'frame')}{f' of {names}{others}' if names else ''}"
