"""Lines of a text as LSP counts them."""

from __future__ import annotations

import re

LINE_END = re.compile(r"\r\n|\n|\r")
LARGEST = 8 << 20
"""Bytes of a source file: what is larger is no source that anybody reads."""


def split_lines(text: str) -> list[str]:
    r"""Split at \\n, \\r\\n and \\r only: str.splitlines also splits at form feeds and U+2028, which LSP does not."""
    return LINE_END.split(text)


def decoded(data: bytes) -> str:
    """Return the text of a source file, whatever bytes it holds."""
    return data.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "replace")
