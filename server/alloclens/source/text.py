"""The text of a source file, and its lines as LSP counts them."""

from __future__ import annotations

import codecs
import re

from alloclens.source.memo import memo

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
