"""The text of a source file, and its lines as LSP counts them."""

from __future__ import annotations

from collections import OrderedDict
from functools import wraps
from threading import Lock
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

import codecs
import re

LINE_END = re.compile(r"\r\n|\n|\r")
LARGEST = 8 << 20
"""Bytes of a source file: what is larger is no source that anybody reads."""


PIECE = 256 << 10
"""Characters that are split at once: Python can do nothing else meanwhile, and a server has an event loop."""


@memo
def split_lines(text: str) -> tuple[str, ...]:
    r"""Split at \\n, \\r\\n and \\r only: str.splitlines also splits at form feeds and U+2028, which LSP does not."""
    lines: list[str] = []
    start, end = 0, _end_of_piece(text, 0)
    while end < len(text):
        lines += _split(text[start:end])[:-1]
        start, end = end, _end_of_piece(text, end)
    return (*lines, *_split(text[start:]))


def decoded(data: bytes) -> str:
    """Return the text of a source file, as an editor shows it: UTF-8, or UTF-16 with a byte order mark.

    What is neither is read as U+FFFD.
    """
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return data.decode("utf-16", "replace")
    return data.removeprefix(codecs.BOM_UTF8).decode("utf-8", "replace")


def _end_of_piece(text: str, start: int) -> int:
    """Return where a piece ends that begins here: behind a line feed, or at the end of the text."""
    return text.find("\n", start + PIECE) + 1 or len(text)


def _split(text: str) -> list[str]:
    return LINE_END.split(text) if "\r" in text else text.split("\n")  # which is six times as fast


Texts = ParamSpec("Texts")


Answer = TypeVar("Answer")


MOST = 32 << 20
"""Characters of all texts that one function remembers answers about. The newest answer is remembered whatever its size."""


def memo(function: Callable[Texts, Answer]) -> Callable[Texts, Answer]:
    """Remember what a function of texts returned lately, as functools.lru_cache does for a number of answers."""
    known: OrderedDict[Any, Answer] = OrderedDict()
    lock, size = Lock(), 0

    @wraps(function)
    def remembered(*texts: Texts.args, **named: Texts.kwargs) -> Answer:
        nonlocal size
        key: Any = (*texts, *named.values())
        with lock:
            if key in known:
                known.move_to_end(key)
                return known[key]
        made = function(*texts, **named)
        with lock:
            size += 0 if key in known else _size(key)  # another thread may have asked for the same meanwhile
            known[key] = made
            while size > MOST and len(known) > 1:
                size -= _size(known.popitem(last=False)[0])
        return made

    return remembered


def _size(texts: tuple[str, ...]) -> int:
    return sum(map(len, texts))
