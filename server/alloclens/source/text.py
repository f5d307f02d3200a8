"""Lines of a text as LSP counts them."""

from __future__ import annotations

import re

LINE_END = re.compile(r"\r\n|\n|\r")


def split_lines(text: str) -> list[str]:
    r"""Split at \\n, \\r\\n and \\r only: str.splitlines also splits at form feeds and U+2028, which LSP does not."""
    return LINE_END.split(text)
