"""Decodes source files, splits them into lines as LSP does, and caches functions of texts."""

from __future__ import annotations

import codecs
import re
from functools import wraps
from operator import itemgetter
from threading import Lock
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from cachetools import LRUCache, cached

if TYPE_CHECKING:
    from collections.abc import Callable

Texts = ParamSpec("Texts")
Answer = TypeVar("Answer")

LINE_END = re.compile(r"\r\n|\n|\r")
MAX_SOURCE_BYTES = 8 << 20
"""Larger source files are ignored: nobody reads them."""
SPLIT_CHARACTERS = 256 << 10
"""Lines are split in pieces, because str.split holds the GIL and the server has an event loop."""
MAX_REMEMBERED_CHARACTERS = 32 << 20
"""Total length of the texts in one function's cache."""


def memo(function: Callable[Texts, Answer]) -> Callable[Texts, Answer]:
    """Cache a function of texts like functools.lru_cache, bounded by the total length of the texts.

    The newest result is always kept.
    """
    limit = MAX_REMEMBERED_CHARACTERS
    known: LRUCache[Any, tuple[Answer, int]] = LRUCache(limit, getsizeof=itemgetter(1))

    @cached(known, lock=Lock())
    def answered(*texts: str, **named: str) -> tuple[Answer, int]:
        size = sum(map(len, (*texts, *named.values())))
        return function(*texts, **named), min(size, limit)  # type: ignore[arg-type]  # all parameters are texts

    @wraps(function)
    def remembered(*texts: Texts.args, **named: Texts.kwargs) -> Answer:
        return answered(*texts, **named)[0]  # type: ignore[arg-type]  # all parameters are texts

    return remembered


@memo
def split_lines(text: str) -> tuple[str, ...]:
    r"""Split at \\n, \\r\\n and \\r, as LSP does; str.splitlines also splits at form feeds and U+2028."""
    lines: list[str] = []
    start, end = 0, _end_of_piece(text, 0)
    while end < len(text):
        lines += _split(text[start:end])[:-1]
        start, end = end, _end_of_piece(text, end)
    return (*lines, *_split(text[start:]))


def decoded(data: bytes) -> str:
    """Decode a source file as an editor does: UTF-8, or UTF-16 with a byte order mark.

    Invalid bytes become U+FFFD.
    """
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return data.decode("utf-16", "replace")
    return data.removeprefix(codecs.BOM_UTF8).decode("utf-8", "replace")


def _end_of_piece(text: str, start: int) -> int:
    """Return the end of the piece that starts here: after a line feed, or the end of the text."""
    return text.find("\n", start + SPLIT_CHARACTERS) + 1 or len(text)


def _split(text: str) -> list[str]:
    return LINE_END.split(text) if "\r" in text else text.split("\n")  # six times as fast
