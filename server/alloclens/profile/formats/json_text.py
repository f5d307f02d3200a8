"""Helpers of the formats that are JSON: decoding a file that starts as the format does, within limits."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec
import numpy as np

from alloclens.profile.errors import Malformed, Unrecognized

if TYPE_CHECKING:
    import re
    from collections.abc import Iterable, Sequence

    from alloclens.arrays import Ints

    Content = TypeVar("Content")

MAX_EXPANDED_FRAMES = 1 << 26
"""Frames of all stacks together, in formats that write them shorter: a deep tree has many times as many frames as nodes."""
MAX_OBJECTS, MAX_QUOTES = 1 << 21, 1 << 24
"""Counts of "{" and of quotes. Once decoded, an object takes up to 350 bytes and a string 60 more than its characters,
though a few bytes of text are enough for either."""
TOO_DEEP = "it is nested too deeply to be read"


def decoded(decoder: msgspec.json.Decoder[Content], mark: re.Pattern[bytes], data: bytes) -> Content:
    """Decode a file that starts with `mark`. Raises Unrecognized if it starts otherwise, Malformed if it has other content.

    msgspec skips unknown keys without building their values, and stops at Python's recursion limit.
    """
    if not mark.match(data):
        raise Unrecognized("another format")
    for character, most in (("{", MAX_OBJECTS), ('"', MAX_QUOTES)):
        if data.count(character.encode()) > most:
            raise Malformed(f"too much to be read: it has more than {most:,} of the character {character}")
    return decoded_part(decoder, data)


def decoded_part(decoder: msgspec.json.Decoder[Content], data: bytes | msgspec.Raw) -> Content:
    """Decode a file or a part of one. Raises Malformed."""
    try:
        return decoder.decode(data)
    except RecursionError as error:
        raise Malformed(TOO_DEEP) from error
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise Malformed(str(error)) from error


def column(numbers: Iterable[int]) -> Ints:
    """Return a column of numbers. Raises Malformed if one does not fit into 64 bits."""
    try:
        return np.fromiter(numbers, np.int64)
    except OverflowError as error:
        raise Malformed("a number does not fit into 64 bits") from error


def ragged(rows: Sequence[Sequence[Any]]) -> tuple[Ints, Ints]:
    """Return the lengths of rows of numbers, and all numbers. Raises Malformed if one does not fit into 64 bits."""
    return column(map(len, rows)), column(chain.from_iterable(rows))
