"""The supported formats. To add one, add a module with `parse` and its name here."""

from __future__ import annotations

import re
from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE
from contextlib import suppress
from dataclasses import replace
from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np

from alloclens.profile.errors import Malformed, ProfileError, Unrecognized
from alloclens.profile.formats import symbol_section
from alloclens.profile.formats.addresses import named
from alloclens.profile.formats.compression import is_packed, unpacked
from alloclens.profile.formats.looks import looks_like

if TYPE_CHECKING:
    from alloclens.profile.model import Profile

FORMATS = (
    "heap_text",
    "count_text",
    "thread_text",
    "contention_text",
    "jemalloc_text",
    "java_text",
    "cpu_binary",
    "dhat",
    "v8",
    "memray",
    "proto",
    "otlp",
    "goroutine_dump",
)
"""Modules beside this one, each imported when it is first tried. Formats that start with a magic string come first. A
profile.proto is recognized only by parsing all of it, and goroutines may appear anywhere in a log."""
PPROFS = frozenset(("heap_text", "count_text", "thread_text", "contention_text", "java_text", "cpu_binary", "proto"))
"""Those that pprof reads, too. jeprof reads jemalloc's."""
JSON_FORMATS = ("dhat", "v8", "otlp")
"""Those that are JSON; each has a pattern of its first bytes, `JSON_START`."""
PROTO_START = re.compile(rb"\n.\x08", re.DOTALL)
"""A sample type's name: nearly all files in profile.proto start with it, and no other format does. They are tried as that first."""
MAX_PROFILE_BYTES = 128 << 20
"""Unpacked size; a million samples of 30 frames take about 70 MiB."""
MAX_NUMBERS = 1 << 26
"""Sample types × (samples + frames): bounds every table computed from a profile."""
MAX_STACK_FRAMES = 1 << 27
"""Frames of all stacks together: a location may have many lines and be in many stacks."""
LOCATIONS_AT_A_TIME = 1 << 20
"""Number of locations whose frames are counted at once."""


def read(data: bytes, limit: int = MAX_PROFILE_BYTES) -> Profile:
    """Parse a profile in any supported format that unpacks to at most `limit` bytes.

    Raises ProfileError, which says what the bytes look like or what is wrong with them.
    """
    try:
        names, data = symbol_section.split(unpacked(data, limit).removeprefix(BOM_UTF8))
        for name in sorted(FORMATS, key="proto".__ne__) if PROTO_START.match(data) else FORMATS:
            with suppress(Unrecognized):
                profile = replace(_module(name).parse(data), is_pprof=name in PPROFS)
                return _checked(named(profile, names) if names else profile)
    except MemoryError as error:
        raise Malformed(f"it needs more memory than there is ({error})") from error
    raise Unrecognized("not a profile alloclens knows: ", looks_like(data))


def is_json_profile(start: bytes) -> bool:
    """Return whether bytes start as the JSON of a profile does: a directory of profiles may hold other JSON, too.

    Compressed data may be a profile, and so may UTF-16, which is not JSON: reading it says what to do.
    """
    if is_packed(start) or start.startswith((BOM_UTF16_LE, BOM_UTF16_BE)):
        return True
    return any(_module(name).JSON_START.match(start.removeprefix(BOM_UTF8)) for name in JSON_FORMATS)


def _module(name: str) -> Any:
    return import_module(f"{__name__}.{name}")


def _checked(profile: Profile) -> Profile:
    types, rows = len(profile.sample_types), len(profile) + len(profile.frames.line)
    if types * rows > MAX_NUMBERS:
        raise Malformed(f"{types} sample types of {rows} samples and frames are more than {MAX_NUMBERS} numbers")
    widths, location = np.diff(profile.locations.frame_at), profile.location
    if int(widths.max(initial=0)) * len(location) > MAX_STACK_FRAMES:
        parts = (location[at : at + LOCATIONS_AT_A_TIME] for at in range(0, len(location), LOCATIONS_AT_A_TIME))
        if sum(int(widths[part].sum()) for part in parts) > MAX_STACK_FRAMES:
            raise Malformed(f"the stacks have more than {MAX_STACK_FRAMES} frames")
    return profile


__all__ = ["FORMATS", "MAX_PROFILE_BYTES", "ProfileError", "is_json_profile", "looks_like", "read"]
